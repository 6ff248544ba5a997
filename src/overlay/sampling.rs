//! Sample points on a surface: each stands for the same area, and the same mesh has the same points.

use nalgebra::Vector3;
use rayon::prelude::*;

use crate::mesh::measure::doubled_area_vector;
use crate::mesh::{FaceKind, MeshRef};

/// The plastic number's powers: a sequence that fills a square evenly (Roberts 2018).
const STRIDES: [f64; 2] = [0.754_877_666_246_692_7, 0.569_840_290_998_053_2];
/// An interpolated normal that leans farther from its face than this cosine is not used.
const LEAST_COSINE: f64 = 0.3;

/// Points on the imaged faces of a mesh.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Samples {
    /// Where, LPS mm.
    pub points: Vec<[f64; 3]>,
    /// Unit normals there, outwards.
    pub normals: Vec<[f64; 3]>,
    /// On which face.
    pub faces: Vec<u32>,
    /// Area that each point stands for, mm2.
    pub area_each_mm2: f64,
    /// Area by the number of the kind of face, mm2; only the imaged one is sampled.
    pub areas_mm2: [f64; 4],
}

/// Takes `n` points on the imaged faces, area by area in the order of the faces.
pub fn sample_surface(mesh: MeshRef<'_>, n: usize) -> Samples {
    let doubled: Vec<Vector3<f64>> = (0..mesh.faces().len())
        .into_par_iter()
        .with_min_len(4096)
        .map(|face| doubled_area_vector(mesh.corners(face)))
        .collect();
    let mut made = Samples::default();
    let mut ends = Vec::with_capacity(doubled.len());
    let mut sum = 0.0;
    for (vector, &kind) in doubled.iter().zip(mesh.kinds()) {
        let area = vector.norm() / 2.0;
        if let Some(of_kind) = made.areas_mm2.get_mut(usize::from(kind)) {
            *of_kind += area;
        }
        if kind == FaceKind::Surface as u8 {
            sum += area;
        }
        ends.push(sum);
    }
    if sum <= 0.0 || n == 0 {
        return made;
    }
    let normals = vertex_normals(mesh, &doubled);
    made.area_each_mm2 = sum / n as f64;
    let found: Vec<([f64; 3], [f64; 3], u32)> = (0..n)
        .into_par_iter()
        .with_min_len(1024)
        .map(|m| {
            let wanted = (m as f64 + 0.5) * made.area_each_mm2;
            let face = ends.partition_point(|&end| end < wanted).min(ends.len() - 1);
            let weights = barycentric(m);
            let at = |corners: [Vector3<f64>; 3]| -> Vector3<f64> {
                (0..3).map(|corner| corners[corner] * weights[corner]).sum()
            };
            let point = at(mesh.corners(face).map(Vector3::from));
            let flat = doubled[face].normalize();
            let smooth = at(mesh.faces()[face].map(|vertex| normals[vertex as usize]));
            let smooth = smooth.try_normalize(1e-12).filter(|normal| normal.dot(&flat) >= LEAST_COSINE);
            (point.into(), smooth.unwrap_or(flat).into(), face as u32)
        })
        .collect();
    for (point, normal, face) in found {
        made.points.push(point);
        made.normals.push(normal);
        made.faces.push(face);
    }
    made
}

/// Mean normals of the imaged faces at each vertex, weighted by area, of unit length or zero.
fn vertex_normals(mesh: MeshRef<'_>, doubled: &[Vector3<f64>]) -> Vec<Vector3<f64>> {
    let mut normals = vec![Vector3::zeros(); mesh.vertices().len()];
    for ((corners, vector), &kind) in mesh.faces().iter().zip(doubled).zip(mesh.kinds()) {
        if kind == FaceKind::Surface as u8 {
            for &corner in corners {
                normals[corner as usize] += vector;
            }
        }
    }
    for normal in &mut normals {
        *normal = normal.try_normalize(0.0).unwrap_or_default();
    }
    normals
}

/// The place of the m-th point in its triangle.
fn barycentric(m: usize) -> [f64; 3] {
    let [u, v] = STRIDES.map(|stride| (0.5 + m as f64 * stride).fract());
    let (u, v) = if u + v > 1.0 { (1.0 - u, 1.0 - v) } else { (u, v) };
    [1.0 - u - v, u, v]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn points_lie_on_the_imaged_faces_in_proportion_to_area() {
        let mut mesh = cuboid([0.0; 3], [1.0, 2.0, 3.0]);
        mesh.kinds[0] = FaceKind::Cap as u8;
        let samples = sample_surface(mesh.view(), 2100);
        assert!((samples.areas_mm2[0] - 21.0).abs() < 1e-12 && (samples.areas_mm2[1] - 1.0).abs() < 1e-12);
        assert_eq!(samples.points.len(), 2100);
        assert!(samples.faces.iter().all(|&face| face != 0));
        // The two faces at x = 0 have 6 of 21 mm2.
        let left = samples.points.iter().filter(|point| point[0] < 1e-9).count();
        assert!((left as f64 - 600.0).abs() <= 2.0, "{left}");
    }

    #[test]
    fn a_mesh_without_imaged_faces_has_no_points() {
        let mut mesh = cuboid([0.0; 3], [1.0; 3]);
        mesh.kinds.fill(FaceKind::Cut as u8);
        assert!(sample_surface(mesh.view(), 10).points.is_empty());
    }
}
