//! Binding of `mesh`.

use numpy::{IntoPyArray, PyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

mod measure;
mod shape;

pub use measure::{
    closest_points, curvature_mesh, measure_mesh, mesh_parts, section_mesh, signed_distance_mesh,
};
pub use shape::{cut_mesh, decimate_mesh, fill_mesh_holes, remesh_mesh, smooth_mesh};

/// Positions (n, 3) as a NumPy array, without a copy.
fn points(py: Python<'_>, points: Vec<[f64; 3]>) -> PyResult<Bound<'_, PyArray2<f64>>> {
    let n = points.len();
    let rows = ndarray::Array2::from_shape_vec((n, 3), points.into_flattened());
    Ok(rows.map_err(|error| PyValueError::new_err(error.to_string()))?.into_pyarray(py))
}
