//! The grid without shear that holds a whole image.

use nalgebra::{Matrix4, Point3, Vector3};

use crate::geometry::{Grid, GridError};

/// A spacing that no grid can have.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpacingError {
    /// Not positive or not finite.
    #[error("spacing_mm: three positive numbers expected, found {0:?}")]
    NotPositive([f64; 3]),
    /// The image would have more voxels than can be held.
    #[error("spacing_mm: at most {limit} voxels expected, found {voxels:.3e}")]
    TooFine {
        /// What the image would have.
        voxels: f64,
        /// What is allowed.
        limit: u64,
    },
    /// The lattice cannot be made.
    #[error(transparent)]
    Grid(#[from] GridError),
}

/// 2^32: a head at 0.2 mm, or 8 GiB of int16.
const MAX_VOXELS: u64 = 1 << 32;

/// Rounding of a position, in voxels: what lies this near to a voxel centre lies on it.
const ROUNDING: f64 = 1e-6;

/// Makes the grid at right angles that shares the in-plane frame of `grid` and bounds all its voxel centres.
///
/// The first axis keeps its direction, the second its plane, the third runs along the normal to the side the
/// slices run to. Without a spacing the in-plane steps and the distance between slices are kept, and the new
/// slices lie in the planes of the old ones; the first slice keeps its voxel centres.
///
/// # Errors
/// [`SpacingError`] when the spacing is not positive or asks for more voxels than can be held.
pub fn orthogonal_grid(grid: &Grid, spacing_mm: Option<[f64; 3]>) -> Result<Grid, SpacingError> {
    let steps = grid.steps();
    let first = steps.column(0).normalize();
    let normal = first.cross(&steps.column(1)).normalize();
    let second = normal.cross(&first);
    let third = normal * normal.dot(&steps.column(2)).signum();
    let axes = [first, second, third];
    // What one step of the old grid is along the new axes.
    let along = |axis: usize, step: usize| axes[axis].dot(&steps.column(step));
    let spacing = spacing_mm.unwrap_or([along(0, 0), along(1, 1), along(2, 2)]);
    if spacing.iter().any(|s| !(s.is_finite() && *s > 0.0)) {
        return Err(SpacingError::NotPositive(spacing));
    }
    let mut low = [0.0_f64; 3];
    let mut counts = [0.0_f64; 3];
    for axis in 0..3 {
        let reaches = [0, 1, 2].map(|step| along(axis, step) * (grid.dims_ijk()[step] - 1) as f64);
        let least: f64 = reaches.iter().map(|r| r.min(0.0)).sum();
        let most: f64 = reaches.iter().map(|r| r.max(0.0)).sum();
        low[axis] = (least / spacing[axis] + ROUNDING).floor();
        counts[axis] = (most / spacing[axis] - ROUNDING).ceil() - low[axis] + 1.0;
    }
    let voxels: f64 = counts.iter().product();
    if voxels > MAX_VOXELS as f64 {
        return Err(SpacingError::TooFine { voxels, limit: MAX_VOXELS });
    }
    let moved: Vector3<f64> = (0..3).map(|a| axes[a] * (spacing[a] * low[a])).sum();
    let origin = grid.lps_mm(Point3::origin()) + moved;
    let mut affine = Matrix4::identity();
    for axis in 0..3 {
        affine.fixed_view_mut::<3, 1>(0, axis).copy_from(&(axes[axis] * spacing[axis]));
    }
    affine.fixed_view_mut::<3, 1>(0, 3).copy_from(&origin.coords);
    Ok(Grid::new(counts.map(|n| n as usize), affine)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheared(sign: f64) -> Grid {
        let turn = nalgebra::Rotation3::from_euler_angles(0.3, -0.5, 1.1);
        let mut steps = nalgebra::Matrix3::from_diagonal(&Vector3::new(0.5, 0.4, 2.0));
        steps[(1, 2)] = sign * 0.9;
        let mut affine = Matrix4::identity();
        affine.fixed_view_mut::<3, 3>(0, 0).copy_from(&(turn * steps));
        affine[(0, 3)] = -70.0;
        Grid::new([9, 8, 7], affine).unwrap()
    }

    #[test]
    fn every_voxel_centre_lies_inside_the_orthogonal_grid() {
        for sign in [-1.0, 1.0] {
            for spacing in [None, Some([0.3, 0.7, 1.1])] {
                let grid = sheared(sign);
                let made = orthogonal_grid(&grid, spacing).unwrap();
                let steps = made.steps();
                for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                    assert!(steps.column(a).dot(&steps.column(b)).abs() < 1e-12);
                }
                for corner in 0..8 {
                    let index = Point3::from([0, 1, 2].map(|a: usize| {
                        if corner >> a & 1 == 1 { (grid.dims_ijk()[a] - 1) as f64 } else { 0.0 }
                    }));
                    let there = made.ijk(grid.lps_mm(index));
                    for a in 0..3 {
                        assert!(there[a] > -1e-5 && there[a] < made.dims_ijk()[a] as f64 - 1.0 + 1e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn a_grid_at_right_angles_stays_as_it_is() {
        let mut affine = Matrix4::new_nonuniform_scaling(&Vector3::new(0.5, 0.4, -2.0));
        affine[(2, 3)] = 12.5;
        let grid = Grid::new([9, 8, 7], affine).unwrap();
        let made = orthogonal_grid(&grid, None).unwrap();
        assert_eq!(made.dims_ijk(), grid.dims_ijk());
        assert!((made.lps_from_ijk() - grid.lps_from_ijk()).norm() < 1e-12);
    }

    #[test]
    fn a_spacing_that_asks_for_too_much_is_refused() {
        assert!(matches!(orthogonal_grid(&sheared(1.0), Some([1e-4; 3])), Err(SpacingError::TooFine { .. })));
        assert!(matches!(orthogonal_grid(&sheared(1.0), Some([0.0; 3])), Err(SpacingError::NotPositive(_))));
        assert!(matches!(
            orthogonal_grid(&sheared(1.0), Some([f64::NAN; 3])),
            Err(SpacingError::NotPositive(_))
        ));
    }
}
