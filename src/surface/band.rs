//! The triangles between a loop of a cell and the ring in the middle of a tunnel.

/// A triangle whose corners are places in the loop (`Outer`) or in the ring (`Ring`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Corner {
    Outer(usize),
    Ring(usize),
}

/// Joins a loop with a ring of the same direction: around both, always along the shorter diagonal.
pub(super) fn band(outer: &[[f64; 3]], ring: &[[f64; 3]]) -> Vec<[Corner; 3]> {
    let (n, m) = (outer.len(), ring.len());
    let gap = |i: usize, j: usize| distance2(outer[i % n], ring[j % m]);
    let mut start = (0, 0);
    for i in 0..n {
        for j in 0..m {
            if gap(i, j) < gap(start.0, start.1) {
                start = (i, j);
            }
        }
    }
    let shorter = |i: usize, j: usize| {
        let (a, b) = (start.0 + i, start.1 + j);
        gap(a + 1, b) <= gap(a, b + 1)
    };
    let mut steps = walk(n, m, shorter);
    if is_pinched(&steps) {
        // Around both at an even pace: with three corners or more on each side never all at once.
        steps = walk(n, m, |i, j| (i + 1) * m <= (j + 1) * n);
    }
    let (mut a, mut b) = start;
    let mut triangles = Vec::with_capacity(n + m);
    for along_outer in steps {
        if along_outer {
            triangles.push([Corner::Outer(a % n), Corner::Outer((a + 1) % n), Corner::Ring(b % m)]);
            a += 1;
        } else {
            triangles.push([Corner::Outer(a % n), Corner::Ring((b + 1) % m), Corner::Ring(b % m)]);
            b += 1;
        }
    }
    triangles
}

/// The order of `n` steps along the loop (true) and `m` along the ring.
fn walk(n: usize, m: usize, prefers_outer: impl Fn(usize, usize) -> bool) -> Vec<bool> {
    let (mut i, mut j) = (0, 0);
    let mut steps = Vec::with_capacity(n + m);
    while i < n || j < m {
        let along_outer = j == m || (i < n && prefers_outer(i, j));
        *(if along_outer { &mut i } else { &mut j }) += 1;
        steps.push(along_outer);
    }
    steps
}

/// Whether one side is walked all around in one go: then one diagonal would be drawn twice.
fn is_pinched(steps: &[bool]) -> bool {
    let turns = (0..steps.len()).filter(|&n| steps[n] != steps[(n + 1) % steps.len()]).count();
    turns <= 3
}

fn distance2(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_diagonal_is_drawn_twice_even_when_one_corner_is_nearest_to_all() {
        let ring = [[0.0, 0.0, 0.1], [0.1, 0.0, 0.0], [0.0, 0.0, -0.1], [-0.1, 0.0, 0.0]];
        for n in 3..=9 {
            let outer: Vec<_> = (0..n).map(|i| [5.0, f64::from(i), 0.0]).collect();
            let mut diagonals: Vec<_> = band(&outer, &ring)
                .iter()
                .flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)])
                .filter_map(|(a, b)| match (a, b) {
                    (Corner::Outer(i), Corner::Ring(j)) => Some((i, j)),
                    _ => None,
                })
                .collect();
            assert_eq!(diagonals.len(), outer.len() + ring.len());
            diagonals.sort_unstable();
            diagonals.dedup();
            assert_eq!(diagonals.len(), outer.len() + ring.len(), "n {n}");
        }
    }
}
