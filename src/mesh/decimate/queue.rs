//! A queue of edges in buckets of nearly equal cost: no step costs more for a long queue.

/// Bits of a 32-bit cost that name its bucket: the exponent and three bits of the mantissa.
const SHIFT: u32 = 20;
const N_BUCKETS: usize = 1 << (31 - SHIFT);
const NONE: u32 = u32::MAX;

/// Entries that lie side by side in memory: one after the other is read for the price of one.
const CHUNK: usize = 16;

/// An edge, and the state of its ends when its cost was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) ends: [u32; 2],
    pub(super) version: u32,
}

#[derive(Debug, Clone, Copy)]
struct Chunk {
    entries: [Entry; CHUNK],
    next: u32,
}

/// The first chunk of a bucket and what was taken of it, the last one and what was put into it.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    head: u32,
    tail: u32,
    n_taken: u32,
    n_put: u32,
}

const EMPTY: Bucket = Bucket { head: NONE, tail: NONE, n_taken: 0, n_put: 0 };

/// First in, first out within a bucket; buckets in ascending cost.
#[derive(Debug)]
pub(super) struct BucketQueue {
    chunks: Vec<Chunk>,
    buckets: Vec<Bucket>,
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
            chunks: Vec::with_capacity(n / CHUNK + 64),
            buckets: vec![EMPTY; N_BUCKETS],
            free: NONE,
            lowest: N_BUCKETS,
        }
    }

    pub(super) fn push(&mut self, cost: f64, ends: [u32; 2], version: u32) {
        let number = bucket_of(cost);
        let Bucket { head, tail, n_put, .. } = self.buckets[number];
        if head == NONE {
            let chunk = self.chunk();
            self.buckets[number] = Bucket { head: chunk, tail: chunk, n_taken: 0, n_put: 0 };
        } else if n_put as usize == CHUNK {
            let chunk = self.chunk();
            self.chunks[tail as usize].next = chunk;
            let bucket = &mut self.buckets[number];
            (bucket.tail, bucket.n_put) = (chunk, 0);
        }
        let bucket = &mut self.buckets[number];
        self.chunks[bucket.tail as usize].entries[bucket.n_put as usize] = Entry { ends, version };
        bucket.n_put += 1;
        self.lowest = self.lowest.min(number);
    }

    /// A chunk to write to.
    fn chunk(&mut self) -> u32 {
        if self.free == NONE {
            self.chunks.push(Chunk { entries: [Entry::default(); CHUNK], next: NONE });
            return self.chunks.len() as u32 - 1;
        }
        let chunk = self.free;
        self.free = std::mem::replace(&mut self.chunks[chunk as usize].next, NONE);
        chunk
    }

    /// The cheapest entry of the buckets up to `last`.
    pub(super) fn pop(&mut self, last: usize) -> Option<Entry> {
        let number = self.lowest().filter(|&lowest| lowest <= last)?;
        let bucket = &mut self.buckets[number];
        let head = bucket.head;
        let entry = self.chunks[head as usize].entries[bucket.n_taken as usize];
        bucket.n_taken += 1;
        let is_empty = head == bucket.tail && bucket.n_taken == bucket.n_put;
        if is_empty || bucket.n_taken as usize == CHUNK {
            let chunk = &mut self.chunks[head as usize];
            (bucket.head, bucket.n_taken) = (chunk.next, 0);
            chunk.next = self.free;
            self.free = head;
        }
        Some(entry)
    }

    /// The cheapest bucket that is not empty.
    pub(super) fn lowest(&mut self) -> Option<usize> {
        while self.lowest < N_BUCKETS && self.buckets[self.lowest].head == NONE {
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

    #[test]
    fn many_in_one_bucket_come_out_as_they_went_in() {
        let mut queue = BucketQueue::with_capacity(0);
        let (mut put, mut taken) = (0, 0);
        for round in 0..50_u32 {
            for _ in 0..round % 7 * 9 {
                queue.push(f64::from(put % 2) * 1e-9 + 1.0, [put, 0], put);
                put += 1;
            }
            for _ in 0..round % 5 * 11 {
                let Some(entry) = queue.pop(usize::MAX) else { break };
                assert_eq!((entry.ends[0], entry.version), (taken, taken));
                taken += 1;
            }
        }
        assert_eq!(std::iter::from_fn(|| queue.pop(usize::MAX)).count() as u32, put - taken);
        assert!(put > 500 && queue.lowest().is_none());
    }
}
