//! How the samples of a frame lie in memory.

use super::PixelError;

/// What a cell of Bits Allocated bits holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleFormat {
    /// Pixel Data (7FE0,0010).
    Integer,
    /// Float Pixel Data (7FE0,0008): IEEE 754, 32 bit.
    Float32,
    /// Double Float Pixel Data (7FE0,0009): IEEE 754, 64 bit.
    Float64,
}

/// Order of the bytes within a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first: every transfer syntax but one.
    Little,
    /// Explicit VR Big Endian.
    Big,
}

/// The Image Pixel attributes of one frame as an untrusted header gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImagePixel {
    /// Rows (0028,0010).
    pub rows: usize,
    /// Columns (0028,0011).
    pub columns: usize,
    /// Bits Allocated (0028,0100).
    pub bits_allocated: u16,
    /// Bits Stored (0028,0101); absent, and not looked at, for float pixel data.
    pub bits_stored: u16,
    /// High Bit (0028,0102); absent, and not looked at, for float pixel data.
    pub high_bit: u16,
    /// Pixel Representation (0028,0103) is 1; absent, and not looked at, for float pixel data.
    pub is_signed: bool,
    /// Which of the three pixel data elements the frame comes from.
    pub format: SampleFormat,
}

/// What the header says about one frame, checked against itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelLayout(ImagePixel);

const BITS_ALLOCATED: &str = "BitsAllocated (0028,0100)";

impl PixelLayout {
    /// Checks the values of an untrusted header.
    ///
    /// # Errors
    /// [`PixelError::Layout`] naming the tag, or [`PixelError::TooLarge`].
    pub fn new(mut header: ImagePixel) -> Result<Self, PixelError> {
        let (rows, columns) = (header.rows, header.columns);
        check_size(rows, columns)?;
        match header.format {
            SampleFormat::Integer => check_integer(&header)?,
            SampleFormat::Float32 => check_float(&mut header, 32)?,
            SampleFormat::Float64 => check_float(&mut header, 64)?,
        }
        let n_bytes =
            rows.checked_mul(columns).and_then(|n| n.checked_mul(header.bits_allocated as usize / 8));
        match n_bytes {
            Some(n) if isize::try_from(n).is_ok() => Ok(Self(header)),
            _ => Err(PixelError::TooLarge { rows, columns }),
        }
    }

    /// Rows (0028,0010).
    pub const fn rows(&self) -> usize {
        self.0.rows
    }

    /// Columns (0028,0011).
    pub const fn columns(&self) -> usize {
        self.0.columns
    }

    /// Bits Allocated (0028,0100): 8, 16, 32, or 64 for [`SampleFormat::Float64`].
    pub const fn bits_allocated(&self) -> u16 {
        self.0.bits_allocated
    }

    /// Bits Stored (0028,0101).
    pub const fn bits_stored(&self) -> u16 {
        self.0.bits_stored
    }

    /// High Bit (0028,0102).
    pub const fn high_bit(&self) -> u16 {
        self.0.high_bit
    }

    /// Pixel Representation (0028,0103) is 1.
    pub const fn is_signed(&self) -> bool {
        self.0.is_signed
    }

    /// Integer or float.
    pub const fn format(&self) -> SampleFormat {
        self.0.format
    }

    /// Samples of one frame.
    pub const fn n_samples(&self) -> usize {
        self.0.rows * self.0.columns
    }

    /// Bytes of one sample.
    pub const fn cell_bytes(&self) -> usize {
        self.0.bits_allocated as usize / 8
    }

    /// Bytes of one native frame. In a file, the last frame is padded to an even number.
    pub const fn frame_bytes(&self) -> usize {
        self.n_samples() * self.cell_bytes()
    }

    /// The smallest and the largest stored value that Bits Stored and the sign allow.
    pub(crate) const fn stored_range(&self) -> (i64, i64) {
        let bits = self.0.bits_stored as u32;
        if self.0.is_signed { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
    }

    pub(crate) fn check_frame(&self, n_bytes: usize, n_out: usize) -> Result<(), PixelError> {
        if n_bytes != self.frame_bytes() {
            let expected = self.frame_bytes();
            return Err(PixelError::Length { unit: "bytes", expected, actual: n_bytes });
        }
        if n_out != self.n_samples() {
            let expected = self.n_samples();
            return Err(PixelError::Length { unit: "output samples", expected, actual: n_out });
        }
        Ok(())
    }
}

fn check_size(rows: usize, columns: usize) -> Result<(), PixelError> {
    for (tag, n) in [("Rows (0028,0010)", rows), ("Columns (0028,0011)", columns)] {
        if n == 0 {
            return Err(PixelError::Layout { tag, actual: 0, expected: "at least 1".into() });
        }
    }
    Ok(())
}

fn check_integer(header: &ImagePixel) -> Result<(), PixelError> {
    let ImagePixel { bits_allocated, bits_stored, high_bit, .. } = *header;
    let refuse =
        |tag, actual: u16, expected| Err(PixelError::Layout { tag, actual: actual.into(), expected });
    if !matches!(bits_allocated, 8 | 16 | 32) {
        let why = match bits_allocated {
            1 => " (1 is a bitmap, not an image of values)",
            12 => " (12 is the packed form of ACR-NEMA, two samples in three bytes)",
            _ => "",
        };
        return refuse(BITS_ALLOCATED, bits_allocated, format!("8, 16 or 32{why}"));
    }
    if bits_stored == 0 || bits_stored > bits_allocated {
        let expected = format!("1 to {BITS_ALLOCATED} = {bits_allocated}");
        return refuse("BitsStored (0028,0101)", bits_stored, expected);
    }
    if high_bit >= bits_allocated || high_bit + 1 < bits_stored {
        let lowest = bits_stored - 1;
        let expected = format!("BitsStored - 1 = {lowest} to {BITS_ALLOCATED} - 1 = {}", bits_allocated - 1);
        return refuse("HighBit (0028,0102)", high_bit, expected);
    }
    Ok(())
}

fn check_float(header: &mut ImagePixel, width: u16) -> Result<(), PixelError> {
    if header.bits_allocated != width {
        let expected = format!("{width} for float pixel data of that width");
        let actual = header.bits_allocated.into();
        return Err(PixelError::Layout { tag: BITS_ALLOCATED, actual, expected });
    }
    (header.bits_stored, header.high_bit, header.is_signed) = (width, width - 1, true);
    Ok(())
}

/// Undoes the byte swap of 8-bit samples that Explicit VR Big Endian stores as OW: two samples share a
/// 16-bit word there, the first one in its low byte (PS3.5, annex D). Give it the whole element, not one
/// frame: a frame of odd length ends inside a word. Afterwards the frames are as in little endian.
pub fn swap_ow_words(pixel_data: &mut [u8]) {
    for word in pixel_data.as_chunks_mut::<2>().0 {
        word.swap(0, 1);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A layout of integers for the tests of this room.
    pub(crate) fn integers(
        size: (usize, usize),
        bits: (u16, u16, u16),
        is_signed: bool,
    ) -> Result<PixelLayout, PixelError> {
        let ((rows, columns), (bits_allocated, bits_stored, high_bit)) = (size, bits);
        let format = SampleFormat::Integer;
        PixelLayout::new(ImagePixel {
            rows,
            columns,
            bits_allocated,
            bits_stored,
            high_bit,
            is_signed,
            format,
        })
    }

    /// A layout of floats for the tests of this room.
    pub(crate) fn floats(size: (usize, usize), bits_allocated: u16, format: SampleFormat) -> PixelLayout {
        let (rows, columns) = size;
        let header = ImagePixel {
            rows,
            columns,
            bits_allocated,
            bits_stored: 0,
            high_bit: 0,
            is_signed: false,
            format,
        };
        PixelLayout::new(header).unwrap()
    }

    #[test]
    fn sizes_of_an_ordinary_ct_frame() {
        let ct = integers((512, 256), (16, 12, 11), true).unwrap();
        assert_eq!((ct.n_samples(), ct.frame_bytes(), ct.cell_bytes()), (131_072, 262_144, 2));
        assert_eq!(ct.stored_range(), (-2048, 2047));
    }

    #[test]
    fn impossible_bits_are_refused_by_tag() {
        for (bits, tag) in [
            ((1, 1, 0), "BitsAllocated"),
            ((12, 12, 11), "packed"),
            ((64, 64, 63), "BitsAllocated"),
            ((16, 0, 0), "BitsStored"),
            ((16, 17, 15), "BitsStored"),
            ((16, 12, 10), "HighBit"),
            ((16, 12, 16), "HighBit"),
        ] {
            let message = integers((4, 3), bits, false).unwrap_err().to_string();
            assert!(message.contains(tag), "{bits:?}: {message}");
        }
        assert!(integers((4, 3), (16, 12, 15), false).is_ok(), "left-aligned samples are legal");
    }

    #[test]
    fn a_size_that_overflows_is_refused() {
        let huge = integers((usize::MAX / 2, 5), (16, 16, 15), false);
        assert!(matches!(huge, Err(PixelError::TooLarge { .. })));
        let none = integers((0, 5), (16, 16, 15), false);
        assert!(none.unwrap_err().to_string().contains("Rows"));
    }

    #[test]
    fn float_pixel_data_of_another_width_is_refused() {
        assert_eq!(floats((2, 2), 32, SampleFormat::Float32).frame_bytes(), 16);
        let header = ImagePixel {
            rows: 2,
            columns: 2,
            bits_allocated: 32,
            bits_stored: 0,
            high_bit: 0,
            is_signed: false,
            format: SampleFormat::Float64,
        };
        assert!(PixelLayout::new(header).unwrap_err().to_string().contains("expected 64"));
    }

    #[test]
    fn words_of_big_endian_bytes_are_put_in_order() {
        let mut bytes = [2, 1, 4, 3];
        swap_ow_words(&mut bytes);
        assert_eq!(bytes, [1, 2, 3, 4]);
    }
}
