//! What the free text of a file says: `SPACE=`, `UNIT=`, and the colours of Materialise software.

use super::note::Note;
use super::unit::{Space, Unit};

/// What a header, a comment or a title says about the whole file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// Frame, as 3D Slicer writes it.
    pub space: Option<Space>,
    /// Unit, as this library writes it, or of the format.
    pub unit: Option<Unit>,
    /// `COLOR=`: red, green, blue, opacity.
    pub colour_rgba: Option<[u8; 4]>,
    /// `MATERIAL=`: diffuse, specular and ambient colour.
    pub material_rgba: Option<[[u8; 4]; 3]>,
}

impl Said {
    /// Reads one text, which may hold raw bytes; what was said before stays when it says nothing new.
    pub fn add(&mut self, text: &[u8], notes: &mut Vec<Note>) {
        if let Some(word) = word_after(text, b"SPACE=") {
            match Space::named(&word) {
                Some(space) => self.space = Some(space),
                None => notes.push(Note::new(
                    "mesh_space_unknown",
                    "the file names a frame that is neither LPS nor RAS; it was taken for LPS",
                )),
            }
        }
        if let Some(unit) = word_after(text, b"UNIT=").and_then(|word| Unit::named(&word)) {
            self.unit = Some(unit);
        }
        if let Some(bytes) = after(text, b"COLOR=").and_then(<[u8]>::first_chunk::<4>) {
            self.colour_rgba = Some(*bytes);
        }
        if let Some(bytes) = after(text, b"MATERIAL=").and_then(<[u8]>::first_chunk::<12>) {
            let (colours, _) = bytes.as_chunks::<4>();
            self.material_rgba = <[[u8; 4]; 3]>::try_from(colours).ok();
        }
    }
}

fn after<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    text.windows(key.len()).position(|window| window == key).map(|at| &text[at + key.len()..])
}

fn word_after(text: &[u8], key: &[u8]) -> Option<String> {
    let rest = after(text, key)?;
    let end = rest.iter().position(|byte| !(byte.is_ascii_alphabetic() || *byte == b'-'));
    Some(String::from_utf8_lossy(&rest[..end.unwrap_or(rest.len())]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_mimics_is_read_byte_by_byte() {
        let mut said = Said::default();
        let header = b"COLOR=\x01\x02\x03\xff,MATERIAL=\x0a\x0b\x0c\xff\x14\x15\x16\xff\x1e\x1f\x20\xff  ";
        said.add(header, &mut Vec::new());
        assert_eq!(said.colour_rgba, Some([1, 2, 3, 255]));
        assert_eq!(said.material_rgba, Some([[10, 11, 12, 255], [20, 21, 22, 255], [30, 31, 32, 255]]));
        said.add(b"calvaria SPACE=RAS UNIT=cm", &mut Vec::new());
        assert_eq!((said.space, said.unit), (Some(Space::Ras), Some(Unit::Centimetre)));
    }

    #[test]
    fn an_unknown_frame_is_remarked_upon() {
        let (mut said, mut notes) = (Said::default(), Vec::new());
        said.add(b"SPACE=scanner", &mut notes);
        assert_eq!((said.space, notes.len()), (None, 1));
    }
}
