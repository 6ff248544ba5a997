//! Binding of `overlay`.

use ndarray::{Array2, Array3};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArray3, PyReadonlyArray1, PyReadonlyArray2, PyReadonlyArray3,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array;
use super::progress::Progress;
use crate::overlay::{self, Comparison, EdgeMethod, EdgeOptions, Measured, OverlayError};
use crate::segment::Bits;
use crate::volume::Volume;

/// Points, and a number for each.
type PointsAndNumbers<'py> = (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<f64>>);

impl From<OverlayError> for PyErr {
    fn from(error: OverlayError) -> Self {
        match error {
            OverlayError::Cancelled(cancelled) => cancelled.into(),
            other => PyValueError::new_err(other.to_string()),
        }
    }
}

/// The edge in an image beside points of a surface.
#[pyfunction]
#[pyo3(signature = (points, normals, values, dims_ijk, lps_from_ijk, *, is_gradient, search_mm, least_contrast,
    lowest_contrast, floor, ceiling, level, coat, is_curvature_corrected, progress))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
pub fn compare_to_image<'py>(
    py: Python<'py>,
    points: PyReadonlyArray2<'py, f64>,
    normals: PyReadonlyArray2<'py, f64>,
    values: &Bound<'py, PyAny>,
    dims_ijk: [usize; 3],
    lps_from_ijk: PyReadonlyArray2<'py, f64>,
    is_gradient: bool,
    search_mm: f64,
    least_contrast: Option<f64>,
    lowest_contrast: f64,
    floor: f64,
    ceiling: f64,
    level: Option<f64>,
    coat: Option<[f64; 2]>,
    is_curvature_corrected: bool,
    progress: &Progress,
) -> PyResult<Bound<'py, PyDict>> {
    let grid = array::grid(dims_ijk, &lps_from_ijk)?;
    let (points, normals) = (array::rows(points.as_slice()?)?, array::rows(normals.as_slice()?)?);
    let method = if is_gradient { EdgeMethod::GradientMaximum } else { EdgeMethod::HalfMaximum };
    let options = EdgeOptions {
        method,
        search_mm,
        least_contrast,
        lowest_contrast,
        floor,
        ceiling,
        level,
        coat,
        is_curvature_corrected,
    };
    let job = progress.inner.clone();
    let found = if let Ok(values) = values.extract::<PyReadonlyArray3<'_, i16>>() {
        let volume = Volume::new(values.as_array(), &grid)?;
        py.detach(|| overlay::compare(points, normals, volume, &options, &job))?
    } else {
        let values = values.extract::<PyReadonlyArray3<'_, f32>>()?;
        let volume = Volume::new(values.as_array(), &grid)?;
        py.detach(|| overlay::compare(points, normals, volume, &options, &job))?
    };
    comparison(py, found)
}

/// What a column of the result holds of each sample.
type Column = fn(&Measured) -> f64;

fn comparison(py: Python<'_>, found: Comparison) -> PyResult<Bound<'_, PyDict>> {
    let made = PyDict::new(py);
    let Comparison { measured, blur, noise, voxel_noise, smoothed_mm, steepness, contrast, least_contrast } =
        found;
    let status: Vec<u8> = measured.iter().map(|one| one.status as u8).collect();
    made.set_item("status", status.into_pyarray(py))?;
    let columns: [(&str, Column); 8] = [
        ("offset_mm", |one| one.offset_mm),
        ("uncertainty_mm", |one| one.uncertainty_mm),
        ("contrast", |one| one.contrast),
        ("inside", |one| one.inside),
        ("outside", |one| one.outside),
        ("value", |one| one.value),
        ("curvature_mm", |one| one.curvature_mm),
        ("level_mm", |one| one.level_mm),
    ];
    for (name, of) in columns {
        let column: Vec<f64> = measured.iter().map(of).collect();
        made.set_item(name, column.into_pyarray(py))?;
    }
    made.set_item("blur_mm", (blur.in_plane_mm, blur.through_plane_mm))?;
    made.set_item("n_blur_edges", blur.n_edges)?;
    made.set_item("noise", noise)?;
    made.set_item("voxel_noise", voxel_noise)?;
    made.set_item("smoothed_mm", smoothed_mm)?;
    made.set_item("steepness", steepness)?;
    made.set_item("usual_contrast", contrast)?;
    made.set_item("least_contrast", least_contrast)?;
    Ok(made)
}

/// Points spread over the imaged faces of a mesh, by area: places, normals, faces, the area of each, and
/// the area by kind of face.
#[pyfunction]
pub fn sample_surface<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    n_samples: usize,
) -> PyResult<Sampled<'py>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let samples = py.detach(|| overlay::sample_surface(mesh, n_samples));
    let faces = array::numbers(py, samples.faces);
    Ok((
        places(py, samples.points)?,
        places(py, samples.normals)?,
        faces,
        samples.area_each_mm2,
        samples.areas_mm2,
    ))
}

type Sampled<'py> =
    (Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray1<i32>>, f64, [f64; 4]);

/// For each point the number of the cluster it lies in.
#[pyfunction]
pub fn cluster_points<'py>(
    py: Python<'py>,
    points: PyReadonlyArray2<'py, f64>,
    reach_mm: f64,
) -> PyResult<Bound<'py, PyArray1<u32>>> {
    let points = array::rows(points.as_slice()?)?;
    Ok(py.detach(|| overlay::cluster_points(points, reach_mm)).into_pyarray(py))
}

/// Unit normals (n, 3) less the mean direction of those within a bell of `width_mm`.
#[pyfunction]
pub fn fine_normals<'py>(
    py: Python<'py>,
    points: PyReadonlyArray2<'py, f64>,
    normals: PyReadonlyArray2<'py, f64>,
    areas: PyReadonlyArray1<'py, f64>,
    width_mm: f64,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let (points, normals) = (array::rows(points.as_slice()?)?, array::rows(normals.as_slice()?)?);
    let areas = areas.as_slice()?;
    if points.len() != normals.len() || points.len() != areas.len() {
        return Err(PyValueError::new_err(format!("normals, areas: {} expected", points.len())));
    }
    in_cells(points, width_mm)?;
    places(py, py.detach(|| overlay::fine_normals(points, normals, areas, width_mm)))
}

/// Sums of values on cubes of `cell_mm`, (nz, ny, nx).
#[pyfunction]
pub fn spread_values<'py>(
    py: Python<'py>,
    points: PyReadonlyArray2<'py, f64>,
    values: PyReadonlyArray1<'py, f64>,
    cell_mm: f64,
) -> PyResult<Bound<'py, PyArray3<f32>>> {
    let (points, values) = (array::rows(points.as_slice()?)?, values.as_slice()?);
    if points.len() != values.len() {
        return Err(PyValueError::new_err(format!("values: {} expected", points.len())));
    }
    in_cells(points, cell_mm)?;
    let (sums, [nx, ny, nz]) = py.detach(|| overlay::spread_values(points, values, cell_mm));
    let made = Array3::from_shape_vec((nz, ny, nx), sums);
    Ok(made.map_err(|error| PyValueError::new_err(error.to_string()))?.into_pyarray(py))
}

/// Most cells along an axis.
const MOST_CELLS: f64 = 1000.0;

/// Refuses points that are not finite or too far apart for cells of this size.
fn in_cells(points: &[[f64; 3]], cell_mm: f64) -> PyResult<()> {
    let mut ends = [f64::INFINITY, f64::NEG_INFINITY];
    for value in points.iter().flatten() {
        if !value.is_finite() {
            return Err(PyValueError::new_err("points: finite numbers expected"));
        }
        ends = [ends[0].min(*value), ends[1].max(*value)];
    }
    let is_right = cell_mm.is_finite() && cell_mm > 0.0;
    if is_right && (points.is_empty() || ends[1] - ends[0] <= MOST_CELLS * cell_mm) {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("points: at most {MOST_CELLS} cells of {cell_mm} mm expected")))
}

/// Voxels (n, 3), ijk, that span the holes of a wall, and their distance to it, mm.
#[pyfunction]
pub fn find_membranes<'py>(
    py: Python<'py>,
    mask: PyReadonlyArray3<'py, u8>,
    spacing_xyz_mm: [f64; 3],
    reach_mm: f64,
    progress: &Progress,
) -> PyResult<PointsAndNumbers<'py>> {
    if !spacing_xyz_mm.iter().chain([&reach_mm]).all(|mm| mm.is_finite() && *mm > 0.0) {
        return Err(PyValueError::new_err("spacing_xyz_mm, reach_mm: finite numbers above 0 expected"));
    }
    let (view, job) = (mask.as_array(), progress.inner.clone());
    let found =
        py.detach(|| overlay::find_membranes(&Bits::from_bytes(view), spacing_xyz_mm, reach_mm, &job))?;
    Ok((places(py, found.ijk)?, found.distance_mm.into_pyarray(py)))
}

fn places(py: Python<'_>, places: Vec<[f64; 3]>) -> PyResult<Bound<'_, PyArray2<f64>>> {
    let made = Array2::from_shape_vec((places.len(), 3), places.into_flattened());
    Ok(made.map_err(|error| PyValueError::new_err(error.to_string()))?.into_pyarray(py))
}
