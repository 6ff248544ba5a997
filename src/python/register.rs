//! Binding of `register`.

use nalgebra::{Isometry3, Matrix3, Rotation3, Translation3, UnitQuaternion, Vector3};
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array;
use super::progress::Progress;
use crate::register::icp::{self, Fitting};

/// The rigid motion (4 x 4) that lays points on a surface, and how well it fits.
#[pyfunction]
#[pyo3(signature = (*, points, vertices, faces, kinds, start, n_iterations, kept_fraction, tolerance_mm, progress))]
#[allow(clippy::too_many_arguments)] // keywords of one call
pub fn fit_points<'py>(
    py: Python<'py>,
    points: PyReadonlyArray2<'py, f64>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    start: PyReadonlyArray2<'py, f64>,
    n_iterations: usize,
    kept_fraction: f64,
    tolerance_mm: f64,
    progress: &Progress,
) -> PyResult<(Bound<'py, PyArray2<f64>>, Bound<'py, PyDict>)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let points = array::rows(points.as_slice()?)?;
    let start = start.as_array();
    let turn = Rotation3::from_matrix_unchecked(Matrix3::from_fn(|row, column| start[[row, column]]));
    let shift = Vector3::from_fn(|row, _| start[[row, 3]]);
    let start = Isometry3::from_parts(Translation3::from(shift), UnitQuaternion::from_rotation_matrix(&turn));
    let progress = progress.inner.clone();
    let asked = Fitting { n_iterations, kept_fraction, tolerance_mm };
    let found = py.detach(|| icp::fit(points, mesh, start, asked, &progress))?;
    let matrix = found.motion.to_homogeneous();
    let facts = PyDict::new(py);
    facts.set_item("rms_mm", found.rms_mm)?;
    facts.set_item("n_iterations", found.n_iterations)?;
    facts.set_item("is_settled", found.is_settled)?;
    Ok((ndarray::Array2::from_shape_fn((4, 4), |place| matrix[place]).into_pyarray(py), facts))
}
