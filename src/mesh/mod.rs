//! Floor 1: triangles. Knows where things are, not what a voxel is.

pub mod adjacency;
pub mod measure;
pub mod smooth;
mod trimesh;

pub use trimesh::{FaceKind, MeshError, MeshRef, TriMesh};
