//! Patches over holes that continue the surface around them.
//!
//! Liepa, Filling holes in meshes, Symposium on Geometry Processing 2003,
//! doi:10.2312/SGP/SGP03/200-206: a triangulation of the hole, refined to the density of its
//! surroundings, and faired so that it bends as they do.

mod close;
mod fair;
mod rim;
mod triangulate;

pub use close::{FilledHole, fill_holes};
