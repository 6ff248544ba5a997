//! The in-plane blur of a reconstruction kernel, as a sum of Gaussians.

/// A linear, rotationally symmetric blur in the image plane.
///
/// Soft kernels are one Gaussian.  Sharp kernels add a negative wide one, which gives the mild
/// overshoot beside an edge that bone kernels show; the weights sum to 1, so flat regions stay.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    /// (weight, standard deviation in mm) of each Gaussian.
    pub terms: Vec<(f64, f64)>,
}

impl Kernel {
    /// One Gaussian.
    pub fn soft(sigma_mm: f64) -> Self {
        Self { terms: vec![(1.0, sigma_mm)] }
    }

    /// A Gaussian sharpened by `overshoot` times its difference from one of twice the width.
    pub fn sharp(sigma_mm: f64, overshoot: f64) -> Self {
        Self { terms: vec![(1.0 + overshoot, sigma_mm), (-overshoot, 2.0 * sigma_mm)] }
    }

    /// The narrowest of its Gaussians, mm.
    pub(super) fn finest_mm(&self) -> f64 {
        self.terms.iter().fold(f64::INFINITY, |least, term| least.min(term.1))
    }
}

/// A Gaussian for samples: its response is exp(-variance ω² / 2) at every frequency that samples
/// can hold, so that successive blurs multiply exactly however narrow they are.
/// Weights for offsets 0, 1, …
pub(super) fn weights(variance: f64) -> Vec<f32> {
    const STEPS: usize = 512;
    /// The response ends with a kink, whose ringing dies with the square of the offset.
    const RINGING: usize = 8;
    if variance < 1e-9 {
        return vec![1.0];
    }
    let radius = (4.5 * variance.sqrt()).ceil() as usize + RINGING;
    let step = std::f64::consts::PI / STEPS as f64;
    let weight = |offset: usize| -> f64 {
        // Simpson's rule over the frequencies.
        (0..=STEPS)
            .map(|n| {
                let omega = n as f64 * step;
                let share = if n == 0 || n == STEPS { 1.0 } else { [2.0, 4.0][n % 2] };
                share * (-variance * omega * omega / 2.0).exp() * (offset as f64 * omega).cos()
            })
            .sum()
    };
    let half: Vec<f64> = (0..=radius).map(weight).collect();
    let total = half[0] + 2.0 * half[1..].iter().sum::<f64>();
    half.iter().map(|weight| (weight / total) as f32).collect()
}

/// A plane of values with a margin for the blur to reach into.
#[derive(Debug, Clone)]
pub(super) struct Raster {
    pub columns: usize,
    pub rows: usize,
    pub values: Vec<f32>,
}

impl Raster {
    pub fn new(columns: usize, rows: usize, value: f32) -> Self {
        Self { columns, rows, values: vec![value; columns * rows] }
    }

    /// Blurs along rows and columns.  Outside of the raster its border continues.
    pub fn blurred(&self, along_rows: &[f32], along_columns: &[f32]) -> Self {
        let mut result = self.clone();
        if along_rows.len() > 1 {
            for (line, out) in self.values.chunks(self.columns).zip(result.values.chunks_mut(self.columns)) {
                blur_line(line, along_rows, out);
            }
        }
        if along_columns.len() > 1 {
            let source = result.values.clone();
            for (row, out) in result.values.chunks_mut(self.columns).enumerate() {
                self.blur_across(&source, row, along_columns, out);
            }
        }
        result
    }

    fn blur_across(&self, source: &[f32], row: usize, weights: &[f32], out: &mut [f32]) {
        let line = |row: usize| &source[row * self.columns..(row + 1) * self.columns];
        out.iter_mut().zip(line(row)).for_each(|(out, value)| *out = weights[0] * value);
        for (offset, weight) in weights.iter().enumerate().skip(1) {
            let above = line(row.saturating_sub(offset));
            let below = line((row + offset).min(self.rows - 1));
            for ((out, a), b) in out.iter_mut().zip(above).zip(below) {
                *out += weight * (a + b);
            }
        }
    }
}

fn blur_line(line: &[f32], weights: &[f32], out: &mut [f32]) {
    let last = line.len() - 1;
    let reach = weights.len() - 1;
    let near_border = |column: usize| {
        weights.iter().enumerate().skip(1).fold(weights[0] * line[column], |sum, (offset, weight)| {
            sum + weight * (line[column.saturating_sub(offset)] + line[(column + offset).min(last)])
        })
    };
    let inner = reach.min(line.len())..line.len().saturating_sub(reach).max(reach.min(line.len()));
    for column in (0..inner.start).chain(inner.end..line.len()) {
        out[column] = near_border(column);
    }
    if inner.is_empty() {
        return;
    }
    let inside = &mut out[inner.clone()];
    inside.iter_mut().zip(&line[inner.clone()]).for_each(|(out, value)| *out = weights[0] * value);
    for (offset, weight) in weights.iter().enumerate().skip(1) {
        let before = &line[inner.start - offset..];
        let after = &line[(inner.start + offset).min(line.len())..];
        for ((out, a), b) in inside.iter_mut().zip(before).zip(after) {
            *out += weight * (a + b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_response_is_that_of_a_gaussian() {
        for variance in [0.1, 0.4, 1.0, 6.0] {
            let weights = weights(variance);
            for omega in [0.1, 0.5, 1.0, 2.0, 3.0_f64] {
                let found: f64 = weights
                    .iter()
                    .enumerate()
                    .map(|(n, w)| f64::from(*w) * if n == 0 { 1.0 } else { 2.0 * (n as f64 * omega).cos() })
                    .sum();
                let expected = (-variance * omega * omega / 2.0).exp();
                assert!((found - expected).abs() < 0.01, "{variance} {omega}: {found} {expected}");
            }
        }
    }

    #[test]
    fn both_directions_blur_alike_and_keep_the_sum() {
        let mut raster = Raster::new(41, 31, 0.0);
        raster.values[15 * 41 + 20] = 1.0;
        let weights = weights(2.0);
        let blurred = raster.blurred(&weights, &weights);
        let sum: f32 = blurred.values.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5);
        for offset in 0..8 {
            assert!(
                (blurred.values[15 * 41 + 20 + offset] - blurred.values[(15 + offset) * 41 + 20]).abs()
                    < 1e-7
            );
        }
        let flat = Raster::new(3, 2, 5.0).blurred(&weights, &weights);
        assert!(flat.values.iter().all(|value| (value - 5.0).abs() < 1e-5));
    }
}
