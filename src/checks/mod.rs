//! Floor 3: what the voxels of a scan show about its quality. Measures only; limits are elsewhere.

mod bone;
mod circle;
mod coarse;
mod edge;
mod face;
mod histogram;
mod metal;
mod midplane;
mod nearest;
mod noise;
mod patch;
mod sample;
mod slices;
mod survey;

pub use circle::Circle;
pub use edge::EdgeResponse;
pub use face::Face;
pub use histogram::Histogram;
pub use metal::{Cluster, Metal};
pub use midplane::Midplane;
pub use nearest::nearest_mm;
pub use noise::{Block, mode_sd};
pub use patch::Patch;
pub use sample::Sample;
pub use slices::{PairShift, SliceFacts};
pub use survey::{Survey, SurveyOptions, survey};
