//! Sets that are joined pair by pair (union-find). The lowest member names its set.

/// A partition of the numbers below some n.
#[derive(Debug)]
pub struct Forest {
    parents: Vec<u32>,
}

impl Forest {
    /// Every number in a set of its own.
    pub fn new(n: usize) -> Self {
        Self { parents: (0..n as u32).collect() }
    }

    /// The lowest member of the set that holds `a`.
    pub fn find(&mut self, mut a: u32) -> u32 {
        while self.parents[a as usize] != a {
            let up = self.parents[self.parents[a as usize] as usize];
            self.parents[a as usize] = up;
            a = up;
        }
        a
    }

    /// Joins two sets.
    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.find(a), self.find(b));
        let (low, high) = (a.min(b), a.max(b));
        self.parents[high as usize] = low;
    }

    /// For each number the number of its set, counted in the order of the lowest members; and how many.
    pub fn labels(mut self) -> (Vec<u32>, usize) {
        let mut n_sets = 0;
        // The lowest member comes first, so its label is known when the others ask.
        let mut labels = vec![0; self.parents.len()];
        for a in 0..self.parents.len() {
            let root = self.find(a as u32) as usize;
            labels[a] = if root == a {
                n_sets += 1;
                n_sets - 1
            } else {
                labels[root]
            };
        }
        (labels, n_sets as usize)
    }
}
