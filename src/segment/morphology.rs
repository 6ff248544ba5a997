//! Growing and shrinking by an element, 64 voxels at a time.
//!
//! The image ends at its border: nothing grows in from outside, and nothing outside counts as
//! background, so a structure that the image cuts is not eaten away from the cut.

use rayon::prelude::*;

use super::bits::Bits;
use super::element::Element;
use super::far::dilate_far;
use crate::progress::{Cancelled, Progress};

/// Sets every voxel that a step of the element leads to from a set one.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn dilate(bits: &Bits, element: &Element, progress: &Progress) -> Result<Bits, Cancelled> {
    if element.measured_ball().is_some() {
        return dilate_far(bits, element, progress);
    }
    let mut made = Bits::new(bits.dims_ijk());
    let [_, nj, nk] = bits.dims_ijk();
    let (width, last, plane_len) = (bits.width(), bits.last_word(), bits.plane_len().max(1));
    let is_used: Vec<bool> =
        bits.words().par_chunks(width.max(1)).map(|row| row.iter().any(|word| *word != 0)).collect();
    let pad = element.reach_i().div_ceil(64);
    progress.expect(nk);
    made.words_mut().par_chunks_mut(plane_len).enumerate().try_for_each(|(k, plane)| {
        let mut sum = vec![0; width + 2 * pad];
        for (j, out) in plane.chunks_mut(width).enumerate() {
            let sources = |dj: isize, dk: isize| {
                let (j, k) = (j.checked_add_signed(-dj)?, k.checked_add_signed(-dk)?);
                (j < nj && k < nk && is_used[k * nj + j]).then(|| bits.row(j, k))
            };
            if grow(&mut sum, element, pad, sources) {
                out.copy_from_slice(&sum[pad..pad + width]);
                if let Some(word) = out.last_mut() {
                    *word &= last;
                }
            }
        }
        progress.step()
    })?;
    Ok(made)
}

/// Joins the rows an element reaches, each widened by its steps along i; false when there are none.
///
/// Rows are joined before they are widened: the widest first, then all together by what is left.
fn grow<'a>(
    sum: &mut [u64],
    element: &Element,
    pad: usize,
    sources: impl Fn(isize, isize) -> Option<&'a [u64]>,
) -> bool {
    let mut length = None;
    for row in element.rows() {
        let Some(source) = sources(row.dj, row.dk) else { continue };
        let wanted = row.high - row.low;
        match length {
            None => sum.fill(0),
            Some(length) => widen(sum, length - wanted),
        }
        length = Some(wanted);
        join_shifted(sum, source, (64 * pad).wrapping_add_signed(row.low));
    }
    if let Some(length) = length {
        widen(sum, length);
    }
    length.is_some()
}

/// Sets bit n + `shift` of the sum for every bit n of the source.
fn join_shifted(sum: &mut [u64], source: &[u64], shift: usize) {
    let (words, bits) = (shift / 64, shift % 64);
    if bits == 0 {
        sum[words..].iter_mut().zip(source).for_each(|(sum, word)| *sum |= word);
        return;
    }
    let mut carry = 0;
    for (sum, word) in sum[words..].iter_mut().zip(source.iter().chain(&[0])) {
        *sum |= word << bits | carry;
        carry = word >> (64 - bits);
    }
}

/// Sets the `length` bits after every set bit, doubling what has been reached.
fn widen(sum: &mut [u64], length: isize) {
    let (mut reached, mut rest) = (1, length);
    while rest > 0 {
        let step = rest.min(reached).min(63);
        let mut carry = 0;
        for word in sum.iter_mut() {
            let before = *word;
            *word |= before << step | carry;
            carry = before >> (64 - step);
        }
        rest -= step;
        reached += step;
    }
}

/// Keeps every voxel all of whose steps within the image lead to set ones.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn erode(bits: &Bits, element: &Element, progress: &Progress) -> Result<Bits, Cancelled> {
    let mut inverse = bits.clone();
    inverse.invert();
    let mut made = dilate(&inverse, element, progress)?;
    made.invert();
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Grid;
    use crate::segment::Connectivity;
    use nalgebra::{Matrix4, Vector3};
    use ndarray::Array3;

    fn noise(dims: [usize; 3]) -> Array3<u8> {
        let [ni, nj, nk] = dims;
        let mut state = 11_u32;
        Array3::from_shape_simple_fn((nk, nj, ni), || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u8::from(state >> 25 == 0)
        })
    }

    fn dilated(bytes: &Array3<u8>, element: &Element) -> Array3<u8> {
        let (nk, nj, ni) = bytes.dim();
        let mut made = Array3::zeros(bytes.dim());
        for ((k, j, i), _) in bytes.indexed_iter().filter(|(_, byte)| **byte != 0) {
            for row in element.rows() {
                for di in row.low..=row.high {
                    let place = [(k, row.dk, nk), (j, row.dj, nj), (i, di, ni)];
                    let place = place.map(|(at, step, n)| at.checked_add_signed(step).filter(|at| *at < n));
                    if let [Some(k), Some(j), Some(i)] = place {
                        made[[k, j, i]] = 1;
                    }
                }
            }
        }
        made
    }

    #[test]
    fn growing_by_words_is_growing_voxel_by_voxel() {
        let mut affine = Matrix4::new_nonuniform_scaling(&Vector3::new(0.04, 0.7, 0.6));
        affine[(0, 2)] = 0.5;
        for dims in [[131, 9, 7], [64, 5, 6], [10, 6, 5]] {
            let bytes = noise(dims);
            let bits = Bits::from_bytes(bytes.view());
            let grid = Grid::new(dims, affine).unwrap();
            // The long rows of this ball reach over several words.
            for element in [Element::ball(&grid, 1.5), Element::neighbours(Connectivity::Edges)] {
                let made = dilate(&bits, &element, &Progress::default()).unwrap();
                assert_eq!(made.to_bytes(), dilated(&bytes, &element));
                let inverse = dilated(&bytes.mapv(|byte| 1 - byte), &element).mapv(|byte| 1 - byte);
                assert_eq!(erode(&bits, &element, &Progress::default()).unwrap().to_bytes(), inverse);
            }
        }
    }

    #[test]
    fn a_large_ball_is_that_of_its_steps() {
        let affine = Matrix4::new_nonuniform_scaling(&Vector3::new(0.6, 0.6, 0.5));
        let dims = [70, 40, 60];
        let grid = Grid::new(dims, affine).unwrap();
        let mut few = Array3::zeros((dims[2], dims[1], dims[0]));
        for place in [[3, 5, 7], [30, 20, 60], [31, 2, 69]] {
            few[place] = 1;
        }
        // 25 x 0.6 and 30 x 0.5 are ties at 15 mm, and so are 15 x 0.6 with 20 x 0.6 and 18 x 0.5.
        let element = Element::ball(&grid, 15.0);
        assert!(element.measured_ball().is_some());
        let bits = Bits::from_bytes(few.view());
        let made = dilate(&bits, &element, &Progress::default()).unwrap();
        assert_eq!(made.to_bytes(), dilated(&few, &element));
        let (mut inverse, mut expected) = (bits.clone(), made);
        inverse.invert();
        expected.invert();
        assert_eq!(erode(&inverse, &element, &Progress::default()).unwrap(), expected);
        let all = dilate(&bits, &Element::ball(&grid, 1e6), &Progress::default()).unwrap();
        assert_eq!(all.count(), few.len());
        let none = dilate(&Bits::new(dims), &element, &Progress::default()).unwrap();
        assert_eq!(none.count(), 0);
    }
}
