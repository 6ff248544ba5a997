//! Which original points a vertex stands for: chained lists that are joined when vertices are.

use nalgebra::Vector3;

use super::patch::NONE;

/// Original points in chains, one chain for each vertex.
#[derive(Debug, Clone, Default)]
pub(super) struct Samples {
    /// Where the points are.
    pub(super) points: Vec<Vector3<f64>>,
    pub(super) next: Vec<u32>,
    pub(super) heads: Vec<u32>,
    pub(super) tails: Vec<u32>,
}

impl Samples {
    /// Every vertex stands for itself.
    pub(super) fn of_vertices(points: &[Vector3<f64>]) -> Self {
        let ends: Vec<u32> = (0..points.len() as u32).collect();
        Self { points: points.to_vec(), next: vec![NONE; points.len()], heads: ends.clone(), tails: ends }
    }

    /// The points that a vertex stands for.
    pub(super) fn of(&self, vertex: u32) -> impl Iterator<Item = &Vector3<f64>> + '_ {
        let mut place = self.heads[vertex as usize];
        std::iter::from_fn(move || {
            let point = self.points.get(place as usize)?;
            place = self.next[place as usize];
            Some(point)
        })
    }

    /// One vertex also stands for the points of another.
    pub(super) fn join(&mut self, kept: u32, gone: u32) {
        let (tail, head) = (self.tails[kept as usize], self.heads[gone as usize]);
        if head == NONE {
            return;
        }
        if tail == NONE {
            self.heads[kept as usize] = head;
        } else {
            self.next[tail as usize] = head;
        }
        self.tails[kept as usize] = self.tails[gone as usize];
        self.heads[gone as usize] = NONE;
    }
}
