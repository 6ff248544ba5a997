//! Thickness along the normal: to the first face that looks the other way.

use super::thickness::{Asked, Place};
use crate::mesh::face_tree::FaceTree;
use crate::mesh::ray::Ray;

/// `near` is the face that the vertex before met, and becomes the one that this one meets.
pub(super) fn at(tree: &FaceTree<'_>, asked: &Asked, at: &Place, near: &mut Option<u32>) -> f64 {
    let ray = Ray {
        origin: at.point,
        direction: if asked.is_outside { at.normal } else { -at.normal },
        longest_mm: asked.longest_mm,
        is_leaving: !asked.is_outside,
        apart_from: Some(at.vertex),
    };
    let hit = tree.first_hit(&ray, *near);
    *near = hit.map(|hit| hit.face).or(*near);
    hit.map_or(f64::INFINITY, |hit| hit.length_mm)
}
