//! Binding of `register`.

use nalgebra::{Isometry3, Matrix3, Rotation3, Translation3, UnitQuaternion, Vector3};
use ndarray::ArrayView2;
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array;
use super::progress::Progress;
use crate::register::icp::{Fit, Fitting};
use crate::register::starts::fit_from;

/// A motion, and what is known of the fit.
type Laid<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyDict>);

/// The rigid motions (4 x 4) that lay points on a surface, and how well each fits.
#[pyfunction]
#[pyo3(signature = (*, points, vertices, faces, kinds, starts, n_iterations, kept_fraction, tolerance_mm, progress))]
#[allow(clippy::too_many_arguments)] // keywords of one call
pub fn fit_points<'py>(
    py: Python<'py>,
    points: PyReadonlyArray2<'py, f64>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    starts: PyReadonlyArray3<'py, f64>,
    n_iterations: usize,
    kept_fraction: f64,
    tolerance_mm: f64,
    progress: &Progress,
) -> PyResult<Vec<Laid<'py>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let points = array::rows(points.as_slice()?)?;
    let starts: Vec<Isometry3<f64>> = starts.as_array().outer_iter().map(motion).collect();
    let progress = progress.inner.clone();
    let asked = Fitting { n_iterations, kept_fraction, tolerance_mm };
    let found = py.detach(|| fit_from(points, mesh, &starts, asked, &progress))?;
    found.iter().map(|one| told(py, one)).collect()
}

fn motion(matrix: ArrayView2<'_, f64>) -> Isometry3<f64> {
    let turn = Rotation3::from_matrix_unchecked(Matrix3::from_fn(|row, column| matrix[[row, column]]));
    let shift = Vector3::from_fn(|row, _| matrix[[row, 3]]);
    Isometry3::from_parts(Translation3::from(shift), UnitQuaternion::from_rotation_matrix(&turn))
}

fn told<'py>(py: Python<'py>, found: &Fit) -> PyResult<(Bound<'py, PyArray2<f64>>, Bound<'py, PyDict>)> {
    let matrix = found.motion.to_homogeneous();
    let facts = PyDict::new(py);
    facts.set_item("rms_mm", found.rms_mm)?;
    facts.set_item("rms_all_mm", found.rms_all_mm)?;
    facts.set_item("n_iterations", found.n_iterations)?;
    facts.set_item("is_settled", found.is_settled)?;
    Ok((ndarray::Array2::from_shape_fn((4, 4), |place| matrix[place]).into_pyarray(py), facts))
}
