//! The place of a point on a curve through space: neighbours in order are mostly neighbours in space.

/// The place of a point within bounds, 30 bits: ten of each axis, interleaved. All axes have the
/// same step.
pub fn code(point: [f64; 3], low: &[f64; 3], high: &[f64; 3]) -> u32 {
    let size = (0..3).map(|axis| high[axis] - low[axis]).fold(0.0, f64::max);
    let scale = if size > 0.0 { 1023.0 / size } else { 0.0 };
    (0..3).fold(0, |code, axis| {
        let step = ((point[axis] - low[axis]) * scale) as u32;
        code | spread(step.min(1023)) << axis
    })
}

/// Two empty bits between the bits of a number below 1024.
fn spread(number: u32) -> u32 {
    let mut x = number;
    x = (x | x << 16) & 0x0300_00ff;
    x = (x | x << 8) & 0x0300_f00f;
    x = (x | x << 4) & 0x030c_30c3;
    (x | x << 2) & 0x0924_9249
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_of_three_axes_alternate() {
        assert_eq!(spread(0b11), 0b1001);
        let high = [1023.0; 3];
        assert_eq!(code([1.0, 0.0, 0.0], &[0.0; 3], &high), 1);
        assert_eq!(code([0.0, 1.0, 0.0], &[0.0; 3], &high), 2);
        assert_eq!(code([0.0, 0.0, 2.0], &[0.0; 3], &high), 32);
        assert_eq!(code([1023.0; 3], &[0.0; 3], &high), (1 << 30) - 1);
        assert_eq!(code([5.0; 3], &[5.0; 3], &[5.0; 3]), 0);
    }
}
