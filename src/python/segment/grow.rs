//! Labels that spread from seeds, and solids in space.

use nalgebra::{Point3, Vector3};
use numpy::{IntoPyArray, PyArray3, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::binary::{Bytes, Voxels, same_shape};
use crate::python::array;
use crate::python::progress::Progress;
use crate::segment::{self, Solid, Value};

type Labels<'py> = Bound<'py, PyArray3<u32>>;

/// Watershed of a depth from markers within a mask.
#[pyfunction]
pub fn watershed<'py>(
    py: Python<'py>,
    depth: PyReadonlyArray3<'py, f32>,
    markers: PyReadonlyArray3<'py, u32>,
    mask: PyReadonlyArray3<'py, u8>,
    progress: &Progress,
) -> PyResult<Labels<'py>> {
    let (depth, markers, mask) = (depth.as_array(), markers.as_array(), mask.as_array());
    same_shape(&depth, &markers)?;
    same_shape(&depth, &mask)?;
    let progress = progress.inner.clone();
    let made = py.detach(|| segment::watershed(depth, markers, mask, &progress))?;
    Ok(made.into_pyarray(py))
}

/// The label of the seed nearest along a path on which differences of value cost.
#[pyfunction]
pub fn grow_from_seeds<'py>(
    py: Python<'py>,
    values: Voxels<'py>,
    seeds: PyReadonlyArray3<'py, u32>,
    mask: Option<PyReadonlyArray3<'py, u8>>,
    spacing_xyz_mm: [f64; 3],
    per_mm: f64,
    progress: &Progress,
) -> PyResult<Labels<'py>> {
    match &values {
        Voxels::Whole(values) => grow(py, values, &seeds, mask.as_ref(), spacing_xyz_mm, per_mm, progress),
        Voxels::Real(values) => grow(py, values, &seeds, mask.as_ref(), spacing_xyz_mm, per_mm, progress),
    }
}

fn grow<'py, T: Value + numpy::Element>(
    py: Python<'py>,
    values: &PyReadonlyArray3<'py, T>,
    seeds: &PyReadonlyArray3<'py, u32>,
    mask: Option<&PyReadonlyArray3<'py, u8>>,
    spacing_xyz_mm: [f64; 3],
    per_mm: f64,
    progress: &Progress,
) -> PyResult<Labels<'py>> {
    let (values, seeds, mask) = (values.as_array(), seeds.as_array(), mask.map(|mask| mask.as_array()));
    same_shape(&values, &seeds)?;
    if let Some(mask) = &mask {
        same_shape(&values, mask)?;
    }
    let progress = progress.inner.clone();
    let made =
        py.detach(|| segment::grow_from_seeds(values, seeds, mask, spacing_xyz_mm, per_mm, &progress))?;
    Ok(made.into_pyarray(py))
}

/// The voxels in a solid; `numbers` are what that kind of solid is made of.
#[pyfunction]
pub fn solid_mask<'py>(
    py: Python<'py>,
    dims_ijk: [usize; 3],
    lps_from_ijk: PyReadonlyArray2<'py, f64>,
    kind: &str,
    vectors: Vec<[f64; 3]>,
    numbers: Vec<f64>,
    corners: Vec<[f64; 2]>,
) -> PyResult<Bytes<'py>> {
    let grid = array::grid(dims_ijk, &lps_from_ijk)?;
    let vector = |n: usize| vectors.get(n).copied().map(Vector3::from);
    let point = |n: usize| vectors.get(n).copied().map(Point3::from);
    let axes = || Some([vector(1)?, vector(2)?, vector(3)?]);
    let number = |n: usize| numbers.get(n).copied();
    let made = || match kind {
        "half-space" => Some(Solid::HalfSpace { point: point(0)?, normal: vector(1)? }),
        "box" => Some(Solid::Box {
            centre: point(0)?,
            axes: axes()?,
            halves: [number(0)?, number(1)?, number(2)?],
        }),
        "sphere" => Some(Solid::Sphere { centre: point(0)?, radius: number(0)? }),
        "cylinder" => Some(Solid::Cylinder { start: point(0)?, along: vector(1)?, radius: number(0)? }),
        "prism" => Some(Solid::Prism {
            origin: point(0)?,
            axes: axes()?,
            corners: corners.clone(),
            depth: [number(0)?, number(1)?],
        }),
        _ => None,
    };
    let solid =
        made().ok_or_else(|| PyValueError::new_err(format!("kind: {kind} with its parts expected")))?;
    Ok(py.detach(|| solid.bits(&grid).to_bytes()).into_pyarray(py))
}
