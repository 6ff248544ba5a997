//! Stored values that mean "there is no image here".

use super::{PixelLayout, SampleFormat};

/// Pixel Padding Value (0028,0120) and, if present, Pixel Padding Range Limit (0028,0121), or their float
/// counterparts (0028,0122) to (0028,0125). The limit may lie on either side of the value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Padding {
    /// Pixel Padding Value. A NaN is legal in float pixel data and matches every NaN.
    pub value: f64,
    /// Pixel Padding Range Limit, inclusive.
    pub limit: Option<f64>,
}

/// A padding range in the terms of integer samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaddingRange {
    /// No sample can be padding.
    None,
    /// Inclusive range of stored values.
    Stored(i64, i64),
    /// Inclusive range of whole cells: the padding value needs bits above High Bit.
    Cell(i64, i64),
}

impl Padding {
    pub(crate) fn contains_float(&self, sample: f64) -> bool {
        if self.value.is_nan() && sample.is_nan() {
            return true;
        }
        let limit = self.limit.unwrap_or(self.value);
        sample >= self.value.min(limit) && sample <= self.value.max(limit)
    }

    /// The range in integers. The attribute is often written with the other sign than the pixels (63536 for
    /// -2000): such a value is read as the same bits. A value that needs more than Bits Stored bits (-2000
    /// beside 12-bit samples) is looked for in the whole cell, where masking has not yet turned it into a
    /// plausible 2096.
    pub(crate) fn integer_range(&self, layout: &PixelLayout) -> PaddingRange {
        debug_assert_eq!(layout.format(), SampleFormat::Integer);
        let limit = self.limit.unwrap_or(self.value);
        let Some((a, b)) = cell_value(self.value, layout).zip(cell_value(limit, layout)) else {
            return PaddingRange::None;
        };
        let (lowest, highest) = layout.stored_range();
        let is_stored = |v: i64| (lowest..=highest).contains(&v);
        if is_stored(a) && is_stored(b) {
            PaddingRange::Stored(a.min(b), a.max(b))
        } else {
            PaddingRange::Cell(a.min(b), a.max(b))
        }
    }
}

/// The value as a cell of Bits Allocated bits with the sign of the samples; None when it cannot be one.
fn cell_value(value: f64, layout: &PixelLayout) -> Option<i64> {
    if value.fract() != 0.0 || value.abs() > 4_294_967_296.0 {
        return None;
    }
    let (value, bits) = (value as i64, layout.bits_allocated());
    if value < -(1 << (bits - 1)) || value >= 1 << bits {
        return None;
    }
    let cell = value & ((1 << bits) - 1);
    let is_negative = layout.is_signed() && cell >> (bits - 1) == 1;
    Some(if is_negative { cell - (1 << bits) } else { cell })
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::integers;
    use super::*;

    fn range(bits: (u16, u16), is_signed: bool, value: f64, limit: Option<f64>) -> PaddingRange {
        let layout = integers((1, 1), (bits.0, bits.1, bits.1 - 1), is_signed).unwrap();
        Padding { value, limit }.integer_range(&layout)
    }

    #[test]
    fn the_limit_may_lie_on_either_side() {
        assert_eq!(range((16, 16), true, -2000.0, Some(-1500.0)), PaddingRange::Stored(-2000, -1500));
        assert_eq!(range((16, 16), true, -1500.0, Some(-2000.0)), PaddingRange::Stored(-2000, -1500));
    }

    #[test]
    fn the_other_sign_means_the_same_bits() {
        assert_eq!(range((16, 16), true, 63536.0, None), PaddingRange::Stored(-2000, -2000));
        assert_eq!(range((16, 16), false, -2000.0, None), PaddingRange::Stored(63536, 63536));
    }

    #[test]
    fn a_value_wider_than_bits_stored_is_looked_for_in_the_cell() {
        assert_eq!(range((16, 12), false, 63536.0, None), PaddingRange::Cell(63536, 63536));
        assert_eq!(range((16, 12), true, -3024.0, None), PaddingRange::Cell(-3024, -3024));
    }

    #[test]
    fn a_value_no_cell_can_hold_is_no_padding() {
        assert_eq!(range((8, 8), false, 70000.0, None), PaddingRange::None);
        assert_eq!(range((16, 16), false, 0.5, None), PaddingRange::None);
    }
}
