//! Bone in a flat or unrolled layer of voxels, outlined at half height.

use std::collections::VecDeque;

/// A layer of values with a distance between its columns and between its rows.
pub(super) struct Layer {
    pub columns: usize,
    pub rows: usize,
    pub step_mm: [f64; 2],
    pub values: Vec<f32>,
    /// Highest value at the place and behind it, as deep as a plate of bone is thick.
    pub behind: Vec<f32>,
    /// Whether the value belongs to the patient.
    pub mine: Vec<bool>,
    /// Whether the last column continues in the first.
    pub is_ring: bool,
}

/// A connected piece of bone in a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// Its area, mm².
    pub area_mm2: f64,
    /// Its middle, (column, row).
    pub centre: [f64; 2],
    /// Its outer columns and rows: low column, high column, low row, high row.
    pub bounds: [usize; 4],
}

/// How far from the edge of a bone its own height is looked for, mm: a cortical plate.
pub(super) const PLATE_MM: f64 = 2.5;
/// Soft tissue, from which the half height is counted.
const SOFT_HU: f32 = 40.0;
/// Compact bone reaches no higher (`InVesalius` preset "compact bone, adult"). What does is enamel or
/// metal: behind a thin plate of bone it says nothing about the plate, whose own value then counts.
const COMPACT_HU: f32 = 1988.0;

impl Layer {
    fn neighbours(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let (column, row) = ((index % self.columns) as isize, (index / self.columns) as isize);
        (-1..=1).flat_map(move |dr| (-1..=1).map(move |dc| (dc, dr))).filter_map(move |(dc, dr)| {
            if (dc, dr) == (0, 0) {
                return None;
            }
            self.at(column + dc, row + dr)
        })
    }

    /// The four places that share a side: a slanting plate one voxel thick has no hole for them.
    fn beside(&self, index: usize) -> impl Iterator<Item = usize> + '_ {
        let (column, row) = ((index % self.columns) as isize, (index / self.columns) as isize);
        let sides = [(0, -1), (-1, 0), (1, 0), (0, 1)];
        sides.into_iter().filter_map(move |(dc, dr)| self.at(column + dc, row + dr))
    }

    fn at(&self, column: isize, row: isize) -> Option<usize> {
        let (columns, rows) = (self.columns as isize, self.rows as isize);
        let column = if self.is_ring { column.rem_euclid(columns) } else { column };
        let inside = (0..columns).contains(&column) && (0..rows).contains(&row);
        inside.then_some((row * columns + column) as usize)
    }

    /// The pieces of bone, each outlined where it falls to half of its own height.
    ///
    /// A fixed threshold would make a blurred plate too wide. So bone at the threshold is peeled from
    /// outside as long as a voxel is lower than half of the highest one within a plate's thickness.
    /// Peeling only climbs: behind the crest of a thin plate the values fall, and the spongy bone there
    /// stays, low as it is.
    pub fn patches(&self, bone_hu: f32) -> Vec<Patch> {
        let start: Vec<bool> =
            self.values.iter().zip(&self.mine).map(|(hu, mine)| *mine && *hu >= bone_hu).collect();
        if !start.contains(&true) {
            return Vec::new();
        }
        let heights = self.local_heights(&start);
        let is_low = |index: usize| self.values[index] < f32::midpoint(heights[index], SOFT_HU);
        let mut bone = start.clone();
        let mut queue: VecDeque<usize> = (0..bone.len()).filter(|index| !bone[*index]).collect();
        while let Some(index) = queue.pop_front() {
            for neighbour in self.beside(index) {
                let climbs = !start[index] || self.values[neighbour] >= self.values[index];
                if bone[neighbour] && climbs && is_low(neighbour) {
                    bone[neighbour] = false;
                    queue.push_back(neighbour);
                }
            }
        }
        self.pieces(&bone)
    }

    /// Highest bone within a plate's thickness of each place: a maximum along rows, then columns.
    fn local_heights(&self, bone: &[bool]) -> Vec<f32> {
        let start: Vec<f32> = self
            .behind
            .iter()
            .zip(&self.values)
            .zip(bone)
            .map(|((behind, hu), bone)| match bone {
                true if *behind > COMPACT_HU => hu.min(COMPACT_HU),
                true => *behind,
                false => -1000.0,
            })
            .collect();
        let reach = self.step_mm.map(|step| (PLATE_MM / step).round().max(1.0) as isize);
        let along = self.maximum(&start, |column, row, offset| (column + offset, row), reach[0]);
        self.maximum(&along, |column, row, offset| (column, row + offset), reach[1])
    }

    fn maximum(
        &self,
        values: &[f32],
        place: impl Fn(isize, isize, isize) -> (isize, isize),
        reach: isize,
    ) -> Vec<f32> {
        (0..values.len())
            .map(|index| {
                let (column, row) = ((index % self.columns) as isize, (index / self.columns) as isize);
                let within = (-reach..=reach).filter_map(|offset| {
                    let (column, row) = place(column, row, offset);
                    self.at(column, row)
                });
                within.map(|near| values[near]).fold(f32::MIN, f32::max)
            })
            .collect()
    }

    fn pieces(&self, bone: &[bool]) -> Vec<Patch> {
        let cell_mm2 = self.step_mm[0] * self.step_mm[1];
        let mut open = bone.to_vec();
        let mut pieces = Vec::new();
        for seed in 0..open.len() {
            if !std::mem::take(&mut open[seed]) {
                continue;
            }
            let mut found = vec![seed];
            let mut next = 0;
            while let Some(&index) = found.get(next) {
                next += 1;
                for neighbour in self.neighbours(index) {
                    if std::mem::take(&mut open[neighbour]) {
                        found.push(neighbour);
                    }
                }
            }
            pieces.push(self.piece(&found, cell_mm2));
        }
        pieces
    }

    fn piece(&self, found: &[usize], cell_mm2: f64) -> Patch {
        let mut bounds = [usize::MAX, 0, usize::MAX, 0];
        let mut sum = [0.0; 2];
        for index in found {
            let place = [index % self.columns, index / self.columns];
            for axis in 0..2 {
                bounds[2 * axis] = bounds[2 * axis].min(place[axis]);
                bounds[2 * axis + 1] = bounds[2 * axis + 1].max(place[axis]);
                sum[axis] += place[axis] as f64;
            }
        }
        Patch {
            area_mm2: found.len() as f64 * cell_mm2,
            centre: sum.map(|sum| sum / found.len() as f64),
            bounds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ring of compact bone, 1500 HU, around spongy bone, 500 HU, blurred, with soft tissue beside it.
    #[test]
    fn area_of_a_blurred_bone_is_that_of_its_half_height() {
        let (step, n, sigma) = (0.5, 161usize, 0.6);
        let profile = |r: f64| {
            let edge = |at: f64| 0.5 * (1.0 + libm_erf((at - r) / (sigma * std::f64::consts::SQRT_2)));
            40.0 + 1460.0 * edge(25.0) - 1000.0 * edge(23.0)
        };
        let place = |index: usize| (((index % n) as f64 - 80.0) * step, ((index / n) as f64 - 80.0) * step);
        let values: Vec<f32> =
            (0..n * n).map(|index| profile(place(index).0.hypot(place(index).1)) as f32).collect();
        let layer = Layer {
            columns: n,
            rows: n,
            step_mm: [step; 2],
            behind: values.clone(),
            values,
            mine: vec![true; n * n],
            is_ring: false,
        };
        let patches = layer.patches(250.0);
        assert_eq!(patches.len(), 1);
        let truth = std::f64::consts::PI * 625.0;
        assert!((patches[0].area_mm2 / truth - 1.0).abs() < 0.02, "{} {truth}", patches[0].area_mm2);
    }

    /// Abramowitz and Stegun 7.1.26: 1.5e-7 is plenty here.
    fn libm_erf(x: f64) -> f64 {
        let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
        let poly = t
            * (0.254_829_592
                + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
        x.signum() * (1.0 - poly * (-x * x).exp())
    }
}
