//! How far blur moves a curved edge.
//!
//! Blur is diffusion: the level midway between the plateaus moves towards the centre of curvature, a
//! convex body shrinks. To first order the way is half the sum over the two directions in the surface of
//! curvature times variance of the blur along it; the steepest place moves as far. For a ball and one
//! blur that is sigma squared over the radius: van Vliet and Verbeek, On the location error of curved
//! edges in low-pass filtered 2-D and 3-D images, 1994, doi:10.1109/34.297954.

use nalgebra::{Matrix3, Vector3};

use super::field::Field;
use crate::segment::Value;

/// No bend is believed that moves the edge by more than this part of the blur.
const MOST_SIGMAS: f64 = 0.3;

/// The edge whose bend is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// Where it is, fractional index.
    pub index: Vector3<f64>,
    /// Outwards, across it, unit length, LPS.
    pub normal: Vector3<f64>,
    /// The steepest fall there, per mm.
    pub fall: f64,
}

/// How far the imaged edge lies inside the true one, mm; negative where the body is hollow there.
pub(super) fn inward_mm<T: Value>(
    field: &Field<'_, T>,
    edge: &Edge,
    blur_mm2: &Matrix3<f64>,
    reach_mm: f64,
) -> f64 {
    let Some(middle) = field.at(&edge.index) else { return 0.0 };
    let mut moved = 0.0;
    for along in tangents(&edge.normal) {
        let step = field.step(&along) * reach_mm;
        let (Some(a), Some(b)) = (field.at(&(edge.index + step)), field.at(&(edge.index - step))) else {
            return 0.0;
        };
        let variance = along.dot(&(blur_mm2 * along));
        let farthest = 1.5 * variance.sqrt();
        // How far the level has moved out at either end, from the value there.
        let out = |value: f64| ((value - middle) / edge.fall).clamp(-farthest, farthest);
        let curvature = -(out(a) + out(b)) / (reach_mm * reach_mm);
        moved += 0.5 * curvature * variance;
    }
    let most = MOST_SIGMAS * edge.normal.dot(&(blur_mm2 * edge.normal)).sqrt();
    moved.clamp(-most, most)
}

/// Two directions in the plane across a normal.
pub(super) fn tangents(normal: &Vector3<f64>) -> [Vector3<f64>; 2] {
    let axis = Vector3::from_fn(|n, _| if n == normal.iamin() { 1.0 } else { 0.0 });
    let first = normal.cross(&axis).normalize();
    [first, normal.cross(&first)]
}
