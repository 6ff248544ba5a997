//! Floor 2: bodies whose truth is known on paper, and a scanner that images them.
//!
//! A [`Phantom`] is a list of structures, each a signed field in LPS millimetres with an effect on
//! the HU.  Effects add up, because blur is linear: the image of a sum is the sum of the images,
//! so a thin wall between two surfaces comes out right without any voxel ever being too coarse.

mod coverage;
mod field;
mod gauss;
pub mod head;
mod kernel;
mod model;
mod objects;
mod pruned;
mod query;
mod render;
mod shape;
pub mod solid;
mod streak;

pub use kernel::Kernel;
pub use model::{Effect, Phantom, Streak, Structure};
pub use objects::{bar, cylinder, rods, sphere};
pub use query::signed_distances;
pub use render::{Circle, Detector, Exposure, RenderError, scan};
pub use shape::Shape;
pub use solid::Solid;
