//! Writes a mesh file of any known format.

use std::path::Path;

use super::error::MeshFileError;
use super::note::Note;
use super::other_write::{write_glb, write_obj, write_ply};
use super::output::write_whole;
use super::read::{Format, file_name};
use super::single::Single;
use super::stl_write::{write_stl_ascii, write_stl_binary};
use super::three_mf_write::{self, Extras};
use crate::mesh::trimesh::MeshRef;
use crate::progress::Progress;

/// Writes a file whole or not at all.
///
/// # Errors
/// [`MeshFileError`], which names the file.
pub fn write_mesh(
    mesh: MeshRef<'_>,
    path: &Path,
    format: Format,
    extras: &Extras,
    progress: &Progress,
) -> Result<Vec<Note>, MeshFileError> {
    let mut notes = Vec::new();
    let mut write = || {
        let single = Single::of(mesh, format.name(), &mut notes)?;
        write_whole(path, |out| match format {
            Format::Stl => write_stl_binary(&single, out, progress),
            Format::StlAscii => write_stl_ascii(&single, out, progress),
            Format::Ply => write_ply(&single, out, progress),
            Format::Obj => write_obj(&single, out, progress),
            Format::ThreeMf => three_mf_write::write(&single, extras, out, progress),
            Format::Glb => write_glb(&single, out, progress),
        })
    };
    write().map_err(|fault| MeshFileError { file: file_name(path), fault })?;
    Ok(notes)
}
