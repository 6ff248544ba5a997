//! The median of 3 x 3 x 3 voxels, by minima and maxima of whole rows.
//!
//! Nine rows are sorted against each other voxel by voxel; three neighbouring columns of nine sorted
//! values then give the median with 60 more minima and maxima. No branch depends on a value, so the
//! compiler works on as many voxels at once as a register holds.

use ndarray::{Array3, ArrayView3, Axis};
use rayon::prelude::*;

use super::value::Value;
use crate::progress::{Cancelled, Progress};

/// Voxels that are worked on together.
const LANES: usize = 8;

type Lanes<T> = [T; LANES];

/// Sorts nine values (25 exchanges, the fewest possible).
const SORT_NINE: [(usize, usize); 25] = [
    (0, 3),
    (1, 7),
    (2, 5),
    (4, 8),
    (0, 7),
    (2, 4),
    (3, 8),
    (5, 6),
    (0, 2),
    (1, 3),
    (4, 5),
    (7, 8),
    (1, 4),
    (3, 6),
    (5, 7),
    (0, 1),
    (2, 4),
    (3, 5),
    (6, 8),
    (2, 3),
    (4, 5),
    (6, 7),
    (1, 2),
    (3, 4),
    (5, 6),
];
/// Merges two sorted lists of four (K. E. Batcher, doi 10.1145/1468075.1468121).
const MERGE_FOURS: [(usize, usize); 9] =
    [(0, 4), (1, 5), (2, 6), (3, 7), (2, 4), (3, 5), (1, 2), (3, 4), (5, 6)];

/// The median of every voxel and its 26 neighbours; the border is continued by its own value.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn median<T: Value>(values: ArrayView3<'_, T>, progress: &Progress) -> Result<Array3<T>, Cancelled> {
    let (nk, nj, ni) = values.dim();
    let mut made = Array3::from_elem((nk, nj, ni), T::default());
    let values = values.as_standard_layout();
    let all = values.as_slice().unwrap_or(&[]);
    progress.expect(nk);
    made.axis_iter_mut(Axis(0)).into_par_iter().enumerate().try_for_each(|(k, mut plane)| {
        // One voxel more on the left, and room for a last, unfilled group on the right.
        let length = ni.div_ceil(LANES) * LANES + LANES;
        let mut sorted: [Vec<T>; 9] = std::array::from_fn(|_| vec![T::default(); length + LANES]);
        for (j, mut out) in plane.rows_mut().into_iter().enumerate() {
            let near = |at: usize, n: usize| [at.saturating_sub(1), at, (at + 1).min(n - 1)];
            let rows: [&[T]; 9] = std::array::from_fn(|n| {
                let start = (near(k, nk)[n / 3] * nj + near(j, nj)[n % 3]) * ni;
                &all[start..start + ni]
            });
            sort_rows(&rows, &mut sorted);
            if let Some(out) = out.as_slice_mut() {
                pick_medians(&sorted, out);
            }
        }
        progress.step()
    })?;
    Ok(made)
}

/// Place of voxel 0 in the sorted rows.
const LEFT: usize = LANES;

fn sort_rows<T: Value>(rows: &[&[T]; 9], sorted: &mut [Vec<T>; 9]) {
    let ni = rows[0].len();
    let mut nine = [[T::default(); LANES]; 9];
    for from in (0..ni).step_by(LANES) {
        let n = (ni - from).min(LANES);
        for (lanes, row) in nine.iter_mut().zip(rows) {
            lanes[..n].copy_from_slice(&row[from..from + n]);
        }
        sort_nine(&mut nine);
        for (lanes, row) in nine.iter().zip(sorted.iter_mut()) {
            row[LEFT + from..LEFT + from + n].copy_from_slice(&lanes[..n]);
        }
    }
    for row in sorted.iter_mut() {
        row[LEFT - 1] = row[LEFT];
        row[LEFT + ni] = row[LEFT + ni - 1];
    }
}

/// Written out, so that nine values stay in nine registers.
#[inline]
fn sort_nine<T: Value>(nine: &mut [Lanes<T>; 9]) {
    let mut n = 0;
    while n < SORT_NINE.len() {
        exchange(nine, SORT_NINE[n].0, SORT_NINE[n].1);
        n += 1;
    }
}

fn pick_medians<T: Value>(sorted: &[Vec<T>; 9], out: &mut [T]) {
    for (n, out) in out.chunks_mut(LANES).enumerate() {
        let at = LEFT - 1 + n * LANES;
        let three = |m: usize| {
            let row = &sorted[m];
            [lanes(row, at), lanes(row, at + 1), lanes(row, at + 2)]
        };
        let found = median_of_27(three);
        out.copy_from_slice(&found[..out.len()]);
    }
}

/// The m-th smallest of each of three columns, sorted against each other, make a table that grows
/// along both sides; seven places are surely below the median and seven above. Thirteen are left.
#[inline]
fn median_of_27<T: Value>(three: impl Fn(usize) -> [Lanes<T>; 3]) -> Lanes<T> {
    let mut eight = [[T::default(); LANES]; 8];
    let mut five = [[T::default(); LANES]; 5];
    eight[0] = end(three(0), false);
    eight[1] = end(three(1), false);
    (five[0], eight[2]) = middle_and(three(2), false);
    (five[1], eight[3]) = middle_and(three(3), false);
    (five[2], _) = middle_and(three(4), false);
    (five[3], eight[4]) = middle_and(three(5), true);
    (five[4], eight[5]) = middle_and(three(6), true);
    eight[6] = end(three(7), true);
    eight[7] = end(three(8), true);
    // The four highest and the four lowest come in order; merged they are eight in order.
    for (a, b) in MERGE_FOURS {
        exchange(&mut eight, a, b);
    }
    // The seventh smallest of eight sorted and five sorted ones.
    let mut found = eight[6];
    for n in 0..5 {
        let mut higher = five[n];
        raise(&mut higher, &eight[5 - n]);
        lower(&mut found, &higher);
    }
    found
}

/// The lowest or the highest of three.
#[inline]
fn end<T: Value>([mut a, b, c]: [Lanes<T>; 3], is_lowest: bool) -> Lanes<T> {
    let pull = if is_lowest { lower } else { raise };
    pull(&mut a, &b);
    pull(&mut a, &c);
    a
}

/// The middle one of three, and the lowest or the highest.
#[inline]
fn middle_and<T: Value>([a, b, c]: [Lanes<T>; 3], is_lowest: bool) -> (Lanes<T>, Lanes<T>) {
    let mut all = [a, b, c];
    exchange(&mut all, 0, 1);
    exchange(&mut all, 1, 2);
    exchange(&mut all, 0, 1);
    (all[1], if is_lowest { all[0] } else { all[2] })
}

#[inline]
fn lanes<T: Value>(row: &[T], from: usize) -> Lanes<T> {
    let mut made = [T::default(); LANES];
    made.copy_from_slice(&row[from..from + LANES]);
    made
}

#[inline]
fn lower<T: Value>(a: &mut Lanes<T>, b: &Lanes<T>) {
    for n in 0..LANES {
        a[n] = a[n].ordered(b[n]).0;
    }
}

#[inline]
fn raise<T: Value>(a: &mut Lanes<T>, b: &Lanes<T>) {
    for n in 0..LANES {
        a[n] = a[n].ordered(b[n]).1;
    }
}

/// Puts the lower one at `a` and the higher one at `b`.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a network is one straight run of minima and maxima")]
fn exchange<T: Value, const N: usize>(values: &mut [Lanes<T>; N], a: usize, b: usize) {
    for n in 0..LANES {
        (values[a][n], values[b][n]) = values[a][n].ordered(values[b][n]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_networks_sort_every_pattern_of_zeros_and_ones() {
        let run = |pattern: usize, n: usize, network: &[(usize, usize)]| {
            let mut bits: Vec<usize> = (0..n).map(|bit| pattern >> bit & 1).collect();
            for (a, b) in network {
                if bits[*a] > bits[*b] {
                    bits.swap(*a, *b);
                }
            }
            bits.is_sorted()
        };
        assert!((0..512).all(|pattern| run(pattern, 9, &SORT_NINE)));
        let fours = |n: usize| (0..=4).map(move |ones| (0xf0 >> ones & 0xf) << n);
        assert!(fours(0).flat_map(|a| fours(4).map(move |b| a | b)).all(|p| run(p, 8, &MERGE_FOURS)));
    }

    #[test]
    fn the_median_is_the_fourteenth_of_27() {
        for dims in [(5, 7, 70), (1, 1, 1), (2, 3, 33)] {
            let mut state = 3_u32;
            let values = Array3::from_shape_simple_fn(dims, || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as i16
            });
            let made = median(values.view(), &Progress::default()).unwrap();
            let (nk, nj, ni) = dims;
            for ((k, j, i), found) in made.indexed_iter() {
                let near = |at: usize, n: usize| [at.saturating_sub(1), at, (at + 1).min(n - 1)];
                let mut all = Vec::new();
                for k in near(k, nk) {
                    for j in near(j, nj) {
                        all.extend(near(i, ni).map(|i| values[[k, j, i]]));
                    }
                }
                all.sort_unstable();
                assert_eq!(*found, all[13]);
            }
        }
    }
}
