//! The voxel lattice: dimensions and the affine from index to LPS millimetres.

use nalgebra::{Matrix3, Matrix4, Point3, Vector3};

/// A regular lattice that may be oblique, sheared or left-handed.
///
/// An integer index is the centre of a voxel.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    dims_ijk: [usize; 3],
    lps_from_ijk: Matrix4<f64>,
    ijk_from_lps: Matrix4<f64>,
}

/// Why a lattice cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GridError {
    /// A dimension is zero, or the voxels cannot be counted.
    #[error("dims_ijk: three whole numbers of at least 1 expected")]
    Dims,
    /// The affine is not finite, not affine, or singular.
    #[error("lps_from_ijk: a finite, invertible affine expected")]
    Affine,
}

impl Grid {
    /// Makes a lattice.
    ///
    /// # Errors
    /// [`GridError`] when a dimension is zero or the affine cannot be inverted.
    pub fn new(dims_ijk: [usize; 3], lps_from_ijk: Matrix4<f64>) -> Result<Self, GridError> {
        let count = dims_ijk[0].checked_mul(dims_ijk[1]).and_then(|n| n.checked_mul(dims_ijk[2]));
        if matches!(count, None | Some(0)) {
            return Err(GridError::Dims);
        }
        let is_affine = lps_from_ijk.row(3).iter().copied().eq([0.0, 0.0, 0.0, 1.0]);
        if !is_affine || lps_from_ijk.iter().any(|value| !value.is_finite()) {
            return Err(GridError::Affine);
        }
        let ijk_from_lps = lps_from_ijk.try_inverse().ok_or(GridError::Affine)?;
        Ok(Self { dims_ijk, lps_from_ijk, ijk_from_lps })
    }

    /// Number of voxels along i, j and k.
    pub fn dims_ijk(&self) -> [usize; 3] {
        self.dims_ijk
    }

    /// Number of voxels.
    pub fn n_voxels(&self) -> usize {
        self.dims_ijk.iter().product()
    }

    /// The affine from index to LPS millimetres.
    pub fn lps_from_ijk(&self) -> &Matrix4<f64> {
        &self.lps_from_ijk
    }

    /// The affine from LPS millimetres to index.
    pub fn ijk_from_lps(&self) -> &Matrix4<f64> {
        &self.ijk_from_lps
    }

    /// The three steps as columns: LPS millimetres per voxel along i, j, k.
    pub fn steps(&self) -> Matrix3<f64> {
        self.lps_from_ijk.fixed_view::<3, 3>(0, 0).into_owned()
    }

    /// Length of one step along i, j and k, mm.
    pub fn spacing_xyz_mm(&self) -> Vector3<f64> {
        let steps = self.steps();
        Vector3::new(steps.column(0).norm(), steps.column(1).norm(), steps.column(2).norm())
    }

    /// Volume of one voxel, mm³.
    pub fn voxel_volume_mm3(&self) -> f64 {
        self.steps().determinant().abs()
    }

    /// LPS position, mm, of a fractional index.
    pub fn lps_mm(&self, ijk: Point3<f64>) -> Point3<f64> {
        self.lps_from_ijk.transform_point(&ijk)
    }

    /// Fractional index of an LPS position, mm.
    pub fn ijk(&self, lps_mm: Point3<f64>) -> Point3<f64> {
        self.ijk_from_lps.transform_point(&lps_mm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oblique_sheared_grid_goes_there_and_back() {
        let affine = Matrix4::new(
            0.4, 0.1, 0.3, -7.0, //
            -0.1, 0.5, 0.2, 3.0, //
            0.05, 0.0, 1.2, 11.0, //
            0.0, 0.0, 0.0, 1.0,
        );
        let grid = Grid::new([5, 7, 3], affine).unwrap();
        let index = Point3::new(1.25, 6.0, -0.5);
        assert!((grid.ijk(grid.lps_mm(index)) - index).norm() < 1e-12);
    }

    #[test]
    fn a_flat_or_endless_grid_is_refused() {
        let mut flat = Matrix4::identity();
        flat[(2, 2)] = 0.0;
        assert_eq!(Grid::new([1, 1, 1], flat), Err(GridError::Affine));
        assert_eq!(Grid::new([usize::MAX, 2, 1], Matrix4::identity()), Err(GridError::Dims));
    }
}
