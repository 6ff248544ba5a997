//! Holes: background that no path of faces joins with the border of the image.

use ndarray::{Array3, ArrayView3, Axis};
use rayon::prelude::*;

use super::bits::Bits;
use super::components::{Components, Connectivity};
use crate::progress::{Cancelled, Progress};

/// Sets every hole of at most `most` voxels.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn fill_holes(mask: ArrayView3<'_, u8>, most: u64, progress: &Progress) -> Result<Array3<u8>, Cancelled> {
    let mut bits = Bits::from_bytes(mask);
    let background = Components::new(&bits, false, Connectivity::Faces, progress)?;
    let is_hole = holes(&background, &background.at_border(), most);
    background.set(&mut bits, &is_hole);
    Ok(bits.to_bytes())
}

fn holes(background: &Components, at_border: &[bool], most: u64) -> Vec<bool> {
    background.parts().iter().zip(at_border).map(|(part, at)| !at && part.n_voxels <= most).collect()
}

/// The same in every slice along an axis of the array on its own (0: k, 1: j, 2: i).
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn fill_holes_by_slice(
    mask: ArrayView3<'_, u8>,
    axis: usize,
    most: u64,
    progress: &Progress,
) -> Result<Array3<u8>, Cancelled> {
    let mut made = Array3::zeros(mask.dim());
    progress.expect(mask.len_of(Axis(axis)));
    let quiet = Progress::default();
    let slices: Vec<_> = mask.axis_iter(Axis(axis)).zip(made.axis_iter_mut(Axis(axis))).collect();
    slices.into_par_iter().try_for_each(|(slice, mut out)| {
        let mut bits = Bits::from_bytes(slice.insert_axis(Axis(0)));
        let background = Components::new(&bits, false, Connectivity::Faces, &quiet)?;
        let [ni, nj, _] = bits.dims_ijk();
        let at_border: Vec<bool> = background
            .parts()
            .iter()
            .map(|part| {
                let [i, j, _] = part.bounds_ijk;
                i[0] == 0 || j[0] == 0 || i[1] as usize + 1 == ni || j[1] as usize + 1 == nj
            })
            .collect();
        background.set(&mut bits, &holes(&background, &at_border, most));
        out.assign(&bits.to_bytes().index_axis(Axis(0), 0));
        progress.step()
    })?;
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cup_is_no_hole_but_its_slices_are() {
        let mut mask = Array3::zeros((6, 9, 9));
        mask.slice_mut(ndarray::s![1..5, 2..7, 2..7]).fill(1);
        mask.slice_mut(ndarray::s![2..5, 3..6, 3..6]).fill(0);
        let none = Progress::default();
        assert_eq!(fill_holes(mask.view(), u64::MAX, &none).unwrap(), mask);
        let by_slice = fill_holes_by_slice(mask.view(), 0, u64::MAX, &none).unwrap();
        assert_eq!(by_slice.iter().filter(|v| **v != 0).count(), 4 * 25);
        mask.slice_mut(ndarray::s![4, 3..6, 3..6]).fill(1);
        assert_eq!(fill_holes(mask.view(), u64::MAX, &none).unwrap(), by_slice);
        assert_eq!(fill_holes(mask.view(), 17, &none).unwrap(), mask);
    }
}
