//! Floor 2: which voxels belong to a structure.
//!
//! Binary volumes are kept 64 voxels a word ([`Bits`]) or as runs of a row ([`Runs`]); no kernel
//! needs a label volume that the caller did not ask for. All results are the same, bit for bit, for
//! any number of threads.

mod bits;
mod components;
mod distance;
mod element;
mod fill;
mod histogram;
mod morphology;
mod pack;
mod profile;
mod runs;
mod value;

pub use bits::Bits;
pub use components::{Component, Components, Connectivity};
pub use distance::{distance, signed_distance};
pub use element::{Element, TIE_MM};
pub use fill::{fill_holes, fill_holes_by_slice};
pub use histogram::count_values;
pub use morphology::{dilate, erode};
pub use profile::{Profiles, edge_profiles};
pub use runs::Runs;
pub use value::Value;
