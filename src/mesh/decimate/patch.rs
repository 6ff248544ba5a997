//! A part of a mesh whose edges are collapsed one after the other, cheapest first.

use std::cmp::Ordering;

use nalgebra::Vector3;

use super::quadric::{Quadric, TANGENT_WEIGHT};
use super::queue::BucketQueue;
use super::samples::Samples;
use super::surface::Surface;
use crate::mesh::FaceKind;
use crate::mesh::measure::doubled_area_vector;

pub(super) const NONE: u32 = u32::MAX;

/// Weight of the walls that stand on the borders of a surface.
const BORDER_WEIGHT: f64 = 8.0;

/// Part of the bound that the root mean square of the distances of a vertex may reach.
const MEAN_SHARE: f64 = 0.75;

/// Lids are flat when the cosine between the normals of their faces is above this.
const FLAT: f64 = 1.0 - 1e-9;

/// What a vertex may do; the higher of two wins when they become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Role {
    /// Goes where the quadric is least.
    #[default]
    Free,
    /// On a boundary, or where kinds meet: only along it.
    Border,
    /// Stays.
    Fixed,
    /// Stays for now: other patches share it.
    Seam,
}

/// What a vertex may do before its surroundings are looked at.
pub(super) fn role(is_kept: &[bool], vertex: usize) -> Role {
    if is_kept.get(vertex).copied().unwrap_or(false) { Role::Fixed } else { Role::Free }
}

/// What a patch is made from; `roles` say `Seam`, `Fixed` or `Free`.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) points: Vec<Vector3<f64>>,
    pub(super) faces: Vec<[u32; 3]>,
    pub(super) kinds: Vec<u8>,
    pub(super) roles: Vec<Role>,
    /// Sums from earlier collapses, and whether the walls of a vertex are in them; made afresh when
    /// empty.
    pub(super) quadrics: Vec<Quadric>,
    pub(super) has_walls: Vec<bool>,
    /// Which original vertices are where.
    pub(super) samples: Samples,
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
    pub(super) points: Vec<Vector3<f64>>,
    pub(super) quadrics: Vec<Quadric>,
    pub(super) roles: Vec<Role>,
    pub(super) faces: Vec<[u32; 3]>,
    pub(super) kinds: Vec<u8>,
    pub(super) n_live: usize,
    pub(super) queue: BucketQueue,
    pub(super) versions: Vec<u32>,
    /// Where the faces of each vertex stand in the pool; dead ones among them are skipped.
    spans: Vec<(u32, u32)>,
    pool: Vec<u32>,
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
    pub(super) fn new(part: Part, limits: &Limits<'_>) -> Self {
        let n_vertices = part.points.len();
        let (spans, pool) = spans(n_vertices, &part.faces);
        let has_sums = !part.quadrics.is_empty();
        let mut patch = Self {
            n_live: part.faces.len(),
            points: part.points,
            quadrics: if has_sums { part.quadrics } else { vec![Quadric::default(); n_vertices] },
            roles: part.roles,
            faces: part.faces,
            kinds: part.kinds,
            queue: BucketQueue::with_capacity(n_vertices * 3),
            versions: vec![0; n_vertices],
            spans,
            pool,
            samples: part.samples,
            most_mean_mm2: (limits.bound_mm * MEAN_SHARE).powi(2),
        };
        if !has_sums {
            patch.sum_planes();
        }
        let edges = patch.classify(&part.has_walls);
        for [u, v] in edges {
            patch.push(u, v);
        }
        patch
    }

    /// The planes of all faces, a third of the area to each corner.
    fn sum_planes(&mut self) {
        for face in 0..self.faces.len() {
            let corners = self.faces[face];
            let [a, b, c] = corners.map(|index| self.points[index as usize]);
            let normal = (b - a).cross(&(c - a));
            let length = normal.norm();
            if length > 0.0 {
                let quadric = Quadric::plane(&(normal / length), &a, length / 6.0);
                for corner in corners {
                    let sum = &mut self.quadrics[corner as usize];
                    *sum = sum.sum(&quadric);
                }
            }
        }
        for (quadric, point) in self.quadrics.iter_mut().zip(&self.points) {
            quadric.anchor(point);
        }
    }

    /// Finds the roles, puts walls on borders, and returns every edge once.
    fn classify(&mut self, has_walls: &[bool]) -> Vec<[u32; 2]> {
        let mut edges = Vec::with_capacity(self.faces.len() * 3 / 2 + 16);
        let mut spokes = Vec::with_capacity(16);
        for vertex in 0..self.points.len() as u32 {
            self.spokes_at(vertex, &mut spokes);
            let is_seam = self.roles[vertex as usize] == Role::Seam;
            if self.roles[vertex as usize] == Role::Free {
                self.roles[vertex as usize] = self.role_of(vertex, &spokes);
            }
            for spoke in &spokes {
                if spoke.to > vertex {
                    edges.push([vertex, spoke.to]);
                }
                let other_is_seam = self.roles[spoke.to as usize] == Role::Seam;
                let is_known = !(is_seam && other_is_seam) && self.roles[vertex as usize] != Role::Free;
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
            let corners = self.faces[face as usize].map(|index| self.points[index as usize].into());
            let Some(normal) = doubled_area_vector(corners).try_normalize(0.0) else { return true };
            normal.dot(first.get_or_insert(normal)) > FLAT
        })
    }

    /// A plane through a border edge, upright on each of its faces, for the vertex at this end.
    fn add_wall(&mut self, vertex: u32, to: u32) {
        let (a, b) = (self.points[vertex as usize], self.points[to as usize]);
        let along = b - a;
        let faces: Vec<u32> =
            self.around(vertex).filter(|&face| self.faces[face as usize].contains(&to)).collect();
        for face in faces {
            let corners = self.faces[face as usize].map(|index| self.points[index as usize].into());
            let wall = along.cross(&doubled_area_vector(corners));
            if let Some(normal) = wall.try_normalize(0.0) {
                let weight = along.norm_squared() * BORDER_WEIGHT;
                let mut quadric = Quadric::plane(&normal, &a, weight);
                quadric.weight = 0.0;
                let sum = &mut self.quadrics[vertex as usize];
                *sum = sum.sum(&quadric);
            }
        }
    }

    /// The live faces around a vertex.
    pub(super) fn around(&self, vertex: u32) -> impl Iterator<Item = u32> + Clone + '_ {
        let (start, n) = self.spans[vertex as usize];
        self.pool[start as usize..(start + n) as usize]
            .iter()
            .copied()
            .filter(|&face| self.faces[face as usize][0] != NONE)
    }

    /// Gives a vertex these faces.
    pub(super) fn set_around(&mut self, vertex: u32, faces: &[u32]) {
        self.spans[vertex as usize] = (self.pool.len() as u32, faces.len() as u32);
        self.pool.extend_from_slice(faces);
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

    /// Puts an edge in the queue, unless its ends may never meet.
    pub(super) fn push(&mut self, u: u32, v: u32) {
        if let Some((cost, _)) = self.plan(u, v) {
            let weight = self.quadrics[u as usize].weight + self.quadrics[v as usize].weight;
            // Flat parts cost what their vertices are apart, about the area; that moves no surface.
            if cost > weight * (self.most_mean_mm2 + TANGENT_WEIGHT * weight) {
                return;
            }
            let version = self.versions[u as usize].wrapping_add(self.versions[v as usize]);
            self.queue.push(cost, [u, v], version);
        }
    }

    /// What it costs to make two vertices one, and where it would be.
    pub(super) fn plan(&self, u: u32, v: u32) -> Option<(f64, Vector3<f64>)> {
        let [p, q] = [u, v].map(|end| self.points[end as usize]);
        let [role, other] = [u, v].map(|end| self.roles[end as usize]);
        if role.min(other) >= Role::Fixed {
            return None;
        }
        let sum = self.quadrics[u as usize].sum(&self.quadrics[v as usize]);
        let place = match role.cmp(&other) {
            Ordering::Equal if role == Role::Free => free_place(&sum, &p, &q),
            Ordering::Equal => place_along(&sum, &p, &q),
            Ordering::Greater => p,
            Ordering::Less => q,
        };
        Some((sum.at(&place), place))
    }
}

/// Where the quadric is least, unless that is far from the edge.
fn free_place(sum: &Quadric, p: &Vector3<f64>, q: &Vector3<f64>) -> Vector3<f64> {
    let middle = (p + q) / 2.0;
    let reach = (p - q).norm_squared() * 4.0;
    match sum.minimum() {
        Some(place) if (place - middle).norm_squared() <= reach => place,
        _ => least(sum, [middle, *p, *q]),
    }
}

/// Where the quadric is least on an edge: what lies in a plane stays in it.
fn place_along(sum: &Quadric, p: &Vector3<f64>, q: &Vector3<f64>) -> Vector3<f64> {
    let middle = (p + q) / 2.0;
    let [start, half, end] = [p, &middle, q].map(|point| sum.at(point));
    // The parabola through three values.
    let bend = 2.0 * (start + end - 2.0 * half);
    if bend > 0.0 {
        let t = ((3.0 * start - 4.0 * half + end) / (2.0 * bend)).clamp(0.0, 1.0);
        least(sum, [p + (q - p) * t, middle, *p])
    } else {
        least(sum, [middle, *p, *q])
    }
}

fn least(sum: &Quadric, places: [Vector3<f64>; 3]) -> Vector3<f64> {
    let [a, b, c] = places.map(|place| sum.at(&place));
    places[if a <= b && a <= c {
        0
    } else if b <= c {
        1
    } else {
        2
    }]
}

fn spans(n_vertices: usize, faces: &[[u32; 3]]) -> (Vec<(u32, u32)>, Vec<u32>) {
    let mut spans = vec![(0_u32, 0_u32); n_vertices];
    for &corner in faces.as_flattened() {
        spans[corner as usize].1 += 1;
    }
    let mut start = 0;
    for span in &mut spans {
        span.0 = start;
        start += span.1;
        span.1 = 0;
    }
    let mut pool = vec![0; start as usize];
    for (face, corners) in faces.iter().enumerate() {
        for &corner in corners {
            let span = &mut spans[corner as usize];
            pool[(span.0 + span.1) as usize] = face as u32;
            span.1 += 1;
        }
    }
    (spans, pool)
}
