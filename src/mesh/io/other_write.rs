//! Writes PLY, OBJ and glTF binary: the same mesh gives the same bytes.

use std::io::{BufWriter, Write};

use super::error::Fault;
use super::single::Single;
use super::three_mf_model::KIND_NAMES;
use crate::progress::Progress;

/// Rows between two looks at whether to stop.
const ROWS: usize = 1 << 16;
/// Bone and the colours of the other kinds, as glTF wants them: linear, red to opacity.
const COLOURS: [[f32; 4]; 4] =
    [[0.77, 0.70, 0.58, 1.0], [0.67, 0.11, 0.0, 1.0], [0.0, 0.17, 0.45, 1.0], [0.0, 0.34, 0.17, 1.0]];

/// Binary PLY, low byte first; kinds as a property of the faces when there are several.
pub(super) fn write_ply(mesh: &Single<'_>, out: &mut impl Write, progress: &Progress) -> Result<(), Fault> {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let n = mesh.n_faces();
    let has_kinds = (0..n).any(|at| mesh.kind(at) != 0);
    write!(
        out,
        "ply\nformat binary_little_endian 1.0\ncomment calvaria SPACE=LPS UNIT=mm\nelement vertex {}\n\
         property float x\nproperty float y\nproperty float z\nelement face {n}\n\
         property list uchar int vertex_indices\n{}end_header\n",
        mesh.vertices.len(),
        if has_kinds { "property uchar kind\n" } else { "" }
    )?;
    for x in mesh.vertices.iter().flatten() {
        out.write_all(&x.to_le_bytes())?;
    }
    progress.expect(n.div_ceil(ROWS));
    for start in (0..n).step_by(ROWS) {
        for at in start..(start + ROWS).min(n) {
            out.write_all(&[3])?;
            for index in mesh.face(at) {
                out.write_all(&index.to_le_bytes())?;
            }
            if has_kinds {
                out.write_all(&[mesh.kind(at)])?;
            }
        }
        progress.step()?;
    }
    out.flush()?;
    Ok(())
}

/// OBJ, each number as short as it can be without changing it.
pub(super) fn write_obj(mesh: &Single<'_>, out: &mut impl Write, progress: &Progress) -> Result<(), Fault> {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let n = mesh.n_faces();
    writeln!(out, "# calvaria SPACE=LPS UNIT=mm")?;
    for [x, y, z] in &mesh.vertices {
        writeln!(out, "v {x} {y} {z}")?;
    }
    progress.expect(n.div_ceil(ROWS));
    for start in (0..n).step_by(ROWS) {
        for at in start..(start + ROWS).min(n) {
            let [a, b, c] = mesh.face(at);
            writeln!(out, "f {} {} {}", a + 1, b + 1, c + 1)?;
        }
        progress.step()?;
    }
    out.flush()?;
    Ok(())
}

/// glTF binary: millimetres in the buffer, one node that brings them to metres with y upwards, one
/// primitive and material for each kind.
pub(super) fn write_glb(mesh: &Single<'_>, out: &mut impl Write, progress: &Progress) -> Result<(), Fault> {
    let mut by_kind: [Vec<[u32; 3]>; 4] = Default::default();
    for at in 0..mesh.n_faces() {
        if let Some(faces) = by_kind.get_mut(usize::from(mesh.kind(at))) {
            faces.push(mesh.face(at));
        }
    }
    let n_positions = 12 * mesh.vertices.len();
    let n_binary = n_positions + 12 * mesh.n_faces();
    let mut json = description(mesh, &by_kind, n_positions);
    json.push_str(&" ".repeat(json.len().next_multiple_of(4) - json.len()));
    let length = |n: usize| {
        u32::try_from(n).map_err(|_| Fault::broken("GLB", "the file would be larger than its format can say"))
    };
    let mut out = BufWriter::with_capacity(1 << 20, out);
    out.write_all(b"glTF")?;
    out.write_all(&2_u32.to_le_bytes())?;
    out.write_all(&length(12 + 8 + json.len() + 8 + n_binary)?.to_le_bytes())?;
    out.write_all(&length(json.len())?.to_le_bytes())?;
    out.write_all(b"JSON")?;
    out.write_all(json.as_bytes())?;
    out.write_all(&length(n_binary)?.to_le_bytes())?;
    out.write_all(b"BIN\0")?;
    progress.expect(5);
    for x in mesh.vertices.iter().flatten() {
        out.write_all(&x.to_le_bytes())?;
    }
    progress.step()?;
    for faces in &by_kind {
        for index in faces.iter().flatten() {
            out.write_all(&index.to_le_bytes())?;
        }
        progress.step()?;
    }
    out.flush()?;
    Ok(())
}

fn description(mesh: &Single<'_>, by_kind: &[Vec<[u32; 3]>; 4], n_positions: usize) -> String {
    let bound = |start: f32, pick: fn(f32, f32) -> f32| {
        mesh.vertices.iter().fold([start; 3], |sum, point| [0, 1, 2].map(|k| pick(sum[k], point[k])))
    };
    let list = |values: &[f32]| values.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let (low, high) = (bound(f32::INFINITY, f32::min), bound(f32::NEG_INFINITY, f32::max));
    let mut accessors = vec![format!(
        r#"{{"bufferView":0,"componentType":5126,"count":{},"type":"VEC3","min":[{}],"max":[{}]}}"#,
        mesh.vertices.len(),
        list(&low),
        list(&high)
    )];
    let mut views =
        vec![format!(r#"{{"buffer":0,"byteOffset":0,"byteLength":{n_positions},"target":34962}}"#)];
    let (mut primitives, mut materials, mut offset) = (Vec::new(), Vec::new(), n_positions);
    for (kind, faces) in by_kind.iter().enumerate().filter(|(_, faces)| !faces.is_empty()) {
        let n_bytes = 12 * faces.len();
        primitives.push(format!(
            r#"{{"attributes":{{"POSITION":0}},"indices":{},"material":{}}}"#,
            accessors.len(),
            materials.len()
        ));
        accessors.push(format!(
            r#"{{"bufferView":{},"componentType":5125,"count":{},"type":"SCALAR"}}"#,
            views.len(),
            3 * faces.len()
        ));
        views.push(format!(r#"{{"buffer":0,"byteOffset":{offset},"byteLength":{n_bytes},"target":34963}}"#));
        materials.push(format!(
            r#"{{"name":"{}","pbrMetallicRoughness":{{"baseColorFactor":[{}],"metallicFactor":0}}}}"#,
            KIND_NAMES[kind],
            list(&COLOURS[kind])
        ));
        offset += n_bytes;
    }
    format!(
        concat!(
            r#"{{"asset":{{"version":"2.0","generator":"calvaria"}},"scene":0,"scenes":[{{"nodes":[0]}}],"#,
            r#""nodes":[{{"mesh":0,"matrix":[0.001,0,0,0,0,0,-0.001,0,0,0.001,0,0,0,0,0,1]}}],"#,
            r#""meshes":[{{"primitives":[{}]}}],"materials":[{}],"accessors":[{}],"bufferViews":[{}],"#,
            r#""buffers":[{{"byteLength":{}}}]}}"#
        ),
        primitives.join(","),
        materials.join(","),
        accessors.join(","),
        views.join(","),
        offset
    )
}
