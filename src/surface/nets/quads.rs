//! The points of all nodes, and the quads between them.

use rayon::prelude::*;

use super::super::cube::{axis, edge_between};
use super::super::emit::Frame;
use super::cells::Cells;
use super::labels::{Label, Labels};
use super::points::{Points, lean};
use crate::mesh::FaceKind;
use crate::progress::{Cancelled, Progress};

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
    pub cells: Cells,
    /// Offset of each node from the middle of its cell.
    pub nodes: Vec<[f64; 3]>,
    /// Number of the first point of each cell, and the total after the last.
    firsts: Vec<u32>,
}

impl<'a, T: Label> Net<'a, T> {
    /// Numbers the points.
    pub fn new(labels: Labels<'a, T>, cells: Cells, nodes: Vec<[f64; 3]>) -> Self {
        let counts: Vec<u32> =
            (0..cells.ijk.len()).into_par_iter().map(|cell| n_points(&labels, cells.index(cell))).collect();
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
        let per_cell = |cell: usize| {
            let middle = self.middle(cell);
            let n = self.firsts[cell + 1] - self.firsts[cell];
            let masks = if n == 1 { vec![0] } else { Points::of(&self.labels, self.cells.index(cell)).masks };
            let n_cells = self.labels.n_cells();
            masks.into_iter().map(move |mask| {
                let off = if n == 1 { [0.0; 3] } else { lean(mask) };
                let index = self.cells.ijk[cell];
                let place = std::array::from_fn(|axis| {
                    let is_lid = index[axis] == 0 || index[axis] as usize + 1 == n_cells[axis];
                    middle[axis] + if is_lid { 0.0 } else { off[axis] * offset(frame) }
                });
                frame.lps_mm(place)
            })
        };
        (0..self.cells.ijk.len()).into_par_iter().flat_map_iter(per_cell).collect()
    }

    /// Where a node is, counted in samples of the image with the layer around.
    fn middle(&self, cell: usize) -> [f64; 3] {
        std::array::from_fn(|axis| f64::from(self.cells.ijk[cell][axis]) + 0.5 + self.nodes[cell][axis])
    }

    /// The quads of every slab, in order.
    pub fn quads(
        &self,
        frame: &Frame,
        has_lids: bool,
        progress: &Progress,
    ) -> Result<Vec<Vec<Quad>>, Cancelled> {
        (0..self.cells.n_slabs())
            .into_par_iter()
            .map(|k| {
                progress.step()?;
                let mut quads = Vec::new();
                for cell in self.cells.slab(k) {
                    for axis in 0..3 {
                        self.edge(frame, cell, axis, has_lids, &mut quads);
                    }
                }
                Ok(quads)
            })
            .collect()
    }

    /// The quads around the edge that starts at the first corner of a cell.
    fn edge(&self, frame: &Frame, cell: usize, along: usize, has_lids: bool, quads: &mut Vec<Quad>) {
        let low = self.cells.index(cell);
        let mut high = low;
        high[along] += 1;
        let (before, after) = (self.labels.at(low), self.labels.at(high));
        if before == after {
            return;
        }
        let is_lid = low[along] == 0 || high[along] == self.labels.n_cells()[along];
        if is_lid && !has_lids {
            return;
        }
        let Some(around) = self.around(cell, along) else { return };
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

    /// The four cells around an edge, counter-clockwise seen from its end.
    fn around(&self, cell: usize, along: usize) -> Option<[usize; 4]> {
        let (u, v) = ((along + 1) % 3, (along + 2) % 3);
        let index = self.cells.index(cell);
        let find = |back: &[usize]| {
            let mut there = index;
            for &axis in back {
                there[axis] = there[axis].checked_sub(1)?;
            }
            self.cells.find(there)
        };
        Some([cell, find(&[u])?, find(&[u, v])?, find(&[v])?])
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

/// How many points a cell has. Most have two labels and one sheet, which the corners tell.
fn n_points<T: Label>(labels: &Labels<'_, T>, cell: [usize; 3]) -> u32 {
    let corners = labels.corners(cell);
    let is_plain = |label: u16| {
        let inside: u8 = (0..8).filter(|&n| corners[n] == label).map(|n| 1 << n).sum();
        PLAIN[usize::from(inside)]
    };
    if corners.iter().all(|&label| label == 0 || is_plain(label)) {
        return 1;
    }
    Points::of(labels, cell).masks.len() as u32
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
