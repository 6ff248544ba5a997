//! Binding of `resample`: one function per voxel type.

use numpy::{IntoPyArray, PyArray2, PyArray3, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

use super::array;
use super::progress::Progress;
use crate::geometry::Grid;
use crate::resample::{self, Voxel};
use crate::volume::Volume;

type GridParts<'py> = ((usize, usize, usize), Bound<'py, PyArray2<f64>>);

/// The grid without shear that holds a whole image.
#[pyfunction]
pub fn orthogonal_grid<'py>(
    py: Python<'py>,
    dims_ijk: [usize; 3],
    lps_from_ijk: PyReadonlyArray2<'py, f64>,
    spacing_mm: Option<[f64; 3]>,
) -> PyResult<GridParts<'py>> {
    let made = resample::orthogonal_grid(&array::grid(dims_ijk, &lps_from_ijk)?, spacing_mm)?;
    let [ni, nj, nk] = made.dims_ijk();
    let affine = ndarray::Array2::from_shape_fn((4, 4), |(row, column)| made.lps_from_ijk()[(row, column)]);
    Ok(((ni, nj, nk), affine.into_pyarray(py)))
}

macro_rules! bind {
    ($voxel:ty, $to_grid:ident, $slices:ident) => {
        /// The values at the voxel centres of another grid.
        #[pyfunction]
        pub fn $to_grid<'py>(
            py: Python<'py>,
            values: PyReadonlyArray3<'py, $voxel>,
            lps_from_ijk: PyReadonlyArray2<'py, f64>,
            target_dims_ijk: [usize; 3],
            target_lps_from_ijk: PyReadonlyArray2<'py, f64>,
            fill: $voxel,
            progress: &Progress,
        ) -> PyResult<Bound<'py, PyArray3<$voxel>>> {
            let target = array::grid(target_dims_ijk, &target_lps_from_ijk)?;
            to_grid(py, &values, &lps_from_ijk, &target, fill, progress)
        }

        /// Evenly spaced slices from unevenly spaced ones.
        #[pyfunction]
        pub fn $slices<'py>(
            py: Python<'py>,
            values: PyReadonlyArray3<'py, $voxel>,
            positions_mm: PyReadonlyArray1<'py, f64>,
            spacing_mm: f64,
            max_gap_mm: f64,
            progress: &Progress,
        ) -> PyResult<Bound<'py, PyArray3<$voxel>>> {
            let (view, positions) = (values.as_array(), positions_mm.as_array().to_vec());
            let progress = progress.inner.clone();
            let made =
                py.detach(|| resample::resample_slices(view, &positions, spacing_mm, max_gap_mm, &progress))?;
            Ok(made.into_pyarray(py))
        }
    };
}

bind!(i16, resample_to_grid_i16, resample_slices_i16);
bind!(f32, resample_to_grid_f32, resample_slices_f32);

fn to_grid<'py, T: Voxel + numpy::Element>(
    py: Python<'py>,
    values: &PyReadonlyArray3<'py, T>,
    lps_from_ijk: &PyReadonlyArray2<'py, f64>,
    target: &Grid,
    fill: T,
    progress: &Progress,
) -> PyResult<Bound<'py, PyArray3<T>>> {
    let view = values.as_array();
    let (nk, nj, ni) = view.dim();
    let grid = array::grid([ni, nj, nk], lps_from_ijk)?;
    let source = Volume::new(view, &grid)?;
    let progress = progress.inner.clone();
    let made = py.detach(|| resample::resample_to_grid(source, target, fill, &progress))?;
    Ok(made.into_pyarray(py))
}
