//! Whether two triangles have more in common than their corners. Every sign is exact.

#![allow(clippy::float_cmp)] // equal places and zero signs are meant exactly

use super::side;

type Point = [f64; 3];
type Flat = [f64; 2];

/// Whether two triangles with area have more in common than the corners that they share.
pub fn intersect(mut a: [Point; 3], mut b: [Point; 3]) -> bool {
    match line_up(&mut a, &mut b) {
        0 => apart(a, b),
        1 => at_a_corner(a, b),
        2 => at_an_edge(a, b),
        _ => false,
    }
}

/// Turns both, without changing their sense for `a`, so that common corners come first; how many there are.
fn line_up(a: &mut [Point; 3], b: &mut [Point; 3]) -> usize {
    let mut n = 0;
    for at in 0..3 {
        if let Some(there) = (n..3).find(|&there| b[there] == a[at]) {
            b.swap(n, there);
            a.swap(n, at);
            n += 1;
        }
    }
    n
}

fn apart(a: [Point; 3], b: [Point; 3]) -> bool {
    let of_a = b.map(|corner| side::of_plane(a, corner));
    if is_one_side(of_a) {
        return false;
    }
    let of_b = a.map(|corner| side::of_plane(b, corner));
    if is_one_side(of_b) {
        return false;
    }
    if of_a == [0.0; 3] {
        return overlap_flat(a, b);
    }
    let passes = |edges: [Point; 3], sides: [f64; 3], face: [Point; 3]| {
        [(0, 1), (1, 2), (2, 0)]
            .iter()
            .any(|&(s, e)| segment_meets([edges[s], edges[e]], [sides[s], sides[e]], face))
    };
    passes(b, of_a, a) || passes(a, of_b, b)
}

fn is_one_side<const N: usize>(sides: [f64; N]) -> bool {
    sides.iter().all(|&s| s > 0.0) || sides.iter().all(|&s| s < 0.0)
}

/// Whether a segment, whose ends lie on these sides of the plane of a face, meets the face.
fn segment_meets([p, q]: [Point; 2], sides: [f64; 2], face: [Point; 3]) -> bool {
    if (sides[0] > 0.0 && sides[1] > 0.0) || (sides[0] < 0.0 && sides[1] < 0.0) {
        return false;
    }
    if sides == [0.0; 2] {
        let axis = flat_axis(face);
        return segment_meets_flat([drop(p, axis), drop(q, axis)], face.map(|corner| drop(corner, axis)));
    }
    let [a, b, c] = face;
    let turns = [[a, b], [b, c], [c, a]].map(|[s, e]| side::of_plane([p, q, s], e));
    turns.iter().all(|&s| s >= 0.0) || turns.iter().all(|&s| s <= 0.0)
}

/// Both have their first corner in common.
fn at_a_corner(a: [Point; 3], b: [Point; 3]) -> bool {
    let of_a = [side::of_plane(a, b[1]), side::of_plane(a, b[2])];
    if of_a == [0.0; 2] {
        return sectors_overlap(a, b);
    }
    // On one side of a plane through the common corner there is only that corner in it.
    if is_one_side(of_a) {
        return false;
    }
    let of_b = [side::of_plane(b, a[1]), side::of_plane(b, a[2])];
    if is_one_side(of_b) {
        return false;
    }
    segment_meets([b[1], b[2]], of_a, a) || segment_meets([a[1], a[2]], of_b, b)
}

/// Both have their first two corners in common: they meet again only when folded flat onto each other.
fn at_an_edge(a: [Point; 3], b: [Point; 3]) -> bool {
    if side::of_plane(a, b[2]) != 0.0 {
        return false;
    }
    let axis = flat_axis(a);
    let line = [drop(a[0], axis), drop(a[1], axis)];
    let sides = [drop(a[2], axis), drop(b[2], axis)].map(|point| side::of_line(line, point));
    (sides[0] > 0.0) == (sides[1] > 0.0) && sides[1] != 0.0
}

/// The axis along which a triangle is seen largest.
fn flat_axis([a, b, c]: [Point; 3]) -> usize {
    let area = |axis: usize| side::of_line([drop(a, axis), drop(b, axis)], drop(c, axis)).abs();
    (1..3).fold(0, |best, axis| if area(axis) > area(best) { axis } else { best })
}

fn drop([x, y, z]: Point, axis: usize) -> Flat {
    match axis {
        0 => [y, z],
        1 => [z, x],
        _ => [x, y],
    }
}

fn overlap_flat(a: [Point; 3], b: [Point; 3]) -> bool {
    let axis = flat_axis(a);
    let (a, b) = (a.map(|corner| drop(corner, axis)), b.map(|corner| drop(corner, axis)));
    [(0, 1), (1, 2), (2, 0)].iter().any(|&(s, e)| segment_meets_flat([a[s], a[e]], b)) || holds(a, b[0])
}

fn holds([a, b, c]: [Flat; 3], point: Flat) -> bool {
    let turns = [[a, b], [b, c], [c, a]].map(|line| side::of_line(line, point));
    turns.iter().all(|&s| s >= 0.0) || turns.iter().all(|&s| s <= 0.0)
}

fn segment_meets_flat(segment: [Flat; 2], face: [Flat; 3]) -> bool {
    let [a, b, c] = face;
    holds(face, segment[0]) || [[a, b], [b, c], [c, a]].iter().any(|&edge| segments_meet(segment, edge))
}

fn segments_meet([p, q]: [Flat; 2], [r, s]: [Flat; 2]) -> bool {
    let (d1, d2) = (side::of_line([p, q], r), side::of_line([p, q], s));
    let (d3, d4) = (side::of_line([r, s], p), side::of_line([r, s], q));
    if [d1, d2, d3, d4] == [0.0; 4] {
        let span = |k: usize| p[k].min(q[k]) <= r[k].max(s[k]) && r[k].min(s[k]) <= p[k].max(q[k]);
        return span(0) && span(1);
    }
    let straddles = |a: f64, b: f64| !(a > 0.0 && b > 0.0 || a < 0.0 && b < 0.0);
    straddles(d1, d2) && straddles(d3, d4)
}

/// In one plane and with a common first corner: whether the angles that they span there overlap.
fn sectors_overlap(a: [Point; 3], b: [Point; 3]) -> bool {
    let axis = flat_axis(a);
    let turned = |corners: [Point; 3]| {
        let [v, s, e] = corners.map(|corner| drop(corner, axis));
        if side::of_line([v, s], e) > 0.0 { [v, s, e] } else { [v, e, s] }
    };
    let ([v, a1, a2], [_, b1, b2]) = (turned(a), turned(b));
    let between = |from: Flat, to: Flat, point: Flat| {
        side::of_line([v, from], point) > 0.0 && side::of_line([v, point], to) > 0.0
    };
    let toward = |p: Flat, q: Flat| (p[0] - v[0]) * (q[0] - v[0]) + (p[1] - v[1]) * (q[1] - v[1]) > 0.0;
    let is_same = side::of_line([v, a1], b1) == 0.0 && toward(a1, b1);
    is_same || between(a1, a2, b1) || between(b1, b2, a1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAT: [Point; 3] = [[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [0.0, 4.0, 0.0]];

    #[test]
    fn triangles_apart_touching_and_through() {
        let through = [[1.0, 1.0, -1.0], [1.0, 1.0, 1.0], [9.0, 9.0, 0.5]];
        assert!(intersect(FLAT, through) && intersect(through, FLAT));
        assert!(!intersect(FLAT, through.map(|[x, y, z]| [x, y, z + 1.5])));
        assert!(!intersect(FLAT, through.map(|[x, y, z]| [x + 2.0, y + 2.0, z])));
        let touching = [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [2.0, 2.0, 1.0]];
        assert!(intersect(FLAT, touching));
    }

    #[test]
    fn triangles_in_one_plane() {
        let shifted = |x: f64, y: f64| FLAT.map(|[a, b, c]| [a * 0.5 + x, b * 0.5 + y, c]);
        assert!(intersect(FLAT, shifted(0.5, 0.5)));
        assert!(!intersect(FLAT, shifted(3.0, 3.0)));
    }

    #[test]
    fn neighbours_intersect_only_when_they_fold_over_or_pass_through() {
        let [a, b, c] = FLAT;
        assert!(!intersect(FLAT, [b, a, [0.0, -4.0, 0.0]]));
        assert!(!intersect(FLAT, [b, a, [0.0, 4.0, 1e-300]]));
        assert!(intersect(FLAT, [b, a, [1.0, 4.0, 0.0]]));
        assert!(!intersect(FLAT, [a, [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]));
        assert!(!intersect(FLAT, [a, [-1.0, 0.0, 1.0], [0.0, -1.0, 1.0]]));
        assert!(intersect(FLAT, [a, [1.0, 1.0, 0.0], [-1.0, 1.0, 0.0]]));
        assert!(intersect(FLAT, [a, [2.0, 1.0, 1.0], [2.0, 1.0, -1.0]]));
        assert!(!intersect(FLAT, [c, a, b]));
    }
}
