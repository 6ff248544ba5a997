//! How a header says that the pixels are stored.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::attribute::{Fault, required_count, text, texts};
use super::data_set::DataSet;
use super::pixels::Padding;
use super::walk::PixelSpan;

/// The attributes of the Image Pixel module.
#[derive(Debug, Clone, PartialEq)]
pub struct PixelAttributes {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// SamplesPerPixel.
    pub samples_per_pixel: u64,
    /// PhotometricInterpretation.
    pub photometric_interpretation: String,
    /// BitsAllocated.
    pub bits_allocated: u16,
    /// BitsStored.
    pub bits_stored: u16,
    /// HighBit.
    pub high_bit: u16,
    /// PixelRepresentation is 1.
    pub is_signed: bool,
    /// PixelPaddingValue and PixelPaddingRangeLimit.
    pub padding: Option<Padding>,
}

impl PixelAttributes {
    /// The attributes of an object with these pixels.
    ///
    /// # Errors
    /// An attribute that must be there is not, or is none of what it may be.
    pub fn of(object: &DataSet, pixels: Option<PixelSpan>) -> Result<Self, Fault> {
        let small = |tag: Tag| -> Result<u16, Fault> {
            let value = required_count(object, tag)?;
            u16::try_from(value).map_err(|_| Fault::expected(tag, "a number below 65536", &value.to_string()))
        };
        let bits_allocated = small(tags::BITS_ALLOCATED)?;
        let pixels = pixels.map_or(tags::PIXEL_DATA, |pixels| pixels.tag);
        let is_float = pixels != tags::PIXEL_DATA;
        let (bits_stored, high_bit, is_signed) = if is_float {
            (bits_allocated, bits_allocated.saturating_sub(1), true)
        } else {
            (small(tags::BITS_STORED)?, small(tags::HIGH_BIT)?, is_signed(object)?)
        };
        Ok(Self {
            rows: usize::from(small(tags::ROWS)?),
            columns: usize::from(small(tags::COLUMNS)?),
            samples_per_pixel: required_count(object, tags::SAMPLES_PER_PIXEL)?,
            photometric_interpretation: text(object, tags::PHOTOMETRIC_INTERPRETATION)
                .ok_or_else(|| Fault::missing(tags::PHOTOMETRIC_INTERPRETATION))?,
            bits_allocated,
            bits_stored,
            high_bit,
            is_signed,
            padding: padding(object, pixels)?,
        })
    }
}

fn is_signed(object: &DataSet) -> Result<bool, Fault> {
    match required_count(object, tags::PIXEL_REPRESENTATION)? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Fault::expected(tags::PIXEL_REPRESENTATION, "0 or 1", &other.to_string())),
    }
}

/// Values that mean "no image here", of integer or of float pixel data.
fn padding(object: &DataSet, pixels: Tag) -> Result<Option<Padding>, Fault> {
    let (value, limit) = match pixels {
        tags::FLOAT_PIXEL_DATA => (tags::FLOAT_PIXEL_PADDING_VALUE, tags::FLOAT_PIXEL_PADDING_RANGE_LIMIT),
        tags::DOUBLE_FLOAT_PIXEL_DATA => {
            (tags::DOUBLE_FLOAT_PIXEL_PADDING_VALUE, tags::DOUBLE_FLOAT_PIXEL_PADDING_RANGE_LIMIT)
        }
        _ => (tags::PIXEL_PADDING_VALUE, tags::PIXEL_PADDING_RANGE_LIMIT),
    };
    let read = |tag: Tag| -> Result<Option<f64>, Fault> {
        let parts = texts(object, tag);
        let Some(first) = parts.first() else { return Ok(None) };
        first.parse().map(Some).map_err(|_| Fault::expected(tag, "a number", first))
    };
    read(value)?
        .map(|value| -> Result<Padding, Fault> { Ok(Padding { value, limit: read(limit)? }) })
        .transpose()
}
