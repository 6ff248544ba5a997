//! The exact euclidean distance transform on an anisotropic grid at right angles.
//!
//! One pass along each axis (A. Meijster and others, 2000; P. F. Felzenszwalb and
//! D. P. Huttenlocher, doi 10.4086/toc.2012.v008a019): along i from the runs, along j and k as the
//! lower envelope of parabolas. Both sides of a mask are measured in the same passes: a set voxel
//! carries its squared distance with a minus. With one side asked for, only the box around its
//! voxels is visited.

use ndarray::{Array3, Axis, s};
use rayon::prelude::*;

use super::bits::Bits;
use super::envelope::{Envelope, Workspace};
use super::runs::Runs;
use crate::progress::{Cancelled, Progress};

/// Distance of every set voxel to the nearest unset one, mm; 0 for unset voxels, infinity where
/// nothing is unset.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn distance(
    bits: &Bits,
    spacing_xyz_mm: [f64; 3],
    progress: &Progress,
) -> Result<Array3<f32>, Cancelled> {
    measure(bits, spacing_xyz_mm, false, progress)
}

/// Distance to the surface of a mask, mm: of voxels outside to the nearest one inside, and of voxels
/// inside to the nearest one outside, with a minus.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn signed_distance(
    bits: &Bits,
    spacing_xyz_mm: [f64; 3],
    progress: &Progress,
) -> Result<Array3<f32>, Cancelled> {
    measure(bits, spacing_xyz_mm, true, progress)
}

fn measure(
    bits: &Bits,
    spacing_xyz_mm: [f64; 3],
    is_signed: bool,
    progress: &Progress,
) -> Result<Array3<f32>, Cancelled> {
    let dims = bits.dims_ijk();
    let mut made = Array3::from_elem((dims[2], dims[1], dims[0]), 0.0);
    let Some([i, j, k]) = (if is_signed { whole(dims) } else { box_with_rim(bits) }) else {
        return Ok(made);
    };
    let runs = Runs::new(bits, true);
    let steps = spacing_xyz_mm.map(|step| step as f32);
    let across = Envelope::new(j[1] - j[0], steps[1]);
    let through = Envelope::new(k[1] - k[0], steps[2]);
    progress.expect(k[1] - k[0] + j[1] - j[0]);
    let mut part = made.slice_mut(s![k[0]..k[1], j[0]..j[1], ..]);
    part.axis_iter_mut(Axis(0)).into_par_iter().enumerate().try_for_each_init(
        || Workspace::new(across.len()),
        |space, (at, mut plane)| {
            for (row_at, mut row) in plane.rows_mut().into_iter().enumerate() {
                if let Some(row) = row.as_slice_mut() {
                    let of_row = runs.of_row((k[0] + at) * dims[1] + j[0] + row_at);
                    along_row(row, &runs.spans()[of_row], steps[0], is_signed);
                }
            }
            across.run(plane.slice_mut(s![.., i[0]..i[1]]), space, |_| {});
            progress.step()
        },
    )?;
    part.axis_iter_mut(Axis(1)).into_par_iter().try_for_each_init(
        || Workspace::new(through.len()),
        |space, mut sheet| {
            let sheet = sheet.slice_mut(s![.., i[0]..i[1]]);
            through.run(sheet, space, if is_signed { signed_roots } else { roots });
            progress.step()
        },
    )?;
    Ok(made)
}

fn whole(dims_ijk: [usize; 3]) -> Option<[[usize; 2]; 3]> {
    dims_ijk.iter().all(|n| *n > 0).then_some(dims_ijk.map(|n| [0, n]))
}

/// The box around the set voxels and the unset ones next to it; first index, and index after the last.
fn box_with_rim(bits: &Bits) -> Option<[[usize; 2]; 3]> {
    let (dims, bounds) = (bits.dims_ijk(), bits.bounds_ijk()?);
    Some(std::array::from_fn(|axis| {
        let [low, high] = bounds[axis];
        [low.saturating_sub(1), (high + 2).min(dims[axis])]
    }))
}

fn signed_roots(column: &mut [f32]) {
    for value in column {
        *value = value.abs().sqrt().copysign(*value);
    }
}

fn roots(column: &mut [f32]) {
    for value in column {
        *value = value.abs().sqrt();
    }
}

/// Squared distances along a row: with a minus in the runs that are set, and between them where both
/// sides are asked for.
fn along_row(row: &mut [f32], runs: &[[u32; 2]], step: f32, is_signed: bool) {
    let mut from = 0;
    for run in runs {
        let [start, end] = run.map(|n| n as usize);
        if is_signed && from < start {
            along_run(row, from, start, step, 1.0);
        }
        along_run(row, start, end, step, -1.0);
        from = end;
    }
    if is_signed && from < row.len() {
        along_run(row, from, row.len(), step, 1.0);
    }
}

/// Squared distances to the ends of a run; infinite where the row ends first on both sides.
fn along_run(row: &mut [f32], from: usize, to: usize, step: f32, sign: f32) {
    let (n, length) = (row.len(), to - from);
    let n_left = match (from > 0, to < n) {
        (false, false) => return row.fill(sign * f32::INFINITY),
        (true, true) => length.div_ceil(2),
        (true, false) => length,
        (false, true) => 0,
    };
    let squared = |near: usize| {
        let mm = near as f32 * step;
        sign * (mm * mm)
    };
    let (left, right) = row[from..to].split_at_mut(n_left);
    for (at, value) in left.iter_mut().enumerate() {
        *value = squared(at + 1);
    }
    let n_right = right.len();
    for (at, value) in right.iter_mut().enumerate() {
        *value = squared(n_right - at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brute(bytes: &Array3<u8>, spacing: [f64; 3]) -> Array3<f32> {
        Array3::from_shape_fn(bytes.dim(), |(k, j, i)| {
            let nearest = bytes.indexed_iter().filter(|(_, byte)| **byte == 0).map(|((c, b, a), _)| {
                let apart = [(i, a), (j, b), (k, c)].map(|(x, y)| x as f64 - y as f64);
                (0..3).map(|n| (apart[n] * spacing[n]).powi(2)).sum::<f64>()
            });
            if bytes[[k, j, i]] == 0 { 0.0 } else { nearest.fold(f64::INFINITY, f64::min).sqrt() as f32 }
        })
    }

    #[test]
    fn the_distance_is_that_of_a_search_through_all_voxels() {
        let spacing = [0.45, 0.7, 1.3];
        let mut state = 5_u32;
        for rare in [2, 5, 9] {
            let bytes = Array3::from_shape_simple_fn((9, 11, 21), || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                u8::from(state >> (32 - rare) != 0)
            });
            let bits = Bits::from_bytes(bytes.view());
            let made = distance(&bits, spacing, &Progress::default()).unwrap();
            let expected = brute(&bytes, spacing);
            for (a, b) in made.iter().zip(&expected) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
            let signed = signed_distance(&bits, spacing, &Progress::default()).unwrap();
            let outside = brute(&bytes.mapv(|byte| 1 - byte), spacing);
            for ((a, b), c) in signed.iter().zip(&outside).zip(&expected) {
                assert!((a - (b - c)).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn long_columns_are_measured_across_words_and_blocks() {
        let mut state = 11_u32;
        for dims in [(1, 150, 40), (150, 1, 37), (1, 1, 200), (70, 66, 1), (65, 2, 33), (2, 3, 1)] {
            for [rare, side] in [[7, 0], [7, 1], [3, 1]] {
                let bytes = Array3::from_shape_simple_fn(dims, || {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    u8::from(state >> (32 - rare) != 0) ^ side as u8
                });
                let spacing = [0.5, 3.0, 0.25];
                let made =
                    signed_distance(&Bits::from_bytes(bytes.view()), spacing, &Progress::default()).unwrap();
                let (inside, outside) =
                    (brute(&bytes, spacing), brute(&bytes.mapv(|byte| 1 - byte), spacing));
                for ((a, b), c) in made.iter().zip(&outside).zip(&inside) {
                    let expected = b - c;
                    let is_same = a.total_cmp(&expected).is_eq() || (a - expected).abs() < 1e-5;
                    assert!(is_same, "{a} {b} {c}");
                }
            }
        }
    }

    #[test]
    fn a_full_image_is_infinitely_far_from_its_outside() {
        let bits = Bits::from_bytes(Array3::from_elem((3, 4, 5), 1).view());
        let made = distance(&bits, [1.0; 3], &Progress::default()).unwrap();
        assert!(made.iter().all(|mm| mm.is_infinite()));
    }
}
