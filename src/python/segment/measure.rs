//! What is read from the values before a threshold is chosen.

use numpy::{IntoPyArray, PyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

use super::binary::Voxels;
use crate::python::array;
use crate::segment::{self, Bits, Value};
use crate::volume::Volume;

/// Counts in bins of `width` from `low` on; outsiders count in the outermost ones.
#[pyfunction]
pub fn count_values<'py>(
    py: Python<'py>,
    values: Voxels<'py>,
    mask: Option<PyReadonlyArray3<'py, u8>>,
    low: f64,
    width: f64,
    n_bins: usize,
) -> Bound<'py, PyArray1<u64>> {
    let within = mask.as_ref().map(|mask| mask.as_array());
    let counts = match &values {
        Voxels::Whole(values) => {
            let view = values.as_array();
            py.detach(|| segment::count_values(view, within, low, width, n_bins))
        }
        Voxels::Real(values) => {
            let view = values.as_array();
            py.detach(|| segment::count_values(view, within, low, width, n_bins))
        }
    };
    counts.into_pyarray(py)
}

type Profiles<'py> = (Bound<'py, PyArray1<f32>>, Bound<'py, PyArray1<f32>>, Bound<'py, PyArray1<f32>>);

/// Value inside, value outside and its range, at surface voxels of a mask.
#[pyfunction]
pub fn edge_profiles<'py>(
    py: Python<'py>,
    values: Voxels<'py>,
    mask: PyReadonlyArray3<'py, u8>,
    lps_from_ijk: PyReadonlyArray2<'py, f64>,
    most: usize,
) -> PyResult<Profiles<'py>> {
    match &values {
        Voxels::Whole(values) => profiles(py, values, &mask, &lps_from_ijk, most),
        Voxels::Real(values) => profiles(py, values, &mask, &lps_from_ijk, most),
    }
}

fn profiles<'py, T: Value + numpy::Element>(
    py: Python<'py>,
    values: &PyReadonlyArray3<'py, T>,
    mask: &PyReadonlyArray3<'py, u8>,
    lps_from_ijk: &PyReadonlyArray2<'py, f64>,
    most: usize,
) -> PyResult<Profiles<'py>> {
    let (view, mask) = (values.as_array(), mask.as_array());
    let (nk, nj, ni) = view.dim();
    let grid = array::grid([ni, nj, nk], lps_from_ijk)?;
    let volume = Volume::new(view, &grid)?;
    let made = py.detach(|| segment::edge_profiles(volume, &Bits::from_bytes(mask), most));
    Ok((made.inside.into_pyarray(py), made.outside.into_pyarray(py), made.outside_range.into_pyarray(py)))
}
