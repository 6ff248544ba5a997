//! The part of a mesh on one side of a plane, closed with a lid.
//!
//! A vertex on the plane, or nearer to it than 32-bit coordinates can tell, is moved a little to the
//! side that is kept. Then every cut edge is cut between its ends, and what was closed and manifold is
//! so again: the plane meets it in closed contours that do not touch.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::measure::bounds;
use super::planar::triangulate;
use super::section::{Chain, EdgeKey, chains};
use super::{FaceKind, MeshRef, TriMesh};

const NONE: u32 = u32::MAX;
/// Distance that is kept from the plane, in steps of 32-bit coordinates.
const STEPS: f64 = 32.0;

/// A part of a mesh.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// The part on the side that the normal points to.
    pub mesh: TriMesh,
    /// Contours in the plane.
    pub n_contours: usize,
    /// Contours that are not closed and got no lid.
    pub n_open: usize,
}

/// Why a lid cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CutError {
    /// The contours in the plane cross each other.
    #[error(
        "mesh: contours that do not meet expected in the plane, found a surface that crosses itself there"
    )]
    Crossing,
}

/// Cuts along the plane `normal . x = offset` and keeps the side that the unit normal points to.
///
/// # Errors
/// [`CutError`] when a lid is wanted and the surface crosses itself in the plane.
pub fn cut(mesh: MeshRef<'_>, normal: &Vector3<f64>, offset: f64, has_lid: bool) -> Result<Cut, CutError> {
    let moved = clear_of_plane(mesh, normal, offset);
    let mesh = MeshRef::of_parts(&moved, mesh.faces(), mesh.kinds());
    let heights: Vec<f64> =
        moved.par_iter().map(|&point| normal.dot(&Vector3::from(point)) - offset).collect();
    let is_above = |vertex: u32| heights[vertex as usize] > 0.0;
    let cut_faces: Vec<u32> = (0..mesh.faces().len() as u32)
        .into_par_iter()
        .filter(|&face| {
            let above = mesh.faces()[face as usize].map(is_above);
            above.contains(&true) && above.contains(&false)
        })
        .collect();
    let mut keys = crossed_edges(mesh, &cut_faces, is_above);
    keys.sort_unstable();
    keys.dedup();
    let mut clip = Clip::new(mesh, &heights, keys);
    clip.add_crossings(normal, offset);
    for face in 0..mesh.faces().len() {
        clip.add_face(face);
    }
    let found = chains(mesh, &cut_faces, is_above);
    let n_open = found.iter().filter(|chain| !chain.is_closed).count();
    if has_lid {
        clip.add_lid(normal, &found)?;
    }
    Ok(Cut { mesh: clip.made, n_contours: found.len(), n_open })
}

/// The vertices, none of them in the plane.
fn clear_of_plane(mesh: MeshRef<'_>, normal: &Vector3<f64>, offset: f64) -> Vec<[f64; 3]> {
    let farthest = bounds(mesh.vertices())
        .map_or(0.0, |corners| corners.as_flattened().iter().fold(0.0_f64, |far, x| far.max(x.abs())));
    let least = (farthest * f64::from(f32::EPSILON) * STEPS).max(1e-9);
    mesh.vertices()
        .par_iter()
        .map(|&point| {
            let height = normal.dot(&Vector3::from(point)) - offset;
            if height.abs() < least {
                (Vector3::from(point) + normal * (least - height)).into()
            } else {
                point
            }
        })
        .collect()
}

fn crossed_edges(mesh: MeshRef<'_>, faces: &[u32], is_above: impl Fn(u32) -> bool) -> Vec<EdgeKey> {
    let mut keys = Vec::with_capacity(faces.len() * 2);
    for &face in faces {
        let corners = mesh.faces()[face as usize];
        for n in 0..3 {
            let (a, b) = (corners[n], corners[(n + 1) % 3]);
            if is_above(a) != is_above(b) {
                keys.push((a.min(b), a.max(b)));
            }
        }
    }
    keys
}

/// The part above the plane while it is put together.
struct Clip<'a> {
    mesh: MeshRef<'a>,
    heights: &'a [f64],
    /// Edges that are cut, ascending; their points are the first vertices of the part.
    keys: Vec<EdgeKey>,
    numbers: Vec<u32>,
    made: TriMesh,
}

impl<'a> Clip<'a> {
    fn new(mesh: MeshRef<'a>, heights: &'a [f64], keys: Vec<EdgeKey>) -> Self {
        Self { mesh, heights, keys, numbers: vec![NONE; mesh.vertices().len()], made: TriMesh::default() }
    }

    fn add_crossings(&mut self, normal: &Vector3<f64>, offset: f64) {
        for &(a, b) in &self.keys {
            let [p, q] = [a, b].map(|index| Vector3::from(self.mesh.vertices()[index as usize]));
            let [low, high] = [a, b].map(|index| self.heights[index as usize]);
            let point = p + (q - p) * (low / (low - high));
            self.made.vertices.push((point - normal * (normal.dot(&point) - offset)).into());
        }
    }

    fn crossing(&self, a: u32, b: u32) -> u32 {
        self.keys.partition_point(|&key| key < (a.min(b), a.max(b))) as u32
    }

    fn vertex(&mut self, index: u32) -> u32 {
        let number = &mut self.numbers[index as usize];
        if *number == NONE {
            *number = self.made.vertices.len() as u32;
            self.made.vertices.push(self.mesh.vertices()[index as usize]);
        }
        *number
    }

    fn add_face(&mut self, face: usize) {
        let corners = self.mesh.faces()[face];
        let above = corners.map(|index| self.heights[index as usize] > 0.0);
        let kind = self.mesh.kinds()[face];
        let turn = |n: usize| [corners[n], corners[(n + 1) % 3], corners[(n + 2) % 3]];
        match above.iter().filter(|&&is_above| is_above).count() {
            0 => {}
            3 => {
                let made = corners.map(|index| self.vertex(index));
                self.push(made, kind);
            }
            1 => {
                let [a, b, c] = turn(above.iter().position(|&is_above| is_above).unwrap_or(0));
                let made = [self.vertex(a), self.crossing(a, b), self.crossing(c, a)];
                self.push(made, kind);
            }
            _ => {
                let [c, a, b] = turn(above.iter().position(|&is_above| !is_above).unwrap_or(0));
                let (bc, ca) = (self.crossing(b, c), self.crossing(c, a));
                let (a, b) = (self.vertex(a), self.vertex(b));
                let length = |p: u32, q: u32| {
                    let [p, q] = [p, q].map(|index| Vector3::from(self.made.vertices[index as usize]));
                    (p - q).norm_squared()
                };
                let halves = if length(a, bc) <= length(b, ca) {
                    [[a, b, bc], [a, bc, ca]]
                } else {
                    [[a, b, ca], [b, bc, ca]]
                };
                for half in halves {
                    self.push(half, kind);
                }
            }
        }
    }

    fn push(&mut self, face: [u32; 3], kind: u8) {
        self.made.faces.push(face);
        self.made.kinds.push(kind);
    }

    fn add_lid(&mut self, normal: &Vector3<f64>, found: &[Chain]) -> Result<(), CutError> {
        let (u, v) = frame(normal);
        let closed: Vec<Vec<u32>> = found
            .iter()
            .filter(|chain| chain.is_closed)
            .map(|chain| chain.edges.iter().map(|&(a, b)| self.crossing(a, b)).collect())
            .collect();
        let flat = |&index: &u32| {
            let point = Vector3::from(self.made.vertices[index as usize]);
            [u.dot(&point), v.dot(&point)]
        };
        let contours: Vec<Vec<[f64; 2]>> =
            closed.iter().map(|loop_| loop_.iter().map(flat).collect()).collect();
        let triangles = triangulate(&contours).ok_or(CutError::Crossing)?;
        let names: Vec<u32> = closed.concat();
        for [a, b, c] in triangles {
            // The lid looks away from the part.
            self.push([a, c, b].map(|place| names[place as usize]), FaceKind::Cut as u8);
        }
        Ok(())
    }
}

/// Two axes of a plane; with the normal they are right-handed.
pub(super) fn frame(normal: &Vector3<f64>) -> (Vector3<f64>, Vector3<f64>) {
    let axis = if normal.x.abs() < 0.6 { Vector3::x() } else { Vector3::y() };
    let u = (axis - normal * normal.dot(&axis)).normalize();
    (u, normal.cross(&u))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::adjacency::{VertexFaces, spokes};
    use crate::mesh::measure::tests::cuboid;
    use crate::mesh::measure::volume_mm3;

    fn is_closed(mesh: &TriMesh) -> bool {
        let around = VertexFaces::new(mesh.vertices.len(), &mesh.faces);
        (0..mesh.vertices.len() as u32).all(|vertex| {
            let (mut scratch, mut found) = (Vec::new(), Vec::new());
            spokes(mesh.view(), &around, vertex, &mut scratch, &mut found);
            found.iter().all(|spoke| spoke.n_faces == 2)
        })
    }

    #[test]
    fn a_cut_box_is_closed_and_both_parts_make_the_whole() {
        let mesh = cuboid([0.0; 3], [2.0, 3.0, 4.0]);
        for normal in
            [Vector3::z(), Vector3::new(1.0, 2.0, 3.0).normalize(), Vector3::new(-1.0, 0.2, 0.0).normalize()]
        {
            for offset in [0.0, 0.3, 1.0, -0.4] {
                let parts = [(normal, offset), (-normal, -offset)]
                    .map(|(normal, offset)| cut(mesh.view(), &normal, offset, true).unwrap().mesh);
                assert!(parts.iter().all(is_closed));
                let sum: f64 = parts.iter().map(|part| volume_mm3(part.view())).sum();
                assert!((sum - 24.0).abs() < 1e-3, "{normal:?} {offset} {sum}");
            }
        }
    }

    #[test]
    fn what_the_plane_misses_is_whole_or_nothing() {
        let mesh = cuboid([0.0; 3], [2.0, 3.0, 4.0]);
        assert_eq!(cut(mesh.view(), &Vector3::z(), -1.0, true).unwrap().mesh.faces.len(), 12);
        assert_eq!(cut(mesh.view(), &Vector3::z(), 5.0, true).unwrap().mesh.faces.len(), 0);
    }
}
