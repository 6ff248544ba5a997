//! How many voxels two masks have in common.

use rayon::prelude::*;

use crate::segment::Bits;

/// Voxels of two masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Set in the first.
    pub first: u64,
    /// Set in the second.
    pub second: u64,
    /// Set in both.
    pub both: u64,
}

/// Counts the voxels of two masks of the same size, within a third when it is given.
pub fn count(first: &Bits, second: &Bits, within: Option<&Bits>) -> Counts {
    let [_, nj, nk] = first.dims_ijk();
    let planes: Vec<Counts> = (0..nk)
        .into_par_iter()
        .map(|k| {
            let mut sum = Counts::default();
            for j in 0..nj {
                let words = first.row(j, k).iter().zip(second.row(j, k));
                for (at, (a, b)) in words.enumerate() {
                    let seen = within.map_or(u64::MAX, |bits| bits.row(j, k)[at]);
                    sum.first += u64::from((a & seen).count_ones());
                    sum.second += u64::from((b & seen).count_ones());
                    sum.both += u64::from((a & b & seen).count_ones());
                }
            }
            sum
        })
        .collect();
    planes.iter().fold(Counts::default(), |sum, plane| Counts {
        first: sum.first + plane.first,
        second: sum.second + plane.second,
        both: sum.both + plane.both,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn voxels_are_counted_within_a_third_mask() {
        let mask = |from: usize, to: usize| {
            Bits::from_bytes(
                Array3::from_shape_fn((2, 3, 70), |(_, _, i)| u8::from(from <= i && i < to)).view(),
            )
        };
        let (a, b) = (mask(0, 66), mask(60, 70));
        assert_eq!(count(&a, &b, None), Counts { first: 6 * 66, second: 60, both: 36 });
        let near = mask(62, 68);
        assert_eq!(count(&a, &b, Some(&near)), Counts { first: 24, second: 36, both: 24 });
    }
}
