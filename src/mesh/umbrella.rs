//! The mean of the neighbours of every vertex, again and again: what smoothing spends its time on.
//!
//! A list of its own length for every vertex would have the processor guess at each where it ends. Here
//! all have room for eight, and what is not used points at a place that is always zero; the few
//! neighbours beyond eight stand in a list of their own.

use rayon::prelude::*;

use super::MeshRef;

const BLOCK: usize = 8192;

/// Neighbours that most vertices do not exceed.
const WIDTH: usize = 8;

/// A displacement, mm; the fourth number is nothing and makes it as wide as a register.
pub(super) type Move = [f32; 4];

/// Who is averaged for whom.
#[derive(Debug, Default)]
pub(super) struct Umbrella {
    rows: Vec<[u32; WIDTH]>,
    /// One over the number of neighbours; zero for a vertex that stays.
    shares: Vec<f32>,
    /// Vertices with more neighbours and these, in ascending order.
    excess: Vec<(u32, u32)>,
}

impl Umbrella {
    /// `choose` names the neighbours of a vertex, in parallel; none fixes it.
    pub(super) fn build<F>(n_vertices: usize, choose: F) -> Self
    where
        F: Fn(u32, &mut Vec<u32>) + Sync,
    {
        let (mut rows, mut shares) = (vec![[0; WIDTH]; n_vertices], vec![0.0; n_vertices]);
        let blocks = rows.par_chunks_mut(BLOCK).zip(shares.par_chunks_mut(BLOCK)).enumerate();
        let excess: Vec<Vec<(u32, u32)>> = blocks
            .map(|(block, (rows, shares))| {
                let (mut excess, mut list) = (Vec::new(), Vec::with_capacity(16));
                for (offset, (row, share)) in rows.iter_mut().zip(shares).enumerate() {
                    let vertex = (block * BLOCK + offset) as u32;
                    list.clear();
                    choose(vertex, &mut list);
                    *share = if list.is_empty() { 0.0 } else { 1.0 / list.len() as f32 };
                    *row = std::array::from_fn(|n| list.get(n).copied().unwrap_or(n_vertices as u32));
                    excess.extend(list.iter().skip(WIDTH).map(|&to| (vertex, to)));
                }
                excess
            })
            .collect();
        Self { rows, shares, excess: excess.concat() }
    }

    /// How many vertices stay where they are.
    pub(super) fn n_fixed(&self) -> usize {
        self.shares.iter().filter(|&&share| share == 0.0).count()
    }

    /// Displacements of nothing, with the place that is always zero.
    pub(super) fn zeros(&self) -> Vec<Move> {
        vec![[0.0; 4]; self.rows.len() + 1]
    }

    /// Every vertex less the mean of its neighbours.
    pub(super) fn gradient(&self, mesh: MeshRef<'_>) -> Vec<Move> {
        let vertices = mesh.vertices();
        let mut gradient = self.zeros();
        self.over_blocks(&mut gradient, |vertex, excess, value| {
            let used = self.rows[vertex].iter().filter(|&&to| (to as usize) < vertices.len());
            let sum = used.chain(excess.iter().map(|(_, to)| to)).fold([0.0; 3], |sum, &to| {
                std::array::from_fn(|axis| sum[axis] + vertices[to as usize][axis])
            });
            let share = f64::from(self.shares[vertex]);
            if share > 0.0 {
                // The share as it is meant, not as 32 bits hold it.
                let n = (1.0 / share).round();
                let at = |axis: usize| (vertices[vertex][axis] - sum[axis] / n) as f32;
                *value = [at(0), at(1), at(2), 0.0];
            }
        });
        gradient
    }

    /// Changes the value of every vertex, given its number and the mean of `moves` over its neighbours.
    pub(super) fn sweep<F>(&self, moves: &[Move], values: &mut [Move], change: F)
    where
        F: Fn(usize, Move, &mut Move) + Sync,
    {
        self.over_blocks(values, |vertex, excess, value| {
            let mut sum = [0.0_f32; 4];
            for to in self.rows[vertex] {
                add(&mut sum, &moves[to as usize]);
            }
            for &(_, to) in excess {
                add(&mut sum, &moves[to as usize]);
            }
            let share = self.shares[vertex];
            change(vertex, sum.map(|x| x * share), value);
        });
    }

    /// Calls for every vertex, block by block side by side, with its number, its excess and its value.
    fn over_blocks<F>(&self, values: &mut [Move], call: F)
    where
        F: Fn(usize, &[(u32, u32)], &mut Move) + Sync,
    {
        values[..self.rows.len()].par_chunks_mut(BLOCK).enumerate().for_each(|(block, values)| {
            let first = block * BLOCK;
            let mut rest = &self.excess[self.excess.partition_point(|entry| (entry.0 as usize) < first)..];
            for (vertex, value) in (first..).zip(values) {
                let mut n = 0;
                while rest.get(n).is_some_and(|entry| entry.0 as usize == vertex) {
                    n += 1;
                }
                let (own, others) = rest.split_at(n);
                rest = others;
                call(vertex, own, value);
            }
        });
    }
}

#[inline]
fn add(sum: &mut Move, step: &Move) {
    for axis in 0..4 {
        sum[axis] += step[axis];
    }
}
