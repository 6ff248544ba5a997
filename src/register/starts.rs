//! Several first guesses: each is tried on few points, the promising ones on all.

use nalgebra::{Isometry3, Point3, Vector3};

use super::icp::{Fit, Fitting, fit};
use crate::mesh::MeshRef;
use crate::mesh::closest::ClosestPoints;
use crate::progress::{Cancelled, Progress};

/// So many points and rounds tell one minimum from another.
const TRIAL_POINTS: usize = 500;
const TRIAL_ROUNDS: usize = 40;
/// Minima that are followed to their end.
const FOLLOWED: usize = 4;
/// Motions that differ less, as a part of the spread of the points, are one.
const SAME: f64 = 0.02;

/// Lays points on a surface from each of the starts. One fit for each minimum worth following, the
/// one that the first start leads to first; a single start is followed as it is.
///
/// # Errors
/// [`Cancelled`] when asked to stop.
pub fn fit_from(
    points: &[[f64; 3]],
    fixed: MeshRef<'_>,
    starts: &[Isometry3<f64>],
    asked: Fitting,
    progress: &Progress,
) -> Result<Vec<Fit>, Cancelled> {
    let tree = ClosestPoints::new(fixed);
    let followed = if starts.len() > 1 {
        progress.expect(TRIAL_ROUNDS * starts.len() + FOLLOWED * asked.n_iterations);
        tried(points, &tree, starts, asked, progress)?
    } else {
        progress.expect(asked.n_iterations);
        starts.to_vec()
    };
    let spread = spread(points);
    let mut found: Vec<Fit> = Vec::with_capacity(followed.len());
    for start in followed {
        let one = fit(points, &tree, start, asked, progress)?;
        if !found.iter().any(|other| is_same(&one.motion, &other.motion, points, spread)) {
            found.push(one);
        }
    }
    Ok(found)
}

/// Where few points settle: from the first start, then those that fit best, all pairs counted, and
/// the one that fits best with the worst pairs left out.
fn tried(
    points: &[[f64; 3]],
    tree: &ClosestPoints<'_>,
    starts: &[Isometry3<f64>],
    asked: Fitting,
    progress: &Progress,
) -> Result<Vec<Isometry3<f64>>, Cancelled> {
    let few: Vec<[f64; 3]> = points.iter().step_by((points.len() / TRIAL_POINTS).max(1)).copied().collect();
    let short = Fitting { n_iterations: asked.n_iterations.min(TRIAL_ROUNDS), ..asked };
    let mut trials = Vec::with_capacity(starts.len());
    for &start in starts {
        trials.push(fit(&few, tree, start, short, progress)?);
    }
    let Some((&first, rest)) = trials.split_first() else { return Ok(Vec::new()) };
    let mut order: Vec<&Fit> = rest.iter().collect();
    let trimmed = rest.iter().min_by(|p, q| p.rms_mm.total_cmp(&q.rms_mm));
    order.sort_by(|p, q| p.rms_all_mm.total_cmp(&q.rms_all_mm));
    let spread = spread(&few);
    let mut kept = vec![first.motion];
    for one in trimmed.into_iter().chain(order) {
        if kept.len() < FOLLOWED && !kept.iter().any(|other| is_same(&one.motion, other, &few, spread)) {
            kept.push(one.motion);
        }
    }
    Ok(kept)
}

/// Root of the mean square of the distances from the mean.
fn spread(points: &[[f64; 3]]) -> f64 {
    let n = points.len().max(1) as f64;
    let centre = points.iter().map(|&point| Vector3::from(point)).sum::<Vector3<f64>>() / n;
    (points.iter().map(|&point| (Vector3::from(point) - centre).norm_squared()).sum::<f64>() / n).sqrt()
}

fn is_same(one: &Isometry3<f64>, other: &Isometry3<f64>, points: &[[f64; 3]], spread: f64) -> bool {
    let apart: f64 = points
        .iter()
        .map(|&point| (one * Point3::from(point) - other * Point3::from(point)).norm_squared())
        .sum();
    (apart / points.len().max(1) as f64).sqrt() <= SAME * spread
}
