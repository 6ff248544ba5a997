//! Faces that smoothing has left without area: put back where they were.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::MeshRef;
use super::measure::{bounds, doubled_area_vector};

/// Faces per partial sum; fixed, so that a sum never depends on the number of threads.
const BLOCK: usize = 8192;

/// Puts the corners of faces back that would be without area in a file of 32-bit coordinates. Returns the
/// volumes before and after.
pub(super) fn restore_collapsed(mesh: MeshRef<'_>, vertices: &mut [[f64; 3]]) -> [f64; 2] {
    let Some(bounds) = bounds(mesh.vertices()) else { return [0.0; 2] };
    for _ in 0..8 {
        let (collapsed, volumes) = survey(mesh, vertices, bounds);
        if collapsed.is_empty() {
            return volumes;
        }
        for index in collapsed.into_iter().flat_map(|face| mesh.faces()[face]) {
            vertices[index as usize] = mesh.vertices()[index as usize];
        }
    }
    survey(mesh, vertices, bounds).1
}

/// Faces that have lost their area, and the volumes before and after, in one look at all faces.
fn survey(mesh: MeshRef<'_>, vertices: &[[f64; 3]], [low, high]: [[f64; 3]; 2]) -> (Vec<usize>, [f64; 2]) {
    let middle = (Vector3::from(low) + Vector3::from(high)) / 2.0;
    // What rounding to 32 bits may move a corner by, with room for what smoothing does to the bounds.
    let widest = low.iter().chain(&high).fold(1.0_f64, |widest, x| widest.max(2.0 * x.abs()));
    let rounding2 = (16.0 * widest * f64::from(f32::EPSILON)).powi(2);
    let blocks = mesh.faces().par_chunks(BLOCK).enumerate().map(|(block, faces)| {
        let (mut collapsed, mut sums) = (Vec::new(), [0.0; 2]);
        for (face, corners) in (block * BLOCK..).zip(faces) {
            let old = Cross::of(corners.map(|index| mesh.vertices()[index as usize]));
            let new = Cross::of(corners.map(|index| vertices[index as usize]));
            sums = [sums[0] + old.six_volumes(middle), sums[1] + new.six_volumes(middle)];
            if new.may_lose_area(rounding2)
                && has_no_area(corners.map(|index| vertices[index as usize]))
                && !has_no_area(mesh.corners(face))
            {
                collapsed.push(face);
            }
        }
        (collapsed, sums)
    });
    let blocks: Vec<(Vec<usize>, [f64; 2])> = blocks.collect();
    let sums = blocks.iter().fold([0.0; 2], |all, (_, sums)| [all[0] + sums[0], all[1] + sums[1]]);
    (blocks.into_iter().flat_map(|(collapsed, _)| collapsed).collect(), sums.map(|sum| sum / 6.0))
}

/// A triangle by its first corner, two edges and their product.
struct Cross {
    corner: Vector3<f64>,
    edges: [Vector3<f64>; 2],
    product: Vector3<f64>,
}

impl Cross {
    #[inline]
    fn of(corners: [[f64; 3]; 3]) -> Self {
        let [a, b, c] = corners.map(Vector3::from);
        let edges = [b - a, c - a];
        Self { corner: a, edges, product: edges[0].cross(&edges[1]) }
    }

    /// Six times the volume over a point.
    #[inline]
    fn six_volumes(&self, point: Vector3<f64>) -> f64 {
        self.product.dot(&(self.corner - point))
    }

    /// Whether corners that move by a rounding could lie in a line: a product changes by less than the
    /// rounding times the edges.
    #[inline]
    fn may_lose_area(&self, rounding2: f64) -> bool {
        let edges2 = self.edges[0].norm_squared() + self.edges[1].norm_squared() + rounding2;
        self.product.norm_squared() <= rounding2 * edges2
    }
}

/// Whether a triangle has no area once its corners are rounded to 32 bits.
fn has_no_area(corners: [[f64; 3]; 3]) -> bool {
    let rounded = corners.map(|point| point.map(|x| f64::from(x as f32)));
    doubled_area_vector(rounded).norm_squared() == 0.0
}
