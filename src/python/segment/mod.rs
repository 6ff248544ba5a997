//! Binding of `segment`: masks cross as uint8, 0 or not 0.

mod binary;
mod measure;
mod shape;

pub use binary::{components, fill_holes, keep_connected, keep_parts, threshold};
pub use measure::{count_values, edge_profiles};
pub use shape::{distance, reshape_mask};
