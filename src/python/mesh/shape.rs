//! Binding of `mesh`: what makes a new mesh.

use nalgebra::Vector3;
use numpy::{PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::super::array::{self, MeshArrays};
use super::super::progress::Progress;
use super::points;
use crate::mesh::cut;
use crate::mesh::decimate::{self, Decimation};
use crate::mesh::fill_hole;
use crate::mesh::remesh::{self, Remeshing, Shape};
use crate::mesh::smooth::{self, Method, Smoothing};

/// Smoothed positions and what became of the shape.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, is_sinc, n_passes, passband, is_lid_kept, is_held_apart, progress))]
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
    is_held_apart: bool,
    progress: &Progress,
) -> PyResult<(Bound<'py, PyArray2<f64>>, Bound<'py, PyDict>)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let method = if is_sinc { Method::WindowedSinc } else { Method::Taubin };
    let asked = Smoothing { method, n_passes, passband, is_lid_kept, is_held_apart };
    let progress = progress.inner.clone();
    let made = py.detach(|| smooth::smooth(mesh, asked, &progress))?;
    let facts = PyDict::new(py);
    facts.set_item("n_fixed", made.n_fixed)?;
    facts.set_item("n_held", made.n_held)?;
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
    facts.set_item("max_error_mm", made.max_mm)?;
    facts.set_item("rms_error_mm", made.rms_mm)?;
    facts.set_item("mean_error_mm", made.mean_mm)?;
    Ok((array::mesh_arrays(py, made.mesh)?, facts))
}

/// A mesh of even triangles, how far it is from the first, and the triangles of both.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, edge_length_mm, bound_mm, n_passes, crease_deg, most_faces, progress))]
#[allow(clippy::too_many_arguments)] // keywords of one call
pub fn remesh_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    edge_length_mm: f64,
    bound_mm: f64,
    n_passes: usize,
    crease_deg: f64,
    most_faces: usize,
    progress: &Progress,
) -> PyResult<(MeshArrays<'py>, Bound<'py, PyDict>)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let progress = progress.inner.clone();
    let asked = Remeshing { edge_length_mm, bound_mm, n_passes, crease_deg, most_faces };
    let made = py.detach(|| remesh::remesh(mesh, asked, &progress))?;
    let facts = PyDict::new(py);
    facts.set_item("max_error_mm", made.max_mm)?;
    facts.set_item("rms_error_mm", made.rms_mm)?;
    facts.set_item("mean_error_mm", made.mean_mm)?;
    facts.set_item("is_within", made.is_within)?;
    facts.set_item("n_crossings", made.n_crossings)?;
    facts.set_item("volumes_mm3", made.volumes_mm3)?;
    let row =
        |shape: Shape| (shape.mean_edge_mm, shape.even_share, shape.min_angle_deg, shape.mean_min_angle_deg);
    facts.set_item("shapes", made.shapes.map(row))?;
    Ok((array::mesh_arrays(py, made.mesh)?, facts))
}

/// The part of a mesh that a plane's normal points to, its contours, and how many are open.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, normal, offset_mm, has_lid))]
pub fn cut_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    normal: [f64; 3],
    offset_mm: f64,
    has_lid: bool,
) -> PyResult<(MeshArrays<'py>, usize, usize)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let made = py.detach(|| cut::cut(mesh, &Vector3::from(normal), offset_mm, has_lid))?;
    Ok((array::mesh_arrays(py, made.mesh)?, made.n_contours, made.n_open))
}

/// A mesh without its smaller holes, and what was found: diameter, edges, centre, area, whether filled.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, max_diameter_mm, progress))]
#[allow(clippy::type_complexity)] // one row per hole
pub fn fill_mesh_holes<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    max_diameter_mm: f64,
    progress: &Progress,
) -> PyResult<(MeshArrays<'py>, Vec<(f64, usize, (f64, f64, f64), f64, bool)>)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let progress = progress.inner.clone();
    let (made, holes) = py.detach(|| fill_hole::fill_holes(mesh, max_diameter_mm, &progress))?;
    let rows = holes
        .into_iter()
        .map(|hole| (hole.diameter_mm, hole.n_edges, hole.centre.into(), hole.area_mm2, hole.is_filled));
    Ok((array::mesh_arrays(py, made)?, rows.collect()))
}
