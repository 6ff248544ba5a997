//! A binary volume as runs of voxels along its rows.

use rayon::prelude::*;

use super::bits::Bits;

/// The runs of every row, in the order of the voxels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runs {
    dims_ijk: [usize; 3],
    /// Index of the first run of each row; one more entry than rows.
    row_starts: Vec<u32>,
    /// First index, and index after the last, along i.
    spans: Vec<[u32; 2]>,
}

impl Runs {
    /// Finds the runs of set voxels, or of unset ones.
    pub fn new(bits: &Bits, of_set: bool) -> Self {
        let dims_ijk = bits.dims_ijk();
        let [ni, nj, _] = dims_ijk;
        let (width, last) = (bits.width(), bits.last_word());
        let planes: Vec<(Vec<u32>, Vec<[u32; 2]>)> = bits
            .words()
            .par_chunks(bits.plane_len().max(1))
            .map(|plane| {
                let (mut counts, mut spans) = (Vec::with_capacity(nj), Vec::new());
                for row in plane.chunks(width) {
                    let before = spans.len();
                    find(row, ni, of_set, last, &mut spans);
                    counts.push((spans.len() - before) as u32);
                }
                (counts, spans)
            })
            .collect();
        let mut row_starts = Vec::with_capacity(planes.len() * nj + 1);
        let mut spans = Vec::with_capacity(planes.iter().map(|plane| plane.1.len()).sum());
        let mut start = 0;
        for (counts, plane) in planes {
            for count in counts {
                row_starts.push(start);
                start += count;
            }
            spans.extend_from_slice(&plane);
        }
        row_starts.push(start);
        Self { dims_ijk, row_starts, spans }
    }

    /// Number of voxels along i, j and k.
    pub fn dims_ijk(&self) -> [usize; 3] {
        self.dims_ijk
    }

    /// All runs.
    pub fn spans(&self) -> &[[u32; 2]] {
        &self.spans
    }

    /// Numbers of the runs of a row; `row` is k nj + j.
    #[inline]
    pub fn of_row(&self, row: usize) -> std::ops::Range<usize> {
        self.row_starts[row] as usize..self.row_starts[row + 1] as usize
    }

    /// Number of voxels in a run.
    #[inline]
    pub fn len_of(&self, run: usize) -> u64 {
        u64::from(self.spans[run][1] - self.spans[run][0])
    }
}

/// Where a row changes between set and unset, read from the words: one step per change, not per voxel.
fn find(row: &[u64], ni: usize, of_set: bool, last: u64, spans: &mut Vec<[u32; 2]>) {
    let flip = if of_set { 0 } else { u64::MAX };
    let (mut carry, mut from) = (0, None);
    for (n, word) in row.iter().enumerate() {
        let mut word = word ^ flip;
        if n + 1 == row.len() {
            word &= last;
        }
        let mut changes = word ^ (word << 1 | carry);
        carry = word >> 63;
        while changes != 0 {
            let at = 64 * n as u32 + changes.trailing_zeros();
            changes &= changes - 1;
            match from.take() {
                None => from = Some(at),
                Some(start) => spans.push([start, at]),
            }
        }
    }
    if let Some(start) = from {
        spans.push([start, ni as u32]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn runs_cross_words_and_end_with_the_row() {
        let mut bytes = Array3::zeros((1, 3, 128));
        bytes.slice_mut(ndarray::s![0, 0, 60..70]).fill(1);
        bytes.slice_mut(ndarray::s![0, 2, 100..128]).fill(1);
        bytes[[0, 2, 0]] = 1;
        let bits = Bits::from_bytes(bytes.view());
        let runs = Runs::new(&bits, true);
        assert_eq!(runs.spans(), [[60, 70], [0, 1], [100, 128]]);
        assert_eq!([0, 1, 2].map(|row| runs.of_row(row)), [0..1, 1..1, 1..3]);
        let gaps = Runs::new(&bits, false);
        assert_eq!(gaps.spans(), [[0, 60], [70, 128], [0, 128], [1, 100]]);
    }
}
