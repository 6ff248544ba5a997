//! JPEG-LS (ITU-T T.87), lossless and near-lossless, one component: the headers and coding parameters.

use super::Encoding;
use super::huffman::BitReader;
use super::jpeg::{self, JpegHeader, marker};
use super::jpeg_ls_scan::Scan;
use super::samples::{Samples, write_cells};
use crate::dicom::pixels::{PixelError, PixelLayout};

const ENCODING: Encoding = Encoding::JpegLs;

/// Statistics are halved after this many samples of a context (T.87, A.2.1).
const DEFAULT_RESET: i32 = 64;

/// Decodes one frame into little-endian cells. `out` has the length of the frame. JPEG-LS knows no sign:
/// signed samples are stored as their bits, and extended from the top bit of the codestream's precision.
pub(super) fn decode(stream: &[u8], layout: &PixelLayout, out: &mut [u8]) -> Result<(), PixelError> {
    let header = jpeg::parse(ENCODING, stream)?;
    header.frame.check(ENCODING, layout)?;
    let parameters = Parameters::new(&header)?;
    let kind = Samples { precision: header.frame.precision, is_lossy: parameters.near > 0 };
    let mut clean = Vec::new();
    let (n_bits, rest) = unstuff_bits(header.entropy, &mut clean);
    let mut reader = BitReader::with_end(&clean, n_bits);
    let mut scan = Scan::new(parameters, layout.columns());
    for cells in out.chunks_mut(layout.columns() * layout.cell_bytes()) {
        let row = scan.decode_row(&mut reader);
        if reader.is_past_end() {
            return Err(header.truncated());
        }
        let row = row.ok_or_else(|| header.corrupt("bits that are no code"))?;
        write_cells(row.iter().map(|&sample| sample.cast_unsigned()), kind, layout, cells);
    }
    header.check_rest(&reader)?;
    header.check_end(rest)
}

/// The coding parameters of a scan (T.87, table A.1 and C.2.4.1.1).
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters {
    pub max_value: i32,
    pub near: i32,
    /// T1, T2, T3.
    pub thresholds: [i32; 3],
    pub reset: i32,
}

impl Parameters {
    fn new(header: &JpegHeader) -> Result<Self, PixelError> {
        let unsupported =
            |feature: String| Err(PixelError::UnsupportedFeature { encoding: ENCODING, feature });
        let precision = header.frame.precision;
        if header.process != marker::SOF55 {
            return unsupported(format!("process SOF{} in this transfer syntax", header.process & 15));
        }
        if !(2..=16).contains(&precision) {
            return Err(header.corrupt(format!("precision {precision}, expected 2 to 16")));
        }
        if header.restart_interval != 0 {
            return unsupported("a restart interval".into());
        }
        let near = match header.scan {
            [near, 0, 0] => i32::from(near),
            [_, 0, shift] => return unsupported(format!("point transform {shift}")),
            [_, mode, _] => return Err(header.corrupt(format!("interleave mode {mode} of one component"))),
        };
        let presets = Presets::read(header)?;
        let highest = (1 << precision) - 1;
        let max_value = presets.max_value.unwrap_or(highest);
        if max_value > highest || near > (max_value / 2).min(255) {
            return Err(header.corrupt(format!("MAXVAL {max_value}, NEAR {near} at {precision} bits")));
        }
        let mut thresholds = default_thresholds(max_value, near);
        for (threshold, preset) in thresholds.iter_mut().zip(presets.thresholds) {
            *threshold = preset.unwrap_or(*threshold);
        }
        let [t1, t2, t3] = thresholds;
        let is_ordered = near < t1 && t1 <= t2 && t2 <= t3 && t3 <= max_value;
        // Three bits and less cannot keep the order with the defaults either.
        if !is_ordered && presets.thresholds.iter().any(Option::is_some) {
            return Err(header.corrupt(format!("thresholds {thresholds:?} are not in order")));
        }
        let reset = presets.reset.unwrap_or(DEFAULT_RESET);
        if reset < 3 {
            return Err(header.corrupt(format!("RESET {reset}, expected at least 3")));
        }
        Ok(Self { max_value, near, thresholds, reset })
    }
}

/// An LSE segment; a value of 0 stands for the default.
#[derive(Default)]
struct Presets {
    max_value: Option<i32>,
    thresholds: [Option<i32>; 3],
    reset: Option<i32>,
}

impl Presets {
    fn read(header: &JpegHeader) -> Result<Self, PixelError> {
        let mut presets = Self::default();
        for payload in &header.lse {
            let [1, values @ ..] = payload else {
                let feature = "a mapping table or an oversize image".into();
                return Err(PixelError::UnsupportedFeature { encoding: ENCODING, feature });
            };
            let words = values.as_chunks::<2>().0.iter().map(|&word| i32::from(u16::from_be_bytes(word)));
            let mut words = words.map(|word| (word > 0).then_some(word));
            let mut next = || words.next().ok_or_else(|| header.corrupt("an LSE segment is cut off"));
            presets = Self { max_value: next()?, thresholds: [next()?, next()?, next()?], reset: next()? };
        }
        Ok(presets)
    }
}

/// T.87, C.2.4.1.1.1.
fn default_thresholds(max_value: i32, near: i32) -> [i32; 3] {
    let clamp = |value, lowest| if value > max_value || value < lowest { lowest } else { value };
    let [t1, t2, t3] = if max_value >= 128 {
        let factor = (max_value.min(4095) + 128) / 256;
        [factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near]
    } else {
        let factor = 256 / (max_value + 1);
        [(3 / factor + 3 * near).max(2), (7 / factor + 5 * near).max(3), (21 / factor + 7 * near).max(4)]
    };
    let t1 = clamp(t1, near + 1);
    let t2 = clamp(t2, t1);
    [t1, t2, clamp(t3, t2)]
}

/// Takes the stuffed bit out of the byte after each 0xFF, up to the next marker. Returns the number of bits
/// in `clean` and the rest that begins with the marker.
fn unstuff_bits<'a>(coded: &'a [u8], clean: &mut Vec<u8>) -> (usize, &'a [u8]) {
    clean.clear();
    clean.reserve(coded.len() + BitReader::TAIL);
    let (mut bits, mut n_bits, mut n_total, mut end) = (0_u64, 0_usize, 0, coded.len());
    let mut previous = 0;
    for (index, &byte) in coded.iter().enumerate() {
        let is_marker = byte == 0xFF && coded.get(index + 1).is_none_or(|&next| next >= 0x80);
        if is_marker {
            end = index;
            break;
        }
        let width = if previous == 0xFF { 7 } else { 8 };
        previous = byte;
        bits = bits << width | u64::from(byte);
        n_bits += width;
        n_total += width;
        if n_bits >= 32 {
            n_bits -= 32;
            clean.extend_from_slice(&((bits >> n_bits) as u32).to_be_bytes());
        }
    }
    let last = (bits << (32 - n_bits)) as u32;
    clean.extend_from_slice(&last.to_be_bytes()[..n_bits.div_ceil(8)]);
    clean.extend_from_slice(&[0; BitReader::TAIL]);
    (n_total, &coded[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_thresholds_are_those_of_the_standard() {
        assert_eq!(default_thresholds(255, 0), [3, 7, 21]);
        assert_eq!(default_thresholds(4095, 0), [18, 67, 276]);
        assert_eq!(default_thresholds(65535, 0), [18, 67, 276]);
        assert_eq!(default_thresholds(255, 2), [9, 17, 35]);
        assert_eq!(default_thresholds(15, 1), [3, 5, 8]);
    }

    #[test]
    fn the_bit_after_ff_is_dropped() {
        let mut clean = Vec::new();
        let (n_bits, rest) = unstuff_bits(&[0xFF, 0x7F, 0x80, 1, 2, 0xFF, 0xD9], &mut clean);
        assert_eq!((n_bits, rest), (39, &[0xFF, 0xD9][..]));
        assert_eq!(clean[..5], [0xFF, 0xFF, 0x00, 0x02, 0x04]);
    }
}
