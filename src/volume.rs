//! Floor 1: voxels on a grid.

use ndarray::ArrayView3;

use crate::geometry::Grid;

/// A borrowed 3-D image: `values[[k, j, i]]` lies at index (i, j, k) of `grid`.
#[derive(Debug, Clone, Copy)]
pub struct Volume<'a, T> {
    values: ArrayView3<'a, T>,
    grid: &'a Grid,
}

/// The array and the grid differ in shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("values: shape {expected:?} (nz, ny, nx) expected, found {actual:?}")]
pub struct ShapeError {
    /// What the grid asks for.
    pub expected: [usize; 3],
    /// What the array has.
    pub actual: [usize; 3],
}

impl<'a, T> Volume<'a, T> {
    /// Puts voxels on a grid.
    ///
    /// # Errors
    /// [`ShapeError`] when the shapes differ.
    pub fn new(values: ArrayView3<'a, T>, grid: &'a Grid) -> Result<Self, ShapeError> {
        let [ni, nj, nk] = grid.dims_ijk();
        let expected = [nk, nj, ni];
        let (a, b, c) = values.dim();
        let actual = [a, b, c];
        if expected == actual { Ok(Self { values, grid }) } else { Err(ShapeError { expected, actual }) }
    }

    /// The voxels, `[k, j, i]`.
    pub fn values(&self) -> ArrayView3<'a, T> {
        self.values
    }

    /// Where they are.
    pub fn grid(&self) -> &'a Grid {
        self.grid
    }
}
