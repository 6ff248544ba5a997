//! Thin faces that hang together, and distances along them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use nalgebra::Vector3;

use super::normals::face_normal;
use super::sides::{BROAD, beside_thin, sides};
use crate::mesh::MeshRef;
use crate::mesh::edges::Edges;
use crate::mesh::forest::Forest;

/// Part of the limit by which a wall must be thinner to be thin: one of exactly the limit is not, however
/// its coordinates are rounded.
const THINNER: f64 = 1e-5;
/// Area up to which a thick patch is the end of a pin, in squares of the limit.
const CAP: f64 = 2.0;

/// Area of some faces, mm2.
pub(super) fn area(mesh: MeshRef<'_>, faces: &[u32]) -> f64 {
    faces.iter().map(|&face| face_normal(mesh, face as usize).1).sum()
}

/// Faces with a thin vertex, joined over edges; with what is not thin only because it is the side of a
/// member or the end of a pin.
pub(super) fn groups(mesh: MeshRef<'_>, thickness: &[f64], below: f64) -> Vec<Vec<u32>> {
    let faces = mesh.faces();
    let edges = Edges::new(faces, mesh.vertices().len());
    let limit = below * (1.0 - THINNER);
    let mut is_thin: Vec<bool> =
        faces.iter().map(|face| face.iter().any(|&corner| thickness[corner as usize] < limit)).collect();
    let beside = beside_thin(mesh, thickness, &is_thin, below);
    for face in sides(mesh, &beside) {
        is_thin[face as usize] = true;
    }
    let all: Vec<bool> = is_thin.iter().map(|thin| !thin).collect();
    for cap in joined(&edges, &all) {
        let is_narrow = cap.iter().all(|&face| beside[face as usize] > 0.0);
        if area(mesh, &cap) < if is_narrow { BROAD } else { CAP } * below * below {
            for face in cap {
                is_thin[face as usize] = true;
            }
        }
    }
    joined(&edges, &is_thin)
}

/// The faces that count, in groups that hang together over edges.
fn joined(edges: &Edges, counts: &[bool]) -> Vec<Vec<u32>> {
    let mut forest = Forest::new(counts.len());
    for edge in edges.iter() {
        let mut halves = edge.halves().map(|half| half / 3).filter(|&face| counts[face as usize]);
        if let Some(first) = halves.next() {
            halves.for_each(|face| forest.join(first, face));
        }
    }
    let (labels, n) = forest.labels();
    let mut groups = vec![Vec::new(); n];
    for face in (0..counts.len()).filter(|&face| counts[face]) {
        groups[labels[face] as usize].push(face as u32);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// A group of faces with its own numbers for their vertices.
pub(super) struct Group<'a> {
    pub(super) mesh: MeshRef<'a>,
    pub(super) faces: Vec<u32>,
    pub(super) vertices: Vec<u32>,
    /// Pairs of own numbers, both ways, sorted.
    pub(super) steps: Vec<(u32, u32)>,
    /// Rims: own numbers of vertices that hang together on the boundary.
    pub(super) rims: Vec<Vec<u32>>,
}

impl<'a> Group<'a> {
    pub(super) fn new(mesh: MeshRef<'a>, faces: Vec<u32>) -> Self {
        let mut vertices: Vec<u32> = faces.iter().flat_map(|&face| mesh.faces()[face as usize]).collect();
        vertices.sort_unstable();
        vertices.dedup();
        let own = |vertex: u32| vertices.partition_point(|&v| v < vertex) as u32;
        let mut directed: Vec<(u32, u32)> = faces
            .iter()
            .flat_map(|&face| {
                let [a, b, c] = mesh.faces()[face as usize].map(own);
                [(a, b), (b, c), (c, a)]
            })
            .collect();
        directed.sort_unstable();
        let mut forest = Forest::new(vertices.len());
        let mut is_rim = vec![false; vertices.len()];
        for &(a, b) in &directed {
            if directed.binary_search(&(b, a)).is_err() {
                forest.join(a, b);
                is_rim[a as usize] = true;
                is_rim[b as usize] = true;
            }
        }
        let (labels, n) = forest.labels();
        let mut rims = vec![Vec::new(); n];
        for vertex in (0..vertices.len()).filter(|&vertex| is_rim[vertex]) {
            rims[labels[vertex] as usize].push(vertex as u32);
        }
        rims.retain(|rim| !rim.is_empty());
        // The longest rim first.
        rims.sort_by(|a: &Vec<u32>, b| b.len().cmp(&a.len()).then(a[0].cmp(&b[0])));
        let mut steps: Vec<(u32, u32)> = directed.iter().flat_map(|&(a, b)| [(a, b), (b, a)]).collect();
        steps.sort_unstable();
        steps.dedup();
        Self { mesh, faces, vertices, steps, rims }
    }

    pub(super) fn point(&self, own: u32) -> Vector3<f64> {
        Vector3::from(self.mesh.vertices()[self.vertices[own as usize] as usize])
    }

    /// Distance along edges from some vertices: Dijkstra, doi:10.1007/BF01386390.
    pub(super) fn distances(&self, from: &[u32]) -> Vec<f64> {
        let mut distances = vec![f64::INFINITY; self.vertices.len()];
        let mut waiting = BinaryHeap::new();
        for &start in from {
            distances[start as usize] = 0.0;
            waiting.push(Reverse((0_u64, start)));
        }
        while let Some(Reverse((bits, vertex))) = waiting.pop() {
            // Positive numbers are in the order of their bits.
            let distance = f64::from_bits(bits);
            if distance > distances[vertex as usize] {
                continue;
            }
            let first = self.steps.partition_point(|step| step.0 < vertex);
            for &(_, other) in self.steps[first..].iter().take_while(|step| step.0 == vertex) {
                let reached = distance + (self.point(other) - self.point(vertex)).norm();
                if reached < distances[other as usize] {
                    distances[other as usize] = reached;
                    waiting.push(Reverse((reached.to_bits(), other)));
                }
            }
        }
        distances
    }

    pub(super) fn farthest(&self, distances: &[f64]) -> u32 {
        let far = |a: &u32, b: &u32| distances[*a as usize].total_cmp(&distances[*b as usize]).then(b.cmp(a));
        (0..self.vertices.len() as u32)
            .filter(|&v| distances[v as usize].is_finite())
            .max_by(far)
            .unwrap_or(0)
    }

    pub(super) fn own(&self, vertex: u32) -> u32 {
        self.vertices.partition_point(|&v| v < vertex) as u32
    }

    pub(super) fn rim_centre(&self, rim: &[u32]) -> Vector3<f64> {
        rim.iter().map(|&vertex| self.point(vertex)).sum::<Vector3<f64>>() / rim.len() as f64
    }
}
