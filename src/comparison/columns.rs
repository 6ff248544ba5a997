//! The volume that two closed surfaces enclose in common, by columns along z.
//!
//! Along a column the lengths are exact; across, a column stands for a square of one pitch. A face is
//! met where a row of columns enters and leaves it, both worked out from the edges alone, so that
//! neighbours agree to the last bit and no column slips through between them.

use rayon::prelude::*;

use crate::mesh::MeshRef;
use crate::mesh::measure::bounds;

/// Faces that follow each other.
const BLOCK: usize = 4096;

/// Volumes by columns, mm3.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Volumes {
    /// Of the first body.
    pub first: f64,
    /// Of the second.
    pub second: f64,
    /// In both.
    pub both: f64,
}

/// A meeting of a column with a surface: number of the column, height, +1 on the way in.
type Meeting = (u64, f64, i32);

struct Lattice {
    low: [f64; 2],
    pitch: f64,
    size: [usize; 2],
}

/// The volumes of two closed surfaces. Inside is where a surface does not wind around a point zero times,
/// whichever way its faces look.
pub fn common_volumes(first: MeshRef<'_>, second: MeshRef<'_>, pitch_mm: f64) -> Volumes {
    let ends: Vec<[[f64; 3]; 2]> =
        [first, second].iter().filter_map(|mesh| bounds(mesh.vertices())).collect();
    let edge = |end: usize, axis: usize, pick: fn(f64, f64) -> f64, start: f64| {
        ends.iter().map(|bounds| bounds[end][axis]).fold(start, pick)
    };
    let low = [0, 1].map(|axis| edge(0, axis, f64::min, f64::INFINITY));
    let high = [0, 1].map(|axis| edge(1, axis, f64::max, f64::NEG_INFINITY));
    if ends.is_empty() {
        return Volumes::default();
    }
    let size = [0, 1].map(|axis| ((high[axis] - low[axis]) / pitch_mm).ceil().max(1.0) as usize);
    let lattice = Lattice { low, pitch: pitch_mm, size };
    let mut all: Vec<(u64, f64, i32, bool)> = Vec::new();
    for (is_second, mesh) in [(false, first), (true, second)] {
        all.extend(
            meetings(mesh, &lattice).into_iter().map(|(column, z, step)| (column, z, step, is_second)),
        );
    }
    all.par_sort_unstable_by(|a, b| {
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then((b.2, a.3).cmp(&(a.2, b.3)))
    });
    let mut sum = Volumes::default();
    for column in all.chunk_by(|a, b| a.0 == b.0) {
        let mut around = [0_i32; 2];
        for pair in column.windows(2) {
            around[usize::from(pair[0].3)] += pair[0].2;
            let length = pair[1].1 - pair[0].1;
            let [a, b] = around.map(|n| n != 0);
            sum.first += if a { length } else { 0.0 };
            sum.second += if b { length } else { 0.0 };
            sum.both += if a && b { length } else { 0.0 };
        }
    }
    let square = pitch_mm * pitch_mm;
    Volumes { first: sum.first * square, second: sum.second * square, both: sum.both * square }
}

fn meetings(mesh: MeshRef<'_>, lattice: &Lattice) -> Vec<Meeting> {
    let n_blocks = mesh.faces().len().div_ceil(BLOCK);
    let blocks: Vec<Vec<Meeting>> = (0..n_blocks)
        .into_par_iter()
        .map(|block| {
            let mut found = Vec::new();
            for face in block * BLOCK..((block + 1) * BLOCK).min(mesh.faces().len()) {
                meet(mesh.corners(face), lattice, &mut found);
            }
            found
        })
        .collect();
    blocks.into_iter().flatten().collect()
}

fn meet(corners: [[f64; 3]; 3], lattice: &Lattice, found: &mut Vec<Meeting>) {
    let ys = corners.map(|corner| corner[1]);
    let (least, most) = (
        ys.iter().copied().fold(f64::INFINITY, f64::min),
        ys.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    );
    for row in lattice.first_at(1, least)..lattice.size[1] {
        let y = lattice.place(1, row);
        if y > most {
            break;
        }
        let Some((up, down)) = edges_at(&corners, y) else { continue };
        // Seen from above a face that looks up has its upward edge on the right.
        let (left, right, step) = if up[0] > down[0] { (down, up, -1) } else { (up, down, 1) };
        for column in lattice.first_at(0, left[0])..lattice.size[0] {
            let x = lattice.place(0, column);
            if x < left[0] {
                continue;
            }
            if x >= right[0] {
                break;
            }
            let part = (x - left[0]) / (right[0] - left[0]);
            let z = left[1] + part * (right[1] - left[1]);
            found.push(((row * lattice.size[0] + column) as u64, z, step));
        }
    }
}

/// x and z where the edge that rises along y and the one that falls meet a row.
fn edges_at(corners: &[[f64; 3]; 3], y: f64) -> Option<([f64; 2], [f64; 2])> {
    let (mut up, mut down) = (None, None);
    for n in 0..3 {
        let (a, b) = (corners[n], corners[(n + 1) % 3]);
        match (a[1] > y, b[1] > y) {
            (false, true) => up = Some(at_row(&a, &b, y)),
            (true, false) => down = Some(at_row(&b, &a, y)),
            _ => {}
        }
    }
    Some((up?, down?))
}

/// From the lower end to the upper one: the same bits for both faces of an edge.
fn at_row(low: &[f64; 3], high: &[f64; 3], y: f64) -> [f64; 2] {
    let part = (y - low[1]) / (high[1] - low[1]);
    [low[0] + part * (high[0] - low[0]), low[2] + part * (high[2] - low[2])]
}

impl Lattice {
    fn place(&self, axis: usize, n: usize) -> f64 {
        self.low[axis] + (n as f64 + 0.5) * self.pitch
    }

    /// A column, or row, at or just before a coordinate.
    fn first_at(&self, axis: usize, mm: f64) -> usize {
        ((mm - self.low[axis]) / self.pitch - 1.0).max(0.0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn boxes_share_their_overlap() {
        let (a, b) = (cuboid([0.0; 3], [4.0, 6.0, 5.0]), cuboid([2.0, 3.0, 1.0], [4.0, 6.0, 7.0]));
        let found = common_volumes(a.view(), b.view(), 0.1);
        for (found, expected) in [(found.first, 120.0), (found.second, 168.0), (found.both, 24.0)] {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        let none = common_volumes(a.view(), cuboid([9.0; 3], [1.0; 3]).view(), 0.1);
        assert!(none.both.abs() < 1e-12);
    }
}
