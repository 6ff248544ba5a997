//! The edges of a mesh, each with the faces that meet there.

use std::ops::Range;

/// Edges in the order of their lower, then their higher vertex.
///
/// A half-edge is a side of a face: number 3 f + k runs from corner k of face f to the next one.
#[derive(Debug)]
pub struct Edges {
    starts: Vec<usize>,
    sides: Vec<Side>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Side {
    high: u32,
    half: u32,
}

/// One edge.
#[derive(Debug, Clone, Copy)]
pub struct Edge<'a> {
    /// Its lower vertex.
    pub low: u32,
    /// Its higher vertex.
    pub high: u32,
    sides: &'a [Side],
}

impl Edge<'_> {
    /// Half-edges along it, lowest first.
    pub fn halves(&self) -> impl ExactSizeIterator<Item = u32> + Clone {
        self.sides.iter().map(|side| side.half)
    }

    /// How many faces meet here.
    pub fn n_faces(&self) -> usize {
        self.sides.len()
    }

    /// Whether a half-edge along it runs from the lower to the higher vertex.
    pub fn is_upwards(&self, faces: &[[u32; 3]], half: u32) -> bool {
        from(faces, half) == self.low
    }
}

/// The vertex that a half-edge comes from.
pub fn from(faces: &[[u32; 3]], half: u32) -> u32 {
    faces[half as usize / 3][half as usize % 3]
}

/// The vertex that a half-edge goes to.
pub fn to(faces: &[[u32; 3]], half: u32) -> u32 {
    faces[half as usize / 3][(half as usize % 3 + 1) % 3]
}

impl Edges {
    /// Of these faces, whose indices are below `n_vertices`. A face that names a vertex twice has no edges.
    pub fn new(faces: &[[u32; 3]], n_vertices: usize) -> Self {
        let mut starts = vec![0_usize; n_vertices + 1];
        let ends = |half: u32| {
            let [p, q, r] = faces[half as usize / 3];
            let (a, b) = (from(faces, half), to(faces, half));
            (p != q && q != r && r != p).then_some((a.min(b), a.max(b)))
        };
        let halves = 0..3 * faces.len() as u32;
        for (low, _) in halves.clone().filter_map(ends) {
            starts[low as usize + 1] += 1;
        }
        for vertex in 0..n_vertices {
            starts[vertex + 1] += starts[vertex];
        }
        let mut next = starts.clone();
        let mut sides = vec![Side { high: 0, half: 0 }; starts[n_vertices]];
        for half in halves {
            if let Some((low, high)) = ends(half) {
                sides[next[low as usize]] = Side { high, half };
                next[low as usize] += 1;
            }
        }
        for vertex in 0..n_vertices {
            sides[starts[vertex]..starts[vertex + 1]].sort_unstable();
        }
        Self { starts, sides }
    }

    /// Every edge once, in order.
    pub fn iter(&self) -> impl Iterator<Item = Edge<'_>> {
        (0..self.starts.len() - 1).flat_map(move |low| self.at(low as u32))
    }

    /// Edges whose lower vertex is this one.
    pub fn at(&self, low: u32) -> impl Iterator<Item = Edge<'_>> {
        let range: Range<usize> = self.starts[low as usize]..self.starts[low as usize + 1];
        self.sides[range].chunk_by(|a, b| a.high == b.high).map(move |sides| Edge {
            low,
            high: sides[0].high,
            sides,
        })
    }
}
