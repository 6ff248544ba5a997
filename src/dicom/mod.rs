//! Floor 2: the only room that knows a DICOM tag.

pub mod write;
