//! How long edges should be where, so that a bound is kept.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use nalgebra::Vector3;

use super::net::{NONE, Net, Role};
use super::relax::Original;
use crate::mesh::MeshRef;
use crate::mesh::adjacency::Neighbours;

/// Edges become at most so many times shorter than asked.
const MOST_TIMES: f64 = 32.0;
/// From vertex to vertex the length grows by this part of the way.
const GROWTH: f64 = 0.5;

/// A length for every vertex of the original mesh.
#[derive(Debug)]
pub(super) struct Sizes {
    of_vertex: Vec<f64>,
    least_mm: f64,
}

impl Sizes {
    pub(super) fn new(n_vertices: usize, edge_length_mm: f64) -> Self {
        Self { of_vertex: vec![edge_length_mm; n_vertices], least_mm: edge_length_mm / MOST_TIMES }
    }

    /// Halves the length around some points, and less so farther away; whether anything changed.
    pub(super) fn halve_at(&mut self, original: &Original<'_>, points: &[[f64; 3]]) -> bool {
        let mesh = original.surface.mesh();
        let mut is_near = vec![false; self.of_vertex.len()];
        for hit in original.surface.nearest_all(points.len(), |n| Vector3::from(points[n])) {
            for vertex in mesh.faces()[hit.face as usize] {
                is_near[vertex as usize] = true;
            }
        }
        let mut heap = BinaryHeap::new();
        for vertex in (0..is_near.len()).filter(|&vertex| is_near[vertex]) {
            let size = &mut self.of_vertex[vertex];
            if *size > self.least_mm {
                *size = (*size / 2.0).max(self.least_mm);
                heap.push(Reverse((size.to_bits(), vertex as u32)));
            }
        }
        let has_changed = !heap.is_empty();
        self.spread(mesh, heap);
        has_changed
    }

    /// Dijkstra's algorithm: nowhere does the length grow faster than it may.
    fn spread(&mut self, mesh: MeshRef<'_>, mut heap: BinaryHeap<Reverse<(u64, u32)>>) {
        let neighbours = Neighbours::of_mesh(mesh);
        while let Some(Reverse((bits, vertex))) = heap.pop() {
            let size = self.of_vertex[vertex as usize];
            if size.to_bits() != bits {
                continue;
            }
            let place = Vector3::from(mesh.vertices()[vertex as usize]);
            for &to in neighbours.of(vertex as usize) {
                let way = (Vector3::from(mesh.vertices()[to as usize]) - place).norm();
                let most = size + GROWTH * way;
                if self.of_vertex[to as usize] > most {
                    self.of_vertex[to as usize] = most;
                    heap.push(Reverse((most.to_bits(), to)));
                }
            }
        }
    }

    /// Tells every vertex of the net.
    pub(super) fn tell(&self, net: &mut Net, original: &Original<'_>) {
        let mesh = original.surface.mesh();
        for node in &mut net.nodes {
            let known = Some(node.base).filter(|&base| base != NONE);
            let corners = match (node.role, known) {
                (Role::Line, Some(base)) => original.lines.segments[base as usize],
                (Role::Free, Some(base)) => mesh.faces()[base as usize],
                _ => match original.surface.nearest(&node.point, None) {
                    Some(hit) => mesh.faces()[hit.face as usize],
                    None => continue,
                },
            };
            let sizes = corners.map(|vertex| self.of_vertex[vertex as usize]);
            node.size_mm = sizes[0].min(sizes[1]).min(sizes[2]);
        }
    }
}
