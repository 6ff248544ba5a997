//! Where a smaller surface is too far from the first, or crosses itself, it gets vertices back.
//!
//! The longest edge of a face that is too far, or next to what is too far, is halved, and the new vertex
//! put on the first surface. That keeps what is closed and manifold so, and makes no needles. Where a
//! point of the first surface is still missed after that, it becomes a vertex itself.

use nalgebra::Vector3;

use super::collapse::shape;
use super::comparison::Comparison;
use super::patch::NONE;
use super::proof::End;
use super::reduce::min_altitude_mm;
use super::surface::Surface;
use crate::mesh::adjacency::VertexFaces;
use crate::mesh::self_intersection::{self_intersections, self_intersections_of};
use crate::mesh::{FaceKind, TriMesh};
use crate::progress::{Cancelled, Progress};

/// Faces are halved so often at most.
const MOST_ROUNDS: usize = 14;
/// And so often because they cross others.
const MOST_UNCROSSED: usize = 4;
/// More pairs than this have another cause than a few long edges.
const MOST_PAIRS: usize = 2000;
/// Least cosine between the normals of a face and its halves.
const MIN_TURN: f64 = 0.5;
/// A new vertex goes all the way to the first surface, or so far.
const PARTS: [f64; 3] = [1.0, 0.6, 0.3];

/// Halves alone are tried so often; then points of the first surface are put in where they are missed.
const ONLY_HALVED: usize = 2;
/// A point as close to an edge as this part of the face's height goes on the edge.
const ON_EDGE: f64 = 0.15;

/// Adds vertices until nothing is beyond the limit, and no faces cross. What still is beyond after that,
/// the comparison tells; what still crosses is returned.
pub(super) fn mend(
    first: &Surface<'_>,
    mut made: TriMesh,
    comparison: &mut Comparison,
    progress: &Progress,
) -> Result<(TriMesh, Vec<[u32; 2]>), Cancelled> {
    let mut crossing = self_intersections(made.view(), progress)?;
    let (mut least_crossing, mut least_beyond) = (usize::MAX, usize::MAX / 10);
    for round in 0..MOST_ROUNDS {
        let mut faces = faces_beyond(first, comparison);
        let wanted = if round < ONLY_HALVED { Vec::new() } else { wanted(first, &made, comparison) };
        // Where the first surface crosses itself, halves cross more often, not less.
        if round < MOST_UNCROSSED && crossing.len() < least_crossing.min(MOST_PAIRS) {
            least_crossing = crossing.len();
            faces.extend(crossing.as_flattened());
        }
        let n_beyond = comparison.beyond(0).count() + comparison.beyond(1).count();
        // What halving does not cure it only makes worse.
        let is_stuck = round > ONLY_HALVED + 1 && n_beyond * 10 > 8 * least_beyond;
        least_beyond = least_beyond.min(n_beyond);
        if faces.is_empty() || is_stuck {
            break;
        }
        faces.sort_unstable();
        faces.dedup();
        let is_changed;
        (made, is_changed) = with_vertices(first, made, &mut comparison.ends[1], &wanted, &faces);
        let second = Surface::new(made.view());
        comparison.renew(first, &second, &with_ring(&second, &is_changed));
        crossing.retain(|pair| !pair.iter().any(|&face| is_changed[face as usize]));
        let changed: Vec<u32> = (0..made.faces.len() as u32).filter(|&n| is_changed[n as usize]).collect();
        crossing.extend(self_intersections_of(made.view(), &changed));
        progress.check()?;
    }
    Ok((made, crossing))
}

/// The surface with points put in and faces halved, and which of its faces were changed.
fn with_vertices(
    first: &Surface<'_>,
    made: TriMesh,
    ends: &mut Vec<End>,
    wanted: &[Wanted],
    faces: &[u32],
) -> (TriMesh, Vec<bool>) {
    let around = VertexFaces::new(made.vertices.len(), &made.faces);
    let before = made.faces.clone();
    let min_altitude_mm = min_altitude_mm(first.mesh);
    let is_done = vec![false; before.len()];
    let mut halving = Halving { first, made, before, around, is_done, ends, min_altitude_mm };
    for wanted in wanted {
        halving.insert(wanted);
    }
    for &face in faces {
        halving.halve(face);
    }
    (halving.made, halving.is_done)
}

/// The faces that are beyond the limit, and those next to faces of the first surface that are.
fn faces_beyond(first: &Surface<'_>, comparison: &Comparison) -> Vec<u32> {
    let mut faces: Vec<u32> = comparison.beyond(1).map(|face| face as u32).collect();
    faces.extend(comparison.beside_beyond(first.mesh));
    faces
}

/// Faces that share a vertex with one of these, and these.
fn with_ring(surface: &Surface<'_>, is_done: &[bool]) -> Vec<bool> {
    let mut is_stale = is_done.to_vec();
    for (face, _) in is_done.iter().enumerate().filter(|face| *face.1) {
        for corner in surface.mesh.faces()[face] {
            for &other in surface.around.of(corner as usize) {
                is_stale[other as usize] = true;
            }
        }
    }
    is_stale
}

/// A point of the first surface that the second misses, on which of its faces it lies, and which face of
/// the second is next to it.
struct Wanted {
    point: Vector3<f64>,
    distance: f64,
    on: u32,
    beside: u32,
}

/// Of each face of the first surface that is beyond the limit the point that is farthest.
fn wanted(first: &Surface<'_>, made: &TriMesh, comparison: &Comparison) -> Vec<Wanted> {
    let second = Surface::new(made.view());
    let proof = comparison.proof(&second);
    let mut found: Vec<Wanted> = Vec::new();
    for face in comparison.beyond(0) {
        let ends = first.mesh.faces()[face].map(|corner| comparison.ends[0][corner as usize]);
        let [a, b, c] = ends;
        if ends.iter().any(|end| end.face == NONE) {
            continue;
        }
        let middles = [(a, b), (b, c), (c, a)].map(|(p, q)| proof.near((p.point + q.point) / 2.0, p.face));
        let centre = proof.near((a.point + b.point + c.point) / 3.0, a.face);
        let all = ends.into_iter().chain(middles).chain([centre]);
        let farthest = all.reduce(|best, next| if next.distance > best.distance { next } else { best });
        let Some(End { point, face: beside, distance }) = farthest else { continue };
        found.push(Wanted { point, distance, on: face as u32, beside });
    }
    // Faces that share an edge miss the same point.
    found.sort_by(|a, b| a.beside.cmp(&b.beside).then_with(|| b.distance.total_cmp(&a.distance)));
    found.dedup_by_key(|wanted| wanted.beside);
    found
}

struct Halving<'a> {
    first: &'a Surface<'a>,
    made: TriMesh,
    /// The faces as they were before this round, and which were where.
    before: Vec<[u32; 3]>,
    around: VertexFaces,
    /// Faces that were changed in this round: they wait for the next.
    is_done: Vec<bool>,
    ends: &'a mut Vec<End>,
    /// No new face may be lower.
    min_altitude_mm: f64,
}

impl Halving<'_> {
    /// Puts a point of the first surface in, inside the face that is next to it or on an edge of that.
    fn insert(&mut self, wanted: &Wanted) {
        let kinds = [self.first.mesh.kinds()[wanted.on as usize], self.made.kinds[wanted.beside as usize]];
        if self.is_done[wanted.beside as usize] || kinds[0] != kinds[1] {
            return;
        }
        let corners = self.made.faces[wanted.beside as usize];
        let points = corners.map(|corner| self.point(corner));
        let shares = shares_of(&wanted.point, &points);
        let least = (0..3).min_by(|&p, &q| shares[p].total_cmp(&shares[q])).unwrap_or(0);
        if shares[least] < ON_EDGE {
            self.split(corners[(least + 1) % 3], corners[(least + 2) % 3], wanted.point, wanted.on);
        } else if self.is_shape_kept(&[wanted.beside], corners, &wanted.point) {
            let [a, b, c] = corners;
            let added = self.add(wanted.point, wanted.on);
            self.made.faces[wanted.beside as usize] = [a, b, added];
            self.made.faces.extend([[b, c, added], [c, a, added]]);
            let kind = self.made.kinds[wanted.beside as usize];
            self.made.kinds.extend([kind; 2]);
            self.is_done[wanted.beside as usize] = true;
            self.is_done.extend([true; 2]);
        }
    }

    /// A vertex more, and the face of the first surface that it is next to.
    fn add(&mut self, place: Vector3<f64>, near: u32) -> u32 {
        let added = self.made.vertices.len() as u32;
        self.made.vertices.push(place.into());
        self.ends.push(End::new(place, &self.first.near_from_face(&place, near)));
        added
    }

    fn halve(&mut self, face: u32) {
        if self.is_done[face as usize] {
            return;
        }
        let [p, q] = self.longest_edge(face);
        let middle = (self.point(p) + self.point(q)) / 2.0;
        let Some((place, near)) = self.near(&middle, p, q) else { return };
        self.split(p, q, place, near);
    }

    /// Halves an edge with a new vertex as near to a place as faces may turn.
    fn split(&mut self, p: u32, q: u32, place: Vector3<f64>, near: u32) {
        let around = self.around.of(p as usize).iter().copied();
        let sides: Vec<u32> = around.filter(|&side| self.before[side as usize].contains(&q)).collect();
        if sides.len() > 2 || sides.iter().any(|&side| self.is_done[side as usize]) {
            return;
        }
        let middle = (self.point(p) + self.point(q)) / 2.0;
        let is_free = sides.len() == 2 && self.is_free(sides[0], sides[1]);
        let mut parts = PARTS.into_iter().map(|part| middle + (place - middle) * part);
        let place = parts.find(|place| is_free && self.is_shape_kept(&sides, [p, q], place));
        let Some(place) = place.or(self.is_shape_kept(&sides, [p, q], &middle).then_some(middle)) else {
            return;
        };
        let added = self.add(place, near);
        for side in sides {
            let corners = self.made.faces[side as usize];
            self.made.faces[side as usize] = corners.map(|corner| if corner == q { added } else { corner });
            self.made.faces.push(corners.map(|corner| if corner == p { added } else { corner }));
            self.made.kinds.push(self.made.kinds[side as usize]);
            self.is_done[side as usize] = true;
            self.is_done.push(true);
        }
    }

    fn point(&self, vertex: u32) -> Vector3<f64> {
        self.made.vertices[vertex as usize].into()
    }

    fn longest_edge(&self, face: u32) -> [u32; 2] {
        let [a, b, c] = self.made.faces[face as usize];
        // Ends in order: both faces of an edge see the same length, and the same edge.
        let mut best = ([a, b], -1.0);
        for [p, q] in [[a, b], [b, c], [c, a]] {
            let squared = (self.point(p) - self.point(q)).norm_squared();
            if squared > best.1 {
                best = ([p.min(q), p.max(q)], squared);
            }
        }
        best.0
    }

    /// The point of the first surface that is close to the middle of an edge, and its face.
    fn near(&self, middle: &Vector3<f64>, p: u32, q: u32) -> Option<(Vector3<f64>, u32)> {
        let starts = [p, q].map(|end| self.ends[end as usize].face).into_iter().filter(|&face| face != NONE);
        let found = starts.map(|face| self.first.near_from_face(middle, face));
        found
            .reduce(|best, next| if next.squared < best.squared { next } else { best })
            .map(|near| (near.point, near.face))
    }

    /// Lids stay flat, and where kinds meet nothing moves.
    fn is_free(&self, side: u32, other: u32) -> bool {
        let [kind, other] = [side, other].map(|face| self.made.kinds[face as usize]);
        kind == other && kind != FaceKind::Cap as u8 && kind != FaceKind::Cut as u8
    }

    /// No half turns far from its face, and none is so low that rounding could take its area.
    fn is_shape_kept<const N: usize>(&self, sides: &[u32], ends: [u32; N], place: &Vector3<f64>) -> bool {
        sides.iter().all(|&side| {
            let corners = self.made.faces[side as usize];
            let shape_with = |moved: u32| {
                shape(&corners.map(|corner| if corner == moved { *place } else { self.point(corner) }))
            };
            let (before, _) = shape_with(NONE);
            ends.into_iter().all(|end| {
                let (after, longest) = shape_with(end);
                after.norm() > self.min_altitude_mm * longest.sqrt()
                    && before.dot(&after) > MIN_TURN * before.norm() * after.norm()
            })
        })
    }
}

/// The shares that the corners of a triangle have in the point of its plane that is next to a point.
fn shares_of(point: &Vector3<f64>, [a, b, c]: &[Vector3<f64>; 3]) -> [f64; 3] {
    let normal = (b - a).cross(&(c - a));
    let whole = normal.norm_squared().max(f64::MIN_POSITIVE);
    let share = |p: &Vector3<f64>, q: &Vector3<f64>| (q - p).cross(&(point - p)).dot(&normal) / whole;
    [share(b, c), share(c, a), share(a, b)]
}
