//! Thin parts, which smoothing would draw to a thread, keep their thickness.
//!
//! A filter that takes away terraces of voxels takes away what is not much thicker than a terrace as well:
//! a part of one voxel falls to a hundredth of its volume, a rod to a wire. So after the smoothing every
//! run of a few samples of one label gets back what its two ends lost together: what lies between the
//! bare quads and the smoothed ones is measured, and both ends are moved apart by it. Terraces of thin
//! plates stay smoothed, since there one end gains what the other loses.

use rayon::prelude::*;

use super::cells::Cells;
use super::labels::{Label, Labels};
use super::relax::Offset;
use crate::progress::{Cancelled, Progress};

/// Runs of so many samples keep their length.
const THIN: usize = 4;
/// From so many on they need no help: the filter keeps them.
const THICK: usize = 9;
/// Rounds until thin parts have their volume again within a few per cent.
pub(super) const N_ROUNDS: usize = 6;
/// How often losses are averaged with those around them: over some three steps.
const N_SPREADS: usize = 24;
/// What an end may lose without more ado, and from where on it gets back all of it, in steps.
const NO_LOSS: f32 = 0.005;
const LOSS: f32 = 0.02;

/// A run of samples of one label between two others: the cells around both ends.
struct Run {
    axis: u8,
    /// Whether the end may move: it is no lid.
    is_free: [bool; 2],
    weight: f32,
    /// Whether its label is the higher one at each end, 1, or the lower one, -1: what one side loses the
    /// other gains.
    sides: [f32; 2],
    cells: [[u32; 4]; 2],
}

/// The thin runs of a net.
pub(super) struct ThinRuns {
    runs: Vec<Run>,
    /// The nodes at their ends, in order.
    nodes: Vec<u32>,
}

impl ThinRuns {
    /// Finds them, in the order of the cells.
    pub fn of<T: Label>(labels: &Labels<'_, T>, cells: &Cells<T>) -> Self {
        let found: Vec<Vec<Run>> = (0..cells.ijk.len())
            .into_par_iter()
            .fold_chunks(1 << 14, Vec::new, |mut runs, cell| {
                runs.extend((0..3).filter_map(|axis| run(labels, cells, cell, axis)));
                runs
            })
            .collect();
        let runs: Vec<Run> = found.into_iter().flatten().collect();
        let mut nodes: Vec<u32> = runs.iter().flat_map(|run| run.cells).flatten().collect();
        nodes.par_sort_unstable();
        nodes.dedup();
        Self { runs, nodes }
    }

    /// For every node how far it should move along each axis, so that the runs are as thick as in `bare`;
    /// nothing where what they lost is not worth it. `beside` are the six nodes that a node is drawn to.
    pub fn pushes(
        &self,
        bare: &[Offset],
        now: &[Offset],
        beside: impl Fn(usize) -> [u32; 6] + Sync,
        progress: &Progress,
    ) -> Result<Option<Vec<Offset>>, Cancelled> {
        let losses: Vec<f32> = self.runs.par_iter().map(|run| run.loss(bare, now)).collect();
        let spread = self.spread(&losses, beside, now.len(), progress)?;
        let wanted: Vec<f32> = self.runs.par_iter().map(|run| run.wanted(&spread)).collect();
        if wanted.par_iter().all(|&wanted| wanted == 0.0) {
            return Ok(None);
        }
        let mut pushes = vec![[0.0; 4]; now.len()];
        let mut counts = vec![[0_u8; 3]; now.len()];
        for (run, wanted) in self.runs.iter().zip(wanted) {
            let axis = usize::from(run.axis);
            for (cell, outward, _) in run.free_cells() {
                pushes[cell][axis] += outward * wanted;
                counts[cell][axis] += 1;
            }
        }
        pushes.par_iter_mut().zip(counts).for_each(|(push, counts)| {
            for axis in 0..3 {
                push[axis] /= f32::from(counts[axis].max(1));
            }
        });
        Ok(Some(pushes))
    }

    /// What the higher label lost around every node, and how many runs they are of, averaged over the nodes nearby: what a
    /// terrace takes its neighbour gives.
    fn spread(
        &self,
        losses: &[f32],
        beside: impl Fn(usize) -> [u32; 6] + Sync,
        n_nodes: usize,
        progress: &Progress,
    ) -> Result<Vec<[f32; 2]>, Cancelled> {
        let mut now = vec![[0.0; 2]; n_nodes];
        for (run, loss) in self.runs.iter().zip(losses) {
            for (cell, _, side) in run.free_cells() {
                now[cell][0] += run.weight * loss * side;
                now[cell][1] += run.weight;
            }
        }
        let mut then = now.clone();
        for _ in 0..N_SPREADS {
            progress.check()?;
            let means: Vec<[f32; 2]> = self
                .nodes
                .par_iter()
                .map(|&node| {
                    let six = beside(node as usize).map(|other| now[other as usize]);
                    std::array::from_fn(|part| six.iter().map(|one| one[part]).sum::<f32>() / 6.0)
                })
                .collect();
            for (&node, mean) in self.nodes.iter().zip(means) {
                then[node as usize] = mean;
            }
            std::mem::swap(&mut now, &mut then);
        }
        Ok(now)
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

impl Run {
    /// What each end that may move has to make good, in steps.
    fn loss(&self, bare: &[Offset], now: &[Offset]) -> f32 {
        let [low, high] = self.cells.map(|cells| swept(usize::from(self.axis), cells, bare, now));
        let n_free = self.is_free.iter().filter(|&&is_free| is_free).count();
        if n_free == 0 { 0.0 } else { (low - high) / n_free as f32 }
    }

    /// How far the ends have to move apart, from the losses around them.
    fn wanted(&self, spread: &[[f32; 2]]) -> f32 {
        let [loss, weight] = self
            .free_cells()
            .map(|(cell, _, side)| [side * spread[cell][0], spread[cell][1]])
            .fold([0.0; 2], |sum, one| [sum[0] + one[0], sum[1] + one[1]]);
        let loss = if weight > 0.0 { loss / weight } else { 0.0 };
        let worth = ((loss.abs() - NO_LOSS) / (LOSS - NO_LOSS)).clamp(0.0, 1.0);
        self.weight * worth * loss
    }

    /// The cells around the ends that may move, which way is outwards, and the side of the run there.
    fn free_cells(&self) -> impl Iterator<Item = (usize, f32, f32)> + '_ {
        let ends = [(0, -1.0), (1, 1.0)].into_iter().filter(|&(end, _)| self.is_free[end]);
        ends.flat_map(move |(end, outward)| {
            self.cells[end].into_iter().map(move |cell| (cell as usize, outward, self.sides[end]))
        })
    }
}

/// The run of samples that starts after the first corner of a cell, if it is a short one.
fn run<T: Label>(labels: &Labels<'_, T>, cells: &Cells<T>, cell: usize, axis: usize) -> Option<Run> {
    let corners = &cells.corners[cell];
    let (before, label): (u16, u16) = (corners[0].into(), corners[1 << axis].into());
    if before == label {
        return None;
    }
    let (low, n) = (cells.index(cell), labels.n_cells()[axis]);
    let is_lid = |at: usize| at == 0 || at + 1 >= n;
    let mut high = low;
    let mut sample = low;
    sample[axis] += 1;
    while labels.at(sample) == label {
        sample[axis] += 1;
        high[axis] += 1;
        if high[axis] - low[axis] >= THICK || high[axis] >= n {
            return None;
        }
    }
    // What is beside the image is no gap.
    if label == 0 && (is_lid(low[axis]) || is_lid(high[axis])) {
        return None;
    }
    let length = high[axis] - low[axis];
    let weight = ((THICK - length) as f32 / (THICK - THIN) as f32).min(1.0);
    let ends = [around(cells, low, axis)?, around(cells, high, axis)?];
    Some(Run {
        axis: axis as u8,
        is_free: [!is_lid(low[axis]), !is_lid(high[axis])],
        weight,
        sides: [before, labels.at(sample)].map(|other| if label > other { 1.0 } else { -1.0 }),
        cells: ends,
    })
}

/// The four cells around the edge that starts at the first corner of a cell, counter-clockwise seen from
/// its end.
fn around<T: Label>(cells: &Cells<T>, at: [usize; 3], axis: usize) -> Option<[u32; 4]> {
    let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
    let cell = |back_u: usize, back_v: usize| {
        let mut at = at;
        at[u] = at[u].checked_sub(back_u)?;
        at[v] = at[v].checked_sub(back_v)?;
        cells.find(at).map(|cell| cell as u32)
    };
    Some([cell(1, 1)?, cell(0, 1)?, cell(0, 0)?, cell(1, 0)?])
}

/// The volume between a bare quad and where it is now, in voxels; positive where it moved along the axis.
fn swept(axis: usize, cells: [u32; 4], bare: &[Offset], now: &[Offset]) -> f32 {
    const SQUARE: [[f32; 2]; 4] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
    let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
    let place = |n: usize, offsets: &[Offset]| {
        let offset = offsets[cells[n] as usize];
        [SQUARE[n][0] + offset[u], SQUARE[n][1] + offset[v], offset[axis]]
    };
    let low: [[f32; 3]; 4] = std::array::from_fn(|n| place(n, bare));
    let high: [[f32; 3]; 4] = std::array::from_fn(|n| place(n, now));
    // A hexahedron between two bilinear patches (Grandy, UCRL-ID-128886, 1997).
    let ray = minus(high[2], low[0]);
    let sum = triple(ray, minus(low[1], low[0]), minus(low[2], high[1]))
        + triple(ray, minus(high[0], low[0]), minus(high[1], high[3]))
        + triple(ray, minus(low[3], low[0]), minus(high[3], low[2]));
    sum / 6.0
}

fn minus(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|axis| a[axis] - b[axis])
}

fn triple(a: [f32; 3], b: [f32; 3], c: [f32; 3]) -> f32 {
    a[0] * (b[1] * c[2] - b[2] * c[1])
        + a[1] * (b[2] * c[0] - b[0] * c[2])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_quad_sweeps_is_the_volume_between_its_places() {
        let cells = [0, 1, 2, 3];
        let bare = [[0.0; 4]; 4];
        for axis in 0..3 {
            let mut up = bare;
            for node in &mut up {
                node[axis] = 0.25;
            }
            assert!((swept(axis, cells, &bare, &up) - 0.25).abs() < 1e-6);
            assert!((swept(axis, cells, &up, &bare) + 0.25).abs() < 1e-6);
        }
        // A pyramid's frustum: drawn in by a quarter on every side and half a step high.
        let mut roof = bare;
        for (node, [x, y]) in roof.iter_mut().zip([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]]) {
            *node = [0.25 * x, 0.25 * y, 0.5, 0.0];
        }
        assert!((swept(2, cells, &bare, &roof) - 0.5 / 3.0 * (1.0 + 0.5 + 0.25)).abs() < 1e-6);
    }
}
