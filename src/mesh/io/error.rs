//! Why a mesh file cannot be read or written.

use std::io;

use crate::mesh::MeshError;
use crate::mesh::weld::TooMany;
use crate::progress::Cancelled;

/// What is wrong, without the name of the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A pipe, a device, a folder.
    #[error("a regular file expected, found {0}")]
    NotRegular(&'static str),
    /// The file is not what its format asks for.
    #[error("{format}: {problem}")]
    Broken {
        /// Name of the format.
        format: &'static str,
        /// What was expected and what was found.
        problem: String,
    },
    /// There is nothing in it.
    #[error("{0}: no triangles")]
    Empty(&'static str),
    /// The format holds solids only.
    #[error("{format}: a closed, manifold, consistently wound mesh expected, found {n} {what}")]
    NotSolid {
        /// Name of the format.
        format: &'static str,
        /// How many.
        n: usize,
        /// Of what.
        what: String,
    },
    /// Arrays that are not a mesh.
    #[error(transparent)]
    Mesh(#[from] MeshError),
    /// More corners than can be numbered.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// A coordinate that the format cannot hold.
    #[error("vertices: coordinates within ±{limit:e} mm expected, found {found:e} in vertex {vertex}")]
    OutOfRange {
        /// Which vertex.
        vertex: usize,
        /// Its coordinate.
        found: f64,
        /// Largest that can be written.
        limit: f64,
    },
    /// Asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Fault {
    /// The file breaks its format.
    pub fn broken(format: &'static str, problem: impl Into<String>) -> Self {
        Self::Broken { format, problem: problem.into() }
    }
}

/// A fault with the name of its file.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {fault}")]
pub struct MeshFileError {
    /// Name of the file, without its folder.
    pub file: String,
    /// What is wrong.
    #[source]
    pub fault: Fault,
}
