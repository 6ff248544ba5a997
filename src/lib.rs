//! The Rust core of calvaria: from the files of a CT to voxels, surfaces and measurements.
//!
//! The core knows voxels and triangles, not Python; `python` is the one room that binds it.
//! Rooms stand on floors and use only floors below their own; `docs/house.md` draws the plan.
//!
//! World frame: LPS, millimetres. Voxel arrays: `[k, j, i]`, C order. Geometry: (i, j, k), (x, y, z).

pub mod bar;
pub mod checks;
pub mod comparison;
pub mod dicom;
pub mod geometry;
pub mod mesh;
pub mod overlay;
pub mod phantom;
pub mod printability;
pub mod progress;
pub mod register;
pub mod render;
pub mod resample;
pub mod segment;
pub mod surface;
pub mod volume;

#[cfg(feature = "python")]
mod python;
