//! Lays one surface on another: iterative closest points, point to plane, the worst pairs left out.
//!
//! Besl and McKay, A method for registration of 3-D shapes, IEEE PAMI 14, 1992, doi:10.1109/34.121791;
//! Chen and Medioni, Object modelling by registration of multiple range images, 1992,
//! doi:10.1016/0262-8856(92)90066-C; trimming: Chetverikov et al., The trimmed iterative closest point
//! algorithm, 2002, doi:10.1109/ICPR.2002.1047997.

use nalgebra::{Isometry3, Matrix6, Translation3, UnitQuaternion, Vector3, Vector6};
use rayon::prelude::*;

use crate::mesh::closest::ClosestPoints;
use crate::mesh::measure::doubled_area_vector;
use crate::progress::{Cancelled, Progress};

const BLOCK: usize = 1024;

/// How to lay one surface on another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitting {
    /// Iterations at most.
    pub n_iterations: usize,
    /// Part of the pairs, the closest, that decides; above 0, at most 1.
    pub kept_fraction: f64,
    /// Stop when no point moves farther than this in an iteration, mm.
    pub tolerance_mm: f64,
}

/// A rigid motion and how well it fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// From the moving surface to the fixed one.
    pub motion: Isometry3<f64>,
    /// Root of the mean square of the distances of the pairs that were kept, mm.
    pub rms_mm: f64,
    /// The same of all pairs, mm: what was left out counts.
    pub rms_all_mm: f64,
    /// Iterations made.
    pub n_iterations: usize,
    /// Whether the last iteration moved nothing farther than the tolerance.
    pub is_settled: bool,
}

/// Finds the rigid motion that lays points on a surface, starting from `start`.
///
/// # Errors
/// [`Cancelled`] when asked to stop.
pub fn fit(
    points: &[[f64; 3]],
    tree: &ClosestPoints<'_>,
    start: Isometry3<f64>,
    asked: Fitting,
    progress: &Progress,
) -> Result<Fit, Cancelled> {
    let mut found =
        Fit { motion: start, rms_mm: f64::NAN, rms_all_mm: f64::NAN, n_iterations: 0, is_settled: false };
    while found.n_iterations < asked.n_iterations && !found.is_settled {
        let (pairs, _) = pairs(points, tree, &found.motion, asked.kept_fraction);
        let Some(step) = step(&pairs) else { break };
        let reach = pairs.iter().map(|pair| (step * pair.point - pair.point.coords).coords.norm());
        found.is_settled = reach.fold(0.0, f64::max) <= asked.tolerance_mm;
        found.motion = step * found.motion;
        found.n_iterations += 1;
        progress.step()?;
    }
    let (pairs, sum_of_all) = pairs(points, tree, &found.motion, asked.kept_fraction);
    let sum: f64 = pairs.iter().map(|pair| pair.squared_distance).sum();
    found.rms_mm = (sum / pairs.len().max(1) as f64).sqrt();
    found.rms_all_mm = (sum_of_all / points.len().max(1) as f64).sqrt();
    Ok(found)
}

/// A moved point, and the plane it should lie in.
struct Pair {
    point: nalgebra::Point3<f64>,
    target: Vector3<f64>,
    normal: Vector3<f64>,
    squared_distance: f64,
}

/// The closest pairs, in the order of the points, and the sum of all squared distances.
fn pairs(
    points: &[[f64; 3]],
    tree: &ClosestPoints<'_>,
    motion: &Isometry3<f64>,
    kept_fraction: f64,
) -> (Vec<Pair>, f64) {
    let moved: Vec<nalgebra::Point3<f64>> =
        points.par_iter().map(|&point| motion * nalgebra::Point3::from(point)).collect();
    let hits = tree.nearest_all(moved.len(), |n| moved[n].coords);
    let mut sorted: Vec<f64> = hits.iter().map(|hit| hit.squared_distance).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let n_kept = ((sorted.len() as f64 * kept_fraction).ceil() as usize).clamp(1, sorted.len().max(1));
    let limit = sorted.get(n_kept - 1).copied().unwrap_or(0.0);
    let pairs = hits
        .iter()
        .zip(moved)
        .filter(|(hit, _)| hit.squared_distance <= limit)
        .map(|(hit, point)| {
            let normal = doubled_area_vector(tree.mesh().corners(hit.face as usize));
            // Beside an edge the way to the closest point is the better normal.
            let way = (point.coords - hit.point).try_normalize(1e-9);
            let normal = way.or_else(|| normal.try_normalize(0.0)).unwrap_or_default();
            Pair { point, target: hit.point, normal, squared_distance: hit.squared_distance }
        })
        .collect();
    (pairs, sorted.iter().sum())
}

/// The small motion that brings points closest to their planes; `None` where it is not determined.
fn step(pairs: &[Pair]) -> Option<Isometry3<f64>> {
    let n = pairs.len().max(1) as f64;
    let centre = pairs.iter().map(|pair| pair.point.coords).sum::<Vector3<f64>>() / n;
    let sums: Vec<(Matrix6<f64>, Vector6<f64>)> = pairs
        .par_chunks(BLOCK)
        .map(|block| {
            let zero = (Matrix6::zeros(), Vector6::zeros());
            block.iter().fold(zero, |(matrix, right), pair| {
                let turn = (pair.point.coords - centre).cross(&pair.normal);
                let row = Vector6::new(turn.x, turn.y, turn.z, pair.normal.x, pair.normal.y, pair.normal.z);
                let gap = (pair.target - pair.point.coords).dot(&pair.normal);
                (matrix + row * row.transpose(), right + row * gap)
            })
        })
        .collect();
    let zero = (Matrix6::zeros(), Vector6::zeros());
    let (mut matrix, right) = sums.into_iter().fold(zero, |sum, block| (sum.0 + block.0, sum.1 + block.1));
    // What the surface does not determine (a sphere turns freely) stays as it is.
    let damping = matrix.diagonal().max() * 1e-9;
    for n in 0..6 {
        matrix[(n, n)] += damping;
    }
    let solved = matrix.cholesky()?.solve(&right);
    let turn = UnitQuaternion::from_scaled_axis(Vector3::new(solved[0], solved[1], solved[2]));
    let shift = Vector3::new(solved[3], solved[4], solved[5]);
    Some(Isometry3::from_parts(Translation3::from(centre + shift - turn * centre), turn))
}
