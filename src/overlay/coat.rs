//! A thin coat between bone and air: mucosa, gum, thin skin.
//!
//! Where a coat is thinner than about twice the blur, its two edges look like one, and midway between bone
//! and air lies too far out: by 0.3 mm under a mucosa of 0.75 mm at a blur of 0.5 mm. What such a coat is
//! made of is known, so both edges can be fitted. The fit with a coat counts only where it explains the
//! profile clearly better than the one without.

use super::profile::Extreme;
use super::steps::{self, Steps, Task};

/// The outside lies so much of the drop below the coat, or there is no air.
const LEAST_DEPTH: f64 = 0.06;
/// What the fit without a coat leaves over, in squares of what the fit with one leaves: the quotient of
/// Fisher for the two numbers that a coat adds.
const LEAST_QUOTIENT: f64 = 8.0;
/// A start for the outer edge, in blur widths.
const START_SIGMAS: f64 = 0.5;

/// Of the edges that stand alone so many must lie in the stuff of the coat: a dry skull, or a plastic one,
/// has none.
const LEAST_SHARE: f64 = 0.2;

/// Whether the stuff of a coat, known with a spread, lies thick around this surface somewhere.
pub(super) fn is_around([value, spread]: [f64; 2], outside: &[f64]) -> bool {
    let n = outside.iter().filter(|found| (*found - value).abs() <= 2.0 * spread).count();
    n as f64 > LEAST_SHARE * outside.len() as f64
}

/// The fit with a coat of a known value and its spread; `None` where the profile shows none.
/// `per_voxel` samples of the profile lie in a voxel: they are not independent.
pub(super) fn under(coat: [f64; 2], per_voxel: f64, task: &Task<'_>, bare: &Steps) -> Option<Steps> {
    let inside = bare.outside + bare.drop;
    let (depth, height) = (coat[0] - bare.outside, inside - coat[0]);
    if depth < LEAST_DEPTH * bare.drop || height < LEAST_DEPTH * bare.drop {
        return None;
    }
    let near = 2.0 * task.sigma_mm;
    let crossing = |level: f64| task.profile.crossing_mm(level, bare.place_mm, near);
    let inner = crossing(coat[0] + height / 2.0)?;
    let outer = crossing(coat[0] - depth / 2.0)?.max(inner + START_SIGMAS * task.sigma_mm);
    let step = |place_mm, drop| Some(Extreme { place_mm, drop, fall: 0.0 });
    let starts = [step(inner, height), task.starts[1], step(outer, depth)];
    let coated = steps::fit(&Task { starts, between: Some(coat), ..*task })?;
    let [_, [fall, outer]] = coated.beside;
    let is_coat = fall > 0.0 && outer > coated.place_mm && coated.drop > 0.0;
    let gain = bare.squares - coated.squares;
    let left = per_voxel * coated.squares / coated.n_spare as f64;
    (is_coat && gain > 2.0 * LEAST_QUOTIENT * left).then_some(coated)
}
