//! The exact euclidean distance transform on an anisotropic grid at right angles.
//!
//! One pass along each axis (A. Meijster and others, 2000; P. F. Felzenszwalb and
//! D. P. Huttenlocher, doi 10.4086/toc.2012.v008a019): along i from the runs, along j and k as the
//! lower envelope of parabolas. Columns are cut at voxels of distance 0, and only the box around
//! the voxels that have a distance is visited.

use ndarray::{Array3, ArrayViewMut1, ArrayViewMut2, Axis, s};
use rayon::prelude::*;

use super::bits::Bits;
use super::runs::Runs;
use crate::progress::{Cancelled, Progress};

/// Columns that are taken up together: two cache lines of float32, which come from memory as one.
const BLOCK: usize = 32;
/// Added to the length of a column, so that columns of 2^n voxels do not fall on the same cache lines.
const GAP: usize = 8;

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
    let [ni, nj, nk] = bits.dims_ijk();
    let mut made = Array3::from_elem((nk, nj, ni), 0.0);
    let Some([i, j, k]) = bits.bounds_ijk() else { return Ok(made) };
    let runs = Runs::new(bits, true);
    let steps = spacing_xyz_mm.map(|step| step as f32);
    let (across, through) = (Envelope::new(nj, steps[1]), Envelope::new(nk, steps[2]));
    progress.expect(k[1] - k[0] + 1 + j[1] - j[0] + 1);
    let planes = made.axis_iter_mut(Axis(0)).into_par_iter().enumerate();
    planes.filter(|(at, _)| (k[0]..=k[1]).contains(at)).try_for_each(|(k, mut plane)| {
        for (j, mut row) in plane.rows_mut().into_iter().enumerate() {
            if let Some(row) = row.as_slice_mut() {
                for run in runs.of_row(k * nj + j) {
                    along_run(row, runs.spans()[run], steps[0]);
                }
            }
        }
        across.columns(plane.slice_mut(s![.., i[0]..=i[1]]), false);
        progress.step()
    })?;
    let sheets = made.axis_iter_mut(Axis(1)).into_par_iter().enumerate();
    sheets.filter(|(at, _)| (j[0]..=j[1]).contains(at)).try_for_each(|(_, mut sheet)| {
        through.columns(sheet.slice_mut(s![.., i[0]..=i[1]]), true);
        progress.step()
    })?;
    Ok(made)
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
    let mut outside = bits.clone();
    outside.invert();
    let mut made = distance(&outside, spacing_xyz_mm, progress)?;
    drop(outside);
    let inside = distance(bits, spacing_xyz_mm, progress)?;
    // One of the two is 0.
    made.axis_iter_mut(Axis(0)).into_par_iter().zip(inside.axis_iter(Axis(0))).for_each(|(mut a, b)| {
        a.zip_mut_with(&b, |a, b| *a -= b);
    });
    Ok(made)
}

/// Squared distances to the ends of a run; infinite where the row ends first on both sides.
fn along_run(row: &mut [f32], [from, to]: [u32; 2], step: f32) {
    let (from, to, n) = (from as usize, to as usize, row.len());
    for i in from..to {
        let left = if from > 0 { i + 1 - from } else { usize::MAX };
        let right = if to < n { to - i } else { usize::MAX };
        let near = left.min(right);
        let mm = near as f32 * step;
        row[i] = if near == usize::MAX { f32::INFINITY } else { mm * mm };
    }
}

/// The lower envelope of parabolas along one axis.
struct Envelope {
    step2: f32,
    /// 1 / (2 step² n): how far the crossing of two parabolas n apart moves per difference in height.
    slopes: Vec<f32>,
}

/// The first whole number above a number that is not below -1; without a call of floor(), which the
/// baseline x86-64 has no instruction for.
fn after(number: f32) -> usize {
    (number.max(-1.0) + 1.0) as usize
}

/// A parabola on the envelope.
#[derive(Clone, Copy, Default)]
struct Site {
    index: u32,
    place: f32,
    height: f32,
    start: f32,
}

impl Envelope {
    fn new(n: usize, step: f32) -> Self {
        let step2 = step * step;
        Self { step2, slopes: (0..=n).map(|n| 1.0 / (2.0 * step2 * n as f32)).collect() }
    }

    /// Runs over all columns (along the first axis) of a sheet; takes the root when this is the last pass.
    fn columns(&self, sheet: ArrayViewMut2<'_, f32>, is_last: bool) {
        let mut rows: Vec<&mut [f32]> =
            sheet.into_outer_iter_mut().filter_map(ArrayViewMut1::into_slice).collect();
        let (n, width) = (rows.len(), rows.first().map_or(0, |row| row.len()));
        let pitch = n + GAP;
        let mut block = vec![0.0; BLOCK * pitch];
        let mut sites = vec![Site::default(); n];
        for from in (0..width).step_by(BLOCK) {
            let to = (from + BLOCK).min(width);
            let mut is_used = [false; BLOCK];
            for (at, row) in rows.iter().enumerate() {
                for (c, value) in row[from..to].iter().enumerate() {
                    block[c * pitch + at] = *value;
                    is_used[c] |= *value != 0.0;
                }
            }
            if !is_used.contains(&true) {
                continue;
            }
            for (column, _) in block.chunks_exact_mut(pitch).zip(is_used).filter(|(_, used)| *used) {
                let column = &mut column[..n];
                self.column(column, &mut sites);
                if is_last {
                    for value in &mut *column {
                        *value = value.sqrt();
                    }
                }
            }
            for (at, row) in rows.iter_mut().enumerate() {
                for (c, value) in row[from..to].iter_mut().enumerate() {
                    *value = block[c * pitch + at];
                }
            }
        }
    }

    /// Nothing beyond a 0 can be nearer than the 0: the stretches between are independent.
    fn column(&self, column: &mut [f32], sites: &mut [Site]) {
        let mut at = 0;
        while at < column.len() {
            if column[at] == 0.0 {
                at += 1;
                continue;
            }
            let start = at;
            while at < column.len() && column[at] != 0.0 {
                at += 1;
            }
            self.stretch(column, start, at, sites);
        }
    }

    fn stretch(&self, column: &mut [f32], start: usize, end: usize, sites: &mut [Site]) {
        let n = self.envelope(column, start, end, sites);
        for site in 0..n {
            let Site { place, height, start: from, .. } = sites[site];
            let to = if site + 1 < n { sites[site + 1].start } else { end as f32 };
            // A parabola rules from the voxel after its start on.
            let (from, to) = (after(from).max(start), after(to).min(end));
            for at in from..to {
                let apart = at as f32 - place;
                column[at] = height + apart * apart * self.step2;
            }
        }
    }

    /// Gathers the parabolas that are lowest somewhere between `start` and `end`; returns how many.
    fn envelope(&self, column: &[f32], start: usize, end: usize, sites: &mut [Site]) -> usize {
        let last = end as f32;
        let mut top = 0;
        for index in start.saturating_sub(1)..(end + 1).min(column.len()) {
            let (height, place) = (column[index], index as f32);
            if height == f32::INFINITY {
                continue;
            }
            let mut begin = f32::NEG_INFINITY;
            while top > 0 {
                let below = sites[top - 1];
                let slope = self.slopes[index - below.index as usize];
                let crossing = (place + below.place) * 0.5 + (height - below.height) * slope;
                if crossing > below.start {
                    begin = crossing;
                    break;
                }
                top -= 1;
            }
            // A parabola that rules only beyond the end is none of this stretch.
            if begin < last {
                sites[top] = Site { index: index as u32, place, height, start: begin };
                top += 1;
            }
        }
        top
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
    fn a_full_image_is_infinitely_far_from_its_outside() {
        let bits = Bits::from_bytes(Array3::from_elem((3, 4, 5), 1).view());
        let made = distance(&bits, [1.0; 3], &Progress::default()).unwrap();
        assert!(made.iter().all(|mm| mm.is_infinite()));
    }
}
