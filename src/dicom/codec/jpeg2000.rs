//! JPEG 2000 (ITU-T T.800) and HTJ2K (T.814), by OpenJPEG.

use jpeg2k::{DecodeParameters, Image};

use super::Encoding;
use super::j2k_header;
use super::samples::write_cells;
use crate::dicom::pixels::{PixelError, PixelLayout};

/// Decodes one frame into little-endian cells. `out` has the length of the frame.
///
/// The codestream carries a sign of its own. Where it differs from Pixel Representation (0028,0103), the
/// latter wins and the samples keep their bits, as in pydicom: both ways of getting it wrong exist in
/// archives.
pub(super) fn decode(
    encoding: Encoding,
    stream: &[u8],
    layout: &PixelLayout,
    out: &mut [u8],
) -> Result<(), PixelError> {
    let codestream = j2k_header::codestream(encoding, stream)?;
    let kind = j2k_header::check(encoding, codestream, layout)?;
    let failed = |message: String| PixelError::Decoder { encoding, message };
    // Strict: OpenJPEG otherwise fills what is missing of a stream that ends early.
    let image = Image::from_bytes_with(codestream, DecodeParameters::new().strict(true))
        .map_err(|error| failed(error.to_string()))?;
    let [component] = image.components() else {
        return Err(failed(format!("{} components", image.components().len())));
    };
    let size = (component.height() as usize, component.width() as usize);
    if size != (layout.rows(), layout.columns()) {
        return Err(failed(format!("{} x {} samples", size.0, size.1)));
    }
    let samples = component.data().iter().map(|&sample| sample.cast_unsigned());
    write_cells(samples, kind, layout, out);
    Ok(())
}
