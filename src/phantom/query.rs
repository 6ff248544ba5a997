//! Asking a phantom for its truth.

use nalgebra::Point3;
use rayon::prelude::*;

use super::model::Phantom;
use super::solid::Solid;

/// Distance to the surface of a body for each point, negative inside, mm.
pub fn signed_distances(solid: &Solid, points: &[Point3<f64>]) -> Vec<f64> {
    points.par_iter().map(|&point| solid.value(point)).collect()
}

impl Phantom {
    /// HU at points, without blur, noise or streaks.
    pub fn hus(&self, points: &[Point3<f64>]) -> Vec<f64> {
        points.par_iter().map(|&point| self.hu(point)).collect()
    }
}
