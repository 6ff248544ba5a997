//! Sums of squared distances to planes, and to points with a small weight.
//!
//! Garland and Heckbert, Surface simplification using quadric error metrics, SIGGRAPH 1997,
//! doi:10.1145/258734.258849.

use nalgebra::Vector3;

/// How much the squared distance along the surface counts against that across it. It spreads the
/// vertices over flat parts and makes every placement a well-posed one.
pub(super) const TANGENT_WEIGHT: f64 = 2e-4;

/// `x' A x + 2 b' x + c`, and the area that was summed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Quadric {
    /// Upper triangle of A: xx, xy, xz, yy, yz, zz.
    a: [f64; 6],
    b: [f64; 3],
    c: f64,
    /// Weight of the planes, mm2.
    pub(super) weight: f64,
}

impl Quadric {
    /// Squared distance to a plane through `point`, times `weight`.
    pub(super) fn plane(normal: &Vector3<f64>, point: &Vector3<f64>, weight: f64) -> Self {
        let d = -normal.dot(point);
        let n = normal * weight;
        Self {
            a: [
                n.x * normal.x,
                n.x * normal.y,
                n.x * normal.z,
                n.y * normal.y,
                n.y * normal.z,
                n.z * normal.z,
            ],
            b: [n.x * d, n.y * d, n.z * d],
            c: weight * d * d,
            weight,
        }
    }

    /// Adds the squared distance to a point, with the weight of the area times a small number.
    pub(super) fn anchor(&mut self, point: &Vector3<f64>) {
        let s = (self.weight * TANGENT_WEIGHT).max(1e-12);
        for diagonal in [0, 3, 5] {
            self.a[diagonal] += s;
        }
        for axis in 0..3 {
            self.b[axis] -= s * point[axis];
        }
        self.c += s * point.norm_squared();
    }

    pub(super) fn sum(&self, other: &Self) -> Self {
        Self {
            a: std::array::from_fn(|n| self.a[n] + other.a[n]),
            b: std::array::from_fn(|n| self.b[n] + other.b[n]),
            c: self.c + other.c,
            weight: self.weight + other.weight,
        }
    }

    /// The value at a point; never below zero.
    pub(super) fn at(&self, p: &Vector3<f64>) -> f64 {
        let [xx, xy, xz, yy, yz, zz] = self.a;
        let [bx, by, bz] = self.b;
        let value = p.x * (xx * p.x + 2.0 * (xy * p.y + xz * p.z + bx))
            + p.y * (yy * p.y + 2.0 * (yz * p.z + by))
            + p.z * (zz * p.z + 2.0 * bz)
            + self.c;
        value.max(0.0)
    }

    /// The point of the least value, by Cramer's rule; `None` where it is not well defined.
    pub(super) fn minimum(&self) -> Option<Vector3<f64>> {
        self.solve(&-Vector3::from(self.b))
    }

    /// Which way to go so that the value grows least on the way to a plane of this normal.
    pub(super) fn way_to(&self, normal: &Vector3<f64>) -> Option<Vector3<f64>> {
        self.solve(normal)
    }

    /// `x` of `A x = y`.
    fn solve(&self, y: &Vector3<f64>) -> Option<Vector3<f64>> {
        let [xx, xy, xz, yy, yz, zz] = self.a;
        let (c00, c01, c02) = (yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy);
        let determinant = xx * c00 + xy * c01 + xz * c02;
        let trace = xx + yy + zz;
        if determinant <= trace * trace * trace * 1e-13 {
            return None;
        }
        let (c11, c12, c22) = (xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy);
        let scale = 1.0 / determinant;
        Some(Vector3::new(
            scale * (c00 * y.x + c01 * y.y + c02 * y.z),
            scale * (c01 * y.x + c11 * y.y + c12 * y.z),
            scale * (c02 * y.x + c12 * y.y + c22 * y.z),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_planes_meet_at_the_minimum() {
        let corner = Vector3::new(1.0, 2.0, 3.0);
        let mut sum = Quadric::default();
        for normal in [Vector3::x(), Vector3::y(), Vector3::z()] {
            sum = sum.sum(&Quadric::plane(&normal, &corner, 2.0));
        }
        assert!((sum.minimum().unwrap() - corner).norm() < 1e-12);
        assert!(sum.at(&corner) < 1e-12);
        assert!((sum.at(&(corner + Vector3::x() * 0.5)) - 0.5).abs() < 1e-12);
        assert!(Quadric::plane(&Vector3::x(), &corner, 1.0).minimum().is_none());
    }

    #[test]
    fn an_anchor_makes_a_plane_well_posed() {
        let point = Vector3::new(1.0, 2.0, 3.0);
        let mut quadric = Quadric::plane(&Vector3::x(), &point, 1.0);
        quadric.anchor(&point);
        assert!((quadric.minimum().unwrap() - point).norm() < 1e-9);
    }
}
