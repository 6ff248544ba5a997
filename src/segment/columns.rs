//! Columns of a sheet laid side by side and put back, four voxels of four columns at a time.

use std::ops::Range;

/// Room before and behind every column, so that a voxel has neighbours to look at; it stays 0.
pub(super) const NEAR: usize = 2;
/// Added to the length of a column: that room, and columns of 2^n voxels do not fall on the same cache
/// lines.
const GAP: usize = 24;

/// Columns of one length, for one thread.
pub(super) struct Columns {
    pitch: usize,
    values: Vec<f32>,
}

impl Columns {
    /// Columns that are taken up together: two cache lines of float32, which come from memory as one.
    pub(super) const N: usize = 32;

    pub(super) fn new(n: usize) -> Self {
        let pitch = n.div_ceil(64) * 64 + GAP;
        Self { pitch, values: vec![0.0; Self::N * pitch] }
    }

    /// Each column, with the room before and behind it; the room behind reaches to whole words of 64
    /// and [`NEAR`] beyond.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.values.chunks_exact_mut(self.pitch)
    }

    /// Takes the columns of a range from their rows.
    pub(super) fn gather(&mut self, rows: &[&mut [f32]], range: Range<usize>) {
        let (fours, _) = rows.as_chunks::<4>();
        let n_whole = if range.len() == Self::N { 4 * fours.len() } else { 0 };
        for (at, four) in fours.iter().enumerate().take(n_whole / 4) {
            let four: [&[f32]; 4] = std::array::from_fn(|n| &four[n][range.clone()]);
            for c in (0..Self::N).step_by(4) {
                let tile: [[f32; 4]; 4] = std::array::from_fn(|n| std::array::from_fn(|x| four[n][c + x]));
                for x in 0..4 {
                    let to = (c + x) * self.pitch + NEAR + 4 * at;
                    self.values[to..to + 4].copy_from_slice(&tile.map(|row| row[x]));
                }
            }
        }
        for (at, row) in rows.iter().enumerate().skip(n_whole) {
            for (c, value) in row[range.clone()].iter().enumerate() {
                self.values[c * self.pitch + NEAR + at] = *value;
            }
        }
    }

    /// Puts the columns of a range back into their rows.
    pub(super) fn scatter(&self, rows: &mut [&mut [f32]], range: Range<usize>) {
        let (fours, _) = rows.as_chunks_mut::<4>();
        let n_whole = if range.len() == Self::N { 4 * fours.len() } else { 0 };
        for (at, four) in fours.iter_mut().enumerate().take(n_whole / 4) {
            for c in (0..Self::N).step_by(4) {
                let tile: [&[f32]; 4] = std::array::from_fn(|x| {
                    let from = (c + x) * self.pitch + NEAR + 4 * at;
                    &self.values[from..from + 4]
                });
                for (n, row) in four.iter_mut().enumerate() {
                    let to = range.start + c;
                    row[to..to + 4].copy_from_slice(&tile.map(|column| column[n]));
                }
            }
        }
        for (at, row) in rows.iter_mut().enumerate().skip(n_whole) {
            for (c, value) in row[range.clone()].iter_mut().enumerate() {
                *value = self.values[c * self.pitch + NEAR + at];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_to_where_they_were() {
        for (n, width) in [(1, 1), (4, 32), (7, 33), (66, 70)] {
            let sheet: Vec<f32> = (0..n * width).map(|at| at as f32 + 1.0).collect();
            let (mut source, mut target) = (sheet.clone(), vec![0.0; n * width]);
            let mut columns = Columns::new(n);
            for from in (0..width).step_by(Columns::N) {
                let range = from..(from + Columns::N).min(width);
                columns.gather(&source.chunks_mut(width).collect::<Vec<_>>(), range.clone());
                for (c, column) in columns.iter_mut().take(range.len()).enumerate() {
                    for at in 0..n {
                        assert!((column[NEAR + at] - sheet[at * width + from + c]).abs() < 0.5);
                    }
                    assert!(column[NEAR + n..].iter().chain(&column[..NEAR]).all(|value| *value == 0.0));
                }
                columns.scatter(&mut target.chunks_mut(width).collect::<Vec<_>>(), range);
            }
            assert_eq!(target, sheet);
        }
    }
}
