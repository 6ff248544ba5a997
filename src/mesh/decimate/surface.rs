//! A surface on which the closest point is looked for from face to face, starting near by.

use nalgebra::Vector3;

use crate::mesh::MeshRef;
use crate::mesh::adjacency::VertexFaces;
use crate::mesh::triangle::{Feature, closest_point, squared_distance};

/// A search through a neighbourhood ends at so many vertices.
const MOST_SEEN: usize = 512;

/// A mesh and the faces around each of its vertices.
#[derive(Debug)]
pub(super) struct Surface<'a> {
    pub(super) mesh: MeshRef<'a>,
    pub(super) around: VertexFaces,
}

/// A point of a surface that is close to another point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    pub(super) point: Vector3<f64>,
    pub(super) squared: f64,
    pub(super) face: u32,
    feature: Feature,
}

impl<'a> Surface<'a> {
    pub(super) fn new(mesh: MeshRef<'a>) -> Self {
        Self { mesh, around: VertexFaces::new(mesh.vertices().len(), mesh.faces()) }
    }

    pub(super) fn point(&self, vertex: u32) -> Vector3<f64> {
        Vector3::from(self.mesh.vertices()[vertex as usize])
    }

    #[inline]
    pub(super) fn triangle(&self, face: u32) -> [Vector3<f64>; 3] {
        let [a, b, c] = self.mesh.faces()[face as usize];
        [self.point(a), self.point(b), self.point(c)]
    }

    /// Squared distance from a point to one face.
    #[inline]
    pub(super) fn squared_to(&self, point: &Vector3<f64>, face: u32) -> f64 {
        squared_distance(point, &self.triangle(face))
    }

    /// Whether a place is near one of the faces around a vertex.
    pub(super) fn is_near(&self, place: &Vector3<f64>, vertex: u32, squared_bound: f64) -> bool {
        self.around.of(vertex as usize).iter().any(|&face| self.squared_to(place, face) <= squared_bound)
    }

    /// The closest point on one face.
    #[inline]
    fn on_face(&self, point: &Vector3<f64>, face: u32) -> Near {
        let (closest, feature) = closest_point(point, &self.triangle(face));
        Near { point: closest, squared: (closest - point).norm_squared(), face, feature }
    }

    /// A point of the surface that no face around it beats, found by going from a face downhill. It may
    /// be farther than the closest point of all, never nearer.
    pub(super) fn near_from_face(&self, point: &Vector3<f64>, face: u32) -> Near {
        let mut best = self.on_face(point, face);
        loop {
            let corners = self.mesh.faces()[best.face as usize];
            let (first, second) = match best.feature {
                Feature::Face => return best,
                Feature::Edge(side) => {
                    let side = usize::from(side);
                    (corners[side], Some(corners[(side + 1) % 3]))
                }
                Feature::Corner(corner) => (corners[usize::from(corner)], None),
            };
            let before = best;
            for &other in self.around.of(first as usize) {
                let is_across =
                    second.is_none_or(|second| self.mesh.faces()[other as usize].contains(&second));
                if is_across && other != before.face {
                    let found = self.on_face(point, other);
                    if found.squared < best.squared {
                        best = found;
                    }
                }
            }
            if best.face == before.face {
                return best;
            }
        }
    }

    /// From a vertex downhill to one that no neighbour beats: cheaper than from face to face.
    fn near_vertex(&self, point: &Vector3<f64>, vertex: u32) -> u32 {
        let (mut vertex, mut squared) = (vertex, (self.point(vertex) - point).norm_squared());
        loop {
            let before = vertex;
            for &face in self.around.of(before as usize) {
                for corner in self.mesh.faces()[face as usize] {
                    let found = (self.point(corner) - point).norm_squared();
                    if found < squared {
                        (vertex, squared) = (corner, found);
                    }
                }
            }
            if vertex == before {
                return vertex;
            }
        }
    }

    /// The same, from a vertex: first from vertex to vertex, then from face to face.
    pub(super) fn near_from_vertex(&self, point: &Vector3<f64>, vertex: u32) -> Option<Near> {
        let vertex = self.near_vertex(point, vertex);
        let found = self.around.of(vertex as usize).iter().map(|&face| self.on_face(point, face));
        let best = found.reduce(|best, next| if next.squared < best.squared { next } else { best })?;
        Some(self.near_from_face(point, best.face))
    }

    /// The closest point on the part of the surface that is reached from a face through vertices within
    /// a distance of the point: for what lies in a dent from which no step leads downhill.
    pub(super) fn around_face(&self, point: &Vector3<f64>, face: u32, reach_mm: f64) -> Near {
        let mut best = self.on_face(point, face);
        let mut seen: Vec<u32> = self.mesh.faces()[face as usize].to_vec();
        let mut n_done = 0;
        while n_done < seen.len() && seen.len() < MOST_SEEN {
            let vertex = seen[n_done];
            n_done += 1;
            for &other in self.around.of(vertex as usize) {
                let found = self.on_face(point, other);
                if found.squared < best.squared {
                    best = found;
                }
                for corner in self.mesh.faces()[other as usize] {
                    let is_near = (self.point(corner) - point).norm_squared() <= reach_mm * reach_mm;
                    if is_near && !seen.contains(&corner) {
                        seen.push(corner);
                    }
                }
            }
        }
        best
    }
}
