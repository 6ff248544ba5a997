//! Where a smaller surface is too far from the first, or crosses itself, it gets vertices back.
//!
//! The longest edge of a face that is too far, or next to what is too far, is halved, and the new vertex
//! put on the first surface. That keeps what is closed and manifold so, and makes no needles.

use nalgebra::Vector3;

use super::comparison::Comparison;
use super::patch::NONE;
use super::proof::End;
use super::surface::Surface;
use crate::mesh::adjacency::VertexFaces;
use crate::mesh::self_intersection::{self_intersections, self_intersections_of};
use crate::mesh::{FaceKind, TriMesh};
use crate::progress::{Cancelled, Progress};

/// Faces are halved so often at most.
const MOST_ROUNDS: usize = 10;
/// And so often because they cross others.
const MOST_UNCROSSED: usize = 4;
/// More pairs than this have another cause than a few long edges.
const MOST_PAIRS: usize = 2000;
/// Least cosine between the normals of a face and its halves.
const MIN_TURN: f64 = 0.5;

/// Adds vertices until nothing is beyond the limit, and no faces cross. What still is beyond after that,
/// the comparison tells; what still crosses is returned.
pub(super) fn mend(
    first: &Surface<'_>,
    mut made: TriMesh,
    comparison: &mut Comparison,
    progress: &Progress,
) -> Result<(TriMesh, Vec<[u32; 2]>), Cancelled> {
    let mut crossing = self_intersections(made.view(), progress)?;
    let mut least_crossing = usize::MAX;
    for round in 0..MOST_ROUNDS {
        let mut faces = faces_beyond(first, comparison);
        // Where the first surface crosses itself, halves cross more often, not less.
        if round < MOST_UNCROSSED && crossing.len() < least_crossing.min(MOST_PAIRS) {
            least_crossing = crossing.len();
            faces.extend(crossing.as_flattened());
        }
        if faces.is_empty() {
            break;
        }
        faces.sort_unstable();
        faces.dedup();
        let around = VertexFaces::new(made.vertices.len(), &made.faces);
        let mut halving = Halving {
            first,
            before: made.faces.clone(),
            is_done: vec![false; made.faces.len()],
            made,
            around,
            ends: &mut comparison.ends[1],
        };
        for face in faces {
            halving.halve(face);
        }
        let Halving { made: halved, is_done, .. } = halving;
        made = halved;
        let second = Surface::new(made.view());
        comparison.renew(first, &second, &with_ring(&second, &is_done));
        crossing.retain(|pair| !pair.iter().any(|&face| is_done[face as usize]));
        let changed: Vec<u32> = (0..is_done.len() as u32).filter(|&face| is_done[face as usize]).collect();
        crossing.extend(self_intersections_of(made.view(), &changed));
        progress.check()?;
    }
    Ok((made, crossing))
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

struct Halving<'a> {
    first: &'a Surface<'a>,
    made: TriMesh,
    /// The faces as they were before this round, and which were where.
    before: Vec<[u32; 3]>,
    around: VertexFaces,
    /// Faces that were changed in this round: they wait for the next.
    is_done: Vec<bool>,
    ends: &'a mut Vec<End>,
}

impl Halving<'_> {
    fn halve(&mut self, face: u32) {
        if self.is_done[face as usize] {
            return;
        }
        let [p, q] = self.longest_edge(face);
        let sides: Vec<u32> = self
            .around
            .of(p as usize)
            .iter()
            .copied()
            .filter(|&side| self.before[side as usize].contains(&q))
            .collect();
        if sides.len() > 2 || sides.iter().any(|&side| self.is_done[side as usize]) {
            return;
        }
        let middle = (self.point(p) + self.point(q)) / 2.0;
        let Some(near) = self.near(&middle, p, q) else { return };
        let place = near.0;
        let is_free = sides.len() == 2 && self.is_free(sides[0], sides[1]);
        let place = if is_free && self.is_shape_kept(&sides, [p, q], &place) { place } else { middle };
        let added = self.made.vertices.len() as u32;
        self.made.vertices.push(place.into());
        self.ends.push(End::new(place, &self.first.near_from_face(&place, near.1)));
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

    /// No half turns far from its face.
    fn is_shape_kept(&self, sides: &[u32], ends: [u32; 2], place: &Vector3<f64>) -> bool {
        sides.iter().all(|&side| {
            let corners = self.made.faces[side as usize];
            let normal = |moved: u32| {
                let [a, b, c] =
                    corners.map(|corner| if corner == moved { *place } else { self.point(corner) });
                (b - a).cross(&(c - a))
            };
            let before = normal(NONE);
            ends.into_iter().all(|end| {
                let after = normal(end);
                before.dot(&after) > MIN_TURN * before.norm() * after.norm()
            })
        })
    }
}
