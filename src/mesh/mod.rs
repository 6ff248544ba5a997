//! Floor 1: triangles. Knows where things are, not what a voxel is.

pub mod adjacency;
pub mod closest;
pub mod decimate;
pub mod deviation;
pub mod measure;
pub mod morton;
pub mod smooth;
pub mod triangle;
mod trimesh;

pub use trimesh::{FaceKind, MeshError, MeshRef, TriMesh};
