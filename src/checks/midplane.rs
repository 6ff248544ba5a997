//! The mid-sagittal plane of a head, and how its bone is shared between the sides.

use nalgebra::{Point3, Unit, Vector3};
use rayon::prelude::*;

use super::bone::PATIENT;
use super::coarse::Coarse;
use crate::geometry::Grid;

/// The plane that mirrors the bone best, and the bone on either side of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Midplane {
    /// Unit normal, towards the patient's left, LPS.
    pub normal: Vector3<f64>,
    /// A point of the plane, LPS, mm.
    pub point_lps_mm: Point3<f64>,
    /// Share of mirrored bone that meets bone, where the mirror image lies inside the image.
    pub agreement: f64,
    /// Towards the back and towards the top, in the plane, LPS.
    pub axes: [Vector3<f64>; 2],
    /// Bins along back and up; position along an axis is `start + bin · BIN_MM` from `point_lps_mm`.
    pub bins: [usize; 2],
    /// Start of the bins along back and up, mm.
    pub start_mm: [f64; 2],
    /// Bone, mm³: right side then left side, each `[up][back]`.
    pub volume_mm3: Vec<f64>,
    /// Furthest bone from the plane, mm, in the same order.
    pub reach_mm: Vec<f64>,
}

/// Width of a bin, mm.
pub const BIN_MM: f64 = 2.0;
const CELL_MM: f64 = 3.0;
const SAMPLES: usize = 6000;
/// 0.02 at 8 degrees: less than what a head's features lose there.
const DOUBT_PER_DEG2: f64 = 0.0003;

/// Finds the plane by mirroring the bone about planes near the middle; None with too little bone.
pub(super) fn midplane(coarse: &Coarse, labels: &[u8], grid: &Grid) -> Option<Midplane> {
    let bone: Vec<usize> = (0..labels.len()).filter(|n| labels[*n] == PATIENT).collect();
    let place = |n: &usize| grid.lps_mm(Point3::from(coarse.centre_ijk(coarse.ijk(*n))));
    if bone.len() < 500 {
        return None;
    }
    let points: Vec<Point3<f64>> = bone.iter().map(place).collect();
    let middle = points.iter().fold(Vector3::zeros(), |sum, point| sum + point.coords) / points.len() as f64;
    let map = Occupancy::new(&points);
    let every = points.len().div_ceil(SAMPLES);
    let sample: Vec<Point3<f64>> = points.iter().step_by(every).copied().collect();
    let mut best = (Candidate { yaw: 0.0, roll: 0.0, shift: 0.0 }, f64::MIN);
    for (angle, reach, steps) in [(5.0, 4.0, [4, 4, 8]), (1.5, 1.5, [3, 3, 4]), (0.5, 0.5, [3, 3, 3])] {
        let tried = best.0.around(angle, reach, steps);
        let scores: Vec<f64> = tried
            .par_iter()
            .map(|candidate| map.score(&sample, &candidate.plane(middle), grid) - candidate.doubt())
            .collect();
        for (candidate, score) in tried.into_iter().zip(scores) {
            if score > best.1 {
                best = (candidate, score);
            }
        }
    }
    let (normal, point_lps_mm) = best.0.plane(middle);
    Some(shared(&points, coarse, grid, normal, point_lps_mm, best.1 + best.0.doubt()))
}

#[derive(Clone, Copy)]
struct Candidate {
    yaw: f64,
    roll: f64,
    shift: f64,
}

impl Candidate {
    /// The candidate itself and its neighbours, itself first.
    fn around(self, angle: f64, reach: f64, steps: [i32; 3]) -> Vec<Self> {
        let mut all = vec![self];
        for yaw in -steps[0]..=steps[0] {
            for roll in -steps[1]..=steps[1] {
                for shift in -steps[2]..=steps[2] {
                    all.push(Self {
                        yaw: self.yaw + angle * f64::from(yaw),
                        roll: self.roll + angle * f64::from(roll),
                        shift: self.shift + reach * f64::from(shift),
                    });
                }
            }
        }
        all
    }

    /// A round vault mirrors well about many planes; a head lies nearly straight.
    fn doubt(&self) -> f64 {
        DOUBT_PER_DEG2 * (self.yaw.powi(2) + self.roll.powi(2))
    }

    fn plane(&self, middle: Vector3<f64>) -> (Vector3<f64>, Point3<f64>) {
        let (yaw, roll) = (self.yaw.to_radians(), self.roll.to_radians());
        let normal = Vector3::new(yaw.cos() * roll.cos(), yaw.sin() * roll.cos(), roll.sin());
        (normal, Point3::from(middle + normal * self.shift))
    }
}

/// Bone on a lattice of 3 mm, spread to the neighbours, so that a near miss counts in part.
struct Occupancy {
    low: Point3<f64>,
    dims: [usize; 3],
    cells: Vec<f32>,
}

impl Occupancy {
    fn new(points: &[Point3<f64>]) -> Self {
        let (mut low, mut high) = (points[0], points[0]);
        for point in points {
            (low, high) = (low.inf(point), high.sup(point));
        }
        low -= Vector3::repeat(2.0 * CELL_MM);
        let dims = [0, 1, 2].map(|axis| ((high[axis] - low[axis]) / CELL_MM) as usize + 4);
        let mut map = Self { low, dims, cells: vec![0.0; dims.iter().product()] };
        for point in points {
            if let Some(cell) = map.cell(point) {
                map.cells[cell] = 1.0;
            }
        }
        for stride in [1, dims[0], dims[0] * dims[1]] {
            let sharp = map.cells.clone();
            for n in stride..sharp.len() - stride {
                map.cells[n] = (0.5 * (sharp[n - stride] + sharp[n + stride])).max(sharp[n]);
            }
        }
        map
    }

    fn cell(&self, point: &Point3<f64>) -> Option<usize> {
        let at = (point - self.low) / CELL_MM;
        let inside = (0..3).all(|axis| at[axis] >= 0.0 && at[axis] < self.dims[axis] as f64);
        inside.then(|| ((at.z as usize) * self.dims[1] + at.y as usize) * self.dims[0] + at.x as usize)
    }

    /// How well the mirrored bone meets the bone. What is mirrored out of the image says nothing.
    fn score(&self, sample: &[Point3<f64>], plane: &(Vector3<f64>, Point3<f64>), grid: &Grid) -> f64 {
        let (mut met, mut n) = (0.0, 0.0);
        for point in sample {
            let apart = (point - plane.1).dot(&plane.0);
            let mirrored = point - plane.0 * (2.0 * apart);
            let ijk = grid.ijk(mirrored);
            let dims = grid.dims_ijk();
            if (0..3).all(|axis| ijk[axis] > -0.5 && ijk[axis] < dims[axis] as f64 - 0.5) {
                n += 1.0;
                met += self.cell(&mirrored).map_or(0.0, |cell| f64::from(self.cells[cell]));
            }
        }
        // A plane at the rim, which mirrors nearly all bone out of the image, has shown nothing.
        if n < 0.3 * sample.len() as f64 { 0.0 } else { met / n }
    }
}

fn shared(
    points: &[Point3<f64>],
    coarse: &Coarse,
    grid: &Grid,
    normal: Vector3<f64>,
    point: Point3<f64>,
    agreement: f64,
) -> Midplane {
    let up = Unit::new_normalize(Vector3::z() - normal * normal.z).into_inner();
    // Left × back = up, so back = up × left.
    let back = up.cross(&normal);
    let local: Vec<[f64; 3]> = points
        .iter()
        .map(|place| {
            let apart = place - point;
            [apart.dot(&normal), apart.dot(&back), apart.dot(&up)]
        })
        .collect();
    let bound =
        |axis: usize, pick: fn(f64, f64) -> f64, start: f64| local.iter().map(|p| p[axis]).fold(start, pick);
    let start_mm = [1, 2].map(|axis| bound(axis, f64::min, f64::MAX).floor());
    let bins =
        [1, 2].map(|axis| ((bound(axis, f64::max, f64::MIN) - start_mm[axis - 1]) / BIN_MM) as usize + 1);
    let cell_mm3 = grid.voxel_volume_mm3() * coarse.block.iter().product::<usize>() as f64;
    let size = bins[0] * bins[1];
    let (mut volume_mm3, mut reach_mm) = (vec![0.0; 2 * size], vec![0.0; 2 * size]);
    for [left, back, up] in local {
        let column = ((back - start_mm[0]) / BIN_MM) as usize;
        let row = ((up - start_mm[1]) / BIN_MM) as usize;
        let at = usize::from(left > 0.0) * size + row * bins[0] + column;
        volume_mm3[at] += cell_mm3;
        reach_mm[at] = f64::max(reach_mm[at], left.abs());
    }
    Midplane {
        normal,
        point_lps_mm: point,
        agreement,
        axes: [back, up],
        bins,
        start_mm,
        volume_mm3,
        reach_mm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Matrix4;

    /// An egg-shaped shell, turned and shifted, with half of its lower front missing.
    #[test]
    fn the_plane_of_a_turned_skull_is_found_although_half_of_the_jaw_is_missing() {
        let (yaw, roll, shift) = (7.0_f64, -4.0_f64, 6.0);
        let truth = Candidate { yaw, roll, shift }.plane(Vector3::new(50.0, 60.0, 50.0)).0;
        let point = Point3::new(50.0 + shift, 60.0, 50.0);
        let up = (Vector3::z() - truth * truth.z).normalize();
        let back = up.cross(&truth);
        let dims = [110, 125, 105];
        let grid = Grid::new(dims, Matrix4::identity()).unwrap();
        let coarse = Coarse { dims, block: [1; 3], voxels: dims, values: vec![0; dims.iter().product()] };
        let labels: Vec<u8> = (0..coarse.values.len())
            .map(|n| {
                let [i, j, k] = coarse.ijk(n).map(|value| value as f64);
                let apart = Point3::new(i, j, k) - point;
                let (u, v, w) = (apart.dot(&truth), apart.dot(&back), apart.dot(&up));
                let width = 36.0 + 0.12 * v + 0.1 * w;
                let radius = ((u / width).powi(2) + (v / 52.0).powi(2) + (w / 46.0).powi(2)).sqrt();
                let is_missing = u > 0.0 && v < 0.0 && w < -12.0;
                u8::from((0.9..1.0).contains(&radius) && !is_missing) * PATIENT
            })
            .collect();
        let found = midplane(&coarse, &labels, &grid).unwrap();
        let angle = found.normal.angle(&truth).to_degrees();
        let apart = (point - found.point_lps_mm).dot(&found.normal).abs();
        assert!(angle < 4.0 && apart < 1.0, "{angle} deg, {apart} mm, {}", found.agreement);
    }
}
