//! Where the original vertices around a collapse would stand, and whether that is near enough.

use nalgebra::Vector3;

use super::collapse::Scratch;
use super::patch::{Limits, NONE, Patch};
use super::surface::Surface;
use crate::mesh::triangle::{Feature, closest_point};

/// Samples are held to this part of the bound: they are not the whole surface.
const SAMPLE_SHARE: f64 = 0.8;

/// Where the samples around a collapse go.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// A sample, and which of the faces that stay it goes to.
    list: Vec<(u32, u32)>,
    /// The faces that stay, as they would be.
    triangles: Vec<[Vector3<f64>; 3]>,
    /// For each of them the places in the ring of its corners that stay.
    slots: Vec<[u32; 2]>,
    /// For the middle of each new edge, and last the new vertex, the sample closest to it.
    nearest: Vec<(f64, u32)>,
    middles: Vec<Vector3<f64>>,
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
        for (own, faces) in [(true, &*kept), (false, &*shared)] {
            for (n, &face) in faces.iter().enumerate() {
                for sample in self.samples.of(face) {
                    let point = &self.samples.points[sample as usize];
                    let first = if own { n } else { 0 };
                    let Some(found) = moves.face_near(point, first, squared_bound) else { return false };
                    moves.list.push((sample, found));
                    moves.remember(sample, point, found as usize);
                }
            }
        }
        self.are_new_places_near(original, place, squared_bound, moves)
    }

    /// Without a bound: what stood on faces that go stands on one that stays.
    fn hand_over(&self, scratch: &mut Scratch) {
        for &face in &scratch.shared {
            let corners = self.faces[face as usize];
            let meets = |other: &&u32| {
                self.faces[**other as usize].iter().filter(|corner| corners.contains(corner)).count() == 2
            };
            let heir = scratch
                .kept
                .iter()
                .find(meets)
                .map_or(0, |heir| scratch.kept.iter().position(|face| face == heir).unwrap_or(0) as u32);
            scratch.moves.list.extend(self.samples.of(face).map(|sample| (sample, heir)));
        }
    }

    /// The faces that stay as they would be, and the middles of the new edges.
    fn prepare(&self, [u, v]: [u32; 2], place: &Vector3<f64>, scratch: &mut Scratch) {
        let Scratch { kept, ring, moves, .. } = scratch;
        let Moves { triangles, slots, nearest, middles, .. } = moves;
        triangles.clear();
        slots.clear();
        for &face in kept.iter() {
            let corners = self.faces[face as usize];
            triangles.push(
                corners.map(
                    |index| {
                        if index == u || index == v { *place } else { self.points[index as usize] }
                    },
                ),
            );
            let mut own = [NONE; 2];
            let mut n = 0;
            for corner in corners {
                if corner != u && corner != v && n < 2 {
                    own[n] = ring.iter().position(|&other| other == corner).unwrap_or(0) as u32;
                    n += 1;
                }
            }
            slots.push(own);
        }
        middles.clear();
        middles.extend(ring.iter().map(|&vertex| (place + self.points[vertex as usize]) / 2.0));
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
        let Some(&at_place) = moves.nearest.last().filter(|nearest| nearest.1 != NONE) else {
            return true;
        };
        is_near(place, at_place)
            && moves.middles.iter().zip(&moves.nearest).all(|(middle, &nearest)| {
                let nearest = if nearest.1 == NONE { self.nearest_of(middle, moves) } else { nearest };
                is_near(middle, nearest)
            })
    }

    /// The sample closest to a point among all that move.
    fn nearest_of(&self, point: &Vector3<f64>, moves: &Moves) -> (f64, u32) {
        moves.list.iter().fold((f64::INFINITY, NONE), |best, &(sample, _)| {
            let squared = (self.samples.points[sample as usize] - point).norm_squared();
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
    /// The face that a point stands on, or else the closest; `None` where none is near enough.
    #[inline]
    fn face_near(&self, point: &Vector3<f64>, first: usize, squared_bound: f64) -> Option<u32> {
        let n = self.triangles.len();
        let mut best = (f64::INFINITY, 0);
        for step in 0..n {
            let face = if step + first < n { step + first } else { step + first - n };
            let (closest, feature) = closest_point(point, &self.triangles[face]);
            let squared = (closest - point).norm_squared();
            if squared < best.0 {
                best = (squared, face as u32);
                if feature == Feature::Face && squared <= squared_bound {
                    break;
                }
            }
        }
        (best.0 <= squared_bound).then_some(best.1)
    }

    /// Notes a sample where it is the closest to a new place of its face.
    fn remember(&mut self, sample: u32, point: &Vector3<f64>, face: usize) {
        let last = self.middles.len() as u32 - 1;
        for slot in self.slots[face].into_iter().chain([last]) {
            if slot != NONE {
                let squared = (self.middles[slot as usize] - point).norm_squared();
                let nearest = &mut self.nearest[slot as usize];
                if squared < nearest.0 {
                    *nearest = (squared, sample);
                }
            }
        }
    }
}
