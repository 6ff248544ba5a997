//! Growing by a large ball: by a distance transform, with ties decided by the steps of the ball.

use super::bits::Bits;
use super::distance::distance;
use super::element::Element;
use crate::progress::{Cancelled, Progress};

/// Distances of float32 are taken to be within this of the truth, and within this share of the radius.
const DOUBT_MM: f64 = 1e-4;
const DOUBT: f64 = 1e-6;

/// Sets every voxel that a step of a ball leads to from a set one; the same as step by step.
pub(super) fn dilate_far(bits: &Bits, element: &Element, progress: &Progress) -> Result<Bits, Cancelled> {
    let dims = bits.dims_ijk();
    let Some((spacing_xyz_mm, radius)) = element.measured_ball() else { return Ok(Bits::new(dims)) };
    let mut unset = bits.clone();
    unset.invert();
    let away = distance(&unset, spacing_xyz_mm, progress)?;
    drop(unset);
    let doubt = DOUBT_MM + DOUBT * radius;
    let (surely, maybe) = ((radius - doubt) as f32, (radius + doubt) as f32);
    let shell = element.shell(radius - 2.0 * doubt);
    let is_reached = |[i, j, k]: [usize; 3]| {
        shell.iter().any(|[di, dj, dk]| {
            let near = [(i, di, dims[0]), (j, dj, dims[1]), (k, dk, dims[2])]
                .map(|(at, step, n)| at.checked_add_signed(*step).filter(|at| *at < n));
            matches!(near, [Some(i), Some(j), Some(k)] if bits.get(i, j, k))
        })
    };
    Ok(Bits::from_rows(dims, |j, k, words| {
        for (i, away) in away.slice(ndarray::s![k, j, ..]).iter().enumerate() {
            let is_in = *away < surely || (*away <= maybe && is_reached([i, j, k]));
            words[i / 64] |= u64::from(is_in) << (i % 64);
        }
    }))
}
