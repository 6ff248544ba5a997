//! Binding of `render`.

use nalgebra::{Point3, Vector3};
use ndarray::Array3;
use numpy::{IntoPyArray, PyArray3, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::array;
use crate::mesh::KIND_COLOURS;
use crate::render::{self, Paint, View};

/// The colour of each kind of face, red, green, blue.
#[pyfunction]
pub fn kind_colours() -> Vec<(u8, u8, u8)> {
    KIND_COLOURS.iter().map(|&[red, green, blue]| (red, green, blue)).collect()
}

/// A picture (rows, columns, 3) of a mesh, coloured by the kinds of its faces or at its vertices.
#[pyfunction]
#[pyo3(signature = (*, vertices, faces, kinds, right, up, centre_lps_mm, mm_per_pixel, size, colours, background, vertex_colours=None))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
pub fn draw_mesh<'py>(
    py: Python<'py>,
    vertices: PyReadonlyArray2<'py, f64>,
    faces: PyReadonlyArray2<'py, i32>,
    kinds: PyReadonlyArray1<'py, u8>,
    right: [f64; 3],
    up: [f64; 3],
    centre_lps_mm: [f64; 3],
    mm_per_pixel: f64,
    size: [usize; 2],
    colours: [[u8; 3]; 4],
    background: [u8; 3],
    vertex_colours: Option<PyReadonlyArray2<'py, u8>>,
) -> PyResult<Bound<'py, PyArray3<u8>>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let (right, up) = (Vector3::from(right), Vector3::from(up));
    let view = View { right, up, centre: Point3::from(centre_lps_mm), mm_per_pixel, size };
    let at_vertices = vertex_colours.as_ref().map(|colours| array::rows(colours.as_slice()?)).transpose()?;
    if at_vertices.is_some_and(|colours| colours.len() != mesh.vertices().len()) {
        return Err(PyValueError::new_err("vertex_colours: one for each vertex expected"));
    }
    let paint = at_vertices.map_or(Paint::Kinds(&colours), Paint::Vertices);
    let pixels = py.detach(|| render::draw_mesh(mesh, &view, paint, background));
    let picture = Array3::from_shape_vec((size[1], size[0], 3), pixels);
    Ok(picture.map_err(|error| PyValueError::new_err(error.to_string()))?.into_pyarray(py))
}
