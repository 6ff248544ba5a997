//! Reads a mesh file of any known format.

use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::Path;

use rayon::prelude::*;

use super::comment::Said;
use super::error::{Fault, MeshFileError};
use super::input::Input;
use super::note::Note;
use super::stl::read_stl;
use super::unit::{Space, Unit};
use crate::mesh::trimesh::TriMesh;
use crate::progress::Progress;

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// STL, binary when it is written.
    Stl,
    /// STL as text.
    StlAscii,
}

impl Format {
    /// The format of this name or suffix, without a point.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "stl" | "stl-binary" => Some(Self::Stl),
            "stl-ascii" => Some(Self::StlAscii),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stl => "stl",
            Self::StlAscii => "stl-ascii",
        }
    }
}

/// What the caller says where the file says nothing, or against it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given {
    /// Unit; what the file says, or mm, when `None`.
    pub unit: Option<Unit>,
    /// Frame; what the file says, or LPS, when `None`.
    pub space: Option<Space>,
}

/// A mesh with what its file says.
#[derive(Debug)]
pub struct MeshFile {
    /// In LPS mm.
    pub mesh: TriMesh,
    /// Unit it was read with.
    pub unit: Unit,
    /// Frame it was read with.
    pub space: Space,
    /// What the file itself says.
    pub said: Said,
    /// What was noticed.
    pub notes: Vec<Note>,
    /// Format with its form, such as "stl-ascii".
    pub format: &'static str,
    /// Bodies that the file lists.
    pub n_parts: usize,
}

/// Reads a file.
///
/// # Errors
/// [`MeshFileError`], which names the file.
pub fn read_mesh(
    path: &Path,
    format: Format,
    given: Given,
    progress: &Progress,
) -> Result<MeshFile, MeshFileError> {
    let read = || from_input(&mut Input::<File>::open(path)?, format, given, progress);
    read().map_err(|fault| MeshFileError { file: file_name(path), fault })
}

/// Reads bytes as a file of that format.
///
/// # Errors
/// [`Fault`].
pub fn read_bytes(
    bytes: &[u8],
    format: Format,
    given: Given,
    progress: &Progress,
) -> Result<MeshFile, Fault> {
    from_input(&mut Input::new(Cursor::new(bytes), bytes.len() as u64), format, given, progress)
}

pub(super) fn file_name(path: &Path) -> String {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
    name.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

fn from_input<R: Read + Seek>(
    input: &mut Input<R>,
    format: Format,
    given: Given,
    progress: &Progress,
) -> Result<MeshFile, Fault> {
    match format {
        Format::Stl | Format::StlAscii => {
            let file = read_stl(input, progress)?;
            let (unit, space) = settle(&file.said, given);
            let scale = space.to_lps().map(|sign| sign * unit.in_mm());
            let place = |point: &[f32; 3]| [0, 1, 2].map(|k| f64::from(point[k]) * scale[k] + 0.0);
            let vertices = file.welded.vertices.par_iter().map(place).collect();
            let format = if file.is_binary { "stl-binary" } else { "stl-ascii" };
            let mesh = TriMesh::imaged(vertices, file.welded.faces);
            Ok(MeshFile {
                mesh,
                unit,
                space,
                said: file.said,
                notes: file.notes,
                format,
                n_parts: file.n_solids,
            })
        }
    }
}

fn settle(said: &Said, given: Given) -> (Unit, Space) {
    let unit = given.unit.or(said.unit).unwrap_or(Unit::Millimetre);
    (unit, given.space.or(said.space).unwrap_or(Space::Lps))
}
