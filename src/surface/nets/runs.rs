//! Runs of a few samples of one label between two others, along an axis.

use super::cells::Cells;
use super::labels::{Label, Labels};
use super::relax::Offset;

/// Runs of so many samples keep their length.
const THIN: usize = 4;
/// From so many on they need no help: the filter keeps them.
const THICK: usize = 9;

/// A run of samples of one label between two others: the cells around both ends.
pub(super) struct Run {
    pub(super) axis: u8,
    /// Whether the end may move: it is no lid.
    is_free: [bool; 2],
    /// How much it counts: the thinner the more.
    pub(super) weight: f32,
    /// Whether its label is the higher one at each end, 1, or the lower one, -1: what one side loses the
    /// other gains.
    sides: [f32; 2],
    pub(super) cells: [[u32; 4]; 2],
}

impl Run {
    /// What each end that may move has to make good, in steps.
    pub(super) fn loss(&self, bare: &[Offset], now: &[Offset]) -> f32 {
        let [low, high] = self.cells.map(|cells| swept(usize::from(self.axis), cells, bare, now));
        let n_free = self.is_free.iter().filter(|&&is_free| is_free).count();
        if n_free == 0 { 0.0 } else { (low - high) / n_free as f32 }
    }

    /// The ends that may move: which one, which way is outwards, and the side of the run there.
    pub(super) fn free_ends(&self) -> impl Iterator<Item = (usize, f32, f32)> + '_ {
        let ends = [(0, -1.0), (1, 1.0)].into_iter().filter(|&(end, _)| self.is_free[end]);
        ends.map(|(end, outward)| (end, outward, self.sides[end]))
    }
}

/// The run of samples that starts after the first corner of a cell, if it is a short one.
pub(super) fn run<T: Label>(
    labels: &Labels<'_, T>,
    cells: &Cells<T>,
    cell: usize,
    axis: usize,
) -> Option<Run> {
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
