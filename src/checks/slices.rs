//! Slice by slice: constant, repeated or partly lost slices, and steps from one slice to the next.

use ndarray::{ArrayView2, ArrayView3, Axis};
use rayon::prelude::*;

use super::sample::Sample;

/// What one slice shows by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct SliceFacts {
    /// Lowest and highest value, HU.
    pub range_hu: [f32; 2],
    /// Rows of one single value right between rows with tissue.
    pub lost_rows: usize,
    /// An earlier slice with the very same values.
    pub same_as: Option<usize>,
}

/// What changes from a slice to the next.
#[derive(Debug, Clone, PartialEq)]
pub struct PairShift {
    /// Sideways movement along columns and rows, mm, to first order.
    pub shift_xy_mm: [f64; 2],
    /// Median change of soft tissue, HU; NaN where there is too little.
    pub soft_step_hu: f64,
    /// Median change of everything, HU.
    pub step_hu: f64,
}

/// Cells of a reduced slice are about this wide, so that small shifts are less than a cell.
const CELL_MM: f64 = 2.0;
/// Values are clipped here: skin and bone edges count alike, metal and noise in air do not.
const CLIP_HU: [f32; 2] = [-200.0, 600.0];
const TISSUE_HU: f32 = -300.0;
/// Neighbouring cells of one tissue differ by less, noise included.
const FLAT_HU: f32 = 60.0;

pub(super) fn slice_facts<T: Sample>(values: ArrayView3<'_, T>) -> Vec<SliceFacts> {
    let planes: Vec<_> = values.axis_iter(Axis(0)).collect();
    let found: Vec<_> =
        planes.par_iter().map(|plane| (hash(plane), range(plane), lost_rows(plane))).collect();
    let mut order: Vec<usize> = (0..planes.len()).collect();
    order.sort_by_key(|k| (found[*k].0, *k));
    let mut same_as = vec![None; planes.len()];
    for pair in order.windows(2) {
        if found[pair[0]].0 == found[pair[1]].0 && planes[pair[0]] == planes[pair[1]] {
            same_as[pair[1]] = Some(pair[0]);
        }
    }
    let facts = found.into_iter().zip(same_as);
    facts.map(|((_, range_hu, lost_rows), same_as)| SliceFacts { range_hu, lost_rows, same_as }).collect()
}

fn range<T: Sample>(plane: &ArrayView2<'_, T>) -> [f32; 2] {
    let start = plane[[0, 0]];
    let least = |a: T, b: T| if b < a { b } else { a };
    let most = |a: T, b: T| if b > a { b } else { a };
    let (low, high) = plane.rows().into_iter().fold((start, start), |bounds, row| {
        row.iter().fold(bounds, |(low, high), value| (least(low, *value), most(high, *value)))
    });
    [low.hu(), high.hu()]
}

/// FNV-1a over whole values, in four strands that the processor can follow at once; equality is
/// checked afterwards.
fn hash<T: Sample>(plane: &ArrayView2<'_, T>) -> u64 {
    let mut strands = [0xcbf2_9ce4_8422_2325_u64; 4];
    for row in plane.rows() {
        for (n, value) in row.iter().enumerate() {
            let strand = &mut strands[n & 3];
            *strand = (*strand ^ u64::from(value.bits())).wrapping_mul(0x100_0000_01b3);
        }
    }
    strands.iter().fold(0, |hash, strand| (hash ^ strand).wrapping_mul(0x100_0000_01b3))
}

fn lost_rows<T: Sample>(plane: &ArrayView2<'_, T>) -> usize {
    // Only rows of one value can be lost, and those are soon told from others.
    let is_constant = |row: &ndarray::ArrayView1<'_, T>| row.iter().all(|value| *value == row[0]);
    let constant: Vec<bool> = plane.rows().into_iter().map(|row| is_constant(&row)).collect();
    if !constant.contains(&true) {
        return 0;
    }
    let rows: Vec<_> = plane.rows().into_iter().collect();
    let has_tissue = |row: &ndarray::ArrayView1<'_, T>| {
        row.iter().filter(|value| value.hu() > TISSUE_HU).count() > row.len() / 20
    };
    let Some(first) = rows.iter().position(has_tissue) else { return 0 };
    let last = rows.iter().rposition(has_tissue).unwrap_or(first);
    // Between the chin and the neck there may be nothing but air, of one value where a scanner cuts it
    // off; but there the tissue fades out, while rows that were lost tear it.
    let (mut lost, mut row) = (0, first);
    while row <= last {
        let run = constant[row..=last].iter().take_while(|constant| **constant).count();
        if run > 0
            && row > first
            && row + run <= last
            && has_tissue(&rows[row - 1])
            && has_tissue(&rows[row + run])
        {
            lost += run;
        }
        row += run.max(1);
    }
    lost
}

struct Reduced {
    columns: usize,
    rows: usize,
    raw: Vec<f32>,
}

impl Reduced {
    /// Whether a cell and its four neighbours hold one soft tissue: where an edge passes through, a
    /// change from slice to slice is anatomy.
    fn is_flat(&self, n: usize) -> bool {
        let here = self.raw[n];
        let row = n / self.columns;
        let inside = row > 0
            && row + 1 < self.rows
            && !n.is_multiple_of(self.columns)
            && !(n + 1).is_multiple_of(self.columns);
        inside
            && (-250.0..350.0).contains(&here)
            && [n - 1, n + 1, n - self.columns, n + self.columns]
                .iter()
                .all(|near| (self.raw[*near] - here).abs() < FLAT_HU)
    }
}

fn reduced<T: Sample>(plane: &ArrayView2<'_, T>, block: [usize; 2]) -> Reduced {
    let (nj, ni) = plane.dim();
    let (columns, rows) = (ni / block[0], nj / block[1]);
    let mut raw = vec![0f32; columns * rows];
    for (j, row) in plane.rows().into_iter().take(rows * block[1]).enumerate() {
        let line = &mut raw[j / block[1] * columns..][..columns];
        for (i, value) in row.iter().take(columns * block[0]).enumerate() {
            line[i / block[0]] += value.hu();
        }
    }
    let n = (block[0] * block[1]) as f32;
    for sum in &mut raw {
        *sum /= n;
    }
    Reduced { columns, rows, raw }
}

/// Compares each slice with the next.
pub(super) fn pair_shifts<T: Sample>(values: ArrayView3<'_, T>, spacing_mm: [f64; 2]) -> Vec<PairShift> {
    let block = [0, 1].map(|axis| ((CELL_MM / spacing_mm[axis]).round() as usize).max(1));
    let cell_mm = [block[0] as f64 * spacing_mm[0], block[1] as f64 * spacing_mm[1]];
    let planes: Vec<_> = values.axis_iter(Axis(0)).collect();
    let small: Vec<Reduced> = planes.par_iter().map(|plane| reduced(plane, block)).collect();
    small.par_windows(2).map(|pair| pair_shift(&pair[0], &pair[1], cell_mm)).collect()
}

/// One step of Lucas and Kanade (1981) over the whole slice, and the median change.
fn pair_shift(a: &Reduced, b: &Reduced, cell_mm: [f64; 2]) -> PairShift {
    let clip = |value: f32| f64::from(value.clamp(CLIP_HU[0], CLIP_HU[1]));
    let mean = |n: usize| 0.5 * (clip(a.raw[n]) + clip(b.raw[n]));
    let (mut xx, mut xy, mut yy, mut xt, mut yt) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for j in 1..a.rows.saturating_sub(1) {
        for i in 1..a.columns.saturating_sub(1) {
            let n = j * a.columns + i;
            let gx = 0.5 * (mean(n + 1) - mean(n - 1));
            let gy = 0.5 * (mean(n + a.columns) - mean(n - a.columns));
            let t = clip(b.raw[n]) - clip(a.raw[n]);
            (xx, xy, yy, xt, yt) = (xx + gx * gx, xy + gx * gy, yy + gy * gy, xt + gx * t, yt + gy * t);
        }
    }
    let determinant = xx * yy - xy * xy;
    let solvable = determinant > 1e-6 * (xx + yy).powi(2) && xx + yy > 0.0;
    let shift = if solvable {
        [-(yy * xt - xy * yt) / determinant, -(xx * yt - xy * xt) / determinant]
    } else {
        [f64::NAN; 2]
    };
    let pairs = || a.raw.iter().zip(&b.raw);
    let soft: Vec<f32> =
        (0..a.raw.len()).filter(|n| a.is_flat(*n) && b.is_flat(*n)).map(|n| b.raw[n] - a.raw[n]).collect();
    PairShift {
        shift_xy_mm: [shift[0] * cell_mm[0], shift[1] * cell_mm[1]],
        soft_step_hu: if soft.len() >= 200 { median(soft) } else { f64::NAN },
        step_hu: median(pairs().map(|(a, b)| b - a).collect()),
    }
}

pub(super) fn median(mut values: Vec<f32>) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let middle = values.len() / 2;
    f64::from(*values.select_nth_unstable_by(middle, f32::total_cmp).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    fn head(shift: [f64; 2], k: usize) -> impl Fn(usize, usize) -> f32 {
        move |j, i| {
            let (x, y) = (i as f64 - 64.0 - shift[0], j as f64 - 60.0 - shift[1]);
            let radius = (x / 40.0).hypot(y / 50.0) * (1.0 + 0.001 * k as f64);
            (-1000.0 + 1040.0 / (1.0 + (40.0 * (radius - 1.0)).exp())) as f32
        }
    }

    #[test]
    fn a_sideways_step_is_measured_and_slow_change_is_not_one() {
        let moved = |k: usize| if k >= 5 { [1.5, -0.8] } else { [0.0; 2] };
        let values = Array3::from_shape_fn((10, 128, 128), |(k, j, i)| head(moved(k), k)(j, i));
        let shifts = pair_shifts(values.view(), [1.0, 1.0]);
        for (k, shift) in shifts.iter().enumerate() {
            let truth = if k == 4 { [1.5, -0.8] } else { [0.0; 2] };
            for axis in 0..2 {
                // To first order, so a large step comes out up to a quarter too long.
                assert!(
                    (shift.shift_xy_mm[axis] - truth[axis]).abs() < 0.05 + 0.25 * f64::abs(truth[axis]),
                    "{k}: {shift:?}"
                );
            }
        }
    }

    #[test]
    fn repeated_and_partly_lost_slices_are_named() {
        let mut values =
            Array3::from_shape_fn((6, 64, 64), |(k, j, i)| ((i * 31 + j * 17 + k * 7) % 90) as i16);
        let copy = values.index_axis(Axis(0), 2).to_owned();
        values.index_axis_mut(Axis(0), 3).assign(&copy);
        values.slice_mut(ndarray::s![5, 20..23, ..]).fill(-1000);
        let facts = slice_facts(values.view());
        assert_eq!(facts[3].same_as, Some(2));
        assert_eq!(facts.iter().filter(|facts| facts.same_as.is_some()).count(), 1);
        assert_eq!(facts[5].lost_rows, 3);
    }

    #[test]
    fn air_between_chin_and_neck_is_no_lost_row() {
        // Tissue that fades out over two rows on either side of rows of one value.
        let row = [40, 40, -600, -990, -1000, -1000, -990, -600, 40, 40];
        let values = Array3::from_shape_fn((2, 10, 64), |(k, j, i)| {
            if (20..40).contains(&i) { row[j] + k as i16 } else { -1000 + k as i16 }
        });
        assert_eq!(slice_facts(values.view())[0].lost_rows, 0);
    }
}
