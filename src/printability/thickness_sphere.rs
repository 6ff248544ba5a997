//! Thickness as the diameter of the largest ball that touches at a vertex.
//!
//! Only faces that look the other way hold the ball: beside an edge at right angles a wall is as thick as
//! elsewhere, and a bump of noise is no wall across.

use super::thickness::{Asked, Place};
use crate::mesh::ball::Touch;
use crate::mesh::face_tree::FaceTree;

/// `near` is the face that held the ball before, and becomes the one that holds this one.
pub(super) fn at(tree: &FaceTree<'_>, asked: &Asked, at: &Place, near: &mut Option<u32>) -> f64 {
    let touch = Touch {
        point: at.point,
        towards: if asked.is_outside { at.normal } else { -at.normal },
        normal: at.normal,
        across: asked.across,
        largest_mm: asked.longest_mm / 2.0,
        apart_from: Some(at.vertex),
    };
    let ball = tree.largest_ball(&touch, *near);
    *near = ball.face.or(*near);
    if ball.face.is_some() { 2.0 * ball.radius_mm } else { f64::INFINITY }
}
