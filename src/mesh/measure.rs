//! Area, enclosed volume, bounds, centre and principal axes.

use nalgebra::{Matrix3, Vector3};
use rayon::prelude::*;

use super::MeshRef;

/// Faces per partial sum; fixed, so that a sum never depends on the number of threads.
const BLOCK: usize = 8192;

/// Smallest and largest coordinates; `None` of no points.
pub fn bounds(points: &[[f64; 3]]) -> Option<[[f64; 3]; 2]> {
    let first = *points.first()?;
    let join = |[low, high]: [[f64; 3]; 2], [other_low, other_high]: [[f64; 3]; 2]| {
        [
            std::array::from_fn(|axis| low[axis].min(other_low[axis])),
            std::array::from_fn(|axis| high[axis].max(other_high[axis])),
        ]
    };
    let within =
        |block: &[[f64; 3]]| block.iter().fold([first, first], |all, &point| join(all, [point, point]));
    let blocks: Vec<_> = points.par_chunks(BLOCK).map(within).collect();
    Some(blocks.into_iter().fold([first, first], join))
}

/// Twice the area of a triangle times its normal.
pub fn doubled_area_vector([a, b, c]: [[f64; 3]; 3]) -> Vector3<f64> {
    let (a, b, c) = (Vector3::from(a), Vector3::from(b), Vector3::from(c));
    (b - a).cross(&(c - a))
}

/// Area of all faces, mm2.
pub fn area_mm2(mesh: MeshRef<'_>) -> f64 {
    let [sum] = face_sum(mesh, |corners| [doubled_area_vector(corners).norm()]);
    sum / 2.0
}

/// Signed volume, mm3: positive where faces are counter-clockwise seen from outside.
///
/// The sum of tetrahedra over a point in the middle of the bounds, each block summed by itself:
/// far from the origin no digits are lost. Of an open surface it is the volume closed by straight
/// lines to that point.
pub fn volume_mm3(mesh: MeshRef<'_>) -> f64 {
    volume_of(mesh.vertices(), mesh.faces())
}

/// [`volume_mm3`] of positions that are not a mesh yet.
pub(super) fn volume_of(vertices: &[[f64; 3]], faces: &[[u32; 3]]) -> f64 {
    let Some([low, high]) = bounds(vertices) else { return 0.0 };
    let middle = (Vector3::from(low) + Vector3::from(high)) / 2.0;
    let [sum] = sum_over(faces, |corners| {
        let [a, b, c] = corners.map(|index| Vector3::from(vertices[index as usize]) - middle);
        [a.dot(&b.cross(&c))]
    });
    sum / 6.0
}

/// Volume, first and second moments of the enclosed body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Signed volume, mm3.
    pub volume_mm3: f64,
    /// Centre of mass, LPS mm.
    pub centroid: Vector3<f64>,
    /// Second moments about the centre of mass divided by the volume (covariance), mm2.
    pub covariance_mm2: Matrix3<f64>,
}

/// Moments of the body that a closed mesh encloses; `None` where it encloses nothing.
///
/// The closed forms over tetrahedra of Eberly, Polyhedral Mass Properties (Revisited), 2009.
pub fn moments(mesh: MeshRef<'_>) -> Option<Moments> {
    let [low, high] = bounds(mesh.vertices())?;
    let middle = (Vector3::from(low) + Vector3::from(high)) / 2.0;
    let sums = face_sum(mesh, |corners| {
        let [a, b, c] = corners.map(|point| Vector3::from(point) - middle);
        let six = a.dot(&b.cross(&c));
        let sum = a + b + c;
        let square =
            |i: usize, j: usize| six / 120.0 * (a[i] * a[j] + b[i] * b[j] + c[i] * c[j] + sum[i] * sum[j]);
        [
            six / 6.0,
            six / 24.0 * sum.x,
            six / 24.0 * sum.y,
            six / 24.0 * sum.z,
            square(0, 0),
            square(1, 1),
            square(2, 2),
            square(0, 1),
            square(0, 2),
            square(1, 2),
        ]
    });
    let [volume, x, y, z, xx, yy, zz, xy, xz, yz] = sums;
    let size = (Vector3::from(high) - Vector3::from(low)).norm();
    if volume.abs() <= size.powi(3) * 1e-14 {
        return None;
    }
    let mean = Vector3::new(x, y, z) / volume;
    let second = Matrix3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz) / volume;
    Some(Moments {
        volume_mm3: volume,
        centroid: mean + middle,
        covariance_mm2: second - mean * mean.transpose(),
    })
}

fn face_sum<const N: usize>(mesh: MeshRef<'_>, of: impl Fn([[f64; 3]; 3]) -> [f64; N] + Sync) -> [f64; N] {
    let vertices = mesh.vertices();
    sum_over(mesh.faces(), |corners| of(corners.map(|index| vertices[index as usize])))
}

fn sum_over<const N: usize>(faces: &[[u32; 3]], of: impl Fn([u32; 3]) -> [f64; N] + Sync) -> [f64; N] {
    let blocks: Vec<[f64; N]> = faces
        .par_chunks(BLOCK)
        .map(|block| {
            block.iter().fold([0.0; N], |sum, &face| {
                let term = of(face);
                std::array::from_fn(|n| sum[n] + term[n])
            })
        })
        .collect();
    blocks.iter().fold([0.0; N], |sum, block| std::array::from_fn(|n| sum[n] + block[n]))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::mesh::TriMesh;

    /// A box with its corner at `low`.
    pub(crate) fn cuboid(low: [f64; 3], size: [f64; 3]) -> TriMesh {
        let vertices = (0..8_usize)
            .map(|n| {
                std::array::from_fn(|axis| low[axis] + if n >> axis & 1 == 1 { size[axis] } else { 0.0 })
            })
            .collect();
        let faces = vec![
            [0, 2, 1],
            [1, 2, 3],
            [4, 5, 6],
            [5, 7, 6],
            [0, 1, 4],
            [1, 5, 4],
            [2, 6, 3],
            [3, 6, 7],
            [0, 4, 2],
            [2, 4, 6],
            [1, 3, 5],
            [3, 7, 5],
        ];
        TriMesh::imaged(vertices, faces)
    }

    #[test]
    fn a_box_far_away_has_its_volume_area_and_moments() {
        let mesh = cuboid([1e6, -2e6, 3e6], [2.0, 3.0, 4.0]);
        assert!((area_mm2(mesh.view()) - 52.0).abs() < 1e-9);
        assert!((volume_mm3(mesh.view()) - 24.0).abs() < 1e-9);
        let moments = moments(mesh.view()).unwrap();
        assert!((moments.centroid - Vector3::new(1e6 + 1.0, -2e6 + 1.5, 3e6 + 2.0)).norm() < 1e-8);
        let expected = Matrix3::from_diagonal(&Vector3::new(4.0, 9.0, 16.0)) / 12.0;
        assert!((moments.covariance_mm2 - expected).norm() < 1e-9);
    }

    #[test]
    fn a_flat_sheet_encloses_nothing() {
        let mut mesh = cuboid([0.0; 3], [1.0; 3]);
        mesh.faces.truncate(2);
        mesh.vertices.truncate(4);
        assert!(moments(mesh.view()).is_none());
        assert!(bounds(&[]).is_none());
    }
}
