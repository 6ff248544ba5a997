//! The primitives: where a point lies relative to one simple body.
//!
//! Every field is negative inside, zero on the surface, and changes by at most
//! [`Shape::lipschitz`] per millimetre, which is what lets the scanner skip empty blocks.
//! Plain arrays, because these few lines are where a scan spends its time.
#![expect(clippy::inline_always, reason = "measured: not inlined, a scan takes 2.6 times as long")]

use super::solid::Place;

/// Three unit axes, one a row.
pub type Axes = [Place; 3];

/// One simple body in LPS millimetres.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A ball; exact.
    Ball {
        /// Centre.
        centre: Place,
        /// Radius.
        radius: f64,
    },
    /// An ellipsoid; first-order exact at the surface, see [`Shape::value`].
    Ellipsoid {
        /// Centre.
        centre: Place,
        /// Its axes.
        axes: Axes,
        /// Half axes.
        radii: Place,
        /// The most the field changes per millimetre.
        lipschitz: f64,
    },
    /// A box with rounded edges; exact.
    Block {
        /// Centre.
        centre: Place,
        /// Its axes.
        axes: Axes,
        /// Half edges, rounding included.
        half: Place,
        /// Radius of the rounding, at most the shortest half edge.
        round: f64,
    },
    /// A capsule whose radius runs from one end to the other; exact when both are equal.
    Capsule {
        /// One end.
        start: Place,
        /// From that end to the other.
        span: Place,
        /// Radius at the start.
        start_radius: f64,
        /// Radius at the other end less the one at the start.
        growth: f64,
    },
    /// A cylinder with flat ends; exact.
    Cylinder {
        /// Centre.
        centre: Place,
        /// Unit axis.
        axis: Place,
        /// Half length.
        half_length: f64,
        /// Radius.
        radius: f64,
    },
    /// Everything behind a plane; exact.
    HalfSpace {
        /// Unit normal, pointing out.
        normal: Place,
        /// Distance of the plane from the origin along the normal.
        offset: f64,
    },
}

impl Shape {
    /// The field at a point.
    ///
    /// For the ellipsoid this is `k0 (k0 - 1) / k1` with `k0 = |p / r|`, `k1 = |p / r²|`: its
    /// gradient has length 1 at the surface.  Deep inside, where it loses meaning, it is capped.
    #[inline(always)]
    pub fn value(&self, point: Place) -> f64 {
        match *self {
            Self::Ball { centre, radius } => norm(minus(point, centre)) - radius,
            Self::Ellipsoid { centre, ref axes, radii, .. } => {
                ellipsoid(turn(axes, minus(point, centre)), radii)
            }
            Self::Block { centre, ref axes, half, round } => {
                block(turn(axes, minus(point, centre)), half, round)
            }
            Self::Capsule { start, span, start_radius, growth } => {
                let from = minus(point, start);
                let along = (dot(from, span) / dot(span, span)).clamp(0.0, 1.0);
                norm(minus(from, times(span, along))) - (start_radius + growth * along)
            }
            Self::Cylinder { centre, axis, half_length, radius } => {
                let from = minus(point, centre);
                let height = dot(from, axis);
                let side = norm(minus(from, times(axis, height))) - radius;
                corner(side, height.abs() - half_length)
            }
            Self::HalfSpace { normal, offset } => dot(point, normal) - offset,
        }
    }

    /// The most the field changes per millimetre.
    pub fn lipschitz(&self) -> f64 {
        match self {
            Self::Ball { .. } | Self::Block { .. } | Self::Cylinder { .. } | Self::HalfSpace { .. } => 1.0,
            Self::Ellipsoid { lipschitz, .. } => *lipschitz,
            Self::Capsule { span, growth, .. } => (1.0 + growth * growth / dot(*span, *span)).sqrt(),
        }
    }
}

/// Deepest field value of an ellipsoid, as a fraction of its shortest half axis.
const ELLIPSOID_CAP: f64 = 0.6;

#[inline(always)]
fn ellipsoid(local: Place, radii: Place) -> f64 {
    let scaled = [local[0] / radii[0], local[1] / radii[1], local[2] / radii[2]];
    let k0 = norm(scaled);
    let k1 = norm([scaled[0] / radii[0], scaled[1] / radii[1], scaled[2] / radii[2]]);
    (k0 * (k0 - 1.0) / k1.max(1e-12)).max(ellipsoid_cap(radii))
}

/// The deepest field value of an ellipsoid.
#[inline(always)]
pub(super) fn ellipsoid_cap(radii: Place) -> f64 {
    -ELLIPSOID_CAP * radii[0].min(radii[1]).min(radii[2])
}

/// The most the field of an ellipsoid changes per millimetre, with a tenth to spare.
///
/// Found by central differences on rays of all directions, at distances from the cap to where the
/// gradient depends on the direction alone.
pub(super) fn ellipsoid_lipschitz(radii: Place) -> f64 {
    const RAYS: usize = 400;
    const SCALES: [f64; 9] = [0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 3.0, 10.0];
    let golden = std::f64::consts::PI * (3.0 - 5.0_f64.sqrt());
    let step = 1e-4 * radii[0].min(radii[1]).min(radii[2]);
    let mut most = 1.0_f64;
    for ray in 0..RAYS {
        let z = 1.0 - (2.0 * ray as f64 + 1.0) / RAYS as f64;
        let (sin, cos) = (golden * ray as f64).sin_cos();
        let flat = (1.0 - z * z).sqrt();
        for scale in SCALES {
            let place = [flat * cos * radii[0] * scale, flat * sin * radii[1] * scale, z * radii[2] * scale];
            let slope = [0, 1, 2].map(|axis| {
                let (mut ahead, mut behind) = (place, place);
                ahead[axis] += step;
                behind[axis] -= step;
                (ellipsoid(ahead, radii) - ellipsoid(behind, radii)) / (2.0 * step)
            });
            most = most.max(norm(slope));
        }
    }
    1.1 * most
}

#[inline(always)]
fn block(local: Place, half: Place, round: f64) -> f64 {
    let over = |axis: usize| local[axis].abs() - half[axis] + round;
    let [a, b, c] = [over(0), over(1), over(2)];
    norm([a.max(0.0), b.max(0.0), c.max(0.0)]) + a.max(b).max(c).min(0.0) - round
}

/// Exact distance to the edge where two perpendicular faces meet.
#[inline(always)]
fn corner(a: f64, b: f64) -> f64 {
    let (x, y) = (a.max(0.0), b.max(0.0));
    (x * x + y * y).sqrt() + a.max(b).min(0.0)
}

#[inline(always)]
fn dot(a: Place, b: Place) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[inline(always)]
fn norm(a: Place) -> f64 {
    dot(a, a).sqrt()
}

#[inline(always)]
fn minus(a: Place, b: Place) -> Place {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

#[inline(always)]
fn times(a: Place, factor: f64) -> Place {
    [a[0] * factor, a[1] * factor, a[2] * factor]
}

#[inline(always)]
fn turn(axes: &Axes, a: Place) -> Place {
    [dot(axes[0], a), dot(axes[1], a), dot(axes[2], a)]
}
