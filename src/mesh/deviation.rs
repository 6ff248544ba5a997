//! How far two surfaces are apart, from each to the other.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::MeshRef;
use super::closest::{ClosestPoints, Hit};

const BLOCK: usize = 2048;
/// A triangle is divided so often at most.
const MOST_LEVELS: u32 = 7;

/// How far one surface is from another.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Deviation {
    /// Largest distance, both ways, mm.
    pub max_mm: f64,
    /// Root of the mean square of the distances from the vertices of the first surface, mm.
    pub rms_mm: f64,
    /// Mean of those distances, mm.
    pub mean_mm: f64,
    /// Corners of the faces, of either surface, that are somewhere farther than the limit.
    pub beyond: Vec<[f64; 3]>,
}

/// The distance between two surfaces.
///
/// All vertices of both are looked at. A triangle is divided, down to sides of `step_mm`, as long as
/// somewhere on it the distance could be larger than the largest found at vertices: the distance
/// changes by no more than one goes, and that to one and the same triangle is largest at a corner.
/// `None` where one of them has no faces. Faces beyond `limit_mm` are named.
pub fn deviation(first: MeshRef<'_>, second: MeshRef<'_>, step_mm: f64, limit_mm: f64) -> Option<Deviation> {
    let trees = [ClosestPoints::new(first), ClosestPoints::new(second)];
    let from_first = used_hits(first, &trees[1])?;
    let from_second = used_hits(second, &trees[0])?;
    let largest = |hits: &[Hit]| hits.iter().map(|hit| hit.squared_distance).fold(0.0, f64::max);
    let at_vertices = largest(&from_first).max(largest(&from_second)).sqrt();
    // Below this nothing is divided: where all is flat, rounding would be looked into.
    let enough = at_vertices.min(limit_mm).max(step_mm * 1e-2);
    let on_first = largest_on_faces(first, &from_first, &trees[1], enough, step_mm);
    let on_second = largest_on_faces(second, &from_second, &trees[0], enough, step_mm);
    let both = [(first, &on_first), (second, &on_second)];
    let beyond = both.iter().flat_map(|&(mesh, largest)| {
        let far = (0..largest.len()).filter(|&face| largest[face] > limit_mm);
        far.flat_map(move |face| mesh.corners(face))
    });
    let on_faces = |largest: &[f64]| largest.iter().copied().fold(0.0, f64::max);
    let n = from_first.len().max(1) as f64;
    let sum_of_squares: f64 = from_first.iter().map(|hit| hit.squared_distance).sum();
    let sum: f64 = from_first.iter().map(|hit| hit.squared_distance.sqrt()).sum();
    Some(Deviation {
        max_mm: at_vertices.max(on_faces(&on_first)).max(on_faces(&on_second)),
        rms_mm: (sum_of_squares / n).sqrt(),
        mean_mm: sum / n,
        beyond: beyond.collect(),
    })
}

/// The closest point for every vertex; a vertex without a face is no part of the surface and counts
/// as being on the other one.
fn used_hits(mesh: MeshRef<'_>, target: &ClosestPoints<'_>) -> Option<Vec<Hit>> {
    let mut hits = target.nearest_all(mesh.vertices().len(), |vertex| Vector3::from(mesh.vertices()[vertex]));
    let mut is_used = vec![false; mesh.vertices().len()];
    for &index in mesh.faces().as_flattened() {
        is_used[index as usize] = true;
    }
    for (hit, _) in hits.iter_mut().zip(is_used).filter(|(_, is_used)| !is_used) {
        hit.squared_distance = 0.0;
    }
    (!hits.is_empty() && !mesh.faces().is_empty()).then_some(hits)
}

/// The largest distance found on each face; exact where it is above `enough`.
fn largest_on_faces(
    mesh: MeshRef<'_>,
    hits: &[Hit],
    target: &ClosestPoints<'_>,
    enough: f64,
    step_mm: f64,
) -> Vec<f64> {
    let search = Search { target, enough, step_mm };
    mesh.faces()
        .par_iter()
        .with_min_len(BLOCK)
        .map(|corners| {
            let ends = corners.map(|index| {
                let hit = hits[index as usize];
                let point = Vector3::from(mesh.vertices()[index as usize]);
                End { point, distance: hit.squared_distance.sqrt(), face: hit.face }
            });
            search.largest(&ends, 0)
        })
        .collect()
}

#[derive(Clone, Copy)]
struct End {
    point: Vector3<f64>,
    distance: f64,
    face: u32,
}

struct Search<'a> {
    target: &'a ClosestPoints<'a>,
    enough: f64,
    step_mm: f64,
}

impl Search<'_> {
    /// The largest distance on a triangle, or anything up to `enough` where it is below that.
    fn largest(&self, ends: &[End; 3], level: u32) -> f64 {
        let [a, b, c] = ends;
        let found = a.distance.max(b.distance).max(c.distance);
        let sides = [(a.point - b.point).norm(), (b.point - c.point).norm(), (c.point - a.point).norm()];
        let longest = sides[0].max(sides[1]).max(sides[2]);
        // From the nearest corner no point is farther than this.
        if found + longest * 0.577_350_3 <= self.enough || self.is_near_one(ends) {
            return found;
        }
        if longest <= self.step_mm || level == MOST_LEVELS {
            return found.max(self.end((a.point + b.point + c.point) / 3.0, a.face).distance);
        }
        let [ab, bc, ca] = [(a, b), (b, c), (c, a)].map(|(p, q)| self.end((p.point + q.point) / 2.0, p.face));
        [[*a, ab, ca], [ab, *b, bc], [ca, bc, *c], [ab, bc, ca]]
            .iter()
            .fold(found, |largest, part| largest.max(self.largest(part, level + 1)))
    }

    fn end(&self, point: Vector3<f64>, near: u32) -> End {
        let hit =
            self.target.nearest(&point, Some(near)).unwrap_or_else(|| self.target.on_face(&point, near));
        End { point, distance: hit.squared_distance.sqrt(), face: hit.face }
    }

    /// Whether one triangle of the other surface is near enough to all corners, and so to all.
    fn is_near_one(&self, ends: &[End; 3]) -> bool {
        let limit = self.enough * self.enough;
        ends.iter().any(|near| {
            ends.iter().all(|end| {
                end.face == near.face || self.target.on_face(&end.point, near.face).squared_distance <= limit
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn the_distance_inside_a_face_is_found() {
        // A plate under a box whose top is 1 mm higher in the middle only.
        let plate = cuboid([0.0; 3], [8.0, 8.0, 1.0]);
        let mut roof = plate.clone();
        let tip = roof.vertices.len() as u32;
        roof.vertices.push([4.0, 4.0, 2.0]);
        roof.faces.retain(|face| !face.iter().all(|&index| index >= 4));
        roof.kinds.truncate(roof.faces.len());
        for (a, b) in [(4, 5), (5, 7), (7, 6), (6, 4)] {
            roof.faces.push([a, b, tip]);
            roof.kinds.push(0);
        }
        let found = deviation(plate.view(), roof.view(), 0.1, 1.0).unwrap();
        assert!((found.max_mm - 1.0).abs() < 1e-12);
        assert!(deviation(plate.view(), plate.view(), 0.1, 1.0).unwrap().max_mm < 1e-12);
        let moved = cuboid([0.0, 0.0, 0.25], [8.0, 8.0, 1.0]);
        assert!((deviation(plate.view(), moved.view(), 0.1, 1.0).unwrap().max_mm - 0.25).abs() < 1e-12);
    }
}
