//! One door to all decoders.

use super::guard::guarded;
use super::{Encoding, jpeg_lossless, rle};
use crate::dicom::pixels::{PixelError, PixelLayout, SampleFormat};

/// Decodes one compressed frame to little-endian cells, as in native storage. `out` is cleared, filled with
/// [`frame_bytes`](PixelLayout::frame_bytes) bytes, and can be used again for the next frame. After an error
/// its content means nothing.
///
/// # Errors
/// Names what is wrong with the codestream, or where it contradicts the header.
pub fn decode_frame(
    encoding: Encoding,
    codestream: &[u8],
    layout: &PixelLayout,
    out: &mut Vec<u8>,
) -> Result<(), PixelError> {
    if layout.format() != SampleFormat::Integer {
        let feature = "compressed float pixel data".into();
        return Err(PixelError::UnsupportedFeature { encoding, feature });
    }
    out.clear();
    out.resize(layout.frame_bytes(), 0);
    guarded(encoding, || match encoding {
        Encoding::Rle => rle::decode(codestream, layout, out),
        Encoding::JpegLossless => jpeg_lossless::decode(codestream, layout, out),
        _ => Err(PixelError::UnsupportedFeature { encoding, feature: "this encoding".into() }),
    })
}
