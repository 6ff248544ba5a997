//! Floor 2: a picture of a mesh, without a display and without a graphics card.

mod raster;

pub use raster::{Paint, View, draw_mesh};
