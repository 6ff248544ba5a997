//! From the bytes of one frame to its values: bit depth, sign, padding, rescale.
//!
//! [`PixelLayout`] holds what the header says and has been checked against itself; [`codec`](super::codec)
//! turns a compressed frame into cells of that layout; [`unpack_i16`] and [`unpack_f32`] turn cells into
//! values. Everything here distrusts the header and the bytes alike.

mod bits;
mod error;
mod layout;
mod padding;
mod rescale;
mod unpack;
mod unpack_i16;

pub use error::PixelError;
pub use layout::{ByteOrder, ImagePixel, PixelLayout, SampleFormat, swap_ow_words};
pub use padding::Padding;
pub use rescale::Rescale;
pub use unpack::{Unpacked, Unpacking, unpack_f32};
pub use unpack_i16::unpack_i16;

/// Layouts for the tests of the neighbouring room.
#[cfg(test)]
pub(crate) fn layout_with(size: (usize, usize), bits: (u16, u16, u16), is_signed: bool) -> PixelLayout {
    layout::tests::integers(size, bits, is_signed).unwrap()
}

/// Unsigned samples that fill their cell.
#[cfg(test)]
pub(crate) fn layout_of(size: (usize, usize), bits: u16) -> PixelLayout {
    layout_with(size, (bits, bits, bits - 1), false)
}
