//! How triangles hang together: open and non-manifold edges and vertices, winding, pieces, holes, genus.

use rayon::prelude::*;

use super::adjacency::VertexFaces;
use super::edges::{Edges, from};
use super::forest::Forest;
use super::loops::{BoundaryLoop, boundary_loops};
use super::trimesh::MeshRef;

/// What can be said of a mesh without looking for self-intersections.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topology {
    /// Vertices that a face uses.
    pub n_used_vertices: usize,
    /// Distinct edges.
    pub n_edges: usize,
    /// Edges with one face, as pairs of vertices.
    pub open_edges: Vec<[u32; 2]>,
    /// Edges with three or more faces.
    pub non_manifold_edges: Vec<[u32; 2]>,
    /// Edges whose two faces run along them in the same direction.
    pub misoriented_edges: Vec<[u32; 2]>,
    /// Vertices where more than one fan of faces meets.
    pub non_manifold_vertices: Vec<u32>,
    /// For each face the number of its piece; pieces hang together by edges.
    pub component_of_face: Vec<u32>,
    /// How many pieces there are.
    pub n_components: usize,
    /// The holes.
    pub loops: Vec<BoundaryLoop>,
    /// Vertices minus edges plus faces.
    pub euler_characteristic: i64,
    /// Handles, all pieces together; only for a closed, consistently wound 2-manifold.
    pub genus: Option<i64>,
    /// Faces that repeat the three vertices of an earlier one.
    pub duplicate_faces: Vec<u32>,
    /// Faces with fewer than three different vertices.
    pub collapsed_faces: Vec<u32>,
}

impl Topology {
    /// Of a mesh.
    pub fn of(mesh: MeshRef<'_>) -> Self {
        let faces = mesh.faces();
        let edges = Edges::new(faces, mesh.vertices().len());
        let mut found = Self { collapsed_faces: collapsed(faces), ..Self::default() };
        let (mut pieces, mut fans) = (Forest::new(faces.len()), Forest::new(3 * faces.len()));
        for edge in edges.iter() {
            found.n_edges += 1;
            found.judge(faces, &edge);
            let mut halves = edge.halves();
            let Some(first) = halves.next() else { continue };
            for half in halves {
                pieces.join(first / 3, half / 3);
                for vertex in [edge.low, edge.high] {
                    fans.join(corner_at(faces, first, vertex), corner_at(faces, half, vertex));
                }
            }
        }
        (found.component_of_face, found.n_components) = pieces.labels();
        let (fan_of_corner, _) = fans.labels();
        found.loops = boundary_loops(mesh, &edges);
        found.non_manifold_vertices = with_several_fans(faces, &fan_of_corner, mesh.vertices().len());
        found.duplicate_faces = duplicates(faces);
        found.count(faces, mesh.vertices().len());
        found
    }

    fn judge(&mut self, faces: &[[u32; 3]], edge: &super::edges::Edge<'_>) {
        let ends = [edge.low, edge.high];
        match edge.n_faces() {
            1 => self.open_edges.push(ends),
            2 => {
                let n_up = edge.halves().filter(|&half| edge.is_upwards(faces, half)).count();
                if n_up != 1 {
                    self.misoriented_edges.push(ends);
                }
            }
            _ => self.non_manifold_edges.push(ends),
        }
    }

    fn count(&mut self, faces: &[[u32; 3]], n_vertices: usize) {
        let mut is_used = vec![false; n_vertices];
        for &vertex in faces.iter().flatten() {
            is_used[vertex as usize] = true;
        }
        self.n_used_vertices = is_used.iter().filter(|&&used| used).count();
        let n_faces = faces.len() - self.collapsed_faces.len();
        self.euler_characteristic = self.n_used_vertices as i64 - self.n_edges as i64 + n_faces as i64;
        if self.is_closed() && self.is_manifold() && self.is_oriented() && self.collapsed_faces.is_empty() {
            self.genus = Some(self.n_components as i64 - self.euler_characteristic / 2);
        }
    }

    /// Whether every edge has a face on either side.
    pub fn is_closed(&self) -> bool {
        self.open_edges.is_empty()
    }

    /// Whether no edge has more than two faces and no vertex more than one fan.
    pub fn is_manifold(&self) -> bool {
        self.non_manifold_edges.is_empty() && self.non_manifold_vertices.is_empty()
    }

    /// Whether neighbours agree on what is outside.
    pub fn is_oriented(&self) -> bool {
        self.misoriented_edges.is_empty()
    }
}

/// The corner (3 f + k) of the face of a half-edge that is at one of its two ends.
pub(super) fn corner_at(faces: &[[u32; 3]], half: u32, vertex: u32) -> u32 {
    if from(faces, half) == vertex { half } else { half / 3 * 3 + (half + 1) % 3 }
}

fn collapsed(faces: &[[u32; 3]]) -> Vec<u32> {
    let is_collapsed = |&[a, b, c]: &[u32; 3]| a == b || b == c || c == a;
    (0..faces.len() as u32).filter(|&face| is_collapsed(&faces[face as usize])).collect()
}

fn with_several_fans(faces: &[[u32; 3]], fan_of_corner: &[u32], n_vertices: usize) -> Vec<u32> {
    const NONE: u32 = u32::MAX;
    let mut fans = vec![NONE; n_vertices];
    let mut is_split = vec![false; n_vertices];
    for (&vertex, &fan) in faces.iter().flatten().zip(fan_of_corner) {
        let known = &mut fans[vertex as usize];
        if *known == NONE {
            *known = fan;
        }
        is_split[vertex as usize] |= *known != fan;
    }
    (0..n_vertices as u32).filter(|&vertex| is_split[vertex as usize]).collect()
}

/// Faces whose three vertices an earlier face has too, whatever their order.
pub(super) fn duplicates(faces: &[[u32; 3]]) -> Vec<u32> {
    let sorted = |face: u32| {
        let mut corners = faces[face as usize];
        corners.sort_unstable();
        corners
    };
    let mut order: Vec<([u32; 3], u32)> = (0..faces.len() as u32).map(|face| (sorted(face), face)).collect();
    rayon::prelude::ParallelSliceMut::par_sort_unstable(order.as_mut_slice());
    let mut found: Vec<u32> =
        order.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[1].1).collect();
    found.sort_unstable();
    found
}

/// How many edges are not passed as often one way as the other; 0 where the faces enclose something.
pub fn n_uneven_edges(faces: &[[u32; 3]], n_vertices: usize) -> usize {
    let around = VertexFaces::new(n_vertices, faces);
    let uneven = |vertex: u32, ends: &mut Vec<(u32, i32)>| {
        ends.clear();
        for &face in around.of(vertex as usize) {
            let corners = faces[face as usize];
            for n in (0..3).filter(|&n| corners[n] == vertex) {
                // Each edge is looked at from its lower end.
                let (after, before) = (corners[(n + 1) % 3], corners[(n + 2) % 3]);
                ends.extend([(after, 1), (before, -1)].into_iter().filter(|end| end.0 > vertex));
            }
        }
        ends.sort_unstable();
        let edges = ends.chunk_by(|a, b| a.0 == b.0);
        edges.filter(|ways| ways.iter().map(|way| way.1).sum::<i32>() != 0).count()
    };
    (0..n_vertices as u32)
        .into_par_iter()
        .with_min_len(4096)
        .map_init(Vec::new, |ends, vertex| uneven(vertex, ends))
        .sum()
}

/// Whether every edge is passed as often one way as the other, so that the faces enclose something.
pub fn is_closed(faces: &[[u32; 3]]) -> bool {
    let n_vertices = faces.iter().flatten().max().map_or(0, |&last| last as usize + 1);
    let edges = Edges::new(faces, n_vertices);
    let is_even = !edges
        .iter()
        .any(|edge| 2 * edge.halves().filter(|&half| edge.is_upwards(faces, half)).count() != edge.n_faces());
    is_even && !faces.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn edges_that_are_not_passed_both_ways_are_counted() {
        let mut faces = cuboid([0.0; 3], [1.0; 3]).faces;
        assert_eq!(n_uneven_edges(&faces, 8), 0);
        faces.push([3, 3, 5]);
        assert_eq!(n_uneven_edges(&faces, 8), 0);
        faces.truncate(11);
        assert_eq!(n_uneven_edges(&faces, 8), 3);
        faces[0].reverse();
        assert!(n_uneven_edges(&faces, 8) >= 4);
        assert_eq!(n_uneven_edges(&[], 0), 0);
    }
}
