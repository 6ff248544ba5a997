//! Writes 3MF core: one object in millimetres, kinds as base materials, colours as the caller gives them.

use std::fmt::Write as _;
use std::io::{Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::error::Fault;
use super::single::Single;
use super::three_mf::NAME;
use super::three_mf_model::KIND_NAMES;
use super::xml::escape;
use crate::mesh::KIND_COLOURS;
use crate::mesh::edges::Edges;
use crate::progress::Progress;

const CORE: &str = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02";
const MATERIAL: &str = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02";
const TYPES: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
    r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
    r#"<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>"#
);
const RELATIONS: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#,
    r#"<Relationship Target="/3D/3dmodel.model" Id="rel0" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>"#
);
/// Rows of text between two looks at whether to stop.
const ROWS: usize = 1 << 16;

/// What a caller may add.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// Metadata by name, in order; nothing else is written about the mesh.
    pub metadata: Vec<(String, String)>,
    /// A colour for each face of the mesh, red, green, blue, opacity.
    pub face_colours_rgba: Option<Vec<[u8; 4]>>,
}

/// Writes an archive whose bytes depend on nothing but the mesh and the extras.
///
/// # Errors
/// [`Fault`], also when the mesh is not closed, manifold and consistently wound, as 3MF asks for.
pub(super) fn write(
    mesh: &Single<'_>,
    extras: &Extras,
    out: &mut (impl Write + Seek),
    progress: &Progress,
) -> Result<(), Fault> {
    demand_solid(mesh)?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::default())
        .large_file(mesh.n_faces() > 10_000_000)
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(out);
    let failed = |error: zip::result::ZipError| Fault::Io(error.into());
    for (name, text) in [("[Content_Types].xml", TYPES), ("_rels/.rels", RELATIONS)] {
        archive.start_file(name, options).map_err(failed)?;
        archive.write_all(text.as_bytes())?;
    }
    archive.start_file("3D/3dmodel.model", options).map_err(failed)?;
    model(mesh, extras, &mut archive, progress)?;
    archive.finish().map_err(failed)?;
    Ok(())
}

/// Every edge between exactly two faces that agree on what is outside.
fn demand_solid(mesh: &Single<'_>) -> Result<(), Fault> {
    let faces: Vec<[u32; 3]> = (0..mesh.n_faces()).map(|at| mesh.face(at)).collect();
    let edges = Edges::new(&faces, mesh.vertices.len());
    let (mut n_open, mut n_crowded, mut n_turned) = (0_usize, 0_usize, 0_usize);
    for edge in edges.iter() {
        let n_up = edge.halves().filter(|&half| edge.is_upwards(&faces, half)).count();
        match (edge.n_faces(), n_up) {
            (2, 1) => {}
            (1, _) => n_open += 1,
            (2, _) => n_turned += 1,
            _ => n_crowded += 1,
        }
    }
    let fault = |n: usize, what: &str| Err(Fault::NotSolid { format: NAME, n, what: what.to_owned() });
    match (n_open, n_crowded, n_turned) {
        (0, 0, 0) if faces.len() >= 4 && volume(mesh) < 0.0 => {
            fault(faces.len(), "triangles wound inside out")
        }
        (0, 0, 0) if faces.len() >= 4 => Ok(()),
        (0, 0, 0) => fault(faces.len(), "triangles, at least 4 expected"),
        (1.., _, _) => fault(n_open, "open edges"),
        (_, 1.., _) => fault(n_crowded, "edges with more than two faces"),
        _ => fault(n_turned, "edges whose faces disagree on what is outside"),
    }
}

/// Six times the enclosed volume, taken about the first vertex.
fn volume(mesh: &Single<'_>) -> f64 {
    let origin = mesh.vertices[0].map(f64::from);
    let six = |at: usize| {
        let [a, b, c] = mesh.corners(at).map(|point| [0, 1, 2].map(|k| f64::from(point[k]) - origin[k]));
        a[0] * (b[1] * c[2] - b[2] * c[1])
            + a[1] * (b[2] * c[0] - b[0] * c[2])
            + a[2] * (b[0] * c[1] - b[1] * c[0])
    };
    (0..mesh.n_faces()).map(six).sum()
}

fn model(mesh: &Single<'_>, extras: &Extras, out: &mut impl Write, progress: &Progress) -> Result<(), Fault> {
    let has_kinds = (0..mesh.n_faces()).any(|at| mesh.kind(at) != 0);
    let (palette, colours) = palette(mesh, extras);
    let mut text = String::with_capacity(ROWS * 64);
    text.push_str(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    let _ = write!(text, r#"<model unit="millimeter" xml:lang="en-US" xmlns="{CORE}""#);
    if !palette.is_empty() {
        let _ = write!(text, r#" xmlns:m="{MATERIAL}""#);
    }
    text.push('>');
    for (name, value) in &extras.metadata {
        let _ = write!(text, r#"<metadata name="{}">{}</metadata>"#, escape(name), escape(value));
    }
    text.push_str("<resources>");
    let has_colours = !palette.is_empty();
    if has_colours {
        text.push_str(r#"<m:colorgroup id="1">"#);
        for [r, g, b, a] in &palette {
            let _ = write!(text, "<m:color color=\"#{r:02X}{g:02X}{b:02X}{a:02X}\"/>");
        }
        text.push_str("</m:colorgroup>");
    } else if has_kinds {
        text.push_str(r#"<basematerials id="1">"#);
        for (name, [r, g, b]) in KIND_NAMES.iter().zip(KIND_COLOURS) {
            let _ = write!(text, "<base name=\"{name}\" displaycolor=\"#{r:02X}{g:02X}{b:02X}FF\"/>");
        }
        text.push_str("</basematerials>");
    }
    let is_marked = has_colours || has_kinds;
    let mark = if is_marked { r#" pid="1" pindex="0""# } else { "" };
    let _ = write!(text, r#"<object id="2" type="model"{mark}><mesh><vertices>"#);
    progress.expect((mesh.vertices.len() + mesh.n_faces()).div_ceil(ROWS));
    for rows in mesh.vertices.chunks(ROWS) {
        for [x, y, z] in rows {
            let _ = write!(text, r#"<vertex x="{x}" y="{y}" z="{z}"/>"#);
        }
        flush(&mut text, out, progress)?;
    }
    text.push_str("</vertices><triangles>");
    for start in (0..mesh.n_faces()).step_by(ROWS) {
        for at in start..(start + ROWS).min(mesh.n_faces()) {
            let [a, b, c] = mesh.face(at);
            let place = colours.get(at).copied().unwrap_or_else(|| u32::from(mesh.kind(at)));
            let _ = match place {
                0 => write!(text, r#"<triangle v1="{a}" v2="{b}" v3="{c}"/>"#),
                place => write!(text, r#"<triangle v1="{a}" v2="{b}" v3="{c}" pid="1" p1="{place}"/>"#),
            };
        }
        flush(&mut text, out, progress)?;
    }
    text.push_str("</triangles></mesh></object></resources><build><item objectid=\"2\"/></build></model>");
    out.write_all(text.as_bytes())?;
    Ok(())
}

fn flush(text: &mut String, out: &mut impl Write, progress: &Progress) -> Result<(), Fault> {
    out.write_all(text.as_bytes())?;
    text.clear();
    progress.step()?;
    Ok(())
}

/// Distinct colours in the order in which they appear, and the place of each face's.
fn palette(mesh: &Single<'_>, extras: &Extras) -> (Vec<[u8; 4]>, Vec<u32>) {
    let Some(given) = &extras.face_colours_rgba else { return (Vec::new(), Vec::new()) };
    let mut known = std::collections::BTreeMap::new();
    let mut palette = Vec::new();
    let places = (0..mesh.n_faces())
        .map(|at| {
            let colour = given.get(mesh.number(at)).copied().unwrap_or([255; 4]);
            *known.entry(colour).or_insert_with(|| {
                palette.push(colour);
                palette.len() as u32 - 1
            })
        })
        .collect();
    (palette, places)
}
