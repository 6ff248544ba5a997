//! Samples of a codestream to the cells of a layout.

use super::Encoding;
use crate::dicom::pixels::{PixelError, PixelLayout};

/// What the samples of a codestream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Samples {
    /// Bits of a sample in the codestream.
    pub precision: u32,
    /// The samples may differ a little from what was compressed.
    pub is_lossy: bool,
}

/// Where the samples of a codestream go in a cell. A codestream of at most Bits Stored bits holds samples
/// alone: they are moved to High Bit, and a signed one is extended from the codestream's own top bit. Pixel
/// Representation (0028,0103) decides the sign, not the codestream, as in pydicom. A wider codestream holds
/// whole cells, which stay as they are; but a lossy one may have lifted a sample out of the range of Bits
/// Stored (4095 became 4097), and masking would make metal into air, so it is clamped.
#[derive(Debug, Clone, Copy)]
struct Placement {
    sign_shift: u32,
    mask: u32,
    left: u32,
    is_signed: bool,
    range: Option<(i64, i64)>,
}

impl Placement {
    fn new(samples: Samples, layout: &PixelLayout) -> Self {
        let (bits_stored, precision) = (u32::from(layout.bits_stored()), samples.precision);
        let above = u32::from(layout.high_bit()) + 1 - bits_stored;
        let is_cell = precision > bits_stored;
        let is_clamped = is_cell && samples.is_lossy && above == 0;
        Self {
            sign_shift: 32 - precision,
            mask: u32::MAX >> (32 - precision),
            left: if is_cell { 0 } else { above },
            is_signed: layout.is_signed() && (!is_cell || is_clamped),
            range: is_clamped.then(|| layout.stored_range()),
        }
    }

    #[inline]
    fn cell(self, sample: u32) -> u32 {
        let value = if self.is_signed {
            ((sample << self.sign_shift).cast_signed() >> self.sign_shift).cast_unsigned()
        } else {
            sample & self.mask
        };
        match self.range {
            None => value << self.left,
            Some((lowest, highest)) if self.is_signed => {
                i64::from(value.cast_signed()).clamp(lowest, highest) as u32
            }
            Some((lowest, highest)) => i64::from(value).clamp(lowest, highest) as u32,
        }
    }
}

/// Writes samples as little-endian cells.
pub(super) fn write_cells(
    values: impl Iterator<Item = u32>,
    samples: Samples,
    layout: &PixelLayout,
    out: &mut [u8],
) {
    let place = Placement::new(samples, layout);
    match layout.cell_bytes() {
        1 => out.iter_mut().zip(values).for_each(|(cell, value)| *cell = place.cell(value) as u8),
        2 => (out.as_chunks_mut::<2>().0.iter_mut().zip(values))
            .for_each(|(cell, value)| *cell = (place.cell(value) as u16).to_le_bytes()),
        _ => (out.as_chunks_mut::<4>().0.iter_mut().zip(values))
            .for_each(|(cell, value)| *cell = place.cell(value).to_le_bytes()),
    }
}

/// What the header of a codestream claims, held against the DICOM header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StreamHeader {
    pub rows: u32,
    pub columns: u32,
    pub n_components: u32,
    pub precision: u32,
}

impl StreamHeader {
    /// # Errors
    /// [`PixelError::Mismatch`] naming the first contradiction and both values.
    pub(super) fn check(&self, encoding: Encoding, layout: &PixelLayout) -> Result<(), PixelError> {
        let mismatch = |what, stream: u32, tag, header: usize| {
            Err(PixelError::Mismatch { encoding, what, stream: stream.into(), tag, header: header as u64 })
        };
        if self.rows as usize != layout.rows() {
            return mismatch("height", self.rows, "Rows (0028,0010)", layout.rows());
        }
        if self.columns as usize != layout.columns() {
            return mismatch("width", self.columns, "Columns (0028,0011)", layout.columns());
        }
        if self.n_components != 1 {
            let tag = "SamplesPerPixel (0028,0002)";
            return mismatch("number of components", self.n_components, tag, 1);
        }
        if self.precision == 0 || self.precision > u32::from(layout.bits_allocated()) {
            let tag = "BitsAllocated (0028,0100)";
            return mismatch("sample precision", self.precision, tag, layout.bits_allocated().into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dicom::pixels::layout_with;

    fn cell(precision: u32, is_lossy: bool, layout: &PixelLayout, sample: u32) -> u32 {
        Placement::new(Samples { precision, is_lossy }, layout).cell(sample)
    }

    #[test]
    fn signed_samples_narrower_than_bits_stored_keep_their_sign() {
        let layout = layout_with((1, 1), (16, 16, 15), true);
        assert_eq!(cell(12, false, &layout, 0xFFF), 0xFFFF_FFFF);
        assert_eq!(cell(12, false, &layout, 0x7FF), 0x7FF);
        let layout = layout_with((1, 1), (16, 16, 15), false);
        assert_eq!(cell(12, false, &layout, 0xFFFF_FFFF), 0xFFF);
    }

    #[test]
    fn samples_are_moved_to_high_bit_and_whole_cells_are_not() {
        let layout = layout_with((1, 1), (16, 12, 15), false);
        assert_eq!(cell(12, false, &layout, 0xABC), 0xABC0);
        assert_eq!(cell(16, true, &layout, 0xABC0), 0xABC0);
    }

    #[test]
    fn loss_does_not_turn_saturated_metal_into_air() {
        let layout = layout_with((1, 1), (16, 12, 11), false);
        assert_eq!(cell(16, true, &layout, 4097), 4095);
        assert_eq!(cell(16, false, &layout, 0x1001), 0x1001, "lossless: the bit is an overlay");
        let layout = layout_with((1, 1), (16, 12, 11), true);
        assert_eq!(cell(16, true, &layout, 2050), 2047);
        assert_eq!(cell(16, true, &layout, 0xF7FE) as u16, 0xF800);
    }

    #[test]
    fn a_contradiction_names_both_values() {
        let layout = layout_with((4, 6), (16, 12, 11), false);
        let good = StreamHeader { rows: 4, columns: 6, n_components: 1, precision: 12 };
        assert_eq!(good.check(Encoding::JpegLs, &layout), Ok(()));
        for (bad, words) in [
            (StreamHeader { rows: 5, ..good }, ["height is 5", "is 4"]),
            (StreamHeader { columns: 7, ..good }, ["width is 7", "is 6"]),
            (StreamHeader { n_components: 3, ..good }, ["components is 3", "SamplesPerPixel"]),
            (StreamHeader { precision: 17, ..good }, ["precision is 17", "is 16"]),
        ] {
            let message = bad.check(Encoding::JpegLs, &layout).unwrap_err().to_string();
            assert!(words.iter().all(|word| message.contains(word)), "{message}");
        }
    }
}
