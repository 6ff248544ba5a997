//! Floor 2: which voxels belong to a structure.
//!
//! Binary volumes are kept 64 voxels a word ([`Bits`]) or as runs of a row ([`Runs`]); no kernel
//! needs a label volume that the caller did not ask for. All results are the same, bit for bit, for
//! any number of threads.

mod bits;
mod columns;
mod components;
mod diffusion;
mod distance;
mod element;
mod envelope;
mod far;
mod fill;
mod flood;
mod gaussian;
mod histogram;
mod median;
mod morphology;
mod pack;
mod profile;
mod runs;
mod solid;
mod value;

pub use bits::Bits;
pub use components::{Component, Components, Connectivity};
pub use diffusion::diffuse;
pub use distance::{distance, signed_distance};
pub use element::{Element, TIE_MM};
pub use fill::{fill_holes, fill_holes_by_slice};
pub use flood::{grow_from_seeds, watershed};
pub use gaussian::gaussian;
pub use histogram::count_values;
pub use median::median;
pub use morphology::{dilate, erode};
pub use profile::{Profiles, edge_profiles};
pub use runs::Runs;
pub use solid::Solid;
pub use value::Value;
