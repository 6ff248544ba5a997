//! Floor 0: where things are.

mod grid;
mod plane;
pub mod stack;

pub use grid::{Grid, GridError};
pub use plane::Plane;
