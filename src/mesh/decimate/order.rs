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
    let mut numbers = vec![NONE; mesh.vertices().len()];
    let mut made = TriMesh {
        vertices: Vec::with_capacity(numbers.len()),
        faces: Vec::with_capacity(order.len()),
        kinds: order.par_iter().map(|&face| mesh.kinds()[face as usize]).collect(),
    };
    for face in order {
        made.faces.push(mesh.faces()[face as usize].map(|corner| {
            let number = &mut numbers[corner as usize];
            if *number == NONE {
                *number = made.vertices.len() as u32;
                made.vertices.push(mesh.vertices()[corner as usize]);
            }
            *number
        }));
    }
    made
}
