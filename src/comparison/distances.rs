//! The distances between the surfaces of two masks, both ways, gathered by how large they are.

use rayon::prelude::*;

use super::disks::disk_areas_mm2;
use super::elements::{Corners, ElementKind, elements, lattice};
use super::nearest::Nearest;
use crate::progress::{Cancelled, Progress};
use crate::segment::Bits;

/// From every element of one surface to the nearest of the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Directed {
    /// Distances that occur, ascending, mm.
    pub distances_mm: Vec<f64>,
    /// Area of the elements at each distance, mm2; their number where elements count alike.
    pub weights: Vec<f64>,
    /// Number of elements at each distance.
    pub counts: Vec<u64>,
    /// Index (i, j, k) of the element that is farthest, the first of them; corners lie half a voxel
    /// before the voxel of their index.
    pub farthest_ijk: [usize; 3],
}

/// Squared distance (its bits, which sort like it), code of the voxels around, number.
type Entry = (u64, u8, u64);

/// From the first to the second and from the second to the first; masks of the same size.
/// What has no partner is infinitely far.
///
/// # Errors
/// [`Cancelled`] when the caller asked for a stop.
pub fn surface_distances(
    first: &Bits,
    second: &Bits,
    kind: ElementKind,
    spacing_xyz_mm: [f64; 3],
    progress: &Progress,
) -> Result<[Directed; 2], Cancelled> {
    let areas = match kind {
        ElementKind::Disk => disk_areas_mm2(spacing_xyz_mm),
        ElementKind::Voxel => [1.0; 256],
    };
    let classes = classes(&areas);
    let (from, to) = (elements(kind, first), elements(kind, second));
    progress.expect(2 * lattice(kind, first)[2]);
    let there = directed(first, &from, &Nearest::new(&to, spacing_xyz_mm), kind, &classes, progress)?;
    let back = directed(second, &to, &Nearest::new(&from, spacing_xyz_mm), kind, &classes, progress)?;
    Ok([there, back].map(|found| found.read(&areas)))
}

/// For each code the first that has the same area, so that fewer are told apart.
fn classes(areas: &[f64; 256]) -> [u8; 256] {
    std::array::from_fn(|code| {
        let same = areas.iter().position(|area| area.to_bits() == areas[code].to_bits());
        same.unwrap_or(code) as u8
    })
}

struct Tally {
    entries: Vec<Entry>,
    farthest: (f64, [usize; 3]),
}

impl Tally {
    fn read(self, areas: &[f64; 256]) -> Directed {
        let mut read = Directed { farthest_ijk: self.farthest.1, ..Directed::default() };
        for same in self.entries.chunk_by(|a, b| a.0 == b.0) {
            read.distances_mm.push(f64::from_bits(same[0].0).sqrt());
            read.weights.push(same.iter().map(|entry| areas[usize::from(entry.1)] * entry.2 as f64).sum());
            read.counts.push(same.iter().map(|entry| entry.2).sum());
        }
        read
    }
}

fn directed(
    mask: &Bits,
    elements: &Bits,
    target: &Nearest<'_>,
    kind: ElementKind,
    classes: &[u8; 256],
    progress: &Progress,
) -> Result<Tally, Cancelled> {
    let [_, nj, nk] = elements.dims_ijk();
    let planes: Vec<Tally> = (0..nk)
        .into_par_iter()
        .map(|k| {
            let mut tally = Tally { entries: Vec::new(), farthest: (-1.0, [0; 3]) };
            let mut known = None;
            for j in 0..nj {
                let codes = Corners::of_row(mask, j, k);
                for i in set_bits(elements.row(j, k)) {
                    let found = target.find([i, j, k], known);
                    known = Some(found.ijk);
                    let code =
                        if kind == ElementKind::Disk { classes[usize::from(codes.code(i))] } else { 0 };
                    tally.entries.push((found.squared_mm2.to_bits(), code, 1));
                    if found.squared_mm2 > tally.farthest.0 {
                        tally.farthest = (found.squared_mm2, [i, j, k]);
                    }
                }
            }
            tally.entries = gathered(tally.entries);
            progress.step()?;
            Ok(tally)
        })
        .collect::<Result<_, Cancelled>>()?;
    let mut all = Tally { entries: Vec::new(), farthest: (-1.0, [0; 3]) };
    for plane in planes {
        all.entries.extend(plane.entries);
        if plane.farthest.0 > all.farthest.0 {
            all.farthest = plane.farthest;
        }
    }
    all.entries = gathered(all.entries);
    Ok(all)
}

/// Sorts, and adds up what is alike.
fn gathered(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.par_sort_unstable();
    let same = entries.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1));
    same.map(|same| (same[0].0, same[0].1, same.iter().map(|entry| entry.2).sum())).collect()
}

/// The places of the set bits of a row.
fn set_bits(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().flat_map(|(at, &word)| {
        let mut left = word;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| at * 64 + left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(bit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    fn block(from: [usize; 3], to: [usize; 3]) -> Bits {
        let inside = |at: [usize; 3]| (0..3).all(|axis| from[axis] <= at[axis] && at[axis] < to[axis]);
        Bits::from_bytes(Array3::from_shape_fn((12, 14, 90), |(k, j, i)| u8::from(inside([i, j, k]))).view())
    }

    #[test]
    fn a_block_moved_along_an_axis_is_off_by_the_step_times_the_spacing() {
        let (a, b) = (block([4, 3, 2], [60, 9, 8]), block([4, 3, 4], [60, 9, 10]));
        for kind in [ElementKind::Disk, ElementKind::Voxel] {
            let found = surface_distances(&a, &b, kind, [0.5, 0.5, 2.0], &Progress::default()).unwrap();
            assert_eq!(found[0].distances_mm.last(), Some(&4.0));
            assert_eq!(found[1].distances_mm.last(), Some(&4.0));
            assert_eq!(found[0].counts.iter().sum::<u64>(), found[1].counts.iter().sum::<u64>());
            let same = surface_distances(&a, &a, kind, [0.5, 0.5, 2.0], &Progress::default()).unwrap();
            assert_eq!(same[0].distances_mm, [0.0]);
        }
    }
}
