//! The points of all nodes, and the quads between them.

use std::ops::Range;

use rayon::prelude::*;

use super::super::cube::{axis, edge_between};
use super::super::emit::Frame;
use super::super::slots::slots;
use super::cells::Cells;
use super::labels::{Label, Labels};
use super::points::{Points, lean};
use super::relax::Offset;
use crate::mesh::FaceKind;
use crate::progress::{Cancelled, Progress};

/// Cells per parallel piece.
const BLOCK: usize = 8192;

/// How far the points of a divided node stand off its middle, as a fraction of their lean; more where
/// float32 is coarse.
const LEAST_OFFSET: f64 = 0.02;
/// The least projected area of a triangle that the shorter diagonal may leave, in square steps.
const LEAST_AREA: f64 = 0.03;

/// A mesh quad between two labels, cut in two: the faces of the lower label and of the higher one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quad {
    pub label: u16,
    pub triangles: [[u32; 3]; 2],
    pub kind: u8,
}

/// The net: cells, nodes and the points they make.
pub(super) struct Net<'a, T> {
    pub labels: Labels<'a, T>,
    pub cells: Cells<T>,
    /// Offset of each node from the middle of its cell.
    pub nodes: Vec<Offset>,
    /// Number of the first point of each cell, and the total after the last.
    firsts: Vec<u32>,
}

impl<'a, T: Label> Net<'a, T> {
    /// Numbers the points.
    pub fn new(labels: Labels<'a, T>, cells: Cells<T>, nodes: Vec<Offset>) -> Self {
        let counts: Vec<u32> =
            (0..cells.ijk.len()).into_par_iter().map(|cell| n_points(&labels, &cells, cell)).collect();
        let mut firsts = Vec::with_capacity(counts.len() + 1);
        let mut total = 0;
        firsts.push(0);
        for count in counts {
            total += count;
            firsts.push(total);
        }
        Self { labels, cells, nodes, firsts }
    }

    /// Number of points.
    pub fn n_points(&self) -> usize {
        self.firsts.last().map_or(0, |&total| total as usize)
    }

    /// Where all points are, LPS mm.
    pub fn places(&self, frame: &Frame) -> Vec<[f64; 3]> {
        let mut places = vec![[0.0; 3]; self.n_points()];
        let ends = |block: usize| self.firsts[((block + 1) * BLOCK).min(self.firsts.len() - 1)] as usize;
        let sizes = (0..self.cells.ijk.len().div_ceil(BLOCK))
            .map(|block| ends(block) - self.firsts[block * BLOCK] as usize);
        let slots = slots(&mut places, sizes);
        slots.into_par_iter().enumerate().for_each(|(block, mut slot)| {
            let mut cell = block * BLOCK;
            while !slot.is_empty() {
                let n = (self.firsts[cell + 1] - self.firsts[cell]) as usize;
                let own;
                (own, slot) = slot.split_at_mut(n);
                self.place(frame, cell, own);
                cell += 1;
            }
        });
        places
    }

    /// The points of a cell, LPS mm.
    #[inline]
    fn place(&self, frame: &Frame, cell: usize, places: &mut [[f64; 3]]) {
        let middle = self.middle(cell);
        if let [place] = places {
            *place = frame.lps_mm(middle);
            return;
        }
        let (index, n_cells) = (self.cells.index(cell), self.labels.n_cells());
        let masks = Points::of(&self.labels, index).masks;
        for (place, mask) in places.iter_mut().zip(masks) {
            let off = lean(mask);
            *place = frame.lps_mm(std::array::from_fn(|axis| {
                let is_lid = index[axis] == 0 || index[axis] + 1 == n_cells[axis];
                middle[axis] + if is_lid { 0.0 } else { off[axis] * offset(frame) }
            }));
        }
    }

    /// Where a node is, counted in samples of the image with the layer around.
    fn middle(&self, cell: usize) -> [f64; 3] {
        std::array::from_fn(|axis| {
            f64::from(self.cells.ijk[cell][axis]) + 0.5 + f64::from(self.nodes[cell][axis])
        })
    }

    /// The quads of every slab, in order.
    pub fn quads(
        &self,
        frame: &Frame,
        has_lids: bool,
        progress: &Progress,
    ) -> Result<Vec<Vec<Quad>>, Cancelled> {
        let [_, nj, nk] = self.cells.n();
        (0..nk)
            .into_par_iter()
            .map(|k| {
                progress.step()?;
                let mut quads = Vec::new();
                for j in 0..nj {
                    self.row(frame, [j, k], has_lids, &mut quads);
                }
                Ok(quads)
            })
            .collect()
    }

    /// The quads of a row of cells; the rows beside it are walked along with it.
    fn row(&self, frame: &Frame, [j, k]: [usize; 2], has_lids: bool, quads: &mut Vec<Quad>) {
        let row = |back_j: usize, back_k: usize| {
            let (j, k) = (j.wrapping_sub(back_j), k.wrapping_sub(back_k));
            Walk::along(self.cells.row(j, k))
        };
        let [mut own, mut y, mut z, mut yz] = [row(0, 0), row(1, 0), row(0, 1), row(1, 1)];
        for cell in self.cells.row(j, k) {
            let i = self.cells.ijk[cell][0];
            let [own, y, z, yz] = [&mut own, &mut y, &mut z, &mut yz].map(|walk| walk.to(&self.cells.ijk, i));
            // The cells around the edges that start at the first corner, counter-clockwise seen from
            // their ends.
            let around = [[y[1], yz[1], z[1]], [z[1], z[0], own[0]], [own[0], y[0], y[1]]];
            for (along, [b, c, d]) in around.into_iter().enumerate() {
                let corners = &self.cells.corners[cell];
                let labels = [corners[0].into(), corners[1 << along].into()];
                if labels[0] != labels[1]
                    && let (Some(b), Some(c), Some(d)) = (b, c, d)
                {
                    self.edge(frame, [cell, b, c, d], along, labels, has_lids, quads);
                }
            }
        }
    }

    /// The quads around the edge that starts at the first corner of the first of four cells.
    fn edge(
        &self,
        frame: &Frame,
        around: [usize; 4],
        along: usize,
        [before, after]: [u16; 2],
        has_lids: bool,
        quads: &mut Vec<Quad>,
    ) {
        let low = self.cells.ijk[around[0]][along] as usize;
        let is_lid = low == 0 || low + 1 == self.cells.n()[along];
        if is_lid && !has_lids {
            return;
        }
        let corners = self.diagonal(frame, &around, along);
        let kind = if is_lid { FaceKind::Cap } else { FaceKind::Surface } as u8;
        for (label, is_turned) in [(before, frame.is_left_handed), (after, !frame.is_left_handed)] {
            if label == 0 {
                continue;
            }
            let number = corners.map(|n| self.point(around[n], along, n, label));
            let triangles = [[number[0], number[1], number[2]], [number[0], number[2], number[3]]];
            let triangles = triangles.map(|[a, b, c]| if is_turned { [a, c, b] } else { [a, b, c] });
            quads.push(Quad { label, triangles, kind });
        }
    }

    /// The order in which the corners of a quad are cut in two: along the shorter diagonal, unless
    /// that would leave a sliver or turn a triangle over.
    fn diagonal(&self, frame: &Frame, around: &[usize; 4], along: usize) -> [usize; 4] {
        let (u, v) = ((along + 1) % 3, (along + 2) % 3);
        let place = around.map(|cell| self.middle(cell));
        let area = |a: usize, b: usize, c: usize| {
            let [a, b, c] = [a, b, c].map(|n| place[n]);
            (b[u] - a[u]) * (c[v] - a[v]) - (b[v] - a[v]) * (c[u] - a[u])
        };
        let first = area(0, 1, 2).min(area(0, 2, 3));
        let second = area(1, 2, 3).min(area(1, 3, 0));
        let is_first = if first.min(second) > LEAST_AREA {
            frame.distance2(place[0], place[2]) <= frame.distance2(place[1], place[3])
        } else {
            first >= second
        };
        if is_first { [0, 1, 2, 3] } else { [1, 2, 3, 0] }
    }

    /// The point of a label in the `n`th cell around an edge.
    fn point(&self, cell: usize, along: usize, n: usize, label: u16) -> u32 {
        let first = self.firsts[cell];
        if self.firsts[cell + 1] - first == 1 {
            return first;
        }
        let (u, v) = ((along + 1) % 3, (along + 2) % 3);
        let low = [0, 1 << u, 1 << u | 1 << v, 1 << v][n];
        let edge = edge_between(low, low | 1 << along);
        debug_assert_eq!(axis(usize::from(edge)), along);
        first + Points::of(&self.labels, self.cells.index(cell)).at(label, edge) as u32
    }
}

/// A row of cells that is walked from its start to its end.
struct Walk {
    at: usize,
    row: Range<usize>,
}

impl Walk {
    fn along(row: Range<usize>) -> Self {
        Self { at: row.start, row }
    }

    /// The cells at `i - 1` and at `i`; `i` may only grow.
    fn to(&mut self, ijk: &[[u32; 3]], i: u32) -> [Option<usize>; 2] {
        while self.at < self.row.end && ijk[self.at][0] < i {
            self.at += 1;
        }
        let before = (self.at > self.row.start && ijk[self.at - 1][0] + 1 == i).then(|| self.at - 1);
        [before, (self.at < self.row.end && ijk[self.at][0] == i).then_some(self.at)]
    }
}

/// How many points a cell has. Most have two labels and one sheet, which the corners tell.
fn n_points<T: Label>(labels: &Labels<'_, T>, cells: &Cells<T>, cell: usize) -> u32 {
    let corners = &cells.corners[cell];
    let is_plain = |label: T| PLAIN[usize::from(set(corners, label))];
    // Of two labels one is what the other leaves, so that both are plain or neither.
    let two = set(corners, corners[0])
        | corners.iter().find(|&&one| one != corners[0]).map_or(0, |&one| set(corners, one));
    let is_one = if two == 0xff {
        is_plain(corners[0])
    } else {
        corners.iter().all(|&label| label == T::default() || is_plain(label))
    };
    if is_one {
        return 1;
    }
    Points::of(labels, cells.index(cell)).masks.len() as u32
}

/// The corners that have a label, one bit each.
fn set<T: Label>(corners: &[T; 8], label: T) -> u8 {
    corners.iter().enumerate().fold(0, |all, (n, &one)| all | u8::from(one == label) << n)
}

/// Sets of corners that are one piece, as is the rest, along edges of the cell: one sheet.
static PLAIN: std::sync::LazyLock<[bool; 256]> =
    std::sync::LazyLock::new(|| std::array::from_fn(|set| is_one(set as u8) && is_one(!(set as u8))));

fn is_one(set: u8) -> bool {
    let mut reached = set & set.wrapping_neg();
    for _ in 0..8 {
        let along_x = (reached & 0x55) << 1 | (reached & 0xaa) >> 1;
        let along_y = (reached & 0x33) << 2 | (reached & 0xcc) >> 2;
        let along_z = reached.rotate_right(4);
        reached |= (along_x | along_y | along_z) & set;
    }
    reached == set
}

/// How far the points of a divided node stand off its middle, as a fraction of their lean.
pub(super) fn offset(frame: &Frame) -> f64 {
    2.0 * frame.margin.iter().copied().fold(LEAST_OFFSET / 2.0, f64::max)
}
