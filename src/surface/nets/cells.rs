//! The cells that hold more than one label, in the order of the image.

use ndarray::s;
use rayon::prelude::*;

use super::labels::{Label, Labels};
use crate::progress::{Cancelled, Progress};

/// No cell.
pub(super) const NONE: u32 = u32::MAX;

/// The mixed cells.
pub(super) struct Cells {
    /// Index of each, counted with the layer around.
    pub ijk: Vec<[u32; 3]>,
    /// First cell of each row, and the total after the last.
    rows: Vec<usize>,
    n: [usize; 3],
}

impl Cells {
    /// Finds them.
    pub fn of<T: Label>(labels: &Labels<'_, T>, progress: &Progress) -> Result<Self, Cancelled> {
        let n = labels.n_cells();
        let slabs: Vec<Slab> = (0..n[2])
            .into_par_iter()
            .map(|k| {
                progress.step()?;
                Ok(slab(labels, n, k))
            })
            .collect::<Result<_, _>>()?;
        let (mut ijk, mut rows) = (Vec::new(), vec![0]);
        ijk.reserve_exact(slabs.iter().map(|slab| slab.ijk.len()).sum());
        for slab in slabs {
            rows.extend(slab.ends.iter().map(|end| ijk.len() + end));
            ijk.extend(slab.ijk);
        }
        Ok(Self { ijk, rows, n })
    }

    /// The number of a cell.
    pub fn find(&self, [i, j, k]: [usize; 3]) -> Option<usize> {
        let row = k * self.n[1] + j;
        let (from, to) = (*self.rows.get(row)?, *self.rows.get(row + 1)?);
        self.ijk[from..to].binary_search_by_key(&i, |cell| cell[0] as usize).ok().map(|at| from + at)
    }

    /// The cells of slab `k`.
    pub fn slab(&self, k: usize) -> std::ops::Range<usize> {
        self.rows[k * self.n[1]]..self.rows[(k + 1) * self.n[1]]
    }

    /// Number of slabs.
    pub fn n_slabs(&self) -> usize {
        self.n[2]
    }

    /// The index of a cell.
    pub fn index(&self, cell: usize) -> [usize; 3] {
        self.ijk[cell].map(|n| n as usize)
    }
}

struct Slab {
    ijk: Vec<[u32; 3]>,
    ends: Vec<usize>,
}

fn slab<T: Label>(labels: &Labels<'_, T>, n: [usize; 3], k: usize) -> Slab {
    let mut slab = Slab { ijk: Vec::new(), ends: Vec::with_capacity(n[1]) };
    for j in 0..n[1] {
        row(labels, n[0], [j, k], &mut slab.ijk);
        slab.ends.push(slab.ijk.len());
    }
    slab
}

/// One row of cells between four rows of samples.
fn row<T: Label>(labels: &Labels<'_, T>, ni: usize, [j, k]: [usize; 2], found: &mut Vec<[u32; 3]>) {
    let (nk, nj, _) = labels.values.dim();
    let line = |j: usize, k: usize| {
        let (j, k) = (j.wrapping_sub(1), k.wrapping_sub(1));
        (j < nj && k < nk).then(|| labels.values.slice_move(s![k, j, ..]))
    };
    let lines = [line(j, k), line(j + 1, k), line(j, k + 1), line(j + 1, k + 1)];
    let slices: [Option<&[T]>; 4] =
        std::array::from_fn(|n| lines[n].as_ref().and_then(|line| line.as_slice()));
    let value = |n: usize, i: usize| -> u16 {
        match (slices[n], &lines[n]) {
            (Some(slice), _) => slice[i].into(),
            (None, Some(line)) => line[i].into(),
            (None, None) => 0,
        }
    };
    let mut last = Some(0);
    for i in 0..ni {
        let next = if i + 1 < ni {
            let four: [u16; 4] = std::array::from_fn(|n| value(n, i));
            (four[0] == four[1] && four[0] == four[2] && four[0] == four[3]).then_some(four[0])
        } else {
            Some(0)
        };
        if next.is_none() || next != last {
            found.push([i as u32, j as u32, k as u32]);
        }
        last = next;
    }
}
