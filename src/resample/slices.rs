//! Evenly spaced slices from unevenly spaced ones.

use ndarray::{Array3, ArrayView2, ArrayView3, ArrayViewMut2, Axis, Zip};
use rayon::prelude::*;

use super::trilinear::{ResampleError, Voxel, filled};
use crate::progress::Progress;

/// Why a stack was not resampled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SlicesError {
    /// One position per slice, each beyond the one before.
    #[error("positions_mm: {expected} ascending positions expected, found otherwise at slice {at}")]
    Positions {
        /// How many slices there are.
        expected: usize,
        /// The first slice whose position is missing, not finite or not beyond the one before.
        at: usize,
    },
    /// The new spacing is not positive, or asks for more slices than can be held.
    #[error("spacing_mm: a spacing that gives 1 to {limit} slices expected, found {found}")]
    Spacing {
        /// What was asked.
        found: f64,
        /// What is allowed.
        limit: usize,
    },
    /// Two neighbours lie too far apart to say what is between them.
    #[error("gap between slices {before} and {}: at most {limit_mm} mm expected, found {gap_mm}", before + 1)]
    Gap {
        /// The slice before the gap.
        before: usize,
        /// How far the next one is.
        gap_mm: f64,
        /// What is allowed.
        limit_mm: f64,
    },
    /// No memory, or a stop.
    #[error(transparent)]
    Resample(#[from] ResampleError),
}

/// No scan has more slices.
const MAX_SLICES: usize = 100_000;

/// Positions this near to each other, as a fraction of the new spacing, are the same.
const ROUNDING: f64 = 1e-6;

/// Returns slices at `positions_mm[0]`, then every `spacing_mm` along the normal, up to the last slice.
///
/// Each is interpolated between its two neighbours; a slice at an old position is that slice, untouched.
///
/// # Errors
/// [`SlicesError`]; in particular when neighbours lie more than `max_gap_mm` apart: what was never imaged is not
/// made up.
pub fn resample_slices<T: Voxel>(
    values: ArrayView3<'_, T>,
    positions_mm: &[f64],
    spacing_mm: f64,
    max_gap_mm: f64,
    progress: &Progress,
) -> Result<Array3<T>, SlicesError> {
    let (n, rows, columns) = values.dim();
    check(n, positions_mm, max_gap_mm)?;
    let length = positions_mm[n - 1] - positions_mm[0];
    let count = (length / spacing_mm + ROUNDING).floor() + 1.0;
    if !(spacing_mm > 0.0 && count >= 1.0 && count <= MAX_SLICES as f64) {
        return Err(SlicesError::Spacing { found: spacing_mm, limit: MAX_SLICES });
    }
    // The fill is overwritten in every voxel.
    let mut made = filled([count as usize, rows, columns], T::from_f64(0.0))?;
    progress.expect(made.len_of(Axis(0)));
    made.axis_iter_mut(Axis(0))
        .into_par_iter()
        .enumerate()
        .try_for_each(|(m, plane)| {
            let (before, t) = bracket(positions_mm, positions_mm[0] + spacing_mm * m as f64, spacing_mm);
            let after = if t > 0.0 { before + 1 } else { before };
            mix_planes(plane, values.index_axis(Axis(0), before), values.index_axis(Axis(0), after), t);
            progress.step()
        })
        .map_err(ResampleError::from)?;
    Ok(made)
}

fn check(n: usize, positions_mm: &[f64], max_gap_mm: f64) -> Result<(), SlicesError> {
    if n == 0 || positions_mm.len() != n || !positions_mm[0].is_finite() {
        return Err(SlicesError::Positions { expected: n, at: positions_mm.len().min(n) });
    }
    for (before, pair) in positions_mm.windows(2).enumerate() {
        let gap_mm = pair[1] - pair[0];
        if !(gap_mm.is_finite() && gap_mm > 0.0) {
            return Err(SlicesError::Positions { expected: n, at: before + 1 });
        }
        if gap_mm > max_gap_mm {
            return Err(SlicesError::Gap { before, gap_mm, limit_mm: max_gap_mm });
        }
    }
    Ok(())
}

/// The last slice at or before a position, and the fraction towards the next.
fn bracket(positions_mm: &[f64], wanted_mm: f64, spacing_mm: f64) -> (usize, f64) {
    let near = ROUNDING * spacing_mm;
    let before = positions_mm.partition_point(|p| *p <= wanted_mm + near).saturating_sub(1);
    let beyond = wanted_mm - positions_mm[before];
    if beyond <= near || before + 1 == positions_mm.len() {
        return (before, 0.0);
    }
    (before, beyond / (positions_mm[before + 1] - positions_mm[before]))
}

fn mix_planes<T: Voxel>(out: ArrayViewMut2<'_, T>, a: ArrayView2<'_, T>, b: ArrayView2<'_, T>, t: f64) {
    Zip::from(out).and(a).and(b).for_each(|out, &a, &b| {
        *out = T::from_f64(a.to_f64() + (b.to_f64() - a.to_f64()) * t);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(positions: &[f64]) -> Array3<f32> {
        Array3::from_shape_fn((positions.len(), 2, 3), |(k, j, i)| {
            (10.0 * positions[k]) as f32 + (2 * j) as f32 - i as f32
        })
    }

    #[test]
    fn a_ramp_along_uneven_slices_comes_out_even() {
        let positions = [0.0, 1.0, 2.5, 3.0, 4.75];
        let made =
            resample_slices(stack(&positions).view(), &positions, 0.5, 2.0, &Progress::default()).unwrap();
        assert_eq!(made.len_of(Axis(0)), 10);
        for ((k, j, i), value) in made.indexed_iter() {
            let truth = 5.0 * k as f32 + (2 * j) as f32 - i as f32;
            assert!((value - truth).abs() < 1e-5, "{k} {j} {i}: {value} {truth}");
        }
    }

    #[test]
    fn nothing_is_made_up_in_a_gap_and_bad_positions_are_refused() {
        let positions = [0.0, 1.0, 5.0, 6.0];
        let values = stack(&positions);
        let run = |positions: &[f64], spacing| {
            resample_slices(values.view(), positions, spacing, 1.5, &Progress::default())
        };
        let gap = run(&positions, 1.0).unwrap_err();
        assert_eq!(gap.to_string(), "gap between slices 1 and 2: at most 1.5 mm expected, found 4");
        assert!(matches!(run(&[0.0, 1.0, 1.0, 2.0], 1.0), Err(SlicesError::Positions { at: 2, .. })));
        assert!(matches!(run(&[0.0, 1.0], 1.0), Err(SlicesError::Positions { .. })));
        assert!(matches!(run(&[0.0, f64::NAN, 2.0, 3.0], 1.0), Err(SlicesError::Positions { at: 1, .. })));
        for spacing in [0.0, -1.0, 1e-9, f64::NAN] {
            assert!(matches!(run(&[0.0, 1.0, 2.0, 3.0], spacing), Err(SlicesError::Spacing { .. })));
        }
    }
}
