//! The normal distribution from tables, and noise that depends on the voxel, not on the order.

use std::sync::LazyLock;

const REACH: f64 = 6.0;
const PER_UNIT: usize = 256;
const LAST: usize = 2 * 6 * PER_UNIT;

/// Cumulative normal and its integral at steps of 1/256.
struct Table {
    phi: Vec<f64>,
    ramp: Vec<f64>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let density = |u: f64| (-0.5 * u * u).exp() / std::f64::consts::TAU.sqrt();
    let step = 1.0 / PER_UNIT as f64;
    let mut phi = vec![0.0; LAST + 1];
    let mut ramp = vec![0.0; LAST + 1];
    phi[0] = 9.865_876_450_376_98e-10; // the tail below -6
    for n in 0..=LAST {
        let u = n as f64 * step - REACH;
        if n > 0 {
            // Simpson's rule; its error is of the order of 1e-14 at this step.
            phi[n] =
                phi[n - 1] + step / 6.0 * (density(u - step) + 4.0 * density(u - step / 2.0) + density(u));
        }
        ramp[n] = u * phi[n] + density(u);
    }
    Table { phi, ramp }
});

/// Cumulative normal distribution; error below 1e-6.
#[inline]
pub(super) fn phi(u: f64) -> f64 {
    lookup(&TABLE.phi, u).unwrap_or(f64::from(u8::from(u > 0.0)))
}

/// Integral of [`phi`] from minus infinity.
#[inline]
pub(super) fn ramp(u: f64) -> f64 {
    lookup(&TABLE.ramp, u).unwrap_or(u.max(0.0))
}

#[inline]
fn lookup(table: &[f64], u: f64) -> Option<f64> {
    let place = (u + REACH) * PER_UNIT as f64;
    if !(place >= 0.0 && place < LAST as f64) {
        return None;
    }
    let index = place as usize;
    let part = place - index as f64;
    Some(table[index] + part * (table[index + 1] - table[index]))
}

const DEVIATES: usize = 1 << 16;

/// Normal deviates at the middles of 65 536 equally likely classes.
static DEVIATE: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let table = &TABLE.phi;
    let mut index = 0;
    let mut deviates = Vec::with_capacity(DEVIATES);
    for n in 0..DEVIATES {
        let wanted = (n as f64 + 0.5) / DEVIATES as f64;
        while table[index + 1] < wanted {
            index += 1;
        }
        let part = (wanted - table[index]) / (table[index + 1] - table[index]);
        deviates.push(((index as f64 + part) / PER_UNIT as f64 - REACH) as f32);
    }
    deviates
});

/// Mixes 64 bits (`SplitMix64`, Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195).
#[inline]
pub(super) fn mix(bits: u64) -> u64 {
    let mut z = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A source of normal deviates numbered by voxel.
#[derive(Clone, Copy)]
pub(super) struct Noise {
    key: u64,
    deviates: &'static [f32],
}

impl Noise {
    /// The noise of one slice.
    pub fn new(seed: u64, slice: u64) -> Self {
        Self { key: mix(mix(seed).wrapping_add(slice)), deviates: &DEVIATE }
    }

    /// The deviate of one pixel of the slice.
    #[inline]
    pub fn at(self, pixel: usize) -> f32 {
        self.deviates[(mix(self.key.wrapping_add(pixel as u64)) >> 48) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phi_and_ramp_are_the_normal_integral_and_its_integral() {
        // Values of Abramowitz and Stegun, table 26.1.
        for (u, expected) in [(0.0, 0.5), (1.0, 0.841_344_746), (-2.0, 0.022_750_132), (3.0, 0.998_650_102)] {
            assert!((phi(u) - expected).abs() < 1e-6, "{u}");
        }
        for u in [-3.0, -0.4, 0.0, 1.7, 5.0, 9.0] {
            let slope = (ramp(u + 1e-3) - ramp(u - 1e-3)) / 2e-3;
            assert!((slope - phi(u)).abs() < 5e-3, "{u}");
        }
        assert_eq!((phi(-7.0), phi(7.0), ramp(-7.0), ramp(7.0)), (0.0, 1.0, 0.0, 7.0));
    }

    #[test]
    fn noise_has_mean_0_and_variance_1() {
        let noise = Noise::new(3, 5);
        let n = 400_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for pixel in 0..n {
            let value = f64::from(noise.at(pixel));
            sum += value;
            squares += value * value;
        }
        assert!((sum / n as f64).abs() < 5e-3);
        assert!((squares / n as f64 - 1.0).abs() < 1e-2);
    }
}
