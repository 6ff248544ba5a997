//! Faces cut into small ones at once: points along their edges, and rows of points between two of these.
//!
//! Halving long edges round by round makes a face of two long sides and a short one into three, and each of
//! these again: 3^k of them where 2^k long. Here every edge has its points from the start, the same for all
//! faces at it, and rows from one long side to the other are joined like the rungs of a ladder. There are
//! about as many faces as area and edges ask for.

use super::edges::Edges;
use super::{MeshRef, TriMesh};

/// A mesh cut up, and for each face the one that it is a part of.
pub(super) struct Cut {
    pub(super) mesh: TriMesh,
    pub(super) parents: Vec<u32>,
}

/// In how many parts a length is cut.
fn parts(length: f64, step: f64) -> usize {
    // A length of exactly n steps is cut into n.
    ((length / step - 1e-9).ceil() as usize).max(1)
}

fn length(p: [f64; 3], q: [f64; 3]) -> f64 {
    (0..3).map(|axis| (p[axis] - q[axis]).powi(2)).sum::<f64>().sqrt()
}

/// A point of a line, the same bits from both ends of it: `n` parts, `k` of them from `p`.
fn between(p: [f64; 3], q: [f64; 3], k: usize, n: usize) -> [f64; 3] {
    let t = k as f64 / n as f64;
    std::array::from_fn(|axis| {
        if 2 * k == n { f64::midpoint(p[axis], q[axis]) } else { p[axis] + t * (q[axis] - p[axis]) }
    })
}

/// About how many faces a mesh has when it is cut with a step.
pub(super) fn expected_faces(mesh: MeshRef<'_>, step: f64) -> f64 {
    let of_face = |face: usize| {
        let [a, b, c] = mesh.corners(face);
        let mut counts = [length(a, b), length(b, c), length(c, a)].map(|side| parts(side, step) as f64);
        counts.sort_by(f64::total_cmp);
        // Rows from nothing to the base: n * n of a face with n parts to each side, 2 n - 1 of a long thin one,
        // and 1 of one that stays.
        counts[2] * counts[0] + counts[2] - counts[0]
    };
    (0..mesh.faces().len()).map(of_face).sum()
}

/// Cuts edges longer than a step into equal parts, and the faces between them.
pub(super) fn cut(mesh: MeshRef<'_>, step: f64) -> Cut {
    let mut cutter = Cutter {
        step,
        made: TriMesh { vertices: mesh.vertices().to_vec(), faces: Vec::new(), kinds: Vec::new() },
        parents: Vec::new(),
    };
    // For each half-edge: the first of its points, and in how many parts it is.
    let mut sides = vec![(0_u32, 1_u32); 3 * mesh.faces().len()];
    let edges = Edges::new(mesh.faces(), mesh.vertices().len());
    for edge in edges.iter() {
        let [p, q] = [edge.low, edge.high].map(|index| mesh.vertices()[index as usize]);
        let n = parts(length(p, q), step);
        if n > 1 {
            let first = cutter.made.vertices.len() as u32;
            cutter.made.vertices.extend((1..n).map(|k| between(p, q, k, n)));
            for half in edge.halves() {
                sides[half as usize] = (first, n as u32);
            }
        }
    }
    for (face, corners) in mesh.faces().iter().enumerate() {
        let sides = [0, 1, 2].map(|n| {
            let (from, to) = (corners[n], corners[(n + 1) % 3]);
            let (first, parts) = sides[3 * face + n];
            let inner = first..first + parts - 1;
            let mut line = vec![from];
            if from < to {
                line.extend(inner);
            } else {
                line.extend(inner.rev());
            }
            line.push(to);
            line
        });
        cutter.face(*corners, sides);
        cutter.made.kinds.resize(cutter.made.faces.len(), mesh.kinds()[face]);
        cutter.parents.resize(cutter.made.faces.len(), face as u32);
    }
    Cut { mesh: cutter.made, parents: cutter.parents }
}

struct Cutter {
    step: f64,
    made: TriMesh,
    parents: Vec<u32>,
}

impl Cutter {
    fn length(&self, a: u32, b: u32) -> f64 {
        length(self.made.vertices[a as usize], self.made.vertices[b as usize])
    }

    /// One face whose sides have these points; each side runs from one corner to the next.
    fn face(&mut self, corners: [u32; 3], sides: [Vec<u32>; 3]) {
        if sides.iter().all(|side| side.len() == 2) {
            self.made.faces.push(corners);
            return;
        }
        let shorter = |&a: &usize, &b: &usize| {
            let far = |n: usize| self.length(corners[n], corners[(n + 1) % 3]);
            sides[a].len().cmp(&sides[b].len()).then(far(a).total_cmp(&far(b)))
        };
        let base = (0..3).min_by(shorter).unwrap_or(0);
        // Both long sides from the corner across from the base.
        let right: Vec<u32> = sides[(base + 1) % 3].iter().rev().copied().collect();
        let left = &sides[(base + 2) % 3];
        let (n_left, n_right) = (left.len() - 1, right.len() - 1);
        let rows = n_left.max(n_right);
        let on = |n: usize, row: usize| ((2 * row * n + rows) / (2 * rows)).max(1);
        let mut above = vec![left[0]];
        for row in 1..=rows {
            let below = if row == rows {
                sides[base].clone()
            } else {
                self.row(left[on(n_left, row)], right[on(n_right, row)])
            };
            self.strip(&above, &below);
            above = below;
        }
    }

    fn row(&mut self, from: u32, to: u32) -> Vec<u32> {
        let [p, q] = [from, to].map(|index| self.made.vertices[index as usize]);
        let n = parts(length(p, q), self.step);
        let first = self.made.vertices.len() as u32;
        self.made.vertices.extend((1..n).map(|k| between(p, q, k, n)));
        let mut line = vec![from];
        line.extend(first..first + n as u32 - 1);
        line.push(to);
        line
    }

    /// Faces between two rows; they may share an end.
    fn strip(&mut self, above: &[u32], below: &[u32]) {
        let (mut a, mut b) = (0, 0);
        if above[0] == below[0] && above.len() > 1 {
            self.made.faces.push([above[0], below[1], above[1]]);
            (a, b) = (1, 1);
        }
        // Where they end at one point, that point is not reached from both.
        let shared = above[above.len() - 1] == below[below.len() - 1];
        while a + 1 < above.len() || b + 1 < below.len() {
            let is_upper = a + 1 < above.len()
                && (b + 1 == below.len()
                    || self.length(above[a + 1], below[b]) < self.length(above[a], below[b + 1]));
            let is_last = shared && above.len() - a + below.len() - b <= 3;
            if is_last {
                return;
            }
            if is_upper {
                self.made.faces.push([above[a], below[b], above[a + 1]]);
                a += 1;
            } else {
                self.made.faces.push([above[a], below[b], below[b + 1]]);
                b += 1;
            }
        }
    }
}
