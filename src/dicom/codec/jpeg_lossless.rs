//! JPEG process 14 (ITU-T T.81, annex H): Huffman-coded differences to one of seven predictors.
//!
//! ```text
//! c b        c: above left, b: above
//! a x        a: left
//! ```

use super::Encoding;
use super::huffman::{BitReader, DifferenceTable, unstuff};
use super::jpeg::{self, JpegHeader, marker};
use super::samples::{Samples, write_cells};
use crate::dicom::pixels::{PixelError, PixelLayout};

const ENCODING: Encoding = Encoding::JpegLossless;

/// Decodes one frame into little-endian cells. `out` has the length of the frame.
pub(super) fn decode(stream: &[u8], layout: &PixelLayout, out: &mut [u8]) -> Result<(), PixelError> {
    let header = jpeg::parse(ENCODING, stream)?;
    header.frame.check(ENCODING, layout)?;
    let scan = Scan::new(&header)?;
    let columns = layout.columns();
    let rows_per_segment = match header.restart_interval {
        0 => layout.rows(),
        n if n.is_multiple_of(columns) => n / columns,
        n => return Err(header.corrupt(format!("restart interval {n} is not a number of whole rows"))),
    };
    let kind = Samples { precision: header.frame.precision, is_lossy: false };
    let mut coded = header.entropy;
    let mut clean = Vec::new();
    let mut rows = Rows { above: vec![0; columns], row: vec![0; columns] };
    let row_bytes = columns * layout.cell_bytes();
    for (index, segment) in out.chunks_mut(rows_per_segment * row_bytes).enumerate() {
        coded = header.skip_restart(coded, index)?;
        coded = unstuff(coded, &mut clean);
        let mut reader = BitReader::new(&clean);
        for (row_index, cells) in segment.chunks_mut(row_bytes).enumerate() {
            scan.decode_row(&mut reader, &mut rows, row_index == 0)?;
            let samples = rows.row.iter().map(|&value| u32::from(value) << scan.point_transform);
            write_cells(samples, kind, layout, cells);
        }
        header.check_rest(&reader)?;
    }
    header.check_end(coded)
}

/// A row and the one above it.
struct Rows {
    above: Vec<u16>,
    row: Vec<u16>,
}

struct Scan {
    predictor: u8,
    point_transform: u32,
    start: u16,
    table: DifferenceTable,
}

impl Scan {
    fn new(header: &JpegHeader) -> Result<Self, PixelError> {
        if header.process != marker::SOF3 {
            let feature = format!("process SOF{}", header.process & 15);
            return Err(PixelError::UnsupportedFeature { encoding: ENCODING, feature });
        }
        let [predictor, _, approximation] = header.scan;
        let (precision, point_transform) = (header.frame.precision, u32::from(approximation & 15));
        if !(2..=16).contains(&precision) || point_transform >= precision {
            return Err(header.corrupt(format!("precision {precision}, point transform {point_transform}")));
        }
        if !(1..=7).contains(&predictor) {
            return Err(header.corrupt(format!("predictor {predictor}, expected 1 to 7")));
        }
        let stored = header.huffman[0].get(header.table_ids.0).copied().flatten();
        let table = stored.and_then(DifferenceTable::new);
        let table = table.ok_or_else(|| header.corrupt("the Huffman table is missing or broken"))?;
        Ok(Self { predictor, point_transform, start: 1 << (precision - point_transform - 1), table })
    }

    /// Decodes into `rows.row`, after moving what is there to `rows.above`.
    fn decode_row(&self, reader: &mut BitReader, rows: &mut Rows, is_first: bool) -> Result<(), PixelError> {
        std::mem::swap(&mut rows.above, &mut rows.row);
        let Rows { above, row } = rows;
        let done = if is_first {
            self.decode_samples(reader, row, above, self.start, |a, _, _| a)
        } else {
            let start = above[0];
            match self.predictor {
                1 => self.decode_samples(reader, row, above, start, |a, _, _| a),
                2 => self.decode_samples(reader, row, above, start, |_, b, _| b),
                3 => self.decode_samples(reader, row, above, start, |_, _, c| c),
                4 => self.decode_samples(reader, row, above, start, |a, b, c| a + b - c),
                5 => self.decode_samples(reader, row, above, start, |a, b, c| a + ((b - c) >> 1)),
                6 => self.decode_samples(reader, row, above, start, |a, b, c| b + ((a - c) >> 1)),
                _ => self.decode_samples(reader, row, above, start, |a, b, _| (a + b) >> 1),
            }
        };
        if reader.is_past_end() {
            return Err(PixelError::Truncated { encoding: ENCODING });
        }
        done.ok_or_else(|| PixelError::Corrupt {
            encoding: ENCODING,
            message: "bits that are no Huffman code".into(),
        })
    }

    #[inline]
    fn decode_samples(
        &self,
        reader: &mut BitReader,
        row: &mut [u16],
        above: &[u16],
        start: u16,
        predict: impl Fn(i32, i32, i32) -> i32,
    ) -> Option<()> {
        let (mut left, mut above_left) = (i32::from(start), 0);
        let mut is_first = true;
        for (sample, &above) in row.iter_mut().zip(above) {
            let above = i32::from(above);
            let prediction = if is_first { left } else { predict(left, above, above_left) };
            is_first = false;
            reader.refill();
            *sample = (prediction as u16).wrapping_add(self.table.take(reader)?);
            (left, above_left) = (i32::from(*sample), above);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dicom::pixels::{layout_of, layout_with};

    /// How the encoder of these tests writes.
    #[derive(Clone, Copy)]
    struct Style {
        precision: u8,
        predictor: u8,
        point_transform: u8,
        restart_rows: usize,
    }

    /// Bits to bytes with the stuffed zeros.
    #[derive(Default)]
    struct BitWriter {
        bytes: Vec<u8>,
        bits: u64,
        n_bits: u32,
    }

    impl BitWriter {
        fn put(&mut self, value: u32, n: u32) {
            self.bits = self.bits << n | u64::from(value);
            self.n_bits += n;
            while self.n_bits >= 8 {
                self.n_bits -= 8;
                let byte = (self.bits >> self.n_bits) as u8;
                self.bytes.push(byte);
                if byte == 0xFF {
                    self.bytes.push(0);
                }
            }
        }

        fn finish(&mut self) {
            let n = (8 - self.n_bits) % 8;
            self.put((1 << n) - 1, n);
        }
    }

    /// Straight from annex H, one look at the formula per sample; each category is a code of five bits.
    fn encode(samples: &[u16], columns: usize, style: Style) -> Vec<u8> {
        let rows = samples.len() / columns;
        let mut out = vec![0xFF, marker::SOI, 0xFF, marker::SOF3, 0, 11, style.precision];
        out.extend((rows as u16).to_be_bytes());
        out.extend((columns as u16).to_be_bytes());
        out.extend([1, 1, 0x11, 0, 0xFF, marker::DHT, 0, 36, 0, 0, 0, 0, 0, 17]);
        out.extend([0; 11]);
        out.extend(0..17);
        out.extend([0xFF, marker::DRI, 0, 4]);
        out.extend(((style.restart_rows * columns) as u16).to_be_bytes());
        out.extend([0xFF, marker::SOS, 0, 8, 1, 1, 0, style.predictor, 0, style.point_transform]);
        let mut writer = BitWriter::default();
        let value = |y: usize, x: usize| i32::from(samples[y * columns + x] >> style.point_transform);
        for y in 0..rows {
            let row = if style.restart_rows == 0 { y } else { y % style.restart_rows };
            if row == 0 && y > 0 {
                writer.finish();
                writer.bytes.extend([0xFF, marker::RST0 + ((y / style.restart_rows - 1) % 8) as u8]);
            }
            for x in 0..columns {
                let at = |dy: usize, dx: usize| value(y - dy, x - dx);
                let prediction = match (row, x, style.predictor) {
                    (0, 0, _) => 1 << (style.precision - style.point_transform - 1),
                    (0, ..) | (_, 1.., 1) => at(0, 1),
                    (_, 0, _) | (_, _, 2) => at(1, 0),
                    (_, _, 3) => at(1, 1),
                    (_, _, 4) => at(0, 1) + at(1, 0) - at(1, 1),
                    (_, _, 5) => at(0, 1) + ((at(1, 0) - at(1, 1)) >> 1),
                    (_, _, 6) => at(1, 0) + ((at(0, 1) - at(1, 1)) >> 1),
                    _ => (at(0, 1) + at(1, 0)) >> 1,
                };
                put_difference(&mut writer, (value(y, x) - prediction) as i16);
            }
        }
        writer.finish();
        out.extend(writer.bytes);
        out.extend([0xFF, marker::EOI]);
        out
    }

    fn put_difference(writer: &mut BitWriter, difference: i16) {
        let category = 16 - difference.unsigned_abs().leading_zeros();
        writer.put(category, 5);
        if (1..16).contains(&category) {
            let bits = if difference < 0 { difference - 1 } else { difference };
            writer.put(u32::from(bits.cast_unsigned()) & ((1 << category) - 1), category);
        }
    }

    /// A texture that visits every category, among them -32768.
    fn texture(n: usize, precision: u8) -> Vec<u16> {
        let mask = u16::MAX >> (16 - precision);
        let sample = |i: usize| match i % 11 {
            0..5 => (i * i / 7) as u16,
            5 => 0,
            6 => 0x8000 >> (16 - precision),
            7 => mask,
            _ => (i as u16).wrapping_mul(40_503),
        };
        (0..n).map(|i| sample(i) & mask).collect()
    }

    fn decode_words(stream: &[u8], layout: &PixelLayout) -> Result<Vec<u16>, PixelError> {
        let mut out = vec![0; layout.frame_bytes()];
        decode(stream, layout, &mut out)?;
        Ok(out.as_chunks::<2>().0.iter().map(|&cell| u16::from_le_bytes(cell)).collect())
    }

    #[test]
    fn all_predictors_precisions_and_restarts_come_back() {
        let (rows, columns) = (12, 13);
        for precision in [2, 8, 12, 15, 16] {
            let samples = texture(rows * columns, precision);
            let layout =
                layout_with((rows, columns), (16, precision.into(), u16::from(precision) - 1), false);
            for predictor in 1..=7 {
                for restart_rows in [0, 1, 5] {
                    let style = Style { precision, predictor, point_transform: 0, restart_rows };
                    let stream = encode(&samples, columns, style);
                    assert_eq!(decode_words(&stream, &layout).unwrap(), samples);
                }
            }
        }
    }

    #[test]
    fn the_point_transform_drops_low_bits_only() {
        let samples = texture(80, 12);
        let style = Style { precision: 12, predictor: 4, point_transform: 3, restart_rows: 0 };
        let expected: Vec<u16> = samples.iter().map(|sample| sample & !7).collect();
        let layout = layout_with((8, 10), (16, 12, 11), false);
        assert_eq!(decode_words(&encode(&samples, 10, style), &layout).unwrap(), expected);
    }

    #[test]
    fn a_missing_restart_marker_and_a_second_image_are_errors() {
        let style = Style { precision: 16, predictor: 1, point_transform: 0, restart_rows: 2 };
        let stream = encode(&texture(64, 16), 8, style);
        let layout = layout_of((8, 8), 16);
        let at = stream.windows(2).position(|pair| pair == [0xFF, marker::RST0]).unwrap();
        let mut broken = stream.clone();
        broken[at + 1] = marker::RST0 + 1;
        assert!(decode_words(&broken, &layout).unwrap_err().to_string().contains("restart"));
        let n = stream.len();
        let mut broken = stream.clone();
        broken[n - 1] = marker::SOS;
        assert!(decode_words(&broken, &layout).unwrap_err().to_string().contains("after the image"));
    }

    #[test]
    fn rows_left_over_are_an_error() {
        let style = Style { precision: 16, predictor: 1, point_transform: 0, restart_rows: 0 };
        let mut stream = encode(&texture(64, 16), 8, style);
        stream[8] = 6; // claims six rows of eight
        let message = decode_words(&stream, &layout_of((6, 8), 16)).unwrap_err().to_string();
        assert!(message.contains("left over"), "{message}");
    }

    #[test]
    fn every_truncation_is_an_error() {
        let style = Style { precision: 16, predictor: 6, point_transform: 0, restart_rows: 3 };
        let samples = texture(64, 16);
        let stream = encode(&samples, 8, style);
        let layout = layout_of((8, 8), 16);
        for length in 0..stream.len() - 2 {
            assert!(decode_words(&stream[..length], &layout).is_err(), "{length} of {}", stream.len());
        }
        assert_eq!(decode_words(&stream[..stream.len() - 2], &layout).unwrap(), samples);
    }
}
