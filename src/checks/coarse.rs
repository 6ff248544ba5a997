//! Block means of about one millimetre: enough to tell what belongs together, small enough to keep.

use ndarray::ArrayView3;
use rayon::prelude::*;

use super::sample::Sample;

/// Cells that the coarse lattice may have at most; labels on it stay near 130 MB.
const MAX_CELLS: usize = 1 << 25;

/// Means of blocks of voxels.
pub(super) struct Coarse {
    /// Cells along i, j, k.
    pub dims: [usize; 3],
    /// Voxels per cell along i, j, k; the last cell of an axis may hold fewer.
    pub block: [usize; 3],
    /// Voxels along i, j, k of the image.
    pub voxels: [usize; 3],
    /// Mean HU, k slowest.
    pub values: Vec<i16>,
}

impl Coarse {
    /// Averages blocks as near to `target_mm` as the spacing allows.
    pub fn new<T: Sample>(values: ArrayView3<'_, T>, spacing_mm: [f64; 3], target_mm: f64) -> Self {
        let (nk, nj, ni) = values.dim();
        let voxels = [ni, nj, nk];
        let mut block =
            [0, 1, 2].map(|axis| ((target_mm / spacing_mm[axis]).round() as usize).clamp(1, voxels[axis]));
        let count =
            |block: [usize; 3]| (0..3).map(|axis| voxels[axis].div_ceil(block[axis])).product::<usize>();
        while count(block) > MAX_CELLS {
            // Coarsen the axis whose cells are shortest.
            let edge = |axis: usize| block[axis] as f64 * spacing_mm[axis];
            let axis = (0..3).min_by(|a, b| edge(*a).total_cmp(&edge(*b))).unwrap_or(0);
            block[axis] += 1;
        }
        let dims = [0, 1, 2].map(|axis| voxels[axis].div_ceil(block[axis]));
        let mut cells = vec![0i16; dims.iter().product()];
        cells.par_chunks_mut(dims[0] * dims[1]).enumerate().for_each_init(
            || (vec![0f32; dims[0]], vec![0u32; dims[0]]),
            |(sums, counts), (ck, plane)| {
                let depth = ck * block[2]..((ck + 1) * block[2]).min(nk);
                for (cj, line) in plane.chunks_mut(dims[0]).enumerate() {
                    sums.fill(0.0);
                    counts.fill(0);
                    for k in depth.clone() {
                        for j in cj * block[1]..((cj + 1) * block[1]).min(nj) {
                            let row = values.slice(ndarray::s![k, j, ..]);
                            add_row(row, block[0], sums, counts);
                        }
                    }
                    for ((cell, sum), n) in line.iter_mut().zip(&*sums).zip(&*counts) {
                        *cell = (sum / *n as f32).round() as i16;
                    }
                }
            },
        );
        Self { dims, block, voxels, values: cells }
    }

    /// Number of the cell (i, j, k).
    pub fn index(&self, [i, j, k]: [usize; 3]) -> usize {
        (k * self.dims[1] + j) * self.dims[0] + i
    }

    /// Cell (i, j, k) of a number.
    pub fn ijk(&self, index: usize) -> [usize; 3] {
        let (plane, i) = (index / self.dims[0], index % self.dims[0]);
        [i, plane % self.dims[1], plane / self.dims[1]]
    }

    /// The cell that holds a voxel.
    pub fn cell_of(&self, voxel: [usize; 3]) -> [usize; 3] {
        [0, 1, 2].map(|axis| voxel[axis] / self.block[axis])
    }

    /// Fractional voxel index of the middle of a cell.
    pub fn centre_ijk(&self, cell: [usize; 3]) -> [f64; 3] {
        [0, 1, 2].map(|axis| {
            let first = cell[axis] * self.block[axis];
            let last = ((cell[axis] + 1) * self.block[axis]).min(self.voxels[axis]) - 1;
            (first + last) as f64 / 2.0
        })
    }

    /// The cell `step` further along `axis`, if there is one.
    pub fn moved(&self, cell: [usize; 3], axis: usize, step: isize) -> Option<[usize; 3]> {
        let place = cell[axis].checked_add_signed(step)?;
        let mut moved = cell;
        moved[axis] = place;
        (place < self.dims[axis]).then_some(moved)
    }
}

/// Adds the voxels of a row to the cells they lie in.
fn add_row<T: Sample>(row: ndarray::ArrayView1<'_, T>, block: usize, sums: &mut [f32], counts: &mut [u32]) {
    // A contiguous row, which is the usual one, goes through in a tight loop.
    let owned;
    let row = if let Some(row) = row.as_slice() {
        row
    } else {
        owned = row.to_vec();
        &owned
    };
    for ((voxels, sum), n) in row.chunks(block).zip(sums).zip(counts) {
        *sum += voxels.iter().map(|value| value.hu()).sum::<f32>();
        *n += voxels.len() as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn blocks_hold_their_mean_and_the_last_one_its_rest() {
        let values = Array3::from_shape_fn((3, 2, 5), |(k, j, i)| (100 * k + 10 * j + i) as i16);
        let coarse = Coarse::new(values.view(), [0.5, 0.5, 1.0], 1.0);
        assert_eq!((coarse.dims, coarse.block), ([3, 1, 3], [2, 2, 1]));
        assert_eq!(coarse.values[0], 6); // (0 + 1 + 10 + 11) / 4, away from zero
        assert_eq!(coarse.values[2], 9); // (4 + 14) / 2
        let apart = |a: f64, b: f64| (a - b).abs();
        let centre = coarse.centre_ijk([2, 0, 1]);
        assert!(centre.into_iter().zip([4.0, 0.5, 1.0]).all(|(a, b)| apart(a, b) < 1e-12));
    }
}
