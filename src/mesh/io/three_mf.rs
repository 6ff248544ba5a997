//! 3MF: a zip archive with a model in XML; objects, components, transforms, units.
//!
//! What an archive claims about itself is not believed: it is unpacked no further than a multiple of its
//! own length, and components may not unfold into more triangles than a printer could ever use.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use zip::ZipArchive;

use super::comment::Said;
use super::error::Fault;
use super::three_mf_model::{Content, Model, Part, parse};
use super::unit::Unit;
use super::xml::{Event, Reader, attribute};
use crate::mesh::trimesh::TriMesh;

/// Name for messages.
pub(super) const NAME: &str = "3MF";
/// A text is believed to be at most this many times longer than its archive, and this much more.
const MAX_RATIO: u64 = 64;
const ALLOWANCE: u64 = 1 << 26;
/// Triangles that components may unfold into.
const MOST_TRIANGLES: u64 = 50_000_000;
/// Components within components.
const MOST_DEEP: usize = 16;
const MOST_ENTRIES: usize = 10_000;
const DEFAULT_MODEL: &str = "3D/3dmodel.model";

type Affine = [f64; 12];
const STILL: Affine = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];

/// Reads an archive; how many bodies it shows as well.
///
/// # Errors
/// [`Fault`].
pub(super) fn read<R: Read + Seek>(
    source: R,
    length: u64,
    said: &mut Said,
) -> Result<(TriMesh, usize), Fault> {
    let broken = |problem: &str| Fault::broken(NAME, problem);
    let archive = ZipArchive::new(source).map_err(|_| broken("a zip archive expected"))?;
    if archive.len() > MOST_ENTRIES {
        return Err(broken("too many entries in the archive"));
    }
    let mut package = Package {
        archive,
        budget: length.saturating_mul(MAX_RATIO).saturating_add(ALLOWANCE),
        models: BTreeMap::new(),
    };
    let root = package.root()?;
    package.load(&root, MOST_DEEP)?;
    let unit = package.models[&root].unit.clone();
    said.unit = Some(match unit.as_deref() {
        None => Unit::Millimetre,
        Some(name) => Unit::named(name).ok_or_else(|| broken("a unit that 3MF knows expected"))?,
    });
    let mut out = TriMesh::default();
    let items = package.models[&root].items.clone();
    let mut n_triangles = 0;
    for item in &items {
        n_triangles += package.count(&root, item, MOST_DEEP)?;
        if n_triangles > MOST_TRIANGLES {
            return Err(broken("components unfold into more than 50 million triangles"));
        }
    }
    for item in &items {
        package.add(&root, item, &STILL, &mut out);
    }
    Ok((out, items.len()))
}

struct Package<R> {
    archive: ZipArchive<R>,
    budget: u64,
    models: BTreeMap<String, Model>,
}

impl<R: Read + Seek> Package<R> {
    fn root(&mut self) -> Result<String, Fault> {
        let Some(text) = self.text("_rels/.rels")? else { return Ok(DEFAULT_MODEL.to_owned()) };
        let mut reader = Reader::new(NAME, &text);
        while let Some(event) = reader.next()? {
            let Event::Open { name: "Relationship", attributes, .. } = event else { continue };
            let kind = attribute(attributes, "Type").unwrap_or_default();
            if kind.ends_with("/3dmodel") {
                let target = attribute(attributes, "Target").unwrap_or_default();
                return Ok(target.trim_start_matches('/').to_owned());
            }
        }
        Ok(DEFAULT_MODEL.to_owned())
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, Fault> {
        let broken = |problem: &str| Fault::broken(NAME, problem);
        let Some(at) = self.archive.index_for_name(name) else { return Ok(None) };
        let entry = self.archive.by_index(at).map_err(|_| broken("an entry that cannot be unpacked"))?;
        let mut bytes = Vec::new();
        entry
            .take(self.budget + 1)
            .read_to_end(&mut bytes)
            .map_err(|_| broken("an entry that is damaged"))?;
        if bytes.len() as u64 > self.budget {
            return Err(broken("the archive unfolds into far more than its length"));
        }
        self.budget -= bytes.len() as u64;
        String::from_utf8(bytes).map(Some).map_err(|_| broken("text in UTF-8 expected"))
    }

    /// Loads a model and all that its components name.
    fn load(&mut self, name: &str, deep: usize) -> Result<(), Fault> {
        if self.models.contains_key(name) {
            return Ok(());
        }
        if deep == 0 {
            return Err(Fault::broken(NAME, "components within components too deep"));
        }
        let text = self.text(name)?.ok_or_else(|| Fault::broken(NAME, "the model is not in the archive"))?;
        let model = parse(&text)?;
        let others: Vec<String> = model.parts().filter_map(|part| part.path.clone()).collect();
        self.models.insert(name.to_owned(), model);
        for other in others {
            self.load(&other, deep - 1)?;
        }
        Ok(())
    }

    fn find<'a>(&'a self, model: &'a str, part: &'a Part) -> Option<(&'a str, &'a Content)> {
        let model = part.path.as_deref().unwrap_or(model);
        Some((model, self.models.get(model)?.objects.get(&part.object)?))
    }

    fn count(&self, model: &str, part: &Part, deep: usize) -> Result<u64, Fault> {
        let missing = || Fault::broken(NAME, format!("object {} expected, it is not there", part.object));
        let (model, content) = self.find(model, part).ok_or_else(missing)?;
        if deep == 0 {
            return Err(Fault::broken(NAME, "components within components too deep, or in a circle"));
        }
        match content {
            Content::Mesh(mesh) => Ok(mesh.faces.len() as u64),
            Content::Components(parts) => {
                let mut sum = 0_u64;
                for part in parts {
                    sum = sum.saturating_add(self.count(model, part, deep - 1)?);
                    if sum > MOST_TRIANGLES {
                        break;
                    }
                }
                Ok(sum)
            }
        }
    }

    fn add(&self, model: &str, part: &Part, above: &Affine, out: &mut TriMesh) {
        let Some((model, content)) = self.find(model, part) else { return };
        let affine = part.transform.map_or(*above, |own| after(&own, above));
        match content {
            Content::Components(parts) => parts.iter().for_each(|part| self.add(model, part, &affine, out)),
            Content::Mesh(mesh) => append(mesh, &affine, out),
        }
    }
}

fn append(mesh: &TriMesh, affine: &Affine, out: &mut TriMesh) {
    let start = out.vertices.len() as u32;
    out.vertices.extend(mesh.vertices.iter().map(|&point| apply(affine, point)));
    let is_mirror = determinant(affine) < 0.0;
    out.faces.extend(mesh.faces.iter().map(|face| {
        let [a, b, c] = face.map(|index| index + start);
        if is_mirror { [a, c, b] } else { [a, b, c] }
    }));
    out.kinds.extend_from_slice(&mesh.kinds);
}

/// A point is a row, multiplied from the left.
fn apply(m: &Affine, [x, y, z]: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|k| x * m[k] + y * m[3 + k] + z * m[6 + k] + m[9 + k])
}

/// First `own`, then `above`.
fn after(own: &Affine, above: &Affine) -> Affine {
    let linear = |row: usize| {
        let turned = apply(above, [own[3 * row], own[3 * row + 1], own[3 * row + 2]]);
        [0, 1, 2].map(|k| if row < 3 { turned[k] - above[9 + k] } else { turned[k] })
    };
    let [a, b, c, d] = [0, 1, 2, 3].map(linear);
    [a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2], d[0], d[1], d[2]]
}

fn determinant(m: &Affine) -> f64 {
    m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6])
        + m[2] * (m[3] * m[7] - m[4] * m[6])
}
