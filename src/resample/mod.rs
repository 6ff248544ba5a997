//! Floor 2: voxels of one grid at the places of another.
//!
//! Trilinear, between voxel centres only: a place outside the lattice of centres gets a fill value,
//! so that no border is invented.

mod orthogonal;
mod slices;
mod trilinear;

pub use orthogonal::{SpacingError, orthogonal_grid};
pub use slices::{SlicesError, resample_slices};
pub use trilinear::{ResampleError, Voxel, resample_to_grid};
