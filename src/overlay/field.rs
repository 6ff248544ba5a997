//! The image between its voxels: cubic interpolation in index space, so that any affine grid will do.
//!
//! Catmull-Rom: Keys, Cubic convolution interpolation for digital image processing, 1981,
//! doi:10.1109/TASSP.1981.1163711. It keeps the values of the voxels and bends less than the straight
//! lines of a trilinear one, which pull an edge towards the middle between two voxels.

use nalgebra::{Matrix3, Point3, Vector3};

use crate::geometry::Grid;
use crate::segment::Value;

/// Voxels that can be asked anywhere.
#[derive(Debug)]
pub(super) struct Field<'a, T> {
    values: &'a [T],
    grid: &'a Grid,
    ijk_per_mm: Matrix3<f64>,
    /// Values below are no image: padding around the circle of reconstruction.
    floor: f32,
}

impl<'a, T: Value> Field<'a, T> {
    /// `values` in C order, `[k, j, i]`, as many as the grid has.
    pub fn new(values: &'a [T], grid: &'a Grid, floor: f32) -> Self {
        let ijk_per_mm = grid.ijk_from_lps().fixed_view::<3, 3>(0, 0).into_owned();
        Self { values, grid, ijk_per_mm, floor }
    }

    /// The grid.
    pub fn grid(&self) -> &'a Grid {
        self.grid
    }

    /// A step in LPS mm as a step in index.
    pub fn step(&self, lps_mm: &Vector3<f64>) -> Vector3<f64> {
        self.ijk_per_mm * lps_mm
    }

    /// Fractional index of a place.
    pub fn index(&self, lps_mm: &Vector3<f64>) -> Vector3<f64> {
        self.grid.ijk(Point3::from(*lps_mm)).coords
    }

    /// The value at a fractional index; `None` where there is no image.
    pub fn at(&self, index: &Vector3<f64>) -> Option<f64> {
        let dims = self.grid.dims_ijk();
        let mut places = [[0_usize; 4]; 3];
        let mut weights = [[0.0_f32; 4]; 3];
        for axis in 0..3 {
            let last = dims[axis] - 1;
            let place = index[axis];
            if !(place >= 0.0 && place <= last as f64) {
                return None;
            }
            let low = (place as usize).min(last.saturating_sub(1));
            places[axis] = [low.saturating_sub(1), low, (low + 1).min(last), (low + 2).min(last)];
            weights[axis] = cubic((place - low as f64) as f32);
        }
        let [ni, nj, _] = dims;
        let (mut sum, mut lowest) = (0.0_f32, f32::INFINITY);
        for k in 0..4 {
            let mut plane = 0.0;
            for j in 0..4 {
                let start = (places[2][k] * nj + places[1][j]) * ni;
                let mut row = 0.0;
                for i in 0..4 {
                    let value = self.values[start + places[0][i]].to_f32();
                    // NaN is lower than nothing, and comes through in the sum.
                    lowest = if value < lowest { value } else { lowest };
                    row += weights[0][i] * value;
                }
                plane += weights[1][j] * row;
            }
            sum += weights[2][k] * plane;
        }
        (lowest >= self.floor && sum.is_finite()).then_some(f64::from(sum))
    }

    /// Slope at a fractional index over central differences of `reach_mm`, value per mm along LPS.
    pub fn slope(&self, index: &Vector3<f64>, reach_mm: f64) -> Option<Vector3<f64>> {
        let mut slope = Vector3::zeros();
        for axis in 0..3 {
            let step = self.ijk_per_mm.column(axis) * reach_mm;
            slope[axis] = (self.at(&(index + step))? - self.at(&(index - step))?) / (2.0 * reach_mm);
        }
        Some(slope)
    }
}

/// Weights of four neighbours of a place between the middle two.
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (2.0 * t2 - t3 - t),
        0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
        0.5 * (4.0 * t2 - 3.0 * t3 + t),
        0.5 * (t3 - t2),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::Matrix4;

    #[test]
    fn a_quadratic_on_a_sheared_grid_is_reproduced_inside_and_absent_outside() {
        let mut affine = Matrix4::new_nonuniform_scaling(&Vector3::new(0.5, 0.6, -1.0));
        affine[(1, 2)] = 0.3;
        let grid = Grid::new([9, 8, 7], affine).unwrap();
        let of = |p: Vector3<f64>| 3.0 * p.x * p.x - 2.0 * p.y + 5.0 * p.z * p.x;
        let values: Vec<f32> = (0..9 * 8 * 7)
            .map(|n| of(grid.lps_mm([n % 9, n / 9 % 8, n / 72].map(f64::from).into()).coords) as f32)
            .collect();
        let field = Field::new(&values, &grid, f32::NEG_INFINITY);
        let index = Vector3::new(3.3, 4.1, 2.7);
        let place = grid.lps_mm(index.into()).coords;
        assert!((field.at(&index).unwrap() - of(place)).abs() < 1e-3);
        let slope = field.slope(&index, 0.2).unwrap();
        assert!((slope - Vector3::new(6.0 * place.x + 5.0 * place.z, -2.0, 5.0 * place.x)).norm() < 0.02);
        assert_eq!(field.at(&Vector3::new(-0.01, 4.0, 2.0)), None);
        assert_eq!(Field::new(&values, &grid, 1e9).at(&index), None);
    }
}
