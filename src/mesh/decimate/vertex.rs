//! What a patch knows of a vertex. A collapse looks at a dozen vertices all over the patch, and what takes
//! its time is to wait for memory: so all about one vertex stands side by side.

use nalgebra::Vector3;

use super::quadric::Quadric;

/// What a vertex may do; the higher of two wins when they become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Role {
    /// Goes where the quadric is least.
    #[default]
    Free,
    /// On a boundary, or where kinds meet: only along it.
    Border,
    /// Stays.
    Fixed,
    /// Stays for now, and nothing becomes one with it: other patches share it.
    Seam,
}

/// Two lines of a cache, next to each other.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(128))]
pub(super) struct Vertex {
    pub(super) quadric: Quadric,
    pub(super) point: Vector3<f64>,
    /// Six times the volume that is missing here.
    pub(super) owed: f64,
    /// Counts how often the vertex became another.
    pub(super) version: u32,
    pub(super) role: Role,
    /// Whether its faces changed since its edges were last put in the queue, or its edges still wait.
    pub(super) is_touched: bool,
}

const _: () = assert!(size_of::<Vertex>() == 128, "a vertex takes two lines of a cache");

/// Faces that stand with a vertex; those of a vertex that has more stand together elsewhere.
const MOST: usize = 11;

#[derive(Debug, Clone, Copy, Default)]
struct Fan {
    n: u32,
    /// The first of them is where they begin, when they stand elsewhere.
    faces: [u32; MOST],
}

/// The faces around each vertex.
#[derive(Debug)]
pub(super) struct Fans {
    fans: Vec<Fan>,
    pool: Vec<u32>,
}

impl Fans {
    /// Of so many vertices, in ascending order.
    pub(super) fn new(n_vertices: usize, faces: &[[u32; 3]]) -> Self {
        let mut fans = vec![Fan::default(); n_vertices];
        for &corner in faces.as_flattened() {
            fans[corner as usize].n += 1;
        }
        let mut n_in_pool = 0;
        for fan in fans.iter_mut().filter(|fan| fan.n as usize > MOST) {
            fan.faces[0] = n_in_pool;
            n_in_pool += fan.n;
        }
        let mut made = Self { fans, pool: vec![0; n_in_pool as usize] };
        let mut n_known = vec![0_u32; n_vertices];
        for (face, corners) in faces.iter().enumerate() {
            for &corner in corners {
                let n = &mut n_known[corner as usize];
                made.of_mut(corner)[*n as usize] = face as u32;
                *n += 1;
            }
        }
        made
    }

    pub(super) fn of(&self, vertex: u32) -> &[u32] {
        let Fan { n, faces } = &self.fans[vertex as usize];
        let n = *n as usize;
        if n <= MOST { &faces[..n] } else { &self.pool[faces[0] as usize..][..n] }
    }

    fn of_mut(&mut self, vertex: u32) -> &mut [u32] {
        let Fan { n, faces } = &mut self.fans[vertex as usize];
        let n = *n as usize;
        if n <= MOST { &mut faces[..n] } else { &mut self.pool[faces[0] as usize..][..n] }
    }

    /// Gives a vertex these faces.
    pub(super) fn set(&mut self, vertex: u32, faces: &[u32]) {
        let fan = &mut self.fans[vertex as usize];
        fan.n = faces.len() as u32;
        if faces.len() <= MOST {
            fan.faces[..faces.len()].copy_from_slice(faces);
        } else {
            fan.faces[0] = self.pool.len() as u32;
            self.pool.extend_from_slice(faces);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_faces_are_found_again() {
        // A fan of forty around vertex 0, and what it becomes.
        let faces: Vec<[u32; 3]> = (1..=40).map(|n| [0, n, n % 40 + 1]).collect();
        let mut fans = Fans::new(42, &faces);
        assert_eq!(fans.of(0), (0..40).collect::<Vec<u32>>());
        assert_eq!(fans.of(1), [0, 39]);
        assert!(fans.of(41).is_empty());
        for n in [MOST as u32, MOST as u32 + 1, 3, 28, 0] {
            let some: Vec<u32> = (0..n).map(|face| face * 7).collect();
            fans.set(41, &some);
            assert_eq!(fans.of(41), some);
        }
        assert_eq!(fans.of(0).len(), 40);
    }
}
