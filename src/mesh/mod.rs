//! Floor 1: triangles. Knows where things are, not what a voxel is.

pub mod adjacency;
pub mod boxes;
pub mod closest;
pub mod curvature;
pub mod cut;
pub mod decimate;
pub mod deviation;
pub mod edges;
pub mod fill_hole;
pub mod forest;
pub mod io;
mod loops;
pub mod measure;
pub mod morton;
pub mod nesting;
pub mod parts;
pub mod planar;
pub mod quality;
pub mod repair;
mod repair_flat;
mod repair_orient;
mod repair_seams;
mod repair_split;
mod repair_weld;
pub mod section;
pub mod self_intersection;
pub mod side;
pub mod signed;
pub mod smooth;
pub mod topology;
pub mod triangle;
mod trimesh;
pub mod weld;

pub use loops::BoundaryLoop;
pub use topology::Topology;
pub use trimesh::{FaceKind, KIND_COLOURS, MeshError, MeshRef, TriMesh};
