//! Floor 0: where things are.

mod grid;

pub use grid::{Grid, GridError};
