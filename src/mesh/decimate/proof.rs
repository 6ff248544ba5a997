//! A distance that no point of a triangle is beyond, from another surface.
//!
//! Of each corner is known a face of the other surface that it is next to. A triangle is near enough
//! where one face of the other surface is near enough to its corners, for the distance to a convex set
//! is largest at a corner. Where its corners are next to faces that meet in an edge or a vertex, it is
//! cut in thought where it passes that edge and vertex, and the same holds for the pieces. Where
//! neither shows enough it is divided.

use nalgebra::Vector3;

use super::patch::NONE;
use super::surface::{Near, Surface};
use crate::mesh::triangle::{segments_squared_distance, squared_distance};

/// From the nearest corner of a triangle no point of it is farther than this part of its longest side.
const FROM_CORNER: f64 = 0.577_350_3;

/// A point, how far it is from the other surface, and next to which of its faces.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) point: Vector3<f64>,
    pub(super) distance: f64,
    pub(super) face: u32,
}

impl End {
    pub(super) fn new(point: Vector3<f64>, found: &Near) -> Self {
        Self { point, distance: found.squared.sqrt(), face: found.face }
    }

    /// A point that is on no surface.
    pub(super) fn loose(point: Vector3<f64>) -> Self {
        Self { point, distance: 0.0, face: NONE }
    }
}

/// What triangles are held against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof<'a> {
    /// The other surface.
    pub(super) target: &'a Surface<'a>,
    /// Below this nobody asks.
    pub(super) enough: f64,
    /// Smaller pieces are not divided.
    pub(super) least_mm: f64,
    /// Of such a piece: what no point of it is beyond, or else what is found in its middle.
    pub(super) is_strict: bool,
    /// How far around a point to look where going downhill finds nothing near enough.
    pub(super) reach_mm: f64,
}

impl Proof<'_> {
    /// A distance that no point of a triangle is beyond.
    pub(super) fn most(&self, ends: &[End; 3]) -> f64 {
        let [a, b, c] = ends;
        if a.face == NONE || b.face == NONE || c.face == NONE {
            return f64::INFINITY;
        }
        let at_corners = a.distance.max(b.distance).max(c.distance);
        if (a.face == b.face && b.face == c.face) || at_corners > self.enough {
            return at_corners;
        }
        let [ab, bc, ca] = [a.point - b.point, b.point - c.point, c.point - a.point];
        let longest = ab.norm_squared().max(bc.norm_squared()).max(ca.norm_squared()).sqrt();
        if !self.is_strict {
            return self.found(ends, at_corners, longest);
        }
        let shown = self.over_a_fold(ends, at_corners);
        if shown <= self.enough {
            return shown;
        }
        let shown = self.by_one_face(ends);
        if shown <= self.enough {
            return shown;
        }
        if at_corners + FROM_CORNER * longest <= self.enough {
            return at_corners + FROM_CORNER * longest;
        }
        if longest <= self.least_mm {
            return at_corners + FROM_CORNER * longest;
        }
        self.divided(ends)
    }

    /// Without a limit: the largest distance found at the corners, and in the middle of what is so large
    /// that this tells nothing of the middle. Cheaper than to walk over folds.
    fn found(&self, ends: &[End; 3], at_corners: f64, longest: f64) -> f64 {
        if at_corners + FROM_CORNER * longest <= self.enough {
            return at_corners;
        }
        if longest > self.least_mm {
            return self.divided(ends);
        }
        let [a, b, c] = ends;
        at_corners.max(self.near((a.point + b.point + c.point) / 3.0, a.face).distance)
    }

    /// The same of four pieces.
    fn divided(&self, [a, b, c]: &[End; 3]) -> f64 {
        let (ab, bc, ca) = (self.between(a, b), self.between(b, c), self.between(c, a));
        let pieces = [[*a, ab, ca], [ab, *b, bc], [ca, bc, *c], [ab, bc, ca]];
        pieces.iter().fold(0.0, |most, piece| self.most(piece).max(most))
    }

    fn between(&self, a: &End, b: &End) -> End {
        let (near, far) = if a.distance <= b.distance { (a.face, b.face) } else { (b.face, a.face) };
        let point = (a.point + b.point) / 2.0;
        let found = self.near(point, near);
        if found.distance <= self.enough || far == near {
            return found;
        }
        let other = self.near(point, far);
        if other.distance < found.distance { other } else { found }
    }

    /// A point and what is close to it on the other surface, looked for from a face on.
    pub(super) fn near(&self, point: Vector3<f64>, face: u32) -> End {
        let mut found = self.target.near_from_face(&point, face);
        if found.squared > self.enough * self.enough {
            // Around the corner of a box the way leads up first.
            let ring = self.target.mesh.faces()[face as usize]
                .iter()
                .flat_map(|&corner| self.target.around.of(corner as usize));
            let closest = ring
                .map(|&other| (self.target.squared_to(&point, other), other))
                .reduce(|best, next| if next.0 < best.0 { next } else { best });
            if let Some((_, other)) = closest.filter(|closest| closest.0 < found.squared) {
                found = self.target.near_from_face(&point, other);
            }
        }
        if found.squared > self.enough * self.enough {
            found = self.target.around_face(&point, found.face, self.reach_mm);
        }
        End::new(point, &found)
    }

    /// One face of the other surface for all corners.
    fn by_one_face(&self, ends: &[End; 3]) -> f64 {
        let mut least = f64::INFINITY;
        for near in ends {
            let mut most = near.distance;
            for end in ends {
                if end.face != near.face {
                    most = most.max(self.target.squared_to(&end.point, near.face).sqrt());
                }
            }
            least = least.min(most);
        }
        least
    }

    /// The corners are next to two faces that meet, or to three around a vertex.
    fn over_a_fold(&self, [a, b, c]: &[End; 3], at_corners: f64) -> f64 {
        let mut sides = at_corners;
        for (p, q) in [(a, b), (b, c), (c, a)] {
            sides = sides.max(self.fold(p, q));
            if sides > self.enough {
                return sides;
            }
        }
        if a.face == b.face || b.face == c.face || c.face == a.face {
            return sides;
        }
        let faces = self.target.mesh.faces();
        let (second, third) = (faces[b.face as usize], faces[c.face as usize]);
        let mut common = faces[a.face as usize].into_iter();
        common.find(|vertex| second.contains(vertex) && third.contains(vertex)).map_or(
            f64::INFINITY,
            |vertex| {
                let tip = squared_distance(&self.target.point(vertex), &[a.point, b.point, c.point]);
                sides.max(tip.sqrt())
            },
        )
    }

    /// How far the line between two corners passes from the edge, or the vertex, that their faces share.
    fn fold(&self, a: &End, b: &End) -> f64 {
        if a.face == b.face {
            return 0.0;
        }
        let faces = self.target.mesh.faces();
        let second = faces[b.face as usize];
        let mut common = faces[a.face as usize].into_iter().filter(|vertex| second.contains(vertex));
        let Some(p) = common.next() else { return f64::INFINITY };
        let q = common.next().unwrap_or(p);
        let (p, q) = (self.target.point(p), self.target.point(q));
        segments_squared_distance([&a.point, &b.point], [&p, &q]).sqrt()
    }
}
