//! Boundary loops: where a surface ends.

use super::edges::{Edges, from, to};
use super::trimesh::MeshRef;

/// One closed way along open edges.
#[derive(Debug, Clone, PartialEq)]
pub struct BoundaryLoop {
    /// Vertices in the order in which a filling would pass them, seen from outside.
    pub vertices: Vec<u32>,
    /// Length, mm.
    pub length_mm: f64,
    /// Mean of its vertices, weighted by the edges beside them, LPS mm.
    pub centre_lps_mm: [f64; 3],
    /// Whether it comes back to its start; false only where the surface is not manifold.
    pub is_closed: bool,
}

/// All loops, in the order of their lowest edge. Holes that touch in a vertex are two.
pub(super) fn boundary_loops(mesh: MeshRef<'_>, edges: &Edges) -> Vec<BoundaryLoop> {
    let faces = mesh.faces();
    let open: Vec<u32> =
        edges.iter().filter(|edge| edge.n_faces() == 1).filter_map(|edge| edge.halves().next()).collect();
    if open.is_empty() {
        return Vec::new();
    }
    let mut ends: Vec<(u32, u32)> = open
        .iter()
        .enumerate()
        .flat_map(|(at, &half)| [(from(faces, half), at as u32), (to(faces, half), at as u32)])
        .collect();
    ends.sort_unstable();
    let walk = Walk { faces, open: &open, ends: &ends };
    let mut is_passed = vec![false; open.len()];
    let mut found = Vec::new();
    for at in 0..open.len() {
        if !is_passed[at] {
            let (vertices, is_closed) = walk.from(at, &mut is_passed);
            found.extend(
                simple(vertices, is_closed).into_iter().map(|(way, is_closed)| measure(mesh, way, is_closed)),
            );
        }
    }
    found
}

struct Walk<'a> {
    faces: &'a [[u32; 3]],
    open: &'a [u32],
    ends: &'a [(u32, u32)],
}

impl Walk<'_> {
    /// Against the direction of the first face, so that a filling fits to it.
    fn from(&self, at: usize, is_passed: &mut [bool]) -> (Vec<u32>, bool) {
        let first = to(self.faces, self.open[at]);
        let mut vertex = from(self.faces, self.open[at]);
        let mut vertices = vec![first];
        is_passed[at] = true;
        while vertex != first {
            vertices.push(vertex);
            let Some(next) = self.next(vertex, is_passed) else { return (vertices, false) };
            let (a, b) = (from(self.faces, self.open[next]), to(self.faces, self.open[next]));
            vertex = if a == vertex { b } else { a };
            is_passed[next] = true;
        }
        (vertices, true)
    }

    fn next(&self, vertex: u32, is_passed: &[bool]) -> Option<usize> {
        let start = self.ends.partition_point(|end| end.0 < vertex);
        let beside = self.ends[start..].iter().take_while(|end| end.0 == vertex);
        let free = beside.map(|end| end.1 as usize).filter(|&other| !is_passed[other]);
        // On along the direction in which the way began, where there is a choice.
        free.min_by_key(|&other| (to(self.faces, self.open[other]) != vertex, other))
    }
}

/// Takes a way apart where it comes back to a vertex before its end.
fn simple(way: Vec<u32>, is_closed: bool) -> Vec<(Vec<u32>, bool)> {
    let mut parts = Vec::new();
    let mut left: Vec<u32> = Vec::with_capacity(way.len());
    let mut places = std::collections::BTreeMap::new();
    for vertex in way {
        if let Some(&start) = places.get(&vertex) {
            for passed in left.iter().skip(start + 1) {
                places.remove(passed);
            }
            parts.push((left.drain(start..).collect(), true));
        }
        places.insert(vertex, left.len());
        left.push(vertex);
    }
    if left.len() > 1 {
        parts.push((left, is_closed));
    }
    parts
}

fn measure(mesh: MeshRef<'_>, vertices: Vec<u32>, is_closed: bool) -> BoundaryLoop {
    let point = |at: usize| mesh.vertices()[vertices[at % vertices.len()] as usize];
    let n_edges = vertices.len() - usize::from(!is_closed);
    let (mut length_mm, mut sum) = (0.0, [0.0; 3]);
    for at in 0..n_edges {
        let (a, b) = (point(at), point(at + 1));
        let length = (0..3).map(|k| (b[k] - a[k]).powi(2)).sum::<f64>().sqrt();
        length_mm += length;
        for k in 0..3 {
            sum[k] += length * 0.5 * (a[k] + b[k]);
        }
    }
    let centre_lps_mm = if length_mm > 0.0 { sum.map(|x| x / length_mm) } else { point(0) };
    BoundaryLoop { vertices, length_mm, centre_lps_mm, is_closed }
}
