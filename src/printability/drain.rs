//! What cannot run out of a part: liquid in cups and in closed voids.
//!
//! Layers are added from below. What is empty and hangs together, within the layers so far, with the space
//! around the part has run out; the rest would have to rise first.

use super::voxels::Voxels;
use crate::mesh::forest::Forest;

/// Something that stays in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pool {
    /// How much, mm3.
    pub volume_mm3: f64,
    /// Its middle, in the coordinates of the voxels, mm.
    pub centre: [f64; 3],
    /// Whether it has no way out at all.
    pub is_closed: bool,
}

/// Pools of at least some volume, largest first, when the first layer lies lowest.
pub fn pools(voxels: &Voxels, min_mm3: f64) -> Vec<Pool> {
    let dims = voxels.dims;
    if voxels.is_solid.is_empty() {
        return Vec::new();
    }
    // Number 0 is the space around; it counts as empty everywhere outside the grid.
    let mut reached = Forest::new(voxels.is_solid.len() + 1);
    let mut held = vec![false; voxels.is_solid.len()];
    for k in 0..dims[2] {
        add_layer(voxels, &mut reached, k);
        for place in k * dims[0] * dims[1]..(k + 1) * dims[0] * dims[1] {
            held[place] = !voxels.is_solid[place] && reached.find(place as u32 + 1) != 0;
        }
    }
    let is_shut = |place: usize, forest: &mut Forest| forest.find(place as u32 + 1) != 0;
    let mut joined = Forest::new(held.len());
    for place in 0..held.len() {
        for back in backwards(dims, place).into_iter().flatten() {
            if held[place] && held[back] {
                joined.join(back as u32, place as u32);
            }
        }
    }
    let (labels, n) = joined.labels();
    let mut sums = vec![(0_usize, [0.0_f64; 3], false); n];
    for place in (0..held.len()).filter(|&place| held[place]) {
        let at = [place % dims[0], place / dims[0] % dims[1], place / dims[0] / dims[1]];
        let sum = &mut sums[labels[place] as usize];
        sum.0 += 1;
        for axis in 0..3 {
            sum.1[axis] += voxels.origin[axis] + at[axis] as f64 * voxels.size_mm;
        }
        sum.2 |= is_shut(place, &mut reached);
    }
    let own = voxels.size_mm.powi(3);
    let mut found: Vec<Pool> = sums
        .into_iter()
        .filter(|sum| sum.0 > 0 && sum.0 as f64 * own >= min_mm3)
        .map(|(n, sum, is_closed)| Pool {
            volume_mm3: n as f64 * own,
            centre: sum.map(|x| x / n as f64),
            is_closed,
        })
        .collect();
    found.sort_by(|a, b| b.volume_mm3.total_cmp(&a.volume_mm3));
    found
}

fn add_layer(voxels: &Voxels, reached: &mut Forest, k: usize) {
    let dims = voxels.dims;
    for j in 0..dims[1] {
        for i in 0..dims[0] {
            let place = voxels.at(i, j, k);
            if voxels.is_solid[place] {
                continue;
            }
            let is_border = i == 0 || j == 0 || k == 0 || i + 1 == dims[0] || j + 1 == dims[1];
            if is_border {
                reached.join(0, place as u32 + 1);
            }
            for back in backwards(dims, place).into_iter().flatten() {
                if !voxels.is_solid[back] {
                    reached.join(back as u32 + 1, place as u32 + 1);
                }
            }
        }
    }
}

/// Neighbours with lower numbers.
fn backwards(dims: [usize; 3], place: usize) -> [Option<usize>; 3] {
    let (i, j, k) = (place % dims[0], place / dims[0] % dims[1], place / dims[0] / dims[1]);
    [(i > 0).then(|| place - 1), (j > 0).then(|| place - dims[0]), (k > 0).then(|| place - dims[0] * dims[1])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cup(has_lid: bool, has_drain: bool) -> Voxels {
        let dims = [9, 9, 9];
        let mut voxels = Voxels { dims, size_mm: 1.0, origin: [0.0; 3], is_solid: vec![false; 729] };
        for (i, j, k) in (0..729).map(|n| (n % 9, n / 9 % 9, n / 81)) {
            let body = [i, j, k].iter().all(|&x| (2..=6).contains(&x));
            let inner = (3..=5).contains(&i)
                && (3..=5).contains(&j)
                && (3..=if has_lid { 5 } else { 6 }).contains(&k);
            let drain = has_drain && i == 4 && j == 4 && k == 2;
            let place = voxels.at(i, j, k);
            voxels.is_solid[place] = body && !inner && !drain;
        }
        voxels
    }

    #[test]
    fn a_cup_holds_what_is_in_it_a_drained_one_nothing_and_a_shut_one_is_closed() {
        let found = pools(&cup(false, false), 0.0);
        assert_eq!(found.len(), 1);
        assert!((found[0].volume_mm3 - 36.0).abs() < 1e-9 && !found[0].is_closed);
        assert!(pools(&cup(false, true), 0.0).is_empty());
        let shut = pools(&cup(true, false), 0.0);
        assert!(shut.len() == 1 && shut[0].is_closed && (shut[0].volume_mm3 - 27.0).abs() < 1e-9);
        assert!(shut[0].centre.iter().all(|x| (x - 4.0).abs() < 1e-9));
        assert!(pools(&cup(false, false), 37.0).is_empty());
    }
}
