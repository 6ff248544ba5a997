//! A binary volume, 64 voxels a word.

use ndarray::{Array3, ArrayView1, ArrayView3, Axis};
use rayon::prelude::*;

use super::pack::{pack, unpack};
use super::value::Value;

/// Which voxels are set. Rows run along i and are padded to whole words; padding is never set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bits {
    dims_ijk: [usize; 3],
    width: usize,
    words: Vec<u64>,
}

impl Bits {
    /// Nothing set.
    pub fn new(dims_ijk: [usize; 3]) -> Self {
        let width = dims_ijk[0].div_ceil(64);
        Self { dims_ijk, width, words: vec![0; width * dims_ijk[1] * dims_ijk[2]] }
    }

    /// Sets what is not zero.
    pub fn from_bytes(bytes: ArrayView3<'_, u8>) -> Self {
        Self::of(bytes, |byte| byte != 0)
    }

    /// Sets the values from `lower` to `upper`, both counted in. NaN is in no range.
    pub fn threshold<T: Value>(values: ArrayView3<'_, T>, lower: f64, upper: f64) -> Self {
        match T::within(lower, upper) {
            // Both comparisons always: without a branch they are done 16 values at a time.
            #[allow(clippy::needless_bitwise_bool)]
            Some((low, high)) => Self::of(values, |value| (value >= low) & (value <= high)),
            None => Self::new(dims(&values)),
        }
    }

    /// Sets what a test accepts.
    pub(super) fn of<T: Copy + Sync + Send>(
        values: ArrayView3<'_, T>,
        test: impl Fn(T) -> bool + Sync,
    ) -> Self {
        let mut made = Self::new(dims(&values));
        let (width, planes) = (made.width, values.axis_iter(Axis(0)).into_par_iter());
        let plane_len = made.plane_len().max(1);
        planes.zip(made.words.par_chunks_mut(plane_len)).for_each(|(plane, words)| {
            for (row, words) in plane.rows().into_iter().zip(words.chunks_mut(width)) {
                match row.as_slice() {
                    Some(row) => pack_row(row, words, &test),
                    None => pack_strided(row, words, &test),
                }
            }
        });
        made
    }

    /// Sets rows: `fill(j, k, words)` is asked for each of them; what it sets in the padding is dropped.
    pub fn from_rows(dims_ijk: [usize; 3], fill: impl Fn(usize, usize, &mut [u64]) + Sync) -> Self {
        let mut made = Self::new(dims_ijk);
        let (width, last, plane_len) = (made.width, made.last_word(), made.plane_len().max(1));
        made.words.par_chunks_mut(plane_len).enumerate().for_each(|(k, plane)| {
            for (j, row) in plane.chunks_mut(width).enumerate() {
                fill(j, k, row);
                if let Some(word) = row.last_mut() {
                    *word &= last;
                }
            }
        });
        made
    }

    /// 1 where set, else 0.
    pub fn to_bytes(&self) -> Array3<u8> {
        let [ni, nj, nk] = self.dims_ijk;
        let mut bytes = Array3::zeros((nk, nj, ni));
        bytes.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(k, mut plane)| {
            for (j, mut row) in plane.rows_mut().into_iter().enumerate() {
                if let Some(row) = row.as_slice_mut() {
                    unpack_row(self.row(j, k), row);
                }
            }
        });
        bytes
    }

    /// Number of voxels along i, j and k.
    pub fn dims_ijk(&self) -> [usize; 3] {
        self.dims_ijk
    }

    /// Words in a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Words in a slice.
    pub(super) fn plane_len(&self) -> usize {
        self.width * self.dims_ijk[1]
    }

    /// The words of a row.
    #[inline]
    pub fn row(&self, j: usize, k: usize) -> &[u64] {
        let start = (k * self.dims_ijk[1] + j) * self.width;
        &self.words[start..start + self.width]
    }

    /// All words.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// All words, to be changed; padding must stay unset.
    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        &mut self.words
    }

    /// Whether a voxel is set.
    #[inline]
    pub fn get(&self, i: usize, j: usize, k: usize) -> bool {
        self.row(j, k)[i / 64] >> (i % 64) & 1 != 0
    }

    /// The bits of the last word of a row that are voxels.
    pub(super) fn last_word(&self) -> u64 {
        match self.dims_ijk[0] % 64 {
            0 => u64::MAX,
            rest => (1 << rest) - 1,
        }
    }

    /// Number of voxels set.
    pub fn count(&self) -> usize {
        self.words.par_chunks(1 << 16).map(count).sum()
    }

    /// Sets what is unset and the other way round.
    pub fn invert(&mut self) {
        let (width, last) = (self.width, self.last_word());
        self.words.par_chunks_mut((self.width * self.dims_ijk[1]).max(1)).for_each(|plane| {
            for row in plane.chunks_mut(width) {
                for word in &mut *row {
                    *word = !*word;
                }
                if let Some(word) = row.last_mut() {
                    *word &= last;
                }
            }
        });
    }

    /// First and last index that is set along i, j and k; None when nothing is.
    pub fn bounds_ijk(&self) -> Option<[[usize; 2]; 3]> {
        let planes: Vec<Option<[[usize; 2]; 2]>> =
            self.words.par_chunks(self.plane_len().max(1)).map(|plane| self.plane_bounds(plane)).collect();
        let low_k = planes.iter().position(Option::is_some)?;
        let high_k = planes.iter().rposition(Option::is_some)?;
        let [i, j] = planes
            .into_iter()
            .flatten()
            .reduce(|a, b| [0, 1].map(|axis| [a[axis][0].min(b[axis][0]), a[axis][1].max(b[axis][1])]))?;
        Some([i, j, [low_k, high_k]])
    }

    fn plane_bounds(&self, plane: &[u64]) -> Option<[[usize; 2]; 2]> {
        let mut seen = vec![0; self.width];
        let (mut low_j, mut high_j) = (usize::MAX, 0);
        for (j, row) in plane.chunks(self.width).enumerate() {
            if row.iter().any(|word| *word != 0) {
                seen.iter_mut().zip(row).for_each(|(seen, word)| *seen |= word);
                low_j = low_j.min(j);
                high_j = j;
            }
        }
        let first = seen.iter().position(|word| *word != 0)?;
        let last = seen.iter().rposition(|word| *word != 0)?;
        let low = 64 * first + seen[first].trailing_zeros() as usize;
        let high = 64 * last + 63 - seen[last].leading_zeros() as usize;
        Some([[low, high], [low_j, high_j]])
    }
}

fn dims<T>(values: &ArrayView3<'_, T>) -> [usize; 3] {
    let (nk, nj, ni) = values.dim();
    [ni, nj, nk]
}

fn count(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

fn pack_row<T: Copy>(row: &[T], words: &mut [u64], test: &impl Fn(T) -> bool) {
    let (chunks, rest) = row.as_chunks::<64>();
    let mut bytes = [0; 64];
    for (chunk, word) in chunks.iter().zip(words.iter_mut()) {
        for n in 0..64 {
            bytes[n] = u8::from(test(chunk[n]));
        }
        *word = pack(&bytes);
    }
    if let (false, Some(word)) = (rest.is_empty(), words.last_mut()) {
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(rest).for_each(|(byte, value)| *byte = u8::from(test(*value)));
        *word = pack(&bytes);
    }
}

fn pack_strided<T: Copy>(row: ArrayView1<'_, T>, words: &mut [u64], test: &impl Fn(T) -> bool) {
    for (i, value) in row.iter().enumerate() {
        words[i / 64] |= u64::from(test(*value)) << (i % 64);
    }
}

fn unpack_row(words: &[u64], row: &mut [u8]) {
    let (chunks, rest) = row.as_chunks_mut::<64>();
    for (chunk, word) in chunks.iter_mut().zip(words) {
        // Most words lie wholly inside or outside.
        match *word {
            0 => chunk.fill(0),
            u64::MAX => chunk.fill(1),
            word => unpack_word(word, chunk),
        }
    }
    if let (false, Some(word)) = (rest.is_empty(), words.last()) {
        let mut chunk = [0; 64];
        unpack_word(*word, &mut chunk);
        rest.copy_from_slice(&chunk[..rest.len()]);
    }
}

fn unpack_word(word: u64, chunk: &mut [u8; 64]) {
    let bytes = word.to_le_bytes();
    for (eight, byte) in chunk.as_chunks_mut::<8>().0.iter_mut().zip(bytes) {
        *eight = unpack(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(dims: [usize; 3]) -> Array3<u8> {
        let [ni, nj, nk] = dims;
        let mut state = 7_u32;
        Array3::from_shape_simple_fn((nk, nj, ni), || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u8::from(state >> 29 == 0)
        })
    }

    #[test]
    fn bytes_of_any_width_and_stride_go_there_and_back() {
        for ni in [1, 7, 8, 63, 64, 65, 128, 131] {
            let bytes = noise([ni, 5, 3]);
            let bits = Bits::from_bytes(bytes.view());
            assert_eq!(bits.to_bytes(), bytes);
            assert_eq!(bits.count(), bytes.iter().filter(|byte| **byte != 0).count());
            let turned = bytes.view().reversed_axes();
            assert_eq!(Bits::from_bytes(turned).to_bytes(), turned);
            let mut inverse = bits.clone();
            inverse.invert();
            assert_eq!(inverse.count(), bytes.len() - bits.count());
        }
    }

    #[test]
    fn the_bounds_are_those_of_the_set_voxels() {
        let mut bytes = Array3::zeros((9, 8, 200));
        assert_eq!(Bits::from_bytes(bytes.view()).bounds_ijk(), None);
        bytes[[2, 7, 63]] = 1;
        bytes[[5, 3, 130]] = 1;
        assert_eq!(Bits::from_bytes(bytes.view()).bounds_ijk(), Some([[63, 130], [3, 7], [2, 5]]));
    }
}
