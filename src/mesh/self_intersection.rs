//! Faces that pass through or onto one another without being neighbours.
//!
//! Pairs are looked for in a tree of boxes that is held against itself. Neighbours are passed over where
//! the faces around their common vertex lie side by side, seen from one direction; pairs of which one lies
//! on one side of the plane of the other by more than rounding are apart. All others are tested exactly.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::adjacency::VertexFaces;
use super::boxes::{Bounds, BoxTree};
use super::quality::shape;
use super::triangle_pair::intersect;
use super::trimesh::MeshRef;
use crate::progress::{Cancelled, Progress};

/// Parts of the search that are done before it reports.
const AT_ONCE: usize = 512;
/// Faces, or vertices, that one thread looks at.
const BLOCK: usize = 2048;
/// A distance from a plane counts when it is above this part of what it is computed from.
const ROUNDING: f64 = 1e-13;
/// Least cosine between the normals of faces around a vertex and their mean.
const LEAST_TURN: f64 = 0.02;
/// Least squared sine of their angles at it.
const LEAST_ANGLE: f64 = 1e-12;

/// Pairs of faces, lower number first, in order.
///
/// Vertices at the same place count as one, whatever their numbers, so that a soup is not full of faces
/// that touch. Faces without area are passed over, and so are pairs with the same three corners.
///
/// # Errors
/// [`Cancelled`].
pub fn self_intersections(mesh: MeshRef<'_>, progress: &Progress) -> Result<Vec<[u32; 2]>, Cancelled> {
    let around = VertexFaces::new(mesh.vertices().len(), mesh.faces());
    Crossings::new(mesh, &around).all(mesh, progress)
}

/// The same, of pairs of which at least one face is among these, which stand in ascending order.
pub fn self_intersections_of(mesh: MeshRef<'_>, faces: &[u32]) -> Vec<[u32; 2]> {
    let own: Vec<Bounds> = faces.par_iter().map(|&face| Bounds::about(mesh.corners(face as usize))).collect();
    let tree = BoxTree::new(&own);
    let is_own = |face: u32| faces.binary_search(&face).is_ok();
    let of_face = |other: u32| {
        let mut found = Vec::new();
        let mut known = None;
        tree.visit(&Bounds::about(mesh.corners(other as usize)), |place| {
            let face = faces[place as usize];
            let is_known = face == other || (face > other && *known.get_or_insert_with(|| is_own(other)));
            if !is_known && cross(mesh, face, other) {
                found.push([face.min(other), face.max(other)]);
            }
        });
        found
    };
    let all = 0..mesh.faces().len() as u32;
    let mut found: Vec<[u32; 2]> =
        all.into_par_iter().with_min_len(BLOCK).map(of_face).flatten_iter().collect();
    found.par_sort_unstable();
    found
}

/// A search for faces that cross, while vertices move.
#[derive(Debug)]
pub struct Crossings<'a> {
    around: &'a VertexFaces,
    /// Boxes of the faces, wherever they are on their way.
    boxes: Vec<Bounds>,
    tree: BoxTree,
}

impl<'a> Crossings<'a> {
    /// In a mesh that stays where it is.
    pub fn new(mesh: MeshRef<'_>, around: &'a VertexFaces) -> Self {
        Self::within(mesh, around, |face| Bounds::about(mesh.corners(face)))
    }

    /// While the vertices of a mesh go straight to other places.
    pub fn on_the_way(mesh: MeshRef<'_>, to: &[[f64; 3]], around: &'a VertexFaces) -> Self {
        let ends = mesh.at(to);
        Self::within(mesh, around, |face| {
            Bounds::about(mesh.corners(face)).with(Bounds::about(ends.corners(face)))
        })
    }

    fn within<F>(mesh: MeshRef<'_>, around: &'a VertexFaces, bounds: F) -> Self
    where
        F: Fn(usize) -> Bounds + Sync + Send,
    {
        let boxes: Vec<Bounds> =
            (0..mesh.faces().len()).into_par_iter().with_min_len(BLOCK).map(bounds).collect();
        let tree = BoxTree::new(&boxes);
        Self { around, boxes, tree }
    }

    /// All pairs that cross where the mesh is now.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn all(&self, mesh: MeshRef<'_>, progress: &Progress) -> Result<Vec<[u32; 2]>, Cancelled> {
        let is_sound: Vec<bool> = (0..mesh.vertices().len())
            .into_par_iter()
            .with_min_len(BLOCK)
            .map(|vertex| is_sound(mesh, self.around.of(vertex), vertex as u32))
            .collect();
        let parts = self.tree.parts();
        progress.expect(parts.len().div_ceil(AT_ONCE));
        let mut found = Vec::new();
        for parts in parts.chunks(AT_ONCE) {
            let of_part = |&part: &(usize, u32, u32)| {
                let mut pairs = Vec::new();
                self.tree.pairs(part, &mut |a, b| {
                    let may = !shares_sound(mesh, a, b, &is_sound) && !are_apart(mesh, a, b);
                    if may && cross(mesh, a, b) {
                        pairs.push([a.min(b), a.max(b)]);
                    }
                });
                pairs
            };
            let pairs: Vec<Vec<[u32; 2]>> = parts.par_iter().with_max_len(1).map(of_part).collect();
            found.extend(pairs.into_iter().flatten());
            progress.step()?;
        }
        found.par_sort_unstable();
        Ok(found)
    }

    /// Pairs of which at least one face is among these, which stand in ascending order.
    pub fn of(&self, mesh: MeshRef<'_>, faces: &[u32]) -> Vec<[u32; 2]> {
        let of_face = |&face: &u32| {
            let mut found = Vec::new();
            self.tree.visit(&self.boxes[face as usize], |other| {
                let is_known = other == face || (other < face && faces.binary_search(&other).is_ok());
                if !is_known && cross(mesh, face, other) {
                    found.push([face.min(other), face.max(other)]);
                }
            });
            found
        };
        let mut found: Vec<[u32; 2]> = faces.par_iter().map(of_face).flatten_iter().collect();
        found.par_sort_unstable();
        found
    }
}

fn cross(mesh: MeshRef<'_>, a: u32, b: u32) -> bool {
    let [a, b] = [a, b].map(|face| mesh.corners(face as usize));
    Bounds::about(a).meets(&Bounds::about(b)) && shape(a).1 > 1e-12 && shape(b).1 > 1e-12 && intersect(a, b)
}

/// Whether two faces meet at a vertex around which no faces cross.
fn shares_sound(mesh: MeshRef<'_>, a: u32, b: u32, is_sound: &[bool]) -> bool {
    let [a, b] = [a, b].map(|face| mesh.faces()[face as usize]);
    a.iter().any(|&corner| b.contains(&corner) && is_sound[corner as usize])
}

/// Whether one of two faces lies on one side of the plane of the other by more than rounding.
fn are_apart(mesh: MeshRef<'_>, a: u32, b: u32) -> bool {
    let [a, b] = [a, b].map(|face| mesh.corners(face as usize).map(Vector3::from));
    let on_one_side = |[p, q, r]: &[Vector3<f64>; 3], other: &[Vector3<f64>; 3]| {
        let (u, v) = (q - p, r - p);
        let normal = u.cross(&v);
        let heights = other.map(|corner| normal.dot(&(corner - p)));
        // Differences are rounded by themselves, so that far from the origin nothing is lost.
        let far = other.iter().fold(0.0_f64, |far, corner| far.max((corner - p).amax()));
        let least = u.amax() * v.amax() * far * ROUNDING;
        heights.iter().all(|&height| height > least) || heights.iter().all(|&height| height < -least)
    };
    on_one_side(&a, &b) || on_one_side(&b, &a)
}

/// Whether the faces around a vertex lie side by side, seen along the mean of their normals: then none of
/// them meets another but in the vertex and in common edges.
fn is_sound(mesh: MeshRef<'_>, faces: &[u32], vertex: u32) -> bool {
    const MOST: usize = 32;
    if faces.len() < 3 || faces.len() > MOST {
        return false;
    }
    let apex = Vector3::from(mesh.vertices()[vertex as usize]);
    let mut ends = [[0_u32; 2]; MOST];
    let mut sides = [[Vector3::zeros(); 2]; MOST];
    let mut mean = Vector3::zeros();
    for (n, &face) in faces.iter().enumerate() {
        let [a, b, c] = mesh.faces()[face as usize];
        ends[n] = if a == vertex {
            [b, c]
        } else if b == vertex {
            [c, a]
        } else {
            [a, b]
        };
        sides[n] = ends[n].map(|end| Vector3::from(mesh.vertices()[end as usize]) - apex);
        mean += sides[n][0].cross(&sides[n][1]);
    }
    let (ends, sides) = (&ends[..faces.len()], &sides[..faces.len()]);
    let axis = if mean.x.abs() < mean.y.abs() { Vector3::x() } else { Vector3::y() };
    let across = mean.cross(&axis);
    let n_turns = sides.iter().filter(|[p, q]| across.dot(p) < 0.0 && across.dot(q) >= 0.0).count();
    n_turns == 1
        && ends.iter().all(|[_, q]| ends.iter().filter(|[p, _]| p == q).count() == 1)
        && sides.iter().all(|[p, q]| {
            let normal = p.cross(q);
            let (turn, area) = (normal.dot(&mean), normal.norm_squared());
            turn > 0.0
                && turn * turn > LEAST_TURN * LEAST_TURN * area * mean.norm_squared()
                && area > LEAST_ANGLE * p.norm_squared() * q.norm_squared()
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::TriMesh;

    /// Faces of a grid on a wavy sheet, some of whose vertices were pushed about.
    fn rumpled(n: u32, push: f64) -> TriMesh {
        let mut state = 5_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
        };
        let vertices: Vec<[f64; 3]> = (0..n * n)
            .map(|at| {
                let (x, y) = (f64::from(at % n), f64::from(at / n));
                [x + push * random(), y + push * random(), (0.3 * x).sin() + push * random()]
            })
            .collect();
        let squares = (0..n * (n - 1)).filter(|at| at % n < n - 1);
        let faces = squares.flat_map(|a| [[a, a + 1, a + n + 1], [a, a + n + 1, a + n]]).collect();
        TriMesh::imaged(vertices, faces)
    }

    #[test]
    fn the_search_finds_what_a_look_at_all_pairs_finds() {
        let progress = Progress::default();
        for (push, least) in [(0.0, 0), (0.3, 0), (0.6, 20), (1.5, 200)] {
            let mesh = rumpled(17, push);
            let n = mesh.faces.len() as u32;
            let truth: Vec<[u32; 2]> = (0..n)
                .flat_map(|a| (a + 1..n).map(move |b| [a, b]))
                .filter(|&[a, b]| cross(mesh.view(), a, b))
                .collect();
            assert!(truth.len() >= least, "{push}: {}", truth.len());
            assert_eq!(self_intersections(mesh.view(), &progress).unwrap(), truth);
            let some: Vec<u32> = (0..n).step_by(3).collect();
            let of_some: Vec<[u32; 2]> =
                truth.iter().copied().filter(|pair| pair.iter().any(|face| face % 3 == 0)).collect();
            assert_eq!(self_intersections_of(mesh.view(), &some), of_some);
            let around = VertexFaces::new(mesh.vertices.len(), &mesh.faces);
            let flat = rumpled(17, 0.0);
            let search = Crossings::on_the_way(flat.view(), &mesh.vertices, &around);
            assert_eq!(search.of(mesh.view(), &some), of_some);
            assert_eq!(search.all(mesh.view(), &progress).unwrap(), truth);
        }
    }

    #[test]
    fn a_fan_that_goes_round_twice_is_not_sound() {
        // Two turns around the first vertex, rising and falling: every face looks up.
        let ring = (0..10).map(|n| {
            let angle = f64::from(n) * std::f64::consts::TAU / 5.0;
            [angle.cos(), angle.sin(), 0.02 * f64::from(if n < 5 { n } else { 10 - n })]
        });
        let vertices: Vec<[f64; 3]> = std::iter::once([0.0; 3]).chain(ring).collect();
        let faces: Vec<[u32; 3]> = (0..10).map(|n| [0, n + 1, (n + 1) % 10 + 1]).collect();
        let twice = TriMesh::imaged(vertices.clone(), faces);
        let all: Vec<u32> = (0..10).collect();
        assert!(!is_sound(twice.view(), &all, 0));
        let once = TriMesh::imaged(vertices, (0..5).map(|n| [0, n + 1, (n + 1) % 5 + 1]).collect());
        assert!(is_sound(once.view(), &all[..5], 0));
        assert!(!is_sound(once.view(), &all[..4], 0));
    }
}
