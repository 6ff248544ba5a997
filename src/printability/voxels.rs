//! A closed mesh as voxels: which of them lie inside, along columns.

use nalgebra::{Matrix3, Vector3};
use rayon::prelude::*;

use crate::mesh::MeshRef;

/// Columns are moved by parts of a voxel that no edge runs along.
const ASIDE: [f64; 2] = [0.000_317_31, 0.000_271_83];

/// Voxels, the first index fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct Voxels {
    /// Number of voxels along each axis.
    pub dims: [usize; 3],
    /// Edge of a voxel, mm.
    pub size_mm: f64,
    /// Middle of the first voxel, in turned coordinates, mm.
    pub origin: [f64; 3],
    /// Whether each lies inside.
    pub is_solid: Vec<bool>,
}

impl Voxels {
    /// Place of a voxel in the list.
    pub fn at(&self, i: usize, j: usize, k: usize) -> usize {
        (k * self.dims[1] + j) * self.dims[0] + i
    }
}

/// Fills a closed mesh, turned by `turn`, with a margin of two voxels. A point lies inside when more faces
/// above it look up than down, so that bodies that overlap are one.
pub fn fill(mesh: MeshRef<'_>, turn: &Matrix3<f64>, size_mm: f64) -> Voxels {
    let points: Vec<Vector3<f64>> =
        mesh.vertices().par_iter().map(|&point| turn * Vector3::from(point)).collect();
    let empty = (Vector3::repeat(f64::INFINITY), Vector3::repeat(f64::NEG_INFINITY));
    let (low, high) = points.iter().fold(empty, |(low, high), point| (low.inf(point), high.sup(point)));
    if points.is_empty() {
        return Voxels { dims: [0; 3], size_mm, origin: [0.0; 3], is_solid: Vec::new() };
    }
    let origin = low - Vector3::repeat(2.0 * size_mm);
    let dims: [usize; 3] =
        std::array::from_fn(|axis| ((high[axis] - origin[axis]) / size_mm).ceil() as usize + 3);
    let crossings = crossings(mesh, &points, &origin, dims, size_mm);
    let mut is_solid = vec![false; dims.iter().product()];
    is_solid.par_chunks_mut(dims[0] * dims[1]).enumerate().for_each(|(k, layer)| {
        let height = origin.z + k as f64 * size_mm;
        for (voxel, column) in layer.iter_mut().zip(&crossings) {
            let above = column.partition_point(|crossing| crossing.0 <= height);
            *voxel = column[above..].iter().map(|crossing| i32::from(crossing.1)).sum::<i32>() > 0;
        }
    });
    Voxels { dims, size_mm, origin: origin.into(), is_solid }
}

/// For each column where faces cross it, in order, and whether they look up (1) or down (-1).
fn crossings(
    mesh: MeshRef<'_>,
    points: &[Vector3<f64>],
    origin: &Vector3<f64>,
    dims: [usize; 3],
    size_mm: f64,
) -> Vec<Vec<(f64, i8)>> {
    let mut columns: Vec<Vec<(f64, i8)>> = vec![Vec::new(); dims[0] * dims[1]];
    let aside = ASIDE.map(|part| part * size_mm);
    for corners in mesh.faces() {
        let [a, b, c] = corners.map(|corner| points[corner as usize]);
        let doubled = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
        if doubled == 0.0 {
            continue;
        }
        let range = |axis: usize| {
            let low = a[axis].min(b[axis]).min(c[axis]) - origin[axis] - aside[axis];
            let high = a[axis].max(b[axis]).max(c[axis]) - origin[axis] - aside[axis];
            let last = (high / size_mm).floor();
            ((low / size_mm).ceil().max(0.0) as usize, if last < 0.0 { 0 } else { last as usize + 1 })
        };
        let ((i0, i1), (j0, j1)) = (range(0), range(1));
        for j in j0..j1.min(dims[1]) {
            for i in i0..i1.min(dims[0]) {
                let x = origin.x + i as f64 * size_mm + aside[0];
                let y = origin.y + j as f64 * size_mm + aside[1];
                let share = |p: &Vector3<f64>, q: &Vector3<f64>| {
                    ((q.x - p.x) * (y - p.y) - (q.y - p.y) * (x - p.x)) / doubled
                };
                let (wa, wb, wc) = (share(&b, &c), share(&c, &a), share(&a, &b));
                if wa >= 0.0 && wb >= 0.0 && wc >= 0.0 {
                    let height = wa * a.z + wb * b.z + wc * c.z;
                    columns[j * dims[0] + i].push((height, if doubled > 0.0 { 1 } else { -1 }));
                }
            }
        }
    }
    columns.par_iter_mut().for_each(|column| column.sort_by(|p, q| p.0.total_cmp(&q.0)));
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn a_box_and_one_that_overlaps_it_are_as_large_as_both_together() {
        let mut mesh = cuboid([0.0; 3], [10.0, 6.0, 4.0]);
        let other = cuboid([5.0, 0.0, 0.0], [10.0, 6.0, 4.0]);
        mesh.faces.extend(other.faces.iter().map(|face| face.map(|corner| corner + 8)));
        mesh.vertices.extend(other.vertices);
        mesh.kinds.extend(other.kinds);
        let voxels = fill(mesh.view(), &Matrix3::identity(), 0.25);
        let volume = voxels.is_solid.iter().filter(|&&solid| solid).count() as f64 * 0.25_f64.powi(3);
        assert!((volume / (15.0 * 6.0 * 4.0) - 1.0).abs() < 0.03, "{volume}");
        assert!(!voxels.is_solid[0]);
    }
}
