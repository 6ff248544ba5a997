//! One edge collapse: whether it may be, and what it changes.

use nalgebra::Vector3;

use super::attach::Moves;
use super::patch::{Limits, NONE, Patch};
use super::vertex::Role;
use crate::progress::{Cancelled, Progress};

/// Around more faces than this a vertex does not grow.
const MOST_FACES: usize = 28;
/// Least altitude of a new triangle over its longest side, unless the old one was no better.
const MIN_QUALITY: f64 = 0.05;
/// Least cosine of the turn of a triangle.
const MIN_TURN: f64 = 0.3;

/// Edges are tried again as long as that takes away one face in so many.
const LEAST_GAIN: usize = 50;

/// Memory to work in.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// The faces that both ends have: they go.
    pub(super) shared: Vec<u32>,
    /// The other faces of both ends.
    pub(super) kept: Vec<u32>,
    /// The vertices around both.
    pub(super) ring: Vec<u32>,
    pub(super) moves: Moves,
    other_ring: Vec<u32>,
    other_shared: Vec<u32>,
}

impl Patch {
    /// Collapses edges whose cost lies in a bucket up to `last` until `n_faces` are left.
    pub(super) fn run(&mut self, last: usize, n_faces: usize, limits: &Limits<'_>, scratch: &mut Scratch) {
        while self.n_live > n_faces {
            let Some(entry) = self.queue.pop(last) else { return };
            let [u, v] = entry.ends;
            if self.version(entry.ends) == entry.version {
                self.collapse(u, v, limits, scratch);
            }
        }
    }

    /// Collapses edges until `n_faces` are left or nothing is to be won any more.
    pub(super) fn exhaust(
        &mut self,
        n_faces: usize,
        limits: &Limits<'_>,
        scratch: &mut Scratch,
        progress: &Progress,
    ) -> Result<(), Cancelled> {
        // The edges in the queue are about to be tried.
        self.vertices.iter_mut().for_each(|vertex| vertex.is_touched = false);
        self.run(usize::MAX, n_faces, limits, scratch);
        while self.n_live > n_faces && self.refill() {
            progress.check()?;
            let before = self.n_live;
            self.run(usize::MAX, n_faces, limits, scratch);
            // What was refused may be possible now that its surroundings have changed.
            if before - self.n_live < before / LEAST_GAIN + 1 {
                break;
            }
        }
        Ok(())
    }

    /// Makes `u` and `v` one vertex if nothing speaks against it.
    fn collapse(&mut self, u: u32, v: u32, limits: &Limits<'_>, scratch: &mut Scratch) {
        let Some((_, best)) = self.plan(u, v) else { return };
        if !self.is_topology_kept(u, v, scratch) {
            return;
        }
        let (places, n_places) = self.places([u, v], &best, limits, scratch);
        let is_kept = |(place, _): &&(Vector3<f64>, f64)| {
            self.is_shape_kept(u, v, place, limits, &scratch.kept)
                && self.are_samples_near([u, v], place, limits, scratch)
        };
        let Some(&(place, missing)) = places[..n_places].iter().find(is_kept) else { return };
        let sum = self.sum_at([u, v]);
        self.join(u, v, &place, scratch);
        self.attach_samples(limits.original.is_some(), scratch);
        self.vertices[u as usize].quadric = sum;
        self.owe(missing, [u, v], &scratch.ring);
        self.vertices[u as usize].is_touched = true;
        for n in 0..scratch.ring.len() {
            self.vertices[scratch.ring[n] as usize].is_touched = true;
            self.push(u, scratch.ring[n]);
        }
    }

    fn join(&mut self, kept: u32, gone: u32, place: &Vector3<f64>, scratch: &Scratch) {
        for &face in &scratch.shared {
            self.faces[face as usize] = [NONE; 3];
        }
        self.n_live -= scratch.shared.len();
        for &face in &scratch.kept {
            for corner in &mut self.faces[face as usize] {
                if *corner == gone {
                    *corner = kept;
                }
            }
        }
        self.set_around(kept, &scratch.kept);
        self.set_around(gone, &[]);
        let role = self.role(kept).max(self.role(gone));
        for end in [kept, gone] {
            let version = &mut self.vertices[end as usize].version;
            *version = version.wrapping_add(1);
        }
        let vertex = &mut self.vertices[kept as usize];
        (vertex.point, vertex.role) = (*place, role);
    }

    /// The link condition: the neighbours that both ends have are the tips of the faces they share,
    /// and no face faces another across the edge.
    fn is_topology_kept(&self, u: u32, v: u32, scratch: &mut Scratch) -> bool {
        if self.is_fan(u, v) {
            return false;
        }
        let Scratch { shared, kept, ring, other_ring, other_shared, .. } = scratch;
        for list in [&mut *shared, &mut *kept, &mut *ring, &mut *other_ring] {
            list.clear();
        }
        self.gather(u, v, shared, kept, ring);
        let n_first = kept.len();
        other_shared.clear();
        self.gather(v, u, other_shared, kept, other_ring);
        if shared.is_empty() || shared.len() > 2 || kept.len() > MOST_FACES || kept.is_empty() {
            return false;
        }
        let n_common = ring.iter().filter(|vertex| other_ring.contains(vertex)).count();
        if n_common != shared.len() || !self.is_border_kept(u, v, shared) {
            return false;
        }
        if self.is_shut(u, v, &kept[..n_first], &kept[n_first..]) {
            return false;
        }
        for &vertex in other_ring.iter() {
            if !ring.contains(&vertex) {
                ring.push(vertex);
            }
        }
        true
    }

    /// Two faces on the edge, seen from either end: more than so many cannot pass, and fans are not read.
    fn is_fan(&self, u: u32, v: u32) -> bool {
        let n_live = |vertex| self.around(vertex).take(MOST_FACES + 5).count();
        self.n_around(u) + self.n_around(v) > MOST_FACES + 4 && n_live(u) + n_live(v) > MOST_FACES + 4
    }

    /// Sorts the faces of `u` by whether they have `v`, and lists the neighbours of `u` but `v`.
    fn gather(&self, u: u32, v: u32, shared: &mut Vec<u32>, kept: &mut Vec<u32>, ring: &mut Vec<u32>) {
        for face in self.around(u) {
            let corners = self.faces[face as usize];
            let list = if corners.contains(&v) { &mut *shared } else { &mut *kept };
            list.push(face);
            for corner in corners {
                if corner != u && corner != v && !ring.contains(&corner) {
                    ring.push(corner);
                }
            }
        }
    }

    /// Two vertices of borders become one only along the border.
    fn is_border_kept(&self, u: u32, v: u32, shared: &[u32]) -> bool {
        let is_border_edge = shared.len() == 1
            || self.kinds[shared[0] as usize] != self.kinds[shared[shared.len() - 1] as usize];
        self.role(u) == Role::Free || self.role(v) == Role::Free || is_border_edge
    }

    /// Whether two faces would become one and the same: a face of `u` and one of `v` over one edge.
    fn is_shut(&self, u: u32, v: u32, of_u: &[u32], of_v: &[u32]) -> bool {
        let opposite = |face: u32, apex: u32| {
            let [a, b, c] = self.faces[face as usize];
            let (p, q) = if a == apex {
                (b, c)
            } else if b == apex {
                (c, a)
            } else {
                (a, b)
            };
            (p.min(q), p.max(q))
        };
        of_u.iter().any(|&face| {
            let edge = opposite(face, u);
            of_v.iter().any(|&other| opposite(other, v) == edge)
        })
    }

    /// No face turns over, none becomes a needle.
    pub(super) fn is_shape_kept(
        &self,
        u: u32,
        v: u32,
        place: &Vector3<f64>,
        limits: &Limits<'_>,
        kept: &[u32],
    ) -> bool {
        let lowest = limits.min_altitude_mm * limits.min_altitude_mm;
        kept.iter().all(|&face| {
            let corners = self.faces[face as usize];
            let old = corners.map(|corner| *self.point(corner));
            let mut new = old;
            for n in 0..3 {
                if corners[n] == u || corners[n] == v {
                    new[n] = *place;
                }
            }
            let ((old_normal, old_longest), (normal, longest)) = (shape(&old), shape(&new));
            let (old_area, area) = (old_normal.norm_squared(), normal.norm_squared());
            if area <= lowest * longest {
                return false;
            }
            let is_needle = area < MIN_QUALITY * MIN_QUALITY * longest * longest;
            // A little worse is borne: else two needles side by side keep each other.
            if is_needle && area * old_longest * old_longest < 0.8 * old_area * longest * longest {
                return false;
            }
            let turn = old_normal.dot(&normal);
            old_area <= lowest * old_longest
                || (turn > 0.0 && turn * turn > MIN_TURN * MIN_TURN * old_area * area)
        })
    }
}

/// Twice the area times the normal, and the square of the longest side.
pub(super) fn shape([a, b, c]: &[Vector3<f64>; 3]) -> (Vector3<f64>, f64) {
    let (ab, ac) = (b - a, c - a);
    let longest = ab.norm_squared().max(ac.norm_squared()).max((c - b).norm_squared());
    (ab.cross(&ac), longest)
}
