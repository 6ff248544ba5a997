//! The mean of the neighbours of every vertex, again and again: what smoothing spends its time on.
//!
//! Memory sets the pace, so little may pass by. A list of its own length for every vertex
//! would have the processor guess at each where it ends: here all have room for eight. A mesher numbers
//! neighbours close together, so that 16 bits say how far off one is; zero, which is the vertex itself,
//! stands where there is none and is taken out of the sum. The few neighbours beyond eight, or farther
//! off, stand in a list of their own.

use rayon::prelude::*;
use wide::f32x4;

use super::MeshRef;

const BLOCK: usize = 8192;

/// Neighbours that most vertices do not exceed.
const WIDTH: usize = 8;

/// A displacement, mm; the fourth number is nothing.
pub(super) type Move = f32x4;

/// What pulls at a vertex; nothing at one that stays.
#[derive(Debug, Clone, Copy, Default)]
struct Pull {
    /// The vertex less the mean of its neighbours, mm.
    gradient: [f32; 3],
    /// What the sum over its row counts for in the mean.
    of_row: f32,
    /// What the vertex itself counts for: it stands in the row where no neighbour does, and is taken out.
    of_own: f32,
}

/// Who is averaged for whom.
#[derive(Debug, Default)]
pub(super) struct Umbrella {
    /// How far off in the list of vertices neighbours stand; zero for none.
    rows: Vec<[i16; WIDTH]>,
    /// What pulls at each vertex.
    pulls: Vec<Pull>,
    /// Vertices with more neighbours or farther ones, and these, by vertex.
    excess: Vec<(u32, u32)>,
}

impl Umbrella {
    /// `choose` names the neighbours of a vertex, in parallel; none fixes it.
    pub(super) fn build<F>(mesh: MeshRef<'_>, choose: F) -> Self
    where
        F: Fn(u32, &mut Vec<u32>) + Sync,
    {
        let n_vertices = mesh.vertices().len();
        let (mut rows, mut pulls) = (vec![[0; WIDTH]; n_vertices], vec![Pull::default(); n_vertices]);
        let blocks = rows.par_chunks_mut(BLOCK).zip(pulls.par_chunks_mut(BLOCK)).enumerate();
        let excess: Vec<Vec<(u32, u32)>> = blocks
            .map(|(block, (rows, pulls))| {
                let (mut excess, mut list) = (Vec::new(), Vec::with_capacity(16));
                for (vertex, (row, pull)) in (block * BLOCK..).zip(rows.iter_mut().zip(pulls)) {
                    list.clear();
                    choose(vertex as u32, &mut list);
                    let n_in_row = fill(vertex as u32, &list, row, &mut excess);
                    *pull = Pull::of(mesh.vertices(), vertex, &list, n_in_row);
                }
                excess
            })
            .collect();
        Self { rows, pulls, excess: excess.concat() }
    }

    /// How many vertices stay where they are.
    pub(super) fn n_fixed(&self) -> usize {
        self.pulls.iter().filter(|pull| pull.of_row == 0.0).count()
    }

    /// Displacements of nothing.
    pub(super) fn zeros(&self) -> Vec<Move> {
        vec![Move::ZERO; self.rows.len()]
    }

    /// Every vertex less the mean of its neighbours, times a factor.
    pub(super) fn gradient(&self, factor: f32) -> Vec<Move> {
        self.pulls.par_iter().with_min_len(BLOCK).map(|pull| pull.gradient() * Move::splat(factor)).collect()
    }

    /// Makes every value anew, from the vertex's own move, its gradient, the mean of the moves of its
    /// neighbours and the value there was.
    pub(super) fn sweep<F>(&self, moves: &[Move], values: &mut [Move], change: F)
    where
        F: Fn(Move, Move, Move, Move) -> Move + Sync,
    {
        values.par_chunks_mut(BLOCK).enumerate().for_each(|(block, values)| {
            let first = block * BLOCK;
            let mut rest = &self.excess[self.excess.partition_point(|entry| (entry.0 as usize) < first)..];
            let own = self.rows[first..].iter().zip(&self.pulls[first..]).zip(&moves[first..]);
            for (vertex, (value, ((row, pull), own))) in (first..).zip(values.iter_mut().zip(own)) {
                let mut sum = sum_of(row, vertex, moves);
                while let Some(((_, to), others)) =
                    rest.split_first().filter(|(entry, _)| entry.0 as usize == vertex)
                {
                    sum += moves[*to as usize];
                    rest = others;
                }
                let mean = sum * Move::splat(pull.of_row) + *own * Move::splat(pull.of_own);
                *value = change(*own, pull.gradient(), mean, *value);
            }
        });
    }
}

impl Pull {
    /// That of a vertex by these neighbours, of which so many stand in its row.
    fn of(vertices: &[[f64; 3]], vertex: usize, list: &[u32], n_in_row: usize) -> Self {
        if list.is_empty() {
            return Self::default();
        }
        let n = list.len() as f64;
        let sum = list
            .iter()
            .fold([0.0; 3], |sum, &to| std::array::from_fn(|axis| sum[axis] + vertices[to as usize][axis]));
        let gradient = std::array::from_fn(|axis| (vertices[vertex][axis] - sum[axis] / n) as f32);
        let n_absent = (WIDTH - n_in_row) as f64;
        Self { gradient, of_row: (1.0 / n) as f32, of_own: (-n_absent / n) as f32 }
    }

    #[inline]
    fn gradient(&self) -> Move {
        let [x, y, z] = self.gradient;
        Move::new([x, y, z, 0.0])
    }
}

/// Writes the neighbours of a vertex down, those that do not fit in `excess`; returns how many did.
fn fill(vertex: u32, list: &[u32], row: &mut [i16; WIDTH], excess: &mut Vec<(u32, u32)>) -> usize {
    let mut n = 0;
    for &to in list {
        match i16::try_from(i64::from(to) - i64::from(vertex)) {
            Ok(step) if step != 0 && n < WIDTH => {
                row[n] = step;
                n += 1;
            }
            _ => excess.push((vertex, to)),
        }
    }
    n
}

/// Moves of the neighbours in a row, and of the vertex itself where there is none.
#[inline]
fn sum_of(row: &[i16; WIDTH], vertex: usize, moves: &[Move]) -> Move {
    let at = |n: usize| moves[vertex.wrapping_add_signed(isize::from(row[n]))];
    // In pairs, so that no sum waits for the one before.
    ((at(0) + at(1)) + (at(2) + at(3))) + ((at(4) + at(5)) + (at(6) + at(7)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::TriMesh;

    #[test]
    fn the_mean_is_that_of_all_neighbours_near_far_and_many() {
        let n = 70_000_u32;
        let vertices =
            (0..n).map(|at| [f64::from(at % 97), f64::from(at % 89), f64::from(at % 83)]).collect();
        let mesh = TriMesh { vertices, faces: Vec::new(), kinds: Vec::new() };
        // None for every fifth, up to twelve for others, every third of them far off.
        let of = |vertex: u32| -> Vec<u32> {
            let step = |k: u32| if k.is_multiple_of(3) { 40_009 + k } else { k };
            (1..=(vertex % 5) * 3).map(|k| (vertex + step(k)) % n).collect()
        };
        let umbrella = Umbrella::build(mesh.view(), |vertex, list| list.extend(of(vertex)));
        assert_eq!(umbrella.n_fixed(), 14_000);
        let moves: Vec<Move> =
            (0..n).map(|at| Move::new([at as f32 % 31.0, at as f32 % 29.0, 1.0, 0.0])).collect();
        let mut means = umbrella.zeros();
        umbrella.sweep(&moves, &mut means, |_, _, mean, _| mean);
        for vertex in 0..n {
            let list = of(vertex);
            for axis in 0..3 {
                let sum: f32 = list.iter().map(|&to| moves[to as usize].to_array()[axis]).sum();
                let truth = if list.is_empty() { 0.0 } else { sum / list.len() as f32 };
                assert!((means[vertex as usize].to_array()[axis] - truth).abs() < 1e-4, "{vertex}");
            }
        }
    }
}
