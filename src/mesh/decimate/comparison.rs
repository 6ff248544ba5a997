//! How far a surface and the smaller one made of it are apart, both ways, vertex by vertex and face by
//! face. What a change leaves as it was is not measured again.

use rayon::prelude::*;

use super::patch::NONE;
use super::proof::{End, Proof};
use super::surface::Surface;
use crate::mesh::MeshRef;

/// Items per parallel block.
const BLOCK: usize = 4096;
/// With a limit, pieces are divided down to this part of it: what is not shown by then is beyond.
const LEAST_OF_LIMIT: f64 = 0.125;
/// Without one, pieces are looked at in their middle when they are as small as so many mean edges.
const LEAST_OF_EDGE: f64 = 4.0;

/// Part of a mean edge from which on a vertex is looked for around the place where the way downhill ends.
const FAR_OFF: f64 = 0.5;

/// Which limits a comparison goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// What is asked, mm; may be infinite.
    pub(super) limit_mm: f64,
    /// Mean edge of the first surface, mm.
    pub(super) edge_mm: f64,
}

/// Each array for the first surface, then for the smaller one.
#[derive(Debug)]
pub(super) struct Comparison {
    pub(super) ends: [Vec<End>; 2],
    /// Distances that no point of a face is beyond.
    pub(super) faces: [Vec<f64>; 2],
    scale: Scale,
    enough: f64,
}

impl Comparison {
    /// Measures; `beside` names for each vertex of the first surface a face of the second near by.
    pub(super) fn new(first: &Surface<'_>, second: &Surface<'_>, beside: &[u32], scale: Scale) -> Self {
        let mut made = Self {
            ends: [Vec::new(), Vec::new()],
            faces: [Vec::new(), Vec::new()],
            scale,
            enough: scale.limit_mm.min(FAR_OFF * scale.edge_mm),
        };
        let near = vertices_near(first, second, beside);
        let [on_second, on_first] = [made.proof(second), made.proof(first)];
        let of_first = each(first.mesh.vertices().len(), |vertex| {
            let point = first.point(vertex as u32);
            if beside[vertex] == NONE { End::loose(point) } else { on_second.near(point, beside[vertex]) }
        });
        let of_second = each(second.mesh.vertices().len(), |vertex| {
            let point = second.point(vertex as u32);
            let found =
                (near[vertex] != NONE).then(|| first.near_from_vertex(&point, near[vertex])).flatten();
            found.map_or(End::loose(point), |found| on_first.near(point, found.face))
        });
        made.ends = [of_first, of_second];
        let at_vertices = made.ends.iter().flatten().fold(0.0_f64, |most, end| most.max(end.distance));
        // Nobody asks how far it is below a limit; without one, where faces are farther than vertices.
        made.enough =
            if scale.limit_mm.is_finite() { scale.limit_mm } else { at_vertices.max(scale.edge_mm) };
        made.faces = [
            of_faces(first.mesh, &made.ends[0], &made.proof(second)),
            of_faces(second.mesh, &made.ends[1], &made.proof(first)),
        ];
        made
    }

    /// What the faces of one of the two are held against.
    pub(super) fn proof<'a>(&self, target: &'a Surface<'a>) -> Proof<'a> {
        let is_strict = self.scale.limit_mm.is_finite();
        Proof {
            target,
            enough: self.enough,
            least_mm: if is_strict {
                self.scale.limit_mm * LEAST_OF_LIMIT
            } else {
                self.scale.edge_mm * LEAST_OF_EDGE
            },
            is_strict,
            reach_mm: self.scale.limit_mm.min(self.scale.edge_mm) * 2.0 + self.scale.edge_mm * 2.0,
        }
    }

    /// Measures again what lies at stale faces of the second surface; what was added to it is stale.
    pub(super) fn renew(&mut self, first: &Surface<'_>, second: &Surface<'_>, is_stale: &[bool]) {
        let proof = self.proof(second);
        let is_touched: Vec<bool> = self.ends[0]
            .par_iter_mut()
            .with_min_len(BLOCK)
            .map(|end| {
                let is_touched = end.face != NONE && is_stale[end.face as usize];
                if is_touched {
                    *end = proof.near(end.point, end.face);
                }
                is_touched
            })
            .collect();
        let ends = &self.ends[0];
        self.faces[0].par_iter_mut().zip(first.mesh.faces()).with_min_len(BLOCK).for_each(
            |(most, corners)| {
                if corners.iter().any(|&corner| is_touched[corner as usize]) {
                    *most = proof.most(&corners.map(|corner| ends[corner as usize]));
                }
            },
        );
        let proof = self.proof(first);
        self.faces[1].resize(second.mesh.faces().len(), f64::INFINITY);
        let ends = &self.ends[1];
        self.faces[1].par_iter_mut().zip(second.mesh.faces()).zip(is_stale).for_each(
            |((most, corners), &is_stale)| {
                if is_stale {
                    *most = proof.most(&corners.map(|corner| ends[corner as usize]));
                }
            },
        );
    }

    /// Faces of one of the two that may be beyond the limit somewhere.
    pub(super) fn beyond(&self, which: usize) -> impl Iterator<Item = usize> + '_ {
        let limit = self.scale.limit_mm;
        self.faces[which].iter().enumerate().filter(move |face| *face.1 > limit).map(|face| face.0)
    }

    /// Faces of the second surface that are next to faces of the first that may be beyond the limit; of
    /// those with a corner beyond it, next to that corner.
    pub(super) fn beside_beyond(&self, first: MeshRef<'_>) -> Vec<u32> {
        let limit = self.scale.limit_mm;
        let mut faces = Vec::new();
        for face in self.beyond(0) {
            let ends = first.faces()[face].map(|corner| self.ends[0][corner as usize]);
            let is_any_far = ends.iter().any(|end| end.distance > limit);
            let far = ends.iter().filter(|end| end.face != NONE && (!is_any_far || end.distance > limit));
            faces.extend(far.map(|end| end.face));
        }
        faces
    }

    /// No point of either surface is farther from the other.
    pub(super) fn max_mm(&self) -> f64 {
        self.faces.iter().flatten().copied().fold(0.0, f64::max)
    }

    /// Root mean square and mean of the distances of the first surface's vertices.
    pub(super) fn rms_and_mean_mm(&self) -> (f64, f64) {
        let used = self.ends[0].iter().filter(|end| end.face != NONE);
        let (n, squares, sum) = used.fold((0_usize, 0.0, 0.0), |(n, squares, sum), end| {
            (n + 1, squares + end.distance * end.distance, sum + end.distance)
        });
        let n = n.max(1) as f64;
        ((squares / n).sqrt(), sum / n)
    }
}

fn each<F: Fn(usize) -> End + Sync + Send>(n: usize, end: F) -> Vec<End> {
    (0..n).into_par_iter().with_min_len(BLOCK).map(end).collect()
}

fn of_faces(mesh: MeshRef<'_>, ends: &[End], proof: &Proof<'_>) -> Vec<f64> {
    let most = |corners: &[u32; 3]| proof.most(&corners.map(|corner| ends[corner as usize]));
    mesh.faces().par_iter().with_min_len(BLOCK).map(most).collect()
}

/// For each vertex of the smaller surface one of the first that is close to it.
fn vertices_near(first: &Surface<'_>, second: &Surface<'_>, beside: &[u32]) -> Vec<u32> {
    let mut near = vec![(f64::INFINITY, NONE); second.mesh.vertices().len()];
    for (vertex, &face) in beside.iter().enumerate().filter(|entry| *entry.1 != NONE) {
        for corner in second.mesh.faces()[face as usize] {
            let squared = (second.point(corner) - first.point(vertex as u32)).norm_squared();
            if squared < near[corner as usize].0 {
                near[corner as usize] = (squared, vertex as u32);
            }
        }
    }
    // A vertex whose faces have none takes what its neighbours have.
    loop {
        let mut taken = Vec::new();
        for vertex in (0..near.len()).filter(|&vertex| near[vertex].1 == NONE) {
            let mut ring =
                second.around.of(vertex).iter().flat_map(|&face| second.mesh.faces()[face as usize]);
            if let Some(other) = ring.find(|&other| near[other as usize].1 != NONE) {
                taken.push((vertex, near[other as usize]));
            }
        }
        if taken.is_empty() {
            return near.into_iter().map(|found| found.1).collect();
        }
        for (vertex, found) in taken {
            near[vertex] = found;
        }
    }
}
