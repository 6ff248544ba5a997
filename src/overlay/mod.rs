//! Floor 3: where the surface of a mesh lies against the edge in the image it came from.
//!
//! Sample points on the mesh, the image along the normal through each, the edge in it below a voxel,
//! and what stands in the way of finding one. It measures; it judges nothing.

mod blur;
mod cluster;
mod coat;
mod compare;
mod curvature;
mod edge;
mod field;
mod membrane;
mod normal;
mod profile;
mod quiet;
mod ripples;
mod sampling;
mod spread;
mod steps;

pub use blur::Blur;
pub use cluster::cluster_points;
pub use compare::{Comparison, EdgeOptions, OverlayError, compare};
pub use edge::{EdgeMethod, Measured, Status};
pub use membrane::{Membranes, find_membranes};
pub use ripples::{fine_normals, spread_values};
pub use sampling::{Samples, sample_surface};
