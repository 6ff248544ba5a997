//! Where the vertex of a collapsed edge goes: where the quadric is least among all places that leave the
//! enclosed volume as it is.
//!
//! What a collapse adds to the volume is linear in the place of the new vertex, so that those places are a
//! plane. What one collapse could not keep, since its vertex is bound to an edge or would go too far, a
//! later one next to it makes good.
//!
//! Lindstrom and Turk, Fast and memory efficient polygonal simplification, IEEE Visualization 1998,
//! doi:10.1109/VISUAL.1998.745314.

use std::cmp::Ordering;

use nalgebra::Vector3;

use super::collapse::Scratch;
use super::patch::{Limits, Patch};
use super::quadric::Quadric;
use super::vertex::{Role, Vertex};
use crate::mesh::FaceKind;
use crate::mesh::measure::doubled_area_vector;

/// For the volume a vertex goes at most this part of the length of its edge,
const MOST_OF_EDGE: f64 = 0.25;
/// and at most as far as the bound is wide; in the end, for what is missing still, this part of it,
const LAST_OF_BOUND: f64 = 0.15;
/// and this part of the mean width of its faces.
const LAST_OF_WIDTH: f64 = 0.05;

impl Patch {
    /// What it costs to make two vertices one, and where it would be.
    pub(super) fn plan(&self, u: u32, v: u32) -> Option<(f64, Vector3<f64>)> {
        let [p, q] = [u, v].map(|end| *self.point(end));
        let [role, other] = [u, v].map(|end| self.role(end));
        if role.min(other) >= Role::Fixed || role.max(other) == Role::Seam {
            return None;
        }
        let sum = self.sum_at([u, v]);
        let place = match role.cmp(&other) {
            Ordering::Equal if role == Role::Free => free_place(&sum, &p, &q),
            Ordering::Equal => place_along(&sum, &p, &q),
            Ordering::Greater => p,
            Ordering::Less => q,
        };
        Some((sum.at(&place), place))
    }

    /// Places for a new vertex and six times the volume that is missing there, or is too much where it is
    /// below zero: first one near the best that keeps the volume, then the best. How many differ.
    pub(super) fn places(
        &self,
        [u, v]: [u32; 2],
        best: &Vector3<f64>,
        limits: &Limits<'_>,
        scratch: &Scratch,
    ) -> ([(Vector3<f64>, f64); 2], usize) {
        let mut normal = Vector3::zeros();
        let mut missing = self.vertices[u as usize].owed + self.vertices[v as usize].owed;
        let mut is_on_lid = false;
        for &face in scratch.shared.iter().chain(&scratch.kept) {
            let [a, b, c] = self.faces[face as usize].map(|corner| self.point(corner) - best);
            let doubled = (b - a).cross(&(c - a));
            normal += doubled;
            missing += doubled.dot(&a);
            is_on_lid |= is_lid(self.kinds[face as usize]);
        }
        let at_best = (*best, missing);
        let are_free = [u, v].iter().all(|&end| self.role(end) == Role::Free);
        let sum = self.sum_at([u, v]);
        let way = sum.way_to(&normal).unwrap_or(normal);
        let slope = normal.dot(&way);
        if is_on_lid || !are_free || slope <= 0.0 || missing == 0.0 {
            return ([at_best; 2], 1);
        }
        let length = (self.point(u) - self.point(v)).norm();
        let most = (length * MOST_OF_EDGE).min(limits.bound_mm);
        let share = (most * slope / (missing.abs() * way.norm())).min(1.0);
        let step = way * (missing / slope * share);
        ([(best + step, missing - normal.dot(&step)), at_best], 2)
    }

    /// Moves vertices a little, each by the volume that is missing there still.
    pub(super) fn settle(&mut self, limits: &Limits<'_>) {
        let mut faces = Vec::new();
        for vertex in 0..self.vertices.len() as u32 {
            faces.clear();
            faces.extend(self.around(vertex));
            let Vertex { owed, point, .. } = self.vertices[vertex as usize];
            if owed == 0.0 || !self.may_move(vertex) {
                continue;
            }
            let normal = faces.iter().fold(Vector3::zeros(), |sum: Vector3<f64>, &face| {
                let corners = self.faces[face as usize].map(|corner| (*self.point(corner)).into());
                sum + doubled_area_vector(corners)
            });
            let area = normal.norm();
            if area <= 0.0 {
                continue;
            }
            let most = (area.sqrt() * LAST_OF_WIDTH).min(limits.bound_mm * LAST_OF_BOUND);
            let step = normal / area * (owed / area).clamp(-most, most);
            let place = point + step;
            if self.is_shape_kept(vertex, vertex, &place, limits, &faces) {
                let vertex = &mut self.vertices[vertex as usize];
                (vertex.point, vertex.owed) = (place, owed - normal.dot(&step));
            }
        }
    }

    /// Whether a vertex may leave its line or its plane.
    fn may_move(&self, vertex: u32) -> bool {
        self.role(vertex) == Role::Free && !self.around(vertex).any(|face| is_lid(self.kinds[face as usize]))
    }

    /// Notes the volume that is missing at a vertex; one that may not go off its line, or out of its plane,
    /// leaves it to a neighbour.
    pub(super) fn owe(&mut self, missing: f64, [kept, gone]: [u32; 2], ring: &[u32]) {
        self.vertices[gone as usize].owed = 0.0;
        self.vertices[kept as usize].owed = 0.0;
        let heir = std::iter::once(kept).chain(ring.iter().copied()).find(|&vertex| self.may_move(vertex));
        self.vertices[heir.unwrap_or(kept) as usize].owed += missing;
    }
}

fn is_lid(kind: u8) -> bool {
    kind == FaceKind::Cap as u8 || kind == FaceKind::Cut as u8
}

/// Where the quadric is least, unless that is far from the edge.
fn free_place(sum: &Quadric, p: &Vector3<f64>, q: &Vector3<f64>) -> Vector3<f64> {
    let middle = (p + q) / 2.0;
    let reach = (p - q).norm_squared() * 4.0;
    match sum.minimum() {
        Some(place) if (place - middle).norm_squared() <= reach => place,
        _ => least(sum, [middle, *p, *q]),
    }
}

/// Where the quadric is least on an edge: what lies in a plane stays in it.
fn place_along(sum: &Quadric, p: &Vector3<f64>, q: &Vector3<f64>) -> Vector3<f64> {
    let middle = (p + q) / 2.0;
    let [start, half, end] = [p, &middle, q].map(|point| sum.at(point));
    // The parabola through three values.
    let bend = 2.0 * (start + end - 2.0 * half);
    if bend > 0.0 {
        let t = ((3.0 * start - 4.0 * half + end) / (2.0 * bend)).clamp(0.0, 1.0);
        least(sum, [p + (q - p) * t, middle, *p])
    } else {
        least(sum, [middle, *p, *q])
    }
}

fn least(sum: &Quadric, places: [Vector3<f64>; 3]) -> Vector3<f64> {
    let [a, b, c] = places.map(|place| sum.at(&place));
    places[if a <= b && a <= c {
        0
    } else if b <= c {
        1
    } else {
        2
    }]
}
