//! The field of a solid at the many points of a tile, in single precision.
//!
//! Points and bodies are taken relative to the middle of the tile, so that what single precision loses is
//! the seventh digit of a distance: 1e-5 mm, or a hundredth of an HU at the edge of compact bone.  It makes
//! twice as many values at a time as double precision, and its roots and quotients are faster besides.
#![expect(
    clippy::inline_always,
    reason = "measured: a closure that is not inlined keeps a loop from using lanes"
)]

use super::pruned::Pruned;
use super::shape::{Axes, Shape, ellipsoid_cap};
use super::solid::Place;

type Place32 = [f32; 3];

/// Offsets of the points of a tile from its middle, mm, coordinate by coordinate.
#[derive(Debug, Default)]
pub(super) struct Points {
    pub x: Vec<f32>,
    pub y: Vec<f32>,
    pub z: Vec<f32>,
}

/// Buffers for the parts of a solid, kept from tile to tile.
#[derive(Debug, Default)]
pub(super) struct Fields {
    spare: Vec<Vec<f32>>,
}

impl Fields {
    /// The field at the points of the tile round `middle`.
    pub fn values(&mut self, solid: &Pruned<'_>, middle: Place, points: &Points, out: &mut Vec<f32>) {
        out.resize(points.x.len(), 0.0);
        match solid {
            Pruned::Leaf(shape) => leaf(shape, middle, points, out),
            Pruned::Union(blend, parts) => {
                self.join(parts, (middle, points), out, |out, part| meet::<true>(out, part, *blend as f32));
            }
            Pruned::Common(blend, parts) => {
                self.join(parts, (middle, points), out, |out, part| meet::<false>(out, part, *blend as f32));
            }
            Pruned::Not(part) => {
                self.values(part, middle, points, out);
                for value in out {
                    *value = -*value;
                }
            }
            Pruned::Grown(part, mm) => {
                self.values(part, middle, points, out);
                for value in out {
                    *value -= *mm as f32;
                }
            }
        }
    }

    fn join(
        &mut self,
        parts: &[Pruned<'_>],
        (middle, points): (Place, &Points),
        out: &mut Vec<f32>,
        with: impl Fn(&mut [f32], &[f32]),
    ) {
        let Some((first, others)) = parts.split_first() else { return out.fill(f32::INFINITY) };
        self.values(first, middle, points, out);
        let mut one = self.spare.pop().unwrap_or_default();
        for part in others {
            self.values(part, middle, points, &mut one);
            with(out, &one);
        }
        self.spare.push(one);
    }
}

/// The smaller (for a union) or the larger of two, rounded where they differ by less than `blend`: see
/// `smooth_min` of solids.
fn meet<const IS_UNION: bool>(out: &mut [f32], part: &[f32], blend: f32) {
    let nearer = |a: f32, b: f32| if IS_UNION { smaller(a, b) } else { larger(a, b) };
    let pairs = out.iter_mut().zip(part);
    if blend > 0.0 {
        let share = if IS_UNION { -0.25 / blend } else { 0.25 / blend };
        pairs.for_each(|(a, &b)| {
            let overlap = larger(blend - (*a - b).abs(), 0.0);
            *a = nearer(*a, b) + overlap * overlap * share;
        });
    } else {
        pairs.for_each(|(a, &b)| *a = nearer(*a, b));
    }
}

/// The formulae of [`Shape::value`], one loop per kind of shape.
fn leaf(shape: &Shape, middle: Place, points: &Points, out: &mut [f32]) {
    let near = |place: Place| [0, 1, 2].map(|axis| (place[axis] - middle[axis]) as f32);
    match *shape {
        Shape::Ball { centre, radius } => {
            let (centre, radius) = (near(centre), radius as f32);
            each(points, out, |point| norm(minus(point, centre)) - radius);
        }
        Shape::Ellipsoid { centre, ref axes, radii, .. } => {
            let scaled = Turn::new(axes, radii.map(|radius| 1.0 / radius), centre, middle);
            let shrink = radii.map(|radius| (1.0 / radius) as f32);
            let cap = ellipsoid_cap(radii) as f32;
            each(points, out, |point| {
                let local = scaled.apply(point);
                let k0 = norm(local);
                let k1 = norm([local[0] * shrink[0], local[1] * shrink[1], local[2] * shrink[2]]);
                larger(k0 * (k0 - 1.0) / larger(k1, 1e-12), cap)
            });
        }
        Shape::Block { centre, ref axes, half, round } => {
            let turned = Turn::new(axes, [1.0; 3], centre, middle);
            let inner = half.map(|half| (half - round) as f32);
            let round = round as f32;
            each(points, out, |point| {
                let local = turned.apply(point);
                let a = local[0].abs() - inner[0];
                let b = local[1].abs() - inner[1];
                let c = local[2].abs() - inner[2];
                let outside = norm([larger(a, 0.0), larger(b, 0.0), larger(c, 0.0)]);
                outside + smaller(larger(a, larger(b, c)), 0.0) - round
            });
        }
        Shape::Capsule { start, span, start_radius, growth } => {
            let start = near(start);
            let per_length = (1.0 / (span[0] * span[0] + span[1] * span[1] + span[2] * span[2])) as f32;
            let (span, start_radius, growth) = (span.map(|x| x as f32), start_radius as f32, growth as f32);
            each(points, out, |point| {
                let from = minus(point, start);
                let along = smaller(larger(dot(from, span) * per_length, 0.0), 1.0);
                norm(minus(from, times(span, along))) - (start_radius + growth * along)
            });
        }
        Shape::Cylinder { centre, axis, half_length, radius } => {
            let (centre, axis) = (near(centre), axis.map(|x| x as f32));
            let (half_length, radius) = (half_length as f32, radius as f32);
            each(points, out, |point| {
                let from = minus(point, centre);
                let height = dot(from, axis);
                let side = norm(minus(from, times(axis, height))) - radius;
                let end = height.abs() - half_length;
                let (x, y) = (larger(side, 0.0), larger(end, 0.0));
                (x * x + y * y).sqrt() + smaller(larger(side, end), 0.0)
            });
        }
        Shape::HalfSpace { normal, offset } => {
            let behind = normal[0] * middle[0] + normal[1] * middle[1] + normal[2] * middle[2];
            let (normal, offset) = (normal.map(|x| x as f32), (offset - behind) as f32);
            each(points, out, |point| dot(point, normal) - offset);
        }
    }
}

#[inline(always)]
fn each(points: &Points, out: &mut [f32], value: impl Fn(Place32) -> f32) {
    let across = points.x.iter().zip(&points.y).zip(&points.z);
    for (out, ((&x, &y), &z)) in out.iter_mut().zip(across) {
        *out = value([x, y, z]);
    }
}

/// From an offset in the tile to the axes of a body, each scaled.
struct Turn {
    rows: [Place32; 3],
    shift: Place32,
}

impl Turn {
    fn new(axes: &Axes, scale: Place, centre: Place, middle: Place) -> Self {
        let row = |axis: usize| axes[axis].map(|x| x * scale[axis]);
        let shift = [0, 1, 2].map(|axis| {
            let row = row(axis);
            (0..3).map(|at| row[at] * (middle[at] - centre[at])).sum::<f64>() as f32
        });
        Self { rows: [0, 1, 2].map(|axis| row(axis).map(|x| x as f32)), shift }
    }

    #[inline(always)]
    fn apply(&self, point: Place32) -> Place32 {
        [
            dot(self.rows[0], point) + self.shift[0],
            dot(self.rows[1], point) + self.shift[1],
            dot(self.rows[2], point) + self.shift[2],
        ]
    }
}

/// The larger of two numbers, in one instruction.
#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[inline(always)]
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

#[inline(always)]
fn dot(a: Place32, b: Place32) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[inline(always)]
fn norm(a: Place32) -> f32 {
    dot(a, a).sqrt()
}

#[inline(always)]
fn minus(a: Place32, b: Place32) -> Place32 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

#[inline(always)]
fn times(a: Place32, factor: f32) -> Place32 {
    [a[0] * factor, a[1] * factor, a[2] * factor]
}

#[cfg(test)]
mod tests {
    use nalgebra::Point3;

    use super::super::head::{HeadOptions, head};
    use super::*;

    #[test]
    fn the_fields_of_the_head_are_those_of_its_solids_to_a_few_1e_5_mm() {
        let phantom = head(&HeadOptions { has_table: true, has_bar: true, ..HeadOptions::default() });
        let mut fields = Fields::default();
        let mut points = Points::default();
        for n in 0..400_u32 {
            let at = |step: u32| ((n * step) % 97) as f32 / 97.0 * 8.0 - 4.0;
            points.x.push(at(31));
            points.y.push(at(53));
            points.z.push(at(71));
        }
        let mut found = Vec::new();
        let mut worst = 0.0_f64;
        for middle in [[0.0, 0.0, 0.0], [40.0, -80.0, 20.0], [-60.0, 30.0, 70.0], [25.0, -60.0, -50.0]] {
            for structure in &phantom.structures {
                let solid = Pruned::from(&*structure.solid);
                fields.values(&solid, middle, &points, &mut found);
                for (at, &value) in found.iter().enumerate() {
                    let offset = [points.x[at], points.y[at], points.z[at]].map(f64::from);
                    let place = [0, 1, 2].map(|axis| middle[axis] + offset[axis]);
                    worst = worst.max((structure.solid.value(Point3::from(place)) - f64::from(value)).abs());
                }
            }
        }
        assert!(worst < 1e-4, "{worst}");
    }
}
