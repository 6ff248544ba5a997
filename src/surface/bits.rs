//! One bit for each sample: inside or not. A row of a CT is eight words, so that the empty and the
//! solid parts of an image are passed over 64 samples at a time.

use rayon::prelude::*;

use super::field::{Field, Sample};
use crate::progress::{Cancelled, Progress};

/// The inside samples of an image and of the layer around it.
pub(super) struct Bits {
    words: Vec<u64>,
    n_words: usize,
    n_samples: [usize; 3],
}

impl Bits {
    /// Compares every sample with the level.
    pub fn of<T: Sample>(field: &Field<'_, T>, progress: &Progress) -> Result<Self, Cancelled> {
        let n_samples = field.n_samples();
        let [ni, nj, nk] = n_samples;
        let n_words = ni.div_ceil(64);
        let mut words = vec![0; n_words * nj * nk];
        if let Some(least) = T::least_inside(field.level) {
            words.par_chunks_mut(n_words * nj).enumerate().try_for_each(|(k, slab)| {
                progress.check()?;
                let k = k.wrapping_sub(field.pad);
                if k < field.values.dim().0 {
                    for (j, row) in slab.chunks_mut(n_words).skip(field.pad).enumerate() {
                        if j < field.values.dim().1 {
                            fill_row(field, least, [j, k], row);
                        }
                    }
                }
                Ok(())
            })?;
        }
        Ok(Self { words, n_words, n_samples })
    }

    /// Words in a row.
    pub fn n_words(&self) -> usize {
        self.n_words
    }

    /// Samples along i, j and k.
    pub fn n_samples(&self) -> [usize; 3] {
        self.n_samples
    }

    /// One row.
    pub fn row(&self, j: usize, k: usize) -> &[u64] {
        let first = (k * self.n_samples[1] + j) * self.n_words;
        &self.words[first..first + self.n_words]
    }

    /// Whether one sample is inside.
    pub fn get(&self, [i, j, k]: [usize; 3]) -> bool {
        self.row(j, k)[i / 64] >> (i % 64) & 1 == 1
    }
}

fn fill_row<T: Sample>(field: &Field<'_, T>, least: T, [j, k]: [usize; 2], row: &mut [u64]) {
    let line = field.values.slice(ndarray::s![k, j, ..]);
    let mask = field.within.map(|within| within.slice_move(ndarray::s![k, j, ..]));
    if let (Some(line), None) = (line.as_slice(), mask) {
        return pack(line, |value| value.reaches(least), field.pad, row);
    }
    let inside = |i: usize| line[i].reaches(least) && mask.is_none_or(|mask| mask[i]);
    for i in (0..line.len()).filter(|&i| inside(i)) {
        row[(i + field.pad) / 64] |= 1 << ((i + field.pad) % 64);
    }
}

/// Packs one bit for each sample, `shift` bits up.
fn pack<T: Copy>(line: &[T], is_inside: impl Fn(T) -> bool, shift: usize, row: &mut [u64]) {
    let mut put = |n: usize, word: u64| {
        row[n] |= word << shift;
        if shift > 0 && n + 1 < row.len() {
            row[n + 1] |= word >> (64 - shift);
        }
    };
    let (chunks, rest) = line.as_chunks::<64>();
    for (n, chunk) in chunks.iter().enumerate() {
        // Whole bytes first, which the compiler does 16 or 32 at a time; then eight bytes become
        // eight bits by one multiplication.
        let mut bytes = [0; 64];
        for (byte, &value) in bytes.iter_mut().zip(chunk) {
            *byte = u8::from(is_inside(value));
        }
        let mut word = 0;
        for (byte, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
            let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            word |= gathered << (8 * byte);
        }
        put(n, word);
    }
    let last = rest.iter().enumerate().map(|(bit, &value)| u64::from(is_inside(value)) << bit).sum();
    if !rest.is_empty() {
        put(chunks.len(), last);
    }
}

/// `words[n]` moved down by one bit: bit i is sample i + 1.
pub(super) fn next(words: &[u64], n: usize) -> u64 {
    words[n] >> 1 | words.get(n + 1).map_or(0, |word| word << 63)
}

/// The places in word `n` that have a place after them in a row of `n_samples`.
pub(super) fn with_successor(n: usize, n_samples: usize) -> u64 {
    match (n_samples - 1).saturating_sub(64 * n) {
        count if count >= 64 => u64::MAX,
        count => (1 << count) - 1,
    }
}

/// The places in word `n` of a row of `n_samples`.
pub(super) fn filled(n: usize, n_samples: usize) -> u64 {
    with_successor(n, n_samples + 1)
}

/// Calls `f` with every set bit, lowest first.
pub(super) fn for_each_bit(mut word: u64, mut f: impl FnMut(usize)) {
    while word != 0 {
        f(word.trailing_zeros() as usize);
        word &= word - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_bits_are_the_samples_wherever_the_row_ends() {
        for n in [1, 2, 63, 64, 65, 127, 128, 200] {
            for shift in [0, 1] {
                let line: Vec<i16> = (0..n).map(|i: i16| i.wrapping_mul(7919) % 13).collect();
                let mut row = vec![0; (line.len() + 2 * shift).div_ceil(64)];
                pack(&line, |value| value >= 4, shift, &mut row);
                for i in 0..line.len() + 2 * shift {
                    let expected = i.checked_sub(shift).and_then(|i| line.get(i)).is_some_and(|&v| v >= 4);
                    assert_eq!(row[i / 64] >> (i % 64) & 1 == 1, expected, "n {n}, shift {shift}, i {i}");
                }
            }
        }
    }
}
