//! The nodes, smoothed without leaving their cells.
//!
//! First the windowed sinc filter (Taubin, Zhang & Golub 1996, doi 10.1007/BFb0015544), which takes
//! away the terraces and leaves long waves, and so the size, as they are; then every node is put back
//! into its cell, and a few strides to and fro (Taubin 1995) take away the kinks where that happened.
//! Last, thin parts get back what they lost (see `thin`).

use rayon::prelude::*;

use super::super::cube::FACES;
use super::cells::{Cells, NONE};
use super::labels::{Label, Labels, across};
use super::thin::{N_ROUNDS, ThinParts};
use crate::mesh::smooth::sinc_weights;
use crate::progress::{Cancelled, Progress};

/// Farthest that a node may be from the middle of its cell, in steps.
const REACH: f32 = 0.42;
/// Where the filter begins to take away: waves of some thirty steps.
const PASSBAND: f64 = 0.01;
/// The strides of the second filter, and how many pairs of them.
const FORTH: f32 = 0.63;
const BACK: f32 = -0.64;
const N_PAIRS: usize = 4;

/// Where a node is from the middle of its cell, in steps; the fourth number is nothing and makes it as wide
/// as a register.
pub(super) type Offset = [f32; 4];

/// Offsets of the nodes from the middle of their cells, in steps, after so many iterations.
pub(super) fn relaxed<T: Label>(
    labels: &Labels<'_, T>,
    cells: &Cells<T>,
    n_iterations: usize,
    progress: &Progress,
) -> Result<Vec<Offset>, Cancelled> {
    let n = labels.n_cells();
    let bare: Vec<Offset> =
        cells.ijk.par_iter().map(|ijk| of_axes(held(ijk, n).map(|held| held.unwrap_or(0.0)))).collect();
    if n_iterations == 0 {
        return Ok(bare);
    }
    let pulls: Vec<Pull> =
        (0..cells.ijk.len()).into_par_iter().map(|cell| Pull::of(labels, cells, cell)).collect();
    let smooth = filtered(&pulls, &bare, n_iterations, progress)?;
    let mut now = bare.clone();
    now.par_iter_mut().zip(&smooth).zip(&pulls).for_each(|((now, to), pull)| pull.put(now, to));
    let mut then = now.clone();
    for stride in [FORTH, BACK].repeat(N_PAIRS) {
        progress.check()?;
        then.par_iter_mut().zip(&pulls).enumerate().for_each(|(cell, (then, pull))| {
            let (at, mean) = (now[cell], pull.mean(&now, cell));
            pull.put(then, &std::array::from_fn(|axis| at[axis] + stride * (mean[axis] - at[axis])));
        });
        std::mem::swap(&mut now, &mut then);
    }
    let thin = ThinParts::of(labels, cells, |node| pulls[node].nodes);
    keep_thin_parts(&thin, &pulls, &bare, &mut now, progress)?;
    Ok(now)
}

/// Gives thin parts their volume back.
fn keep_thin_parts(
    thin: &ThinParts,
    pulls: &[Pull],
    bare: &[Offset],
    now: &mut [Offset],
    progress: &Progress,
) -> Result<(), Cancelled> {
    if thin.is_empty() {
        return Ok(());
    }
    for _ in 0..N_ROUNDS {
        let Some(pushes) = thin.pushes(bare, now, progress)? else { break };
        for (&node, [x, y, z]) in thin.nodes.iter().zip(pushes) {
            let node = node as usize;
            let to = std::array::from_fn(|axis| now[node][axis] + [x, y, z, 0.0][axis]);
            pulls[node].put(&mut now[node], &to);
        }
    }
    Ok(())
}

/// The sum of the Chebyshev polynomials of the averaging, by their recursion T = 2 x T' - T''.
fn filtered(
    pulls: &[Pull],
    bare: &[Offset],
    n_iterations: usize,
    progress: &Progress,
) -> Result<Vec<Offset>, Cancelled> {
    let weights: Vec<f32> =
        sinc_weights(n_iterations, PASSBAND).into_iter().map(|weight| weight as f32).collect();
    // Half way to the mean of the neighbours.
    let half = |now: &[Offset], cell: usize| -> Offset {
        let (own, mean) = (now[cell], pulls[cell].mean(now, cell));
        std::array::from_fn(|axis| 0.5 * (own[axis] + mean[axis]))
    };
    let mut last = bare.to_vec();
    let mut now: Vec<Offset> = (0..last.len()).into_par_iter().map(|cell| half(&last, cell)).collect();
    let mut sum: Vec<Offset> = last
        .par_iter()
        .zip(&now)
        .map(|(a, b)| std::array::from_fn(|axis| weights[0] * a[axis] + weights[1] * b[axis]))
        .collect();
    for weight in &weights[2..] {
        progress.step()?;
        last.par_iter_mut().zip(&mut sum).enumerate().for_each(|(cell, (last, sum))| {
            let half = half(&now, cell);
            for axis in 0..4 {
                last[axis] = 2.0 * half[axis] - last[axis];
                sum[axis] += weight * last[axis];
            }
        });
        std::mem::swap(&mut now, &mut last);
    }
    Ok(sum)
}

/// The coordinates that may not change: a lid stays on the outermost samples.
fn held(ijk: &[u32; 3], n: [usize; 3]) -> [Option<f32>; 3] {
    std::array::from_fn(|axis| match ijk[axis] as usize {
        0 => Some(0.5),
        at if at + 1 == n[axis] => Some(-0.5),
        _ => None,
    })
}

fn of_axes([x, y, z]: [f32; 3]) -> Offset {
    [x, y, z, 0.0]
}

/// What a node is drawn to. Six are always added up, so that nothing has to be asked on the way.
#[derive(Clone, Copy)]
struct Pull {
    /// The nodes across the six faces; the node itself where it is not drawn there.
    nodes: [u32; 6],
    /// Where their cells lie, in all.
    steps: [i8; 3],
    /// The coordinates that may change, one bit each; the fourth always may.
    free: u8,
    /// One over the number of nodes it is drawn to; zero where there are none.
    share: f32,
    /// How often the node itself stands among the six.
    n_own: f32,
}

/// All coordinates may change.
const FREE: u8 = 0b1111;

impl Pull {
    fn of<T: Label>(labels: &Labels<'_, T>, cells: &Cells<T>, cell: usize) -> Self {
        let links = links(labels, cells, cell);
        let is_there = |face: &usize| links[*face] != NONE;
        let mut steps = [0; 3];
        for face in (0..6).filter(is_there) {
            steps[face / 2] += if face.is_multiple_of(2) { -1 } else { 1 };
        }
        let n = (0..6).filter(is_there).count() as f32;
        let held = held(&cells.ijk[cell], labels.n_cells());
        Self {
            nodes: links.map(|other| if other == NONE { cell as u32 } else { other }),
            steps,
            free: (0..3).fold(0b1000, |free, axis| free | u8::from(held[axis].is_none()) << axis),
            share: if n > 0.0 { 1.0 / n } else { 0.0 },
            n_own: 6.0 - n,
        }
    }

    /// The mean of the nodes that a node is drawn to, as an offset in its own cell; the node itself where
    /// it is drawn to none or held.
    #[inline]
    fn mean(&self, now: &[Offset], cell: usize) -> Offset {
        let own = now[cell];
        let [x, y, z] = self.steps.map(f32::from);
        let mut sum = [x, y, z, 0.0];
        for node in self.nodes {
            let there = &now[node as usize];
            for axis in 0..4 {
                sum[axis] += there[axis];
            }
        }
        if self.share == 0.0 {
            return own;
        }
        let mean: Offset = std::array::from_fn(|axis| (sum[axis] - self.n_own * own[axis]) * self.share);
        if self.free == FREE {
            return mean;
        }
        std::array::from_fn(|axis| if self.free >> axis & 1 == 1 { mean[axis] } else { own[axis] })
    }

    /// Moves a node to a place, as far as its cell reaches and where it may go.
    #[inline]
    fn put(&self, node: &mut Offset, to: &Offset) {
        let held: Offset = to.map(|place| place.clamp(-REACH, REACH));
        if self.free == FREE {
            *node = held;
        } else {
            for axis in (0..4).filter(|axis| self.free >> axis & 1 == 1) {
                node[axis] = held[axis];
            }
        }
    }
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
