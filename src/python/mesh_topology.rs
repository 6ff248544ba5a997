//! Binding of `mesh::topology`.

use std::sync::Arc;

use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::{self, MeshArrays};
use super::progress::Progress;
use crate::mesh::nesting::{Shell, shells_of};
use crate::mesh::quality::Quality;
use crate::mesh::repair::{RepairOptions, repair};
use crate::mesh::self_intersection::self_intersections;
use crate::mesh::topology::n_uneven_edges;
use crate::mesh::winding::winding;
use crate::mesh::{BoundaryLoop, Topology};

/// How many edges are not passed as often one way as the other.
#[pyfunction]
pub fn count_uneven_edges(
    py: Python<'_>,
    vertices: PyReadonlyArray2<'_, f64>,
    faces: PyReadonlyArray2<'_, i32>,
    kinds: PyReadonlyArray1<'_, u8>,
) -> PyResult<usize> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    Ok(py.detach(|| n_uneven_edges(mesh.faces(), mesh.vertices().len())))
}

/// Faces that must be turned so that neighbours agree, and how many edges they disagree at as given.
#[pyfunction]
pub fn mesh_winding<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
) -> PyResult<(Bound<'py, PyArray1<i32>>, usize)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let found = py.detach(|| winding(mesh));
    Ok((array::numbers(py, found.turned), found.n_against))
}

/// How a mesh hangs together.
#[pyfunction]
pub fn mesh_topology<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
) -> PyResult<Bound<'py, PyDict>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let found = py.detach(|| Topology::of(mesh));
    let about = PyDict::new(py);
    about.set_item("n_used_vertices", found.n_used_vertices)?;
    about.set_item("n_edges", found.n_edges)?;
    about.set_item("open_edges", array::pairs(py, found.open_edges)?)?;
    about.set_item("non_manifold_edges", array::pairs(py, found.non_manifold_edges)?)?;
    about.set_item("misoriented_edges", array::pairs(py, found.misoriented_edges)?)?;
    about.set_item("non_manifold_vertices", array::numbers(py, found.non_manifold_vertices))?;
    about.set_item("component_of_face", array::numbers(py, found.component_of_face))?;
    about.set_item("n_components", found.n_components)?;
    about.set_item("duplicate_faces", array::numbers(py, found.duplicate_faces))?;
    about.set_item("collapsed_faces", array::numbers(py, found.collapsed_faces))?;
    about.set_item("euler_characteristic", found.euler_characteristic)?;
    about.set_item("genus", found.genus)?;
    let loops: PyResult<Vec<_>> = found.loops.into_iter().map(|one| boundary(py, one)).collect();
    about.set_item("loops", loops?)?;
    Ok(about)
}

fn boundary(py: Python<'_>, one: BoundaryLoop) -> PyResult<Bound<'_, PyDict>> {
    let about = PyDict::new(py);
    let [x, y, z] = one.centre_lps_mm;
    about.set_item("vertices", array::numbers(py, one.vertices))?;
    about.set_item("length_mm", one.length_mm)?;
    about.set_item("centre_lps_mm", (x, y, z))?;
    about.set_item("is_closed", one.is_closed)?;
    Ok(about)
}

/// Shapes of the faces, and the closed pieces with their volumes and depths.
#[pyfunction]
pub fn mesh_quality<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    sliver_fraction: f64,
) -> PyResult<Bound<'py, PyDict>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let (quality, shells) = py.detach(|| (Quality::of(mesh, sliver_fraction), shells_of(mesh)));
    let about = PyDict::new(py);
    about.set_item("degenerate_faces", array::numbers(py, quality.degenerate_faces))?;
    about.set_item("sliver_faces", array::numbers(py, quality.sliver_faces))?;
    about.set_item("area_mm2", quality.area_mm2)?;
    about.set_item("area_by_kind_mm2", quality.area_by_kind_mm2.to_vec())?;
    about.set_item("volume_mm3", shells.iter().map(|shell| shell.volume_mm3).collect::<Vec<_>>())?;
    about.set_item("depth", shells.iter().map(|shell| shell.depth).collect::<Vec<_>>())?;
    about.set_item("is_closed", shells.iter().map(|shell| shell.is_closed).collect::<Vec<_>>())?;
    about.set_item("is_inside_out", shells.iter().map(Shell::is_inside_out).collect::<Vec<_>>())?;
    Ok(about)
}

/// Pairs of faces that pass through one another.
#[pyfunction]
pub fn mesh_self_intersections<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    progress: &Progress,
) -> PyResult<Bound<'py, PyArray2<i32>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let progress = Arc::clone(&progress.inner);
    let found = py.detach(|| self_intersections(mesh, &progress))?;
    array::pairs(py, found)
}

/// A repaired copy of a mesh, and what was done how often.
#[pyfunction]
pub fn repair_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    tolerance_mm: f64,
    islands_below_mm3: Option<f64>,
    progress: &Progress,
) -> PyResult<(MeshArrays<'py>, Vec<(&'static str, usize)>)> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let options = RepairOptions { tolerance_mm, islands_below_mm3 };
    let progress = Arc::clone(&progress.inner);
    let done = py.detach(|| repair(mesh, options, &progress))?;
    let actions = done.actions.iter().map(|action| (action.code, action.n)).collect();
    Ok((array::mesh_arrays(py, done.mesh)?, actions))
}
