//! Whether two sheets of a cell are one tunnel.
//!
//! The trilinear function is bilinear in every plane of constant z, with corners a, b, c, d that are
//! linear in z. Two regions of one sign that do not meet on the boundary of the cell meet inside it
//! when in some plane the diagonal corners a and c have that sign, b and d the other, and
//! a c - b d > 0: a quadratic in z, so that its extremum tells (Chernyaev 1995). There the surface is
//! a tube around the bridge from a to c.

use super::cases::Case;

/// The corner columns, counter-clockwise seen along -z.
const COLUMNS: [u8; 4] = [0, 1, 3, 2];

/// A tube between two loops of a case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tunnel {
    /// The two loops.
    pub loops: [usize; 2],
    /// A ring around the tube, on the surface, in the unit cell; in the direction of the first loop.
    pub ring: [[f64; 3]; 4],
}

/// Distance that a ring keeps from the walls of the cell and from its own middle, in steps.
const CLEARANCE: f64 = 0.02;

/// The tunnel of a cell, if there is one; a trilinear function has no second.
pub(super) fn find(case: &Case, f: &[f64; 8]) -> Option<Tunnel> {
    if !case.may_tunnel {
        return None;
    }
    [1.0, -1.0].into_iter().find_map(|sign| [0, 1].into_iter().find_map(|turn| bridge(case, f, sign, turn)))
}

/// A bridge of one sign between the columns `turn` and `turn + 2`.
fn bridge(case: &Case, f: &[f64; 8], sign: f64, turn: usize) -> Option<Tunnel> {
    let column = |n: usize| COLUMNS[(turn + n) % 4];
    let lines: [Line; 4] = std::array::from_fn(|n| Line {
        low: sign * f[usize::from(column(n))],
        high: sign * f[usize::from(column(n) + 4)],
    });
    let [a, b, c, d] = lines;
    let (from, to) = overlap([a.positive(), c.positive(), b.negative(), d.negative()])?;
    let product = Quadratic::of(a, c).minus(Quadratic::of(b, d));
    let (z, roots) = product.hump(from, to)?;
    let region = |n: usize, line: Line| {
        let corner = if line.low > line.high { column(n) } else { column(n) + 4 };
        case.region[usize::from(corner)]
    };
    let loops = ends(case, region(0, a), region(2, c), sign > 0.0)?;
    let ring = ring(lines, z, roots).map(|point| turned(point, turn));
    let ring = if sign > 0.0 { ring } else { [ring[3], ring[2], ring[1], ring[0]] };
    Some(Tunnel { loops, ring })
}

/// The loops that part two regions of one sign from the region between them.
fn ends(case: &Case, a: u8, c: u8, is_inside: bool) -> Option<[usize; 2]> {
    if a == c {
        return None;
    }
    let sides = |n: usize| {
        let one = &case.loops[n];
        if is_inside { (one.inside, one.outside) } else { (one.outside, one.inside) }
    };
    let n = case.loops.len();
    (0..n)
        .flat_map(|p| (0..n).map(move |q| [p, q]))
        .find(|&[p, q]| sides(p).0 == a && sides(q).0 == c && sides(p).1 == sides(q).1)
}

/// Points on the tube: above, towards b, below, towards d; clockwise seen from a.
fn ring(lines: [Line; 4], z: f64, roots: [f64; 2]) -> [[f64; 3]; 4] {
    let clear = |x: f64, low: f64, high: f64| x.clamp(low, high);
    let inner = |x: f64| x.clamp(2.0 * CLEARANCE, 1.0 - 2.0 * CLEARANCE);
    let (x, y, reach) = saddle(lines, z);
    let (x, y, z) = (inner(x), inner(y), inner(z));
    // From the saddle towards the corner of b or d, as far as the branch of the hyperbola.
    let reach = clear(reach, CLEARANCE / x.min(1.0 - x).min(y).min(1.0 - y), 1.0 - CLEARANCE);
    let level = |root: f64, low: f64, high: f64| {
        let root = clear(root, low, high);
        let (x, y, _) = saddle(lines, root);
        [inner(x), inner(y), root]
    };
    [
        level(roots[1], z + CLEARANCE, 1.0 - CLEARANCE),
        [x + reach * (1.0 - x), y - reach * y, z],
        level(roots[0], CLEARANCE, z - CLEARANCE),
        [x - reach * x, y + reach * (1.0 - y), z],
    ]
}

/// The saddle of the bilinear function in the plane at z, and how far from it towards the corners b
/// and d the surface is.
fn saddle(lines: [Line; 4], z: f64) -> (f64, f64, f64) {
    let [a, b, c, d] = lines.map(|line| line.at(z));
    let sum = a - b + c - d;
    let (x, y) = ((a - d) / sum, (a - b) / sum);
    let room = ((1.0 - x) * y).min(x * (1.0 - y));
    let reach = ((a * c - b * d) / (sum * sum * room)).max(0.0).sqrt();
    (x, y, if reach.is_finite() { reach } else { 0.5 })
}

/// A point of the cell whose first column is turned to `turn`.
fn turned([x, y, z]: [f64; 3], turn: usize) -> [f64; 3] {
    if turn == 0 { [x, y, z] } else { [1.0 - y, x, z] }
}

/// Values along one corner column, from z = 0 to z = 1.
#[derive(Debug, Clone, Copy)]
struct Line {
    low: f64,
    high: f64,
}

impl Line {
    fn at(self, z: f64) -> f64 {
        self.low + (self.high - self.low) * z
    }

    /// Where it is zero; only asked when the ends differ in sign.
    fn zero(self) -> f64 {
        (self.low / (self.low - self.high)).clamp(0.0, 1.0)
    }

    fn positive(self) -> Option<(f64, f64)> {
        match (self.low > 0.0, self.high > 0.0) {
            (true, true) => Some((0.0, 1.0)),
            (true, false) => Some((0.0, self.zero())),
            (false, true) => Some((self.zero(), 1.0)),
            (false, false) => None,
        }
    }

    fn negative(self) -> Option<(f64, f64)> {
        Self { low: -self.low, high: -self.high }.positive()
    }
}

/// The stretch that all intervals share.
fn overlap(intervals: [Option<(f64, f64)>; 4]) -> Option<(f64, f64)> {
    let mut shared = (0.0_f64, 1.0_f64);
    for interval in intervals {
        let (from, to) = interval?;
        shared = (shared.0.max(from), shared.1.min(to));
    }
    (shared.0 < shared.1).then_some(shared)
}

/// p z² + q z + r.
#[derive(Debug, Clone, Copy)]
struct Quadratic {
    p: f64,
    q: f64,
    r: f64,
}

impl Quadratic {
    /// The product of two lines.
    fn of(a: Line, b: Line) -> Self {
        let (slope_a, slope_b) = (a.high - a.low, b.high - b.low);
        Self { p: slope_a * slope_b, q: a.low * slope_b + b.low * slope_a, r: a.low * b.low }
    }

    fn minus(self, other: Self) -> Self {
        Self { p: self.p - other.p, q: self.q - other.q, r: self.r - other.r }
    }

    /// Its maximum between `from` and `to`, when that is positive and inside, and the zeros beside it.
    fn hump(self, from: f64, to: f64) -> Option<(f64, [f64; 2])> {
        if self.p >= 0.0 {
            return None;
        }
        let z = -self.q / (2.0 * self.p);
        let top = (self.p * z + self.q) * z + self.r;
        if !(from < z && z < to && top > 0.0) {
            return None;
        }
        let half = (-top / self.p).sqrt();
        Some((z, [z - half, z + half]))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases::CASES;
    use super::super::cube::{is_ambiguous, joins_inside};
    use super::*;

    fn case(f: &[f64; 8]) -> &'static Case {
        let inside: u8 = (0..8).filter(|&corner| f[corner] >= 0.0).map(|corner| 1 << corner).sum();
        let joined = (0..6)
            .filter(|&face| is_ambiguous(face, inside) && joins_inside(face, f))
            .map(|face| 1 << face)
            .sum();
        CASES.get(inside, joined)
    }

    fn trilinear(f: &[f64; 8], [x, y, z]: [f64; 3]) -> f64 {
        let weight = |corner: usize| {
            [(corner & 1, x), (corner >> 1 & 1, y), (corner >> 2, z)]
                .map(|(high, t)| if high == 1 { t } else { 1.0 - t })
                .iter()
                .product::<f64>()
        };
        (0..8).map(|corner| f[corner] * weight(corner)).sum()
    }

    #[test]
    fn opposite_corners_meet_inside_the_cell_when_the_middle_is_high() {
        let mut f = [-1.0; 8];
        (f[0], f[7]) = (9.0, 9.0);
        let case = case(&f);
        assert_eq!(case.loops.len(), 2);
        let tunnel = find(case, &f).unwrap();
        for point in tunnel.ring {
            assert!(trilinear(&f, point).abs() < 1e-9, "{point:?} lies on the surface");
        }
        (f[0], f[7]) = (1.0, 1.0);
        assert_eq!(find(case, &f), None);
    }

    #[test]
    fn a_cell_never_has_a_second_tunnel() {
        // A fixed sequence of random cells: the claim that `find` may stop at the first.
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1 << 30) - 1.0
        };
        let mut n_tunnels = 0;
        for _ in 0..2_000_000 {
            let f: [f64; 8] = std::array::from_fn(|_| random());
            let case = case(&f);
            if !case.may_tunnel {
                continue;
            }
            let found = [1.0, -1.0]
                .iter()
                .flat_map(|&sign| [0, 1].map(|turn| bridge(case, &f, sign, turn)))
                .flatten()
                .map(|tunnel| {
                    let mut loops = tunnel.loops;
                    loops.sort_unstable();
                    loops
                })
                .collect::<Vec<_>>();
            assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{f:?}: {found:?}");
            n_tunnels += usize::from(!found.is_empty());
        }
        assert!(n_tunnels > 1000, "{n_tunnels}");
    }
}
