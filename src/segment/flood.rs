//! Labels that spread from seeds, voxel by voxel, the cheapest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ndarray::{Array3, ArrayView3};

use super::value::Value;
use crate::progress::{Cancelled, Progress};

/// How often a stop is looked for.
const CHECK_EVERY: usize = 1 << 20;

/// Index steps to the neighbours at faces, in the order of the voxels.
struct Lattice {
    dims: [usize; 3],
    strides: [usize; 3],
}

impl Lattice {
    fn new((nk, nj, ni): (usize, usize, usize)) -> Self {
        Self { dims: [nk, nj, ni], strides: [nj * ni, ni, 1] }
    }

    /// Calls for every neighbour with its index and the axis (0: k, 1: j, 2: i) it lies along.
    #[inline]
    fn neighbours(&self, at: usize, mut call: impl FnMut(usize, usize)) {
        let place = [at / self.strides[0], at / self.strides[1] % self.dims[1], at % self.dims[2]];
        for axis in 0..3 {
            if place[axis] > 0 {
                call(at - self.strides[axis], axis);
            }
        }
        for axis in (0..3).rev() {
            if place[axis] + 1 < self.dims[axis] {
                call(at + self.strides[axis], axis);
            }
        }
    }
}

/// A number whose order as bits is its order as a value; only for numbers from 0 on.
fn rank(height: f32) -> u32 {
    height.max(0.0).to_bits()
}

/// Watershed of a landscape from markers, the deepest first, within a mask
/// (F. Meyer, doi 10.1016/1047-3203(90)90014-M); of equals the one that was reached first.
///
/// `depth` is a distance: large inside. Label 0 is no marker.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn watershed(
    depth: ArrayView3<'_, f32>,
    markers: ArrayView3<'_, u32>,
    mask: ArrayView3<'_, u8>,
    progress: &Progress,
) -> Result<Array3<u32>, Cancelled> {
    let lattice = Lattice::new(depth.dim());
    let (depth, mask) = (depth.as_standard_layout(), mask.as_standard_layout());
    let (depth, mask) = (depth.as_slice().unwrap_or(&[]), mask.as_slice().unwrap_or(&[]));
    let mut labels: Vec<u32> =
        markers.iter().zip(mask).map(|(label, inside)| if *inside == 0 { 0 } else { *label }).collect();
    let mut queue = BinaryHeap::new();
    let mut age = 0_u32;
    for (at, _) in labels.iter().enumerate().filter(|(_, label)| **label != 0) {
        queue.push((rank(depth[at]), Reverse(age), at));
    }
    let mut done = 0;
    while let Some((_, _, at)) = queue.pop() {
        let label = labels[at];
        lattice.neighbours(at, |next, _| {
            if labels[next] == 0 && mask[next] != 0 {
                labels[next] = label;
                age += 1;
                queue.push((rank(depth[next]), Reverse(age), next));
            }
        });
        done += 1;
        if done % CHECK_EVERY == 0 {
            progress.check()?;
        }
    }
    Ok(Array3::from_shape_vec(markers.dim(), labels).unwrap_or_else(|_| Array3::default(markers.dim())))
}

/// Every voxel gets the label of the seed that is nearest along a path, where a step costs the
/// difference of its values and `per_mm` for its length: fast GrowCut
/// (L. Zhu and others, doi 10.1117/12.2006669, from shortest paths).
///
/// Of two seeds equally near the lower label wins. Voxels outside of the mask are not entered.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn grow_from_seeds<T: Value>(
    values: ArrayView3<'_, T>,
    seeds: ArrayView3<'_, u32>,
    mask: Option<ArrayView3<'_, u8>>,
    spacing_xyz_mm: [f64; 3],
    per_mm: f64,
    progress: &Progress,
) -> Result<Array3<u32>, Cancelled> {
    let lattice = Lattice::new(values.dim());
    let values = values.as_standard_layout();
    let values = values.as_slice().unwrap_or(&[]);
    let mask = mask.map(|mask| mask.as_standard_layout().into_owned());
    let mask = mask.as_ref().and_then(|mask| mask.as_slice());
    let [x, y, z] = spacing_xyz_mm.map(|step| (step * per_mm) as f32);
    let along = [z, y, x];
    let mut labels: Vec<u32> = seeds.iter().copied().collect();
    let mut costs = vec![f32::INFINITY; labels.len()];
    let mut queue = BinaryHeap::new();
    for (at, label) in labels.iter_mut().enumerate() {
        if mask.is_some_and(|mask| mask[at] == 0) {
            *label = 0;
        } else if *label != 0 {
            costs[at] = 0.0;
            queue.push(Reverse((0, *label, at)));
        }
    }
    let mut done = 0_usize;
    while let Some(Reverse((cost, label, at))) = queue.pop() {
        if cost != rank(costs[at]) || label != labels[at] {
            continue;
        }
        let (here, value) = (costs[at], values[at].to_f32());
        lattice.neighbours(at, |next, axis| {
            if mask.is_some_and(|mask| mask[next] == 0) {
                return;
            }
            let cost = here + (values[next].to_f32() - value).abs() + along[axis];
            if cost < costs[next] || (cost <= costs[next] && label < labels[next]) {
                costs[next] = cost;
                labels[next] = label;
                queue.push(Reverse((rank(cost), label, next)));
            }
        });
        done += 1;
        if done.is_multiple_of(CHECK_EVERY) {
            progress.check()?;
        }
    }
    Ok(Array3::from_shape_vec(seeds.dim(), labels).unwrap_or_else(|_| Array3::default(seeds.dim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ridge_parts_two_seeds_and_a_mask_is_not_left() {
        let mut values = Array3::from_elem((3, 3, 9), 0_i16);
        values.slice_mut(ndarray::s![.., .., 6..]).fill(500);
        let mut seeds = Array3::zeros((3, 3, 9));
        seeds[[1, 1, 0]] = 7;
        seeds[[1, 1, 8]] = 2;
        let mut mask = Array3::from_elem((3, 3, 9), 1);
        mask[[0, 0, 4]] = 0;
        let none = Progress::default();
        let made =
            grow_from_seeds(values.view(), seeds.view(), Some(mask.view()), [1.0; 3], 1.0, &none).unwrap();
        for ((k, j, i), label) in made.indexed_iter() {
            let expected = match (k, j, i) {
                (0, 0, 4) => 0,
                (_, _, 0..6) => 7,
                _ => 2,
            };
            assert_eq!(*label, expected);
        }
    }

    #[test]
    fn the_deeper_of_two_basins_takes_the_ridge_between() {
        let depth = Array3::from_shape_fn((1, 1, 9), |(_, _, i)| [1., 3., 4., 2., 1., 2., 5., 3., 1.][i]);
        let mut markers = Array3::zeros((1, 1, 9));
        markers[[0, 0, 2]] = 1;
        markers[[0, 0, 6]] = 2;
        let mask = Array3::from_elem((1, 1, 9), 1);
        let made = watershed(depth.view(), markers.view(), mask.view(), &Progress::default()).unwrap();
        assert_eq!(made.into_raw_vec_and_offset().0, [1, 1, 1, 1, 2, 2, 2, 2, 2]);
    }
}
