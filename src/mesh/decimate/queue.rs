//! A queue of edges in buckets of nearly equal cost: no step costs more for a long queue.

/// Bits of a 32-bit cost that name its bucket: the exponent and three bits of the mantissa.
const SHIFT: u32 = 20;
const N_BUCKETS: usize = 1 << (31 - SHIFT);
const NONE: u32 = u32::MAX;

/// An edge, and the state of its ends when its cost was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) ends: [u32; 2],
    pub(super) version: u32,
    next: u32,
}

/// First in, first out within a bucket; buckets in ascending cost.
#[derive(Debug)]
pub(super) struct BucketQueue {
    entries: Vec<Entry>,
    heads: Vec<u32>,
    tails: Vec<u32>,
    free: u32,
    lowest: usize,
}

/// The bucket of a cost.
pub(super) fn bucket_of(cost: f64) -> usize {
    ((cost as f32).max(0.0).to_bits() >> SHIFT) as usize
}

impl BucketQueue {
    pub(super) fn with_capacity(n: usize) -> Self {
        Self {
            entries: Vec::with_capacity(n),
            heads: vec![NONE; N_BUCKETS],
            tails: vec![NONE; N_BUCKETS],
            free: NONE,
            lowest: N_BUCKETS,
        }
    }

    pub(super) fn push(&mut self, cost: f64, ends: [u32; 2], version: u32) {
        let bucket = bucket_of(cost);
        let entry = Entry { ends, version, next: NONE };
        let place = if self.free == NONE {
            self.entries.push(entry);
            self.entries.len() as u32 - 1
        } else {
            let place = self.free;
            self.free = self.entries[place as usize].next;
            self.entries[place as usize] = entry;
            place
        };
        if self.heads[bucket] == NONE {
            self.heads[bucket] = place;
        } else {
            self.entries[self.tails[bucket] as usize].next = place;
        }
        self.tails[bucket] = place;
        self.lowest = self.lowest.min(bucket);
    }

    /// The cheapest entry of the buckets up to `last`.
    pub(super) fn pop(&mut self, last: usize) -> Option<Entry> {
        while self.lowest < N_BUCKETS && self.heads[self.lowest] == NONE {
            self.lowest += 1;
        }
        if self.lowest >= N_BUCKETS || self.lowest > last {
            return None;
        }
        let place = self.heads[self.lowest];
        let entry = self.entries[place as usize];
        self.heads[self.lowest] = entry.next;
        self.entries[place as usize].next = self.free;
        self.free = place;
        Some(entry)
    }

    /// The cheapest bucket that is not empty.
    pub(super) fn lowest(&mut self) -> Option<usize> {
        while self.lowest < N_BUCKETS && self.heads[self.lowest] == NONE {
            self.lowest += 1;
        }
        (self.lowest < N_BUCKETS).then_some(self.lowest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_out_by_cost_and_in_order_of_arrival() {
        let mut queue = BucketQueue::with_capacity(4);
        for (cost, n) in [(4.0, 0), (0.0, 1), (1.0, 2), (1.0, 3), (1e-9, 4)] {
            queue.push(cost, [n, n], 0);
        }
        let order: Vec<u32> =
            std::iter::from_fn(|| queue.pop(bucket_of(1.0)).map(|entry| entry.ends[0])).collect();
        assert_eq!(order, [1, 4, 2, 3]);
        queue.push(0.5, [9, 9], 0);
        assert_eq!(queue.lowest(), Some(bucket_of(0.5)));
        assert_eq!(queue.pop(usize::MAX).map(|entry| entry.ends[0]), Some(9));
        assert_eq!(queue.pop(usize::MAX).map(|entry| entry.ends[0]), Some(0));
        assert_eq!(queue.pop(usize::MAX), None);
    }
}
