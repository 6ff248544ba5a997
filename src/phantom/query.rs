//! Asking a phantom for its truth.

use nalgebra::{Point3, Vector3};
use rayon::prelude::*;

use super::model::{Phantom, Structure};
use super::pruned::{Block, Pruned};
use super::solid::Solid;

/// Nearer than this to the surface, by its field, the distance to the surface itself is looked for.
const NEAR_MM: f64 = 4.0;
/// How far round a point the surface is looked for.
const LOOK_MM: f64 = 9.0;

/// Distance to the surface of a structure for each point, negative inside, mm.
///
/// The field of a primitive other than the ellipsoid is the distance already.  For others the
/// nearest point of the surface is found by stepping onto the surface and along it, from the point
/// itself; where that does not settle, at edges, the field divided by its slope is returned.
pub fn signed_distances(structure: &Structure, points: &[Point3<f64>]) -> Vec<f64> {
    let is_exact = matches!(&*structure.solid, Solid::Leaf(shape) if shape.lipschitz() <= 1.0);
    let one = |&point: &Point3<f64>| {
        let value = structure.value(point);
        if is_exact || value.abs() > NEAR_MM { value } else { refined(structure, point, value) }
    };
    points.par_iter().map(one).collect()
}

fn refined(structure: &Structure, point: Point3<f64>, value: f64) -> f64 {
    const STEPS: usize = 40;
    let (solid, _) = Pruned::from(&*structure.solid).prune(Block { centre: point, radius: LOOK_MM });
    let field = |place: Point3<f64>| solid.value(place) - structure.grown_mm;
    let slope = |place: Point3<f64>| -> Vector3<f64> {
        const STEP_MM: f64 = 1e-4;
        Vector3::from_fn(|axis, _| {
            let mut step = Vector3::zeros();
            step[axis] = STEP_MM;
            (field(place + step) - field(place - step)) / (2.0 * STEP_MM)
        })
    };
    let first = slope(point);
    let guess = value / first.norm().max(0.5);
    let mut foot = point;
    for _ in 0..STEPS {
        let (height, slope) = (field(foot), slope(foot));
        let square = slope.norm_squared();
        if square < 0.05 {
            break;
        }
        foot -= slope * (height / square);
        let away = point - foot;
        let aside = away - slope * (away.dot(&slope) / square);
        if aside.norm() < 1e-5 && height.abs() < 1e-6 {
            let distance = away.norm();
            // A foot that has wandered off is not the nearest one.
            return if distance < 2.0 * guess.abs() + 1e-3 { distance.copysign(value) } else { guess };
        }
        foot += aside * 0.8;
    }
    guess
}

impl Phantom {
    /// HU at points, without blur, noise or streaks.
    pub fn hus(&self, points: &[Point3<f64>]) -> Vec<f64> {
        points.par_iter().map(|&point| self.hu(point)).collect()
    }
}
