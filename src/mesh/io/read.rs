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
use super::{glb, obj, ply, three_mf};
use crate::mesh::trimesh::TriMesh;
use crate::mesh::weld::Welded;
use crate::progress::Progress;

/// Bytes that a file may have which is read as a whole.
const MOST_WHOLE: u64 = 8 << 30;

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// STL, binary when it is written.
    Stl,
    /// STL as text.
    StlAscii,
    /// PLY, binary when it is written.
    Ply,
    /// OBJ.
    Obj,
    /// 3MF.
    ThreeMf,
    /// glTF binary.
    Glb,
}

impl Format {
    /// The format of this name or suffix, without a point.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "stl" | "stl-binary" => Some(Self::Stl),
            "stl-ascii" => Some(Self::StlAscii),
            "ply" => Some(Self::Ply),
            "obj" => Some(Self::Obj),
            "3mf" => Some(Self::ThreeMf),
            "glb" => Some(Self::Glb),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stl => "stl",
            Self::StlAscii => "stl-ascii",
            Self::Ply => "ply",
            Self::Obj => "obj",
            Self::ThreeMf => "3mf",
            Self::Glb => "glb",
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
    let mut about = About::default();
    let length = input.length();
    let (mesh, format, n_parts) = match format {
        Format::Stl | Format::StlAscii => {
            let file = read_stl(input, progress)?;
            about = About { said: file.said, notes: file.notes };
            let format = if file.is_binary { "stl-binary" } else { "stl-ascii" };
            return Ok(about.settle(given).finish(widen(file.welded), format, file.n_solids));
        }
        Format::Ply => {
            let (mesh, format) = ply::read(&whole(input)?, &mut about.said, &mut about.notes)?;
            (mesh, format, 1)
        }
        Format::Obj => (obj::read(&whole(input)?, &mut about.said, &mut about.notes)?, "obj", 1),
        Format::ThreeMf => {
            let (mesh, n_parts) = three_mf::read(input.source(), length, &mut about.said)?;
            if mesh.faces.is_empty() {
                return Err(Fault::Empty("3MF"));
            }
            (mesh, "3mf", n_parts)
        }
        Format::Glb => {
            let soup = glb::read(&whole(input)?, &mut about.notes)?;
            let (welded, kinds) = glb::weld(&soup)?;
            if welded.faces.is_empty() {
                return Err(Fault::Empty("GLB"));
            }
            about.said.unit = Some(Unit::Metre);
            (TriMesh { kinds, ..widen(welded) }, "glb", soup.n_parts)
        }
    };
    progress.check()?;
    Ok(about.settle(given).finish(mesh, format, n_parts))
}

fn widen(welded: Welded) -> TriMesh {
    let vertices = welded.vertices.par_iter().map(|point| point.map(f64::from)).collect();
    TriMesh::imaged(vertices, welded.faces)
}

/// Formats other than STL are read as a whole.
fn whole<R: Read + Seek>(input: &mut Input<R>) -> Result<Vec<u8>, Fault> {
    if input.length() > MOST_WHOLE {
        let io = std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            "at most 8 GiB expected; STL may be larger",
        );
        return Err(io.into());
    }
    input.read_all()
}

/// What a file says and what was noticed.
#[derive(Debug, Default)]
struct About {
    said: Said,
    notes: Vec<Note>,
}

/// The same with the unit and the frame that count.
struct Settled {
    about: About,
    unit: Unit,
    space: Space,
}

impl About {
    fn settle(self, given: Given) -> Settled {
        let unit = given.unit.or(self.said.unit).unwrap_or(Unit::Millimetre);
        let space = given.space.or(self.said.space).unwrap_or(Space::Lps);
        Settled { about: self, unit, space }
    }
}

impl Settled {
    fn finish(self, mut mesh: TriMesh, format: &'static str, n_parts: usize) -> MeshFile {
        let Self { about: About { said, notes }, unit, space } = self;
        let scale = space.to_lps().map(|sign| sign * unit.in_mm());
        if (space, unit) != (Space::Lps, Unit::Millimetre) {
            mesh.vertices.par_iter_mut().for_each(|point| {
                *point = [0, 1, 2].map(|k| point[k] * scale[k] + 0.0);
            });
        }
        MeshFile { mesh, unit, space, said, notes, format, n_parts }
    }
}
