//! Signed distance to a closed surface, positive outside.
//!
//! The sign comes from the normal of the face, edge or vertex where the closest point lies; that of a
//! vertex is the mean of its faces weighted by their angles: Baerentzen and Aanaes, Signed distance
//! computation using the angle weighted pseudonormal, IEEE TVCG 11, 2005, doi:10.1109/TVCG.2005.49.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::MeshRef;
use super::adjacency::VertexFaces;
use super::closest::{ClosestPoints, Hit};
use super::measure::doubled_area_vector;
use super::triangle::Feature;

/// Distances of points from a closed surface, mm, positive outside; empty where there is no surface.
pub fn signed_distances_mm(tree: &ClosestPoints<'_>, points: &[[f64; 3]]) -> Vec<f64> {
    each_offset(tree, points, |_, _, _, distance| distance)
}

/// Signed distances of points from a surface that may be open, mm, and whether the closest point lies on
/// its boundary, where it has no outside; empty where there is no surface.
pub fn offsets_mm(tree: &ClosestPoints<'_>, points: &[[f64; 3]]) -> Vec<(f64, bool)> {
    each_offset(tree, points, |mesh, around, hit, distance| (distance, is_on_boundary(mesh, around, hit)))
}

/// What is made of each signed distance and the closest point it goes to.
fn each_offset<T: Send>(
    tree: &ClosestPoints<'_>,
    points: &[[f64; 3]],
    made: impl Fn(MeshRef<'_>, &VertexFaces, &Hit, f64) -> T + Sync,
) -> Vec<T> {
    let mesh = tree.mesh();
    let around = VertexFaces::new(mesh.vertices().len(), mesh.faces());
    let hits = tree.nearest_all(points.len(), |n| Vector3::from(points[n]));
    hits.par_iter()
        .zip(points)
        .map(|(hit, point)| {
            let out = Vector3::from(*point) - hit.point;
            let distance = hit.squared_distance.sqrt();
            let is_inside = out.dot(&pseudonormal(mesh, &around, hit)) < 0.0;
            made(mesh, &around, hit, if is_inside { -distance } else { distance })
        })
        .collect()
}

/// Whether a closest point lies on an edge with one face only.
fn is_on_boundary(mesh: MeshRef<'_>, around: &VertexFaces, hit: &Hit) -> bool {
    let corners = mesh.faces()[hit.face as usize];
    let n_faces = |a: u32, b: u32| {
        let faces = around.of(a as usize).iter();
        faces.filter(|&&face| mesh.faces()[face as usize].contains(&b)).count()
    };
    match hit.feature {
        Feature::Face => false,
        Feature::Edge(n) => n_faces(corners[usize::from(n)], corners[(usize::from(n) + 1) % 3]) == 1,
        Feature::Corner(n) => {
            let vertex = corners[usize::from(n)];
            let ends = around.of(vertex as usize).iter().flat_map(|&face| mesh.faces()[face as usize]);
            ends.filter(|&end| end != vertex).any(|end| n_faces(vertex, end) == 1)
        }
    }
}

/// The normal at a closest point, not of unit length.
fn pseudonormal(mesh: MeshRef<'_>, around: &VertexFaces, hit: &Hit) -> Vector3<f64> {
    let corners = mesh.faces()[hit.face as usize];
    match hit.feature {
        Feature::Face => unit_normal(mesh, hit.face),
        Feature::Edge(n) => {
            let (a, b) = (corners[usize::from(n)], corners[(usize::from(n) + 1) % 3]);
            let faces = around.of(a as usize).iter();
            faces
                .filter(|&&face| mesh.faces()[face as usize].contains(&b))
                .map(|&face| unit_normal(mesh, face))
                .sum()
        }
        Feature::Corner(n) => vertex_normal(mesh, around, corners[usize::from(n)]),
    }
}

fn unit_normal(mesh: MeshRef<'_>, face: u32) -> Vector3<f64> {
    doubled_area_vector(mesh.corners(face as usize)).try_normalize(0.0).unwrap_or_default()
}

/// Sum of the unit normals around a vertex, each times the angle of its face there.
pub fn vertex_normal(mesh: MeshRef<'_>, around: &VertexFaces, vertex: u32) -> Vector3<f64> {
    let faces = around.of(vertex as usize).iter();
    faces.map(|&face| unit_normal(mesh, face) * angle_at(mesh, face, vertex)).sum()
}

/// The angle of a face at one of its corners, radians.
pub(super) fn angle_at(mesh: MeshRef<'_>, face: u32, vertex: u32) -> f64 {
    let corners = mesh.faces()[face as usize];
    let n = corners.iter().position(|&corner| corner == vertex).unwrap_or(0);
    let at = |n: usize| Vector3::from(mesh.vertices()[corners[n % 3] as usize]);
    let (p, q) = (at(n + 1) - at(n), at(n + 2) - at(n));
    p.cross(&q).norm().atan2(p.dot(&q))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn the_rim_of_an_open_surface_is_told() {
        let mut mesh = cuboid([0.0; 3], [2.0, 3.0, 4.0]);
        // Without the top.
        mesh.faces.retain(|face| !face.iter().all(|&index| mesh.vertices[index as usize][2] > 3.9));
        mesh.kinds.truncate(mesh.faces.len());
        let tree = ClosestPoints::new(mesh.view());
        let found =
            offsets_mm(&tree, &[[1.0, 1.5, -1.0], [1.0, 0.1, 2.0], [-1.0, 1.5, 6.0], [-1.0, -1.0, 9.0]]);
        let rims: Vec<bool> = found.iter().map(|offset| offset.1).collect();
        assert_eq!(rims, [false, false, true, true]);
        assert!((found[0].0 - 1.0).abs() < 1e-12 && (found[1].0 + 0.1).abs() < 1e-12);
    }

    #[test]
    fn inside_is_negative_at_faces_edges_and_corners() {
        let mesh = cuboid([0.0; 3], [2.0, 3.0, 4.0]);
        let tree = ClosestPoints::new(mesh.view());
        let points =
            [[1.0, 1.5, 0.5], [1.0, 1.5, -0.5], [-3.0, -4.0, 2.0], [-1.0, -2.0, -2.0], [0.1, 0.1, 0.1]];
        let found = signed_distances_mm(&tree, &points);
        for (found, expected) in found.iter().zip([-0.5, 0.5, 5.0, 3.0, -0.1]) {
            assert!((found - expected).abs() < 1e-12);
        }
    }
}
