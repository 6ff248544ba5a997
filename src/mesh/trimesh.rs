//! The triangle mesh: vertices in LPS millimetres, faces counter-clockwise seen from outside, and
//! where each face comes from.

use rayon::prelude::*;

const BLOCK: usize = 8192;

/// Where a face comes from. What closes a surface is never mistaken for what was imaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(u8)]
pub enum FaceKind {
    /// Imaged: the surface of the structure itself.
    #[default]
    Surface = 0,
    /// A lid where the image ends and the structure does not.
    Cap = 1,
    /// A lid where somebody cut: with a plane, or with a mask that ends inside the structure.
    Cut = 2,
    /// A patch over a hole.
    Filled = 3,
}

/// The colour of each kind wherever one is shown, red, green, blue: bone, vermilion, blue, green. The last
/// three are told apart by the colour-blind (Okabe and Ito, Color universal design, 2008), and from bone
/// in grey.
pub const KIND_COLOURS: [[u8; 3]; 4] =
    [[0xe3, 0xda, 0xc9], [0xd5, 0x5e, 0x00], [0x00, 0x72, 0xb2], [0x00, 0x9e, 0x73]];

impl FaceKind {
    /// The kind of this number.
    pub fn from_u8(number: u8) -> Option<Self> {
        [Self::Surface, Self::Cap, Self::Cut, Self::Filled].get(usize::from(number)).copied()
    }
}

/// Why arrays are not a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MeshError {
    /// A face names a vertex that is not there.
    #[error("faces: indices below {n_vertices} expected, found {index} in face {face}")]
    Index {
        /// Which face.
        face: usize,
        /// What it names.
        index: u32,
        /// How many vertices there are.
        n_vertices: usize,
    },
    /// A coordinate is NaN or infinite.
    #[error("vertices: finite coordinates expected, found NaN or infinity in vertex {vertex}")]
    NotFinite {
        /// Which vertex.
        vertex: usize,
    },
    /// There is not one kind for each face.
    #[error("kinds: {n_faces} expected, found {n_kinds}")]
    Kinds {
        /// How many faces there are.
        n_faces: usize,
        /// How many kinds there are.
        n_kinds: usize,
    },
}

/// A triangle mesh that owns its arrays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TriMesh {
    /// Positions, LPS mm.
    pub vertices: Vec<[f64; 3]>,
    /// Vertex indices of each triangle, counter-clockwise seen from outside.
    pub faces: Vec<[u32; 3]>,
    /// A [`FaceKind`] number for each face.
    pub kinds: Vec<u8>,
}

/// A triangle mesh that borrows its arrays.
#[derive(Debug, Clone, Copy)]
pub struct MeshRef<'a> {
    vertices: &'a [[f64; 3]],
    faces: &'a [[u32; 3]],
    kinds: &'a [u8],
}

impl TriMesh {
    /// A mesh all of whose faces were imaged.
    pub fn imaged(vertices: Vec<[f64; 3]>, faces: Vec<[u32; 3]>) -> Self {
        let kinds = vec![FaceKind::Surface as u8; faces.len()];
        Self { vertices, faces, kinds }
    }

    /// The same mesh, borrowed. The arrays must agree, as everything in this room leaves them.
    pub fn view(&self) -> MeshRef<'_> {
        MeshRef { vertices: &self.vertices, faces: &self.faces, kinds: &self.kinds }
    }
}

/// The first of many for which something holds. Where it holds for none, which is the rule, nothing
/// branches.
fn first_where<T: Sync>(items: &[T], holds: impl Fn(&T) -> bool + Sync) -> Option<usize> {
    let is_in = |block: &[T]| block.iter().fold(false, |found, item| found | holds(item));
    let block = items.par_chunks(BLOCK).position_first(is_in)?;
    let place = items[block * BLOCK..].iter().position(holds)?;
    Some(block * BLOCK + place)
}

impl<'a> MeshRef<'a> {
    /// Puts arrays together that a caller brought.
    ///
    /// # Errors
    /// [`MeshError`] when a coordinate is not finite, an index is out of range, or the numbers differ.
    pub fn new(vertices: &'a [[f64; 3]], faces: &'a [[u32; 3]], kinds: &'a [u8]) -> Result<Self, MeshError> {
        if kinds.len() != faces.len() {
            return Err(MeshError::Kinds { n_faces: faces.len(), n_kinds: kinds.len() });
        }
        let is_bad = |point: &[f64; 3]| point.iter().any(|x| !x.is_finite());
        if let Some(vertex) = first_where(vertices, is_bad) {
            return Err(MeshError::NotFinite { vertex });
        }
        let n_vertices = vertices.len();
        let is_out = |corners: &[u32; 3]| corners.iter().any(|&index| index as usize >= n_vertices);
        if let Some(face) = first_where(faces, is_out) {
            let index = faces[face].into_iter().max().unwrap_or_default();
            return Err(MeshError::Index { face, index, n_vertices });
        }
        Ok(Self { vertices, faces, kinds })
    }

    /// Puts arrays together that this room made.
    pub(super) fn of_parts(vertices: &'a [[f64; 3]], faces: &'a [[u32; 3]], kinds: &'a [u8]) -> Self {
        Self { vertices, faces, kinds }
    }

    /// The same faces with their vertices elsewhere; as many as there are.
    #[must_use]
    pub fn at<'b>(&self, vertices: &'b [[f64; 3]]) -> MeshRef<'b>
    where
        'a: 'b,
    {
        MeshRef { vertices: &vertices[..self.vertices.len()], ..*self }
    }

    /// Positions, LPS mm.
    #[inline]
    pub fn vertices(&self) -> &'a [[f64; 3]] {
        self.vertices
    }

    /// Vertex indices of each triangle.
    #[inline]
    pub fn faces(&self) -> &'a [[u32; 3]] {
        self.faces
    }

    /// A [`FaceKind`] number for each face.
    #[inline]
    pub fn kinds(&self) -> &'a [u8] {
        self.kinds
    }

    /// The three corners of a face.
    #[inline]
    pub fn corners(&self, face: usize) -> [[f64; 3]; 3] {
        self.faces[face].map(|index| self.vertices[index as usize])
    }

    /// An owned copy.
    pub fn to_owned(&self) -> TriMesh {
        TriMesh { vertices: self.vertices.to_vec(), faces: self.faces.to_vec(), kinds: self.kinds.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_that_disagree_are_refused_with_their_numbers() {
        let vertices = [[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let error = MeshRef::new(&vertices, &[[0, 1, 3]], &[0]).unwrap_err();
        assert_eq!(error, MeshError::Index { face: 0, index: 3, n_vertices: 3 });
        let error = MeshRef::new(&vertices, &[[0, 1, 2]], &[]).unwrap_err();
        assert_eq!(error, MeshError::Kinds { n_faces: 1, n_kinds: 0 });
        let error = MeshRef::new(&[[0.0, f64::NAN, 0.0]], &[], &[]).unwrap_err();
        assert_eq!(error, MeshError::NotFinite { vertex: 0 });
    }
}
