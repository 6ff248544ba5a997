//! STL: which of its two forms a file is in. The header does not decide: SolidWorks and others begin
//! binary files with "solid".

use std::io::{Read, Seek};

use super::comment::Said;
use super::error::Fault;
use super::input::Input;
use super::note::Note;
use super::{stl_ascii, stl_binary};
use crate::mesh::weld::Welded;
use crate::progress::Progress;

/// Name for messages.
pub(super) const NAME: &str = "STL";
/// Bytes that show whether a file is text.
const SAMPLE: usize = 1024;

/// What an STL file holds.
#[derive(Debug, Default)]
pub struct StlFile {
    /// Its triangles, welded.
    pub welded: Welded,
    /// What its header says.
    pub said: Said,
    /// What was noticed.
    pub notes: Vec<Note>,
    /// Whether it is the binary form.
    pub is_binary: bool,
    /// Solids in it.
    pub n_solids: usize,
}

/// Reads an STL file of either form.
///
/// # Errors
/// [`Fault`], also when there is no triangle in it.
pub fn read_stl<R: Read + Seek>(input: &mut Input<R>, progress: &Progress) -> Result<StlFile, Fault> {
    if input.length() == 0 {
        return Err(Fault::broken(NAME, "the file is empty"));
    }
    let start = input.read_at(0, SAMPLE)?;
    let mut file = if stl_binary::fills_its_file(&start, input.length()) || !is_text(&start) {
        stl_binary::read(input, progress)?
    } else {
        stl_ascii::read(input, progress)?
    };
    if file.welded.n_collapsed > 0 {
        let n = file.welded.n_collapsed;
        let note =
            Note::new("mesh_collapsed_faces", format!("{n} triangles with two equal corners were left out"));
        file.notes.push(note.with(n as f64));
    }
    if file.welded.faces.is_empty() {
        return Err(Fault::Empty(NAME));
    }
    Ok(file)
}

/// Whether the file begins as a text of this format does, in bytes or in UTF-16.
fn is_text(start: &[u8]) -> bool {
    if stl_ascii::is_utf16(start) {
        return true;
    }
    // A text may be padded with zeros at its end.
    let end = start.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let is_printed = |byte: u8| byte >= 32 || (9..=13).contains(&byte) || byte == 26;
    let has = |name: &[u8]| start.windows(name.len()).any(|word| word.eq_ignore_ascii_case(name));
    start[..end].iter().all(|&byte| is_printed(byte)) && (has(b"solid") || has(b"facet"))
}
