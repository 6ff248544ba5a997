//! Binding of `mesh::topology`.

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array;
use crate::mesh::{BoundaryLoop, Topology};

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
