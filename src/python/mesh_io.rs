//! Binding of `mesh::io`: files.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::{self, MeshArrays};
use super::error::raise;
use super::progress::Progress;
use crate::mesh::io::{self, Extras, Fault, Format, Given, MeshFile, MeshFileError, Note, Space, Unit};

type NoteTuple = (&'static str, String, Option<f64>);

impl From<MeshFileError> for PyErr {
    fn from(error: MeshFileError) -> Self {
        let message = error.to_string();
        match error.fault {
            Fault::Io(inner) => match inner.raw_os_error() {
                Some(number) => PyOSError::new_err((number, inner.to_string(), error.file)),
                None => std::io::Error::new(inner.kind(), message).into(),
            },
            Fault::Cancelled(cancelled) => cancelled.into(),
            Fault::NotSolid { what, .. } => {
                let class = if what.starts_with("open") { "OpenSurfaceError" } else { "NonManifoldError" };
                Python::attach(|py| raise(py, class, message))
            }
            _ => Python::attach(|py| raise(py, "MeshError", message)),
        }
    }
}

fn format_of(name: &str) -> PyResult<Format> {
    Format::named(name).ok_or_else(|| PyValueError::new_err(format!("format: unknown: {name}")))
}

/// Read a mesh file; what it says of itself comes as a dictionary.
#[pyfunction]
pub fn read_mesh<'py>(
    py: Python<'py>,
    path: PathBuf,
    format_name: &str,
    unit: Option<&str>,
    space: Option<&str>,
    progress: &Progress,
) -> PyResult<(MeshArrays<'py>, Bound<'py, PyDict>)> {
    let format = format_of(format_name)?;
    let given = Given { unit: unit.and_then(Unit::named), space: space.and_then(Space::named) };
    let progress = Arc::clone(&progress.inner);
    let file = py.detach(|| io::read_mesh(&path, format, given, &progress))?;
    let about = describe(py, &file)?;
    Ok((array::mesh_arrays(py, file.mesh)?, about))
}

fn describe<'py>(py: Python<'py>, file: &MeshFile) -> PyResult<Bound<'py, PyDict>> {
    let about = PyDict::new(py);
    about.set_item("format", file.format)?;
    about.set_item("unit", file.unit.name())?;
    about.set_item("space", file.space.name())?;
    about.set_item("stated_unit", file.said.unit.map(Unit::name))?;
    about.set_item("stated_space", file.said.space.map(Space::name))?;
    about.set_item("n_parts", file.n_parts)?;
    about.set_item("colour_rgba", file.said.colour_rgba.map(tuple))?;
    about
        .set_item("material_rgba", file.said.material_rgba.map(|[a, b, c]| (tuple(a), tuple(b), tuple(c))))?;
    about.set_item("notes", file.notes.iter().map(note_tuple).collect::<Vec<_>>())?;
    Ok(about)
}

fn tuple([r, g, b, a]: [u8; 4]) -> (u8, u8, u8, u8) {
    (r, g, b, a)
}

fn note_tuple(note: &Note) -> NoteTuple {
    (note.code, note.message.clone(), note.measured)
}

/// Write a mesh file whole or not at all.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // a call from Python, by position
pub fn write_mesh(
    py: Python<'_>,
    path: PathBuf,
    format_name: &str,
    vertices: PyReadonlyArray2<'_, f64>,
    faces: PyReadonlyArray2<'_, i32>,
    kinds: PyReadonlyArray1<'_, u8>,
    metadata: Vec<(String, String)>,
    face_colours_rgba: Option<PyReadonlyArray2<'_, u8>>,
    progress: &Progress,
) -> PyResult<Vec<NoteTuple>> {
    let mesh = array::mesh(&vertices, &faces, &kinds)?;
    let colours = face_colours_rgba.map(|rgba| Ok::<_, PyErr>(rgba.as_slice()?.as_chunks::<4>().0.to_vec()));
    let extras = Extras { metadata, face_colours_rgba: colours.transpose()? };
    let format = format_of(format_name)?;
    let progress = Arc::clone(&progress.inner);
    let notes = py.detach(|| io::write_mesh(mesh, &path, format, &extras, &progress))?;
    Ok(notes.iter().map(note_tuple).collect())
}
