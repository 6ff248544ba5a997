//! The model part of a 3MF: its objects and what of them is to be built.

use std::collections::BTreeMap;

use super::error::Fault;
use super::three_mf::NAME;
use super::xml::{Event, Reader, attribute};
use crate::mesh::trimesh::{MeshRef, TriMesh};

/// Names of the base materials that carry the kinds of faces, in their order.
pub(super) const KIND_NAMES: [&str; 4] = ["surface", "cap", "cut", "filled"];

/// A mention of an object.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) object: String,
    pub(super) path: Option<String>,
    pub(super) transform: Option<[f64; 12]>,
}

/// What an object is.
#[derive(Debug)]
pub(super) enum Content {
    Mesh(TriMesh),
    Components(Vec<Part>),
}

/// A model part.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) unit: Option<String>,
    pub(super) objects: BTreeMap<String, Content>,
    pub(super) items: Vec<Part>,
}

impl Model {
    /// Every mention of an object.
    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        let within = self.objects.values().flat_map(|content| match content {
            Content::Components(parts) => parts.as_slice(),
            Content::Mesh(_) => &[],
        });
        within.chain(&self.items)
    }
}

/// The object that is being read.
#[derive(Debug, Default)]
struct Open {
    id: String,
    mesh: TriMesh,
    parts: Vec<Part>,
    is_support: bool,
    material: Option<(String, usize)>,
}

/// Reads a model part.
pub(super) fn parse(text: &str) -> Result<Model, Fault> {
    let (mut model, mut open) = (Model::default(), Open::default());
    let mut materials: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut group = String::new();
    let mut reader = Reader::new(NAME, text);
    let mut is_model = false;
    while let Some(event) = reader.next()? {
        match event {
            Event::Open { name, attributes, is_empty } => match name {
                "model" => {
                    is_model = true;
                    model.unit = attribute(attributes, "unit").map(str::to_owned);
                }
                "basematerials" => text_of(attributes, "id")?.clone_into(&mut group),
                "base" => {
                    let name = attribute(attributes, "name").unwrap_or_default();
                    let kind = KIND_NAMES.iter().position(|known| *known == name).unwrap_or(0) as u8;
                    materials.entry(group.clone()).or_default().push(kind);
                }
                "object" => {
                    open = begin(attributes)?;
                    if is_empty {
                        finish(&mut model, std::mem::take(&mut open))?;
                    }
                }
                "vertex" => {
                    let point = ["x", "y", "z"].map(|name| number(attributes, name));
                    let [x, y, z] = point;
                    open.mesh.vertices.push([x?, y?, z?]);
                }
                "triangle" => triangle(attributes, &mut open, &materials)?,
                "component" => open.parts.push(part(attributes)?),
                "item" => model.items.push(part(attributes)?),
                _ => {}
            },
            Event::Close("object") => finish(&mut model, std::mem::take(&mut open))?,
            _ => {}
        }
    }
    if is_model { Ok(model) } else { Err(Fault::broken(NAME, "a model expected in the XML")) }
}

fn begin(attributes: &str) -> Result<Open, Fault> {
    let material = attribute(attributes, "pid").map(|group| {
        let at = attribute(attributes, "pindex").and_then(|at| at.parse().ok()).unwrap_or(0);
        (group.to_owned(), at)
    });
    let is_support = attribute(attributes, "type") == Some("support");
    Ok(Open { id: text_of(attributes, "id")?.to_owned(), material, is_support, ..Open::default() })
}

fn finish(model: &mut Model, open: Open) -> Result<(), Fault> {
    MeshRef::new(&open.mesh.vertices, &open.mesh.faces, &open.mesh.kinds)?;
    let content = if open.parts.is_empty() && !open.is_support {
        Content::Mesh(open.mesh)
    } else {
        Content::Components(open.parts)
    };
    model.objects.insert(open.id, content);
    Ok(())
}

fn triangle(attributes: &str, open: &mut Open, materials: &BTreeMap<String, Vec<u8>>) -> Result<(), Fault> {
    let corner = |name| {
        let found = text_of(attributes, name)?;
        let wrong =
            || Fault::broken(NAME, format!("a vertex number expected in triangle {}", open.mesh.faces.len()));
        found.trim().parse::<u32>().map_err(|_| wrong())
    };
    let face = [corner("v1")?, corner("v2")?, corner("v3")?];
    let own = attribute(attributes, "pid").or(open.material.as_ref().map(|(group, _)| group.as_str()));
    let at = attribute(attributes, "p1").and_then(|at| at.parse().ok());
    let at = at.or(open.material.as_ref().map(|(_, at)| *at)).unwrap_or(0);
    let kind = own.and_then(|group| materials.get(group)?.get(at).copied()).unwrap_or(0);
    let [a, b, c] = face;
    if a != b && b != c && c != a {
        open.mesh.faces.push(face);
        open.mesh.kinds.push(kind);
    }
    Ok(())
}

fn part(attributes: &str) -> Result<Part, Fault> {
    let transform = attribute(attributes, "transform").map(|text| {
        let numbers: Vec<f64> = text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect();
        let is_finite = numbers.iter().all(|x| x.is_finite());
        <[f64; 12]>::try_from(numbers)
            .ok()
            .filter(|_| is_finite)
            .ok_or_else(|| Fault::broken(NAME, "12 finite numbers expected in a transform"))
    });
    let path = attribute(attributes, "path").map(|path| path.trim_start_matches('/').to_owned());
    Ok(Part { object: text_of(attributes, "objectid")?.to_owned(), path, transform: transform.transpose()? })
}

fn text_of<'a>(attributes: &'a str, name: &str) -> Result<&'a str, Fault> {
    attribute(attributes, name).ok_or_else(|| Fault::broken(NAME, format!("an attribute {name} expected")))
}

fn number(attributes: &str, name: &str) -> Result<f64, Fault> {
    let text = text_of(attributes, name)?;
    text.trim().parse().map_err(|_| Fault::broken(NAME, format!("a number expected in {name} of a vertex")))
}
