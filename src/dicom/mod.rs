//! Floor 2: the only room that knows a DICOM tag.
//!
//! A file passes through these rooms in order: [`source`] finds the bytes, [`walk`] proves that every
//! length in the header is honest, [`header`] reads the attributes, [`series`] puts planes together,
//! [`assemble`] makes voxels of them.


pub mod attribute;
pub mod directory;
pub mod error;
pub mod fragments;
pub mod frames;
pub mod header;
pub mod note;
pub mod scan;
pub mod series;
pub mod source;
pub mod split;
mod stack_error;
pub mod walk;


pub use error::DicomError;
pub use scan::{LeftOut, Scan, ScanOptions, scan};
pub use series::Series;
