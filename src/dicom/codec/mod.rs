//! Compressed frames to native cells.
//!
//! A codestream is untrusted. Before a decoder runs, its own header is parsed here and must agree with the
//! DICOM header; decoders write into memory of a size agreed on beforehand; a stream that ends early is an
//! error, never half an image; a panic of a library is caught.

mod decode;
mod encoding;
mod guard;
mod huffman;
mod idct;
mod j2k_header;
mod jpeg;
mod jpeg2000;
mod jpeg_dct;
mod jpeg_lossless;
mod jpeg_ls;
mod jpeg_ls_scan;
mod rle;
mod samples;

pub use decode::decode_frame;
pub use encoding::Encoding;
