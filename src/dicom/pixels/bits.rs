//! Bits Stored bits out of a cell of Bits Allocated bits.

use super::PixelLayout;

/// Where the sample lies in its cell. What lies above High Bit (old overlays, garbage) or below the sample
/// is dropped, the sign is extended from Bits Stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BitField {
    left: u32,
    right: u32,
    low: u32,
    cell_bits: u32,
    is_signed: bool,
}

impl BitField {
    pub(crate) fn new(layout: &PixelLayout) -> Self {
        let (bits_stored, high_bit) = (u32::from(layout.bits_stored()), u32::from(layout.high_bit()));
        Self {
            left: 31 - high_bit,
            right: 32 - bits_stored,
            low: high_bit + 1 - bits_stored,
            cell_bits: u32::from(layout.bits_allocated()),
            is_signed: layout.is_signed(),
        }
    }

    /// The stored value of a cell that is extended with zeros to 32 bits.
    #[inline]
    pub(crate) fn stored(&self, cell: u32) -> i64 {
        let top = cell << self.left;
        if self.is_signed { i64::from(top.cast_signed() >> self.right) } else { i64::from(top >> self.right) }
    }

    /// The whole cell as a number, with the sign of the samples.
    #[inline]
    pub(crate) fn whole(&self, cell: u32) -> i64 {
        let shift = 32 - self.cell_bits;
        if self.is_signed { i64::from((cell << shift).cast_signed() >> shift) } else { i64::from(cell) }
    }

    /// Bits of the cell that are set although they carry neither the sample nor its sign.
    #[inline]
    pub(crate) fn unused(&self, cell: u32, stored: i64) -> u32 {
        (cell ^ ((stored << self.low) as u32)) & cell
    }

    /// Shifts of the 16-bit kernel: left, then right.
    pub(super) const fn shifts_16(&self) -> (u32, u32, u32) {
        (self.left - 16, self.right - 16, self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::integers;
    use super::*;

    fn field(bits: (u16, u16, u16), is_signed: bool) -> BitField {
        BitField::new(&integers((1, 1), bits, is_signed).unwrap())
    }

    #[test]
    fn the_sign_is_extended_from_bits_stored_and_garbage_is_dropped() {
        let signed = field((16, 12, 11), true);
        assert_eq!(signed.stored(0x0FFF), -1);
        assert_eq!(signed.stored(0xF800), -2048);
        assert_eq!(signed.stored(0x57FF), 2047);
        assert_eq!(field((16, 12, 11), false).stored(0xFFFF), 4095);
        assert_eq!(field((32, 32, 31), true).stored(0xFFFF_FFFF), -1);
        assert_eq!(field((32, 32, 31), false).stored(0xFFFF_FFFF), 4_294_967_295);
        assert_eq!(field((8, 8, 7), true).stored(0x80), -128);
    }

    #[test]
    fn left_aligned_samples_are_shifted_down() {
        assert_eq!(field((16, 12, 15), false).stored(0xABCD), 0xABC);
        assert_eq!(field((16, 12, 15), true).stored(0xFFF0), -1);
    }

    #[test]
    fn only_foreign_bits_count_as_unused() {
        let signed = field((16, 12, 11), true);
        let unused = |cell| signed.unused(cell, signed.stored(cell));
        assert_eq!((unused(0xFFFF), unused(0x0FFF), unused(0x07FF)), (0, 0, 0));
        assert_eq!(unused(0x4001), 0x4000);
        let left = field((16, 12, 15), false);
        assert_eq!(left.unused(0xABCD, left.stored(0xABCD)), 0x000D);
    }
}
