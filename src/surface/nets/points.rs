//! Where two parts of a label touch in a cell only along an edge or at a corner, one node would join
//! what the voxels do not. There the node is divided: one point for each sheet.
//!
//! A sheet is a loop of crossed edges around the cell, as in marching cubes. An undecided face parts
//! the label, unless its corners are connected along edges in both cells that share the face: then
//! parting would draw one mesh edge twice (Wenger, Isosurfaces, 2013, chapter 4). So every mesh is a
//! manifold. Sheets of two labels that hang together share one point, unless they are two sheets of
//! one of them: then that label's own points stand a little apart from the others', and the border is
//! shared but for this gap.

use super::super::cases::CASES;
use super::super::cube::{EDGES, FACES, corner_xyz, is_ambiguous};
use super::labels::{Label, Labels, across};

/// The sheets of one cell.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Points {
    /// The crossed edges that each point stands for, one bit each.
    pub masks: Vec<u16>,
    /// Label, its sheet, and the number of the point.
    sheets: Vec<(u16, u16, u8)>,
}

impl Points {
    /// The sheets of a cell.
    pub fn of<T: Label>(labels: &Labels<'_, T>, cell: [usize; 3]) -> Self {
        let corners = labels.corners(cell);
        Self::from_corners(&corners, |face| labels.corners_or_none(across(cell, face)))
    }

    #[inline(never)]
    fn from_corners(corners: &[u16; 8], across: impl Fn(usize) -> [u16; 8]) -> Self {
        let mut sheets = Vec::new();
        for (n, &label) in corners.iter().enumerate() {
            if label == 0 || corners[..n].contains(&label) {
                continue;
            }
            let inside = set(corners, label);
            let joined = (0..6)
                .filter(|&face| is_ambiguous(face, inside))
                .filter(|&face| connects(face, inside) && connects(face ^ 1, set(&across(face), label)))
                .map(|face| 1 << face)
                .sum();
            let sheet = |edges: &[u8]| edges.iter().map(|edge| 1 << edge).sum::<u16>();
            let case = CASES.get(inside, joined);
            sheets.extend(case.loops.iter().map(|one| (label, sheet(&one.edges), 0)));
        }
        let mut points = Self { masks: Vec::new(), sheets };
        points.number();
        points
    }

    /// Gives every sheet its point.
    fn number(&mut self) {
        let mut groups: Vec<u16> = Vec::new();
        for &(_, sheet, _) in &self.sheets {
            let (met, apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group & sheet != 0);
            groups = apart;
            groups.push(met.into_iter().fold(sheet, |all, group| all | group));
        }
        let all = self.sheets.clone();
        for (label, sheet, point) in &mut self.sheets {
            let group = groups.iter().copied().find(|group| group & *sheet != 0).unwrap_or(*sheet);
            let n_mine = all.iter().filter(|(other, edges, _)| other == label && edges & group != 0).count();
            let mask = if n_mine == 1 { group } else { *sheet };
            let at = self.masks.iter().position(|&known| known == mask).unwrap_or(self.masks.len());
            if at == self.masks.len() {
                self.masks.push(mask);
            }
            *point = at as u8;
        }
    }

    /// The point of a label at a crossed edge.
    pub fn at(&self, label: u16, edge: u8) -> usize {
        let holds = |&&(owner, sheet, _): &&(u16, u16, u8)| owner == label && sheet >> edge & 1 == 1;
        self.sheets.iter().find(holds).map_or(0, |&(_, _, point)| usize::from(point))
    }
}

/// How far the middle of a point's crossings lies from the middle of the cell, in steps.
pub(super) fn lean(mask: u16) -> [f64; 3] {
    let mut sum = [0.0; 3];
    for edge in (0..12).filter(|edge| mask >> edge & 1 == 1) {
        let [a, b] = EDGES[edge].map(corner_xyz);
        for axis in 0..3 {
            sum[axis] += f64::midpoint(a[axis], b[axis]) - 0.5;
        }
    }
    sum.map(|total| total / f64::from(mask.count_ones().max(1)))
}

/// The corners that have a label, one bit each.
fn set(corners: &[u16; 8], label: u16) -> u8 {
    (0..8).filter(|&corner| corners[corner] == label).map(|corner| 1 << corner).sum()
}

/// Whether the two inside corners of an undecided face are connected along edges of the cell: around
/// by the face opposite.
fn connects(face: usize, inside: u8) -> bool {
    let is_in = |corner: u8| inside >> corner & 1 == 1;
    let over = 1 << (face / 2);
    let [a, b, c, d] = FACES[face];
    let (ends, ways) = if is_in(a) { ([a, c], [b, d]) } else { ([b, d], [a, c]) };
    ends.iter().all(|end| is_in(end ^ over)) && ways.iter().any(|way| is_in(way ^ over))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheets_of_a_label_stand_apart_and_cover_every_crossing() {
        let mut state = 7_u64;
        let mut random = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % n) as u16
        };
        let mut n_divided = 0;
        for n in 0..200_000 {
            let n_labels = 2 + n % 4;
            let corners: [u16; 8] = std::array::from_fn(|_| random(n_labels));
            let others: [[u16; 8]; 6] = std::array::from_fn(|_| std::array::from_fn(|_| random(n_labels)));
            let points = Points::from_corners(&corners, |face| others[face]);
            n_divided += usize::from(points.masks.len() > 1);
            for (edge, [a, b]) in EDGES.into_iter().enumerate() {
                let (a, b) = (corners[usize::from(a)], corners[usize::from(b)]);
                for label in [a, b].into_iter().filter(|&label| label != 0 && a != b) {
                    let holders = points.sheets.iter().filter(|one| one.0 == label && one.1 >> edge & 1 == 1);
                    assert_eq!(holders.count(), 1, "{corners:?}");
                }
            }
            for (m, one) in points.sheets.iter().enumerate() {
                for other in points.sheets[..m].iter().filter(|other| other.0 == one.0) {
                    let (p, q) =
                        (lean(points.masks[usize::from(one.2)]), lean(points.masks[usize::from(other.2)]));
                    let apart = (0..3).map(|axis| (p[axis] - q[axis]).abs()).fold(0.0, f64::max);
                    assert!(apart > 0.05, "{corners:?} {points:?}");
                }
            }
        }
        assert!(n_divided > 10_000, "{n_divided}");
    }

    #[test]
    fn two_labels_alone_always_share_their_points_when_one_is_connected() {
        let mut corners = [2; 8];
        (corners[0], corners[3]) = (1, 1);
        let points = Points::from_corners(&corners, |_| [2; 8]);
        assert_eq!(points.masks.len(), 2);
        let sheet = |label| {
            let mut found: Vec<_> =
                points.sheets.iter().filter(|one| one.0 == label).map(|one| (one.1, one.2)).collect();
            found.sort_unstable();
            found
        };
        assert_eq!(sheet(1), sheet(2));
    }
}
