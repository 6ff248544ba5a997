//! The primitives: where a point lies relative to one simple body.
//!
//! Every field is negative inside, zero on the surface, and changes by at most
//! [`Shape::lipschitz`] per millimetre, which is what lets the scanner skip empty blocks.

use nalgebra::{Matrix3, Point3, Vector3};

/// One simple body in LPS millimetres.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A ball; exact.
    Ball {
        /// Centre.
        centre: Point3<f64>,
        /// Radius.
        radius: f64,
    },
    /// An ellipsoid; first-order exact at the surface, see [`Shape::value`].
    Ellipsoid {
        /// Centre.
        centre: Point3<f64>,
        /// Rows are the unit axes.
        axes: Matrix3<f64>,
        /// Half axes.
        radii: Vector3<f64>,
        /// The most the field changes per millimetre, see [`ellipsoid_lipschitz`].
        lipschitz: f64,
    },
    /// A box with rounded edges; exact.
    Block {
        /// Centre.
        centre: Point3<f64>,
        /// Rows are the unit axes.
        axes: Matrix3<f64>,
        /// Half edges, rounding included.
        half: Vector3<f64>,
        /// Radius of the rounding, at most the shortest half edge.
        round: f64,
    },
    /// A capsule whose radius runs from one end to the other; exact when both are equal.
    Capsule {
        /// One end.
        start: Point3<f64>,
        /// From that end to the other.
        span: Vector3<f64>,
        /// Radius at the start.
        start_radius: f64,
        /// Radius at the other end less the one at the start.
        growth: f64,
    },
    /// A cylinder with flat ends; exact.
    Cylinder {
        /// Centre.
        centre: Point3<f64>,
        /// Unit axis.
        axis: Vector3<f64>,
        /// Half length.
        half_length: f64,
        /// Radius.
        radius: f64,
    },
    /// Everything behind a plane; exact.
    HalfSpace {
        /// Unit normal, pointing out.
        normal: Vector3<f64>,
        /// Distance of the plane from the origin along the normal.
        offset: f64,
    },
}

impl Shape {
    /// The field at a point.
    ///
    /// For the ellipsoid this is `k0 (k0 - 1) / k1` with `k0 = |p / r|`, `k1 = |p / r²|`: its
    /// gradient has length 1 at the surface.  Deep inside, where it loses meaning, it is capped.
    #[inline]
    pub fn value(&self, point: Point3<f64>) -> f64 {
        match self {
            Self::Ball { centre, radius } => (point - centre).norm() - radius,
            Self::Ellipsoid { centre, axes, radii, .. } => ellipsoid(axes * (point - centre), radii),
            Self::Block { centre, axes, half, round } => block(axes * (point - centre), half, *round),
            Self::Capsule { start, span, start_radius, growth } => {
                let from = point - start;
                let along = (from.dot(span) / span.norm_squared()).clamp(0.0, 1.0);
                (from - span * along).norm() - (start_radius + growth * along)
            }
            Self::Cylinder { centre, axis, half_length, radius } => {
                let from = point - centre;
                let height = from.dot(axis);
                let side = (from - axis * height).norm() - radius;
                corner(side, height.abs() - half_length)
            }
            Self::HalfSpace { normal, offset } => point.coords.dot(normal) - offset,
        }
    }

    /// The most the field changes per millimetre.
    pub fn lipschitz(&self) -> f64 {
        match self {
            Self::Ball { .. } | Self::Block { .. } | Self::Cylinder { .. } | Self::HalfSpace { .. } => 1.0,
            Self::Ellipsoid { lipschitz, .. } => *lipschitz,
            Self::Capsule { span, growth, .. } => (1.0 + growth * growth / span.norm_squared()).sqrt(),
        }
    }
}

/// Deepest field value of an ellipsoid, as a fraction of its shortest half axis.
const ELLIPSOID_CAP: f64 = 0.6;

#[inline]
fn ellipsoid(local: Vector3<f64>, radii: &Vector3<f64>) -> f64 {
    let scaled = local.component_div(radii);
    let k0 = scaled.norm();
    let cap = -ELLIPSOID_CAP * radii.min();
    let k1 = scaled.component_div(radii).norm();
    if k1 < 1e-12 { cap } else { (k0 * (k0 - 1.0) / k1).max(cap) }
}

/// The most the field of an ellipsoid changes per millimetre, with a tenth to spare.
///
/// Found by central differences on rays of all directions: the gradient depends on the direction
/// and, far from the centre, no longer on the distance.
pub(super) fn ellipsoid_lipschitz(radii: &Vector3<f64>) -> f64 {
    const RAYS: usize = 400;
    const SCALES: [f64; 9] = [0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 3.0, 10.0];
    let golden = std::f64::consts::PI * (3.0 - 5.0_f64.sqrt());
    let mut most = 1.0_f64;
    for ray in 0..RAYS {
        let z = 1.0 - (2.0 * ray as f64 + 1.0) / RAYS as f64;
        let (sin, cos) = (golden * ray as f64).sin_cos();
        let flat = (1.0 - z * z).sqrt();
        let unit = Vector3::new(flat * cos, flat * sin, z);
        for scale in SCALES {
            let place = unit.component_mul(radii) * scale;
            let step = 1e-4 * radii.min();
            let slope = Vector3::from_fn(|axis, _| {
                let mut shift = Vector3::zeros();
                shift[axis] = step;
                (ellipsoid(place + shift, radii) - ellipsoid(place - shift, radii)) / (2.0 * step)
            });
            most = most.max(slope.norm());
        }
    }
    1.1 * most
}

#[inline]
fn block(local: Vector3<f64>, half: &Vector3<f64>, round: f64) -> f64 {
    let over = local.abs() - half.add_scalar(-round);
    let outside = over.map(|value| value.max(0.0)).norm();
    outside + over.max().min(0.0) - round
}

/// Exact distance to the edge where two perpendicular faces meet.
#[inline]
fn corner(a: f64, b: f64) -> f64 {
    let outside = (a.max(0.0).powi(2) + b.max(0.0).powi(2)).sqrt();
    outside + a.max(b).min(0.0)
}
