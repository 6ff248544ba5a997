//! A tree of boxes about triangles: which of them may meet a given box.

use rayon::prelude::*;

/// Triangles in one leaf.
const LEAF: usize = 4;
/// Boxes that are worth a thread.
const LEAST_AT_ONCE: usize = 1024;
/// A tree held against itself is done in about so many parts.
const PARTS: usize = 512;

/// A closed box, low and high corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Lowest coordinates.
    pub low: [f64; 3],
    /// Highest coordinates.
    pub high: [f64; 3],
}

impl Bounds {
    /// The box that holds nothing.
    pub const EMPTY: Self = Self { low: [f64::INFINITY; 3], high: [f64::NEG_INFINITY; 3] };

    /// About points.
    #[inline]
    pub fn about(points: impl IntoIterator<Item = [f64; 3]>) -> Self {
        points.into_iter().fold(Self::EMPTY, |bounds, point| bounds.with(Self { low: point, high: point }))
    }

    /// About both.
    #[inline]
    pub fn with(self, other: Self) -> Self {
        let low = [0, 1, 2].map(|k| self.low[k].min(other.low[k]));
        Self { low, high: [0, 1, 2].map(|k| self.high[k].max(other.high[k])) }
    }

    /// Whether they have a point in common.
    #[inline]
    pub fn meets(&self, other: &Self) -> bool {
        (0..3).all(|k| self.low[k] <= other.high[k] && other.low[k] <= self.high[k])
    }

    /// The same, larger by a margin on every side.
    pub fn grown(self, margin: f64) -> Self {
        Self { low: self.low.map(|x| x - margin), high: self.high.map(|x| x + margin) }
    }
}

/// Triangles sorted along a space-filling curve, with boxes about 4, 8, 16, … of them.
#[derive(Debug)]
pub struct BoxTree {
    order: Vec<u32>,
    /// Boxes of the triangles in that order, then of the leaves, then of pairs of those, and so on.
    own: Vec<Bounds>,
    levels: Vec<Vec<Bounds>>,
}

impl BoxTree {
    /// Of boxes.
    pub fn new(boxes: &[Bounds]) -> Self {
        let whole = boxes.par_iter().copied().reduce(|| Bounds::EMPTY, Bounds::with);
        let scale = [0, 1, 2].map(|k| {
            let extent = whole.high[k] - whole.low[k];
            if extent > 0.0 { f64::from(0x1F_FFFF_u32) / extent } else { 0.0 }
        });
        let code = |bounds: &Bounds| {
            (0..3).fold(0, |code, k| {
                let middle = 0.5 * bounds.low[k] + 0.5 * bounds.high[k];
                code | spread(((middle - whole.low[k]) * scale[k]) as u64) << k
            })
        };
        let mut coded: Vec<(u64, u32)> =
            boxes.par_iter().enumerate().map(|(at, bounds)| (code(bounds), at as u32)).collect();
        coded.par_sort_unstable();
        let order: Vec<u32> = coded.into_iter().map(|(_, at)| at).collect();
        let own: Vec<Bounds> = order.par_iter().map(|&at| boxes[at as usize]).collect();
        let join = |boxes: &[Bounds]| boxes.iter().copied().fold(Bounds::EMPTY, Bounds::with);
        let mut levels: Vec<Vec<Bounds>> = vec![own.par_chunks(LEAF).map(join).collect()];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let above = below.par_chunks(2).with_min_len(LEAST_AT_ONCE).map(join).collect();
            levels.push(above);
        }
        Self { order, own, levels }
    }

    /// The tree held against itself, in parts: a level, and two of its boxes that meet, or one twice.
    pub fn parts(&self) -> Vec<(usize, u32, u32)> {
        let level = self.levels.iter().position(|boxes| boxes.len() <= PARTS).unwrap_or(0);
        let boxes = &self.levels[level];
        let all = (0..boxes.len()).flat_map(|a| (a..boxes.len()).map(move |b| (a, b)));
        all.filter(|&(a, b)| boxes[a].meets(&boxes[b])).map(|(a, b)| (level, a as u32, b as u32)).collect()
    }

    /// Calls `visit` for every two things in a part whose boxes meet.
    pub fn pairs(&self, (level, a, b): (usize, u32, u32), visit: &mut impl FnMut(u32, u32)) {
        let boxes = &self.levels[level];
        let Some(second) = boxes.get(b as usize).filter(|second| second.meets(&boxes[a as usize])) else {
            return;
        };
        if level == 0 {
            self.leaf_pairs(a as usize, b as usize, second, visit);
            return;
        }
        for (p, q) in [(2 * a, 2 * b), (2 * a, 2 * b + 1), (2 * a + 1, 2 * b), (2 * a + 1, 2 * b + 1)] {
            if p <= q && (p as usize) < self.levels[level - 1].len() {
                self.pairs((level - 1, p, q), visit);
            }
        }
    }

    fn leaf_pairs(&self, a: usize, b: usize, second: &Bounds, visit: &mut impl FnMut(u32, u32)) {
        let end = |leaf: usize| ((leaf + 1) * LEAF).min(self.order.len());
        for p in a * LEAF..end(a) {
            if !self.own[p].meets(second) {
                continue;
            }
            for q in (p + 1).max(b * LEAF)..end(b) {
                if self.own[p].meets(&self.own[q]) {
                    visit(self.order[p], self.order[q]);
                }
            }
        }
    }

    /// Calls `visit` for everything whose box meets `bounds`, in an order that depends on nothing else.
    pub fn visit(&self, bounds: &Bounds, mut visit: impl FnMut(u32)) {
        let mut stack = Vec::with_capacity(2 * self.levels.len());
        stack.push((self.levels.len() - 1, 0_usize));
        while let Some((level, at)) = stack.pop() {
            if !self.levels[level].get(at).is_some_and(|own| own.meets(bounds)) {
                continue;
            }
            if level > 0 {
                stack.push((level - 1, 2 * at + 1));
                stack.push((level - 1, 2 * at));
                continue;
            }
            for place in at * LEAF..((at + 1) * LEAF).min(self.order.len()) {
                if self.own[place].meets(bounds) {
                    visit(self.order[place]);
                }
            }
        }
    }
}

/// Puts two empty bits behind each of the lowest 21.
fn spread(bits: u64) -> u64 {
    let mut x = bits & 0x1F_FFFF;
    for (shift, mask) in [
        (32, 0x001F_0000_0000_FFFF),
        (16, 0x001F_0000_FF00_00FF),
        (8, 0x100F_00F0_0F00_F00F),
        (4, 0x10C3_0C30_C30C_30C3),
        (2, 0x1249_2492_4924_9249),
    ] {
        x = (x | x << shift) & mask;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_finds_what_a_look_at_all_boxes_finds() {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / f64::from(1_u32 << 31)
        };
        for n in [0, 1, 4, 5, 200] {
            let boxes: Vec<Bounds> = (0..n)
                .map(|_| {
                    let low = [next(), next(), next()];
                    Bounds { low, high: low.map(|x| x + 0.1) }
                })
                .collect();
            let tree = BoxTree::new(&boxes);
            for _ in 0..50 {
                let low = [next(), next(), next()];
                let asked = Bounds { low, high: low.map(|x| x + 0.05) };
                let mut found = Vec::new();
                tree.visit(&asked, |at| found.push(at as usize));
                found.sort_unstable();
                let truth: Vec<usize> = (0..n).filter(|&at| boxes[at].meets(&asked)).collect();
                assert_eq!(found, truth);
            }
            let mut found = Vec::new();
            for part in tree.parts() {
                tree.pairs(part, &mut |a, b| found.push((a.min(b) as usize, a.max(b) as usize)));
            }
            found.sort_unstable();
            let all = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
            let truth: Vec<(usize, usize)> = all.filter(|&(a, b)| boxes[a].meets(&boxes[b])).collect();
            assert_eq!(found, truth);
        }
    }
}
