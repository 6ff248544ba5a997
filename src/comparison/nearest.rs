//! The set point of a lattice that is nearest to another point of it.
//!
//! Surfaces that are compared are mostly close: the rows around a point are looked at first, the
//! nearest first, 64 points at a time. What is farther is found in a tree of boxes, four to a node,
//! whose leaves are words of 64 points.

use rayon::prelude::*;

use crate::mesh::morton;
use crate::segment::Bits;

/// How many rows are looked at before the tree is asked.
const MOST_ROWS: f64 = 120.0;
/// Points on either side that the look at a row covers.
const HALF_WORD: usize = 31;
/// Deep enough for 2^31 words.
const MOST_LEVELS: usize = 17;

/// A search for set points.
#[derive(Debug)]
pub struct Nearest<'a> {
    bits: &'a Bits,
    step: [f64; 3],
    /// Steps along j and k with their squared distance, nearest first.
    rows: Vec<(isize, isize, f64)>,
    /// What the look at the rows has certainly found, mm2.
    near_mm2: f64,
    words: Vec<Word>,
    levels: Vec<Vec<Node>>,
}

/// Where a word with set points is: number along i, j, k.
#[derive(Debug, Clone, Copy)]
struct Word {
    at: [u32; 3],
}

/// Four boxes in steps of the lattice.
#[derive(Debug, Clone, Copy)]
struct Node {
    low: [[i32; 4]; 3],
    high: [[i32; 4]; 3],
}

const EMPTY: Node = Node { low: [[i32::MAX; 4]; 3], high: [[i32::MIN; 4]; 3] };

/// The nearest point found so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Squared distance, mm2; infinite when nothing is set.
    pub squared_mm2: f64,
    /// Its place.
    pub ijk: [usize; 3],
}

impl<'a> Nearest<'a> {
    /// Prepares a search among the set points.
    pub fn new(bits: &'a Bits, spacing_xyz_mm: [f64; 3]) -> Self {
        let (rows, reach) = rows_around(spacing_xyz_mm);
        let along = (HALF_WORD as f64 + 1.0) * spacing_xyz_mm[0];
        let words = words(bits);
        let levels = tree(bits, &words);
        Self { bits, step: spacing_xyz_mm, rows, near_mm2: reach.min(along).powi(2), words, levels }
    }

    /// The nearest set point; one that is known to be set and near makes the search short.
    pub fn find(&self, ijk: [usize; 3], known: Option<[usize; 3]>) -> Found {
        let mut best = Found { squared_mm2: f64::INFINITY, ijk };
        if let Some(known) = known {
            best = Found { squared_mm2: self.squared(ijk, known), ijk: known };
        }
        self.look_around(ijk, &mut best);
        // All rows and all of each row that could hold a nearer one have been seen.
        if best.squared_mm2 > self.near_mm2 {
            self.descend(ijk, &mut best);
        }
        best
    }

    fn squared(&self, a: [usize; 3], b: [usize; 3]) -> f64 {
        let [x, y, z] = [0, 1, 2].map(|axis| a[axis].abs_diff(b[axis]) as f64 * self.step[axis]);
        x * x + (y * y + z * z)
    }

    fn look_around(&self, [i, j, k]: [usize; 3], best: &mut Found) {
        let [_, nj, nk] = self.bits.dims_ijk();
        for &(down, back, squared) in &self.rows {
            if squared >= best.squared_mm2 {
                return;
            }
            let (Some(row), Some(plane)) = (j.checked_add_signed(down), k.checked_add_signed(back)) else {
                continue;
            };
            if row >= nj || plane >= nk {
                continue;
            }
            if let Some(column) = nearest_bit(self.bits.row(row, plane), i) {
                let along = i.abs_diff(column) as f64 * self.step[0];
                let found = along * along + squared;
                if found < best.squared_mm2 {
                    *best = Found { squared_mm2: found, ijk: [column, row, plane] };
                }
            }
        }
    }

    fn descend(&self, ijk: [usize; 3], best: &mut Found) {
        let query = ijk.map(|n| n as i32);
        let step = self.step.map(|step| step as f32);
        let Some(top) = self.levels.len().checked_sub(1) else { return };
        let mut stack = [(0.0_f32, 0_u32, 0_u8); MOST_LEVELS * 4];
        let mut height = 1;
        stack[0].2 = top as u8;
        while height > 0 {
            height -= 1;
            let (distance, node, level) = stack[height];
            if f64::from(distance) >= best.squared_mm2 {
                continue;
            }
            let distances = self.levels[usize::from(level)][node as usize].squared(&query, &step);
            if level == 0 {
                self.visit(ijk, node, &distances, best);
                continue;
            }
            let bottom = height;
            for (lane, &distance) in distances.iter().enumerate() {
                if f64::from(distance) < best.squared_mm2 {
                    // Nearest on top.
                    let mut place = height;
                    while place > bottom && stack[place - 1].0 < distance {
                        stack[place] = stack[place - 1];
                        place -= 1;
                    }
                    stack[place] = (distance, node * 4 + lane as u32, level - 1);
                    height += 1;
                }
            }
        }
    }

    fn visit(&self, ijk: [usize; 3], node: u32, distances: &[f32; 4], best: &mut Found) {
        for (lane, &distance) in distances.iter().enumerate() {
            let place = node as usize * 4 + lane;
            if f64::from(distance) >= best.squared_mm2 || place >= self.words.len() {
                continue;
            }
            let [word, j, k] = self.words[place].at.map(|n| n as usize);
            let set = self.bits.row(j, k)[word];
            let inside = ijk[0].clamp(word * 64, word * 64 + 63) - word * 64;
            let Some(bit) = nearest_of(set, inside) else { continue };
            let found = [word * 64 + bit, j, k];
            let squared_mm2 = self.squared(ijk, found);
            if squared_mm2 < best.squared_mm2 {
                *best = Found { squared_mm2, ijk: found };
            }
        }
    }
}

impl Node {
    /// Squared distances to the four boxes, a little too short rather than too long.
    #[inline]
    fn squared(&self, query: &[i32; 3], step: &[f32; 3]) -> [f32; 4] {
        let mut sum = [0.0_f32; 4];
        for axis in 0..3 {
            for lane in 0..4 {
                let (low, high) = (self.low[axis][lane], self.high[axis][lane]);
                let gap = low.saturating_sub(query[axis]).max(query[axis].saturating_sub(high)).max(0);
                let mm = gap as f32 * step[axis];
                sum[lane] += mm * mm;
            }
        }
        sum.map(|squared| squared * 0.999_99)
    }
}

/// The set bit of a row nearest to a place, if one is within half a word.
#[inline]
fn nearest_bit(row: &[u64], i: usize) -> Option<usize> {
    // The 64 bits from 32 before the place to 31 after it, the place at 32.
    let from = i as isize - 32;
    let (word, shift) = (from.div_euclid(64), from.rem_euclid(64) as u32);
    let at = |word: isize| usize::try_from(word).ok().and_then(|word| row.get(word)).copied().unwrap_or(0);
    let seen = if shift == 0 { at(word) } else { at(word) >> shift | at(word + 1) << (64 - shift) };
    let found = nearest_of(seen, 32)?;
    Some((from + found as isize) as usize)
}

/// The set bit of a word nearest to a place; the lower one of two.
#[inline]
fn nearest_of(word: u64, place: usize) -> Option<usize> {
    let upper = word >> place;
    let lower = word << (63 - place);
    let (up, down) = (upper.trailing_zeros() as usize, lower.leading_zeros() as usize);
    match (upper == 0, lower == 0) {
        (true, true) => None,
        (false, true) => Some(place + up),
        (true, false) => Some(place - down),
        (false, false) => Some(if up < down { place + up } else { place - down }),
    }
}

/// Rows by distance, and up to which distance there is none that is missing.
fn rows_around([_, y, z]: [f64; 3]) -> (Vec<(isize, isize, f64)>, f64) {
    let reach = (MOST_ROWS * y * z / std::f64::consts::PI).sqrt().max(y.max(z));
    let (most_y, most_z) = ((reach / y) as isize, (reach / z) as isize);
    let mut rows: Vec<(isize, isize, f64)> = (-most_z..=most_z)
        .flat_map(|back| (-most_y..=most_y).map(move |down| (down, back)))
        .map(|(down, back)| {
            let (a, b) = (down as f64 * y, back as f64 * z);
            (down, back, a * a + b * b)
        })
        .filter(|row| row.2 <= reach * reach)
        .collect();
    rows.sort_by(|a, b| a.2.total_cmp(&b.2).then((a.1, a.0).cmp(&(b.1, b.0))));
    (rows, reach)
}

/// The words with set points, along a curve through space.
fn words(bits: &Bits) -> Vec<Word> {
    let [_, nj, nk] = bits.dims_ijk();
    let planes: Vec<Vec<Word>> = (0..nk)
        .into_par_iter()
        .map(|k| {
            let rows =
                (0..nj).flat_map(|j| bits.row(j, k).iter().enumerate().map(move |(w, word)| (w, j, *word)));
            rows.filter(|row| row.2 != 0)
                .map(|(w, j, _)| Word { at: [w as u32, j as u32, k as u32] })
                .collect()
        })
        .collect();
    let mut words: Vec<Word> = planes.into_iter().flatten().collect();
    let high = bits.dims_ijk().map(|n| n as f64);
    words.par_sort_by_cached_key(|word| {
        let [w, j, k] = word.at.map(f64::from);
        (morton::code([w * 64.0 + 32.0, j, k], &[0.0; 3], &high), word.at[2], word.at[1], word.at[0])
    });
    words
}

fn tree(bits: &Bits, words: &[Word]) -> Vec<Vec<Node>> {
    let mut level: Vec<Node> = words
        .par_chunks(4)
        .map(|four| {
            let mut node = EMPTY;
            for (lane, word) in four.iter().enumerate() {
                let [w, j, k] = word.at.map(|n| n as i32);
                let set = bits.row(word.at[1] as usize, word.at[2] as usize)[word.at[0] as usize];
                let (first, last) = (set.trailing_zeros() as i32, 63 - set.leading_zeros() as i32);
                for (axis, (low, high)) in
                    [(64 * w + first, 64 * w + last), (j, j), (k, k)].into_iter().enumerate()
                {
                    node.low[axis][lane] = low;
                    node.high[axis][lane] = high;
                }
            }
            node
        })
        .collect();
    let mut levels = Vec::new();
    while level.len() > 1 {
        let above = level.par_chunks(4).map(|four| {
            let mut node = EMPTY;
            for (lane, child) in four.iter().enumerate() {
                for axis in 0..3 {
                    node.low[axis][lane] = child.low[axis].iter().copied().fold(i32::MAX, i32::min);
                    node.high[axis][lane] = child.high[axis].iter().copied().fold(i32::MIN, i32::max);
                }
            }
            node
        });
        let above = above.collect();
        levels.push(std::mem::replace(&mut level, above));
    }
    if !level.is_empty() {
        levels.push(level);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn the_nearest_point_is_that_of_a_search_through_all() {
        let mut state = 11_u32;
        let mut random = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        for (rare, spacing) in [(2, [0.5, 0.5, 2.0]), (300, [0.45, 0.45, 0.6]), (3000, [1.0, 0.3, 0.7])] {
            let mut bytes = Array3::from_shape_simple_fn((20, 31, 150), || u8::from(random() % rare == 0));
            bytes[[7, 7, 77]] = 1;
            let bits = Bits::from_bytes(bytes.view());
            let search = Nearest::new(&bits, spacing);
            let set: Vec<[usize; 3]> = bytes
                .indexed_iter()
                .filter(|(_, byte)| **byte != 0)
                .map(|((k, j, i), _)| [i, j, k])
                .collect();
            let mut known = None;
            for _ in 0..400 {
                let query = [150, 31, 20].map(|n| random() as usize % n);
                let found = search.find(query, known);
                let truth = set.iter().map(|&at| search.squared(query, at)).fold(f64::INFINITY, f64::min);
                assert!((found.squared_mm2 - truth).abs() <= 1e-12 * truth, "{query:?}");
                assert!(bits.get(found.ijk[0], found.ijk[1], found.ijk[2]));
                known = Some(found.ijk);
            }
        }
    }

    #[test]
    fn nothing_is_near_where_nothing_is_set() {
        let bits = Bits::new([70, 4, 4]);
        assert!(Nearest::new(&bits, [1.0; 3]).find([3, 3, 3], None).squared_mm2.is_infinite());
    }
}
