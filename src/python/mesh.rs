//! Binding of `mesh`.

use numpy::{IntoPyArray, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::{self, MeshArrays};
use super::progress::Progress;
use crate::mesh::decimate::{self, Decimation};
use crate::mesh::smooth::{self, Method, Smoothing};

/// Positions (n, 3) as a NumPy array, without a copy.
pub(super) fn points(py: Python<'_>, points: Vec<[f64; 3]>) -> PyResult<Bound<'_, PyArray2<f64>>> {
    let n = points.len();
    let rows = ndarray::Array2::from_shape_vec((n, 3), points.into_flattened());
    let rows = rows.map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))?;
    Ok(rows.into_pyarray(py))
}

/// Smoothed positions and what became of the shape.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, is_sinc, n_passes, passband, is_lid_kept, progress))]
#[allow(clippy::too_many_arguments)] // keywords of one call
pub fn smooth_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    is_sinc: bool,
    n_passes: usize,
    passband: f64,
    is_lid_kept: bool,
    progress: &Progress,
) -> PyResult<(Bound<'py, PyArray2<f64>>, Bound<'py, PyDict>)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let method = if is_sinc { Method::WindowedSinc } else { Method::Taubin };
    let asked = Smoothing { method, n_passes, passband, is_lid_kept };
    let progress = progress.inner.clone();
    let made = py.detach(|| smooth::smooth(mesh, asked, &progress))?;
    let facts = PyDict::new(py);
    facts.set_item("n_fixed", made.n_fixed)?;
    facts.set_item("max_displacement_mm", made.max_displacement_mm)?;
    facts.set_item("mean_displacement_mm", made.mean_displacement_mm)?;
    facts.set_item("volumes_mm3", made.volumes_mm3)?;
    Ok((points(py, made.vertices)?, facts))
}

/// A mesh of fewer faces, how far it is from the first, and whether edges ran out on the way.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, n_faces, bound_mm, progress))]
pub fn decimate_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    n_faces: usize,
    bound_mm: f64,
    progress: &Progress,
) -> PyResult<(MeshArrays<'py>, Bound<'py, PyDict>)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let progress = progress.inner.clone();
    let asked = Decimation { n_faces, bound_mm };
    let made = py.detach(|| decimate::decimate_verified(mesh, asked, &progress))?;
    let facts = PyDict::new(py);
    facts.set_item("is_exhausted", made.is_exhausted)?;
    facts.set_item("max_error_mm", made.deviation.max_mm)?;
    facts.set_item("rms_error_mm", made.deviation.rms_mm)?;
    facts.set_item("mean_error_mm", made.deviation.mean_mm)?;
    Ok((array::mesh_arrays(py, made.mesh)?, facts))
}
