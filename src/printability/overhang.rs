//! Faces that hang over when a part is built upwards, and what holds them up.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::normals::face_normal;
use crate::mesh::face_tree::FaceTree;
use crate::mesh::ray::Ray;

/// Faces of one task.
const BLOCK: usize = 4096;

/// Cosine from where on a face looks up enough for a support to stand on it.
const LEAST_RISE: f64 = 0.01;

/// How a part is built.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Build {
    /// Away from the plate; length 1.
    pub up: Vector3<f64>,
    /// Sine of the angle from upright beyond which a face needs support.
    pub steepest: f64,
    /// Faces that lie this near to the lowest point stand on the plate, mm.
    pub first_layer_mm: f64,
}

/// What hangs over.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overhang {
    /// Which faces need support.
    pub needs_support: Vec<bool>,
    /// Which faces carry support that stands on the part.
    pub carries_support: Vec<bool>,
    /// Area of the faces that need support, mm2.
    pub area_mm2: f64,
    /// The same, seen from below, mm2.
    pub shadow_mm2: f64,
    /// Space between them and what is under them, mm3.
    pub volume_mm3: f64,
    /// Part of the shadow that falls on the part itself, mm2.
    pub on_part_mm2: f64,
    /// Area that stands on the plate, mm2.
    pub on_plate_mm2: f64,
    /// Extent along the way up, mm.
    pub height_mm: f64,
    /// Mean of the squared cosine between normals and the way up, weighted by area.
    pub mean_squared_cosine: f64,
    /// Area of all faces, mm2.
    pub whole_mm2: f64,
}

/// One face, seen from the plate.
#[derive(Clone, Copy, Default)]
struct Seen {
    area: f64,
    rise: f64,
    needs: bool,
    is_on_plate: bool,
    /// How far down, and on which face it ends; `u32::MAX` on the plate.
    drop: f64,
    landing: u32,
}

/// Measures what hangs over.
pub fn overhang(tree: &FaceTree<'_>, build: &Build) -> Overhang {
    let mesh = tree.mesh();
    let heights = mesh.vertices().iter().map(|&point| build.up.dot(&Vector3::from(point)));
    let (low, high) =
        heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let blocks: Vec<Vec<Seen>> = (0..mesh.faces().len().div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let mut near = None;
            (block * BLOCK..((block + 1) * BLOCK).min(mesh.faces().len()))
                .map(|face| see(tree, build, face, low, &mut near))
                .collect()
        })
        .collect();
    let n = mesh.faces().len();
    let mut found = Overhang {
        needs_support: vec![false; n],
        carries_support: vec![false; n],
        height_mm: if n > 0 { high - low } else { 0.0 },
        ..Overhang::default()
    };
    for (face, seen) in blocks.into_iter().flatten().enumerate() {
        found.whole_mm2 += seen.area;
        found.mean_squared_cosine += seen.area * seen.rise * seen.rise;
        if seen.is_on_plate {
            found.on_plate_mm2 += seen.area;
        }
        if seen.needs {
            let shadow = -seen.rise * seen.area;
            found.needs_support[face] = true;
            found.area_mm2 += seen.area;
            found.shadow_mm2 += shadow;
            found.volume_mm3 += shadow * seen.drop;
            if seen.landing != u32::MAX {
                found.carries_support[seen.landing as usize] = true;
                found.on_part_mm2 += shadow;
            }
        }
    }
    if found.whole_mm2 > 0.0 {
        found.mean_squared_cosine /= found.whole_mm2;
    }
    for face in carriers(tree, build, &found.needs_support) {
        found.carries_support[face] = true;
    }
    found
}

/// Faces that look up at one that needs support: it stands on all of them, not only where the middle of
/// a face above them falls.
fn carriers(tree: &FaceTree<'_>, build: &Build, needs: &[bool]) -> Vec<usize> {
    let mesh = tree.mesh();
    (0..mesh.faces().len())
        .into_par_iter()
        .filter(|&face| {
            let (normal, area) = face_normal(mesh, face);
            if area <= 0.0 || normal.dot(&build.up) < LEAST_RISE {
                return false;
            }
            let corners = tree.triangle(face as u32);
            let ray = Ray {
                origin: (corners[0] + corners[1] + corners[2]) / 3.0,
                direction: build.up,
                longest_mm: f64::INFINITY,
                is_leaving: false,
                apart_from: None,
            };
            tree.first_hit(&ray, None).is_some_and(|hit| needs[hit.face as usize])
        })
        .collect()
}

fn see(tree: &FaceTree<'_>, build: &Build, face: usize, low: f64, near: &mut Option<u32>) -> Seen {
    let (normal, area) = face_normal(tree.mesh(), face);
    let rise = normal.dot(&build.up);
    let corners = tree.triangle(face as u32);
    let centre = (corners[0] + corners[1] + corners[2]) / 3.0;
    let over = corners.iter().map(|corner| build.up.dot(corner) - low).fold(0.0, f64::max);
    let is_on_plate = rise < -0.5 && over <= build.first_layer_mm;
    let needs = !is_on_plate && -rise > build.steepest;
    let mut seen = Seen { area, rise, needs, is_on_plate, drop: 0.0, landing: u32::MAX };
    if needs {
        let ray = Ray {
            origin: centre,
            direction: -build.up,
            longest_mm: f64::INFINITY,
            is_leaving: false,
            apart_from: None,
        };
        let hit = tree.first_hit(&ray, *near);
        *near = hit.map(|hit| hit.face).or(*near);
        seen.drop = hit.map_or(build.up.dot(&centre) - low, |hit| hit.length_mm);
        seen.landing = hit.map_or(u32::MAX, |hit| hit.face);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn a_table_is_supported_under_its_top_and_a_shelf_over_a_shelf_on_the_shelf() {
        let mut mesh = cuboid([0.0; 3], [10.0, 10.0, 2.0]);
        let above = cuboid([0.0, 0.0, 5.0], [20.0, 10.0, 2.0]);
        mesh.faces.extend(above.faces.iter().map(|face| face.map(|corner| corner + 8)));
        mesh.vertices.extend(above.vertices);
        mesh.kinds.extend(above.kinds);
        let mesh = crate::mesh::refine::refine(mesh.view(), 1.0, 1_000_000).mesh;
        let tree = FaceTree::new(mesh.view());
        let build = Build { up: Vector3::z(), steepest: 0.7, first_layer_mm: 0.1 };
        let found = overhang(&tree, &build);
        assert!((found.area_mm2 - 200.0).abs() < 1e-9 && (found.shadow_mm2 - 200.0).abs() < 1e-9);
        assert!((found.volume_mm3 - 100.0 * 3.0 - 100.0 * 5.0).abs() < 1e-6, "{}", found.volume_mm3);
        assert!((found.on_part_mm2 - 100.0).abs() < 1e-9 && (found.on_plate_mm2 - 100.0).abs() < 1e-9);
        assert!((found.height_mm - 7.0).abs() < 1e-12);
        // The whole top of the lower table carries the support, but for faces that its rim cuts.
        let carried: f64 = (0..mesh.faces.len())
            .filter(|&face| found.carries_support[face])
            .map(|face| face_normal(mesh.view(), face).1)
            .sum();
        assert!((carried - 100.0).abs() < 1e-9, "{carried}");
    }
}
