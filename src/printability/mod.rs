//! Floor 3: what a printer makes of a mesh: walls, gaps, bridges, holes, overhangs, what stays inside.
//!
//! Everything here measures; what is too thin or too steep is for the caller to say.

pub mod bridges;
pub mod drain;
pub mod edge_distance;
mod groups;
pub mod holes;
pub mod insertion;
pub mod normals;
pub mod orient;
pub mod overhang;
pub mod patches;
pub mod rings;
mod sides;
pub mod thickness;
mod thickness_ray;
mod thickness_sphere;
pub mod voxels;
