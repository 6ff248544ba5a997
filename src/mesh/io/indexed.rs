//! Meshes of formats that number their vertices: polygons become triangles, numbers are checked.

use super::error::Fault;
use super::note::Note;
use crate::mesh::trimesh::TriMesh;

/// Puts a mesh together from vertices and polygons.
#[derive(Debug, Default)]
pub struct Builder {
    /// Positions as the file has them.
    pub vertices: Vec<[f64; 3]>,
    faces: Vec<[u32; 3]>,
    kinds: Vec<u8>,
    n_polygons: usize,
    n_collapsed: usize,
}

impl Builder {
    /// Adds a polygon as a fan about its first corner; a corner named twice in a row counts once.
    ///
    /// # Errors
    /// [`Fault::Broken`] when it has fewer than three corners, or names a vertex that cannot exist.
    pub fn polygon(&mut self, format: &'static str, corners: &[u32], kind: u8) -> Result<(), Fault> {
        let face = self.faces.len();
        if corners.len() < 3 {
            let problem = format!("3 or more corners expected, found {} in face {face}", corners.len());
            return Err(Fault::broken(format, problem));
        }
        self.n_polygons += usize::from(corners.len() > 3);
        for pair in corners[1..].windows(2) {
            let [a, b, c] = [corners[0], pair[0], pair[1]];
            if a == b || b == c || c == a {
                self.n_collapsed += 1;
            } else {
                self.faces.push([a, b, c]);
                self.kinds.push(kind);
            }
        }
        Ok(())
    }

    /// Checks everything and hands the mesh over.
    ///
    /// # Errors
    /// [`Fault`] when a coordinate is not finite, a number out of range, or nothing is there.
    pub fn finish(self, format: &'static str, notes: &mut Vec<Note>) -> Result<TriMesh, Fault> {
        if self.faces.is_empty() {
            return Err(Fault::Empty(format));
        }
        if self.vertices.len() > i32::MAX as usize {
            return Err(crate::mesh::weld::TooMany.into());
        }
        if self.n_polygons > 0 {
            let message = format!("{} polygons were split into triangles", self.n_polygons);
            notes.push(Note::new("mesh_polygons", message).with(self.n_polygons as f64));
        }
        if self.n_collapsed > 0 {
            let message = format!("{} triangles with two equal corners were left out", self.n_collapsed);
            notes.push(Note::new("mesh_collapsed_faces", message).with(self.n_collapsed as f64));
        }
        crate::mesh::trimesh::MeshRef::new(&self.vertices, &self.faces, &self.kinds)?;
        Ok(TriMesh { vertices: self.vertices, faces: self.faces, kinds: self.kinds })
    }
}
