//! Up to three blurred steps fitted to a profile: the edge, and the nearest one on either side.
//!
//! Where two edges are closer than the blur is wide, neither plateau is reached, and midway between
//! what is reached is not where the edge is. A fit with the blur of the scan takes the neighbour out:
//! Treece et al., High resolution cortical bone thickness measurement from clinical CT data, 2010,
//! doi:10.1016/j.media.2010.01.003. Least squares after Marquardt, 1963, doi:10.1137/0111030.

use nalgebra::{SMatrix, SVector};

use super::normal::normal;
use super::profile::{Extreme, Profile};

/// base, then height and place of three steps, then the logarithm of the blur.
const N: usize = 8;
const BLUR: usize = 7;
const MOST_ITERATIONS: usize = 15;
const SETTLED_MM: f64 = 1e-4;

type Vector = SVector<f64, N>;
type Matrix = SMatrix<f64, N, N>;

/// What is to be fitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    pub profile: &'a Profile,
    /// From where to where, mm.
    pub window_mm: [f64; 2],
    /// The edge, the next one inside, the next one outside.
    pub starts: [Option<Extreme>; 3],
    /// Standard deviation of the blur along the profile, mm.
    pub sigma_mm: f64,
    /// Whether the blur is to be found as well.
    pub is_blur_free: bool,
    /// Noise of the image.
    pub noise: f64,
    /// Value that the inside should have, and how well that is known.
    pub inside: Option<[f64; 2]>,
    /// Value that lies between the edge and the next one outside, and how well that is known.
    pub between: Option<[f64; 2]>,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Steps {
    pub place_mm: f64,
    /// Drop outwards.
    pub drop: f64,
    /// Value just outside of the edge, with the neighbours taken out.
    pub outside: f64,
    /// Place of the next edge inside.
    pub inner_mm: Option<f64>,
    pub sigma_mm: f64,
    /// Variance of the place per unit variance of independent values, mm2.
    pub place_variance: f64,
    /// Sum of the squares of what is left.
    pub squares: f64,
    /// Samples beyond those that the numbers of the fit need.
    pub n_spare: usize,
    /// Height and place of the neighbours inside and outside; height 0 where there is none.
    pub beside: [[f64; 2]; 2],
}

/// Farthest that a neighbour is believed to pull, in blur widths.
const MOST_PULL: f64 = 0.6;

impl Steps {
    /// Root of the mean square of what is left.
    pub fn rest(&self) -> f64 {
        (self.squares / self.n_spare as f64).sqrt()
    }

    /// How far outwards its neighbours pull the place where the image is steepest, mm, when slopes are read
    /// through a blur of `sigma_mm`: where the fitted steps together are steepest, less where the edge is.
    pub fn pull_mm(&self, sigma_mm: f64) -> f64 {
        let steps = [[self.drop, 0.0], self.beside[0], self.beside[1]];
        let shift = self.place_mm;
        // First and second derivative of the fall, in blur widths.
        let bend = |at: f64| {
            let (mut first, mut second) = (0.0, 0.0);
            for (n, [height, place]) in steps.iter().enumerate() {
                let u = at - if n == 0 { 0.0 } else { (place - shift) / sigma_mm };
                let density = height * normal(u).1;
                first -= density * u;
                second += density * (u * u - 1.0);
            }
            (first, second)
        };
        let mut at = 0.0_f64;
        for _ in 0..MOST_ITERATIONS {
            let (first, second) = bend(at);
            if second >= 0.0 {
                break;
            }
            let step = (first / second).clamp(-0.2, 0.2);
            at = (at - step).clamp(-MOST_PULL, MOST_PULL);
            if step.abs() < 1e-4 {
                break;
            }
        }
        at * sigma_mm
    }
}

/// Fits; `None` when there are too few samples or the numbers run away.
pub(super) fn fit(task: &Task<'_>) -> Option<Steps> {
    let (mut at, active) = start(task)?;
    let n_free = active.iter().filter(|&&is_active| is_active).count();
    let n_values = task.profile.between(task.window_mm[0], task.window_mm[1]).count();
    if n_values < n_free + 2 {
        return None;
    }
    let first = at;
    let (mut cost, mut matrix, mut right) = equations(task, &at, &first, active);
    let mut damping = 1e-3;
    for _ in 0..MOST_ITERATIONS {
        let mut damped = matrix;
        for n in 0..N {
            damped[(n, n)] += damping * matrix[(n, n)].max(1e-12);
        }
        let step = damped.cholesky()?.solve(&right);
        let tried = at + step;
        let (new_cost, new_matrix, new_right) = equations(task, &tried, &first, active);
        if new_cost <= cost && tried[2].is_finite() {
            (at, cost, matrix, right) = (tried, new_cost, new_matrix, new_right);
            damping = (damping * 0.2).max(1e-9);
            if step[2].abs() < SETTLED_MM {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e6 {
                break;
            }
        }
    }
    let place_variance = matrix.cholesky()?.inverse()[(2, 2)];
    let rest = task.profile.between(task.window_mm[0], task.window_mm[1]);
    let squares: f64 = rest.map(|(place, value)| (value - model(&at, active, place)).powi(2)).sum();
    Some(Steps {
        place_mm: at[2],
        drop: at[1],
        outside: at[0] + if active[5] { at[5] } else { 0.0 },
        inner_mm: active[4].then_some(at[4]),
        sigma_mm: at[BLUR].exp(),
        place_variance,
        squares,
        n_spare: (n_values - n_free).max(1),
        beside: [3, 5].map(|n| if active[n] { [at[n], at[n + 1]] } else { [0.0; 2] }),
    })
}

fn start(task: &Task<'_>) -> Option<(Vector, [bool; N])> {
    let mut at = Vector::zeros();
    let mut active = [true, false, false, false, false, false, false, task.is_blur_free];
    for (n, step) in task.starts.iter().enumerate() {
        if let Some(step) = step {
            (at[1 + 2 * n], at[2 + 2 * n]) = (step.drop, step.place_mm);
            (active[1 + 2 * n], active[2 + 2 * n]) = (true, true);
        }
    }
    at[BLUR] = task.sigma_mm.ln();
    at[0] = task.profile.between(task.window_mm[0], task.window_mm[1]).last()?.1;
    active[1].then_some((at, active))
}

fn model(at: &Vector, active: [bool; N], place: f64) -> f64 {
    let sigma = at[BLUR].exp();
    (0..3)
        .filter(|n| active[1 + 2 * n])
        .fold(at[0], |sum, n| sum + at[1 + 2 * n] * normal((at[2 + 2 * n] - place) / sigma).0)
}

/// Half the sum of squares, and the normal equations of the next step.
fn equations(task: &Task<'_>, at: &Vector, first: &Vector, active: [bool; N]) -> (f64, Matrix, Vector) {
    let (mut cost, mut matrix, mut right) = (0.0, Matrix::zeros(), Vector::zeros());
    let sigma = at[BLUR].exp();
    for (place, value) in task.profile.between(task.window_mm[0], task.window_mm[1]) {
        let mut row = Vector::zeros();
        row[0] = 1.0;
        let mut sum = at[0];
        for n in (0..3).filter(|n| active[1 + 2 * n]) {
            let (height, u) = (at[1 + 2 * n], (at[2 + 2 * n] - place) / sigma);
            let (share, density) = normal(u);
            sum += height * share;
            row[1 + 2 * n] = share;
            row[2 + 2 * n] = height * density / sigma;
            if active[BLUR] {
                row[BLUR] -= height * density * u;
            }
        }
        add(&mut cost, &mut matrix, &mut right, &row, value - sum);
    }
    // A neighbour that the profile hardly shows stays where it was seen.
    let size = first[1].abs();
    for n in 1..3 {
        for (place, spread) in [(1 + 2 * n, size), (2 + 2 * n, task.sigma_mm)] {
            if active[place] {
                let weight = task.noise / spread.max(1e-12);
                let row = Vector::from_fn(|m, _| if m == place { weight } else { 0.0 });
                add(&mut cost, &mut matrix, &mut right, &row, weight * (first[place] - at[place]));
            }
        }
    }
    // What is known of values is a sum of heights: inside all of them, in between all but the edge's.
    let known = [(task.inside, [0, 1, 5]), (task.between, [0, 5, 5])];
    for (value, parts) in known {
        let Some([value, spread]) = value else { continue };
        let weight = task.noise / spread.max(1e-12);
        let mut row = Vector::zeros();
        for part in parts.into_iter().filter(|&part| active[part]) {
            row[part] = weight;
        }
        let sum = row.dot(at);
        add(&mut cost, &mut matrix, &mut right, &row, weight * value - sum);
    }
    for n in (0..N).filter(|&n| !active[n]) {
        matrix[(n, n)] = 1.0;
    }
    (cost, matrix, right)
}

fn add(cost: &mut f64, matrix: &mut Matrix, right: &mut Vector, row: &Vector, rest: f64) {
    *cost += 0.5 * rest * rest;
    matrix.ger(1.0, row, row, 1.0);
    right.axpy(rest, row, 1.0);
}

#[cfg(test)]
mod tests {
    use super::super::field::Field;
    use super::*;
    use crate::geometry::Grid;
    use nalgebra::{Matrix4, Vector3};

    /// The place found in a wall from `inner` to 0 that is blurred by 0.5 mm, by a fit with two steps.
    fn outer_edge(thickness: f64, inside: Option<[f64; 2]>) -> f64 {
        let affine = Matrix4::new_nonuniform_scaling(&Vector3::new(0.1, 1.0, 1.0));
        let grid = Grid::new([201, 2, 2], affine).unwrap();
        let wall = |x: f64| 40.0 + 1200.0 * (normal((x + thickness) / 0.5).0 - normal(x / 0.5).0);
        let values: Vec<f32> = (0..201 * 4).map(|n| wall(f64::from(n % 201) * 0.1 - 10.0) as f32).collect();
        let field = Field::new(&values, &grid, f32::NEG_INFINITY);
        let step = field.step(&Vector3::new(1.0, 0.0, 0.0));
        let profile = Profile::read(&field, &Vector3::new(100.0, 0.5, 0.5), &step, 0.25, 20, 1).unwrap();
        let found = profile.extremes();
        let steep = |sign: f64| found.iter().copied().find(|one| one.drop * sign > 100.0);
        let task = Task {
            profile: &profile,
            window_mm: [-2.5 - thickness, 2.5],
            starts: [steep(1.0), steep(-1.0), None],
            sigma_mm: 0.5,
            is_blur_free: false,
            noise: 5.0,
            inside,
            between: None,
        };
        fit(&task).unwrap().place_mm
    }

    #[test]
    fn a_wall_that_is_thinner_than_the_blur_does_not_push_the_edge_out() {
        for thickness in [3.0, 1.5, 1.0] {
            assert!(
                outer_edge(thickness, None).abs() < 0.005,
                "{thickness}: {}",
                outer_edge(thickness, None)
            );
        }
        // Thinner, the profile no longer tells height from thickness; what bone is elsewhere does.
        let known = outer_edge(0.5, Some([1240.0, 50.0]));
        assert!(known.abs() < 0.02, "{known}");
    }
}
