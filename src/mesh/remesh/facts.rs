//! How even the triangles of a mesh are.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::collapse::SHORTEST;
use super::split::LONGEST;
use crate::mesh::MeshRef;
use crate::mesh::edges::Edges;

/// Edges and angles of a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Shape {
    /// Mean length of an edge, mm.
    pub mean_edge_mm: f64,
    /// Share of the edges that are between 4/5 and 4/3 of a length.
    pub even_share: f64,
    /// Smallest angle of all faces, degrees; 0 where there is none.
    pub min_angle_deg: f64,
    /// Mean over the faces of their smallest angle, degrees.
    pub mean_min_angle_deg: f64,
}

impl Shape {
    /// Of a mesh, held against a length of edges.
    pub fn of(mesh: MeshRef<'_>, edge_length_mm: f64) -> Self {
        let edges = Edges::new(mesh.faces(), mesh.vertices().len());
        let (mut n, mut n_even, mut sum) = (0, 0, 0.0);
        for edge in edges.iter() {
            let [p, q] = [edge.low, edge.high].map(|end| Vector3::from(mesh.vertices()[end as usize]));
            let length = (p - q).norm();
            n += 1;
            sum += length;
            let share = length / edge_length_mm;
            n_even += usize::from((SHORTEST..=LONGEST).contains(&share));
        }
        let n_faces = mesh.faces().len();
        let angles: Vec<f64> =
            (0..n_faces).into_par_iter().map(|face| smallest_angle(mesh.corners(face))).collect();
        let least = angles.iter().copied().fold(180.0, f64::min);
        Self {
            mean_edge_mm: sum / f64::from(n.max(1)),
            even_share: n_even as f64 / f64::from(n.max(1)),
            min_angle_deg: if n_faces > 0 { least } else { 0.0 },
            mean_min_angle_deg: angles.iter().sum::<f64>() / n_faces.max(1) as f64,
        }
    }
}

/// The smallest angle of a triangle, degrees.
fn smallest_angle(corners: [[f64; 3]; 3]) -> f64 {
    let [a, b, c] = corners.map(Vector3::from);
    let angle = |p: Vector3<f64>, q: Vector3<f64>| p.cross(&q).norm().atan2(p.dot(&q));
    let least = angle(b - a, c - a).min(angle(c - b, a - b)).min(angle(a - c, b - c));
    least.to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn the_halves_of_a_square_have_45_degrees() {
        let found = Shape::of(cuboid([0.0; 3], [1.0; 3]).view(), 1.1);
        assert!((found.min_angle_deg - 45.0).abs() < 1e-9 && (found.mean_min_angle_deg - 45.0).abs() < 1e-9);
        assert!((found.mean_edge_mm - (12.0 + 6.0 * 2.0_f64.sqrt()) / 18.0).abs() < 1e-12);
        assert!((found.even_share - 1.0).abs() < 1e-12);
        assert_eq!(Shape::of(crate::mesh::TriMesh::default().view(), 1.0), Shape::default());
    }
}
