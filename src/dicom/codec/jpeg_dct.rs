//! JPEG processes 1 and 2 (ITU-T T.81, annex F): sequential DCT, Huffman coding, 8 bit.
//!
//! Our own decoder because those at hand fill a stream that ends early with grey, and because the inverse
//! transform here gives the very values of the Independent JPEG Group's library, which most peers use.

use super::Encoding;
use super::huffman::{BitReader, HuffmanTable, unstuff};
use super::idct::{BLOCK_EDGE, inverse_dct};
use super::jpeg::{self, JpegHeader, marker};
use super::samples::{Samples, write_cells};
use crate::dicom::pixels::{PixelError, PixelLayout};

/// Place of the n-th coefficient of a block (T.81, figure A.6).
#[rustfmt::skip]
const ZIGZAG: [usize; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Decodes one frame into little-endian cells. `out` has the length of the frame.
pub(super) fn decode(
    encoding: Encoding,
    stream: &[u8],
    layout: &PixelLayout,
    out: &mut [u8],
) -> Result<(), PixelError> {
    let header = jpeg::parse(encoding, stream)?;
    header.frame.check(encoding, layout)?;
    let scan = Scan::new(encoding, &header)?;
    let columns = layout.columns();
    let blocks_per_row = columns.div_ceil(BLOCK_EDGE);
    let n_blocks = blocks_per_row * layout.rows().div_ceil(BLOCK_EDGE);
    let interval = if header.restart_interval == 0 { n_blocks } else { header.restart_interval };
    let mut coded = header.entropy;
    let mut clean = Vec::new();
    let mut strip = vec![0_u8; blocks_per_row * BLOCK_EDGE * BLOCK_EDGE];
    let strip_bytes = BLOCK_EDGE * columns * layout.cell_bytes();
    let mut strips = out.chunks_mut(strip_bytes);
    for (index, first) in (0..n_blocks).step_by(interval).enumerate() {
        coded = header.skip_restart(coded, index)?;
        coded = unstuff(coded, &mut clean);
        let mut reader = BitReader::new(&clean);
        let mut dc = 0;
        for block in first..n_blocks.min(first + interval) {
            let coefficients = scan.decode_block(&header, &mut reader, &mut dc)?;
            let column = block % blocks_per_row;
            inverse_dct(&coefficients, &mut strip[column * BLOCK_EDGE..], blocks_per_row * BLOCK_EDGE);
            if column + 1 == blocks_per_row {
                let cells = strips.next().unwrap_or_default();
                write_strip(&strip, layout, cells);
            }
        }
        header.check_rest(&reader)?;
    }
    header.check_end(coded)
}

/// Crops a strip of blocks to the image.
fn write_strip(strip: &[u8], layout: &PixelLayout, cells: &mut [u8]) {
    let kind = Samples { precision: 8, is_lossy: true };
    let stride = layout.columns().next_multiple_of(BLOCK_EDGE);
    let row_bytes = layout.columns() * layout.cell_bytes();
    for (row, cells) in strip.chunks(stride).zip(cells.chunks_mut(row_bytes)) {
        let samples = row.iter().map(|&sample| u32::from(sample)).take(layout.columns());
        write_cells(samples, kind, layout, cells);
    }
}

struct Scan {
    dc: HuffmanTable,
    ac: HuffmanTable,
    quantisation: [u16; 64],
}

impl Scan {
    fn new(encoding: Encoding, header: &JpegHeader) -> Result<Self, PixelError> {
        let unsupported = |feature: String| Err(PixelError::UnsupportedFeature { encoding, feature });
        if !matches!(header.process, marker::SOF0 | marker::SOF1) {
            return unsupported(format!("process SOF{} in this transfer syntax", header.process & 15));
        }
        if header.frame.precision == 12 {
            return unsupported("12-bit lossy JPEG".into());
        }
        if header.frame.precision != 8 {
            return Err(header.corrupt(format!("precision {}, expected 8", header.frame.precision)));
        }
        if header.scan != [0, 63, 0] {
            return Err(header.corrupt(format!("spectral selection {:?}, expected 0 to 63", header.scan)));
        }
        let table = |class: usize, id: usize| {
            let stored = header.huffman[class].get(id).copied().flatten();
            let table = stored.and_then(HuffmanTable::new);
            table.ok_or_else(|| header.corrupt("a Huffman table is missing or broken"))
        };
        let quantisation = header.quantisation.get(header.quantisation_id).copied().flatten();
        let quantisation = quantisation.ok_or_else(|| header.corrupt("the quantisation table is missing"))?;
        let (dc, ac) = (table(0, header.table_ids.0)?, table(1, header.table_ids.1)?);
        if dc.symbols().iter().any(|&symbol| symbol > 16) {
            return Err(header.corrupt("a DC Huffman table with symbols above 16"));
        }
        Ok(Self { dc, ac, quantisation })
    }

    /// The coefficients of the next block, dequantised, in natural order.
    fn decode_block(
        &self,
        header: &JpegHeader,
        reader: &mut BitReader,
        dc: &mut i32,
    ) -> Result<[i32; 64], PixelError> {
        let no_code = || header.corrupt("bits that are no Huffman code");
        let mut block = [0; 64];
        reader.refill();
        let category = self.dc.take_symbol(reader).ok_or_else(no_code)?;
        if category > 0 {
            *dc = dc.wrapping_add(reader.take_extended(category.into()));
        }
        block[0] = self.dequantise(*dc, 0);
        let mut index = 1;
        while index < 64 {
            reader.refill();
            let symbol = self.ac.take_symbol(reader).ok_or_else(no_code)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if run < 15 {
                    break; // end of block
                }
                index += 16;
                continue;
            }
            index += run;
            let place = ZIGZAG.get(index).ok_or_else(|| header.corrupt("more than 64 coefficients"))?;
            block[*place] = self.dequantise(reader.take_extended(size), index);
            index += 1;
        }
        if reader.is_past_end() {
            return Err(header.truncated());
        }
        Ok(block)
    }

    /// Coefficients are 16 bit wide, as in the reference library, so that no product overflows later.
    fn dequantise(&self, value: i32, index: usize) -> i32 {
        i32::from(value as i16) * i32::from(self.quantisation[index])
    }
}
