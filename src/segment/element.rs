//! Structuring elements: which steps a mask grows or shrinks by.

use nalgebra::{Matrix3, Vector3};

use super::components::Connectivity;
use crate::geometry::Grid;

/// Distances up to this much above a radius count as within it: 5 x 0.6 mm is 3 mm.
pub const TIE_MM: f64 = 1e-6;

/// The steps along i of one row of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ElementRow {
    pub(super) dj: isize,
    pub(super) dk: isize,
    pub(super) low: isize,
    pub(super) high: isize,
}

/// A set of steps (i, j, k), convex along i and symmetric about 0; rows with the most steps come first.
#[derive(Debug, Clone)]
pub struct Element {
    rows: Vec<ElementRow>,
    /// The steps along i, j, k in mm and the radius, ties included, of a ball.
    ball: Option<(Matrix3<f64>, f64)>,
}

/// With so many rows a distance transform is quicker than to go through them voxel by voxel.
const MANY_ROWS: usize = 2000;

impl Element {
    /// All steps no longer than a radius, in millimetres, on any grid: oblique, sheared, anisotropic;
    /// of those, the ones that lead from one voxel of the grid to another.
    pub fn ball(grid: &Grid, radius_mm: f64) -> Self {
        let steps = grid.steps();
        let last = grid.dims_ijk().map(|n| n as isize - 1);
        // No step within the grid is longer.
        let longest: f64 = (0..3).map(|axis| steps.column(axis).norm() * last[axis] as f64).sum();
        let radius = radius_mm.min(longest) + TIE_MM;
        let (along, inverse) = (steps.column(0).into_owned(), grid.ijk_from_lps());
        // The ball reaches as far along an index as the rows of the inverse are long.
        let reach = |axis: usize| {
            let row = inverse.fixed_view::<1, 3>(axis, 0);
            ((radius * row.norm()).floor() as isize).min(last[axis])
        };
        let mut rows = Vec::new();
        for dk in -reach(2)..=reach(2) {
            for dj in -reach(1)..=reach(1) {
                let across = steps.column(1) * dj as f64 + steps.column(2) * dk as f64;
                let Some((low, high)) = interval(&along, &across, radius) else { continue };
                let (low, high) = (low.max(-last[0]), high.min(last[0]));
                if low <= high {
                    rows.push(ElementRow { dj, dk, low, high });
                }
            }
        }
        Self { ball: Some((steps, radius)), ..Self::sorted(rows) }
    }

    /// A voxel and its neighbours.
    pub fn neighbours(connectivity: Connectivity) -> Self {
        let most = match connectivity {
            Connectivity::Faces => 1,
            Connectivity::Edges => 2,
            Connectivity::Corners => 3,
        };
        let mut rows = Vec::new();
        for dk in -1..=1_isize {
            for dj in -1..=1_isize {
                let used = dj.abs() + dk.abs();
                if used <= most {
                    let high = isize::from(used < most);
                    rows.push(ElementRow { dj, dk, low: -high, high });
                }
            }
        }
        Self::sorted(rows)
    }

    fn sorted(mut rows: Vec<ElementRow>) -> Self {
        rows.sort_by_key(|row| (row.low - row.high, row.dk, row.dj));
        Self { rows, ball: None }
    }

    /// The spacing and the radius, mm, of a ball that is better measured than stepped: large, and on a
    /// grid at right angles.
    pub(super) fn measured_ball(&self) -> Option<([f64; 3], f64)> {
        let (steps, radius) = self.ball.filter(|_| self.rows.len() > MANY_ROWS)?;
        let spacing = [0, 1, 2].map(|axis| steps.column(axis).norm());
        let is_right = |a: usize, b: usize| {
            steps.column(a).dot(&steps.column(b)).abs() < 1e-12 * spacing[a] * spacing[b]
        };
        (is_right(0, 1) && is_right(1, 2) && is_right(2, 0)).then_some((spacing, radius))
    }

    /// The steps (i, j, k) of a ball that are longer than `least`, mm.
    pub(super) fn shell(&self, least: f64) -> Vec<[isize; 3]> {
        let Some((steps, _)) = self.ball else { return Vec::new() };
        let is_long = |step: &[isize; 3]| (steps * Vector3::from(step.map(|n| n as f64))).norm() > least;
        let mut found = Vec::new();
        for ElementRow { dj, dk, low, high } in self.rows.iter().copied() {
            let of_row = |i: isize| [i, dj, dk];
            found.extend((low..=high.min(0)).map(of_row).take_while(is_long));
            found.extend((low.max(1)..=high).rev().map(of_row).take_while(is_long));
        }
        found
    }

    pub(super) fn rows(&self) -> &[ElementRow] {
        &self.rows
    }

    /// The longest step along i.
    pub(super) fn reach_i(&self) -> usize {
        self.rows.iter().map(|row| row.low.unsigned_abs().max(row.high.unsigned_abs())).max().unwrap_or(0)
    }
}

/// The whole numbers n with |across + n along| at most the radius.
fn interval(along: &Vector3<f64>, across: &Vector3<f64>, radius: f64) -> Option<(isize, isize)> {
    let (a, b) = (along.norm_squared(), along.dot(across));
    let c = across.norm_squared() - radius * radius;
    let root = (b * b - a * c).max(0.0).sqrt();
    let is_within = |n: isize| (across + along * n as f64).norm() <= radius;
    // Rounding may be off by one at either end; the definition decides.
    let candidates = ((-b - root) / a).floor() as isize - 1..=((-b + root) / a).ceil() as isize + 1;
    let low = candidates.clone().find(|n| is_within(*n))?;
    let high = candidates.rev().find(|n| is_within(*n))?;
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Matrix4;

    fn steps(element: &Element) -> Vec<[isize; 3]> {
        let mut all: Vec<_> =
            element.rows().iter().flat_map(|row| (row.low..=row.high).map(|i| [i, row.dj, row.dk])).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_ball_holds_the_steps_no_longer_than_its_radius_ties_included() {
        let mut affine = Matrix4::new_nonuniform_scaling(&Vector3::new(0.45, 0.7, 0.6));
        for shear in [0.0, 0.31] {
            affine[(1, 2)] = shear;
            affine[(0, 1)] = shear / 2.0;
            let grid = Grid::new([99, 99, 99], affine).unwrap();
            let mut expected = Vec::new();
            for i in -20..=20_isize {
                for j in -20..=20_isize {
                    for k in -20..=20_isize {
                        let step = grid.steps() * Vector3::new(i as f64, j as f64, k as f64);
                        if step.norm() <= 3.0 + TIE_MM {
                            expected.push([i, j, k]);
                        }
                    }
                }
            }
            let found = steps(&Element::ball(&grid, 3.0));
            assert_eq!(found, expected);
            if shear == 0.0 {
                assert!(found.contains(&[0, 0, 5]));
            }
        }
        let grid = Grid::new([9, 9, 9], affine).unwrap();
        assert_eq!(steps(&Element::ball(&grid, 0.1)), [[0, 0, 0]]);
        for radius_mm in [1e3, 1e6, 1e300] {
            assert_eq!(steps(&Element::ball(&grid, radius_mm)).len(), 17 * 17 * 17);
        }
    }

    #[test]
    fn neighbours_are_6_18_or_26_and_the_voxel_itself() {
        let all = [Connectivity::Faces, Connectivity::Edges, Connectivity::Corners];
        assert_eq!(all.map(|c| steps(&Element::neighbours(c)).len()), [7, 19, 27]);
    }
}
