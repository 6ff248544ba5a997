//! The scanner: what a CT would make of a phantom.
//!
//! Each slice is averaged over its thickness, blurred by the kernel in its plane, and given noise
//! that depends only on the seed, the slice and the pixel.  So any number of threads, working in
//! any order, makes the same bits.

use nalgebra::{Point3, Vector3};
use ndarray::{ArrayViewMut3, Axis};
use rayon::prelude::*;

use super::coverage::{Plane, fill};
use super::gauss::Noise;
use super::kernel::{Kernel, Raster, weights};
use super::model::Phantom;
use super::streak::add_streaks;
use crate::progress::{Cancelled, Progress};

/// A circle of reconstruction, outside of which the scanner writes a padding value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// Its diameter, mm; it stands on the middle of the image.
    pub diameter_mm: f64,
    /// What is written outside.
    pub padding: i16,
}

/// What all slices have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Detector {
    /// Number of columns (i) and rows (j).
    pub dims_ij: [usize; 2],
    /// Distance of neighbouring columns and of neighbouring rows, mm.
    pub spacing_xy_mm: [f64; 2],
    /// Unit vector along which the column index grows.
    pub row_direction: Vector3<f64>,
    /// Unit vector along which the row index grows.
    pub column_direction: Vector3<f64>,
    /// Thickness over which a slice is averaged, mm.
    pub slice_thickness_mm: f64,
    /// The blur in the plane.
    pub kernel: Kernel,
    /// Standard deviation of the noise.
    pub noise_hu: f64,
    /// Seed of the noise.
    pub seed: u64,
    /// Circle of reconstruction.
    pub circle: Option<Circle>,
    /// Lowest and highest value that can be stored.
    pub limits_hu: [i16; 2],
}

/// One slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposure {
    /// LPS position of the centre of its first pixel, mm.
    pub position_lps_mm: Point3<f64>,
    /// Number of its noise: two slices with the same number have the same noise.
    pub noise: u64,
}

/// Why a phantom cannot be scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The array has another shape than the slices.
    #[error("values: shape {expected:?} (nz, ny, nx) expected, found {actual:?}")]
    Shape {
        /// What the scanner makes.
        expected: [usize; 3],
        /// What the array has.
        actual: [usize; 3],
    },
    /// A number that must be above zero and finite is not.
    #[error("{name}: a finite number above 0 expected")]
    NotPositive {
        /// Its name.
        name: &'static str,
    },
    /// The two directions in the plane are not unit vectors at right angles.
    #[error("row_direction, column_direction: two unit vectors at right angles expected")]
    Directions,
    /// Somebody asked it to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Images a phantom, one exposure a slice.
///
/// # Errors
/// [`RenderError`] when the array does not fit, a number makes no sense, or the job is cancelled.
pub fn scan(
    phantom: &Phantom,
    detector: &Detector,
    exposures: &[Exposure],
    progress: &Progress,
    mut values: ArrayViewMut3<'_, i16>,
) -> Result<(), RenderError> {
    detector.check()?;
    let [columns, rows] = detector.dims_ij;
    let (nz, ny, nx) = values.dim();
    let (expected, actual) = ([exposures.len(), rows, columns], [nz, ny, nx]);
    if expected != actual {
        return Err(RenderError::Shape { expected, actual });
    }
    progress.expect(exposures.len());
    values.axis_iter_mut(Axis(0)).into_par_iter().zip(exposures).try_for_each(|(mut slice, exposure)| {
        let blurred = detector.expose(phantom, exposure);
        let noise = Noise::new(detector.seed, exposure.noise);
        for (row, mut line) in slice.axis_iter_mut(Axis(0)).enumerate() {
            for (column, out) in line.iter_mut().enumerate() {
                let pixel = row * columns + column;
                *out = detector.stored(row, column, blurred.values[pixel], noise.at(pixel));
            }
        }
        progress.step().map_err(RenderError::from)
    })
}

impl Detector {
    fn check(&self) -> Result<(), RenderError> {
        let mut numbers = vec![
            ("spacing_xy_mm", self.spacing_xy_mm[0]),
            ("spacing_xy_mm", self.spacing_xy_mm[1]),
            ("slice_thickness_mm", self.slice_thickness_mm),
        ];
        numbers.extend(self.kernel.terms.iter().map(|term| ("sigma_mm", term.1)));
        for (name, value) in numbers {
            if !(value > 0.0 && value.is_finite()) {
                return Err(RenderError::NotPositive { name });
            }
        }
        let (a, b) = (&self.row_direction, &self.column_direction);
        let error = (a.norm() - 1.0).abs().max((b.norm() - 1.0).abs()).max(a.dot(b).abs());
        if error < 1e-6 { Ok(()) } else { Err(RenderError::Directions) }
    }

    /// Blur that is applied to the surfaces themselves; the rest is done on the raster.
    ///
    /// With 0.7 pixels the samples of an edge hold it to a part in ten thousand of its height;
    /// the more is left to the raster, the better do thin walls and sharp corners come out.
    fn first_sigma_mm(&self) -> f64 {
        self.kernel.finest_mm().min(0.7 * self.spacing_xy_mm[0].max(self.spacing_xy_mm[1]))
    }

    /// One slice, blurred and with streaks, without noise.
    fn expose(&self, phantom: &Phantom, exposure: &Exposure) -> Raster {
        let first = self.first_sigma_mm();
        let taps: Vec<_> = self
            .kernel
            .terms
            .iter()
            .map(|&(weight, sigma)| {
                let rest = (sigma * sigma - first * first).max(0.0);
                (weight as f32, self.spacing_xy_mm.map(|spacing| weights(rest / (spacing * spacing))))
            })
            .collect();
        let margin = [0, 1].map(|axis| taps.iter().map(|(_, taps)| taps[axis].len() - 1).max().unwrap_or(0));
        let plane = self.plane(exposure, first, margin);
        let mut sharp = Raster::new(plane.dims_ij[0], plane.dims_ij[1], phantom.background_hu as f32);
        fill(phantom, &plane, &mut sharp);
        let mut sum = Raster::new(self.dims_ij[0], self.dims_ij[1], 0.0);
        for (weight, taps) in &taps {
            let blurred = sharp.blurred(&taps[0], &taps[1]);
            for (row, line) in sum.values.chunks_mut(self.dims_ij[0]).enumerate() {
                let start = (row + margin[1]) * blurred.columns + margin[0];
                line.iter_mut().zip(&blurred.values[start..]).for_each(|(sum, value)| *sum += weight * value);
            }
        }
        add_streaks(phantom, &self.plane(exposure, first, [0, 0]), &mut sum);
        sum
    }

    fn plane(&self, exposure: &Exposure, sigma_mm: f64, margin: [usize; 2]) -> Plane {
        let column_step = self.row_direction * self.spacing_xy_mm[0];
        let row_step = self.column_direction * self.spacing_xy_mm[1];
        Plane {
            origin: exposure.position_lps_mm - column_step * margin[0] as f64 - row_step * margin[1] as f64,
            steps: [column_step, row_step],
            normal: self.row_direction.cross(&self.column_direction),
            dims_ij: [0, 1].map(|axis| self.dims_ij[axis] + 2 * margin[axis]),
            thickness_mm: self.slice_thickness_mm,
            sigma_mm,
        }
    }

    fn stored(&self, row: usize, column: usize, hu: f32, deviate: f32) -> i16 {
        if let Some(circle) = self.circle {
            let from_middle = |index: usize, axis: usize| {
                (index as f64 - (self.dims_ij[axis] - 1) as f64 / 2.0) * self.spacing_xy_mm[axis]
            };
            let (x, y) = (from_middle(column, 0), from_middle(row, 1));
            if x * x + y * y > circle.diameter_mm * circle.diameter_mm / 4.0 {
                return circle.padding;
            }
        }
        let value = (f64::from(hu) + self.noise_hu * f64::from(deviate)).round();
        value.clamp(f64::from(self.limits_hu[0]), f64::from(self.limits_hu[1])) as i16
    }
}
