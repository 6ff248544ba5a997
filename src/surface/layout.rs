//! First pass: how many vertices and triangles every row makes, and so where they go.
//!
//! The second pass then writes each row to its own place, in any order and with any number of
//! threads, and the result is the same (Schroeder et al. 2015, doi 10.1109/LDAV.2015.7348069).

use rayon::prelude::*;

use super::bits::{Bits, filled, for_each_bit, next, with_successor};
use super::cases::{CASES, LOOK};
use super::field::{Field, Sample};
use super::inner::decide;
use crate::progress::{Cancelled, Progress};

/// What one row of samples makes: crossings on the edges that start at its samples, and what the
/// cells that start at them hold.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    /// Crossings along i, j, k, then vertices inside cells. As counts first, then as places.
    pub vertices: [u32; 4],
    pub triangles: u32,
}

/// The place of everything.
pub(super) struct Layout {
    rows: Vec<Row>,
    n_rows: usize,
    /// First vertex and first triangle of each slab, and the total after the last.
    pub slabs: Vec<[usize; 2]>,
}

impl Layout {
    /// Counts and adds up.
    pub fn of<T: Sample>(field: &Field<'_, T>, bits: &Bits, progress: &Progress) -> Result<Self, Cancelled> {
        let [_, nj, nk] = bits.n_samples();
        let mut rows = vec![Row::default(); nj * nk];
        rows.par_chunks_mut(nj).enumerate().try_for_each(|(k, slab)| {
            progress.step()?;
            slab.iter_mut().enumerate().for_each(|(j, row)| *row = count(field, bits, j, k));
            Ok(())
        })?;
        let mut at = [0, 0];
        let mut slabs = vec![at];
        for slab in rows.chunks_mut(nj) {
            for row in slab {
                let n_triangles = row.triangles;
                row.triangles = at[1] as u32;
                for place in &mut row.vertices {
                    let count = *place;
                    *place = at[0] as u32;
                    at[0] += count as usize;
                }
                at[1] += n_triangles as usize;
            }
            slabs.push(at);
        }
        Ok(Self { rows, n_rows: nj, slabs })
    }

    /// Where the vertices and triangles of a row go.
    pub fn row(&self, j: usize, k: usize) -> &Row {
        &self.rows[k * self.n_rows + j]
    }

    /// All vertices and triangles.
    pub fn totals(&self) -> [usize; 2] {
        self.slabs.last().copied().unwrap_or_default()
    }
}

fn count<T: Sample>(field: &Field<'_, T>, bits: &Bits, j: usize, k: usize) -> Row {
    let mut row = Row::default();
    for n in 0..bits.n_words() {
        for (axis, word) in crossings(bits, n, j, k).into_iter().enumerate() {
            row.vertices[axis] += word.count_ones();
        }
    }
    for_each_cell(bits, j, k, |i, inside| {
        let quick = CASES.quick[usize::from(inside)];
        if quick == LOOK {
            let cell = [i, j, k];
            let counts = decide(inside, &field.corners(cell), field.is_lid(cell)).counts();
            row.triangles += counts.0 as u32;
            row.vertices[3] += counts.1 as u32;
        } else {
            row.triangles += u32::from(quick);
        }
    });
    row
}

/// The crossed edges along i, j and k that start in word `n` of a row.
pub(super) fn crossings(bits: &Bits, n: usize, j: usize, k: usize) -> [u64; 3] {
    let [ni, nj, nk] = bits.n_samples();
    let row = bits.row(j, k);
    let along_i = (row[n] ^ next(row, n)) & with_successor(n, ni);
    let other = |is_there: bool, j: usize, k: usize| {
        if is_there { (row[n] ^ bits.row(j, k)[n]) & filled(n, ni) } else { 0 }
    };
    [along_i, other(j + 1 < nj, j + 1, k), other(k + 1 < nk, j, k + 1)]
}

/// Calls `f` with the index along i and the inside corners of every crossed cell of a row.
pub(super) fn for_each_cell(bits: &Bits, j: usize, k: usize, mut f: impl FnMut(usize, u8)) {
    let [ni, nj, nk] = bits.n_samples();
    if j + 1 >= nj || k + 1 >= nk {
        return;
    }
    let rows = [bits.row(j, k), bits.row(j + 1, k), bits.row(j, k + 1), bits.row(j + 1, k + 1)];
    for n in 0..bits.n_words() {
        let low = rows.map(|row| row[n]);
        let high = rows.map(|row| next(row, n));
        let any = low.iter().chain(&high).fold(0, |all, word| all | word);
        let all = low.iter().chain(&high).fold(u64::MAX, |all, word| all & word);
        for_each_bit(any & !all & with_successor(n, ni), |bit| {
            let mut inside = 0;
            for row in 0..4 {
                inside |= (low[row] >> bit & 1) << (2 * row) | (high[row] >> bit & 1) << (2 * row + 1);
            }
            f(64 * n + bit, inside as u8);
        });
    }
}
