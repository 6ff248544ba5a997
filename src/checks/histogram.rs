//! How often each HU occurs, and where air and soft tissue lie on that scale.

use ndarray::{ArrayView3, Axis};
use rayon::prelude::*;

use super::sample::Sample;

const LOW: i32 = -4096;
const BINS: usize = 16384;

/// Counts of whole HU from −4096 on; values outside are counted in the outermost bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    counts: Vec<u64>,
}

impl Histogram {
    pub(super) fn new<T: Sample>(values: ArrayView3<'_, T>) -> Self {
        let counts = values
            .axis_iter(Axis(0))
            .into_par_iter()
            .fold(
                || vec![0u64; BINS],
                |mut counts, plane| {
                    for value in plane {
                        counts[bin(value.hu())] += 1;
                    }
                    counts
                },
            )
            .reduce(
                || vec![0u64; BINS],
                |mut a, b| {
                    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
                    a
                },
            );
        Self { counts }
    }

    /// Number of values from `low` to `high`, both counted in.
    pub fn count(&self, low: i32, high: i32) -> u64 {
        self.counts[bin(low as f32)..=bin(high as f32)].iter().sum()
    }

    /// Lowest and highest value that occurs.
    pub fn range(&self) -> (i32, i32) {
        let first = self.counts.iter().position(|n| *n > 0).unwrap_or(0);
        let last = self.counts.iter().rposition(|n| *n > 0).unwrap_or(0);
        (LOW + first as i32, LOW + last as i32)
    }

    /// A value that fills the outside of the image: the lowest one, when nothing lies within 60 HU
    /// above it or when it is far below air.
    pub fn filler(&self) -> Option<i32> {
        let (low, _) = self.range();
        let total: u64 = self.counts.iter().sum();
        let alone = self.count(low + 1, low + 60) * 50 < self.count(low, low);
        (alone && self.count(low, low) * 1000 > total && self.count(low + 61, 1 << 15) > 0).then_some(low)
    }

    /// The most frequent value within a range, smoothed over `width` HU; None where nothing is.
    pub fn mode(&self, low: i32, high: i32, width: usize) -> Option<i32> {
        let (from, to) = (bin(low as f32), bin(high as f32));
        let half = width / 2;
        let around =
            |n: usize| self.counts[n.saturating_sub(half)..(n + half + 1).min(BINS)].iter().sum::<u64>();
        let best = (from..=to).max_by_key(|n| (around(*n), usize::MAX - n))?;
        if around(best) == 0 {
            return None;
        }
        // The middle of the plateau that smoothing makes of a single spike.
        let end = (best..=to).take_while(|n| around(*n) == around(best)).last().unwrap_or(best);
        Some(LOW + (best + end) as i32 / 2)
    }

    /// Air and soft tissue: the two classes that Otsu's threshold parts (doi 10.1109/TSMC.1979.4310076)
    /// below the highest percent, each at its most frequent value.  None where there is one class.
    ///
    /// A filler outside of the image makes a class of its own.  It is left out unless tissue lies
    /// about as far above it as above air: then it is air without noise.
    pub fn air_and_tissue(&self) -> Option<(i32, i32)> {
        let (low, _) = self.range();
        let whole = self.classes(low);
        let Some(filler) = self.filler() else { return whole };
        match whole {
            Some((air, tissue)) if (tissue - air - 1040).abs() < 200 => whole,
            _ => self.classes(filler + 1).or(whole),
        }
    }

    fn classes(&self, low: i32) -> Option<(i32, i32)> {
        let start = bin(low as f32);
        let total: u64 = self.counts[start..].iter().sum();
        let mut seen = 0;
        let top = (start..BINS).find(|n| {
            seen += self.counts[*n];
            seen * 100 >= total * 99
        })?;
        let threshold = self.otsu(start, top)?;
        let (below, above) = (LOW + threshold as i32, LOW + top as i32);
        let air = self.mode(low, below, 21)?;
        let tissue = self.mode(below + 1, above, 41)?;
        let share = |from: i32, to: i32| self.count(from, to) as f64 / total as f64;
        let parted = tissue - air > 300 && share(low, below) > 0.02 && share(below + 1, 1 << 15) > 0.02;
        parted.then_some((air, tissue))
    }

    fn otsu(&self, start: usize, end: usize) -> Option<usize> {
        let slice = &self.counts[start..=end];
        let total: f64 = slice.iter().map(|n| *n as f64).sum();
        let sum: f64 = slice.iter().enumerate().map(|(n, count)| n as f64 * *count as f64).sum();
        let (mut weight, mut below, mut best) = (0.0, 0.0, (0.0, None));
        for (n, count) in slice.iter().enumerate() {
            weight += *count as f64;
            below += n as f64 * *count as f64;
            if weight > 0.0 && weight < total {
                let between =
                    weight * (total - weight) * (below / weight - (sum - below) / (total - weight)).powi(2);
                if between > best.0 {
                    best = (between, Some(start + n));
                }
            }
        }
        best.1
    }

    /// The value at which the scale ends, when many voxels sit on the very highest one.
    pub fn ceiling(&self) -> Option<i32> {
        let (_, high) = self.range();
        let on_top = self.count(high, high);
        let below = self.count(high - 40, high - 1) as f64 / 40.0;
        (on_top >= 20 && on_top as f64 > 5.0 * below.max(1.0)).then_some(high)
    }
}

fn bin(hu: f32) -> usize {
    (hu.round() as i32 - LOW).clamp(0, BINS as i32 - 1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn an_offset_of_1024_shows_in_the_modes() {
        let shape = |offset: i16| {
            Array3::from_shape_fn((8, 40, 40), |(k, j, i)| {
                let speckle = ((i * 7 + j * 13 + k * 5) % 21) as i16 - 10;
                offset + if (10..30).contains(&i) { 40 } else { -1000 } + speckle
            })
        };
        for offset in [0, 1024, -1024] {
            let (air, tissue) = Histogram::new(shape(offset).view()).air_and_tissue().unwrap();
            assert!((air - i32::from(offset) + 1000).abs() <= 12, "{air}");
            assert!((tissue - i32::from(offset) - 40).abs() <= 12, "{tissue}");
        }
        let filled = shape(0).mapv(|hu| if hu < 0 { -3024 } else { hu });
        assert_eq!(Histogram::new(filled.view()).filler(), Some(-3024));
    }
}
