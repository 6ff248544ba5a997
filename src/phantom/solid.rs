//! Bodies made of primitives by union, intersection, complement and growth.

use nalgebra::{Point3, Rotation3, Vector3};

use super::shape::{Axes, Shape, ellipsoid_lipschitz};

/// A body as a signed field: negative inside.
///
/// Unions and intersections may be smooth: within `blend` millimetres the two surfaces melt into
/// each other (the quadratic polynomial of Quilez), elsewhere they are the exact minimum or maximum.
#[derive(Debug, Clone, PartialEq)]
pub enum Solid {
    /// One primitive.
    Leaf(Shape),
    /// Everything that is in any of the parts.
    Union {
        /// Width of the blend, mm.
        blend: f64,
        /// The parts.
        parts: Vec<Solid>,
    },
    /// Everything that is in all of the parts.
    Common {
        /// Width of the blend, mm.
        blend: f64,
        /// The parts.
        parts: Vec<Solid>,
    },
    /// Everything that is not in the part.
    Not(Box<Solid>),
    /// The part, its surface moved outwards.
    Grown(Box<Solid>, f64),
}

/// A place in LPS millimetres, written short because the anatomy is a table of them.
pub type Place = [f64; 3];

/// A ball.
pub fn ball(centre: Place, radius: f64) -> Solid {
    Solid::Leaf(Shape::Ball { centre, radius })
}

/// An ellipsoid along the axes.
pub fn ellipsoid(centre: Place, radii: Place) -> Solid {
    turned_ellipsoid(centre, radii, [0.0; 3])
}

/// An ellipsoid turned about its centre, degrees about x, then y, then z.
pub fn turned_ellipsoid(centre: Place, radii: Place, turn_deg: Place) -> Solid {
    Solid::Leaf(Shape::Ellipsoid {
        centre,
        axes: axes(turn_deg),
        radii,
        lipschitz: ellipsoid_lipschitz(radii),
    })
}

/// A lozenge: a box as round as its shortest edge allows.  Unlike a long ellipsoid its field is exact.
pub fn pad(centre: Place, half: Place, turn_deg: Place) -> Solid {
    let shortest = half[0].min(half[1]).min(half[2]);
    block(centre, half, 0.98 * shortest, turn_deg)
}

/// A box with rounded edges, turned about its centre, degrees about x, then y, then z.
pub fn block(centre: Place, half: Place, round: f64, turn_deg: Place) -> Solid {
    Solid::Leaf(Shape::Block { centre, axes: axes(turn_deg), half, round })
}

/// A capsule from one place to another with a radius at each.
pub fn capsule(start: Place, end: Place, start_radius: f64, end_radius: f64) -> Solid {
    let span = [0, 1, 2].map(|axis| end[axis] - start[axis]);
    Solid::Leaf(Shape::Capsule { start, span, start_radius, growth: end_radius - start_radius })
}

/// A chain of capsules through places with radii.
pub fn chain(blend: f64, links: &[(Place, f64)]) -> Solid {
    let parts = links.windows(2).map(|pair| capsule(pair[0].0, pair[1].0, pair[0].1, pair[1].1)).collect();
    Solid::Union { blend, parts }
}

/// A cylinder with flat ends between two places.
pub fn cylinder(start: Place, end: Place, radius: f64) -> Solid {
    let (a, b) = (Vector3::from(start), Vector3::from(end));
    let (half_length, axis) = ((b - a).norm() / 2.0, (b - a).normalize());
    Solid::Leaf(Shape::Cylinder { centre: ((a + b) / 2.0).into(), axis: axis.into(), half_length, radius })
}

/// Everything behind the plane through a place.
pub fn half_space(normal: Place, through: Place) -> Solid {
    let normal = Vector3::from(normal).normalize();
    Solid::Leaf(Shape::HalfSpace { normal: normal.into(), offset: normal.dot(&Vector3::from(through)) })
}

/// The union of parts that melt into each other over `blend` millimetres.
pub fn union(blend: f64, parts: impl IntoIterator<Item = Solid>) -> Solid {
    Solid::Union { blend, parts: parts.into_iter().collect() }
}

/// What all parts share.
pub fn common(blend: f64, parts: impl IntoIterator<Item = Solid>) -> Solid {
    Solid::Common { blend, parts: parts.into_iter().collect() }
}

fn axes(turn_deg: Place) -> Axes {
    let [x, y, z] = turn_deg.map(f64::to_radians);
    // Columns of the rotation are the turned axes.
    let turned = Rotation3::from_euler_angles(x, y, z).into_inner();
    [0, 1, 2].map(|axis| turned.column(axis).into_owned().into())
}

impl Solid {
    /// This without the others.
    #[must_use]
    pub fn without(self, others: impl IntoIterator<Item = Solid>) -> Solid {
        let parts = std::iter::once(self).chain(others.into_iter().map(|other| Solid::Not(Box::new(other))));
        common(0.0, parts)
    }

    /// This with its surface moved outwards (inwards when negative).
    #[must_use]
    pub fn grown(self, mm: f64) -> Solid {
        Solid::Grown(Box::new(self), mm)
    }

    /// The field at a point: negative inside.
    pub fn value(&self, point: Point3<f64>) -> f64 {
        match self {
            Self::Leaf(shape) => shape.value(point.coords.into()),
            Self::Union { blend, parts } => {
                parts.iter().fold(f64::INFINITY, |least, part| smooth_min(least, part.value(point), *blend))
            }
            Self::Common { blend, parts } => {
                -parts.iter().fold(f64::INFINITY, |least, part| smooth_min(least, -part.value(point), *blend))
            }
            Self::Not(part) => -part.value(point),
            Self::Grown(part, mm) => part.value(point) - mm,
        }
    }

    /// The gradient of the field by central differences.
    pub fn gradient(&self, point: Point3<f64>) -> Vector3<f64> {
        const STEP_MM: f64 = 1e-4;
        Vector3::from_fn(|axis, _| {
            let mut step = Vector3::zeros();
            step[axis] = STEP_MM;
            (self.value(point + step) - self.value(point - step)) / (2.0 * STEP_MM)
        })
    }
}

/// The smaller of two, rounded where they differ by less than `blend`.
#[inline]
pub(super) fn smooth_min(a: f64, b: f64, blend: f64) -> f64 {
    let overlap = blend - (a - b).abs();
    if overlap > 0.0 { a.min(b) - overlap * overlap / (4.0 * blend) } else { a.min(b) }
}
