//! Floor 1: triangles. Knows where things are, not what a voxel is.

mod trimesh;

pub use trimesh::{FaceKind, MeshError, MeshRef, TriMesh};
