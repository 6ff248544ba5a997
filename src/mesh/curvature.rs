//! Mean, Gaussian and principal curvature at the vertices.
//!
//! Gaussian from the angle defect, mean from the cotangent Laplacian, both over the mixed Voronoi
//! area: Meyer, Desbrun, Schroeder and Barr, Discrete differential-geometry operators for
//! triangulated 2-manifolds, 2003, doi:10.1007/978-3-662-05105-4_2.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::MeshRef;
use super::adjacency::VertexFaces;
use super::signed::{angle_at, vertex_normal};

/// Curvature at one vertex; NaN on a boundary and where a vertex has no area around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curvature {
    /// Mean of the principal curvatures, 1/mm; positive where the surface is convex.
    pub mean: f64,
    /// Product of the principal curvatures, 1/mm2.
    pub gaussian: f64,
}

/// Curvature at every vertex.
pub fn curvatures(mesh: MeshRef<'_>) -> Vec<Curvature> {
    let around = VertexFaces::new(mesh.vertices().len(), mesh.faces());
    (0..mesh.vertices().len() as u32)
        .into_par_iter()
        .with_min_len(1024)
        .map(|vertex| at_vertex(mesh, &around, vertex))
        .collect()
}

fn at_vertex(mesh: MeshRef<'_>, around: &VertexFaces, vertex: u32) -> Curvature {
    let faces = around.of(vertex as usize);
    let mut balance: Vec<(u32, i32)> = Vec::with_capacity(faces.len() * 2);
    let (mut angle, mut area, mut bend) = (0.0, 0.0, Vector3::zeros());
    for &face in faces {
        let corners = mesh.faces()[face as usize];
        let n = corners.iter().position(|&corner| corner == vertex).unwrap_or(0);
        let (next, last) = (corners[(n + 1) % 3], corners[(n + 2) % 3]);
        balance.extend([(next, 1), (last, -1)]);
        let [p, q, r] = [vertex, next, last].map(|index| Vector3::from(mesh.vertices()[index as usize]));
        angle += angle_at(mesh, face, vertex);
        area += mixed_area(&p, &q, &r);
        bend += (p - q) * cotangent(&r, &p, &q) + (p - r) * cotangent(&q, &r, &p);
    }
    if area <= 0.0 || !is_closed(balance) {
        return Curvature { mean: f64::NAN, gaussian: f64::NAN };
    }
    let normal = vertex_normal(mesh, around, vertex);
    let size = bend.norm() / (4.0 * area);
    Curvature {
        mean: if bend.dot(&normal) < 0.0 { -size } else { size },
        gaussian: (2.0 * std::f64::consts::PI - angle) / area,
    }
}

/// Whether every edge at a vertex is entered once and left once.
fn is_closed(mut balance: Vec<(u32, i32)>) -> bool {
    balance.sort_unstable();
    balance.chunks(2).all(|pair| matches!(pair, [a, b] if a.0 == b.0 && a.1 + b.1 == 0))
}

/// Cotangent of the angle at the first point.
fn cotangent(at: &Vector3<f64>, p: &Vector3<f64>, q: &Vector3<f64>) -> f64 {
    let (a, b) = (p - at, q - at);
    let sine = a.cross(&b).norm();
    if sine > 0.0 { a.dot(&b) / sine } else { 0.0 }
}

/// The part of a triangle that belongs to its first corner.
fn mixed_area(p: &Vector3<f64>, q: &Vector3<f64>, r: &Vector3<f64>) -> f64 {
    let area = (q - p).cross(&(r - p)).norm() / 2.0;
    let obtuse = |at: &Vector3<f64>, a: &Vector3<f64>, b: &Vector3<f64>| (a - at).dot(&(b - at)) < 0.0;
    if obtuse(p, q, r) {
        area / 2.0
    } else if obtuse(q, r, p) || obtuse(r, p, q) {
        area / 4.0
    } else {
        ((r - p).norm_squared() * cotangent(q, r, p) + (q - p).norm_squared() * cotangent(r, p, q)) / 8.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn the_corners_of_a_box_share_its_total_curvature() {
        let mesh = cuboid([0.0; 3], [2.0; 3]);
        let around = VertexFaces::new(8, &mesh.faces);
        let defect: f64 = (0..8_u32)
            .map(|vertex| {
                let angles =
                    around.of(vertex as usize).iter().map(|&face| angle_at(mesh.view(), face, vertex));
                2.0 * std::f64::consts::PI - angles.sum::<f64>()
            })
            .sum();
        assert!((defect - 4.0 * std::f64::consts::PI).abs() < 1e-12);
        assert!(curvatures(mesh.view()).iter().all(|found| found.mean > 0.0 && found.gaussian > 0.0));
        let mut open = mesh;
        open.faces.pop();
        open.kinds.pop();
        assert_eq!(curvatures(open.view()).iter().filter(|found| found.mean.is_nan()).count(), 3);
    }
}
