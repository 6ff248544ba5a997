//! The lower envelope of parabolas along one axis: a pass of the distance transform.
//!
//! A column holds squared distances, with a minus on one of the two sides; 0 is a voxel of the other
//! side that has no distance itself. Nothing beyond a voxel of the other side can be nearer than
//! that voxel, so the stretches between are independent. A parabola is lowest somewhere only where
//! it bends away from its neighbours; a test of that without a branch drops half of the voxels
//! before one of them is looked at.

use ndarray::{ArrayViewMut1, ArrayViewMut2};

use super::columns::{Columns, NEAR};
use super::pack::pack;

const MINUS: u32 = 1 << 31;

/// What one thread needs for columns of one length.
pub(super) struct Workspace {
    columns: Columns,
    sites: Vec<Site>,
    candidates: Vec<u64>,
    minuses: Vec<u64>,
}

impl Workspace {
    pub(super) fn new(n: usize) -> Self {
        let n_words = n.div_ceil(64);
        Self {
            columns: Columns::new(n),
            sites: vec![Site::default(); n + 1],
            candidates: vec![0; n_words],
            minuses: vec![0; n_words],
        }
    }
}

/// A parabola on the envelope: it rules from the voxel `from` on, where its height is `low`.
#[derive(Clone, Copy, Default)]
struct Site {
    index: usize,
    from: usize,
    place: f32,
    height: f32,
    low: f32,
}

/// Parabolas along columns of one length.
pub(super) struct Envelope {
    step2: f32,
    /// 1 / (2 step² n): how far the crossing of two parabolas n apart moves per difference in height.
    slopes: Vec<f32>,
}

impl Envelope {
    pub(super) fn new(n: usize, step: f32) -> Self {
        let step2 = step * step;
        Self { step2, slopes: (0..n).map(|n| 1.0 / (2.0 * step2 * n as f32)).collect() }
    }

    /// Number of voxels in a column.
    pub(super) fn len(&self) -> usize {
        self.slopes.len()
    }

    /// Runs over all columns (along the first axis) of a sheet, and hands each to `finish`.
    pub(super) fn run(
        &self,
        sheet: ArrayViewMut2<'_, f32>,
        space: &mut Workspace,
        finish: impl Fn(&mut [f32]),
    ) {
        let mut rows: Vec<&mut [f32]> =
            sheet.into_outer_iter_mut().filter_map(ArrayViewMut1::into_slice).collect();
        let width = rows.first().map_or(0, |row| row.len());
        let n = self.len();
        for from in (0..width).step_by(Columns::N) {
            let to = (from + Columns::N).min(width);
            space.columns.gather(&rows, from..to);
            let mut is_used = false;
            for padded in space.columns.iter_mut().take(to - from) {
                self.sift(padded, n, &mut space.candidates, &mut space.minuses);
                let column = &mut padded[NEAR..NEAR + n];
                if column[0] == 0.0 && space.minuses.iter().all(|word| *word == 0) {
                    continue;
                }
                is_used = true;
                self.column(column, &space.candidates, &space.minuses, &mut space.sites);
                finish(column);
            }
            if is_used {
                space.columns.scatter(&mut rows, from..to);
            }
        }
    }

    /// Marks the voxels with a minus, and those whose parabola may be lowest somewhere: where the
    /// heights bend up by less than parabolas of one size do.
    fn sift(&self, padded: &[f32], n: usize, candidates: &mut [u64], minuses: &mut [u64]) {
        let [near, far] = [2.0 * self.step2, 8.0 * self.step2];
        let (mut is_candidate, mut is_minus) = ([0; 64], [0; 64]);
        for (word, (candidates, minuses)) in candidates.iter_mut().zip(minuses.iter_mut()).enumerate() {
            let part = &padded[64 * word..64 * (word + 1) + 2 * NEAR];
            for at in 0..64 {
                let value = part[at + NEAR].to_bits();
                let minus = value & MINUS;
                // 0 at a voxel of the other side.
                let beside = |at: usize| f32::from_bits(part[at].to_bits() ^ minus).max(0.0);
                let twice = 2.0 * f32::from_bits(value ^ minus);
                let bend = twice - beside(at + NEAR - 1) - beside(at + NEAR + 1);
                let far_bend = twice - beside(at) - beside(at + 2 * NEAR);
                // Not so where there is no distance yet: infinity less infinity is below nothing.
                is_candidate[at] = u8::from(bend < near) & u8::from(far_bend < far);
                is_minus[at] = u8::from(minus != 0);
            }
            (*candidates, *minuses) = (pack(&is_candidate), pack(&is_minus));
        }
        // Beyond the ends there is nothing to compare with.
        for at in (0..NEAR.min(n)).chain(n.saturating_sub(NEAR)..n) {
            candidates[at / 64] |= 1 << (at % 64);
        }
    }

    /// Cuts a column where the side changes.
    fn column(&self, column: &mut [f32], candidates: &[u64], minuses: &[u64], sites: &mut [Site]) {
        let (mut start, mut carry) = (0, minuses[0] & 1);
        for (word, minuses) in minuses.iter().enumerate() {
            let mut changes = minuses ^ (minuses << 1 | carry);
            carry = minuses >> 63;
            while changes != 0 {
                let end = 64 * word + changes.trailing_zeros() as usize;
                changes &= changes - 1;
                if end < column.len() {
                    self.stretch(column, start, end, candidates, sites);
                    start = end;
                }
            }
        }
        self.stretch(column, start, column.len(), candidates, sites);
    }

    fn stretch(&self, column: &mut [f32], start: usize, end: usize, candidates: &[u64], sites: &mut [Site]) {
        let side = column[start];
        if side == 0.0 {
            return;
        }
        let mut stack = Stack { envelope: self, sites, len: 0, start, end };
        if start > 0 {
            stack.push(start - 1, 0.0);
        }
        let (first, last) = (start / 64, (end - 1) / 64);
        for word in first..=last {
            let mut bits = candidates[word];
            if word == first {
                bits &= u64::MAX << (start % 64);
            }
            if word == last {
                bits &= u64::MAX >> (63 - (end - 1) % 64);
            }
            while bits != 0 {
                let at = 64 * word + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let height = column[at].abs();
                if height != f32::INFINITY {
                    stack.push(at, height);
                }
            }
        }
        if end < column.len() {
            stack.push(end, 0.0);
        }
        stack.write(column, side);
    }
}

/// The parabolas that are lowest at some voxel between `start` and `end`, in their order.
struct Stack<'a> {
    envelope: &'a Envelope,
    sites: &'a mut [Site],
    len: usize,
    start: usize,
    end: usize,
}

impl Stack<'_> {
    /// Takes up the next parabola; drops those that are nowhere lowest any more.
    #[inline]
    fn push(&mut self, index: usize, height: f32) {
        let step2 = self.envelope.step2;
        let place = index as f32;
        let height_at = |at: usize| {
            let apart = at as f32 - place;
            height + apart * apart * step2
        };
        let mut from = self.start;
        while self.len > 0 {
            let below = self.sites[self.len - 1];
            if below.low > height_at(below.from) {
                self.len -= 1;
                continue;
            }
            let slope = self.envelope.slopes[index - below.index];
            let crossing = (place + below.place) * 0.5 + (height - below.height) * slope;
            // Where it rules only beyond the end, it is none of this stretch.
            if crossing >= (self.end - 1) as f32 {
                return;
            }
            from = (crossing.max(0.0) as usize + 1).max(below.from + 1);
            break;
        }
        if from < self.end {
            self.sites[self.len] = Site { index, from, place, height, low: height_at(from) };
            self.len += 1;
        }
    }

    /// Writes the lowest heights with the sign of `side`.
    fn write(self, column: &mut [f32], side: f32) {
        if self.len == 0 {
            return;
        }
        self.sites[self.len].from = self.end;
        let step2 = self.envelope.step2.copysign(side);
        for pair in self.sites[..=self.len].windows(2) {
            let height = pair[0].height.copysign(side);
            let mut apart = pair[0].from as f32 - pair[0].place;
            for value in &mut column[pair[0].from..pair[1].from] {
                *value = height + apart * apart * step2;
                apart += 1.0;
            }
        }
    }
}
