//! The only room that knows a DICOM tag: from the bytes of files to voxels on a grid.

pub mod codec;
pub mod pixels;
