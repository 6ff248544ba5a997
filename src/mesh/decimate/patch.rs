//! A part of a mesh whose edges are collapsed one after the other, cheapest first.

use std::borrow::Cow;

use nalgebra::Vector3;
use rayon::prelude::*;

use super::quadric::{Quadric, TANGENT_WEIGHT};
use super::queue::BucketQueue;
use super::samples::Samples;
use super::surface::Surface;
use super::vertex::{Fans, Role, Vertex};
use crate::mesh::measure::doubled_area_vector;
use crate::mesh::{FaceKind, MeshRef};

pub(super) const NONE: u32 = u32::MAX;

/// Weight of the walls that stand on the borders of a surface.
const BORDER_WEIGHT: f64 = 8.0;

/// Part of the bound that the root mean square of the distances of a vertex may reach.
const MEAN_SHARE: f64 = 0.75;

/// Edges that a core plans at a time: a patch of a divided mesh has fewer.
const MANY_EDGES: usize = 1 << 16;

/// Lids are flat when the cosine between the normals of their faces is above this.
const FLAT: f64 = 1.0 - 1e-9;

/// What a vertex may do before its surroundings are looked at.
fn role(is_kept: &[bool], vertex: usize) -> Role {
    if is_kept.get(vertex).copied().unwrap_or(false) { Role::Fixed } else { Role::Free }
}

/// What a patch is made from; `roles` say `Seam`, `Fixed` or `Free`. The whole of a mesh is not copied.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    pub(super) points: Cow<'a, [[f64; 3]]>,
    pub(super) faces: Cow<'a, [[u32; 3]]>,
    pub(super) kinds: Cow<'a, [u8]>,
    pub(super) roles: Vec<Role>,
    /// Sums from earlier collapses, and whether the walls of a vertex are in them; made afresh when
    /// empty.
    pub(super) quadrics: Vec<Quadric>,
    pub(super) has_walls: Vec<bool>,
    /// Six times the volume that is missing at each vertex; nothing when empty.
    pub(super) owed: Vec<f64>,
    /// Vertices whose edges were all tried since their faces last changed.
    pub(super) is_settled: Vec<bool>,
    /// Which original vertices are where.
    pub(super) samples: Samples,
}

impl<'a> Part<'a> {
    /// All of a mesh, as it is.
    pub(super) fn whole(mesh: MeshRef<'a>, is_kept: &[bool]) -> Self {
        let n_vertices = mesh.vertices().len();
        let mut samples = Samples::new(mesh.faces().len());
        let mut is_known = vec![false; n_vertices];
        for (face, corners) in mesh.faces().iter().enumerate() {
            for &corner in corners {
                if !std::mem::replace(&mut is_known[corner as usize], true) {
                    samples.add(corner, face as u32);
                }
            }
        }
        Self {
            roles: (0..n_vertices).map(|vertex| role(is_kept, vertex)).collect(),
            points: mesh.vertices().into(),
            faces: mesh.faces().into(),
            kinds: mesh.kinds().into(),
            samples,
            ..Self::default()
        }
    }

    /// Lets go of what patches have taken over, and keeps what is asked for when they are joined.
    pub(super) fn hand_over(&mut self) {
        *self = Self {
            roles: std::mem::take(&mut self.roles),
            has_walls: std::mem::take(&mut self.has_walls),
            is_settled: std::mem::take(&mut self.is_settled),
            ..Self::default()
        };
    }

    /// Whether the sums of planes are there.
    pub(super) fn has_sums(&self) -> bool {
        !self.quadrics.is_empty()
    }

    /// What a patch starts from.
    fn vertices(&self) -> Vec<Vertex> {
        let vertex = |(n, &point): (usize, &[f64; 3])| Vertex {
            point: point.into(),
            quadric: self.quadrics.get(n).copied().unwrap_or_default(),
            role: self.roles[n],
            owed: self.owed.get(n).copied().unwrap_or_default(),
            is_touched: !self.is_settled_at(n),
            version: 0,
        };
        self.points.iter().enumerate().map(vertex).collect()
    }

    /// Whether nothing is left to try at a vertex.
    pub(super) fn is_settled_at(&self, vertex: usize) -> bool {
        self.is_settled.get(vertex).copied().unwrap_or(false)
    }
}

/// Limits of a collapse.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'a> {
    /// No surface may move farther than this, mm.
    pub(super) bound_mm: f64,
    /// No new triangle may be lower than this, mm.
    pub(super) min_altitude_mm: f64,
    /// What every collapse is held against; `None` without a bound.
    pub(super) original: Option<&'a Surface<'a>>,
}

#[derive(Debug)]
pub(super) struct Patch {
    pub(super) vertices: Vec<Vertex>,
    pub(super) faces: Vec<[u32; 3]>,
    pub(super) kinds: Vec<u8>,
    pub(super) n_live: usize,
    pub(super) queue: BucketQueue,
    /// The faces around each vertex; dead ones among them are skipped.
    fans: Fans,
    pub(super) samples: Samples,
    /// Where the mean square of the distance to the planes is above this, the bound will not hold.
    most_mean_mm2: f64,
}

/// An edge at a vertex.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoke {
    pub(super) to: u32,
    pub(super) n_faces: u32,
    kinds: u8,
}

impl Spoke {
    pub(super) fn is_border(self) -> bool {
        self.n_faces == 1 || self.kinds.count_ones() > 1
    }
}

impl Patch {
    pub(super) fn new(part: Part<'_>, limits: &Limits<'_>) -> Self {
        let has_sums = part.has_sums();
        let vertices = part.vertices();
        let mut patch = Self {
            n_live: part.faces.len(),
            fans: Fans::new(vertices.len(), &part.faces),
            queue: BucketQueue::with_capacity(vertices.len() * 3),
            vertices,
            faces: part.faces.into_owned(),
            kinds: part.kinds.into_owned(),
            samples: part.samples,
            most_mean_mm2: (limits.bound_mm * MEAN_SHARE).powi(2),
        };
        if !has_sums {
            patch.sum_planes();
        }
        let edges = patch.classify(&part.has_walls);
        patch.push_all(edges);
        patch
    }

    /// Puts the edges back in the queue whose surroundings have changed; false when there is none.
    pub(super) fn refill(&mut self) -> bool {
        let take = |vertex: &mut Vertex| std::mem::replace(&mut vertex.is_touched, false);
        let is_touched: Vec<bool> = self.vertices.iter_mut().map(take).collect();
        let mut spokes = Vec::new();
        for vertex in 0..self.vertices.len() as u32 {
            self.spokes_at(vertex, &mut spokes);
            for n in 0..spokes.len() {
                let to = spokes[n].to;
                if to > vertex && (is_touched[vertex as usize] || is_touched[to as usize]) {
                    self.push(vertex, to);
                }
            }
        }
        self.queue.lowest().is_some()
    }

    /// Faces that have a vertex on a seam.
    pub(super) fn n_at_seams(&self) -> usize {
        let is_seam = |corner: &u32| self.role(*corner) == Role::Seam;
        self.faces.iter().filter(|corners| corners.iter().any(is_seam)).count()
    }

    /// The planes of all faces, a third of the area to each corner.
    fn sum_planes(&mut self) {
        for face in 0..self.faces.len() {
            let corners = self.faces[face];
            let [a, b, c] = corners.map(|corner| *self.point(corner));
            let normal = (b - a).cross(&(c - a));
            let length = normal.norm();
            if length > 0.0 {
                let quadric = Quadric::plane(&(normal / length), &a, length / 6.0);
                for corner in corners {
                    let sum = &mut self.vertices[corner as usize].quadric;
                    *sum = sum.sum(&quadric);
                }
            }
        }
        for Vertex { quadric, point, .. } in &mut self.vertices {
            quadric.anchor(point);
        }
    }

    /// Finds the roles, puts walls on borders, and returns every edge once.
    fn classify(&mut self, has_walls: &[bool]) -> Vec<[u32; 2]> {
        let mut edges = Vec::with_capacity(self.faces.len() * 3 / 2 + 16);
        let mut spokes = Vec::with_capacity(16);
        for vertex in 0..self.vertices.len() as u32 {
            self.spokes_at(vertex, &mut spokes);
            let is_seam = self.role(vertex) == Role::Seam;
            if self.role(vertex) == Role::Free {
                self.vertices[vertex as usize].role = self.role_of(vertex, &spokes);
            }
            for spoke in &spokes {
                if spoke.to > vertex {
                    edges.push([vertex, spoke.to]);
                }
                let other_is_seam = self.role(spoke.to) == Role::Seam;
                let is_known = !(is_seam && other_is_seam) && self.role(vertex) != Role::Free;
                let is_done = has_walls.get(vertex as usize).copied().unwrap_or(false)
                    || has_walls.get(spoke.to as usize).copied().unwrap_or(false);
                if spoke.is_border() && is_known && !is_done {
                    self.add_wall(vertex, spoke.to);
                }
            }
        }
        edges
    }

    fn role_of(&self, vertex: u32, spokes: &[Spoke]) -> Role {
        if spokes.iter().any(|spoke| spoke.n_faces > 2) {
            return Role::Fixed;
        }
        match spokes.iter().filter(|spoke| spoke.is_border()).count() {
            0 if self.is_flat_lid(vertex) => Role::Free,
            2 if self.is_flat_lid(vertex) => Role::Border,
            _ => Role::Fixed,
        }
    }

    /// Whether the lids at a vertex lie in one plane; true where there is none.
    fn is_flat_lid(&self, vertex: u32) -> bool {
        let mut first: Option<Vector3<f64>> = None;
        self.around(vertex).all(|face| {
            let kind = self.kinds[face as usize];
            if kind != FaceKind::Cap as u8 && kind != FaceKind::Cut as u8 {
                return true;
            }
            let corners = self.faces[face as usize].map(|corner| (*self.point(corner)).into());
            let Some(normal) = doubled_area_vector(corners).try_normalize(0.0) else { return true };
            normal.dot(first.get_or_insert(normal)) > FLAT
        })
    }

    /// A plane through a border edge, upright on each of its faces, for the vertex at this end.
    fn add_wall(&mut self, vertex: u32, to: u32) {
        let (a, b) = (*self.point(vertex), *self.point(to));
        let along = b - a;
        let faces: Vec<u32> =
            self.around(vertex).filter(|&face| self.faces[face as usize].contains(&to)).collect();
        for face in faces {
            let corners = self.faces[face as usize].map(|corner| (*self.point(corner)).into());
            let wall = along.cross(&doubled_area_vector(corners));
            if let Some(normal) = wall.try_normalize(0.0) {
                let weight = along.norm_squared() * BORDER_WEIGHT;
                let mut quadric = Quadric::plane(&normal, &a, weight);
                quadric.weight = 0.0;
                let sum = &mut self.vertices[vertex as usize].quadric;
                *sum = sum.sum(&quadric);
            }
        }
    }

    pub(super) fn point(&self, vertex: u32) -> &Vector3<f64> {
        &self.vertices[vertex as usize].point
    }

    pub(super) fn role(&self, vertex: u32) -> Role {
        self.vertices[vertex as usize].role
    }

    /// The planes of both ends of an edge.
    pub(super) fn sum_at(&self, [u, v]: [u32; 2]) -> Quadric {
        self.vertices[u as usize].quadric.sum(&self.vertices[v as usize].quadric)
    }

    /// Another one for an edge than before, when one of its ends has changed.
    pub(super) fn version(&self, [u, v]: [u32; 2]) -> u32 {
        self.vertices[u as usize].version.wrapping_add(self.vertices[v as usize].version)
    }

    /// The live faces around a vertex.
    pub(super) fn around(&self, vertex: u32) -> impl Iterator<Item = u32> + Clone + '_ {
        self.fans.of(vertex).iter().copied().filter(|&face| self.faces[face as usize][0] != NONE)
    }

    /// As many as live and dead faces are kept for a vertex: at least as many as live.
    pub(super) fn n_around(&self, vertex: u32) -> usize {
        self.fans.of(vertex).len()
    }

    /// Gives a vertex these faces.
    pub(super) fn set_around(&mut self, vertex: u32, faces: &[u32]) {
        self.fans.set(vertex, faces);
    }

    /// The edges at a vertex.
    pub(super) fn spokes_at(&self, vertex: u32, spokes: &mut Vec<Spoke>) {
        spokes.clear();
        for face in self.around(vertex) {
            let kind = 1_u8 << self.kinds[face as usize].min(7);
            for corner in self.faces[face as usize] {
                if corner == vertex {
                    continue;
                }
                match spokes.iter_mut().find(|spoke| spoke.to == corner) {
                    Some(spoke) => {
                        spoke.n_faces += 1;
                        spoke.kinds |= kind;
                    }
                    None => spokes.push(Spoke { to: corner, n_faces: 1, kinds: kind }),
                }
            }
        }
    }

    /// Puts edges in the queue at whose ends something has changed. What they cost is found side by side
    /// where they are many.
    fn push_all(&mut self, mut edges: Vec<[u32; 2]>) {
        edges.retain(|edge| edge.iter().any(|&end| self.vertices[end as usize].is_touched));
        let worth = |&[u, v]: &[u32; 2]| self.worth(u, v);
        let costs: Vec<Option<f64>> = edges.par_iter().with_min_len(MANY_EDGES).map(worth).collect();
        for ([u, v], cost) in edges.into_iter().zip(costs) {
            self.put(u, v, cost);
        }
    }

    /// Puts an edge in the queue, unless its ends may never meet.
    pub(super) fn push(&mut self, u: u32, v: u32) {
        self.put(u, v, self.worth(u, v));
    }

    fn put(&mut self, u: u32, v: u32, cost: Option<f64>) {
        if let Some(cost) = cost {
            let version = self.version([u, v]);
            self.queue.push(cost, [u, v], version);
        }
    }

    /// What an edge costs; `None` where its ends may never meet.
    fn worth(&self, u: u32, v: u32) -> Option<f64> {
        let (cost, _) = self.plan(u, v)?;
        let weight = [u, v].map(|end| self.vertices[end as usize].quadric.weight).iter().sum::<f64>();
        // Flat parts cost what their vertices are apart, about the area; that moves no surface.
        (cost <= weight * (self.most_mean_mm2 + TANGENT_WEIGHT * weight)).then_some(cost)
    }
}
