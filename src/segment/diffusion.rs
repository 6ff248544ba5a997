//! Smoothing that stops at edges: P. Perona and J. Malik, doi 10.1109/34.56205.
//!
//! What flows between two neighbours falls with the difference between them. In a flat region it is
//! the heat equation, so the standard deviation means what it does for a Gaussian.

use ndarray::{Array3, ArrayView3, Axis};
use rayon::prelude::*;

use super::value::Value;
use crate::progress::{Cancelled, Progress};

/// Share of the longest stable step that is taken.
const SAFE: f64 = 0.9;

/// Number of steps, and the share of a difference that flows along i, j and k in each.
pub(super) fn plan(spacing_mm: [f64; 3], sigma_mm: f64) -> (usize, [f32; 3]) {
    let per_mm2 = spacing_mm.map(|step| 1.0 / (step * step));
    let longest = SAFE / (2.0 * per_mm2.iter().sum::<f64>());
    let time = sigma_mm * sigma_mm / 2.0;
    let n = (time / longest).ceil().max(1.0);
    (n as usize, per_mm2.map(|per| (per * time / n) as f32))
}

/// Smooths with a standard deviation in millimetres, but little across differences above `contrast`.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn diffuse<T: Value>(
    values: ArrayView3<'_, T>,
    spacing_xyz_mm: [f64; 3],
    sigma_mm: f64,
    contrast: f64,
    progress: &Progress,
) -> Result<Array3<T>, Cancelled> {
    let (n, flow) = plan(spacing_xyz_mm, sigma_mm);
    let mut now = values.mapv(Value::to_f32);
    let mut next = Array3::from_elem(now.dim(), 0.0);
    let per_contrast = 1.0 / (contrast * contrast) as f32;
    progress.expect(n);
    for _ in 0..n {
        let source = now.view();
        next.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(k, mut plane)| {
            for (j, mut row) in plane.rows_mut().into_iter().enumerate() {
                if let Some(row) = row.as_slice_mut() {
                    step(&source, [j, k], row, flow, per_contrast);
                }
            }
        });
        std::mem::swap(&mut now, &mut next);
        progress.step()?;
    }
    drop(next);
    let mut made = Array3::from_elem(now.dim(), T::default());
    made.axis_iter_mut(Axis(0)).into_par_iter().zip(now.axis_iter(Axis(0))).for_each(|(mut out, plane)| {
        out.zip_mut_with(&plane, |out, value| *out = T::from_f32(*value));
    });
    Ok(made)
}

fn step(now: &ArrayView3<'_, f32>, [j, k]: [usize; 2], out: &mut [f32], flow: [f32; 3], per: f32) {
    let (nk, nj, ni) = now.dim();
    let row = |j: usize, k: usize| now.slice_move(ndarray::s![k, j, ..]).to_slice().unwrap_or(&[]);
    let here = row(j, k);
    out.copy_from_slice(here);
    let mut from = |other: &[f32], share: f32| {
        for ((out, here), other) in out.iter_mut().zip(here).zip(other) {
            let apart = other - here;
            *out += share * apart / (1.0 + apart * apart * per);
        }
    };
    // Beyond the border lies nothing: nothing flows.
    from(row(j.saturating_sub(1), k), flow[1]);
    from(row((j + 1).min(nj - 1), k), flow[1]);
    from(row(j, k.saturating_sub(1)), flow[2]);
    from(row(j, (k + 1).min(nk - 1)), flow[2]);
    for i in 1..ni {
        let apart = here[i] - here[i - 1];
        let flows = flow[0] * apart / (1.0 + apart * apart * per);
        out[i] -= flows;
        out[i - 1] += flows;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_and_a_high_step_stays_where_a_low_one_goes() {
        let values = Array3::from_shape_fn((12, 13, 40), |(k, j, i)| {
            let noise = ((i * 31 + j * 17 + k * 7) % 11) as f32 - 5.0;
            (if i < 20 { 0.0 } else { 1000.0 }) + (if j < 6 { 0.0 } else { 10.0 }) + noise
        });
        let made = diffuse(values.view(), [0.5, 0.7, 1.0], 1.5, 60.0, &Progress::default()).unwrap();
        assert!((made.sum() - values.sum()).abs() < 1e-6 * values.sum());
        assert!(made[[6, 9, 22]] - made[[6, 9, 17]] > 990.0);
        let spread = |a: &Array3<f32>| {
            let part = a.slice(ndarray::s![2..10, 8..12, 24..38]);
            let mean = part.mean().unwrap();
            part.mapv(|v| (v - mean).powi(2)).mean().unwrap().sqrt()
        };
        assert!(spread(&made) < 0.4 * spread(&values));
    }
}
