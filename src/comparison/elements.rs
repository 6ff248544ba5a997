//! The elements of the surface of a mask, on a lattice of their own.

use crate::segment::Bits;

/// What the surface of a mask is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementKind {
    /// The corners of voxels where set and unset ones meet, each with the area of the surface in the
    /// cell of its eight voxels. Outside the image nothing is set.
    Disk,
    /// The set voxels with an unset one beside a side of theirs, counted alike.
    Voxel,
}

/// The lattice of the elements: `(i, j, k)` of a voxel, or of the corner before it.
pub(super) fn lattice(kind: ElementKind, mask: &Bits) -> [usize; 3] {
    match kind {
        ElementKind::Disk => mask.dims_ijk().map(|n| n + 1),
        ElementKind::Voxel => mask.dims_ijk(),
    }
}

/// Where the elements are.
pub(super) fn elements(kind: ElementKind, mask: &Bits) -> Bits {
    Bits::from_rows(lattice(kind, mask), |j, k, words| match kind {
        ElementKind::Disk => corners(mask, j, k, words),
        ElementKind::Voxel => border(mask, j, k, words),
    })
}

/// Rows of voxels around a row of corners; those outside the image are `None`.
fn rows_around(mask: &Bits, j: usize, k: usize) -> [Option<&[u64]>; 4] {
    let [_, nj, nk] = mask.dims_ijk();
    let row = |down: usize, back: usize| {
        let (j, k) = ((j + down).checked_sub(1)?, (k + back).checked_sub(1)?);
        (j < nj && k < nk).then(|| mask.row(j, k))
    };
    [row(0, 0), row(1, 0), row(0, 1), row(1, 1)]
}

/// One word of a row, and the same moved by one: the bit of a corner then is that of the voxel after
/// it and that of the voxel before it.
fn beside(row: Option<&[u64]>, at: usize) -> (u64, u64) {
    let word = |at: usize| row.and_then(|row| row.get(at)).copied().unwrap_or(0);
    let before = if at > 0 { word(at - 1) >> 63 } else { 0 };
    (word(at), word(at) << 1 | before)
}

fn corners(mask: &Bits, j: usize, k: usize, words: &mut [u64]) {
    let rows = rows_around(mask, j, k);
    for (at, word) in words.iter_mut().enumerate() {
        let (mut any, mut all) = (0, u64::MAX);
        for row in rows {
            let (after, before) = beside(row, at);
            any |= after | before;
            all &= after & before;
        }
        *word = any & !all;
    }
}

fn border(mask: &Bits, j: usize, k: usize, words: &mut [u64]) {
    let [_, nj, nk] = mask.dims_ijk();
    let row = mask.row(j, k);
    let near = |is_inside: bool, j: usize, k: usize| is_inside.then(|| mask.row(j, k));
    let sides = [
        near(j > 0, j.wrapping_sub(1), k),
        near(j + 1 < nj, j + 1, k),
        near(k > 0, j, k.wrapping_sub(1)),
        near(k + 1 < nk, j, k + 1),
    ];
    for (at, word) in words.iter_mut().enumerate() {
        let before = row[at] << 1 | if at > 0 { row[at - 1] >> 63 } else { 0 };
        let after = row[at] >> 1 | row.get(at + 1).copied().unwrap_or(0) << 63;
        let around = sides.iter().fold(before & after, |all, side| all & side.map_or(0, |side| side[at]));
        *word = row[at] & !around;
    }
}

/// Which of the eight voxels around a corner are set.
pub(super) struct Corners<'a> {
    rows: [Option<&'a [u64]>; 4],
}

impl<'a> Corners<'a> {
    /// Along a row of corners.
    pub fn of_row(mask: &'a Bits, j: usize, k: usize) -> Self {
        Self { rows: rows_around(mask, j, k) }
    }

    /// Bit n is the voxel (n & 1, n >> 1 & 1, n >> 2 & 1) steps after the first.
    pub fn code(&self, i: usize) -> u8 {
        let mut code = 0;
        for (n, row) in self.rows.iter().enumerate() {
            let (after, before) = beside(*row, i / 64);
            let two = (before >> (i % 64) & 1) | (after >> (i % 64) & 1) << 1;
            code |= (two as u8) << (2 * n);
        }
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn elements_are_those_of_a_look_at_all_neighbours() {
        let mut state = 3_u32;
        for ni in [1, 5, 63, 64, 65, 130] {
            let bytes = Array3::from_shape_simple_fn((4, 5, ni), || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                u8::from(state >> 30 != 0)
            });
            let mask = Bits::from_bytes(bytes.view());
            let at = |i: isize, j: isize, k: isize| {
                let inside = i >= 0 && j >= 0 && k >= 0;
                inside && bytes.get([k as usize, j as usize, i as usize]).is_some_and(|&byte| byte != 0)
            };
            let (disks, voxels) = (elements(ElementKind::Disk, &mask), elements(ElementKind::Voxel, &mask));
            for k in 0..5 {
                for j in 0..6 {
                    let codes = Corners::of_row(&mask, j, k);
                    for i in 0..=ni {
                        let (x, y, z) = (i as isize, j as isize, k as isize);
                        let code: u8 = (0..8_u8)
                            .filter(|n| {
                                let [a, b, c] = [n & 1, n >> 1 & 1, n >> 2 & 1].map(|n| n as isize - 1);
                                at(x + a, y + b, z + c)
                            })
                            .map(|n| 1 << n)
                            .sum();
                        assert_eq!(codes.code(i), code, "{i} {j} {k}");
                        assert_eq!(disks.get(i, j, k), code != 0 && code != 255);
                        if i < ni && j < 5 && k < 4 {
                            let around = at(x - 1, y, z)
                                && at(x + 1, y, z)
                                && at(x, y - 1, z)
                                && at(x, y + 1, z)
                                && at(x, y, z - 1)
                                && at(x, y, z + 1);
                            assert_eq!(voxels.get(i, j, k), at(x, y, z) && !around);
                        }
                    }
                }
            }
        }
    }
}
