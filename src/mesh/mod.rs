//! Floor 1: triangles. Knows where things are, not what a voxel is.

pub mod adjacency;
pub mod closest;
pub mod curvature;
pub mod cut;
pub mod decimate;
pub mod deviation;
pub mod fill_hole;
pub mod measure;
pub mod morton;
pub mod parts;
pub mod planar;
pub mod section;
pub mod signed;
pub mod smooth;
pub mod triangle;
mod trimesh;

pub use trimesh::{FaceKind, MeshError, MeshRef, TriMesh};
