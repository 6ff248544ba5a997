//! Where the original vertices around a collapse would stand, and whether that is near enough.

use nalgebra::Vector3;

use super::collapse::Scratch;
use super::patch::{Limits, NONE, Patch};
use super::surface::Surface;
use crate::mesh::triangle::squared_distance;

/// Samples are held to this part of the bound: they are not the whole surface.
const SAMPLE_SHARE: f64 = 0.8;

/// Where the samples around a collapse go.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// A sample, and which of the faces that stay it goes to.
    list: Vec<(u32, u32)>,
    /// The faces that stay, as they would be.
    triangles: Vec<[Vector3<f64>; 3]>,
    prisms: Vec<Prism>,
    apex: Vector3<f64>,
    /// For each of them the places in the ring of its corners that stay.
    slots: Vec<[u32; 2]>,
    /// For the middle of each new edge, and last the new vertex, the sample closest to it.
    nearest: Vec<(f64, u32)>,
    middles: Vec<Vector3<f64>>,
}

/// What stands upright on a triangle that has the new vertex for a corner; places are counted from there.
#[derive(Debug, Clone, Copy)]
struct Prism {
    normal: Vector3<f64>,
    /// The part of the way from the new vertex to each of the other corners.
    along: [Vector3<f64>; 2],
}

impl Prism {
    fn new([a, b]: [Vector3<f64>; 2]) -> Self {
        let normal = a.cross(&b);
        let scale = 1.0 / normal.norm_squared();
        Self { normal: normal * scale.sqrt(), along: [b.cross(&normal) * scale, normal.cross(&a) * scale] }
    }

    /// Whether a point stands on the triangle, and near.
    #[inline]
    fn holds(&self, point: &Vector3<f64>, squared_bound: f64) -> bool {
        let [s, t] = [self.along[0].dot(point), self.along[1].dot(point)];
        let height = self.normal.dot(point);
        s >= 0.0 && t >= 0.0 && s + t <= 1.0 && height * height <= squared_bound
    }
}

impl Patch {
    /// Finds where the samples around a collapse go; false when one would be too far from the new
    /// faces, or a new vertex or the middle of a new edge from the original surface.
    pub(super) fn are_samples_near(
        &self,
        [u, v]: [u32; 2],
        place: &Vector3<f64>,
        limits: &Limits<'_>,
        scratch: &mut Scratch,
    ) -> bool {
        scratch.moves.list.clear();
        let Some(original) = limits.original else {
            self.hand_over(scratch);
            return true;
        };
        let squared_bound = (limits.bound_mm * SAMPLE_SHARE).powi(2);
        self.prepare([u, v], place, scratch);
        let Scratch { shared, kept, moves, .. } = scratch;
        for (own, faces) in [(false, &*shared), (true, &*kept)] {
            for (n, &face) in faces.iter().enumerate() {
                for sample in self.samples.of(face) {
                    let point = &self.sample_of(original, sample);
                    let first = if own { n } else { 0 };
                    let Some(found) = moves.face_near(point, first, squared_bound) else { return false };
                    moves.list.push((sample, found));
                }
            }
        }
        moves.remember(|sample| self.sample_of(original, sample));
        self.are_new_places_near(original, place, squared_bound, moves)
    }

    /// Without a bound: what stood on faces that go stands on one that stays.
    fn hand_over(&self, scratch: &mut Scratch) {
        for &face in scratch.shared.iter().filter(|&&face| self.samples.are_on(face)) {
            let corners = self.faces[face as usize];
            let meets = |&other: &u32| {
                self.faces[other as usize].iter().filter(|corner| corners.contains(corner)).count() == 2
            };
            let heir = scratch.kept.iter().position(meets).unwrap_or(0) as u32;
            scratch.moves.list.extend(self.samples.of(face).map(|sample| (sample, heir)));
        }
    }

    /// The faces that stay as they would be, and the middles of the new edges.
    fn prepare(&self, [u, v]: [u32; 2], place: &Vector3<f64>, scratch: &mut Scratch) {
        let Scratch { kept, ring, moves, .. } = scratch;
        let Moves { triangles, prisms, apex, slots, nearest, middles, .. } = moves;
        triangles.clear();
        prisms.clear();
        slots.clear();
        *apex = *place;
        for &face in kept.iter() {
            let mut own = [NONE; 2];
            let mut n = 0;
            for corner in self.faces[face as usize] {
                if corner != u && corner != v && n < 2 {
                    own[n] = ring.iter().position(|&other| other == corner).unwrap_or(0) as u32;
                    n += 1;
                }
            }
            slots.push(own);
            let [a, b] = own.map(|slot| *self.point(ring[slot as usize]));
            triangles.push([*place, a, b]);
            prisms.push(Prism::new([a - place, b - place]));
        }
        middles.clear();
        middles.extend(ring.iter().map(|&vertex| (place + self.point(vertex)) / 2.0));
        middles.push(*place);
        nearest.clear();
        nearest.resize(middles.len(), (f64::INFINITY, NONE));
    }

    /// Whether the new vertex and the middles of the new edges are near the original surface.
    fn are_new_places_near(
        &self,
        original: &Surface<'_>,
        place: &Vector3<f64>,
        squared_bound: f64,
        moves: &Moves,
    ) -> bool {
        let is_near = |point: &Vector3<f64>, (squared, sample): (f64, u32)| {
            squared <= squared_bound
                || original.is_near(point, self.samples.names[sample as usize], squared_bound)
        };
        // Where nothing tells what the surface was, it stays.
        let Some(&at_place) = moves.nearest.last().filter(|nearest| nearest.1 != NONE) else {
            return false;
        };
        is_near(place, at_place)
            && moves.middles.iter().zip(&moves.nearest).all(|(middle, &nearest)| {
                let nearest =
                    if nearest.1 == NONE { self.nearest_of(original, middle, moves) } else { nearest };
                is_near(middle, nearest)
            })
    }

    /// Where a sample is.
    #[inline]
    fn sample_of(&self, original: &Surface<'_>, sample: u32) -> Vector3<f64> {
        original.point(self.samples.names[sample as usize])
    }

    /// The sample closest to a point among all that move.
    fn nearest_of(&self, original: &Surface<'_>, point: &Vector3<f64>, moves: &Moves) -> (f64, u32) {
        moves.list.iter().fold((f64::INFINITY, NONE), |best, &(sample, _)| {
            let squared = (self.sample_of(original, sample) - point).norm_squared();
            if squared < best.0 { (squared, sample) } else { best }
        })
    }

    /// Puts the samples where they go.
    pub(super) fn attach_samples(&mut self, has_bound: bool, scratch: &Scratch) {
        let kept = if has_bound { &scratch.kept[..] } else { &[] };
        for &face in scratch.shared.iter().chain(kept) {
            self.samples.clear(face);
        }
        for &(sample, n) in &scratch.moves.list {
            self.samples.attach(sample, scratch.kept[n as usize]);
        }
    }
}

impl Moves {
    /// A face that a point stands on, or else the closest; `None` where none is near enough.
    #[inline]
    fn face_near(&self, point: &Vector3<f64>, first: usize, squared_bound: f64) -> Option<u32> {
        let from_apex = point - self.apex;
        let holds = |face: &usize| self.prisms[*face].holds(&from_apex, squared_bound);
        let n = self.prisms.len();
        if let Some(face) = (first..n).chain(0..first).find(holds) {
            return Some(face as u32);
        }
        let mut best = (f64::INFINITY, 0);
        for (face, triangle) in self.triangles.iter().enumerate() {
            let squared = squared_distance(point, triangle);
            if squared < best.0 {
                best = (squared, face as u32);
            }
        }
        (best.0 <= squared_bound).then_some(best.1)
    }

    /// Finds for each new place the closest of the samples of its faces.
    fn remember(&mut self, place_of: impl Fn(u32) -> Vector3<f64>) {
        let last = self.middles.len() as u32 - 1;
        for &(sample, face) in &self.list {
            let place = place_of(sample);
            for slot in self.slots[face as usize].into_iter().chain([last]) {
                let squared = (self.middles[slot as usize] - place).norm_squared();
                let nearest = &mut self.nearest[slot as usize];
                if squared < nearest.0 {
                    *nearest = (squared, sample);
                }
            }
        }
    }
}
