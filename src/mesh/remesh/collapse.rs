//! Edges that are too short are collapsed, the shortest first, where nothing speaks against it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use nalgebra::Vector3;

use super::net::{NONE, Net, Role, next, prev};
use super::split::LONGEST;

/// An edge shorter than this part of what is asked is collapsed.
pub(super) const SHORTEST: f64 = 4.0 / 5.0;
/// Around more edges than this a vertex does not grow.
const MOST_SPOKES: usize = 20;
/// Least cosine of the turn of a face.
const MIN_TURN: f64 = 0.5;
/// Least altitude of a new triangle over its longest side, unless the old one was no better.
const MIN_QUALITY: f64 = 0.05;

/// Memory to work in.
#[derive(Default)]
struct Scratch {
    of_gone: Vec<u32>,
    of_kept: Vec<u32>,
}

/// Collapses edges until none that is too short may be; how many were.
pub(super) fn collapse_short(net: &mut Net, min_altitude_mm: f64) -> usize {
    let mut heap = BinaryHeap::new();
    for side in net.edges() {
        heap.extend(entry(net, side));
    }
    let (mut n_collapsed, mut scratch) = (0, Scratch::default());
    while let Some(Reverse((bits, side))) = heap.pop() {
        if !net.is_live(side as usize / 3) || net.squared_length(side).to_bits() != bits {
            continue;
        }
        let done = [side, net.twin(side)].into_iter().filter(|&side| side != NONE).find_map(|side| {
            let place = place(net, side, min_altitude_mm, &mut scratch)?;
            let kept = net.to(side);
            net.join(side, &scratch.of_gone);
            net.nodes[kept as usize].point = place;
            Some(kept)
        });
        if let Some(kept) = done {
            n_collapsed += 1;
            let is_round = net.spokes(kept, &mut scratch.of_kept);
            for &spoke in &scratch.of_kept {
                heap.extend(entry(net, spoke));
            }
            if let Some(&last) = scratch.of_kept.last().filter(|_| !is_round) {
                heap.extend(entry(net, prev(last)));
            }
        }
    }
    n_collapsed
}

fn entry(net: &Net, side: u32) -> Option<Reverse<(u64, u32)>> {
    let squared = net.squared_length(side);
    let shortest = SHORTEST * net.size_between(net.from(side), net.to(side));
    (squared < shortest * shortest).then(|| Reverse((squared.to_bits(), side)))
}

/// Where the ends of a side may become one, `None` where they may not: at its end, or in the middle of two
/// that are free. The sides that leave its beginning are in the scratch.
fn place(net: &Net, side: u32, min_altitude_mm: f64, scratch: &mut Scratch) -> Option<Vector3<f64>> {
    let ends = [net.from(side), net.to(side)];
    let [role, kept_role] = ends.map(|end| net.nodes[end as usize].role);
    let may_go = role == Role::Free || (role == Role::Line && net.line(side) != NONE);
    if !may_go || !is_topology_kept(net, side, scratch) {
        return None;
    }
    let [from, to] = ends.map(|end| net.point(end));
    let is_free = role == Role::Free && kept_role == Role::Free;
    let places = [is_free.then_some((from + to) / 2.0), Some(to)];
    places.into_iter().flatten().find(|place| {
        is_shape_kept(net, ends, place, min_altitude_mm, &scratch.of_gone)
            && (*place == to
                || is_shape_kept(net, [ends[1], ends[0]], place, min_altitude_mm, &scratch.of_kept))
    })
}

/// The link condition: the neighbours that both ends have are the tips of the faces they share, something
/// is left around them, and no two lines become one.
fn is_topology_kept(net: &Net, side: u32, scratch: &mut Scratch) -> bool {
    let (gone, kept, twin) = (net.from(side), net.to(side), net.twin(side));
    let is_round = net.spokes(gone, &mut scratch.of_gone);
    let other_is_round = net.spokes(kept, &mut scratch.of_kept);
    // Two vertices of a boundary meet along it only.
    if !is_round && !other_is_round && twin != NONE {
        return false;
    }
    let around: Vec<u32> = net.ring(&scratch.of_kept, other_is_round).collect();
    let n_common = net.ring(&scratch.of_gone, is_round).filter(|vertex| around.contains(vertex)).count();
    let n_shared = if twin == NONE { 1 } else { 2 };
    let n_left = scratch.of_gone.len() + scratch.of_kept.len() - 2 * n_shared;
    let fewest = if is_round && other_is_round { 3 } else { 1 };
    if n_common != n_shared || n_left < fewest || n_left > MOST_SPOKES {
        return false;
    }
    [side, twin].into_iter().filter(|&side| side != NONE).all(|side| {
        let sides = [next(side), prev(side)];
        sides.iter().any(|&side| net.twin(side) != NONE) && sides.iter().any(|&side| net.line(side) == NONE)
    })
}

/// No face of the first of two ends turns over, none becomes a needle, no edge too long.
fn is_shape_kept(
    net: &Net,
    [end, other]: [u32; 2],
    place: &Vector3<f64>,
    min_altitude_mm: f64,
    spokes: &[u32],
) -> bool {
    spokes.iter().all(|&spoke| {
        let ring = [net.to(spoke), net.apex(spoke)];
        if ring.contains(&other) {
            return true;
        }
        let was = net.point(end);
        let is_short = |to: &u32| {
            let longest = LONGEST * net.size_between(end, *to).min(net.size_between(other, *to));
            let squared = (net.point(*to) - place).norm_squared();
            squared <= longest * longest || squared <= (net.point(*to) - was).norm_squared()
        };
        let [from, to] = ring.map(|end| net.point(end));
        ring.iter().all(is_short) && is_turn_small([was, from, to], [*place, from, to], min_altitude_mm)
    })
}

/// Whether a triangle may take the place of another.
pub(super) fn is_turn_small(old: [Vector3<f64>; 3], new: [Vector3<f64>; 3], min_altitude_mm: f64) -> bool {
    let ((old_normal, old_longest), (normal, longest)) = (shape(&old), shape(&new));
    let (old_area, area) = (old_normal.norm_squared(), normal.norm_squared());
    let lowest = min_altitude_mm * min_altitude_mm;
    let is_needle = area < MIN_QUALITY * MIN_QUALITY * longest * longest;
    let is_worse = area * old_longest * old_longest < old_area * longest * longest;
    if area <= lowest * longest || (is_needle && is_worse) {
        return false;
    }
    let turn = old_normal.dot(&normal);
    old_area <= lowest * old_longest || (turn > 0.0 && turn * turn > MIN_TURN * MIN_TURN * old_area * area)
}

/// Twice the area times the normal, and the square of the longest side.
pub(super) fn shape([a, b, c]: &[Vector3<f64>; 3]) -> (Vector3<f64>, f64) {
    let (ab, ac) = (b - a, c - a);
    let longest = ab.norm_squared().max(ac.norm_squared()).max((c - b).norm_squared());
    (ab.cross(&ac), longest)
}
