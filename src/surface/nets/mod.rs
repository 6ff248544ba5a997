//! Surfaces of label maps: one net for all labels, so that neighbours share their border.
//!
//! Every cell of eight samples with more than one label holds a node; every edge between two labels
//! makes a quad of the four nodes around it, which stands in the meshes of both labels. The nodes are
//! then smoothed, each within its own cell (Gibson 1998, doi 10.1007/BFb0056277; Frisken 2022,
//! "SurfaceNets for Multi-Label Segmentations with Preservation of Sharp Boundaries", JCGT 11(1)),
//! here with filters that do not shrink (see `relax`).

mod cells;
mod labels;
mod points;
mod quads;
mod relax;
mod runs;
mod split;
mod thin;

pub use labels::Label;
pub use split::{LabelMesh, LabelOptions, extract_label_surfaces};
