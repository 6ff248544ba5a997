//! How much material stands between a round hole and the nearest edge or other hole, exactly: each face is
//! clipped to the depth of the hole and seen along its axis.

use nalgebra::Vector3;

use super::holes::Hole;
use super::normals::face_normal;
use super::rings::frame;
use crate::mesh::MeshRef;

/// Part of its depth by which a hole is shorter here than it is, so that the faces at its ends stay out.
const ENDS: f64 = 0.01;
/// Cosine between a normal and the way from the axis from which on a face is a side.
const SIDE: f64 = 0.3;

/// The nearest wall.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// From the wall of the hole to it, mm.
    pub distance_mm: f64,
    /// The point that it is measured to, LPS mm.
    pub place: [f64; 3],
}

/// The nearest face across the axis of a hole that `counts`: it is told the number of the face and whether
/// it looks away from the hole.
pub fn nearest_wall(mesh: MeshRef<'_>, hole: &Hole, counts: impl Fn(usize, bool) -> bool) -> Option<Nearest> {
    let (centre, axis) = (Vector3::from(hole.centre), Vector3::from(hole.axis));
    let (u, v) = frame(&axis);
    let half = hole.depth_mm * (0.5 - ENDS);
    let mut best: Option<(f64, Vector3<f64>)> = None;
    for face in 0..mesh.faces().len() {
        let corners = mesh.corners(face).map(|point| {
            let out = Vector3::from(point) - centre;
            Vector3::new(u.dot(&out), v.dot(&out), axis.dot(&out))
        });
        let heights = corners.map(|corner| corner.z);
        if heights.iter().all(|&z| z > half) || heights.iter().all(|&z| z < -half) {
            continue;
        }
        let Some(near) = nearest_in_slab(&corners, half) else { continue };
        let distance = near.x.hypot(near.y);
        if best.is_some_and(|(kept, _)| distance >= kept) || distance <= 0.0 {
            continue;
        }
        let normal = face_normal(mesh, face).0;
        let outwards = (u * near.x + v * near.y) / distance;
        let turned = normal.dot(&outwards);
        // A face along the line of sight is neither a side of the part nor of a hole.
        if turned.abs() > SIDE && counts(face, turned > 0.0) {
            best = Some((distance, near));
        }
    }
    best.map(|(distance, near)| Nearest {
        distance_mm: distance - hole.diameter_mm / 2.0,
        place: (centre + u * near.x + v * near.y + axis * near.z).into(),
    })
}

/// The point of a triangle between two planes z = -half and z = half that is nearest to the z axis.
fn nearest_in_slab(corners: &[Vector3<f64>; 3], half: f64) -> Option<Vector3<f64>> {
    let mut polygon: Vec<Vector3<f64>> = corners.to_vec();
    for sign in [1.0, -1.0] {
        let inside = |p: &Vector3<f64>| sign * p.z <= half;
        let mut kept = Vec::with_capacity(polygon.len() + 1);
        for n in 0..polygon.len() {
            let (p, q) = (polygon[n], polygon[(n + 1) % polygon.len()]);
            if inside(&p) {
                kept.push(p);
            }
            if inside(&p) != inside(&q) {
                kept.push(p + (q - p) * ((sign * half - p.z) / (q.z - p.z)));
            }
        }
        polygon = kept;
    }
    // No face of a solid part reaches over the axis of a hole within the hole, so an edge is nearest.
    let flat = |p: &Vector3<f64>| p.x * p.x + p.y * p.y;
    (0..polygon.len())
        .map(|n| {
            let (p, q) = (polygon[n], polygon[(n + 1) % polygon.len()]);
            let step = q - p;
            let squared = step.x * step.x + step.y * step.y;
            let t = if squared > 0.0 { -(p.x * step.x + p.y * step.y) / squared } else { 0.0 };
            p + step * t.clamp(0.0, 1.0)
        })
        .min_by(|a, b| flat(a).total_cmp(&flat(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_counts_only_as_far_as_it_lies_in_the_slab() {
        let face = [Vector3::new(1.0, 0.0, 5.0), Vector3::new(9.0, -1.0, -5.0), Vector3::new(9.0, 1.0, -5.0)];
        let near = nearest_in_slab(&face, 1.0).unwrap();
        assert!((near - Vector3::new(4.2, 0.0, 1.0)).norm() < 0.5 && (near.z - 1.0).abs() < 1e-12);
        assert!(nearest_in_slab(&face.map(|p| p + Vector3::z() * 20.0), 1.0).is_none());
    }
}
