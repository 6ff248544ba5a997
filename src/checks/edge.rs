//! Sharpness: how the values rise across the outer surface of the patient.
//!
//! Many profiles along rows, columns or slices are put on top of each other by their distance from a
//! smooth piece of surface, which samples the edge far finer than the voxels (the idea of the slanted
//! edge, ISO 12233; on skin: Sanders, Hurwitz and Samei 2016, doi 10.1118/1.4961984). Its derivative
//! is the line spread.

use nalgebra::{Matrix6, Vector3, Vector6};
use ndarray::{ArrayView3, Axis};
use rayon::prelude::*;

use super::sample::Sample;
use crate::geometry::Grid;

/// The edge as the scanner drew it.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeResponse {
    /// Width of the line spread at half of its height, mm.
    pub fwhm_mm: f64,
    /// Distance over which the edge rises from 10 % to 90 %, mm.
    pub rise_mm: f64,
    /// Height of a second edge beside the first, relative to it; inside of the first it counts half.
    pub second_edge: f64,
    /// Number of profiles.
    pub n_profiles: usize,
}

/// Between air and skin.
const LEVEL_HU: f32 = -500.0;
const WINDOW_MM: f64 = 3.0;
const REACH_MM: f64 = 8.0;
/// Nothing as dense as bone may lie within this depth under the skin.
const NEAR_MM: f64 = 3.0;
const BONE_HU: f64 = 300.0;
const BIN_MM: f64 = 0.1;
const BINS: usize = 160;
const MIN_PROFILES: usize = 80;
const CHUNK: usize = 64;
const MAX_ANCHORS: usize = 3_000;

/// In the plane of the slices, and through it.
pub(super) fn responses<T: Sample>(values: ArrayView3<'_, T>, grid: &Grid) -> [Option<EdgeResponse>; 2] {
    let mut curves = [Curves::default(), Curves::default()];
    let frame = frame(grid);
    for axis in 0..3 {
        for from_high in [false, true] {
            let lines = Lines::new(values, axis, from_high);
            lines.profiles(values, &frame, &mut curves[usize::from(axis == 2)]);
        }
    }
    curves.map(|curves| curves.bare.response().or_else(|| curves.all.response()))
}

/// Steps along i, j and k in a frame whose third axis is the normal of the slices.
fn frame(grid: &Grid) -> [Vector3<f64>; 3] {
    let steps = grid.steps();
    let x = steps.column(0).normalize();
    let z = steps.column(0).cross(&steps.column(1)).normalize();
    let y = z.cross(&x);
    [0, 1, 2].map(|axis| {
        let step = steps.column(axis);
        Vector3::new(step.dot(&x), step.dot(&y), step.dot(&z))
    })
}

/// Where each line along one axis first enters the patient.
struct Lines {
    axis: usize,
    from_high: bool,
    /// Sizes across: the faster and the slower of the other two axes.
    across: [usize; 2],
    /// Fractional index along the axis; NaN where the line misses or starts inside.
    entry: Vec<f32>,
}

const OTHERS: [[usize; 2]; 3] = [[1, 2], [0, 2], [0, 1]];

impl Lines {
    fn new<T: Sample>(values: ArrayView3<'_, T>, axis: usize, from_high: bool) -> Self {
        let (nk, nj, ni) = values.dim();
        let dims = [ni, nj, nk];
        let across = OTHERS[axis].map(|other| dims[other]);
        let mut entry = vec![f32::NAN; across[0] * across[1]];
        // One chunk of `entry` per slice (axes i and j) or per row (axis k): rows stay contiguous.
        entry.par_chunks_mut(across[0]).enumerate().for_each(|(w, line)| {
            let plane = if axis == 2 { values.index_axis(Axis(1), w) } else { values.index_axis(Axis(0), w) };
            if axis == 0 {
                for (entry, row) in line.iter_mut().zip(plane.rows()) {
                    let is_inside = |value: &T| value.hu() >= LEVEL_HU;
                    let at = if from_high {
                        row.iter().rposition(is_inside)
                    } else {
                        row.iter().position(is_inside)
                    };
                    let before = at.and_then(|at| if from_high { Some(at + 1) } else { at.checked_sub(1) });
                    if let (Some(at), Some(before)) = (at, before.filter(|before| *before < row.len())) {
                        *entry = crossing([before, at], [row[before].hu(), row[at].hu()]);
                    }
                }
            } else {
                enter_columns(plane, from_high, line);
            }
        });
        Self { axis, from_high, across, entry }
    }

    /// Adds the profiles at smooth places of the surface to a curve.
    fn profiles<T: Sample>(&self, values: ArrayView3<'_, T>, frame: &[Vector3<f64>; 3], curves: &mut Curves) {
        let [nu, nw] = self.across;
        let [u_axis, w_axis] = OTHERS[self.axis];
        let half = |axis: usize| ((WINDOW_MM / frame[axis].norm()).round() as usize).max(1);
        let (hu, hw) = (half(u_axis), half(w_axis));
        if nu <= 2 * hu || nw <= 2 * hw {
            return;
        }
        let valid = self.entry.iter().filter(|entry| !entry.is_nan()).count();
        let every = (valid / MAX_ANCHORS).max(1);
        let mut seen = 0;
        for w in hw..nw - hw {
            for u in hu..nu - hu {
                if self.entry[w * nu + u].is_nan() {
                    continue;
                }
                seen += 1;
                if seen % every == 0
                    && let Some(surface) = self.surface([u, w], [hu, hw], frame)
                {
                    self.profile(values, [u, w], surface, curves);
                }
            }
        }
    }

    /// Fits the entries around a line; returns the entry and mm of depth per index.
    fn surface(
        &self,
        [u, w]: [usize; 2],
        [hu, hw]: [usize; 2],
        frame: &[Vector3<f64>; 3],
    ) -> Option<[f64; 2]> {
        let nu = self.across[0];
        let centre = f64::from(self.entry[w * nu + u]);
        let (mut normal, mut right) = (Matrix6::<f64>::zeros(), Vector6::<f64>::zeros());
        let (mut n, mut square) = (0usize, 0.0);
        for dw in -(hw as isize)..=hw as isize {
            for du in -(hu as isize)..=hu as isize {
                let at = w.checked_add_signed(dw)? * nu + u.checked_add_signed(du)?;
                let entry = f64::from(self.entry[at]) - centre;
                if entry.is_nan() {
                    continue;
                }
                let (x, y) = (du as f64, dw as f64);
                let row = Vector6::new(1.0, x, y, x * x, y * y, x * y);
                normal += row * row.transpose();
                right += row * entry;
                square += entry * entry;
                n += 1;
            }
        }
        if n * 10 < (2 * hu + 1) * (2 * hw + 1) * 8 || n < 9 {
            return None;
        }
        let fit = normal.cholesky()?.solve(&right);
        let [u_axis, w_axis] = OTHERS[self.axis];
        let along = frame[self.axis];
        let tangent = [frame[u_axis] + along * fit[1], frame[w_axis] + along * fit[2]];
        let face = tangent[0].cross(&tangent[1]).normalize();
        let depth = along.dot(&face).abs();
        let rms_mm = ((square - fit.dot(&right)).max(0.0) / n as f64).sqrt() * depth;
        // A wall stands on the slices for the in-plane response and lies in them for the other.
        let upright = if self.axis == 2 { face.z.abs() > 0.97 } else { face.z.abs() < 0.15 };
        let steep = depth > 0.7 * along.norm();
        (upright && steep && rms_mm < 0.3).then_some([centre + fit[0], depth])
    }

    fn profile<T: Sample>(
        &self,
        values: ArrayView3<'_, T>,
        [u, w]: [usize; 2],
        [entry, depth]: [f64; 2],
        curves: &mut Curves,
    ) {
        let value = |at: usize| match self.axis {
            0 => values[[w, u, at]],
            1 => values[[w, at, u]],
            _ => values[[at, w, u]],
        };
        let n = values.dim();
        let length = [n.2, n.1, n.0][self.axis];
        let reach = REACH_MM / depth;
        let first = (entry - reach).ceil().max(0.0) as usize;
        let last = ((entry + reach).floor().max(0.0) as usize).min(length - 1);
        let inward = if self.from_high { -1.0 } else { 1.0 };
        let samples: Vec<(f64, f64)> = (first..=last)
            .map(|at| (inward * (at as f64 - entry) * depth, f64::from(value(at).hu())))
            .collect();
        let mean = |low: f64, high: f64| {
            let part: Vec<f64> = samples.iter().filter(|s| s.0 >= low && s.0 <= high).map(|s| s.1).collect();
            (!part.is_empty()).then(|| part.iter().sum::<f64>() / part.len() as f64)
        };
        let clear = mean(-REACH_MM, -4.0).is_some_and(|outside| outside < -800.0);
        let solid = mean(3.0, REACH_MM).is_some_and(|inside| inside > -500.0);
        if clear && solid {
            curves.all.add(&samples);
            if samples.iter().all(|s| s.0 < -1.0 || s.0 > NEAR_MM || s.1 < BONE_HU) {
                curves.bare.add(&samples);
            }
        }
    }
}

/// Entries of the columns of a plane, row by row since rows are contiguous.
fn enter_columns<T: Sample>(plane: ndarray::ArrayView2<'_, T>, from_high: bool, line: &mut [f32]) {
    let n = plane.dim().0;
    let mut is_open = vec![true; line.len()];
    for step in 0..n {
        let (at, before) = if from_high { (n - 1 - step, n - step) } else { (step, step.wrapping_sub(1)) };
        let row = plane.row(at);
        let Some(row) = row.as_slice() else { continue };
        for (first, (values, open)) in row.chunks(CHUNK).zip(is_open.chunks_mut(CHUNK)).enumerate() {
            // Most chunks hold nothing new; without a branch per voxel that is quickly seen.
            let enters = |(value, is_open): (&T, &bool)| *is_open & (value.hu() >= LEVEL_HU);
            if !values.iter().zip(&*open).fold(false, |any, pair| any | enters(pair)) {
                continue;
            }
            for (n, (value, is_open)) in values.iter().zip(open).enumerate() {
                if *is_open && value.hu() >= LEVEL_HU {
                    *is_open = false;
                    // A line that starts inside has no entry.
                    if step > 0 {
                        let u = first * CHUNK + n;
                        line[u] = crossing([before, at], [plane[[before, u]].hu(), value.hu()]);
                    }
                }
            }
        }
    }
}

/// Where a line crosses the level between two neighbours.
fn crossing(at: [usize; 2], hu: [f32; 2]) -> f32 {
    let rest = (hu[1] - LEVEL_HU) / (hu[1] - hu[0]);
    at[1] as f32 + rest * (at[0] as f32 - at[1] as f32)
}

/// Bone just under the skin is an edge of its own and widens the skin's. So profiles without it count,
/// unless there are too few of them.
#[derive(Default)]
struct Curves {
    bare: Curve,
    all: Curve,
}

/// Profiles on top of each other.
struct Curve {
    sums: Vec<f64>,
    counts: Vec<f64>,
    n_profiles: usize,
}

impl Default for Curve {
    fn default() -> Self {
        Self { sums: vec![0.0; BINS], counts: vec![0.0; BINS], n_profiles: 0 }
    }
}

impl Curve {
    fn add(&mut self, samples: &[(f64, f64)]) {
        for (distance, hu) in samples {
            let bin = ((distance + REACH_MM) / BIN_MM) as usize;
            if bin < BINS {
                self.sums[bin] += hu;
                self.counts[bin] += 1.0;
            }
        }
        self.n_profiles += 1;
    }

    fn response(&self) -> Option<EdgeResponse> {
        let filled = self.counts.iter().filter(|n| **n > 0.0).count();
        if self.n_profiles < MIN_PROFILES || filled < BINS * 7 / 10 {
            return None;
        }
        let spread = self.line_spread();
        let near = BINS / 2 - 25..BINS / 2 + 25;
        let peak = near.max_by(|a, b| spread[*a].total_cmp(&spread[*b]))?;
        let height = spread[peak];
        if height <= 0.0 {
            return None;
        }
        let crossing = |level: f64, step: isize| {
            let mut at = peak;
            loop {
                let next = at.checked_add_signed(step).filter(|next| *next < BINS)?;
                if spread[next] <= level {
                    let part = (spread[at] - level) / (spread[at] - spread[next]);
                    return Some(at as f64 + step as f64 * part);
                }
                at = next;
            }
        };
        let fwhm_mm = (crossing(0.5 * height, 1)? - crossing(0.5 * height, -1)?) * BIN_MM;
        let ends = [crossing(0.02 * height, -1)?, crossing(0.02 * height, 1)?];
        let rise_mm = rise(&spread, ends) * BIN_MM;
        let apart = |n: usize| (n as f64 - peak as f64) * BIN_MM;
        // Outside of the skin there is nothing; inside of it fat and skull make edges of their own.
        let share = |n: usize| if apart(n) > 0.0 { 0.5 * spread[n] } else { spread[n] };
        let beside = |n: &usize| apart(*n).abs() > 1.3 * fwhm_mm + 0.2 && apart(*n) < 5.0 && apart(*n) > -6.0;
        let second = (4..BINS - 4).filter(beside).map(share).fold(0.0, f64::max);
        Some(EdgeResponse { fwhm_mm, rise_mm, second_edge: second / height, n_profiles: self.n_profiles })
    }

    /// Derivative of the mean profile, per bin; empty bins are bridged.
    fn line_spread(&self) -> Vec<f64> {
        let known: Vec<usize> = (0..BINS).filter(|n| self.counts[*n] > 0.0).collect();
        let mean = |n: usize| self.sums[n] / self.counts[n];
        let edge: Vec<f64> = (0..BINS)
            .map(|n| {
                let after = known.partition_point(|known| *known < n);
                match (after.checked_sub(1).map(|before| known[before]), known.get(after)) {
                    (_, Some(exact)) if *exact == n => mean(n),
                    (Some(before), Some(after)) => {
                        let part = (n - before) as f64 / (after - before) as f64;
                        mean(before) + part * (mean(*after) - mean(before))
                    }
                    (Some(nearest), None) => mean(nearest),
                    (None, Some(nearest)) => mean(*nearest),
                    (None, None) => 0.0,
                }
            })
            .collect();
        let at = |n: isize| edge[n.clamp(0, BINS as isize - 1) as usize];
        // Derivative of a parabola through five points (Savitzky and Golay 1964).
        (0..BINS as isize).map(|n| (2.0 * (at(n + 2) - at(n - 2)) + at(n + 1) - at(n - 1)) / 10.0).collect()
    }
}

/// Bins between 10 % and 90 % of the area under the spread from one end to the other.
fn rise(spread: &[f64], [from, to]: [f64; 2]) -> f64 {
    let inside = from.floor() as usize..=(to.ceil() as usize).min(spread.len() - 1);
    let total: f64 = inside.clone().map(|n| spread[n].max(0.0)).sum();
    let (mut sum, mut marks) = (0.0, [f64::NAN; 2]);
    for n in inside {
        let part = spread[n].max(0.0);
        for (mark, share) in marks.iter_mut().zip([0.1, 0.9]) {
            if mark.is_nan() && sum + part >= share * total {
                *mark = n as f64 + (share * total - sum) / part.max(1e-12);
            }
        }
        sum += part;
    }
    marks[1] - marks[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Matrix4;
    use ndarray::Array3;

    fn erf(x: f64) -> f64 {
        let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
        let poly = t
            * (0.254_829_592
                + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
        x.signum() * (1.0 - poly * (-x * x).exp())
    }

    /// An upright ellipse with a flat top, blurred in the plane by a Gaussian, through it by a box.
    fn response(fwhm: f64, thickness: f64, step: f64) -> [Option<EdgeResponse>; 2] {
        let sigma = fwhm / 2.354_82;
        let values = Array3::from_shape_fn(((60.0 / step) as usize, 240, 240), |(k, j, i)| {
            let (x, y, z) = (i as f64 * 0.5 - 60.0, j as f64 * 0.5 - 60.2, k as f64 * step);
            let inside = 45.0 - x.hypot(y);
            let wall = 0.5 * (1.0 + erf(inside / (sigma * std::f64::consts::SQRT_2)));
            let top = 40.3 + 0.05 * x + 0.02 * y;
            let lid = ((top - z) / thickness + 0.5).clamp(0.0, 1.0);
            (-1000.0 + 1040.0 * wall * lid) as f32
        });
        let affine = Matrix4::new_nonuniform_scaling(&Vector3::new(0.5, 0.5, step));
        let dim = values.dim();
        responses(values.view(), &Grid::new([dim.2, dim.1, dim.0], affine).unwrap())
    }

    #[test]
    fn widths_of_the_edge_are_found() {
        for (fwhm, thickness, step) in [(0.9, 1.0, 0.5), (1.4, 2.0, 0.5), (2.2, 1.0, 1.0)] {
            let [plane, through] = response(fwhm, thickness, step);
            let (plane, through) = (plane.unwrap(), through.unwrap());
            assert!((plane.fwhm_mm / fwhm - 1.0).abs() < 0.05, "{fwhm}: {plane:?}");
            assert!((plane.rise_mm / (1.0886 * fwhm) - 1.0).abs() < 0.08, "{fwhm}: {plane:?}");
            assert!((through.fwhm_mm / thickness - 1.0).abs() < 0.1, "{thickness}: {through:?}");
            assert!(plane.second_edge < 0.1);
        }
    }
}
