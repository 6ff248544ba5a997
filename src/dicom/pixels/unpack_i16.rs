//! Cells to int16 values: the way of nearly every CT, so it runs at the speed of memory.

use super::bits::BitField;
use super::padding::PaddingRange;
use super::unpack::each_stored;
use super::{ByteOrder, PixelError, Unpacked, Unpacking};

/// Samples between two looks at the range: small enough to stay in the first cache, and below 65,536 so
/// that padding can be counted in 16-bit lanes.
const BLOCK: usize = 4096;

/// The values of one frame where they are integers between -32768 and 32767; padding becomes `fill`.
///
/// # Errors
/// [`PixelError::NotExact`] as soon as a value is anything else (`out` is then partly written): read the
/// frame with [`unpack_f32`](super::unpack_f32). [`PixelError::Length`] when bytes or output do not fit.
pub fn unpack_i16(bytes: &[u8], how: &Unpacking, fill: i16, out: &mut [i16]) -> Result<Unpacked, PixelError> {
    how.layout.check_frame(bytes.len(), out.len())?;
    if !how.rescale.may_be_exact_i16(how.layout) {
        return Err(PixelError::NotExact);
    }
    let (slope, intercept) = how.rescale.as_integers().ok_or(PixelError::NotExact)?;
    if slope == 1 && how.layout.cell_bytes() == 2 {
        return unpack_words(bytes, how, intercept, fill, out);
    }
    each_stored(bytes, how, |index, stored| {
        out[index] = match stored {
            None => fill,
            Some(stored) => i16::try_from(stored * slope + intercept).map_err(|_| PixelError::NotExact)?,
        };
        Ok(())
    })
}

/// Constants of the kernel. Unsigned samples are kept as `stored - 32768`, so that one signed comparison
/// serves both signs (SSE2 has no unsigned 16-bit minimum).
struct Words {
    left: u32,
    right: u32,
    low: u32,
    offset: i16,
    fill: i16,
    pad: (i16, i16),
}

/// What a block contained.
struct Block {
    lowest: i16,
    highest: i16,
    unused: u16,
    n_padding: usize,
}

fn unpack_words(
    bytes: &[u8],
    how: &Unpacking,
    intercept: i64,
    fill: i16,
    out: &mut [i16],
) -> Result<Unpacked, PixelError> {
    let range = how.padding.map_or(PaddingRange::None, |padding| padding.integer_range(how.layout));
    let bias = if how.layout.is_signed() { 0 } else { 32_768 };
    let (pad, is_cell) = match range {
        PaddingRange::None => (None, false),
        PaddingRange::Stored(lowest, highest) => (Some((lowest, highest)), false),
        PaddingRange::Cell(lowest, highest) => (Some((lowest, highest)), true),
    };
    let (left, right, low) = BitField::new(how.layout).shifts_16();
    let words = Words {
        left,
        right,
        low,
        offset: (bias + intercept) as i16, // modulo 2^16: a sum outside int16 shows in the range of the block
        fill,
        pad: pad.map_or((0, 0), |(lowest, highest)| ((lowest - bias) as i16, (highest - bias) as i16)),
    };
    let kernel = kernel_for(how.layout.is_signed(), how.order, pad.is_some(), is_cell);
    let mut seen = Unpacked::default();
    for (cells, out) in bytes.as_chunks::<2>().0.chunks(BLOCK).zip(out.chunks_mut(BLOCK)) {
        let block = kernel(cells, &words, out);
        let (lowest, highest) = (i64::from(block.lowest) + bias, i64::from(block.highest) + bias);
        let is_empty = lowest > highest; // nothing but padding
        if !is_empty && (lowest + intercept < -32_768 || highest + intercept > 32_767) {
            return Err(PixelError::NotExact);
        }
        seen.n_padding += block.n_padding;
        seen.has_unused_bits |= block.unused != 0;
    }
    Ok(seen)
}

type Kernel = fn(&[[u8; 2]], &Words, &mut [i16]) -> Block;

fn kernel_for(is_signed: bool, order: ByteOrder, has_padding: bool, is_cell: bool) -> Kernel {
    match (is_signed, order, has_padding, is_cell) {
        (true, ByteOrder::Little, false, _) => block::<true, false, false, false>,
        (true, ByteOrder::Little, true, false) => block::<true, false, true, false>,
        (true, ByteOrder::Little, true, true) => block::<true, false, true, true>,
        (true, ByteOrder::Big, false, _) => block::<true, true, false, false>,
        (true, ByteOrder::Big, true, false) => block::<true, true, true, false>,
        (true, ByteOrder::Big, true, true) => block::<true, true, true, true>,
        (false, ByteOrder::Little, false, _) => block::<false, false, false, false>,
        (false, ByteOrder::Little, true, false) => block::<false, false, true, false>,
        (false, ByteOrder::Little, true, true) => block::<false, false, true, true>,
        (false, ByteOrder::Big, false, _) => block::<false, true, false, false>,
        (false, ByteOrder::Big, true, false) => block::<false, true, true, false>,
        (false, ByteOrder::Big, true, true) => block::<false, true, true, true>,
    }
}

fn block<const SIGNED: bool, const BIG: bool, const PADDED: bool, const CELL: bool>(
    cells: &[[u8; 2]],
    words: &Words,
    out: &mut [i16],
) -> Block {
    let flip = if SIGNED { 0 } else { 0x8000 };
    let Words { left, right, low, offset, fill, pad } = *words;
    let (mut lowest, mut highest, mut unused, mut n_padding) = (i16::MAX, i16::MIN, 0_u16, 0_u16);
    for (&cell, slot) in cells.iter().zip(out) {
        let cell = if BIG { u16::from_be_bytes(cell) } else { u16::from_le_bytes(cell) };
        let top = cell << left;
        let stored = if SIGNED { (top.cast_signed() >> right).cast_unsigned() } else { top >> right };
        let biased = (stored ^ flip).cast_signed();
        let foreign = (cell ^ (stored << low)) & cell;
        if PADDED {
            let probe = if CELL { (cell ^ flip).cast_signed() } else { biased };
            let is_padding = probe >= pad.0 && probe <= pad.1;
            *slot = if is_padding { fill } else { biased.wrapping_add(offset) };
            lowest = lowest.min(if is_padding { i16::MAX } else { biased });
            highest = highest.max(if is_padding { i16::MIN } else { biased });
            unused |= if is_padding { 0 } else { foreign };
            n_padding += u16::from(is_padding);
        } else {
            *slot = biased.wrapping_add(offset);
            lowest = lowest.min(biased);
            highest = highest.max(biased);
            unused |= foreign;
        }
    }
    Block { lowest, highest, unused, n_padding: n_padding.into() }
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::{floats, integers};
    use super::super::{Padding, PixelLayout, Rescale, SampleFormat, unpack_f32};
    use super::*;

    fn bytes_of(cells: &[u16], order: ByteOrder) -> Vec<u8> {
        let write = if order == ByteOrder::Big { u16::to_be_bytes } else { u16::to_le_bytes };
        cells.iter().flat_map(|&cell| write(cell)).collect()
    }

    fn unpack(
        cells: &[u16],
        layout: &PixelLayout,
        intercept: f64,
        padding: Option<Padding>,
    ) -> Result<(Vec<i16>, Unpacked), PixelError> {
        let rescale = Rescale::new(1.0, intercept).unwrap();
        let how = Unpacking { order: ByteOrder::Little, layout, rescale, padding };
        let mut out = vec![0; cells.len()];
        let seen = unpack_i16(&bytes_of(cells, ByteOrder::Little), &how, -1000, &mut out)?;
        Ok((out, seen))
    }

    #[test]
    fn unsigned_12_bit_with_the_usual_intercept() {
        let layout = integers((1, 3), (16, 12, 11), false).unwrap();
        let (out, seen) = unpack(&[0, 1024, 0xF000 | 4095], &layout, -1024.0, None).unwrap();
        assert_eq!(out, [-1024, 0, 3071]);
        assert!(seen.has_unused_bits);
    }

    #[test]
    fn a_value_outside_int16_is_not_exact_unless_it_is_padding() {
        let layout = integers((1, 2), (16, 16, 15), false).unwrap();
        let cells = [0, 63_536];
        assert_eq!(unpack(&cells, &layout, -1024.0, None), Err(PixelError::NotExact));
        let padding = Some(Padding { value: -2000.0, limit: None });
        let (out, seen) = unpack(&cells, &layout, -1024.0, padding).unwrap();
        assert_eq!((out, seen.n_padding), (vec![-1024, -1000], 1));
        assert_eq!(unpack(&[33_791, 0], &layout, -1024.0, None).unwrap().0, [32_767, -1024]);
        assert_eq!(unpack(&[33_792, 0], &layout, -1024.0, None), Err(PixelError::NotExact));
        let far = unpack(&[1, 0], &layout, 1_048_576.0, None);
        assert_eq!(far, Err(PixelError::NotExact));
    }

    #[test]
    fn padding_wider_than_the_samples_never_becomes_bone() {
        let layout = integers((1, 2), (16, 12, 11), false).unwrap();
        let padding = Some(Padding { value: 63_536.0, limit: None });
        let (out, seen) = unpack(&[63_536, 2096], &layout, -1024.0, padding).unwrap();
        assert_eq!((out, seen.n_padding, seen.has_unused_bits), (vec![-1000, 1072], 1, false));
    }

    #[test]
    fn a_frame_of_padding_alone_is_exact() {
        let layout = integers((1, 2), (16, 16, 15), true).unwrap();
        let padding = Some(Padding { value: -32_768.0, limit: Some(-32_000.0) });
        let (out, seen) = unpack(&[0x8000, 0x8001], &layout, -1024.0, padding).unwrap();
        assert_eq!((out, seen.n_padding), (vec![-1000; 2], 2));
    }

    /// The kernel against the plain float path: every sign, order, alignment and kind of padding, on a
    /// frame that spans several blocks and holds every 16-bit pattern.
    #[test]
    fn the_kernel_agrees_with_the_plain_path() {
        let cells: Vec<u16> = (0..=u16::MAX).map(|i| i.wrapping_mul(40_503)).collect();
        let paddings =
            [None, Some((-2.0, None)), Some((100.0, Some(900.0))), Some((65_000.0, Some(65_010.0)))];
        for bits in [(16, 16, 15), (16, 12, 11), (16, 12, 15), (16, 13, 13), (16, 1, 0)] {
            for (is_signed, order) in [
                (true, ByteOrder::Little),
                (true, ByteOrder::Big),
                (false, ByteOrder::Little),
                (false, ByteOrder::Big),
            ] {
                let layout = integers((256, 256), bits, is_signed).unwrap();
                let bytes = bytes_of(&cells, order);
                for padding in paddings.map(|p| p.map(|(value, limit)| Padding { value, limit })) {
                    let intercept = if is_signed { 0.0 } else { -32_768.0 };
                    let rescale = Rescale::new(1.0, intercept).unwrap();
                    let how = Unpacking { order, layout: &layout, rescale, padding };
                    let (mut exact, mut plain) = (vec![0_i16; 65_536], vec![0.0_f32; 65_536]);
                    let seen = unpack_i16(&bytes, &how, 7, &mut exact).unwrap();
                    assert_eq!(seen, unpack_f32(&bytes, &how, 7.0, &mut plain).unwrap());
                    assert!(
                        exact.iter().zip(&plain).all(|(&a, &b)| f32::from(a).to_bits() == b.to_bits()),
                        "{how:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn other_slopes_and_widths_are_exact_where_they_fit() {
        let layout = integers((1, 2), (8, 8, 7), true).unwrap();
        let rescale = Rescale::new(-2.0, 1.0).unwrap();
        let how = Unpacking { order: ByteOrder::Little, layout: &layout, rescale, padding: None };
        let mut out = [0; 2];
        unpack_i16(&[0x80, 3], &how, 0, &mut out).unwrap();
        assert_eq!(out, [257, -5]);
        let layout = integers((1, 1), (32, 32, 31), false).unwrap();
        let how = Unpacking { layout: &layout, rescale: Rescale::IDENTITY, ..how };
        assert_eq!(unpack_i16(&[0, 0, 1, 0], &how, 0, &mut out[..1]), Err(PixelError::NotExact));
        unpack_i16(&[0, 0x40, 0, 0], &how, 0, &mut out[..1]).unwrap();
        assert_eq!(out[0], 16_384);
    }

    #[test]
    fn fractional_rescale_and_float_samples_are_never_exact() {
        let layout = integers((1, 1), (16, 16, 15), true).unwrap();
        let half = Rescale::new(0.5, 0.0).unwrap();
        let how = Unpacking { order: ByteOrder::Little, layout: &layout, rescale: half, padding: None };
        assert_eq!(unpack_i16(&[0, 0], &how, 0, &mut [0]), Err(PixelError::NotExact));
        let layout = floats((1, 1), 32, SampleFormat::Float32);
        let how = Unpacking { layout: &layout, rescale: Rescale::IDENTITY, ..how };
        assert_eq!(unpack_i16(&[0; 4], &how, 0, &mut [0]), Err(PixelError::NotExact));
    }
}
