//! OBJ: vertices and faces; normals, textures and materials are passed over.

use super::comment::Said;
use super::error::Fault;
use super::indexed::Builder;
use super::note::Note;
use crate::mesh::trimesh::TriMesh;

const NAME: &str = "OBJ";

/// Reads a file from its bytes.
///
/// # Errors
/// [`Fault`].
pub(super) fn read(bytes: &[u8], said: &mut Said, notes: &mut Vec<Note>) -> Result<TriMesh, Fault> {
    let mut built = Builder::default();
    let mut corners = Vec::new();
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut lines = text.split(|&byte| byte == b'\n').enumerate();
    while let Some((at, line)) = lines.next() {
        let mut line = line.trim_ascii().to_vec();
        // A backslash at the end of a line joins the next one to it.
        while line.last() == Some(&b'\\') {
            line.pop();
            line.push(b' ');
            let Some((_, more)) = lines.next() else { break };
            line.extend_from_slice(more.trim_ascii());
        }
        let fault = |problem: &str| Fault::broken(NAME, format!("line {}: {problem}", at + 1));
        let code = line.split(|&byte| byte == b'#').next().unwrap_or_default();
        if code.len() < line.len() {
            said.add(&line[code.len()..], notes);
        }
        let mut words = code.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        match words.next() {
            Some(b"v") => {
                let mut point = [0.0; 3];
                for x in &mut point {
                    let word = words.next().ok_or_else(|| fault("three coordinates expected"))?;
                    *x = number(word).ok_or_else(|| fault("a coordinate expected, found a word"))?;
                }
                built.vertices.push(point);
            }
            Some(b"f") => {
                corners.clear();
                for word in words {
                    let index = index(word, built.vertices.len());
                    corners.push(index.ok_or_else(|| fault("a vertex that is there expected in a face"))?);
                }
                built.polygon(NAME, &corners, 0)?;
            }
            _ => {}
        }
    }
    built.finish(NAME, notes)
}

fn number(word: &[u8]) -> Option<f64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// `7`, `7/1`, `7//3` or `7/1/3`, counted from 1; `-1` is the vertex before.
fn index(word: &[u8], n_vertices: usize) -> Option<u32> {
    let first = word.split(|&byte| byte == b'/').next()?;
    let index: i64 = std::str::from_utf8(first).ok()?.parse().ok()?;
    let place = if index < 0 { n_vertices as i64 + index } else { index - 1 };
    // A face may name a vertex that comes later; whether it comes is checked at the end.
    u32::try_from(place).ok().filter(|_| index != 0)
}
