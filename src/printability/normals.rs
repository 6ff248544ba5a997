//! Unit normals at the vertices, from the faces around them.

use nalgebra::Vector3;
use rayon::prelude::*;

use crate::mesh::MeshRef;
use crate::mesh::adjacency::VertexFaces;
use crate::mesh::measure::doubled_area_vector;
use crate::mesh::signed::vertex_normal;

/// Angle-weighted normals of length 1; zero where a vertex has no face with an area.
pub fn vertex_normals(mesh: MeshRef<'_>) -> Vec<Vector3<f64>> {
    let around = VertexFaces::new(mesh.vertices().len(), mesh.faces());
    (0..mesh.vertices().len() as u32)
        .into_par_iter()
        .with_min_len(1024)
        .map(|vertex| vertex_normal(mesh, &around, vertex).try_normalize(0.0).unwrap_or_default())
        .collect()
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
