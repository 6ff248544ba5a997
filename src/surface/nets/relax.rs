//! The nodes, moved towards their neighbours without leaving their cells.

use rayon::prelude::*;

use super::super::cube::FACES;
use super::cells::{Cells, NONE};
use super::labels::{Label, Labels};
use crate::progress::{Cancelled, Progress};

/// Farthest that a node may be from the middle of its cell, in steps.
pub(super) const REACH: f64 = 0.42;
/// The two strides of the filter; waves longer than some thirty steps pass unchanged.
const FORTH: f64 = 0.63;
const BACK: f64 = -0.64;

/// Offsets of the nodes from the middle of their cells, in steps, after so many double strides.
pub(super) fn relaxed<T: Label>(
    labels: &Labels<'_, T>,
    cells: &Cells,
    n_strides: usize,
    progress: &Progress,
) -> Result<Vec<[f64; 3]>, Cancelled> {
    let n = labels.n_cells();
    let links: Vec<[u32; 6]> =
        (0..cells.ijk.len()).into_par_iter().map(|cell| links(labels, cells, cells.index(cell))).collect();
    progress.check()?;
    let mut now: Vec<[f64; 3]> =
        cells.ijk.par_iter().map(|ijk| held(ijk, n).map(|held| held.unwrap_or(0.0))).collect();
    let mut then = now.clone();
    for _ in 0..n_strides {
        for stride in [FORTH, BACK] {
            progress.check()?;
            then.par_iter_mut().enumerate().for_each(|(cell, to)| {
                *to = moved(&now, cell, &links[cell], held(&cells.ijk[cell], n), stride);
            });
            std::mem::swap(&mut now, &mut then);
        }
        progress.step()?;
    }
    Ok(now)
}

/// The coordinates that may not change: a lid stays on the outermost samples.
fn held(ijk: &[u32; 3], n: [usize; 3]) -> [Option<f64>; 3] {
    std::array::from_fn(|axis| match ijk[axis] as usize {
        0 => Some(0.5),
        at if at + 1 == n[axis] => Some(-0.5),
        _ => None,
    })
}

fn moved(now: &[[f64; 3]], cell: usize, links: &[u32; 6], held: [Option<f64>; 3], stride: f64) -> [f64; 3] {
    let at = now[cell];
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for (face, &other) in links.iter().enumerate().filter(|(_, other)| **other != NONE) {
        let there = now[other as usize];
        for axis in 0..3 {
            sum[axis] += there[axis];
        }
        sum[face / 2] += if face % 2 == 0 { -1.0 } else { 1.0 };
        count += 1.0;
    }
    if count == 0.0 {
        return at;
    }
    std::array::from_fn(|axis| match held[axis] {
        Some(place) => place,
        None => (at[axis] + stride * (sum[axis] / count - at[axis])).clamp(-REACH, REACH),
    })
}

/// The cells that a node is drawn to: across every face that the border between labels crosses. Where
/// three labels meet along a line, along this line only, so that it is smoothed as a line.
fn links<T: Label>(labels: &Labels<'_, T>, cells: &Cells, cell: [usize; 3]) -> [u32; 6] {
    let (corners, imaged) = (labels.corners(cell), labels.imaged(cell));
    let kinds = FACES.map(|face| {
        let mut seen =
            face.map(
                |corner| if imaged >> corner & 1 == 1 { i32::from(corners[usize::from(corner)]) } else { -1 },
            );
        seen.sort_unstable();
        let first = seen.iter().filter(|&&label| label >= 0).take(1).count();
        first + seen.windows(2).filter(|pair| pair[0] >= 0 && pair[0] != pair[1]).count()
    });
    let is_line = kinds.iter().filter(|&&n| n >= 3).count() >= 2;
    let least = if is_line { 3 } else { 2 };
    std::array::from_fn(|face| {
        if kinds[face] < least {
            return NONE;
        }
        let mut there = cell;
        let axis = face / 2;
        there[axis] = if face % 2 == 0 { cell[axis].wrapping_sub(1) } else { cell[axis] + 1 };
        cells.find(there).map_or(NONE, |other| other as u32)
    })
}
