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
use super::runs::{Run, run};
use crate::progress::{Cancelled, Progress};

/// Rounds until thin parts have their volume again within a few per cent.
pub(super) const N_ROUNDS: usize = 6;
/// How often losses are averaged with those around them: over some three steps.
const N_SPREADS: usize = 24;
/// What an end may lose without more ado, and from where on it gets back all of it, in steps.
const NO_LOSS: f32 = 0.005;
const LOSS: f32 = 0.02;

/// One end of a run, at a node.
#[derive(Clone, Copy, Default)]
struct End {
    run: u32,
    outward: f32,
    side: f32,
}

/// The thin runs of a net and the nodes at their ends; nodes go by their place in `nodes` here.
pub(super) struct ThinParts {
    runs: Vec<Run>,
    /// Their numbers in the net, ascending.
    pub(super) nodes: Vec<u32>,
    /// The nodes at the ends of each run.
    corners: Vec<[[u32; 4]; 2]>,
    /// The six nodes that a node is drawn to; one beyond the last where that has no thin run.
    beside: Vec<[u32; 6]>,
    /// The ends at each node, and where they begin.
    ends: Vec<End>,
    starts: Vec<u32>,
    /// The weights of the runs at each node, averaged over the nodes nearby.
    weights: Vec<f32>,
}

impl ThinParts {
    /// Finds them, in the order of the cells. `beside` are the six nodes that a node of the net is drawn to.
    pub(super) fn of<T: Label>(
        labels: &Labels<'_, T>,
        cells: &Cells<T>,
        beside: impl Fn(usize) -> [u32; 6] + Sync,
    ) -> Self {
        let found: Vec<Vec<Run>> = (0..cells.ijk.len())
            .into_par_iter()
            .fold_chunks(1 << 14, Vec::new, |mut runs, cell| {
                runs.extend((0..3).filter_map(|axis| run(labels, cells, cell, axis)));
                runs
            })
            .collect();
        let runs: Vec<Run> = found.into_iter().flatten().collect();
        let mut is_thin = vec![false; cells.ijk.len()];
        for &cell in runs.iter().flat_map(|run| run.cells.as_flattened()) {
            is_thin[cell as usize] = true;
        }
        let nodes: Vec<u32> = (0..is_thin.len() as u32).filter(|&node| is_thin[node as usize]).collect();
        let mut places = vec![nodes.len() as u32; is_thin.len()];
        for (place, &node) in nodes.iter().enumerate() {
            places[node as usize] = place as u32;
        }
        let placed = |node: u32| places[node as usize];
        let corners: Vec<_> = runs.par_iter().map(|run| run.cells.map(|end| end.map(placed))).collect();
        let beside = nodes.par_iter().map(|&node| beside(node as usize).map(placed)).collect();
        let (ends, starts) = ends_by_node(&runs, &corners, nodes.len());
        let mut made = Self { runs, nodes, corners, beside, ends, starts, weights: Vec::new() };
        made.weights = made.spread(|end| made.runs[end.run as usize].weight);
        made
    }

    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// For every node how far it should move along each axis, so that the runs are as thick as in `bare`;
    /// nothing where what they lost is not worth it.
    pub(super) fn pushes(
        &self,
        bare: &[Offset],
        now: &[Offset],
        progress: &Progress,
    ) -> Result<Option<Vec<[f32; 3]>>, Cancelled> {
        progress.check()?;
        let losses: Vec<f32> = self.runs.par_iter().map(|run| run.loss(bare, now) * run.weight).collect();
        let spread = self.spread(|end| losses[end.run as usize] * end.side);
        let wanted: Vec<f32> =
            (0..self.runs.len()).into_par_iter().map(|run| self.wanted(run, &spread)).collect();
        if wanted.par_iter().all(|&wanted| wanted == 0.0) {
            return Ok(None);
        }
        let push = |place: usize| {
            let (mut push, mut n) = ([0.0; 3], [0.0_f32; 3]);
            for end in self.ends_at(place) {
                let axis = usize::from(self.runs[end.run as usize].axis);
                push[axis] += end.outward * wanted[end.run as usize];
                n[axis] += 1.0;
            }
            std::array::from_fn(|axis| push[axis] / n[axis].max(1.0))
        };
        Ok(Some((0..self.nodes.len()).into_par_iter().map(push).collect()))
    }

    /// The sum of something over the ends at each node, averaged over the nodes nearby. Of losses to the
    /// higher label it tells whether anything is lost: what a terrace takes its neighbour gives.
    fn spread(&self, of: impl Fn(&End) -> f32 + Sync) -> Vec<f32> {
        let sum = |place: usize| self.ends_at(place).iter().map(&of).sum::<f32>();
        let n = self.nodes.len();
        let mut now: Vec<f32> = (0..n).into_par_iter().map(sum).collect();
        now.push(0.0);
        let mut then = now.clone();
        for _ in 0..N_SPREADS {
            then[..n].par_iter_mut().zip(&self.beside).for_each(|(then, beside)| {
                *then = beside.iter().map(|&other| now[other as usize]).sum::<f32>() / 6.0;
            });
            std::mem::swap(&mut now, &mut then);
        }
        now
    }

    /// How far the ends of a run have to move apart, from the losses around them.
    fn wanted(&self, run: usize, spread: &[f32]) -> f32 {
        let (corners, run) = (&self.corners[run], &self.runs[run]);
        let mut sum = [0.0; 2];
        for (end, _, side) in run.free_ends() {
            for corner in corners[end] {
                let place = corner as usize;
                sum = [sum[0] + side * spread[place], sum[1] + self.weights[place]];
            }
        }
        let loss = if sum[1] > 0.0 { sum[0] / sum[1] } else { 0.0 };
        let worth = ((loss.abs() - NO_LOSS) / (LOSS - NO_LOSS)).clamp(0.0, 1.0);
        run.weight * worth * loss
    }

    fn ends_at(&self, place: usize) -> &[End] {
        &self.ends[self.starts[place] as usize..self.starts[place + 1] as usize]
    }
}

/// The ends of runs that may move, node by node, and where those of each node begin.
fn ends_by_node(runs: &[Run], corners: &[[[u32; 4]; 2]], n_nodes: usize) -> (Vec<End>, Vec<u32>) {
    let each = || {
        runs.iter().zip(corners).enumerate().flat_map(|(number, (run, corners))| {
            run.free_ends().flat_map(move |(end, outward, side)| {
                corners[end].map(|node| (node as usize, End { run: number as u32, outward, side }))
            })
        })
    };
    let mut starts = vec![0_u32; n_nodes + 1];
    each().for_each(|(node, _)| starts[node + 1] += 1);
    for node in 0..n_nodes {
        starts[node + 1] += starts[node];
    }
    let mut ends = vec![End::default(); starts[n_nodes] as usize];
    let mut next = starts.clone();
    each().for_each(|(node, end)| {
        ends[next[node] as usize] = end;
        next[node] += 1;
    });
    (ends, starts)
}
