//! The inverse DCT of 8x8 coefficients, accurate integer variant: Loeffler, Ligtenberg and Moschytz 1989
//! (doi 10.1109/ICASSP.1989.266596) with 12 multiplications, in the fixed-point steps of the Independent
//! JPEG Group's `jidctint`, so that decoded values are the same as theirs, bit for bit.

/// Rows and columns of a block.
pub(super) const BLOCK_EDGE: usize = 8;

const CONST_BITS: u32 = 13;
const PASS1_BITS: u32 = 2;

// Cosines and their sums, times 2^13.
const C0_298631336: i64 = 2446;
const C0_390180644: i64 = 3196;
const C0_541196100: i64 = 4433;
const C0_765366865: i64 = 6270;
const C0_899976223: i64 = 7373;
const C1_175875602: i64 = 9633;
const C1_501321110: i64 = 12299;
const C1_847759065: i64 = 15137;
const C1_961570560: i64 = 16069;
const C2_053119869: i64 = 16819;
const C2_562915447: i64 = 20995;
const C3_072711026: i64 = 25172;

/// Writes the 8x8 samples into `out`, whose rows are `stride` apart.
pub(super) fn inverse_dct(coefficients: &[i32; 64], out: &mut [u8], stride: usize) {
    let mut columns = [0_i64; 64];
    for x in 0..BLOCK_EDGE {
        let column = std::array::from_fn(|y| i64::from(coefficients[BLOCK_EDGE * y + x]));
        for (y, value) in transform(column).into_iter().enumerate() {
            columns[BLOCK_EDGE * y + x] = descale(value, CONST_BITS - PASS1_BITS);
        }
    }
    for (row, out) in columns.as_chunks::<BLOCK_EDGE>().0.iter().zip(out.chunks_mut(stride)) {
        for (value, slot) in transform(*row).into_iter().zip(out) {
            *slot = (descale(value, CONST_BITS + PASS1_BITS + 3) + 128).clamp(0, 255) as u8;
        }
    }
}

const fn descale(value: i64, n_bits: u32) -> i64 {
    (value + (1 << (n_bits - 1))) >> n_bits
}

/// One dimension; the result is larger by 2^[`CONST_BITS`] and the square root of 8.
fn transform(c: [i64; 8]) -> [i64; 8] {
    let z1 = (c[2] + c[6]) * C0_541196100;
    let (t2, t3) = (z1 - c[6] * C1_847759065, z1 + c[2] * C0_765366865);
    let (t0, t1) = ((c[0] + c[4]) << CONST_BITS, (c[0] - c[4]) << CONST_BITS);
    let even = [t0 + t3, t1 + t2, t1 - t2, t0 - t3];

    let z5 = (c[7] + c[3] + c[5] + c[1]) * C1_175875602;
    let (z1, z2) = (-(c[7] + c[1]) * C0_899976223, -(c[5] + c[3]) * C2_562915447);
    let (z3, z4) = (z5 - (c[7] + c[3]) * C1_961570560, z5 - (c[5] + c[1]) * C0_390180644);
    let odd = [
        c[1] * C1_501321110 + z1 + z4,
        c[3] * C3_072711026 + z2 + z3,
        c[5] * C2_053119869 + z2 + z4,
        c[7] * C0_298631336 + z1 + z3,
    ];
    std::array::from_fn(|i| if i < 4 { even[i] + odd[i] } else { even[7 - i] - odd[7 - i] })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The defining sum (T.81, A.3.3) in float64.
    fn by_definition(coefficients: &[i32; 64], x: usize, y: usize) -> f64 {
        let cosine = |k: usize, n: usize| {
            let scale = if k == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
            scale * ((2 * n + 1) as f64 * k as f64 * std::f64::consts::PI / 16.0).cos()
        };
        let terms = (0..64).map(|i| f64::from(coefficients[i]) * cosine(i % 8, x) * cosine(i / 8, y));
        (terms.sum::<f64>() / 4.0 + 128.0).clamp(0.0, 255.0)
    }

    #[test]
    fn every_sample_lies_within_one_of_the_definition() {
        let mut state = 1_u32;
        for _ in 0..200 {
            let coefficients = std::array::from_fn(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 16) as i32 % 400 - 200) / (1 + i as i32 / 4)
            });
            let mut out = [0; 64];
            inverse_dct(&coefficients, &mut out, 8);
            for (i, &sample) in out.iter().enumerate() {
                let exact = by_definition(&coefficients, i % 8, i / 8);
                assert!((f64::from(sample) - exact).abs() < 0.6, "{sample} {exact}");
            }
        }
    }

    #[test]
    fn extreme_coefficients_do_not_overflow() {
        let mut out = [0; 64];
        inverse_dct(&[i32::from(i16::MIN) * 65_535; 64], &mut out, 8);
        inverse_dct(&[i32::from(i16::MAX) * 65_535; 64], &mut out, 8);
    }
}
