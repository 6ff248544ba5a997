//! Which original vertices a vertex stands for: chained lists that are joined when vertices are.
//! Through them a collapse is held against the surface it came from.

use nalgebra::Vector3;

use super::patch::NONE;
use crate::mesh::MeshRef;
use crate::mesh::adjacency::VertexFaces;
use crate::mesh::triangle::squared_distance;

/// The surface before the first collapse.
#[derive(Debug)]
pub(super) struct Original<'a> {
    mesh: MeshRef<'a>,
    around: VertexFaces,
}

impl<'a> Original<'a> {
    pub(super) fn new(mesh: MeshRef<'a>) -> Self {
        Self { mesh, around: VertexFaces::new(mesh.vertices().len(), mesh.faces()) }
    }
}

/// Original vertices in chains, one chain for each vertex of a patch.
#[derive(Debug, Clone)]
pub(super) struct Samples<'a> {
    pub(super) original: &'a Original<'a>,
    /// Their numbers in the original mesh.
    pub(super) names: Vec<u32>,
    pub(super) next: Vec<u32>,
    pub(super) heads: Vec<u32>,
    pub(super) tails: Vec<u32>,
}

impl<'a> Samples<'a> {
    /// Every vertex stands for itself.
    pub(super) fn of_vertices(original: &'a Original<'a>, names: Vec<u32>) -> Self {
        let ends: Vec<u32> = (0..names.len() as u32).collect();
        Self { original, next: vec![NONE; names.len()], names, heads: ends.clone(), tails: ends }
    }

    /// Nothing stands for anything yet.
    pub(super) fn empty(original: &'a Original<'a>) -> Self {
        Self::of_vertices(original, Vec::new())
    }

    fn of(&self, vertex: u32) -> impl Iterator<Item = u32> + '_ {
        let mut place = self.heads[vertex as usize];
        std::iter::from_fn(move || {
            let name = *self.names.get(place as usize)?;
            place = self.next[place as usize];
            Some(name)
        })
    }

    /// The points that a vertex stands for.
    pub(super) fn points_of(&self, vertex: u32) -> impl Iterator<Item = Vector3<f64>> + '_ {
        self.of(vertex).map(|name| self.original.mesh.vertices()[name as usize].into())
    }

    /// Whether a place is near the original surface around the sample closest to it, among those of
    /// some vertices.
    pub(super) fn is_near(&self, place: &Vector3<f64>, vertices: &[u32], squared_bound: f64) -> bool {
        let mesh = self.original.mesh;
        let mut best = (f64::INFINITY, NONE);
        for &vertex in vertices {
            for name in self.of(vertex) {
                let squared = (place - Vector3::from(mesh.vertices()[name as usize])).norm_squared();
                if squared < best.0 {
                    best = (squared, name);
                }
            }
        }
        let (squared, name) = best;
        squared <= squared_bound
            || name == NONE
            || self.original.around.of(name as usize).iter().any(|&face| {
                squared_distance(place, &mesh.corners(face as usize).map(Vector3::from)) <= squared_bound
            })
    }

    /// One vertex also stands for the points of another.
    pub(super) fn join(&mut self, kept: u32, gone: u32) {
        let (tail, head) = (self.tails[kept as usize], self.heads[gone as usize]);
        if head == NONE {
            return;
        }
        if tail == NONE {
            self.heads[kept as usize] = head;
        } else {
            self.next[tail as usize] = head;
        }
        self.tails[kept as usize] = self.tails[gone as usize];
        self.heads[gone as usize] = NONE;
    }
}
