//! Smoothing: one function a method, for both kinds of voxel.

use ndarray::{Array3, ArrayView3};
use numpy::IntoPyArray;
use pyo3::prelude::*;

use super::binary::Voxels;
use crate::progress::{self, Cancelled};
use crate::python::progress::Progress;
use crate::segment;

macro_rules! on_voxels {
    ($py:ident, $values:ident, $progress:ident, $smooth:expr) => {
        match &$values {
            Voxels::Whole(values) => {
                let view = values.as_array();
                let made = $py.detach(|| run(view, &$progress.inner, $smooth))?;
                Ok(made.into_pyarray($py).into_any())
            }
            Voxels::Real(values) => {
                let view = values.as_array();
                let made = $py.detach(|| run(view, &$progress.inner, $smooth))?;
                Ok(made.into_pyarray($py).into_any())
            }
        }
    };
}

fn run<T>(
    values: ArrayView3<'_, T>,
    progress: &progress::Progress,
    smooth: impl Fn(ArrayView3<'_, T>, &progress::Progress) -> Result<Array3<T>, Cancelled>,
) -> Result<Array3<T>, Cancelled> {
    smooth(values, progress)
}

/// Gaussian with standard deviations in voxels along i, j, k.
#[pyfunction]
pub fn gaussian<'py>(
    py: Python<'py>,
    values: Voxels<'py>,
    sigma_ijk: [f64; 3],
    progress: &Progress,
) -> PyResult<Bound<'py, PyAny>> {
    on_voxels!(py, values, progress, |view, progress| segment::gaussian(view, sigma_ijk, progress))
}

/// Median of 3 x 3 x 3 voxels.
#[pyfunction]
pub fn median<'py>(py: Python<'py>, values: Voxels<'py>, progress: &Progress) -> PyResult<Bound<'py, PyAny>> {
    on_voxels!(py, values, progress, |view, progress| segment::median(view, progress))
}

/// Diffusion that stops at differences above `contrast`.
#[pyfunction]
pub fn diffuse<'py>(
    py: Python<'py>,
    values: Voxels<'py>,
    spacing_xyz_mm: [f64; 3],
    sigma_mm: f64,
    contrast: f64,
    progress: &Progress,
) -> PyResult<Bound<'py, PyAny>> {
    on_voxels!(py, values, progress, |view, progress| segment::diffuse(
        view,
        spacing_xyz_mm,
        sigma_mm,
        contrast,
        progress
    ))
}
