//! Connected parts: union-find over runs, slab by slab.
//!
//! Runs are joined within slabs of slices in parallel, then across their borders. A root is the
//! first run of its part in the order of the voxels, so the numbering does not depend on threads.

use ndarray::{Array3, Axis};
use rayon::prelude::*;

use super::bits::Bits;
use super::runs::Runs;
use crate::progress::{Cancelled, Progress};

/// Which voxels are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connectivity {
    /// Those that share a face.
    Faces,
    /// Those that share a face or an edge.
    Edges,
    /// Those that share a face, an edge or a corner.
    Corners,
}

impl Connectivity {
    /// 6, 18 or 26 neighbours.
    pub fn from_count(count: usize) -> Option<Self> {
        match count {
            6 => Some(Self::Faces),
            18 => Some(Self::Edges),
            26 => Some(Self::Corners),
            _ => None,
        }
    }

    /// Earlier rows that touch a row: steps along j and k, and how far runs may be apart along i.
    fn rows(self) -> &'static [(isize, isize, u32)] {
        match self {
            Self::Faces => &[(-1, 0, 0), (0, -1, 0)],
            Self::Edges => &[(-1, 0, 1), (0, -1, 1), (-1, -1, 0), (1, -1, 0)],
            Self::Corners => &[(-1, 0, 1), (0, -1, 1), (-1, -1, 1), (1, -1, 1)],
        }
    }
}

/// Slices that one task joins; fixed, so that the work is cut the same way on every machine.
const SLAB: usize = 16;

/// One connected part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Component {
    /// Number of voxels.
    pub n_voxels: u64,
    /// First and last index along i, j and k.
    pub bounds_ijk: [[u32; 2]; 3],
    /// Sum of the indices along i, j and k.
    pub sum_ijk: [u64; 3],
}

/// The connected parts of a binary volume.
#[derive(Debug, Clone)]
pub struct Components {
    runs: Runs,
    /// Number of the part of each run, in the order in which parts are first met.
    part_of: Vec<u32>,
    parts: Vec<Component>,
}

impl Components {
    /// Finds the connected parts of what is set, or of what is unset.
    ///
    /// # Errors
    /// [`Cancelled`] when the caller asked for a stop.
    pub fn new(
        bits: &Bits,
        of_set: bool,
        connectivity: Connectivity,
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        let runs = Runs::new(bits, of_set);
        let mut part_of = join(&runs, connectivity, progress)?;
        let parts = number(&runs, &mut part_of);
        Ok(Self { runs, part_of, parts })
    }

    /// The parts, in the order in which their first voxels come.
    pub fn parts(&self) -> &[Component] {
        &self.parts
    }

    /// Number of the largest part, the first of equals; None when there is none.
    pub fn largest(&self) -> Option<usize> {
        let sizes = self.parts.iter().enumerate();
        sizes.max_by_key(|(n, part)| (part.n_voxels, usize::MAX - n)).map(|(n, _)| n)
    }

    /// Numbers of the parts, the largest first; equals in the order in which they are met.
    pub fn by_size(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.parts.len()).collect();
        order.sort_by_key(|part| (std::cmp::Reverse(self.parts[*part].n_voxels), *part));
        order
    }

    /// Marks with 1 the largest parts: at most `most`, none smaller than `least` voxels.
    pub fn kept(&self, most: usize, least: u64) -> Vec<u8> {
        let mut kept = vec![0; self.parts.len()];
        let wanted = self.by_size().into_iter().take(most);
        wanted.filter(|part| self.parts[*part].n_voxels >= least).for_each(|part| kept[part] = 1);
        kept
    }

    /// Number of the part that holds a voxel.
    pub fn part_at(&self, i: usize, j: usize, k: usize) -> Option<usize> {
        let range = self.runs.of_row(k * self.runs.dims_ijk()[1] + j);
        let spans = &self.runs.spans()[range.clone()];
        let at = spans.partition_point(|span| span[1] as usize <= i);
        spans.get(at).filter(|span| span[0] as usize <= i)?;
        Some(self.part_of[range.start + at] as usize)
    }

    /// Marks every part that has a voxel on the border of the image.
    pub fn at_border(&self) -> Vec<bool> {
        let dims = self.runs.dims_ijk();
        let touches = |part: &Component| {
            (0..3).any(|a| part.bounds_ijk[a][0] == 0 || part.bounds_ijk[a][1] as usize + 1 == dims[a])
        };
        self.parts.iter().map(touches).collect()
    }

    /// Marks every part that shares a voxel with `seeds`, a volume of the same size.
    pub fn touched(&self, seeds: &Bits) -> Vec<u8> {
        let [_, nj, nk] = self.runs.dims_ijk();
        let mut touched = vec![0; self.parts.len()];
        for k in 0..nk {
            for j in 0..nj {
                let row = seeds.row(j, k);
                for run in self.runs.of_row(k * nj + j) {
                    let part = self.part_of[run] as usize;
                    if touched[part] == 0 && is_any_set(row, self.runs.spans()[run]) {
                        touched[part] = 1;
                    }
                }
            }
        }
        touched
    }

    /// Writes `of_part[n]` into all voxels of part n; the rest is the default of the type.
    pub fn paint<T: Copy + Default + PartialEq + Send + Sync>(&self, of_part: &[T]) -> Array3<T> {
        let [ni, nj, nk] = self.runs.dims_ijk();
        let mut made = Array3::from_elem((nk, nj, ni), T::default());
        made.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(k, mut plane)| {
            for (j, mut row) in plane.rows_mut().into_iter().enumerate() {
                let Some(row) = row.as_slice_mut() else { continue };
                for run in self.runs.of_row(k * nj + j) {
                    let value = of_part[self.part_of[run] as usize];
                    if value != T::default() {
                        let [from, to] = self.runs.spans()[run];
                        row[from as usize..to as usize].fill(value);
                    }
                }
            }
        });
        made
    }

    /// The voxels of the parts that are kept, and nothing else.
    pub fn bits(&self, keep: &[bool]) -> Bits {
        let mut made = Bits::new(self.runs.dims_ijk());
        self.set(&mut made, keep);
        made
    }

    /// Sets the voxels of some parts in a volume of the same size.
    pub fn set(&self, bits: &mut Bits, of_parts: &[bool]) {
        let [_, nj, _] = self.runs.dims_ijk();
        let (width, plane_len) = (bits.width(), bits.plane_len().max(1));
        bits.words_mut().par_chunks_mut(plane_len).enumerate().for_each(|(k, plane)| {
            for (j, row) in plane.chunks_mut(width).enumerate() {
                for run in self.runs.of_row(k * nj + j) {
                    if of_parts[self.part_of[run] as usize] {
                        fill(row, self.runs.spans()[run]);
                    }
                }
            }
        });
    }
}

/// Sets the bits from `from` to before `to`.
pub(super) fn fill(row: &mut [u64], [from, to]: [u32; 2]) {
    let (first, last) = ((from / 64) as usize, ((to - 1) / 64) as usize);
    let (head, tail) = (u64::MAX << (from % 64), u64::MAX >> (63 - (to - 1) % 64));
    if first == last {
        row[first] |= head & tail;
    } else {
        row[first] |= head;
        row[first + 1..last].fill(u64::MAX);
        row[last] |= tail;
    }
}

/// Whether a bit from `from` to before `to` is set.
fn is_any_set(row: &[u64], [from, to]: [u32; 2]) -> bool {
    let (first, last) = ((from / 64) as usize, ((to - 1) / 64) as usize);
    (first..=last).any(|n| {
        let head = if n == first { u64::MAX << (from % 64) } else { u64::MAX };
        let tail = if n == last { u64::MAX >> (63 - (to - 1) % 64) } else { u64::MAX };
        row[n] & head & tail != 0
    })
}

/// The first run of the part of every run.
fn join(runs: &Runs, connectivity: Connectivity, progress: &Progress) -> Result<Vec<u32>, Cancelled> {
    let [_, nj, nk] = runs.dims_ijk();
    let mut parents: Vec<u32> = (0..runs.spans().len() as u32).collect();
    let mut slabs = Vec::new();
    let mut rest = parents.as_mut_slice();
    for low in (0..nk).step_by(SLAB) {
        let high = (low + SLAB).min(nk);
        let start = runs.of_row(low * nj).start;
        let (slab, after) = rest.split_at_mut(runs.of_row(high * nj - 1).end - start);
        rest = after;
        slabs.push((low, high, Forest { parents: slab, base: start as u32 }));
    }
    progress.expect(slabs.len());
    slabs.into_par_iter().try_for_each(|(low, high, mut forest)| {
        for k in low..high {
            forest.join_slice(runs, connectivity, k, low);
        }
        progress.step()
    })?;
    let mut forest = Forest { parents: &mut parents, base: 0 };
    for k in (SLAB..nk).step_by(SLAB) {
        forest.join_border(runs, connectivity, k);
        progress.check()?;
    }
    Ok(parents)
}

/// Parents of consecutive runs, from run `base` on; a parent is never after its child.
struct Forest<'a> {
    parents: &'a mut [u32],
    base: u32,
}

impl Forest<'_> {
    fn join_slice(&mut self, runs: &Runs, connectivity: Connectivity, k: usize, low: usize) {
        let nj = runs.dims_ijk()[1];
        for j in 0..nj {
            for (dj, dk, reach) in connectivity.rows() {
                let is_inside = k.checked_add_signed(*dk).is_some_and(|k| k >= low);
                if let (true, Some(other)) = (is_inside, neighbour(runs, j, k, *dj, *dk)) {
                    self.join_rows(runs, k * nj + j, other, *reach);
                }
            }
        }
    }

    fn join_border(&mut self, runs: &Runs, connectivity: Connectivity, k: usize) {
        let nj = runs.dims_ijk()[1];
        for j in 0..nj {
            for (dj, dk, reach) in connectivity.rows().iter().filter(|(_, dk, _)| *dk < 0) {
                if let Some(other) = neighbour(runs, j, k, *dj, *dk) {
                    self.join_rows(runs, k * nj + j, other, *reach);
                }
            }
        }
    }

    fn join_rows(&mut self, runs: &Runs, row: usize, other: usize, reach: u32) {
        let (mut a, mut b) = (runs.of_row(row), runs.of_row(other));
        let spans = runs.spans();
        let (Some(mut one), Some(mut two)) = (a.next(), b.next()) else { return };
        loop {
            let ([from, to], [other_from, other_to]) = (spans[one], spans[two]);
            if from < other_to + reach && other_from < to + reach {
                self.union(one as u32, two as u32);
            }
            let next = if to < other_to { a.next().map(|n| one = n) } else { b.next().map(|n| two = n) };
            if next.is_none() {
                return;
            }
        }
    }

    fn root(&mut self, mut run: u32) -> u32 {
        loop {
            let parent = self.parents[(run - self.base) as usize];
            if parent == run {
                return run;
            }
            let grand = self.parents[(parent - self.base) as usize];
            self.parents[(run - self.base) as usize] = grand;
            run = grand;
        }
    }

    fn union(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[(a.max(b) - self.base) as usize] = a.min(b);
    }
}

fn neighbour(runs: &Runs, j: usize, k: usize, dj: isize, dk: isize) -> Option<usize> {
    let [_, nj, _] = runs.dims_ijk();
    let j = j.checked_add_signed(dj).filter(|j| *j < nj)?;
    Some(k.checked_add_signed(dk)? * nj + j)
}

/// Turns parents into part numbers and gathers the parts.
fn number(runs: &Runs, parents: &mut [u32]) -> Vec<Component> {
    let [_, nj, nk] = runs.dims_ijk();
    let mut parts: Vec<Component> = Vec::new();
    for k in 0..nk {
        for j in 0..nj {
            for run in runs.of_row(k * nj + j) {
                let parent = parents[run] as usize;
                // A parent comes first, so it has its number already.
                let part = if parent == run {
                    parts.push(Component { n_voxels: 0, bounds_ijk: [[u32::MAX, 0]; 3], sum_ijk: [0; 3] });
                    parts.len() as u32 - 1
                } else {
                    parents[parent]
                };
                parents[run] = part;
                parts[part as usize].add(runs.spans()[run], j as u32, k as u32);
            }
        }
    }
    parts
}

impl Component {
    fn add(&mut self, [from, to]: [u32; 2], j: u32, k: u32) {
        let n = u64::from(to - from);
        self.n_voxels += n;
        for (bounds, [low, high]) in self.bounds_ijk.iter_mut().zip([[from, to - 1], [j, j], [k, k]]) {
            *bounds = [bounds[0].min(low), bounds[1].max(high)];
        }
        self.sum_ijk[0] += n * u64::from(from + to - 1) / 2;
        self.sum_ijk[1] += n * u64::from(j);
        self.sum_ijk[2] += n * u64::from(k);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(bytes: &Array3<u8>, connectivity: Connectivity) -> Components {
        Components::new(&Bits::from_bytes(bytes.view()), true, connectivity, &Progress::default()).unwrap()
    }

    #[test]
    fn voxels_that_share_a_corner_are_one_part_of_26_neighbours_only() {
        // The pair lies across the border of two slabs.
        for (place, n) in [([15, 4, 4], [1, 1, 1]), ([15, 3, 4], [2, 1, 1]), ([15, 3, 3], [2, 2, 1])] {
            let mut bytes = Array3::zeros((40, 9, 9));
            bytes[[16, 4, 4]] = 1;
            bytes[place] = 1;
            let all = [Connectivity::Faces, Connectivity::Edges, Connectivity::Corners];
            assert_eq!(all.map(|c| parts(&bytes, c).parts().len()), n);
        }
    }

    #[test]
    fn a_spiral_through_all_slabs_is_one_part_with_its_bounds() {
        let mut bytes = Array3::zeros((100, 20, 20));
        for k in 0..100 {
            let at = 2 + k % 16;
            bytes[[k, at, 4]] = 1;
            bytes.slice_mut(ndarray::s![k, 2..19, 5]).fill(1);
        }
        bytes[[99, 0, 19]] = 1;
        let found = parts(&bytes, Connectivity::Faces);
        assert_eq!(found.parts().len(), 2);
        assert_eq!(found.parts()[0].bounds_ijk, [[4, 5], [2, 18], [0, 99]]);
        assert_eq!(found.parts()[0].n_voxels, 1800);
        assert_eq!(found.largest(), Some(0));
        assert_eq!(found.part_at(19, 0, 99), Some(1));
        assert_eq!(found.part_at(18, 0, 99), None);
        assert_eq!(found.at_border(), [true, true]);
        assert_eq!(found.bits(&[false, true]).count(), 1);
        assert_eq!(found.paint(&[3u8, 0]).iter().filter(|value| **value == 3).count(), 1800);
    }
}
