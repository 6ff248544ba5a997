//! The cells that hold more than one label, in the order of the image.

use std::borrow::Cow;
use std::ops::Range;

use ndarray::s;
use rayon::prelude::*;

use super::super::slots::join;
use super::labels::{Label, Labels};
use crate::progress::{Cancelled, Progress};

/// No cell.
pub(super) const NONE: u32 = u32::MAX;

/// The mixed cells.
pub(super) struct Cells<T> {
    /// Index of each, counted with the layer around.
    pub ijk: Vec<[u32; 3]>,
    /// The labels at its corners.
    pub corners: Vec<[T; 8]>,
    /// First cell of each row, and the total after the last.
    rows: Vec<usize>,
    n: [usize; 3],
}

impl<T: Label> Cells<T> {
    /// Finds them.
    pub fn of(labels: &Labels<'_, T>, progress: &Progress) -> Result<Self, Cancelled> {
        let n = labels.n_cells();
        let slabs: Vec<Slab<T>> = (0..n[2])
            .into_par_iter()
            .map(|k| {
                progress.step()?;
                Ok(slab(labels, n, k))
            })
            .collect::<Result<_, _>>()?;
        let mut rows = Vec::with_capacity(n[1] * n[2] + 1);
        rows.push(0);
        let (mut ijk, mut corners, mut first) = (Vec::new(), Vec::new(), 0);
        for slab in slabs {
            rows.extend(slab.ends.iter().map(|end| first + end));
            first += slab.ijk.len();
            ijk.push(slab.ijk);
            corners.push(slab.corners);
        }
        Ok(Self { ijk: join(&ijk), corners: join(&corners), rows, n })
    }

    /// The number of a cell.
    pub fn find(&self, [i, j, k]: [usize; 3]) -> Option<usize> {
        let row = self.row(j, k);
        let first = row.start;
        self.ijk[row].binary_search_by_key(&i, |cell| cell[0] as usize).ok().map(|at| first + at)
    }

    /// The cells of a row; none where there is no such row.
    pub fn row(&self, j: usize, k: usize) -> Range<usize> {
        if j >= self.n[1] || k >= self.n[2] {
            return 0..0;
        }
        let row = k * self.n[1] + j;
        self.rows[row]..self.rows[row + 1]
    }

    /// Cells along i, j and k, mixed or not.
    pub fn n(&self) -> [usize; 3] {
        self.n
    }

    /// The index of a cell.
    pub fn index(&self, cell: usize) -> [usize; 3] {
        self.ijk[cell].map(|n| n as usize)
    }
}

struct Slab<T> {
    ijk: Vec<[u32; 3]>,
    corners: Vec<[T; 8]>,
    ends: Vec<usize>,
}

fn slab<T: Label>(labels: &Labels<'_, T>, n: [usize; 3], k: usize) -> Slab<T> {
    let mut slab = Slab { ijk: Vec::new(), corners: Vec::new(), ends: Vec::with_capacity(n[1]) };
    let around = vec![T::default(); n[0] - 1];
    for j in 0..n[1] {
        let (nk, nj, _) = labels.values.dim();
        let line = |j: usize, k: usize| -> Cow<'_, [T]> {
            let (j, k) = (j.wrapping_sub(1), k.wrapping_sub(1));
            if j >= nj || k >= nk {
                return Cow::Borrowed(&around);
            }
            let line = labels.values.slice_move(s![k, j, ..]);
            line.to_slice().map_or_else(|| Cow::Owned(line.to_vec()), Cow::Borrowed)
        };
        row(&[line(j, k), line(j + 1, k), line(j, k + 1), line(j + 1, k + 1)], [j, k], &mut slab);
        slab.ends.push(slab.ijk.len());
    }
    slab
}

/// Samples that are looked at together where nothing changes.
const STRIDE: usize = 16;

/// One row of cells between four rows of samples.
fn row<T: Label>(lines: &[Cow<'_, [T]>; 4], [j, k]: [usize; 2], found: &mut Slab<T>) {
    let lines: [&[T]; 4] = std::array::from_fn(|n| &*lines[n]);
    let length = lines[0].len();
    let mut last = [T::default(); 4];
    let mut at = 0;
    let mut was_plain = true;
    while at <= length {
        if was_plain && at + STRIDE <= length && is_all(&lines, at, last[0]) {
            at += STRIDE;
            continue;
        }
        let next = if at < length { std::array::from_fn(|n| lines[n][at]) } else { [T::default(); 4] };
        was_plain = next == last && last == [last[0]; 4];
        if !was_plain {
            found.ijk.push([at as u32, j as u32, k as u32]);
            found.corners.push(std::array::from_fn(|n| if n & 1 == 0 { last[n >> 1] } else { next[n >> 1] }));
            was_plain = next == [next[0]; 4];
        }
        last = next;
        at += 1;
    }
}

/// Whether a stride of all four rows holds one label only.
fn is_all<T: Label>(lines: &[&[T]; 4], at: usize, label: T) -> bool {
    // Counted rather than compared one by one: there is no branch, so it is done with wide registers.
    let differs = |line: &[T]| line.iter().fold(0_u8, |any, &one| any | u8::from(one != label));
    lines.iter().all(|line| differs(&line[at..at + STRIDE]) == 0)
}
