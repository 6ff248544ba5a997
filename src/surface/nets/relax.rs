//! The nodes, smoothed without leaving their cells.
//!
//! First the windowed sinc filter (Taubin, Zhang & Golub 1996, doi 10.1007/BFb0015544), which takes
//! away the terraces and leaves long waves, and so the size, as they are; then every node is put back
//! into its cell, and a few strides to and fro (Taubin 1995) take away the kinks where that happened.

use rayon::prelude::*;

use super::super::cube::FACES;
use super::cells::{Cells, NONE};
use super::labels::{Label, Labels, across};
use crate::mesh::smooth::sinc_weights;
use crate::progress::{Cancelled, Progress};

/// Farthest that a node may be from the middle of its cell, in steps.
pub(super) const REACH: f64 = 0.42;
/// Where the filter begins to take away: waves of some thirty steps.
const PASSBAND: f64 = 0.01;
/// The strides of the second filter, and how many pairs of them.
const FORTH: f64 = 0.63;
const BACK: f64 = -0.64;
const N_PAIRS: usize = 4;

/// Offsets of the nodes from the middle of their cells, in steps, after so many iterations.
pub(super) fn relaxed<T: Label>(
    labels: &Labels<'_, T>,
    cells: &Cells<T>,
    n_iterations: usize,
    progress: &Progress,
) -> Result<Vec<[f64; 3]>, Cancelled> {
    let n = labels.n_cells();
    let bare: Vec<[f64; 3]> =
        cells.ijk.par_iter().map(|ijk| held(ijk, n).map(|held| held.unwrap_or(0.0))).collect();
    if n_iterations == 0 {
        return Ok(bare);
    }
    let links: Vec<[u32; 6]> =
        (0..cells.ijk.len()).into_par_iter().map(|cell| links(labels, cells, cell)).collect();
    let smooth = filtered(cells, n, &links, bare, n_iterations, progress)?;
    let mut now: Vec<[f64; 3]> = smooth
        .par_iter()
        .zip(&cells.ijk)
        .map(|(at, ijk)| {
            let held = held(ijk, n);
            std::array::from_fn(|axis| held[axis].unwrap_or(at[axis].clamp(-REACH, REACH)))
        })
        .collect();
    let mut then = smooth;
    for stride in [FORTH, BACK].repeat(N_PAIRS) {
        progress.check()?;
        then.par_iter_mut().enumerate().for_each(|(cell, to)| {
            let (at, held) = (now[cell], held(&cells.ijk[cell], n));
            let mean = mean(&now, cell, &links[cell], held);
            *to = std::array::from_fn(|axis| match held[axis] {
                Some(place) => place,
                None => (at[axis] + stride * (mean[axis] - at[axis])).clamp(-REACH, REACH),
            });
        });
        std::mem::swap(&mut now, &mut then);
    }
    Ok(now)
}

/// The sum of the Chebyshev polynomials of the averaging, by their recursion T = 2 x T' - T''.
fn filtered<T: Label>(
    cells: &Cells<T>,
    n: [usize; 3],
    links: &[[u32; 6]],
    bare: Vec<[f64; 3]>,
    n_iterations: usize,
    progress: &Progress,
) -> Result<Vec<[f64; 3]>, Cancelled> {
    let weights = sinc_weights(n_iterations, PASSBAND);
    // Half way to the mean of the neighbours.
    let half = |now: &[[f64; 3]], cell: usize| -> [f64; 3] {
        let mean = mean(now, cell, &links[cell], held(&cells.ijk[cell], n));
        std::array::from_fn(|axis| f64::midpoint(now[cell][axis], mean[axis]))
    };
    let mut last = bare;
    let mut now: Vec<[f64; 3]> = (0..last.len()).into_par_iter().map(|cell| half(&last, cell)).collect();
    let mut sum: Vec<[f64; 3]> = last
        .par_iter()
        .zip(&now)
        .map(|(a, b)| std::array::from_fn(|axis| weights[0] * a[axis] + weights[1] * b[axis]))
        .collect();
    for weight in &weights[2..] {
        progress.step()?;
        last.par_iter_mut().zip(&mut sum).enumerate().for_each(|(cell, (last, sum))| {
            let half = half(&now, cell);
            for axis in 0..3 {
                last[axis] = 2.0 * half[axis] - last[axis];
                sum[axis] += weight * last[axis];
            }
        });
        std::mem::swap(&mut now, &mut last);
    }
    Ok(sum)
}

/// The coordinates that may not change: a lid stays on the outermost samples.
fn held(ijk: &[u32; 3], n: [usize; 3]) -> [Option<f64>; 3] {
    std::array::from_fn(|axis| match ijk[axis] as usize {
        0 => Some(0.5),
        at if at + 1 == n[axis] => Some(-0.5),
        _ => None,
    })
}

/// The mean of the nodes that a node is drawn to, as an offset in its own cell; the node itself where
/// it is drawn to none or held.
fn mean(now: &[[f64; 3]], cell: usize, links: &[u32; 6], held: [Option<f64>; 3]) -> [f64; 3] {
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for (face, &other) in links.iter().enumerate().filter(|(_, other)| **other != NONE) {
        let there = now[other as usize];
        for axis in 0..3 {
            sum[axis] += there[axis];
        }
        sum[face / 2] += if face.is_multiple_of(2) { -1.0 } else { 1.0 };
        count += 1.0;
    }
    if count == 0.0 {
        return now[cell];
    }
    std::array::from_fn(|axis| if held[axis].is_some() { now[cell][axis] } else { sum[axis] / count })
}

/// The cells that a node is drawn to: across every face that the border between labels crosses. Where
/// three labels meet along a line, along this line only, so that it is smoothed as a line; and on a lid
/// along its rim only.
fn links<T: Label>(labels: &Labels<'_, T>, cells: &Cells<T>, number: usize) -> [u32; 6] {
    let cell = cells.index(number);
    let (corners, imaged) = (cells.corners[number].map(Into::<u16>::into), labels.imaged(cell));
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
    let n = labels.n_cells();
    std::array::from_fn(|face| {
        let at = cell[face / 2];
        let is_off_the_lid = at == 0 || at + 1 == n[face / 2];
        if kinds[face] < least || is_off_the_lid {
            return NONE;
        }
        cells.find(across(cell, face)).map_or(NONE, |other| other as u32)
    })
}
