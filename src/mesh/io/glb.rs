//! glTF binary: metres with y upwards, as glTF has it; nodes, transforms and triangle primitives.
//!
//! The front of a glTF scene looks along +z. Of a patient that is anterior, so that x stays left.

#![allow(clippy::float_cmp)] // equal places and zero signs are meant exactly

use serde_json::Value;

use super::error::Fault;
use super::note::Note;
use super::three_mf_model::KIND_NAMES;
use crate::mesh::weld::{self, PART, Part};

const NAME: &str = "GLB";
const JSON_CHUNK: u32 = 0x4E4F_534A;
const BINARY_CHUNK: u32 = 0x004E_4942;
const TRIANGLES: u64 = 4;
const MOST_DEEP: usize = 64;
const MOST_TRIANGLES: usize = 50_000_000;
const FLOAT: u64 = 5126;

type Matrix = [f64; 16];

/// A soup of triangles in LPS mm, as if the file were in millimetres, with kinds.
#[derive(Debug, Default)]
pub(super) struct Soup {
    pub(super) triangles: Vec<[[f32; 3]; 3]>,
    pub(super) kinds: Vec<u8>,
    pub(super) n_parts: usize,
}

fn broken(problem: impl Into<String>) -> Fault {
    Fault::broken(NAME, problem)
}

/// Reads a file from its bytes.
pub(super) fn read(bytes: &[u8], notes: &mut Vec<Note>) -> Result<Soup, Fault> {
    let (text, binary) = chunks(bytes)?;
    let json: Value = serde_json::from_slice(text).map_err(|_| broken("JSON expected in the first chunk"))?;
    if let Some(needed) = json["extensionsRequired"].as_array().filter(|needed| !needed.is_empty()) {
        let names: Vec<&str> = needed.iter().filter_map(Value::as_str).take(3).collect();
        return Err(broken(format!("extensions that are not read are required: {}", names.join(", "))));
    }
    let mut scene = Scene { json: &json, binary, soup: Soup::default(), n_other: 0, n_visits: 0 };
    let shown = &json["scenes"][json["scene"].as_u64().unwrap_or(0) as usize]["nodes"];
    match shown.as_array() {
        Some(nodes) => {
            for node in nodes {
                scene.node(node, &IDENTITY, MOST_DEEP)?;
            }
        }
        None => {
            for mesh in 0..json["meshes"].as_array().map_or(0, Vec::len) {
                scene.mesh(mesh, &IDENTITY)?;
            }
        }
    }
    if scene.n_other > 0 {
        let message = format!("{} sets of points, lines or strips were passed over", scene.n_other);
        notes.push(Note::new("mesh_other_primitives", message).with(scene.n_other as f64));
    }
    Ok(scene.soup)
}

/// Joins equal corners; kinds follow their faces.
pub(super) fn weld(soup: &Soup) -> Result<(weld::Welded, Vec<u8>), Fault> {
    let parts = soup.triangles.chunks(PART).map(|part| Part::new(part.iter().copied())).collect();
    let is_left = |t: &[[f32; 3]; 3]| t[0] != t[1] && t[1] != t[2] && t[2] != t[0];
    let left = soup.triangles.iter().zip(&soup.kinds).filter(|(t, _)| is_left(t));
    let kinds = left.map(|(_, kind)| *kind).collect();
    Ok((weld::join(parts)?, kinds))
}

fn chunks(bytes: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let word = |at: usize| bytes.get(at..)?.first_chunk::<4>().map(|word| u32::from_le_bytes(*word));
    if !bytes.starts_with(b"glTF") || word(4) != Some(2) {
        return Err(broken("a binary glTF of version 2 expected"));
    }
    let (mut at, mut text, mut binary) = (12, None, &[][..]);
    while let (Some(length), Some(kind)) = (word(at), word(at + 4)) {
        let end = (at + 8).saturating_add(length as usize);
        let chunk = bytes.get(at + 8..end).ok_or_else(|| {
            broken(format!("truncated: a chunk of {length} bytes expected, {} left", bytes.len() - at - 8))
        })?;
        match kind {
            JSON_CHUNK if text.is_none() => text = Some(chunk),
            BINARY_CHUNK if binary.is_empty() => binary = chunk,
            _ => {}
        }
        at = end.next_multiple_of(4);
    }
    Ok((text.ok_or_else(|| broken("a chunk of JSON expected"))?, binary))
}

struct Scene<'a> {
    json: &'a Value,
    binary: &'a [u8],
    soup: Soup,
    n_other: usize,
    n_visits: usize,
}

impl<'a> Scene<'a> {
    fn node(&mut self, number: &Value, above: &Matrix, deep: usize) -> Result<(), Fault> {
        self.n_visits += 1;
        if deep == 0 || self.n_visits > 1_000_000 {
            return Err(broken("nodes within nodes too deep, or in a circle"));
        }
        let json = self.json;
        let node = number.as_u64().and_then(|number| json["nodes"].get(number as usize));
        let node = node.ok_or_else(|| broken("a node that is there expected"))?;
        let matrix = multiply(above, &own_matrix(node));
        if let Some(mesh) = node["mesh"].as_u64() {
            self.mesh(mesh as usize, &matrix)?;
        }
        for child in node["children"].as_array().into_iter().flatten() {
            self.node(child, &matrix, deep - 1)?;
        }
        Ok(())
    }

    fn mesh(&mut self, number: usize, matrix: &Matrix) -> Result<(), Fault> {
        let json = self.json;
        for primitive in json["meshes"][number]["primitives"].as_array().into_iter().flatten() {
            if primitive["mode"].as_u64().unwrap_or(TRIANGLES) == TRIANGLES {
                self.primitive(primitive, matrix)?;
            } else {
                self.n_other += 1;
            }
        }
        self.soup.n_parts += 1;
        Ok(())
    }

    fn primitive(&mut self, primitive: &Value, matrix: &Matrix) -> Result<(), Fault> {
        let positions = self.accessor(&primitive["attributes"]["POSITION"], "VEC3")?;
        if positions.kind != FLOAT {
            return Err(broken("positions in float32 expected"));
        }
        let place = |at: usize| {
            let [x, y, z] = [0, 4, 8].map(|k| f64::from(f32::from_bits(positions.word(at, k))));
            // Metres with y upwards become LPS with the same numbers for mm.
            let [x, y, z] = apply(matrix, [x, y, z]);
            [x as f32, -z as f32, y as f32]
        };
        let indices = match &primitive["indices"] {
            Value::Null => None,
            number => Some(self.accessor(number, "SCALAR")?),
        };
        let n = indices.as_ref().map_or(positions.n, |indices| indices.n);
        if self.soup.triangles.len() + n / 3 > MOST_TRIANGLES {
            return Err(broken("more than 50 million triangles"));
        }
        let index = |at: usize| indices.as_ref().map_or(at, |indices| indices.index(at));
        let is_mirror = determinant(matrix) < 0.0;
        let kind = self.kind(primitive);
        for at in 0..n / 3 {
            let mut corners = [0; 3];
            for (k, corner) in corners.iter_mut().enumerate() {
                *corner = index(3 * at + k);
                if *corner >= positions.n {
                    return Err(broken(format!(
                        "vertex numbers below {} expected, found {corner}",
                        positions.n
                    )));
                }
            }
            let [a, b, c] = corners.map(place);
            if [a, b, c].as_flattened().iter().any(|x| !x.is_finite()) {
                return Err(broken(format!("a corner of triangle {at} is NaN or infinite")));
            }
            self.soup.triangles.push(if is_mirror { [a, c, b] } else { [a, b, c] });
            self.soup.kinds.push(kind);
        }
        Ok(())
    }

    fn kind(&self, primitive: &Value) -> u8 {
        let material = primitive["material"].as_u64().map(|at| &self.json["materials"][at as usize]["name"]);
        let name = material.and_then(Value::as_str).unwrap_or_default();
        KIND_NAMES.iter().position(|known| *known == name).unwrap_or(0) as u8
    }

    fn accessor(&self, number: &Value, shape: &str) -> Result<Accessor<'a>, Fault> {
        let missing = || broken(format!("an accessor of {shape} expected"));
        let accessor =
            number.as_u64().and_then(|at| self.json["accessors"].get(at as usize)).ok_or_else(missing)?;
        if accessor["type"].as_str() != Some(shape) || !accessor["sparse"].is_null() {
            return Err(missing());
        }
        let kind = accessor["componentType"].as_u64().unwrap_or(0);
        let size = match kind {
            5121 => 1,
            5123 => 2,
            5125 | FLOAT => 4,
            _ => return Err(missing()),
        };
        let size = if shape == "VEC3" { 3 * size } else { size };
        let view = accessor["bufferView"].as_u64().and_then(|at| self.json["bufferViews"].get(at as usize));
        let view = view.ok_or_else(missing)?;
        if view["buffer"].as_u64() != Some(0) || !self.json["buffers"][0]["uri"].is_null() {
            return Err(broken("data in the file itself expected"));
        }
        let whole = |value: &Value| value.as_u64().unwrap_or(0) as usize;
        let start = whole(&view["byteOffset"]);
        let end = start.saturating_add(whole(&view["byteLength"]));
        let bytes = self.binary.get(start..end).and_then(|view| view.get(whole(&accessor["byteOffset"])..));
        let bytes = bytes.ok_or_else(|| broken("truncated: a view reaches beyond the file"))?;
        let (n, stride) = (whole(&accessor["count"]), whole(&view["byteStride"]).max(size));
        let needed = n.saturating_sub(1).saturating_mul(stride).saturating_add(if n > 0 { size } else { 0 });
        if needed > bytes.len() {
            return Err(broken(format!(
                "truncated: {n} values expected, found {} bytes for them",
                bytes.len()
            )));
        }
        Ok(Accessor { bytes, n, stride, kind })
    }
}

struct Accessor<'a> {
    bytes: &'a [u8],
    n: usize,
    stride: usize,
    kind: u64,
}

impl Accessor<'_> {
    fn word(&self, at: usize, offset: usize) -> u32 {
        let start = at * self.stride + offset;
        self.bytes[start..].first_chunk::<4>().map_or(0, |word| u32::from_le_bytes(*word))
    }

    fn index(&self, at: usize) -> usize {
        let bytes = &self.bytes[at * self.stride..];
        match self.kind {
            5121 => usize::from(bytes[0]),
            5123 => usize::from(u16::from_le_bytes([bytes[0], bytes[1]])),
            _ => self.word(at, 0) as usize,
        }
    }
}

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];

fn numbers<const N: usize>(value: &Value, default: [f64; N]) -> [f64; N] {
    let found: Vec<f64> = value.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    found.try_into().unwrap_or(default)
}

/// Column by column, as glTF writes it; or of translation, rotation and scale.
fn own_matrix(node: &Value) -> Matrix {
    if !node["matrix"].is_null() {
        return numbers(&node["matrix"], IDENTITY);
    }
    let t = numbers(&node["translation"], [0.0; 3]);
    let s = numbers(&node["scale"], [1.0; 3]);
    let [x, y, z, w] = numbers(&node["rotation"], [0.0, 0.0, 0.0, 1.0]);
    let columns = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + z * w), 2.0 * (x * z - y * w)],
        [2.0 * (x * y - z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + x * w)],
        [2.0 * (x * z + y * w), 2.0 * (y * z - x * w), 1.0 - 2.0 * (x * x + y * y)],
    ];
    let mut matrix = IDENTITY;
    for column in 0..3 {
        for row in 0..3 {
            matrix[4 * column + row] = columns[column][row] * s[column];
        }
        matrix[12 + column] = t[column];
    }
    matrix
}

fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    let mut product = [0.0; 16];
    for column in 0..4 {
        for row in 0..4 {
            product[4 * column + row] = (0..4).map(|k| a[4 * k + row] * b[4 * column + k]).sum();
        }
    }
    product
}

fn apply(m: &Matrix, [x, y, z]: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|k| m[k] * x + m[4 + k] * y + m[8 + k] * z + m[12 + k])
}

fn determinant(m: &Matrix) -> f64 {
    m[0] * (m[5] * m[10] - m[9] * m[6]) - m[4] * (m[1] * m[10] - m[9] * m[2])
        + m[8] * (m[1] * m[6] - m[5] * m[2])
}
