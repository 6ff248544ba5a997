//! The two kinds of voxel a volume may have.

/// A voxel value: int16 or float32.
pub trait Sample: Copy + PartialEq + PartialOrd + Send + Sync {
    /// The value as HU.
    fn hu(self) -> f32;

    /// The stored bits, to tell equal slices.
    fn bits(self) -> u32;
}

impl Sample for i16 {
    fn hu(self) -> f32 {
        f32::from(self)
    }

    fn bits(self) -> u32 {
        u32::from(self.cast_unsigned())
    }
}

impl Sample for f32 {
    fn hu(self) -> f32 {
        // NaN marks "nothing measured": air is the one value that no later step takes for tissue.
        if self.is_nan() { -1000.0 } else { self.clamp(-32768.0, 32767.0) }
    }

    fn bits(self) -> u32 {
        self.to_bits()
    }
}
