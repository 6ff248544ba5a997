//! Edges that are too long are halved, the longest first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::net::{Net, next, prev};

/// An edge longer than this part of what is asked is halved.
pub(super) const LONGEST: f64 = 4.0 / 3.0;

/// There would be more faces than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

/// Halves edges until none is too long; how many were.
pub(super) fn split_long(net: &mut Net, most_faces: usize) -> Result<usize, TooMany> {
    let mut heap = BinaryHeap::new();
    for side in net.edges() {
        heap.extend(entry(net, side));
    }
    let (mut n_split, mut spokes) = (0, Vec::new());
    while let Some((bits, Reverse(side))) = heap.pop() {
        // What stands here was pushed again when it changed.
        if net.squared_length(side).to_bits() != bits {
            continue;
        }
        if net.n_live >= most_faces {
            return Err(TooMany);
        }
        let middle = net.split(side);
        n_split += 1;
        let is_round = net.spokes(middle, &mut spokes);
        for &spoke in &spokes {
            heap.extend(entry(net, spoke));
            // The edge across has another number now.
            heap.extend(entry(net, next(spoke)));
        }
        if let Some(&last) = spokes.last().filter(|_| !is_round) {
            heap.extend(entry(net, prev(last)));
        }
    }
    Ok(n_split)
}

/// The square of the length as bits, which are ordered as the numbers are; `None` of an edge short enough.
fn entry(net: &Net, side: u32) -> Option<(u64, Reverse<u32>)> {
    let squared = net.squared_length(side);
    let longest = LONGEST * net.size_between(net.from(side), net.to(side));
    (squared > longest * longest).then(|| (squared.to_bits(), Reverse(side)))
}
