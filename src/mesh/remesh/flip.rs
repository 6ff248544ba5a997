//! Edges are turned inside their two faces where that evens out how many meet at a vertex.

use nalgebra::Vector3;

use super::collapse::shape;
use super::net::{NONE, Net};
use super::split::LONGEST;

/// Least cosine between the normals of the new faces and the old ones.
const MIN_TURN: f64 = 0.75;
/// Faces worse than this (1: equilateral, 0: without area) are not made of better ones.
const MIN_QUALITY: f64 = 0.3;

/// Flips edges once around; how many were.
pub(super) fn flip_edges(net: &mut Net, min_altitude_mm: f64) -> usize {
    let mut spokes = Vec::new();
    let mut excess = excess(net, &mut spokes);
    let sides: Vec<u32> = net.edges().collect();
    let mut n_flipped = 0;
    for side in sides {
        if net.twin(side) == NONE || net.line(side) != NONE {
            continue;
        }
        let ends = [net.from(side), net.to(side), net.apex(side), net.apex(net.twin(side))];
        if may_flip(net, ends, &excess, min_altitude_mm, &mut spokes) {
            net.flip(side);
            n_flipped += 1;
            for (vertex, change) in ends.into_iter().zip(CHANGES) {
                excess[vertex as usize].0 += change;
                excess[vertex as usize].1 = excess[vertex as usize].1.saturating_add_signed(change);
            }
        }
    }
    n_flipped
}

/// What a flip does to the number of edges of its four vertices.
const CHANGES: [i32; 4] = [-1, -1, 1, 1];

/// By how much the edges at each vertex are too many, 6 inside and 4 on a boundary being right; and
/// how many there are.
fn excess(net: &Net, spokes: &mut Vec<u32>) -> Vec<(i32, u32)> {
    let count = |vertex| {
        let is_round = net.spokes(vertex, spokes);
        let n = spokes.len() as i32;
        if is_round { (n - 6, n as u32) } else { (n + 1 - 4, n as u32 + 1) }
    };
    (0..net.nodes.len() as u32).map(count).collect()
}

fn may_flip(
    net: &Net,
    ends: [u32; 4],
    excess: &[(i32, u32)],
    min_altitude_mm: f64,
    spokes: &mut Vec<u32>,
) -> bool {
    let [a, b, c, d] = ends;
    let square = |is_after: bool| -> i32 {
        let change = |change: i32| if is_after { change } else { 0 };
        ends.iter().zip(CHANGES).map(|(&v, by)| (excess[v as usize].0 + change(by)).pow(2)).sum()
    };
    let (before, after) = (square(false), square(true));
    if c == d || after > before || excess[a as usize].1 <= 3 || excess[b as usize].1 <= 3 {
        return false;
    }
    let points = ends.map(|end| net.point(end));
    is_shape_better(net, ends, points, after < before, min_altitude_mm) && {
        let is_round = net.spokes(c, spokes);
        net.ring(spokes, is_round).all(|vertex| vertex != d)
    }
}

/// No face turns far or becomes a needle, no edge too long; where the edges are as even as before, the
/// worse of the two faces becomes better.
fn is_shape_better(
    net: &Net,
    [_, _, c, d]: [u32; 4],
    [p, q, r, s]: [Vector3<f64>; 4],
    is_more_even: bool,
    min_altitude_mm: f64,
) -> bool {
    let (old, new) = ([[p, q, r], [q, p, s]], [[p, s, r], [q, r, s]]);
    let longest = LONGEST * net.size_between(c, d);
    let squared = (r - s).norm_squared();
    let is_long = squared > longest * longest && squared > (p - q).norm_squared();
    let lowest = min_altitude_mm * min_altitude_mm;
    let (old_shapes, new_shapes) = (old.map(|corners| shape(&corners)), new.map(|corners| shape(&corners)));
    let has_height = |&(normal, longest): &(Vector3<f64>, f64)| normal.norm_squared() > lowest * longest;
    let is_turned = new_shapes.iter().any(|(new, _)| {
        old_shapes
            .iter()
            .filter(|old| has_height(old))
            .any(|(old, _)| new.dot(old) < MIN_TURN * new.norm() * old.norm())
    });
    if is_long || is_turned || !new_shapes.iter().all(has_height) {
        return false;
    }
    let worst = |pair: [[Vector3<f64>; 3]; 2]| pair.iter().map(quality).fold(1.0, f64::min);
    let (before, after) = (worst(old), worst(new));
    if is_more_even { after >= before.min(MIN_QUALITY) } else { after > before * 1.01 }
}

/// Area over the sum of the squares of the sides, 1 of an equilateral triangle.
fn quality([a, b, c]: &[Vector3<f64>; 3]) -> f64 {
    let doubled = (b - a).cross(&(c - a)).norm();
    let sum = (b - a).norm_squared() + (c - b).norm_squared() + (a - c).norm_squared();
    if sum > 0.0 { 2.0 * 3.0_f64.sqrt() * doubled / sum } else { 0.0 }
}
