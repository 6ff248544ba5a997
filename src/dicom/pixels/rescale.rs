//! Stored value -> value in Rescale Type units (HU).

use super::{PixelError, PixelLayout, SampleFormat};

/// `value = slope * stored + intercept` (PS3.3, C.11.1.1.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rescale {
    slope: f64,
    intercept: f64,
}

impl Rescale {
    /// The stored values are the values.
    pub const IDENTITY: Self = Self { slope: 1.0, intercept: 0.0 };

    /// # Errors
    /// [`PixelError::Rescale`] for a slope of zero, a NaN or an infinity.
    pub fn new(slope: f64, intercept: f64) -> Result<Self, PixelError> {
        if !slope.is_finite() || slope == 0.0 {
            let (tag, note) = ("RescaleSlope (0028,1053)", " other than 0");
            return Err(PixelError::Rescale { tag, actual: slope.to_string(), note });
        }
        if !intercept.is_finite() {
            let tag = "RescaleIntercept (0028,1052)";
            return Err(PixelError::Rescale { tag, actual: intercept.to_string(), note: "" });
        }
        Ok(Self { slope, intercept })
    }

    /// Rescale Slope (0028,1053).
    pub const fn slope(&self) -> f64 {
        self.slope
    }

    /// Rescale Intercept (0028,1052).
    pub const fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The value of one stored sample, before it is rounded to float32.
    #[inline]
    pub fn apply(&self, stored: f64) -> f64 {
        self.slope * stored + self.intercept
    }

    /// Whether a 32-bit sample could become a value outside float32.
    pub(super) fn may_exceed_f32(&self) -> bool {
        self.slope.abs() * 4_294_967_296.0 + self.intercept.abs() > f64::from(f32::MAX)
    }

    /// Slope and intercept as integers small enough that no product with a 32-bit sample overflows an i64.
    pub(crate) fn as_integers(&self) -> Option<(i64, i64)> {
        let is_small_integer = |v: f64| v.fract() == 0.0 && v.abs() <= 1_048_576.0;
        (is_small_integer(self.slope) && is_small_integer(self.intercept))
            .then_some((self.slope as i64, self.intercept as i64))
    }

    /// Whether [`unpack_i16`](super::unpack_i16) has a chance: integer samples, integer slope and intercept.
    /// Whether the values fit is known only after looking at them.
    pub fn may_be_exact_i16(&self, layout: &PixelLayout) -> bool {
        layout.format() == SampleFormat::Integer && self.as_integers().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::integers;
    use super::*;

    #[test]
    fn a_rescale_that_yields_no_value_is_refused_by_tag() {
        for (slope, intercept, tag) in [
            (0.0, 0.0, "RescaleSlope"),
            (f64::NAN, 0.0, "RescaleSlope"),
            (f64::INFINITY, 0.0, "RescaleSlope"),
            (1.0, f64::NAN, "RescaleIntercept"),
        ] {
            assert!(Rescale::new(slope, intercept).unwrap_err().to_string().contains(tag));
        }
    }

    #[test]
    fn only_integers_can_be_exact() {
        let layout = integers((1, 1), (16, 16, 15), true).unwrap();
        let may = |slope, intercept| Rescale::new(slope, intercept).unwrap().may_be_exact_i16(&layout);
        assert!(may(1.0, -1024.0) && may(-2.0, 0.0));
        assert!(!may(0.5, 0.0) && !may(1.0, 0.5) && !may(1e9, 0.0));
    }
}
