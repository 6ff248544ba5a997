//! The noise of the voxels, and a quieter copy of those around a surface.
//!
//! Where the noise between two voxels is not small against the slope of an edge, the steepest place of a
//! profile is one of the noise, the edge falls to pieces, and the piece nearest to the mesh is taken. A
//! known blur of Gauss on top of the image averages over neighbours in all three directions; what it
//! adds to the blur of the scan is known exactly, and is taken out of it.

use nalgebra::{Matrix3, Matrix4, Point3, Vector3};
use ndarray::{Array3, ArrayView3, s};

use super::field::Field;
use crate::geometry::Grid;
use crate::progress::{Cancelled, Progress};
use crate::segment::{Value, gaussian};

/// Places along a normal where noise is read, mm: beside the edge, inside and outside.
const BESIDE_MM: [f64; 4] = [-4.0, -2.5, 2.5, 4.0];
/// Second differences of white noise have that many variances of it.
const DIFFERENCES: f64 = 6.0;
/// Below this quantile of their sizes, few have an edge in them; of normal ones it lies so many standard
/// deviations from zero.
const QUANTILE: f64 = 0.3;
const AT_QUANTILE: f64 = 0.385_320_5;
/// Fall from voxel to voxel over noise, from which on an edge is found without smoothing, and how large it
/// is wanted.
const STEEP: f64 = 9.0;
const WANTED: f64 = 40.0;
/// How much larger it is once smoothed by a voxel; more grows as the power 2.5.
const GAIN: f64 = 8.0;
const POWER: f64 = 2.5;
/// Least and most smoothing, voxels.
const RANGE: [f64; 2] = [0.7, 2.0];
/// White noise averaged by a bell of Gauss is alike over that many standard deviations: 2 sqrt(pi).
pub(super) const ALIKE_SIGMAS: f64 = 3.544_907_7;
/// A sampled bell ends at so many standard deviations, as the filter has it.
const REACH_SIGMAS: f64 = 4.0;

/// What smoothing does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Smoothing {
    /// Standard deviation, mm; 0 where the image is taken as it is.
    pub sigma_mm: f64,
    /// The covariance that it adds to the blur, mm2.
    pub added_mm2: Matrix3<f64>,
    /// Noise that is left of that of voxels that know nothing of each other.
    pub left: f64,
    sigma_ijk: [f64; 3],
}

impl Smoothing {
    /// The image as it is.
    pub fn none() -> Self {
        Self { sigma_mm: 0.0, added_mm2: Matrix3::zeros(), left: 1.0, sigma_ijk: [0.0; 3] }
    }

    /// As much as an edge needs that falls by `fall` per mm; none where it is steep.
    pub fn needed(grid: &Grid, fall: f64, noise: f64) -> Self {
        let voxel_mm = grid.voxel_volume_mm3().cbrt();
        let steepness = fall * voxel_mm / noise.max(1e-12);
        if steepness >= STEEP || fall <= 0.0 {
            return Self::none();
        }
        let voxels = (WANTED / (GAIN * steepness)).powf(POWER.recip()).clamp(RANGE[0], RANGE[1]);
        Self::by(grid, voxels * voxel_mm)
    }

    fn by(grid: &Grid, sigma_mm: f64) -> Self {
        let spacing = grid.spacing_xyz_mm();
        let sigma_ijk = [0, 1, 2].map(|axis| sigma_mm / spacing[axis]);
        let (mut added_mm2, mut left) = (Matrix3::zeros(), 1.0);
        for (axis, sigma) in sigma_ijk.into_iter().enumerate() {
            let (variance, squares) = bell(sigma);
            let step = grid.steps().column(axis).into_owned();
            added_mm2 += step * step.transpose() * variance;
            left *= squares;
        }
        Self { sigma_mm, added_mm2, left: left.sqrt(), sigma_ijk }
    }
}

/// Variance and sum of squares of the weights of a sampled bell.
fn bell(sigma: f64) -> (f64, f64) {
    let reach = (REACH_SIGMAS * sigma + 0.5) as i32;
    let (mut sum, mut second, mut squares) = (0.0, 0.0, 0.0);
    for n in -reach..=reach {
        let weight = (-0.5 * (f64::from(n) / sigma).powi(2)).exp();
        sum += weight;
        second += weight * f64::from(n * n);
        squares += weight * weight;
    }
    (second / sum, squares / (sum * sum))
}

/// Noise of the voxels beside a surface, from second differences along rows and columns.
pub(super) fn noise<T: Value>(
    values: ArrayView3<'_, T>,
    field: &Field<'_, T>,
    points: &[[f64; 3]],
    normals: &[[f64; 3]],
    floor: f32,
) -> f64 {
    let (nk, nj, ni) = values.dim();
    let mut sizes = Vec::with_capacity(8 * points.len());
    for (point, normal) in points.iter().zip(normals) {
        for mm in BESIDE_MM {
            let index = field.index(&(Vector3::from(*point) + Vector3::from(*normal) * mm));
            let [i, j, k] = [0, 1, 2].map(|axis| index[axis].round());
            let last = [ni, nj, nk].map(|n| n as f64 - 1.0);
            if !(i >= 1.0 && j >= 1.0 && k >= 0.0 && i < last[0] && j < last[1] && k <= last[2]) {
                continue;
            }
            let (i, j, k) = (i as usize, j as usize, k as usize);
            let at = |j: usize, i: usize| values[[k, j, i]].to_f32();
            for [a, b] in [[at(j, i - 1), at(j, i + 1)], [at(j - 1, i), at(j + 1, i)]] {
                let middle = at(j, i);
                // Air that is cut off at one value, and padding, have no noise.
                let is_image = [a, b, middle].iter().all(|&value| value >= floor);
                if is_image && (a != middle || b != middle) {
                    sizes.push(f64::from((a - 2.0 * middle + b).abs()));
                }
            }
        }
    }
    let place = (QUANTILE * sizes.len() as f64) as usize;
    if place >= sizes.len() {
        return 0.0;
    }
    let (_, size, _) = sizes.select_nth_unstable_by(place, f64::total_cmp);
    *size / (AT_QUANTILE * DIFFERENCES.sqrt())
}

/// A smoothed copy of the part of an image within `reach_mm` of some points.
///
/// What is no image stays none, and goes into nothing; what is at the end of the scale stays there.
pub(super) fn around<T: Value>(
    values: ArrayView3<'_, T>,
    grid: &Grid,
    points: &[[f64; 3]],
    reach_mm: f64,
    (smoothing, floor, ceiling): (&Smoothing, f32, f32),
    progress: &Progress,
) -> Result<Option<(Array3<f32>, Grid)>, Cancelled> {
    let Some((low, high)) = bounds(grid, points, reach_mm + REACH_SIGMAS * smoothing.sigma_mm) else {
        return Ok(None);
    };
    let part = values.slice(s![low[2]..high[2], low[1]..high[1], low[0]..high[0]]);
    let is_image = |value: T| value.to_f32() >= floor && value.to_f32().is_finite();
    let known = part.map(|&value| if is_image(value) { value.to_f32() } else { 0.0 });
    let mut made = gaussian(known.view(), smoothing.sigma_ijk, progress)?;
    if part.iter().any(|&value| !is_image(value)) {
        let share = part.map(|&value| if is_image(value) { 1.0_f32 } else { 0.0 });
        let share = gaussian(share.view(), smoothing.sigma_ijk, progress)?;
        ndarray::Zip::from(&mut made).and(&share).and(&part).for_each(|to, &share, &value| {
            *to = if is_image(value) { *to / share } else { f32::NAN };
        });
    }
    ndarray::Zip::from(&mut made).and(&part).for_each(|to, &value| {
        let value = value.to_f32();
        *to = if value >= ceiling { value } else { *to };
    });
    let mut affine: Matrix4<f64> = *grid.lps_from_ijk();
    let first = grid.lps_mm(Point3::from(low.map(|n| n as f64)));
    affine.fixed_view_mut::<3, 1>(0, 3).copy_from(&first.coords);
    let dims = [0, 1, 2].map(|axis| high[axis] - low[axis]);
    Ok(Grid::new(dims, affine).ok().map(|grid| (made, grid)))
}

/// First voxel and the one after the last, along i, j and k; `None` where no point is near the image.
fn bounds(grid: &Grid, points: &[[f64; 3]], reach_mm: f64) -> Option<([usize; 3], [usize; 3])> {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for point in points {
        let index = grid.ijk(Point3::from(*point));
        for axis in 0..3 {
            low[axis] = low[axis].min(index[axis]);
            high[axis] = high[axis].max(index[axis]);
        }
    }
    let inverse = grid.ijk_from_lps().fixed_view::<3, 3>(0, 0).into_owned();
    let dims = grid.dims_ijk();
    let mut found = ([0; 3], [0; 3]);
    for axis in 0..3 {
        // The farthest that a ball around a point reaches along this index.
        let reach = reach_mm * inverse.row(axis).norm() + 2.0;
        let first = (low[axis] - reach).floor().max(0.0);
        let after = (high[axis] + reach).ceil().min(dims[axis] as f64);
        if !(after > first) {
            return None;
        }
        (found.0[axis], found.1[axis]) = (first as usize, after as usize);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_has_its_variance_and_leaves_the_noise_that_theory_says() {
        let (variance, squares) = bell(1.3);
        assert!((variance - 1.69).abs() < 0.01, "{variance}");
        assert!((squares - 1.0 / (ALIKE_SIGMAS * 1.3)).abs() < 1e-3, "{squares}");
        let grid = Grid::new([9, 9, 9], Matrix4::new_scaling(0.5)).unwrap();
        assert_eq!(Smoothing::needed(&grid, 1000.0, 5.0), Smoothing::none());
        let some = Smoothing::needed(&grid, 300.0, 50.0);
        assert!(some.sigma_mm > 0.35 && some.sigma_mm < 1.0 && some.left < 0.25, "{some:?}");
        assert!((some.added_mm2[(0, 0)] - some.sigma_mm.powi(2)).abs() < 0.01);
    }
}
