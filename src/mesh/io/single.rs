//! A mesh as files with float32 hold it: what rounding makes of it is found before anything is written.

#![allow(clippy::float_cmp)] // equal places and zero signs are meant exactly

use rayon::prelude::*;

use super::error::Fault;
use super::note::Note;
use crate::mesh::forest::Forest;
use crate::mesh::trimesh::MeshRef;

/// Rounded positions and the faces that are left.
#[derive(Debug)]
pub struct Single<'a> {
    /// Positions, LPS mm.
    pub vertices: Vec<[f32; 3]>,
    faces: &'a [[u32; 3]],
    kinds: &'a [u8],
    /// Faces to write; all of them when `None`.
    left: Option<Vec<u32>>,
    /// For each vertex the one that it fell together with; none did when `None`.
    joined: Option<Vec<u32>>,
}

impl<'a> Single<'a> {
    /// Rounds a mesh. A triangle two of whose corners round to the same place is left out: that
    /// contracts an edge, and each of its neighbours still meets the one behind it.
    ///
    /// # Errors
    /// [`Fault`] when nothing is left, or a coordinate is out of range.
    pub fn of(mesh: MeshRef<'a>, format: &'static str, notes: &mut Vec<Note>) -> Result<Self, Fault> {
        let round = |point: &[f64; 3]| point.map(|x| x as f32 + 0.0);
        let vertices: Vec<[f32; 3]> = mesh.vertices().par_iter().map(round).collect();
        let out = vertices.par_iter().position_first(|point| point.iter().any(|x| !x.is_finite()));
        if let Some(vertex) = out {
            let found = mesh.vertices()[vertex].iter().fold(0.0_f64, |far, x| far.max(x.abs()));
            return Err(Fault::OutOfRange { vertex, found, limit: f64::from(f32::MAX) });
        }
        let stays = |&[a, b, c]: &[u32; 3]| {
            let [a, b, c] = [a, b, c].map(|index| vertices[index as usize]);
            a != b && b != c && c != a
        };
        let faces = mesh.faces();
        let n_left = faces.par_iter().filter(|face| stays(face)).count();
        if n_left == 0 {
            return Err(Fault::Empty(format));
        }
        let left = (n_left < faces.len())
            .then(|| (0..faces.len() as u32).filter(|&face| stays(&faces[face as usize])).collect());
        // Their numbers become one as well, for formats that number vertices.
        let joined = left.is_some().then(|| joined(&vertices, faces, stays));
        if left.is_some() {
            let n = faces.len() - n_left;
            let message =
                format!("{n} triangles have two corners in one place of a float32 and were left out");
            notes.push(Note::new("mesh_collapsed_faces", message).with(n as f64));
        }
        Ok(Self { vertices, faces, kinds: mesh.kinds(), left, joined })
    }

    /// How many faces there are to write.
    pub fn n_faces(&self) -> usize {
        self.left.as_ref().map_or(self.faces.len(), Vec::len)
    }

    /// Number of that face in the mesh.
    #[inline]
    pub fn number(&self, at: usize) -> usize {
        self.left.as_ref().map_or(at, |left| left[at] as usize)
    }

    /// Vertices of the face to write at this place.
    #[inline]
    pub fn face(&self, at: usize) -> [u32; 3] {
        let face = self.faces[self.number(at)];
        self.joined.as_ref().map_or(face, |joined| face.map(|index| joined[index as usize]))
    }

    /// Its kind.
    #[inline]
    pub fn kind(&self, at: usize) -> u8 {
        self.kinds[self.number(at)]
    }

    /// Its corners.
    #[inline]
    pub fn corners(&self, at: usize) -> [[f32; 3]; 3] {
        self.face(at).map(|index| self.vertices[index as usize])
    }
}

/// Vertices of collapsed faces that are in the same place get the number of the lowest.
fn joined(vertices: &[[f32; 3]], faces: &[[u32; 3]], stays: impl Fn(&[u32; 3]) -> bool) -> Vec<u32> {
    let mut sets = Forest::new(vertices.len());
    for &[a, b, c] in faces.iter().filter(|face| !stays(face)) {
        for (p, q) in [(a, b), (b, c), (c, a)] {
            if vertices[p as usize] == vertices[q as usize] {
                sets.join(p, q);
            }
        }
    }
    (0..vertices.len() as u32).map(|vertex| sets.find(vertex)).collect()
}

/// The unit normal of a triangle, zero when it has none.
#[inline]
pub fn unit_normal([a, b, c]: [[f32; 3]; 3]) -> [f32; 3] {
    let [a, b, c] = [a, b, c].map(|point| point.map(f64::from));
    let (u, v) = ([b[0] - a[0], b[1] - a[1], b[2] - a[2]], [c[0] - a[0], c[1] - a[1], c[2] - a[2]]);
    let n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let inverse = 1.0 / (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt();
    if inverse.is_finite() { n.map(|x| (x * inverse) as f32 + 0.0) } else { [0.0; 3] }
}
