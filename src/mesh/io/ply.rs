//! PLY: text, or binary of either byte order, with whatever properties a vertex and a face have.

use super::comment::Said;
use super::error::Fault;
use super::indexed::Builder;
use super::note::Note;
use crate::mesh::trimesh::{FaceKind, TriMesh};

const NAME: &str = "PLY";
/// Corners that one face may have.
const MOST_CORNERS: usize = 1 << 16;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Text,
    Little,
    Big,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

#[derive(Debug)]
struct Property {
    name: String,
    /// Type of the length, for a list.
    length: Option<Number>,
    number: Number,
}

#[derive(Debug)]
struct Element {
    name: String,
    n: u64,
    properties: Vec<Property>,
}

struct Header<'a> {
    form: Form,
    elements: Vec<Element>,
    body: &'a [u8],
}

/// Reads a file from its bytes.
///
/// # Errors
/// [`Fault`].
pub(super) fn read(
    bytes: &[u8],
    said: &mut Said,
    notes: &mut Vec<Note>,
) -> Result<(TriMesh, &'static str), Fault> {
    let header = header(bytes, said, notes)?;
    let mut values = Values { form: header.form, bytes: header.body, at: 0 };
    let mut built = Builder::default();
    for element in &header.elements {
        let left = values.bytes.len() - values.at;
        if element.n > 0 && element.n.saturating_mul(element.least_bytes(header.form)) > left as u64 + 1 {
            let problem = format!("{} of {} expected, found {left} bytes for them", element.n, element.name);
            return Err(Fault::broken(NAME, problem));
        }
        match element.name.as_str() {
            "vertex" => vertices(element, &mut values, &mut built)?,
            "face" => faces(element, &mut values, &mut built)?,
            "tristrips" if element.n > 0 => return Err(Fault::broken(NAME, "triangle strips are not read")),
            _ => skip(element, &mut values)?,
        }
    }
    let form = if header.form == Form::Text { "ply-ascii" } else { "ply-binary" };
    Ok((built.finish(NAME, notes)?, form))
}

fn header<'a>(bytes: &'a [u8], said: &mut Said, notes: &mut Vec<Note>) -> Result<Header<'a>, Fault> {
    let (mut form, mut elements, mut at) = (None, Vec::<Element>::new(), 0);
    let mut is_first = true;
    loop {
        let rest = &bytes[at..];
        let end = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r');
        let end =
            end.filter(|&end| end < 1 << 12).ok_or_else(|| Fault::broken(NAME, "the header does not end"))?;
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        at += end + 1 + usize::from(rest[end] == b'\r' && rest.get(end + 1) == Some(&b'\n'));
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["ply"] if is_first => {}
            _ if is_first => return Err(Fault::broken(NAME, "the word ply expected at the start")),
            ["format", kind, _version] => form = Some(form_named(kind)?),
            ["comment" | "obj_info", ..] => said.add(line.as_bytes(), notes),
            ["element", name, n] => {
                let n = n.parse().map_err(|_| Fault::broken(NAME, "a count expected behind element"))?;
                elements.push(Element { name: (*name).to_owned(), n, properties: Vec::new() });
            }
            ["property", rest @ ..] => {
                let element =
                    elements.last_mut().ok_or_else(|| Fault::broken(NAME, "a property of nothing"))?;
                element.properties.push(property(rest)?);
            }
            ["end_header"] => break,
            [] => {}
            _ => return Err(Fault::broken(NAME, "an unknown word in the header")),
        }
        is_first = false;
    }
    let form = form.ok_or_else(|| Fault::broken(NAME, "a line with the format expected"))?;
    Ok(Header { form, elements, body: &bytes[at..] })
}

fn form_named(kind: &str) -> Result<Form, Fault> {
    match kind {
        "ascii" => Ok(Form::Text),
        "binary_little_endian" => Ok(Form::Little),
        "binary_big_endian" => Ok(Form::Big),
        _ => Err(Fault::broken(NAME, "ascii, binary_little_endian or binary_big_endian expected")),
    }
}

fn property(words: &[&str]) -> Result<Property, Fault> {
    match words {
        ["list", length, number, name] => Ok(Property {
            name: (*name).to_owned(),
            length: Some(Number::named(length)?),
            number: Number::named(number)?,
        }),
        [number, name] => {
            Ok(Property { name: (*name).to_owned(), length: None, number: Number::named(number)? })
        }
        _ => Err(Fault::broken(NAME, "a property with type and name expected")),
    }
}

impl Number {
    fn named(name: &str) -> Result<Self, Fault> {
        Ok(match name {
            "char" | "int8" => Self::I8,
            "uchar" | "uint8" => Self::U8,
            "short" | "int16" => Self::I16,
            "ushort" | "uint16" => Self::U16,
            "int" | "int32" => Self::I32,
            "uint" | "uint32" => Self::U32,
            "float" | "float32" => Self::F32,
            "double" | "float64" => Self::F64,
            _ => return Err(Fault::broken(NAME, "an unknown type of number")),
        })
    }

    fn n_bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// From bytes in high-byte-first order, at the end of eight.
    fn value(self, [.., a, b, c, d]: [u8; 8], all: [u8; 8]) -> f64 {
        match self {
            Self::I8 => f64::from(d as i8),
            Self::U8 => f64::from(d),
            Self::I16 => f64::from(i16::from_be_bytes([c, d])),
            Self::U16 => f64::from(u16::from_be_bytes([c, d])),
            Self::I32 => f64::from(i32::from_be_bytes([a, b, c, d])),
            Self::U32 => f64::from(u32::from_be_bytes([a, b, c, d])),
            Self::F32 => f64::from(f32::from_be_bytes([a, b, c, d])),
            Self::F64 => f64::from_be_bytes(all),
        }
    }
}

impl Element {
    fn least_bytes(&self, form: Form) -> u64 {
        let of = |property: &Property| match form {
            Form::Text => 2,
            _ => property.length.unwrap_or(property.number).n_bytes() as u64,
        };
        self.properties.iter().map(of).sum()
    }

    fn place(&self, names: &[&str]) -> Option<usize> {
        self.properties.iter().position(|property| names.contains(&property.name.as_str()))
    }
}

struct Values<'a> {
    form: Form,
    bytes: &'a [u8],
    at: usize,
}

impl Values<'_> {
    fn next(&mut self, number: Number) -> Result<f64, Fault> {
        let rest = &self.bytes[self.at..];
        let truncated = || Fault::broken(NAME, "truncated: more values expected");
        if self.form == Form::Text {
            let start = rest.iter().position(|byte| !byte.is_ascii_whitespace()).ok_or_else(truncated)?;
            let word = &rest[start..];
            let end = word.iter().position(u8::is_ascii_whitespace).unwrap_or(word.len());
            self.at += start + end;
            let text = std::str::from_utf8(&word[..end]).ok();
            return text
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| Fault::broken(NAME, "a number expected, found a word"));
        }
        let n = number.n_bytes();
        let raw = rest.get(..n).ok_or_else(truncated)?;
        self.at += n;
        let mut all = [0; 8];
        all[8 - n..].copy_from_slice(raw);
        if self.form == Form::Little {
            all[8 - n..].reverse();
        }
        Ok(number.value(all, all))
    }

    fn list(&mut self, property: &Property, into: &mut Vec<f64>) -> Result<(), Fault> {
        into.clear();
        let Some(length) = property.length else {
            into.push(self.next(property.number)?);
            return Ok(());
        };
        let n = self.next(length)?;
        if !(n >= 0.0 && n.fract() == 0.0 && n <= MOST_CORNERS as f64) {
            return Err(Fault::broken(
                NAME,
                format!("a list of 0 to {MOST_CORNERS} values expected, found {n}"),
            ));
        }
        for _ in 0..n as usize {
            into.push(self.next(property.number)?);
        }
        Ok(())
    }
}

fn vertices(element: &Element, values: &mut Values<'_>, built: &mut Builder) -> Result<(), Fault> {
    let places = ["x", "y", "z"].map(|name| element.place(&[name]));
    let [Some(x), Some(y), Some(z)] = places else {
        return Err(Fault::broken(NAME, "vertices with x, y and z expected"));
    };
    let mut list = Vec::new();
    let mut row = vec![0.0; element.properties.len()];
    for _ in 0..element.n {
        for (property, value) in element.properties.iter().zip(&mut row) {
            values.list(property, &mut list)?;
            *value = list.first().copied().unwrap_or(f64::NAN);
        }
        built.vertices.push([row[x], row[y], row[z]]);
    }
    Ok(())
}

fn faces(element: &Element, values: &mut Values<'_>, built: &mut Builder) -> Result<(), Fault> {
    let corners_at = element
        .place(&["vertex_indices", "vertex_index"])
        .ok_or_else(|| Fault::broken(NAME, "faces with vertex_indices expected"))?;
    let kind_at = element.place(&["kind"]);
    let (mut list, mut corners) = (Vec::new(), Vec::new());
    for face in 0..element.n {
        let mut kind = 0;
        for (at, property) in element.properties.iter().enumerate() {
            values.list(property, &mut list)?;
            if at == corners_at {
                corners.clear();
                for &index in &list {
                    corners.push(number(index).ok_or_else(|| {
                        Fault::broken(NAME, format!("a vertex number expected, found {index} in face {face}"))
                    })?);
                }
            } else if Some(at) == kind_at {
                kind = list.first().map_or(0, |&kind| kind as u8);
            }
        }
        built.polygon(NAME, &corners, FaceKind::from_u8(kind).unwrap_or_default() as u8)?;
    }
    Ok(())
}

fn number(index: f64) -> Option<u32> {
    (index >= 0.0 && index.fract() == 0.0 && index < f64::from(u32::MAX)).then_some(index as u32)
}

fn skip(element: &Element, values: &mut Values<'_>) -> Result<(), Fault> {
    let mut list = Vec::new();
    // An element without properties takes no bytes, whatever its number.
    let n = if element.properties.is_empty() { 0 } else { element.n };
    for _ in 0..n {
        for property in &element.properties {
            values.list(property, &mut list)?;
        }
    }
    Ok(())
}
