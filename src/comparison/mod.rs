//! Floor 3: two masks, or two meshes, of the same thing held against each other.
//!
//! Masks are measured on the elements of their surfaces ([`elements`]), each with the area of a disk
//! ([`disks`]); meshes on points spread over their triangles.

pub mod columns;
pub mod disks;
pub mod distances;
pub mod elements;
pub mod nearest;
pub mod overlap;
pub mod samples;

pub use columns::{Volumes, common_volumes};
pub use distances::{Directed, surface_distances};
pub use elements::ElementKind;
pub use overlap::{Counts, count, within};
pub use samples::{Sampled, sampled};
