//! Core errors become the exceptions of `calvaria.errors`: the only translation.

use pyo3::exceptions::{PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyAnyMethods;

/// Makes the exception `calvaria.errors.<class>` with this message.
pub(super) fn raise(py: Python<'_>, class: &str, message: String) -> PyErr {
    let made = py
        .import("calvaria.errors")
        .and_then(|module| module.getattr(class))
        .and_then(|class| class.call1((message,)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

impl From<crate::progress::Cancelled> for PyErr {
    fn from(_: crate::progress::Cancelled) -> Self {
        PyKeyboardInterrupt::new_err(())
    }
}

impl From<crate::geometry::GridError> for PyErr {
    fn from(error: crate::geometry::GridError) -> Self {
        Python::attach(|py| raise(py, "GeometryError", error.to_string()))
    }
}

impl From<crate::volume::ShapeError> for PyErr {
    fn from(error: crate::volume::ShapeError) -> Self {
        PyValueError::new_err(error.to_string())
    }
}

impl From<crate::mesh::MeshError> for PyErr {
    fn from(error: crate::mesh::MeshError) -> Self {
        Python::attach(|py| raise(py, "MeshError", error.to_string()))
    }
}

impl From<crate::surface::SurfaceError> for PyErr {
    fn from(error: crate::surface::SurfaceError) -> Self {
        use crate::surface::SurfaceError as E;
        let message = error.to_string();
        match error {
            E::Cancelled(cancelled) => cancelled.into(),
            E::Level { .. } => PyValueError::new_err(message),
            E::Memory { .. } => pyo3::exceptions::PyMemoryError::new_err(message),
            E::TooLarge { .. } => Python::attach(|py| raise(py, "MeshError", message)),
            _ => Python::attach(|py| raise(py, "GeometryError", message)),
        }
    }
}

impl From<crate::mesh::remesh::RemeshError> for PyErr {
    fn from(error: crate::mesh::remesh::RemeshError) -> Self {
        use crate::mesh::remesh::RemeshError as E;
        let message = error.to_string();
        match error {
            E::Cancelled(cancelled) => cancelled.into(),
            E::TooMany { .. } => PyValueError::new_err(message),
            _ => Python::attach(|py| raise(py, "MeshError", message)),
        }
    }
}

impl From<crate::mesh::cut::CutError> for PyErr {
    fn from(error: crate::mesh::cut::CutError) -> Self {
        Python::attach(|py| raise(py, "MeshError", error.to_string()))
    }
}

/// Name of the exception that a DICOM error becomes.
pub(super) fn dicom_class(error: &crate::dicom::DicomError) -> &'static str {
    use crate::dicom::DicomError as E;
    match error {
        E::NotDicom { .. } => "NotDicomError",
        E::Attribute { .. } => "MissingAttributeError",
        E::Unsupported { tag, .. } if *tag == dicom_dictionary_std::tags::TRANSFER_SYNTAX_UID => {
            "UnsupportedTransferSyntaxError"
        }
        E::Inconsistent(_) => "InconsistentSeriesError",
        _ => "DicomError",
    }
}

impl From<crate::resample::ResampleError> for PyErr {
    fn from(error: crate::resample::ResampleError) -> Self {
        use crate::resample::ResampleError;
        match error {
            ResampleError::Cancelled(cancelled) => cancelled.into(),
            other => pyo3::exceptions::PyMemoryError::new_err(other.to_string()),
        }
    }
}

impl From<crate::resample::SpacingError> for PyErr {
    fn from(error: crate::resample::SpacingError) -> Self {
        Python::attach(|py| raise(py, "GeometryError", error.to_string()))
    }
}

impl From<crate::resample::SlicesError> for PyErr {
    fn from(error: crate::resample::SlicesError) -> Self {
        use crate::resample::SlicesError;
        match error {
            SlicesError::Resample(inner) => inner.into(),
            other => Python::attach(|py| raise(py, "GeometryError", other.to_string())),
        }
    }
}
