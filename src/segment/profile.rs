//! What lies on both sides of the surface of a mask: short profiles along the gradient.

use nalgebra::{Matrix3, Point3, Vector3};
use ndarray::{ArrayView3, Axis};
use rayon::prelude::*;

use super::bits::Bits;
use super::value::Value;
use crate::volume::Volume;

/// Step along a profile, mm.
const STEP_MM: f64 = 0.25;
/// The highest value is looked for this deep.
const INSIDE_MM: f64 = 3.0;
/// The surroundings are what lies this far outside: beyond the blur, before the next structure.
const OUTSIDE_MM: [f64; 2] = [1.5, 3.0];

/// Values on both sides of a surface, one entry per profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profiles {
    /// Highest value within 3 mm inside, over three samples.
    pub inside: Vec<f32>,
    /// Mean value 1.5 to 3 mm outside.
    pub outside: Vec<f32>,
    /// Difference between the highest and the lowest value there.
    pub outside_range: Vec<f32>,
}

/// Takes profiles at the surface voxels of a mask, at most `most` of them, evenly picked.
pub fn edge_profiles<T: Value>(volume: Volume<'_, T>, mask: &Bits, most: usize) -> Profiles {
    let surface = surface(mask);
    let stride = surface.len().div_ceil(most.max(1)).max(1);
    let field = Field::new(volume);
    let picked: Vec<[u32; 3]> = surface.into_iter().step_by(stride).collect();
    let found: Vec<Option<[f32; 3]>> = picked.par_iter().map(|ijk| field.profile(*ijk)).collect();
    let mut made = Profiles::default();
    for [inside, outside, range] in found.into_iter().flatten() {
        made.inside.push(inside);
        made.outside.push(outside);
        made.outside_range.push(range);
    }
    made
}

/// Voxels that are set and have an unset neighbour at a face within the image.
fn surface(mask: &Bits) -> Vec<[u32; 3]> {
    let [ni, nj, nk] = mask.dims_ijk();
    let planes: Vec<Vec<[u32; 3]>> = (1..nk.saturating_sub(1))
        .into_par_iter()
        .map(|k| {
            let mut found = Vec::new();
            for j in 1..nj.saturating_sub(1) {
                let row = mask.row(j, k);
                let others = [mask.row(j - 1, k), mask.row(j + 1, k), mask.row(j, k - 1), mask.row(j, k + 1)];
                for (n, word) in row.iter().enumerate().filter(|(_, word)| **word != 0) {
                    let before = word << 1 | if n > 0 { row[n - 1] >> 63 } else { 0 };
                    let after = word >> 1 | row.get(n + 1).map_or(0, |next| next << 63);
                    let around = others.iter().fold(before & after, |all, other| all & other[n]);
                    let mut edge = word & !around;
                    while edge != 0 {
                        let i = 64 * n as u32 + edge.trailing_zeros();
                        edge &= edge - 1;
                        if i > 0 && (i as usize) + 1 < ni {
                            found.push([i, j as u32, k as u32]);
                        }
                    }
                }
            }
            found
        })
        .collect();
    planes.into_iter().flatten().collect()
}

struct Field<'a, T> {
    values: ArrayView3<'a, T>,
    /// From a step in LPS mm to a step in index.
    ijk_per_mm: Matrix3<f64>,
}

impl<'a, T: Value> Field<'a, T> {
    fn new(volume: Volume<'a, T>) -> Self {
        let ijk_per_mm = volume.grid().ijk_from_lps().fixed_view::<3, 3>(0, 0).into_owned();
        Self { values: volume.values(), ijk_per_mm }
    }

    fn at(&self, [i, j, k]: [usize; 3]) -> f64 {
        f64::from(self.values[[k, j, i]].to_f32())
    }

    /// The unit step, in index, along which the value grows fastest in millimetres.
    fn uphill(&self, ijk: [u32; 3]) -> Option<Vector3<f64>> {
        let slope = Vector3::from_fn(|axis, _| {
            let [mut before, mut after] = [ijk.map(|n| n as usize); 2];
            before[axis] -= 1;
            after[axis] += 1;
            (self.at(after) - self.at(before)) / 2.0
        });
        let gradient = self.ijk_per_mm.transpose() * slope;
        let length = gradient.norm();
        (length > 1.0).then(|| self.ijk_per_mm * (gradient / length))
    }

    fn profile(&self, ijk: [u32; 3]) -> Option<[f32; 3]> {
        let step = self.uphill(ijk)?;
        let centre = Point3::from(ijk.map(f64::from));
        let at = |mm: f64| self.sample(centre + step * mm);
        let inner: Vec<f64> =
            (0..=(INSIDE_MM / STEP_MM) as usize).map_while(|n| at(n as f64 * STEP_MM)).collect();
        let inside = inner.windows(3).map(|three| three.iter().sum::<f64>() / 3.0).reduce(f64::max)?;
        let n_outer = ((OUTSIDE_MM[1] - OUTSIDE_MM[0]) / STEP_MM) as usize;
        let outer: Option<Vec<f64>> =
            (0..=n_outer).map(|n| at(-OUTSIDE_MM[0] - n as f64 * STEP_MM)).collect();
        let outer = outer?;
        let range = outer.iter().copied().reduce(f64::max)? - outer.iter().copied().reduce(f64::min)?;
        let outside = outer.iter().sum::<f64>() / outer.len() as f64;
        Some([inside as f32, outside as f32, range as f32])
    }

    /// Trilinear; None outside of the voxel centres.
    fn sample(&self, place: Point3<f64>) -> Option<f64> {
        let [nk, nj, ni] = [0, 1, 2].map(|axis| self.values.len_of(Axis(axis)));
        let dims = [ni, nj, nk];
        let mut low = [0; 3];
        let mut part = [0.0; 3];
        for axis in 0..3 {
            if !(place[axis] >= 0.0 && place[axis] <= (dims[axis] - 1) as f64) {
                return None;
            }
            low[axis] = (place[axis] as usize).min(dims[axis].saturating_sub(2));
            part[axis] = place[axis] - low[axis] as f64;
        }
        let mut sum = 0.0;
        for corner in 0..8 {
            let bit = [corner & 1, corner >> 1 & 1, corner >> 2];
            let weight: f64 = (0..3).map(|a| if bit[a] == 1 { part[a] } else { 1.0 - part[a] }).product();
            if weight > 0.0 {
                sum += weight * self.at([low[0] + bit[0], low[1] + bit[1], low[2] + bit[2]]);
            }
        }
        Some(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Grid;
    use ndarray::Array3;

    #[test]
    fn a_slab_on_a_sheared_grid_shows_both_of_its_sides() {
        let mut affine = nalgebra::Matrix4::new_nonuniform_scaling(&Vector3::new(0.5, 0.6, 1.0));
        affine[(1, 2)] = 0.3;
        let grid = Grid::new([40, 60, 30], affine).unwrap();
        // 1000 between y = 10 and 20, 50 below, -1000 above, with edges 1 mm wide.
        let values = Array3::from_shape_fn((30, 60, 40), |(k, j, i)| {
            let y = grid.lps_mm(Point3::new(i as f64, j as f64, k as f64)).y;
            let rise = (y - 9.5).clamp(0.0, 1.0) * 950.0;
            let fall = (y - 19.5).clamp(0.0, 1.0) * 2000.0;
            (50.0 + rise - fall) as i16
        });
        let mask = Bits::threshold(values.view(), 500.0, 5000.0);
        let found = edge_profiles(Volume::new(values.view(), &grid).unwrap(), &mask, 500);
        assert!(found.inside.len() > 200);
        assert!(found.inside.iter().all(|inside| (inside - 1000.0).abs() < 1.0));
        let near = |hu: f32| found.outside.iter().filter(|outside| (**outside - hu).abs() < 30.0).count();
        assert_eq!(near(50.0) + near(-1000.0), found.outside.len());
        assert!(near(50.0) > 50 && near(-1000.0) > 50);
    }
}
