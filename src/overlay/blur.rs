//! The blur of a scan, its noise, and the contrast at a surface, from edges that stand apart.

use nalgebra::{Matrix3, Vector3};
use rayon::prelude::*;

use super::field::Field;
use super::normal::ROOT_TAU;
use super::profile::{Extreme, Profile};
use super::steps::{self, Task};
use crate::geometry::Grid;
use crate::segment::Value;

/// Edges that must stand alone for the blur to be believed.
const LEAST_EDGES: usize = 40;
const ROUNDS: usize = 5;
/// A neighbour that is nearer leaves height and blur of an edge undecided.
const APART_SIGMAS: f64 = 2.2;
/// Variance of the squared cosines to the slices' normal that tells the two blurs apart.
const LEAST_SPREAD: f64 = 0.01;

/// How blurred a scan is, as standard deviations of a bell of Gauss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Blur {
    /// Within a slice, mm.
    pub in_plane_mm: f64,
    /// Across the slices, mm.
    pub through_plane_mm: f64,
    /// Edges it was measured at; 0 when it is guessed from the voxels.
    pub n_edges: usize,
}

impl Blur {
    /// The covariance of the blur in LPS, mm2.
    pub fn covariance_mm2(&self, grid: &Grid) -> Matrix3<f64> {
        let across = slice_normal(grid);
        let [flat, deep] = [self.in_plane_mm.powi(2), self.through_plane_mm.powi(2)];
        Matrix3::identity() * flat + across * across.transpose() * (deep - flat)
    }
}

/// What the first look tells.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub blur: Blur,
    pub noise: f64,
    /// Median drop at the edges nearest to the surface.
    pub contrast: f64,
    /// Median of their steepest fall per mm.
    pub fall: f64,
    /// Median of the highest value inside, and half the distance of its quartiles.
    pub inside: [f64; 2],
    /// Values outside of the edges that stand alone.
    pub outside: Vec<f64>,
    /// Share of those that are clean enough to tell the blur.
    pub clean: f64,
}

fn slice_normal(grid: &Grid) -> Vector3<f64> {
    let steps = grid.steps();
    steps.column(0).cross(&steps.column(1)).normalize()
}

/// One edge that stands alone.
struct Alone {
    variance_mm2: f64,
    /// Squared cosine between its normal and that of the slices.
    across: f64,
    rest: f64,
    inside: f64,
    outside: f64,
    is_clean: bool,
}

/// How profiles are read, and when a fit is believed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub step_mm: f64,
    pub search_mm: f64,
    pub half: usize,
    /// How often slopes are smoothed before edges are looked for.
    pub n_smooth: usize,
    /// Values from here on are the end of the scale.
    pub ceiling: f64,
    /// A fit leaves less than this part of the drop.
    pub most_rest: f64,
    /// Covariance that was added to the blur of the scan, mm2.
    pub added_mm2: Matrix3<f64>,
}

/// Measures at some of the points.
pub(super) fn look<T: Value>(
    field: &Field<'_, T>,
    points: &[[f64; 3]],
    normals: &[[f64; 3]],
    reading: Reading,
) -> Look {
    let Reading { step_mm, search_mm, half, n_smooth, .. } = reading;
    let spacing = field.grid().spacing_xyz_mm();
    let found: Vec<(Extreme, Option<Alone>)> = points
        .par_iter()
        .zip(normals)
        .filter_map(|(point, normal)| {
            let (point, normal) = (Vector3::from(*point), Vector3::from(*normal));
            let profile =
                Profile::read(field, &field.index(&point), &field.step(&normal), step_mm, half, n_smooth)?;
            let extremes = profile.extremes();
            let near = extremes.iter().enumerate().filter(|(_, one)| one.place_mm.abs() <= search_mm);
            let best = near.max_by(|a, b| a.1.drop.total_cmp(&b.1.drop))?.0;
            let drop = extremes[best].drop;
            (drop > 0.0).then(|| {
                (extremes[best], alone(field, &profile, &extremes, best, (&point, &normal), reading))
            })
        })
        .collect();
    let contrast = median(found.iter().map(|one| one.0.drop)).unwrap_or(0.0);
    let fall = median(found.iter().map(|one| one.0.fall)).unwrap_or(0.0);
    let strong: Vec<Alone> = found
        .into_iter()
        .filter(|(edge, _)| edge.drop >= contrast / 2.0)
        .filter_map(|(_, alone)| alone)
        .collect();
    let noise = median(strong.iter().filter(|one| one.is_clean).map(|one| one.rest));
    let inside = median(strong.iter().map(|one| one.inside));
    let spread = inside.and_then(|middle| median(strong.iter().map(|one| (one.inside - middle).abs())));
    let n_clean = strong.iter().filter(|one| one.is_clean).count();
    Look {
        clean: n_clean as f64 / strong.len().max(1) as f64,
        outside: strong.iter().map(|one| one.outside).collect(),
        blur: regress(&strong, [spacing.x.max(spacing.y), spacing.z]),
        noise: noise.unwrap_or(0.0).max(contrast * 1e-3),
        contrast,
        fall,
        inside: [inside.unwrap_or(0.0), spread.unwrap_or(0.0).max(0.1 * contrast)],
    }
}

/// The blur at an edge without neighbours; `None` where it has some, or is not straight across.
fn alone<T: Value>(
    field: &Field<'_, T>,
    profile: &Profile,
    extremes: &[Extreme],
    best: usize,
    (point, normal): (&Vector3<f64>, &Vector3<f64>),
    reading: Reading,
) -> Option<Alone> {
    let edge = extremes[best];
    let guess = edge.drop / (ROOT_TAU * edge.fall);
    let reach = 3.0 * guess;
    let [low, high] = profile.reach_mm();
    if low > edge.place_mm - reach || high < edge.place_mm + reach {
        return None;
    }
    let is_near = |other: &Extreme| (other.place_mm - edge.place_mm).abs() <= reach + guess;
    let counts = |other: &&Extreme| other.drop.abs() >= 0.1 * edge.drop;
    let mut before = extremes[..best].iter().rev().filter(counts);
    let mut after = extremes[best + 1..].iter().filter(counts);
    let (inner, outer) = (before.next().copied(), after.next().copied());
    let is_too_near = |other: Option<Extreme>| {
        other.is_some_and(|other| (other.place_mm - edge.place_mm).abs() < APART_SIGMAS * guess)
    };
    let is_disturbed = is_too_near(inner) || is_too_near(outer);
    let window_mm = [
        before.next().map_or(f64::NEG_INFINITY, |one| one.place_mm + 1.5 * guess).max(edge.place_mm - reach),
        after.next().map_or(f64::INFINITY, |one| one.place_mm - 1.5 * guess).min(edge.place_mm + reach),
    ];
    let inside = profile.between(edge.place_mm - reach, edge.place_mm).map(|(_, value)| value);
    let inside = inside.fold(f64::NEG_INFINITY, f64::max);
    if is_disturbed || inside >= reading.ceiling {
        return None;
    }
    let index = field.index(&(point + normal * edge.place_mm));
    let out = (-field.slope(&index, guess)?).try_normalize(0.0)?;
    let cosine = out.dot(normal);
    if cosine < 0.95 {
        return None;
    }
    let fitted = steps::fit(&Task {
        profile,
        window_mm,
        starts: [Some(edge), inner.filter(is_near), outer.filter(is_near)],
        sigma_mm: guess,
        is_blur_free: true,
        noise: 1e-3 * edge.drop,
        inside: None,
        between: None,
    })?;
    let across = out.dot(&slice_normal(field.grid())).powi(2);
    let variance_mm2 = (fitted.sigma_mm * cosine).powi(2) - out.dot(&(reading.added_mm2 * out));
    let is_clean = fitted.rest() < reading.most_rest * fitted.drop;
    (variance_mm2.is_finite() && fitted.drop > 0.0).then_some(Alone {
        variance_mm2,
        across,
        rest: fitted.rest(),
        inside: fitted.outside + fitted.drop,
        outside: fitted.outside,
        is_clean,
    })
}

/// Variance against direction: a straight line, outliers left out.
fn regress(edges: &[Alone], [flat_mm, deep_mm]: [f64; 2]) -> Blur {
    let mut used: Vec<&Alone> = edges.iter().filter(|one| one.is_clean).collect();
    let Some(middle) = median(used.iter().map(|one| one.variance_mm2)).filter(|_| used.len() >= LEAST_EDGES)
    else {
        return Blur { in_plane_mm: 0.6 * flat_mm, through_plane_mm: 0.6 * deep_mm, n_edges: 0 };
    };
    let mut line = [middle, 0.0];
    for _ in 0..ROUNDS {
        let off = |one: &Alone| (one.variance_mm2 - line[0] - line[1] * one.across).abs();
        let limit = 3.0 * median(used.iter().map(|one| off(one))).unwrap_or(0.0);
        used = edges.iter().filter(|one| one.is_clean && off(one) <= limit.max(1e-9)).collect();
        let n = used.len().max(1) as f64;
        let mean_x = used.iter().map(|one| one.across).sum::<f64>() / n;
        let mean_y = used.iter().map(|one| one.variance_mm2).sum::<f64>() / n;
        let spread: f64 = used.iter().map(|one| (one.across - mean_x).powi(2)).sum::<f64>() / n;
        let shared: f64 =
            used.iter().map(|one| (one.across - mean_x) * (one.variance_mm2 - mean_y)).sum::<f64>() / n;
        // All edges lie alike: nothing is known of the other direction.
        let slope = if spread > LEAST_SPREAD { shared / spread } else { 0.0 };
        line = [mean_y - slope * mean_x, slope];
    }
    let at_least = |variance: f64, voxel: f64| variance.max((0.25 * voxel).powi(2)).sqrt();
    Blur {
        in_plane_mm: at_least(line[0], flat_mm),
        through_plane_mm: at_least(line[0] + line[1], deep_mm.min(flat_mm)),
        n_edges: used.len(),
    }
}

/// The middle value; of an even number the upper one.
pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}
