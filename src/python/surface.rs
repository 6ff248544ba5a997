//! Binding of `surface`.

use numpy::{PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;

use super::array::{self, MeshArrays};
use super::progress::Progress;
use crate::surface::{self, Label, LabelOptions, Sample, SurfaceOptions};
use crate::volume::Volume;

/// The surface of a volume at a level.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
pub fn extract_surface<'py>(
    py: Python<'py>,
    values: &Bound<'py, PyAny>,
    dims_ijk: [usize; 3],
    lps_from_ijk: PyReadonlyArray2<'py, f64>,
    level: f64,
    within: Option<PyReadonlyArray3<'py, bool>>,
    close_border: bool,
    progress: &Progress,
) -> PyResult<MeshArrays<'py>> {
    let grid = array::grid(dims_ijk, &lps_from_ijk)?;
    let within = within.as_ref().map(|within| within.as_array());
    let options = SurfaceOptions { level, within, close_border };
    if let Ok(values) = values.extract::<PyReadonlyArray3<'_, i16>>() {
        draw(py, &values, &grid, options, progress)
    } else {
        draw(py, &values.extract::<PyReadonlyArray3<'_, f32>>()?, &grid, options, progress)
    }
}

fn draw<'py, T: Sample + numpy::Element>(
    py: Python<'py>,
    values: &PyReadonlyArray3<'_, T>,
    grid: &crate::geometry::Grid,
    options: SurfaceOptions<'_>,
    progress: &Progress,
) -> PyResult<MeshArrays<'py>> {
    let volume = Volume::new(values.as_array(), grid)?;
    let progress = progress.inner.clone();
    let mesh = py.detach(|| surface::extract_surface(volume, options, &progress))?;
    array::mesh_arrays(py, mesh)
}

/// The surface of every label: (label, vertices, faces, kinds), in the order of the labels.
#[pyfunction]
pub fn extract_label_surfaces<'py>(
    py: Python<'py>,
    values: &Bound<'py, PyAny>,
    dims_ijk: [usize; 3],
    lps_from_ijk: PyReadonlyArray2<'py, f64>,
    n_iterations: usize,
    close_border: bool,
    progress: &Progress,
) -> PyResult<Vec<(u16, MeshArrays<'py>)>> {
    let grid = array::grid(dims_ijk, &lps_from_ijk)?;
    let options = LabelOptions { n_iterations, close_border };
    if let Ok(values) = values.extract::<PyReadonlyArray3<'_, u8>>() {
        draw_labels(py, &values, &grid, options, progress)
    } else {
        draw_labels(py, &values.extract::<PyReadonlyArray3<'_, u16>>()?, &grid, options, progress)
    }
}

fn draw_labels<'py, T: Label + numpy::Element>(
    py: Python<'py>,
    values: &PyReadonlyArray3<'_, T>,
    grid: &crate::geometry::Grid,
    options: LabelOptions,
    progress: &Progress,
) -> PyResult<Vec<(u16, MeshArrays<'py>)>> {
    let values = Volume::new(values.as_array(), grid)?.values();
    let progress = progress.inner.clone();
    let meshes = py.detach(|| surface::extract_label_surfaces(values, grid, options, &progress))?;
    meshes.into_iter().map(|one| Ok((one.label, array::mesh_arrays(py, one.mesh)?))).collect()
}
