//! Gaussian smoothing: three short sums, fused slice by slice.
//!
//! Every task keeps only the slices that its sum along k reaches, so the memory needed beside the
//! result is a few slices a thread. The kernel ends at four standard deviations, and the border is
//! continued by its own value, both as in SciPy.

use ndarray::{Array3, ArrayView3, Axis};
use rayon::prelude::*;

use super::value::Value;
use crate::progress::{Cancelled, Progress};

const REACH_SIGMAS: f64 = 4.0;
/// Slices of a task; the halo of a narrow kernel costs a quarter more.
const SLAB: usize = 32;

/// Weights of a kernel from its middle outwards; they sum to 1 over both sides. What reaches beyond a
/// line of `n` voxels meets its last value there, so the last weight holds all of that.
fn half_kernel(sigma: f64, n: usize) -> Vec<f32> {
    if sigma <= 0.0 {
        return vec![1.0];
    }
    let reach = (REACH_SIGMAS * sigma + 0.5) as usize;
    let weight = |n: usize| (-0.5 * (n as f64 / sigma).powi(2)).exp();
    let mut weights: Vec<f64> = (0..=reach.min(n.saturating_sub(1))).map(weight).collect();
    let beyond: f64 = (weights.len()..=reach).map(weight).sum();
    let sum = 2.0 * (weights.iter().sum::<f64>() + beyond) - weights[0];
    match &mut weights[..] {
        // A line of one voxel: all is that value.
        [middle] => *middle = sum,
        [.., last] => *last += beyond,
        [] => {}
    }
    weights.iter().map(|weight| (weight / sum) as f32).collect()
}

/// Smooths with a standard deviation in voxels along i, j and k.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn gaussian<T: Value>(
    values: ArrayView3<'_, T>,
    sigma_ijk: [f64; 3],
    progress: &Progress,
) -> Result<Array3<T>, Cancelled> {
    let (nk, nj, ni) = values.dim();
    let mut made = Array3::from_elem((nk, nj, ni), T::default());
    let dims = [ni, nj, nk];
    let kernels = [0, 1, 2].map(|axis| half_kernel(sigma_ijk[axis], dims[axis]));
    progress.expect(nk.div_ceil(SLAB));
    made.axis_chunks_iter_mut(Axis(0), SLAB).into_par_iter().enumerate().try_for_each(|(n, mut slab)| {
        let mut slices = Slices::new(values, &kernels);
        for (offset, mut plane) in slab.axis_iter_mut(Axis(0)).enumerate() {
            slices.move_to(n * SLAB + offset);
            if let Some(out) = plane.as_slice_mut() {
                slices.sum_into(n * SLAB + offset, out);
            }
            progress.check()?;
        }
        progress.step()
    })?;
    Ok(made)
}

/// The slices, smoothed in their plane, that a sum along k reaches: a ring.
struct Slices<'a, T> {
    values: ArrayView3<'a, T>,
    kernels: &'a [Vec<f32>; 3],
    ring: Vec<Vec<f32>>,
    /// Which slice each place of the ring holds.
    held: Vec<usize>,
    rows: Vec<f32>,
    line: Vec<f32>,
    sum: Vec<f32>,
}

impl<'a, T: Value> Slices<'a, T> {
    fn new(values: ArrayView3<'a, T>, kernels: &'a [Vec<f32>; 3]) -> Self {
        let (_, nj, ni) = values.dim();
        let n = 2 * kernels[2].len() - 1;
        Self {
            values,
            kernels,
            ring: vec![Vec::new(); n],
            held: vec![usize::MAX; n],
            rows: vec![0.0; nj * ni],
            line: vec![0.0; ni + 2 * (kernels[0].len() - 1)],
            sum: vec![0.0; ni],
        }
    }

    /// Makes all slices ready that the sum at `k` needs.
    fn move_to(&mut self, k: usize) {
        let (reach, last) = (self.kernels[2].len() - 1, self.values.len_of(Axis(0)) - 1);
        for needed in k.saturating_sub(reach)..=(k + reach).min(last) {
            let place = needed % self.ring.len();
            if self.held[place] != needed {
                let mut plane = std::mem::take(&mut self.ring[place]);
                plane.resize(self.rows.len(), 0.0);
                self.smooth_plane(needed, &mut plane);
                self.ring[place] = plane;
                self.held[place] = needed;
            }
        }
    }

    fn smooth_plane(&mut self, k: usize, out: &mut [f32]) {
        let (_, nj, ni) = self.values.dim();
        let reach = self.kernels[0].len() - 1;
        for (j, row) in self.values.index_axis(Axis(0), k).rows().into_iter().enumerate() {
            let inner = &mut self.line[reach..reach + ni];
            inner.iter_mut().zip(row).for_each(|(to, from)| *to = from.to_f32());
            let (first, last) = (inner[0], inner[ni - 1]);
            self.line[..reach].fill(first);
            self.line[reach + ni..].fill(last);
            let into = &mut self.rows[j * ni..(j + 1) * ni];
            let at = |n: usize| &self.line[n..n + ni];
            weigh(into, &self.kernels[0], at(reach), |n| (at(reach - n), at(reach + n)));
        }
        for j in 0..nj {
            let row = |j: usize| &self.rows[j * ni..(j + 1) * ni];
            let sides = |n: usize| (row(j.saturating_sub(n)), row((j + n).min(nj - 1)));
            weigh(&mut out[j * ni..(j + 1) * ni], &self.kernels[1], row(j), sides);
        }
    }

    fn sum_into(&mut self, k: usize, out: &mut [T]) {
        let (nk, nj, ni) = self.values.dim();
        for j in 0..nj {
            let row = |k: usize| &self.ring[k % self.ring.len()][j * ni..(j + 1) * ni];
            let sides = |n: usize| (row(k.saturating_sub(n)), row((k + n).min(nk - 1)));
            weigh(&mut self.sum, &self.kernels[2], row(k), sides);
            let out = &mut out[j * ni..(j + 1) * ni];
            out.iter_mut().zip(&self.sum).for_each(|(to, from)| *to = T::from_f32(*from));
        }
    }
}

/// Sums the middle and the pairs at equal distance, each with its weight.
#[inline]
fn weigh<'a>(
    out: &mut [f32],
    kernel: &[f32],
    middle: &[f32],
    sides: impl Fn(usize) -> (&'a [f32], &'a [f32]),
) {
    out.iter_mut().zip(middle).for_each(|(out, value)| *out = kernel[0] * value);
    for (n, weight) in kernel.iter().enumerate().skip(1) {
        let (before, after) = sides(n);
        let pairs = before.iter().zip(after);
        out.iter_mut().zip(pairs).for_each(|(out, (a, b))| *out += weight * (a + b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_becomes_the_kernel_and_nothing_is_lost() {
        let mut values = Array3::from_elem((70, 21, 23), 0.0_f32);
        values[[35, 10, 11]] = 1.0;
        let made = gaussian(values.view(), [1.0, 0.0, 2.0], &Progress::default()).unwrap();
        assert!((made.sum() - 1.0).abs() < 1e-5);
        let expected = |n: f64, sigma: f64| {
            let sum: f64 = (-40..=40).map(|m| (-0.5 * (f64::from(m) / sigma).powi(2)).exp()).sum();
            (-0.5 * (n / sigma).powi(2)).exp() / sum
        };
        let got = f64::from(made[[38, 10, 12]]);
        assert!((got - expected(3.0, 2.0) * expected(1.0, 1.0)).abs() < 1e-5);
        assert!(made[[35, 11, 11]].abs() < 1e-9);
    }

    #[test]
    fn a_kernel_longer_than_the_image_weighs_its_border() {
        let values = Array3::from_shape_fn((6, 1, 9), |(k, _, i)| (7 * k + i * i) as f32);
        for sigma in [3.0, 40.0, 1e4] {
            let made = gaussian(values.view(), [sigma, 2.0, 0.5 * sigma], &Progress::default()).unwrap();
            let taps = |at: usize, n: usize, sigma: f64| -> Vec<f64> {
                let reach = (4.0 * sigma + 0.5) as isize;
                let mut sums = vec![0.0; n];
                for m in -reach..=reach {
                    let to = (at as isize + m).clamp(0, n as isize - 1) as usize;
                    sums[to] += (-0.5 * (m as f64 / sigma).powi(2)).exp();
                }
                let all: f64 = sums.iter().sum();
                sums.iter().map(|sum| sum / all).collect()
            };
            for ((k, _, i), got) in made.indexed_iter() {
                let (along, through) = (taps(i, 9, sigma), taps(k, 6, 0.5 * sigma));
                let expected: f64 = values
                    .indexed_iter()
                    .map(|((c, _, a), value)| along[a] * through[c] * f64::from(*value))
                    .sum();
                assert!((f64::from(*got) - expected).abs() < 1e-3, "{got} {expected}");
            }
        }
    }

    #[test]
    fn a_constant_stays_up_to_the_border() {
        let values = Array3::from_elem((40, 5, 6), -997_i16);
        assert_eq!(gaussian(values.view(), [2.0, 3.0, 9.0], &Progress::default()).unwrap(), values);
    }
}
