//! JPEG process 14 (ITU-T T.81, annex H): Huffman-coded differences to one of seven predictors.
//!
//! ```text
//! c b        c: above left, b: above
//! a x        a: left
//! ```

use super::Encoding;
use super::huffman::{BitReader, DifferenceTable, unstuff};
use super::jpeg::{self, JpegHeader, marker};
use super::samples::write_cells;
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
            write_cells(samples, header.frame.precision, layout, cells);
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
