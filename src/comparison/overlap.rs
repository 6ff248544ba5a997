//! How many voxels two masks have in common.

use rayon::prelude::*;

use crate::progress::{Cancelled, Progress};
use crate::segment::{Bits, TIE_MM, distance};

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

/// The voxels no farther than `reach_mm` from a set one, on a grid at right angles: by the distance
/// transform, whose cost does not depend on how far that is.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn within(
    mask: &Bits,
    spacing_xyz_mm: [f64; 3],
    reach_mm: f64,
    progress: &Progress,
) -> Result<Bits, Cancelled> {
    let mut room = mask.clone();
    room.invert();
    let far = distance(&room, spacing_xyz_mm, progress)?;
    // Distances are of single precision: their last digit must not decide what lies just on the border.
    let reach = ((reach_mm + TIE_MM) * (1.0 + 2.0 * f64::from(f32::EPSILON))).min(f64::from(f32::MAX)) as f32;
    Ok(Bits::from_rows(mask.dims_ijk(), |j, k, words| {
        let row = far.slice(ndarray::s![k, j, ..]);
        for (i, &mm) in row.iter().enumerate() {
            words[i / 64] |= u64::from(mm <= reach) << (i % 64);
        }
    }))
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

    #[test]
    fn within_a_distance_is_what_a_ball_reaches() {
        use crate::geometry::Grid;
        use crate::segment::{Element, dilate};
        let seeds = [(2, 3, 5), (9, 11, 70), (0, 0, 0)];
        let bytes = Array3::from_shape_fn((12, 14, 75), |at| u8::from(seeds.contains(&at)));
        let mask = Bits::from_bytes(bytes.view());
        let spacing = [0.6, 0.5, 1.2];
        let affine = nalgebra::Matrix4::new_nonuniform_scaling(&nalgebra::Vector3::from(spacing));
        let grid = Grid::new([75, 14, 12], affine).unwrap();
        let progress = Progress::default();
        for reach in [0.3, 0.6, 3.0, 5.0, 6.0] {
            let ball = dilate(&mask, &Element::ball(&grid, reach), &progress).unwrap();
            let found = within(&mask, spacing, reach, &progress).unwrap();
            assert_eq!(found.to_bytes(), ball.to_bytes(), "{reach}");
        }
        assert_eq!(within(&mask, spacing, 1e9, &progress).unwrap().count(), 12 * 14 * 75);
        assert_eq!(within(&Bits::new([75, 14, 12]), spacing, 1e9, &progress).unwrap().count(), 0);
    }
}
