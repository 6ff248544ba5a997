//! Binding of `bar`.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;

use super::array;
use super::progress::Progress;
use crate::bar::patches::{self, Flatness};

/// For each face the number of its flat patch, -1 for none.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, radius_mm, least_cosine, most_mm, least_mm2, progress))]
#[allow(clippy::too_many_arguments)] // keywords of one call
pub fn flat_patches<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    radius_mm: f64,
    least_cosine: f64,
    most_mm: f64,
    least_mm2: f64,
    progress: &Progress,
) -> PyResult<Bound<'py, PyArray1<i32>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let progress = progress.inner.clone();
    let asked = Flatness { radius_mm, least_cosine, most_mm, least_mm2 };
    Ok(py.detach(|| patches::find(mesh, asked, &progress))?.into_pyarray(py))
}
