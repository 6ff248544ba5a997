//! Sides of slender members that are not thin themselves.
//!
//! A bar of 1.0 x 0.8 mm is thin through its broad faces only: through its narrow ones it is 1.0 mm thick.
//! So a strip of the surface beside thin faces belongs to the member where it is no wider than the limit
//! and what lies across it is near. The rim of a sheet is as narrow a strip, but what lies across is far.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use nalgebra::Vector3;
use rayon::prelude::*;

use super::normals::face_normal;
use crate::mesh::MeshRef;
use crate::mesh::adjacency::VertexFaces;
use crate::mesh::face_tree::FaceTree;
use crate::mesh::ray::Ray;

/// What is broader than this many times its thickness is a sheet, and has no sides.
pub(super) const BROAD: f64 = 5.0;
/// Slack of distances from face to face: corners lie beside the shortest way.
const SLACK: f64 = 1.1;
/// Cosine between the normals of a face and of what it is the other side of, at most.
const ACROSS: f64 = -0.5;
/// Faces in one task; fixed, so that nothing depends on the number of threads.
const BLOCK: usize = 512;

/// For each face that is no farther from thin ones than half the limit how thin those are, else 0.
pub(super) fn beside_thin(mesh: MeshRef<'_>, thickness: &[f64], is_thin: &[bool], below: f64) -> Vec<f64> {
    let reached = reached(mesh, thickness, is_thin, below);
    let of_face = |face: usize| {
        let corners = mesh.faces()[face];
        let points = mesh.corners(face).map(Vector3::from);
        let longest = (0..3).map(|n| (points[n] - points[(n + 1) % 3]).norm()).fold(0.0, f64::max);
        let reach = SLACK * (below / 2.0).hypot(longest.min(below) / 2.0);
        let is_near = corners.iter().all(|&corner| reached[corner as usize].far <= reach);
        let thin = corners.iter().map(|&corner| reached[corner as usize].thin).fold(0.0, f64::max);
        if is_near && !is_thin[face] { thin } else { 0.0 }
    };
    (0..mesh.faces().len()).into_par_iter().with_min_len(BLOCK).map(of_face).collect()
}

/// Faces beside thin ones that have the other side of the member across from them.
pub(super) fn sides(mesh: MeshRef<'_>, beside: &[f64]) -> Vec<u32> {
    let asked: Vec<u32> = (0..beside.len() as u32).filter(|&face| beside[face as usize] > 0.0).collect();
    if asked.is_empty() {
        return asked;
    }
    let tree = FaceTree::new(mesh);
    let is_side = |face: u32| {
        let (normal, area) = face_normal(mesh, face as usize);
        if area <= 0.0 {
            return true;
        }
        let ray = Ray {
            origin: mesh.corners(face as usize).map(Vector3::from).iter().sum::<Vector3<f64>>() / 3.0,
            direction: -normal,
            longest_mm: BROAD * beside[face as usize],
            is_leaving: true,
            apart_from: None,
        };
        let hit = tree.first_hit(&ray, None);
        hit.is_some_and(|hit| face_normal(mesh, hit.face as usize).0.dot(&normal) <= ACROSS)
    };
    let found: Vec<bool> = asked.par_iter().with_min_len(BLOCK).map(|&face| is_side(face)).collect();
    asked.into_iter().zip(found).filter_map(|(face, is_side)| is_side.then_some(face)).collect()
}

/// How far a vertex is from the nearest corner of a thin face, and how thin that is.
#[derive(Debug, Clone, Copy)]
struct Reached {
    far: f64,
    thin: f64,
    from: u32,
}

/// From corner to corner, by the straight distance from where the way began.
fn reached(mesh: MeshRef<'_>, thickness: &[f64], is_thin: &[bool], below: f64) -> Vec<Reached> {
    let nothing = Reached { far: f64::INFINITY, thin: 0.0, from: u32::MAX };
    let mut found = vec![nothing; mesh.vertices().len()];
    let least = |corners: &[u32; 3]| {
        corners.iter().map(|&corner| thickness[corner as usize]).fold(f64::INFINITY, f64::min)
    };
    for (corners, _) in mesh.faces().iter().zip(is_thin).filter(|(_, thin)| **thin) {
        let least = least(corners);
        for &corner in corners {
            let at = &mut found[corner as usize];
            *at = Reached { far: 0.0, thin: at.thin.max(least), from: corner };
        }
    }
    let mut waiting: BinaryHeap<Reverse<(u64, u32)>> =
        (0..found.len() as u32).filter(|&v| found[v as usize].far == 0.0).map(|v| Reverse((0, v))).collect();
    let around = VertexFaces::new(mesh.vertices().len(), mesh.faces());
    let point = |vertex: u32| Vector3::from(mesh.vertices()[vertex as usize]);
    let farthest = SLACK * below * std::f64::consts::FRAC_1_SQRT_2;
    while let Some(Reverse((bits, vertex))) = waiting.pop() {
        let own = found[vertex as usize];
        // Positive numbers are in the order of their bits.
        if f64::from_bits(bits) > own.far {
            continue;
        }
        for &other in around.of(vertex as usize).iter().flat_map(|&face| &mesh.faces()[face as usize]) {
            let far = (point(other) - point(own.from)).norm();
            if far <= farthest && far < found[other as usize].far {
                found[other as usize] = Reached { far, ..own };
                waiting.push(Reverse((far.to_bits(), other)));
            }
        }
    }
    found
}
