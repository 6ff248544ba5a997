//! Unit normals at the vertices, from the faces around them.

use nalgebra::Vector3;
use rayon::prelude::*;

use crate::mesh::MeshRef;
use crate::mesh::measure::doubled_area_vector;

/// Faces in one task; fixed, so that nothing depends on the number of threads.
const BLOCK: usize = 2048;
/// Faces whose shares are kept at once.
const AT_ONCE: usize = 1 << 16;

/// Angle-weighted normals of length 1; zero where a vertex has no face with an area.
///
/// What [`crate::mesh::signed::vertex_normal`] is for one vertex: here every face is looked at once, not
/// once for each of its corners, and shares are added in the order of the faces.
pub fn vertex_normals(mesh: MeshRef<'_>) -> Vec<Vector3<f64>> {
    let share = |face: usize| {
        let normal = face_normal(mesh, face).0;
        angles(mesh, face).map(|angle| normal * angle)
    };
    let mut sums = vec![Vector3::zeros(); mesh.vertices().len()];
    let mut shares: Vec<[Vector3<f64>; 3]> = Vec::new();
    for first in (0..mesh.faces().len()).step_by(AT_ONCE) {
        let faces = first..(first + AT_ONCE).min(mesh.faces().len());
        faces.clone().into_par_iter().with_min_len(BLOCK).map(share).collect_into_vec(&mut shares);
        for (corners, shares) in mesh.faces()[faces].iter().zip(&shares) {
            for (&corner, share) in corners.iter().zip(shares) {
                sums[corner as usize] += share;
            }
        }
    }
    sums.par_iter_mut().with_min_len(BLOCK).for_each(|sum| *sum = sum.try_normalize(0.0).unwrap_or_default());
    sums
}

/// The angles of a face at its corners, radians.
fn angles(mesh: MeshRef<'_>, face: usize) -> [f64; 3] {
    let [a, b, c] = mesh.corners(face).map(Vector3::from);
    let (ab, bc, ca) = (b - a, c - b, a - c);
    let doubled = ab.cross(&bc).norm();
    let first = doubled.atan2(-ca.dot(&ab));
    let second = doubled.atan2(-ab.dot(&bc));
    [first, second, std::f64::consts::PI - first - second]
}

/// Normal of a face, length 1; zero where it has no area. And the area, mm2.
pub fn face_normal(mesh: MeshRef<'_>, face: usize) -> (Vector3<f64>, f64) {
    let doubled = doubled_area_vector(mesh.corners(face));
    let length = doubled.norm();
    if length > 0.0 { (doubled / length, length / 2.0) } else { (Vector3::zeros(), 0.0) }
}

/// Area that belongs to each vertex: a third of each of its faces, mm2.
pub fn vertex_areas(mesh: MeshRef<'_>) -> Vec<f64> {
    let areas: Vec<f64> =
        (0..mesh.faces().len()).into_par_iter().map(|face| face_normal(mesh, face).1).collect();
    let mut shares = vec![0.0; mesh.vertices().len()];
    for (corners, area) in mesh.faces().iter().zip(areas) {
        for &corner in corners {
            shares[corner as usize] += area / 3.0;
        }
    }
    shares
}
