//! The order of a space-filling curve: what is close in space is close in memory.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::patch::NONE;
use crate::mesh::measure::bounds;
use crate::mesh::morton::code;
use crate::mesh::{MeshRef, TriMesh};

/// All faces in the order in which the curve meets their centres. The curve turns at halves, quarters and
/// so on of a cube from `low` to `high`.
pub(super) fn along_curve<F>(n_faces: usize, corners: F, low: &[f64; 3], high: &[f64; 3]) -> Vec<u32>
where
    F: Fn(usize) -> [Vector3<f64>; 3] + Sync,
{
    let mut keys: Vec<u64> = (0..n_faces)
        .into_par_iter()
        .map(|face| {
            let [a, b, c] = corners(face);
            u64::from(code(((a + b + c) / 3.0).into(), low, high)) << 32 | face as u64
        })
        .collect();
    keys.par_sort_unstable();
    keys.into_iter().map(|key| key as u32).collect()
}

/// The same mesh with its faces along the curve, and its vertices in the order in which they name them.
pub(super) fn in_order(mesh: MeshRef<'_>) -> TriMesh {
    let Some([low, high]) = bounds(mesh.vertices()) else { return TriMesh::default() };
    let order = along_curve(mesh.faces().len(), |face| mesh.corners(face).map(Vector3::from), &low, &high);
    // What is far apart in memory is fetched side by side; then only the numbering is left to do in order.
    let mut faces: Vec<[u32; 3]> = order.par_iter().map(|&face| mesh.faces()[face as usize]).collect();
    let kinds = order.par_iter().map(|&face| mesh.kinds()[face as usize]).collect();
    drop(order);
    let mut numbers = vec![NONE; mesh.vertices().len()];
    let mut names = Vec::with_capacity(numbers.len());
    for corner in faces.as_flattened_mut() {
        let number = &mut numbers[*corner as usize];
        if *number == NONE {
            *number = names.len() as u32;
            names.push(*corner);
        }
        *corner = *number;
    }
    let vertices = names.par_iter().map(|&name| mesh.vertices()[name as usize]).collect();
    TriMesh { vertices, faces, kinds }
}
