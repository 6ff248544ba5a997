//! Bright and dark rays around metal.

use super::coverage::Plane;
use super::gauss::mix;
use super::kernel::Raster;
use super::model::{Phantom, Streak};

const RAYS: usize = 18;

/// Adds the rays of all metal bodies to the pixels of a slice.
pub(super) fn add_streaks(phantom: &Phantom, plane: &Plane, raster: &mut Raster) {
    for streak in &phantom.streaks {
        let height = (streak.centre - plane.origin).dot(&plane.normal) / streak.radius_mm;
        let fade = 1.0 - height * height;
        if fade <= 0.0 {
            continue;
        }
        let foot = streak.centre - plane.origin;
        let steps = plane.steps.map(|step| step.norm());
        let middle = [0, 1].map(|axis| foot.dot(&plane.steps[axis]) / steps[axis]);
        let rays = rays(streak);
        for (row, line) in raster.values.chunks_mut(raster.columns).enumerate() {
            for (column, hu) in line.iter_mut().enumerate() {
                let (x, y) = (column as f64 * steps[0] - middle[0], row as f64 * steps[1] - middle[1]);
                *hu += (fade * height_hu(streak, &rays, x, y)) as f32;
            }
        }
    }
}

/// Direction and sign of each ray: fixed by its number, unevenly spread.
fn rays(streak: &Streak) -> Vec<([f64; 2], f64)> {
    (0..RAYS)
        .map(|ray| {
            let jitter = (mix(ray as u64) >> 40) as f64 / f64::from(1 << 24) - 0.5;
            let angle = (ray as f64 + 0.7 * jitter) * std::f64::consts::TAU / RAYS as f64;
            let strength = streak.amplitude_hu * (1.0 + jitter) * if ray % 2 == 0 { 1.0 } else { -1.0 };
            ([angle.cos(), angle.sin()], strength)
        })
        .collect()
}

/// Each ray starts at the metal, widens slowly and dies away with distance.
fn height_hu(streak: &Streak, rays: &[([f64; 2], f64)], x: f64, y: f64) -> f64 {
    let apart = (x * x + y * y).sqrt();
    if apart < streak.radius_mm {
        return 0.0;
    }
    let fall = streak.radius_mm / (apart + streak.radius_mm) * 2.0;
    rays.iter()
        .map(|([cos, sin], strength)| {
            let (along, aside) = (x * cos + y * sin, y * cos - x * sin);
            let width = 0.3 * streak.radius_mm + 0.02 * apart;
            let part = aside / width;
            if along > 0.0 { strength * fall / (1.0 + part * part).powi(2) } else { 0.0 }
        })
        .sum()
}
