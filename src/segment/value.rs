//! The two kinds of voxel a volume may have.

/// A voxel value: int16 or float32.
pub trait Value: Copy + PartialOrd + Send + Sync + Default + 'static {
    /// The value to compute with.
    fn to_f32(self) -> f32;

    /// The nearest value of this type; ties go away from zero.
    fn from_f32(value: f32) -> Self;

    /// The lower and the higher of two values, without a branch.
    fn ordered(self, other: Self) -> (Self, Self);

    /// The lowest and the highest value of this type within two bounds, both counted in; None when
    /// there is none.
    fn within(lower: f64, upper: f64) -> Option<(Self, Self)>;
}

impl Value for i16 {
    #[inline]
    fn to_f32(self) -> f32 {
        f32::from(self)
    }

    #[inline]
    fn from_f32(value: f32) -> Self {
        // Without a call of round(), which the baseline x86-64 has no instruction for.
        (value + 0.5_f32.copysign(value)) as Self
    }

    #[inline]
    fn ordered(self, other: Self) -> (Self, Self) {
        (Ord::min(self, other), Ord::max(self, other))
    }

    fn within(lower: f64, upper: f64) -> Option<(Self, Self)> {
        let (low, high) = (lower.ceil(), upper.floor());
        let is_some = low <= high && low <= f64::from(Self::MAX) && high >= f64::from(Self::MIN);
        is_some.then_some((low as Self, high as Self))
    }
}

impl Value for f32 {
    #[inline]
    fn to_f32(self) -> f32 {
        self
    }

    #[inline]
    fn from_f32(value: f32) -> Self {
        value
    }

    #[inline]
    fn ordered(self, other: Self) -> (Self, Self) {
        (if self < other { self } else { other }, if self < other { other } else { self })
    }

    fn within(lower: f64, upper: f64) -> Option<(Self, Self)> {
        // The bounds are rounded into the interval, so that 300.00000001 does not let 300.0 in.
        let (mut low, mut high) = (lower as Self, upper as Self);
        if f64::from(low) < lower {
            low = low.next_up();
        }
        if f64::from(high) > upper {
            high = high.next_down();
        }
        (low <= high).then_some((low, high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_rounded_into_the_interval() {
        assert_eq!(i16::within(299.5, 700.5), Some((300, 700)));
        assert_eq!(i16::within(f64::NEG_INFINITY, f64::INFINITY), Some((i16::MIN, i16::MAX)));
        assert_eq!(i16::within(300.2, 300.8), None);
        assert_eq!(i16::within(40_000.0, 50_000.0), None);
        let (low, high) = f32::within(300.000_000_1, 700.000_000_1).unwrap();
        assert!(low > 300.0 && high <= 700.000_000_1 && high >= 700.0);
        assert_eq!(f32::within(1.0, 0.0), None);
    }
}
