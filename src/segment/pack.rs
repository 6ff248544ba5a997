//! Bytes to bits and back, eight at a time.

/// Every byte is 0 or 1: bit n of the result is byte n.
#[inline]
pub(super) fn pack(bytes: &[u8; 64]) -> u64 {
    let mut word = 0;
    for (n, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        // The product moves byte n to bit 56 + n; no two products meet, so nothing carries.
        let top = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word |= top << (8 * n);
    }
    word
}

/// Byte n of the result is bit n, as 0 or 1.
#[inline]
pub(super) fn unpack(byte: u8) -> [u8; 8] {
    let spread = u64::from(byte).wrapping_mul(0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
    // A byte is 0 or one of its bits; adding 127 carries into bit 7 when it is not 0.
    ((spread.wrapping_add(0x7f7f_7f7f_7f7f_7f7f) >> 7) & 0x0101_0101_0101_0101).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_goes_there_and_back() {
        for byte in 0..=255u8 {
            let bytes = unpack(byte);
            assert!((0..8).all(|n| bytes[n] == byte >> n & 1));
            for at in 0..8 {
                let mut all = [0; 64];
                all[8 * at..8 * at + 8].copy_from_slice(&bytes);
                assert_eq!(pack(&all), u64::from(byte) << (8 * at));
            }
        }
    }
}
