//! Floor 1: triangles. Knows where things are, not what a voxel is.

pub mod boxes;
pub mod edges;
pub mod forest;
pub mod io;
mod loops;
pub mod nesting;
pub mod quality;
pub mod repair;
mod repair_flat;
mod repair_orient;
mod repair_seams;
mod repair_split;
mod repair_weld;
pub mod self_intersection;
pub mod side;
pub mod topology;
mod trimesh;
pub mod weld;

pub use loops::BoundaryLoop;
pub use topology::Topology;
pub use trimesh::{FaceKind, MeshError, MeshRef, TriMesh};
