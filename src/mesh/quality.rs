//! The shape of single triangles.

use rayon::prelude::*;

use super::trimesh::MeshRef;

/// A triangle with no more height than this fraction of its longest side has no area to speak of.
const NO_HEIGHT: f64 = 1e-9;

/// Shapes of the triangles of a mesh.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quality {
    /// Faces without area.
    pub degenerate_faces: Vec<u32>,
    /// Faces thinner than asked for, those without area not among them.
    pub sliver_faces: Vec<u32>,
    /// Area of all faces, mm².
    pub area_mm2: f64,
    /// Area by kind of face, mm².
    pub area_by_kind_mm2: [f64; 4],
}

impl Quality {
    /// Of a mesh; a sliver is lower than `sliver_fraction` of its longest side.
    pub fn of(mesh: MeshRef<'_>, sliver_fraction: f64) -> Self {
        let shapes: Vec<(f64, f64)> =
            (0..mesh.faces().len()).into_par_iter().map(|face| shape(mesh.corners(face))).collect();
        let mut found = Self::default();
        for (face, &(area, height_fraction)) in shapes.iter().enumerate() {
            if height_fraction <= NO_HEIGHT {
                found.degenerate_faces.push(face as u32);
            } else if height_fraction < sliver_fraction {
                found.sliver_faces.push(face as u32);
            }
            found.area_mm2 += area;
            if let Some(sum) = found.area_by_kind_mm2.get_mut(usize::from(mesh.kinds()[face])) {
                *sum += area;
            }
        }
        found
    }
}

/// Area, and the height above the longest side as a fraction of that side.
pub fn shape([a, b, c]: [[f64; 3]; 3]) -> (f64, f64) {
    let from = |p: [f64; 3], q: [f64; 3]| [q[0] - p[0], q[1] - p[1], q[2] - p[2]];
    let (u, v, w) = (from(a, b), from(a, c), from(b, c));
    let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let square = |p: [f64; 3]| p[0] * p[0] + p[1] * p[1] + p[2] * p[2];
    let longest = square(u).max(square(v)).max(square(w));
    let twice = square(cross).sqrt();
    (0.5 * twice, if longest > 0.0 { twice / longest } else { 0.0 })
}
