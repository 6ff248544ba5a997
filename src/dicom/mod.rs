//! Floor 2: the only room that knows a DICOM tag.
//!
//! A file passes through these rooms in order: [`directory`] finds it, [`source`] reads its bytes, [`walk`]
//! proves that every length in its header is honest, [`header`] and [`frames`] read the attributes,
//! [`split`] and [`series`] put planes together (`copies` and `identity` say what must not be), [`assemble`] makes voxels of them with [`codec`] and
//! [`pixels`].

pub mod assemble;
pub mod attribute;
pub mod codec;
mod copies;
pub mod data_set;
pub mod directory;
pub mod encoding;
pub mod equipment;
pub mod error;
pub mod fragments;
pub mod frames;
pub mod header;
mod identity;
pub mod note;
mod packed;
pub mod pixel_attributes;
pub mod pixels;
pub mod scan;
pub mod series;
pub mod source;
pub mod split;
mod stack_error;
pub mod storage;
pub mod walk;
pub mod write;

pub use assemble::{LoadOptions, Loaded, Voxels, load};
pub use error::DicomError;
pub use scan::{LeftOut, Scan, ScanOptions, scan};
pub use series::Series;
