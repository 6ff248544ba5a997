//! Which way a part comes off the bone that it sits on, and what holds it back.
//!
//! A part that moves along a direction runs into a body exactly where a ray in that direction, from a face
//! that looks ahead, meets the body: so one ray from the middle of each face tells, as finely as its faces.

use nalgebra::Vector3;
use rayon::prelude::*;

use crate::mesh::face_tree::FaceTree;
use crate::mesh::ray::Ray;

/// Cosine from where on a face looks ahead; one that slides along is not held back.
const AHEAD: f64 = 0.01;
/// Rays start this far behind the face, so that a body that touches it is met, mm.
const BEHIND_MM: f64 = 0.01;

/// One face of the part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Facet {
    /// Its middle.
    pub centre: [f64; 3],
    /// Its normal, as long as its area.
    pub normal: [f64; 3],
}

/// What one direction costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blocked {
    /// Area of the faces that run into the body, mm2.
    pub area_mm2: f64,
    /// How far the part moves before the first of them does, mm; infinity where none does.
    pub free_mm: f64,
}

/// What holds a part back in each direction; directions have length 1.
pub fn blocked(facets: &[Facet], body: &FaceTree<'_>, ways: &[[f64; 3]]) -> Vec<Blocked> {
    ways.par_iter()
        .map(|&way| {
            let mut found = Blocked { area_mm2: 0.0, free_mm: f64::INFINITY };
            let mut near = None;
            for facet in facets {
                if let Some(free) = free_mm(facet, body, way, &mut near) {
                    found.area_mm2 += Vector3::from(facet.normal).norm();
                    found.free_mm = found.free_mm.min(free);
                }
            }
            found
        })
        .collect()
}

/// Which faces hold a part back in a direction.
pub fn blocked_faces(facets: &[Facet], body: &FaceTree<'_>, way: [f64; 3]) -> Vec<bool> {
    facets.par_iter().map(|facet| free_mm(facet, body, way, &mut None).is_some()).collect()
}

fn free_mm(facet: &Facet, body: &FaceTree<'_>, way: [f64; 3], near: &mut Option<u32>) -> Option<f64> {
    let (normal, direction) = (Vector3::from(facet.normal), Vector3::from(way));
    if normal.dot(&direction) <= AHEAD * normal.norm() {
        return None;
    }
    let ray = Ray {
        origin: Vector3::from(facet.centre) - direction * BEHIND_MM,
        direction,
        longest_mm: f64::INFINITY,
        is_leaving: false,
        apart_from: None,
    };
    let hit = body.first_hit(&ray, *near)?;
    *near = Some(hit.face);
    Some((hit.length_mm - BEHIND_MM).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn a_lid_is_lifted_and_meets_the_ceiling_after_its_gap() {
        let ceiling = cuboid([0.0, 0.0, 5.0], [10.0, 10.0, 1.0]);
        let tree = FaceTree::new(ceiling.view());
        let top = [Facet { centre: [1.0, 1.0, 2.0], normal: [0.0, 0.0, 4.0] }];
        let found = blocked(&top, &tree, &[[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]]);
        assert!((found[0].area_mm2 - 4.0).abs() < 1e-12, "{found:?}");
        assert!(found[0].free_mm > 2.0 && found[0].free_mm < 3.1, "{found:?}");
        assert!(found[1].area_mm2 == 0.0 && found[1].free_mm.is_infinite());
        assert!(found[2].area_mm2 == 0.0);
        assert_eq!(blocked_faces(&top, &tree, [0.0, 0.0, 1.0]), [true]);
    }
}
