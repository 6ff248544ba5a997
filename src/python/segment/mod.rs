//! Binding of `segment`: masks cross as uint8, 0 or not 0.

mod binary;
mod grow;
mod measure;
mod shape;
mod smooth;

pub use binary::{components, fill_holes, keep_connected, keep_parts, threshold};
pub use grow::{grow_from_seeds, solid_mask, watershed};
pub use measure::{count_values, edge_profiles};
pub use shape::{distance, reshape_mask};
pub use smooth::{diffuse, gaussian, median};
