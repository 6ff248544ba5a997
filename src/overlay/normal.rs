//! The normal distribution, as an edge needs it: both its integral and its density.

/// Cumulative normal distribution and its density; error below 2e-7.
///
/// Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 7.1.26.
#[inline]
pub(super) fn normal(u: f64) -> (f64, f64) {
    const A: [f64; 5] = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let bell = (-0.5 * u * u).exp();
    let t = 1.0 / (1.0 + 0.327_591_1 * u.abs() * std::f64::consts::FRAC_1_SQRT_2);
    let tail = 0.5 * bell * t * A.iter().rev().fold(0.0, |sum, a| sum * t + a);
    (if u > 0.0 { 1.0 - tail } else { tail }, bell * ROOT_TAU.recip())
}

/// Square root of two pi: height of a step over its steepest slope, in standard deviations.
pub(super) const ROOT_TAU: f64 = 2.506_628_274_631_000_7;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_of_the_normal_distribution() {
        for (u, expected) in [(0.0, 0.5), (1.0, 0.841_344_746), (-2.0, 0.022_750_132), (4.0, 0.999_968_329)] {
            assert!((normal(u).0 - expected).abs() < 2e-7, "{u}");
        }
        assert!((normal(1.0).1 - 0.241_970_725).abs() < 1e-9);
    }
}
