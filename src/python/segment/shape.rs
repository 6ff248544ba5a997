//! Growing, shrinking and distances.

use numpy::{IntoPyArray, PyArray3, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::binary::{Bytes, neighbours};
use crate::progress::Cancelled;
use crate::python::array;
use crate::python::progress::Progress;
use crate::segment::{self, Bits, Element};

/// Grows or shrinks a mask, one step after the other, with a ball in mm or so many voxels.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
pub fn reshape_mask<'py>(
    py: Python<'py>,
    mask: PyReadonlyArray3<'py, u8>,
    steps: Vec<bool>,
    lps_from_ijk: PyReadonlyArray2<'py, f64>,
    radius_mm: Option<f64>,
    n_voxels: usize,
    connectivity: usize,
    progress: &Progress,
) -> PyResult<Bytes<'py>> {
    let view = mask.as_array();
    let (nk, nj, ni) = view.dim();
    let grid = array::grid([ni, nj, nk], &lps_from_ijk)?;
    let connectivity = neighbours(connectivity)?;
    let (element, times) = match radius_mm {
        Some(radius_mm) => (Element::ball(&grid, radius_mm), 1),
        None => (Element::neighbours(connectivity), n_voxels),
    };
    let progress = progress.inner.clone();
    let made = py.detach(|| {
        let mut bits = Bits::from_bytes(view);
        for is_growing in steps {
            for _ in 0..times {
                let step = if is_growing { segment::dilate } else { segment::erode };
                bits = step(&bits, &element, &progress)?;
            }
        }
        Ok::<_, Cancelled>(bits.to_bytes())
    })?;
    Ok(made.into_pyarray(py))
}

/// Distance in mm: of set voxels to the nearest unset one, or signed.
#[pyfunction]
pub fn distance<'py>(
    py: Python<'py>,
    mask: PyReadonlyArray3<'py, u8>,
    spacing_xyz_mm: [f64; 3],
    is_signed: bool,
    progress: &Progress,
) -> PyResult<Bound<'py, PyArray3<f32>>> {
    if !spacing_xyz_mm.iter().all(|step| step.is_finite() && *step > 0.0) {
        return Err(PyValueError::new_err("spacing_xyz_mm: three finite numbers above 0 expected"));
    }
    let view = mask.as_array();
    let progress = progress.inner.clone();
    let made = py.detach(|| {
        let measure = if is_signed { segment::signed_distance } else { segment::distance };
        measure(&Bits::from_bytes(view), spacing_xyz_mm, &progress)
    })?;
    Ok(made.into_pyarray(py))
}
