//! NumPy arrays to core types.

use nalgebra::Matrix4;
use numpy::{PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::geometry::Grid;

/// Makes a core grid of what the Python `Grid` holds.
pub(super) fn grid(dims_ijk: [usize; 3], lps_from_ijk: &PyReadonlyArray2<'_, f64>) -> PyResult<Grid> {
    if lps_from_ijk.shape() != [4, 4] {
        return Err(PyValueError::new_err("lps_from_ijk: shape (4, 4) expected"));
    }
    let view = lps_from_ijk.as_array();
    let affine = Matrix4::from_fn(|row, column| view[[row, column]]);
    Ok(Grid::new(dims_ijk, affine)?)
}
