//! Trilinear interpolation on the places of another grid.

use ndarray::{Array3, Axis};
use rayon::prelude::*;

use crate::geometry::Grid;
use crate::progress::{Cancelled, Progress};
use crate::volume::Volume;

/// A voxel value that can be interpolated.
pub trait Voxel: Copy + Send + Sync {
    /// The value as a number to compute with.
    fn to_f64(self) -> f64;
    /// The nearest value of this type; ties go away from zero.
    fn from_f64(value: f64) -> Self;
}

impl Voxel for i16 {
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn from_f64(value: f64) -> Self {
        // Without a call of round(), which the baseline x86-64 has no instruction for.
        (value + 0.5_f64.copysign(value)) as Self
    }
}

impl Voxel for f32 {
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn from_f64(value: f64) -> Self {
        value as Self
    }
}

/// Why an image was not resampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResampleError {
    /// There is not enough memory for the result.
    #[error("memory for {0} voxels expected, found less")]
    Memory(usize),
    /// The caller asked for a stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Places this near outside the outermost voxel centres, in voxels, count as on them: rounding, not content.
const ROUNDING: f64 = 1e-6;

/// Returns the values of `source` at the voxel centres of `target`; `fill` where `source` has none.
///
/// The result is the same, bit for bit, for any number of threads: every voxel is computed on its own.
///
/// # Errors
/// [`ResampleError`] when there is no memory for the result or the caller asked for a stop.
pub fn resample_to_grid<T: Voxel>(
    source: Volume<'_, T>,
    target: &Grid,
    fill: T,
    progress: &Progress,
) -> Result<Array3<T>, ResampleError> {
    let [ni, nj, nk] = target.dims_ijk();
    let mut made = filled([nk, nj, ni], fill)?;
    let values = source.values();
    let values = values.as_standard_layout();
    let lattice = Lattice { values: values.as_slice().unwrap_or(&[]), dims: source.grid().dims_ijk() };
    let source_from_target = source.grid().ijk_from_lps() * target.lps_from_ijk();
    let column = |c: usize| [0, 1, 2].map(|r| source_from_target[(r, c)]);
    let (step_i, step_j, step_k, start) = (column(0), column(1), column(2), column(3));
    progress.expect(nk);
    made.axis_iter_mut(Axis(0)).into_par_iter().enumerate().try_for_each(|(k, mut plane)| {
        for (j, mut row) in plane.rows_mut().into_iter().enumerate() {
            // Products, not running sums: the place of a voxel does not depend on its neighbours.
            let origin = [0, 1, 2].map(|a| start[a] + step_k[a] * k as f64 + step_j[a] * j as f64);
            lattice.sample_row(origin, step_i, |i, value| row[i] = T::from_f64(value), ni);
        }
        progress.step()
    })?;
    Ok(made)
}

/// Makes an array without aborting the process when memory is short.
pub(super) fn filled<T: Copy>(shape: [usize; 3], fill: T) -> Result<Array3<T>, ResampleError> {
    let count = shape.iter().product();
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| ResampleError::Memory(count))?;
    values.resize(count, fill);
    Array3::from_shape_vec(shape, values).map_err(|_| ResampleError::Memory(count))
}

/// Voxels in C order, `[k, j, i]`.
struct Lattice<'a, T> {
    values: &'a [T],
    dims: [usize; 3],
}

impl<T: Voxel> Lattice<'_, T> {
    /// Hands over the values at `origin + i * step` for i below `n`, where there are any.
    #[inline]
    fn sample_row(&self, origin: [f64; 3], step: [f64; 3], mut put: impl FnMut(usize, f64), n: usize) {
        let [ni, nj, nk] = self.dims;
        // A row that runs along the rows of the source, as after a gantry tilt, stays between the same four.
        let is_along = (step[1].abs() + step[2].abs()) * n as f64 <= ROUNDING * 1e-3;
        if is_along {
            let (Some(y), Some(z)) = (cell(origin[1], nj), cell(origin[2], nk)) else { return };
            for i in 0..n {
                if let Some(x) = cell(origin[0] + step[0] * i as f64, ni) {
                    put(i, self.mixed(x, y, z));
                }
            }
            return;
        }
        for i in 0..n {
            let place = [0, 1, 2].map(|a| origin[a] + step[a] * i as f64);
            if let (Some(x), Some(y), Some(z)) = (cell(place[0], ni), cell(place[1], nj), cell(place[2], nk))
            {
                put(i, self.mixed(x, y, z));
            }
        }
    }

    /// The value in a cell; a weight of zero needs no neighbour, which may not exist.
    #[inline]
    fn mixed(&self, (i, x): (usize, f64), (j, y): (usize, f64), (k, z): (usize, f64)) -> f64 {
        let [ni, nj, _] = self.dims;
        let corner = (k * nj + j) * ni + i;
        let di = usize::from(x > 0.0);
        let row = |start: usize| mix(self.values[start].to_f64(), self.values[start + di].to_f64(), x);
        let plane = |start: usize| if y > 0.0 { mix(row(start), row(start + ni), y) } else { row(start) };
        if z > 0.0 { mix(plane(corner), plane(corner + ni * nj), z) } else { plane(corner) }
    }
}

/// The lower voxel and the fraction towards the next, within a row of `n` voxel centres.
#[inline]
fn cell(place: f64, n: usize) -> Option<(usize, f64)> {
    let last = (n - 1) as f64;
    if !(place >= -ROUNDING && place <= last + ROUNDING) {
        return None;
    }
    // Truncation is floor here; a place just below zero is taken as zero.
    let lower = place.max(0.0) as usize;
    let fraction = place - lower as f64;
    // On a voxel centre within rounding: that voxel, untouched.
    if fraction <= ROUNDING {
        Some((lower, 0.0))
    } else if fraction >= 1.0 - ROUNDING {
        Some((lower + 1, 0.0))
    } else {
        Some((lower, fraction))
    }
}

#[inline]
fn mix(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{Matrix4, Vector3};

    fn ramp(dims: [usize; 3], affine: Matrix4<f64>) -> (Grid, Array3<f32>) {
        let grid = Grid::new(dims, affine).unwrap();
        let [ni, nj, nk] = dims;
        let values = Array3::from_shape_fn((nk, nj, ni), |(k, j, i)| {
            let p = grid.lps_mm([i as f64, j as f64, k as f64].into());
            (3.0 * p.x - 2.0 * p.y + 5.0 * p.z) as f32
        });
        (grid, values)
    }

    #[test]
    fn a_linear_ramp_is_reproduced_and_nothing_is_invented_outside() {
        let mut affine = Matrix4::new_nonuniform_scaling(&Vector3::new(0.5, 0.4, 2.0));
        affine[(1, 2)] = 0.9;
        let (grid, values) = ramp([12, 11, 10], affine);
        let target =
            Grid::new([30, 40, 20], Matrix4::new_nonuniform_scaling(&Vector3::new(0.3, 0.35, 1.1))).unwrap();
        let source = Volume::new(values.view(), &grid).unwrap();
        let made = resample_to_grid(source, &target, f32::NAN, &Progress::default()).unwrap();
        let mut inside = 0;
        for ((k, j, i), &value) in made.indexed_iter() {
            let p = target.lps_mm([i as f64, j as f64, k as f64].into());
            let index = grid.ijk(p);
            let is_inside = (0..3).all(|a| index[a] >= 0.0 && index[a] <= (grid.dims_ijk()[a] - 1) as f64);
            if is_inside {
                inside += 1;
                assert!((f64::from(value) - (3.0 * p.x - 2.0 * p.y + 5.0 * p.z)).abs() < 1e-4);
            } else if (0..3).any(|a| index[a] < -1e-3 || index[a] > (grid.dims_ijk()[a] - 1) as f64 + 1e-3) {
                assert!(value.is_nan());
            }
        }
        assert!(inside > 1000);
    }

    #[test]
    fn the_same_grid_gives_the_same_values_and_a_cancelled_job_stops() {
        let (grid, values) = ramp([4, 3, 1], Matrix4::identity());
        let whole = values.mapv(|v| v as i16);
        let source = Volume::new(whole.view(), &grid).unwrap();
        assert_eq!(resample_to_grid(source, &grid, 0, &Progress::default()).unwrap(), whole);
        let progress = Progress::default();
        progress.cancel();
        assert_eq!(resample_to_grid(source, &grid, 0, &progress), Err(ResampleError::Cancelled(Cancelled)));
    }
}
