//! JPEG-LS (ITU-T T.87, annex A): the samples.
//!
//! ```text
//! c b d      above
//! a x        left, sample
//! ```

use super::huffman::BitReader;
use super::jpeg_ls::Parameters;

/// Logarithm of the length of a run by run index (T.87, A.2.1).
const J: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const N_REGULAR: usize = 365;
/// No valid stream comes near; with it, no sum of a damaged one overflows.
const MAX_SUM: i32 = 1 << 30;

/// What was seen in a context: sum of absolute errors, bias, correction, count (A, B, C, N of the standard).
#[derive(Debug, Clone, Copy)]
struct Context {
    a: i32,
    b: i32,
    c: i32,
    n: i32,
}

impl Context {
    /// The smallest k with N << k >= `sum` (A.5.1).
    #[inline]
    const fn golomb_k(&self, sum: i32) -> u32 {
        let mut k = 0;
        while k < 24 && self.n.cast_unsigned() << k < sum.cast_unsigned() {
            k += 1;
        }
        k
    }

    /// Code segments A.12 and A.13.
    #[inline]
    fn update(&mut self, error: i32, step: i32, reset: i32) {
        self.b += error * step;
        self.a = (self.a + error.abs()).min(MAX_SUM);
        if self.n == reset {
            self.a >>= 1;
            self.b >>= 1; // rounds down, as -((1 - B) >> 1) does
            self.n >>= 1;
        }
        self.n += 1;
        if self.b <= -self.n {
            self.c = (self.c - 1).max(-128);
            self.b = (self.b + self.n).max(1 - self.n);
        } else if self.b > 0 {
            self.c = (self.c + 1).min(127);
            self.b = (self.b - self.n).min(0);
        }
    }
}

pub(super) struct Scan {
    parameters: Parameters,
    /// Distance of two quantised errors: 2 NEAR + 1.
    step: i32,
    range: i32,
    /// Bits of an error that is written in full.
    qbpp: u32,
    limit: u32,
    regular: [Context; N_REGULAR],
    /// Run interruptions where a and b differ, and where they do not, with their negative errors (Nn).
    interrupted: [(Context, i32); 2],
    run_index: usize,
    /// Rows with one sample more at either end.
    above: Vec<i32>,
    row: Vec<i32>,
}

const fn ceil_log2(value: i32) -> u32 {
    32 - (value - 1).leading_zeros()
}

impl Scan {
    pub(super) fn new(parameters: Parameters, columns: usize) -> Self {
        let Parameters { max_value, near, .. } = parameters;
        let step = 2 * near + 1;
        let range = (max_value + 2 * near) / step + 1;
        let bpp = ceil_log2(max_value + 1).max(2);
        let context = Context { a: ((range + 32) >> 6).max(2), b: 0, c: 0, n: 1 };
        Self {
            parameters,
            step,
            range,
            qbpp: ceil_log2(range),
            limit: 2 * (bpp + bpp.max(8)),
            regular: [context; N_REGULAR],
            interrupted: [(context, 0); 2],
            run_index: 0,
            above: vec![0; columns + 2],
            row: vec![0; columns + 2],
        }
    }

    /// The next row, or None for bits that no encoder writes.
    pub(super) fn decode_row(&mut self, reader: &mut BitReader) -> Option<&[i32]> {
        std::mem::swap(&mut self.above, &mut self.row);
        let columns = self.row.len() - 2;
        self.above[columns + 1] = self.above[columns];
        self.row[0] = self.above[1];
        let mut x = 1;
        while x <= columns {
            let (a, c, b, d) = (self.row[x - 1], self.above[x - 1], self.above[x], self.above[x + 1]);
            let context = 81 * self.quantise(d - b) + 9 * self.quantise(b - c) + self.quantise(c - a);
            if context == 0 {
                x = self.decode_run(reader, x)?;
            } else {
                let predicted = a.max(b).min(a.min(b).max(a + b - c)); // the median of a, b and a + b - c
                self.row[x] = self.decode_regular(reader, context, predicted)?;
                x += 1;
            }
        }
        self.row.get(1..=columns)
    }

    /// Regions of a gradient, -4 to 4 (A.3.3).
    #[inline]
    fn quantise(&self, gradient: i32) -> i32 {
        let [t1, t2, t3] = self.parameters.thresholds;
        let size = gradient.abs();
        let is = i32::from;
        let region = is(size > self.parameters.near) + is(size >= t1) + is(size >= t2) + is(size >= t3);
        if gradient < 0 { -region } else { region }
    }

    #[inline]
    fn decode_regular(&mut self, reader: &mut BitReader, context: i32, predicted: i32) -> Option<i32> {
        let sign = context.signum();
        let Parameters { max_value, near, reset, .. } = self.parameters;
        let (limit, qbpp, step) = (self.limit, self.qbpp, self.step);
        let state = self.regular.get_mut(context.unsigned_abs() as usize)?;
        let predicted = (predicted + sign * state.c).clamp(0, max_value);
        let k = state.golomb_k(state.a);
        let mapped = take_golomb(reader, k, limit, qbpp)?;
        let error = (mapped >> 1) ^ -(mapped & 1);
        let is_flipped = k == 0 && near == 0 && 2 * state.b <= -state.n;
        let error = if is_flipped { !error } else { error };
        if error.abs() > self.range / 2 + 1 {
            return None;
        }
        state.update(error, step, reset);
        Some(self.reconstruct(predicted, sign * error))
    }

    /// A run of samples equal to the one on the left, and the sample that ends it (A.7). Returns the place
    /// after it.
    fn decode_run(&mut self, reader: &mut BitReader, start: usize) -> Option<usize> {
        let columns = self.row.len() - 2;
        let n = self.take_run_length(reader, columns + 1 - start)?;
        let left = self.row[start - 1];
        let end = start + n;
        self.row[start..end].fill(left);
        if end > columns {
            return Some(end);
        }
        self.row[end] = self.decode_interruption(reader, left, self.above[end])?;
        self.run_index = self.run_index.saturating_sub(1);
        Some(end + 1)
    }

    fn take_run_length(&mut self, reader: &mut BitReader, n_left: usize) -> Option<usize> {
        let mut n = 0;
        loop {
            reader.refill();
            let is_whole = reader.peek(1) == 1;
            reader.skip(1);
            let log = J[self.run_index];
            if !is_whole {
                n += reader.take(log) as usize;
                return (n < n_left).then_some(n);
            }
            n += 1 << log;
            if n <= n_left {
                self.run_index = (self.run_index + 1).min(31);
            }
            if n >= n_left {
                return Some(n_left);
            }
            if reader.is_past_end() {
                return None;
            }
        }
    }

    fn decode_interruption(&mut self, reader: &mut BitReader, a: i32, b: i32) -> Option<i32> {
        let is_flat = (a - b).abs() <= self.parameters.near;
        let limit = self.limit - J[self.run_index] - 1;
        let flat = i32::from(is_flat);
        let (state, n_negative) = &mut self.interrupted[usize::from(is_flat)];
        let k = state.golomb_k(if is_flat { state.a + (state.n >> 1) } else { state.a });
        let mapped = take_golomb(reader, k, limit, self.qbpp)?;
        // Twice the size of the error less `map`, a bit that says which sign was the likelier (A.21, A.22).
        let doubled = mapped + flat;
        let size = (doubled + 1) >> 1;
        if size > self.range / 2 + 1 {
            return None;
        }
        let map_if_positive = k == 0 && 2 * *n_negative < state.n;
        let error = if (doubled & 1 == 1) == map_if_positive { size } else { -size };
        *n_negative += i32::from(error < 0);
        state.a = (state.a + ((mapped + 1 - flat) >> 1)).min(MAX_SUM);
        if state.n == self.parameters.reset {
            state.a >>= 1;
            state.n >>= 1;
            *n_negative >>= 1;
        }
        state.n += 1;
        let sign = if !is_flat && a > b { -1 } else { 1 };
        Some(self.reconstruct(if is_flat { a } else { b }, sign * error))
    }

    /// Adds the error, modulo the range (A.4.5).
    #[inline]
    fn reconstruct(&self, predicted: i32, error: i32) -> i32 {
        let Parameters { max_value, near, .. } = self.parameters;
        let value = predicted + error * self.step;
        let turn = self.range * self.step;
        let value = match value {
            v if v < -near => v + turn,
            v if v > max_value + near => v - turn,
            v => v,
        };
        value.clamp(0, max_value)
    }
}

/// A Golomb code of limited length (A.5.3).
#[inline]
fn take_golomb(reader: &mut BitReader, k: u32, limit: u32, qbpp: u32) -> Option<i32> {
    reader.refill();
    let n_zeros = reader.n_zeros();
    let escape = limit - qbpp - 1;
    if n_zeros > escape {
        return None;
    }
    reader.skip(n_zeros + 1);
    reader.refill();
    if n_zeros < escape {
        Some((n_zeros << k | reader.take(k)).cast_signed())
    } else {
        Some(reader.take(qbpp).cast_signed() + 1)
    }
}
