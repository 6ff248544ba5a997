//! One door to all decoders.

use std::io::{ErrorKind, Read};

use super::guard::guarded;
use super::{Encoding, jpeg_dct, jpeg_lossless, jpeg_ls, jpeg2000, rle};
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
        Encoding::NativeLittle | Encoding::NativeBig | Encoding::EncapsulatedNative => {
            copy_native(encoding, codestream, out)
        }
        Encoding::DeflatedFrame => inflate(codestream, out),
        Encoding::Rle => rle::decode(codestream, layout, out),
        Encoding::JpegBaseline | Encoding::JpegExtended => {
            jpeg_dct::decode(encoding, codestream, layout, out)
        }
        Encoding::JpegLossless => jpeg_lossless::decode(codestream, layout, out),
        Encoding::JpegLs => jpeg_ls::decode(codestream, layout, out),
        Encoding::Jpeg2000 | Encoding::HtJ2k => jpeg2000::decode(encoding, codestream, layout, out),
    })
}

/// A fragment has an even length: one byte of padding may follow the frame.
fn copy_native(encoding: Encoding, cells: &[u8], out: &mut [u8]) -> Result<(), PixelError> {
    if encoding == Encoding::NativeBig {
        let feature = "encapsulation".into();
        return Err(PixelError::UnsupportedFeature { encoding, feature });
    }
    if cells.len() < out.len() || cells.len() > out.len() + 1 {
        let (expected, actual) = (out.len(), cells.len());
        return Err(PixelError::Length { unit: "bytes", expected, actual });
    }
    out.copy_from_slice(&cells[..out.len()]);
    Ok(())
}

/// Raw deflate (RFC 1951) of exactly one frame; whatever would not fit is never produced.
fn inflate(stream: &[u8], out: &mut [u8]) -> Result<(), PixelError> {
    let encoding = Encoding::DeflatedFrame;
    let mut inflater = flate2::read::DeflateDecoder::new(stream);
    inflater.read_exact(out).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => PixelError::Truncated { encoding },
        _ => PixelError::Corrupt { encoding, message: error.to_string() },
    })?;
    match inflater.read(&mut [0]) {
        Ok(0) => Ok(()),
        _ => Err(PixelError::Corrupt { encoding, message: "more bytes than the frame has".into() }),
    }
}
