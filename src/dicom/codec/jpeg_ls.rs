//! JPEG-LS (ITU-T T.87), lossless and near-lossless, by the `pure_jpegls` crate.

use super::Encoding;
use super::jpeg::{self, JpegHeader, marker};
use super::samples::{Samples, write_cells};
use crate::dicom::pixels::{PixelError, PixelLayout};

const ENCODING: Encoding = Encoding::JpegLs;

/// Decodes one frame into little-endian cells. `out` has the length of the frame. JPEG-LS knows no sign:
/// signed samples are stored as their bits, and extended from the top bit of the codestream's precision.
pub(super) fn decode(stream: &[u8], layout: &PixelLayout, out: &mut [u8]) -> Result<(), PixelError> {
    let header = jpeg::parse(ENCODING, stream)?;
    header.frame.check(ENCODING, layout)?;
    check_features(&header)?;
    let (columns, rows) = (header.frame.columns, header.frame.rows);
    let (samples, ..) = jpegls::decode(stream, columns, rows).map_err(translate)?;
    if samples.len() != layout.n_samples() {
        return Err(header.corrupt(format!("{} samples instead of {}", samples.len(), layout.n_samples())));
    }
    let kind = Samples { precision: header.frame.precision, is_lossy: header.scan[0] > 0 };
    write_cells(samples.iter().map(|&sample| u32::from(sample)), kind, layout, out);
    Ok(())
}

/// What the crate would refuse as well, but named in one style, and before anything is allocated.
fn check_features(header: &JpegHeader) -> Result<(), PixelError> {
    let unsupported = |feature: String| Err(PixelError::UnsupportedFeature { encoding: ENCODING, feature });
    if header.process != marker::SOF55 {
        return unsupported(format!("process SOF{} in this transfer syntax", header.process & 15));
    }
    if !(2..=16).contains(&header.frame.precision) {
        return Err(header.corrupt(format!("precision {}, expected 2 to 16", header.frame.precision)));
    }
    if header.restart_interval != 0 {
        return unsupported("a restart interval".into());
    }
    if header.lse.iter().any(|payload| payload.first() != Some(&1)) {
        return unsupported("a mapping table or an oversize image".into());
    }
    match header.scan {
        [_, 0, 0] => Ok(()),
        [_, 0, shift] => unsupported(format!("point transform {shift}")),
        [_, interleave, _] => Err(header.corrupt(format!("interleave mode {interleave} of one component"))),
    }
}

fn translate(error: jpegls::CodecError) -> PixelError {
    match error {
        jpegls::CodecError::Truncated { .. } => PixelError::Truncated { encoding: ENCODING },
        other => PixelError::Decoder { encoding: ENCODING, message: other.to_string() },
    }
}
