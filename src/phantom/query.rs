//! Asking a phantom for its truth.

use nalgebra::Point3;
use rayon::prelude::*;

use super::model::{Phantom, Structure};

/// Distance to the surface of a structure for each point, negative inside, mm.
pub fn signed_distances(structure: &Structure, points: &[Point3<f64>]) -> Vec<f64> {
    points.par_iter().map(|&point| structure.value(point)).collect()
}

impl Phantom {
    /// HU at points, without blur, noise or streaks.
    pub fn hus(&self, points: &[Point3<f64>]) -> Vec<f64> {
        points.par_iter().map(|&point| self.hu(point)).collect()
    }
}
