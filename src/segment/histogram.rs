//! How often values occur.

use ndarray::{ArrayView3, Axis};
use rayon::prelude::*;

use super::value::Value;

/// Counts the values in `n_bins` bins of `width` from `low` on; what lies outside is counted in the
/// outermost bins, NaN nowhere. Where there is a mask, only its voxels count.
pub fn count_values<T: Value>(
    values: ArrayView3<'_, T>,
    mask: Option<ArrayView3<'_, u8>>,
    low: f64,
    width: f64,
    n_bins: usize,
) -> Vec<u64> {
    let last = n_bins as f64 - 1.0;
    let bin = |value: T| ((f64::from(value.to_f32()) - low) / width).floor().clamp(0.0, last) as usize;
    let count_plane = |mut counts: Vec<u64>, k: usize| {
        let plane = values.index_axis(Axis(0), k);
        let within = mask.map(|mask| mask.index_axis_move(Axis(0), k));
        let mut add = |value: T| {
            if !value.to_f32().is_nan() {
                counts[bin(value)] += 1;
            }
        };
        match within {
            None => plane.iter().for_each(|value| add(*value)),
            Some(within) => plane.iter().zip(within).filter(|(_, m)| **m != 0).for_each(|(v, _)| add(*v)),
        }
        counts
    };
    (0..values.len_of(Axis(0))).into_par_iter().fold(|| vec![0; n_bins], count_plane).reduce(
        || vec![0; n_bins],
        |mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn outsiders_are_counted_at_the_ends_and_nan_nowhere() {
        let values = Array3::from_shape_vec((1, 2, 3), vec![-5.0, 0.0, 0.9, 1.0, 99.0, f32::NAN]).unwrap();
        assert_eq!(count_values(values.view(), None, 0.0, 1.0, 3), [3, 1, 1]);
        let mask = values.mapv(|value| u8::from(value >= 1.0));
        assert_eq!(count_values(values.view(), Some(mask.view()), 0.0, 1.0, 3), [0, 1, 1]);
    }
}
