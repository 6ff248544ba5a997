//! Cells to float32 values.

use super::bits::BitField;
use super::padding::PaddingRange;
use super::{ByteOrder, Padding, PixelError, PixelLayout, Rescale, SampleFormat};

/// What was seen while a frame was unpacked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Samples that were padding and now hold the fill value.
    pub n_padding: usize,
    /// A bit was set above High Bit (or below the sample) that is not its sign, and was dropped.
    pub has_unused_bits: bool,
}

/// How a frame becomes values; the same for every frame of a series or different for each.
#[derive(Debug, Clone, Copy)]
pub struct Unpacking<'a> {
    /// Order of the bytes in a cell. Decoded frames are [`ByteOrder::Little`].
    pub order: ByteOrder,
    /// Where the samples lie.
    pub layout: &'a PixelLayout,
    /// Stored value to HU.
    pub rescale: Rescale,
    /// Stored values that are no image.
    pub padding: Option<Padding>,
}

/// The values of one frame, computed in float64 and rounded once; padding becomes `fill`.
///
/// # Errors
/// [`PixelError::Length`] when bytes or output do not fit the layout, [`PixelError::NotFinite`] for a NaN or
/// an infinity that is not padding.
pub fn unpack_f32(bytes: &[u8], how: &Unpacking, fill: f32, out: &mut [f32]) -> Result<Unpacked, PixelError> {
    how.layout.check_frame(bytes.len(), out.len())?;
    let is_little = how.order == ByteOrder::Little;
    match how.layout.format() {
        SampleFormat::Integer => {
            let seen = if how.padding.is_none() && how.layout.cell_bytes() == 2 {
                unpack_words(bytes, how, out)
            } else {
                each_stored(bytes, how, |index, stored| {
                    out[index] = stored.map_or(fill, |stored| how.rescale.apply(stored as f64) as f32);
                    Ok(())
                })?
            };
            let is_endless = |value: &f32| !value.is_finite();
            match how.rescale.may_exceed_f32().then(|| out.iter().position(is_endless)).flatten() {
                Some(index) => Err(PixelError::NotFinite { index }),
                None => Ok(seen),
            }
        }
        SampleFormat::Float32 => {
            let read = if is_little { f32::from_le_bytes } else { f32::from_be_bytes };
            let samples = bytes.as_chunks::<4>().0.iter().map(|&cell| f64::from(read(cell)));
            unpack_floats(samples, how, fill, out)
        }
        SampleFormat::Float64 => {
            let read = if is_little { f64::from_le_bytes } else { f64::from_be_bytes };
            unpack_floats(bytes.as_chunks::<8>().0.iter().map(|&cell| read(cell)), how, fill, out)
        }
    }
}

/// 16-bit cells without padding: the common case, without a branch per sample.
fn unpack_words(bytes: &[u8], how: &Unpacking, out: &mut [f32]) -> Unpacked {
    let field = BitField::new(how.layout);
    let is_little = how.order == ByteOrder::Little;
    let mut unused = 0;
    for (&cell, slot) in bytes.as_chunks::<2>().0.iter().zip(out) {
        let cell = u32::from(if is_little { u16::from_le_bytes(cell) } else { u16::from_be_bytes(cell) });
        let stored = field.stored(cell) as i32; // at most 16 bits and a sign
        unused |= field.unused(cell, stored.into());
        *slot = how.rescale.apply(stored.into()) as f32;
    }
    Unpacked { n_padding: 0, has_unused_bits: unused & 0xFFFF != 0 }
}

fn unpack_floats(
    samples: impl Iterator<Item = f64>,
    how: &Unpacking,
    fill: f32,
    out: &mut [f32],
) -> Result<Unpacked, PixelError> {
    let mut seen = Unpacked::default();
    for (index, (sample, slot)) in samples.zip(out).enumerate() {
        if how.padding.is_some_and(|padding| padding.contains_float(sample)) {
            *slot = fill;
            seen.n_padding += 1;
            continue;
        }
        *slot = how.rescale.apply(sample) as f32;
        if !slot.is_finite() {
            return Err(PixelError::NotFinite { index });
        }
    }
    Ok(seen)
}

/// Hands every integer sample of the frame to `put`, in order: its stored value, or None for padding.
pub(super) fn each_stored(
    bytes: &[u8],
    how: &Unpacking,
    put: impl FnMut(usize, Option<i64>) -> Result<(), PixelError>,
) -> Result<Unpacked, PixelError> {
    let is_little = how.order == ByteOrder::Little;
    match how.layout.cell_bytes() {
        1 => each_cell(bytes.iter().map(|&cell| u32::from(cell)), how, put),
        2 => {
            let read = if is_little { u16::from_le_bytes } else { u16::from_be_bytes };
            each_cell(bytes.as_chunks::<2>().0.iter().map(|&cell| u32::from(read(cell))), how, put)
        }
        _ => {
            let read = if is_little { u32::from_le_bytes } else { u32::from_be_bytes };
            each_cell(bytes.as_chunks::<4>().0.iter().map(|&cell| read(cell)), how, put)
        }
    }
}

#[inline]
fn each_cell(
    cells: impl Iterator<Item = u32>,
    how: &Unpacking,
    mut put: impl FnMut(usize, Option<i64>) -> Result<(), PixelError>,
) -> Result<Unpacked, PixelError> {
    let field = BitField::new(how.layout);
    let range = how.padding.map_or(PaddingRange::None, |padding| padding.integer_range(how.layout));
    let (mut n_padding, mut unused) = (0, 0);
    for (index, cell) in cells.enumerate() {
        let stored = field.stored(cell);
        let is_padding = match range {
            PaddingRange::None => false,
            PaddingRange::Stored(lowest, highest) => (lowest..=highest).contains(&stored),
            PaddingRange::Cell(lowest, highest) => (lowest..=highest).contains(&field.whole(cell)),
        };
        if is_padding {
            n_padding += 1;
            put(index, None)?;
        } else {
            unused |= field.unused(cell, stored);
            put(index, Some(stored))?;
        }
    }
    Ok(Unpacked { n_padding, has_unused_bits: unused != 0 })
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::{floats, integers};
    use super::*;

    fn unpack(bytes: &[u8], layout: &PixelLayout, padding: Option<Padding>) -> Result<Vec<f32>, PixelError> {
        let rescale = Rescale::new(0.5, -10.0).unwrap();
        let mut out = vec![0.0; layout.n_samples()];
        let how = Unpacking { order: ByteOrder::Little, layout, rescale, padding };
        unpack_f32(bytes, &how, -1000.0, &mut out).map(|_| out)
    }

    #[test]
    fn integers_of_every_width_are_rescaled() {
        let le16 = integers((1, 2), (16, 16, 15), true).unwrap();
        assert_eq!(unpack(&[0xFF, 0xFF, 5, 0], &le16, None).unwrap(), [-10.5, -7.5]);
        let u8s = integers((1, 2), (8, 8, 7), false).unwrap();
        assert_eq!(unpack(&[255, 1], &u8s, None).unwrap(), [117.5, -9.5]);
        let u32s = integers((1, 1), (32, 32, 31), false).unwrap();
        assert_eq!(unpack(&[0xFF; 4], &u32s, None).unwrap(), [(4_294_967_295.0 * 0.5 - 10.0) as f32]);
    }

    #[test]
    fn float_pixel_data_is_rescaled_and_its_padding_may_be_nan() {
        let layout = floats((1, 2), 32, SampleFormat::Float32);
        let bytes: Vec<u8> = [4.0_f32, f32::NAN].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(unpack(&bytes, &layout, None), Err(PixelError::NotFinite { index: 1 }));
        let nan = Padding { value: f64::NAN, limit: None };
        assert_eq!(unpack(&bytes, &layout, Some(nan)).unwrap(), [-8.0, -1000.0]);
        let layout = floats((1, 2), 64, SampleFormat::Float64);
        let bytes: Vec<u8> = [4.0_f64, 1e300].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(unpack(&bytes, &layout, None), Err(PixelError::NotFinite { index: 1 }));
    }

    #[test]
    fn big_endian_cells_are_read_big_endian() {
        let layout = integers((1, 2), (16, 12, 11), false).unwrap();
        let how =
            Unpacking { order: ByteOrder::Big, layout: &layout, rescale: Rescale::IDENTITY, padding: None };
        let mut out = [0.0; 2];
        let seen = unpack_f32(&[0x01, 0x02, 0x8F, 0xFF], &how, 0.0, &mut out).unwrap();
        assert_eq!((out, seen.has_unused_bits), ([258.0, 4095.0], true));
    }

    #[test]
    fn a_rescale_beyond_float32_is_an_error() {
        let layout = integers((1, 2), (16, 16, 15), false).unwrap();
        let rescale = Rescale::new(1e38, 0.0).unwrap();
        let how = Unpacking { order: ByteOrder::Little, layout: &layout, rescale, padding: None };
        let result = unpack_f32(&[1, 0, 9, 0], &how, 0.0, &mut [0.0; 2]);
        assert_eq!(result, Err(PixelError::NotFinite { index: 1 }));
    }

    #[test]
    fn a_frame_of_another_length_is_refused() {
        let layout = integers((2, 2), (16, 16, 15), false).unwrap();
        assert!(matches!(unpack(&[0; 7], &layout, None), Err(PixelError::Length { expected: 8, .. })));
    }
}
