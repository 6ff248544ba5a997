//! The lines of a surface, which stay where they are: boundaries, rims where kinds meet, creases.

use nalgebra::Vector3;

use super::net::{NONE, Role};
use crate::mesh::MeshRef;
use crate::mesh::closest::ClosestPoints;
use crate::mesh::edges::{Edge, Edges};
use crate::mesh::forest::Forest;
use crate::mesh::measure::doubled_area_vector;

/// What lies across each side of a mesh, and its lines.
#[derive(Debug)]
pub(super) struct Lines {
    /// For each side the one across, or `NONE`.
    pub(super) twins: Vec<[u32; 3]>,
    /// For each side the number of its line, or `NONE`.
    pub(super) marks: Vec<[u32; 3]>,
    pub(super) roles: Vec<Role>,
    /// Ends of every edge of a line, as triangles without area.
    pub(super) segments: Vec<[u32; 3]>,
    /// The line of each of those.
    pub(super) line_of: Vec<u32>,
    kinds: Vec<u8>,
}

/// An edge that may be part of a line.
struct Piece {
    ends: [u32; 2],
    sides: [u32; 2],
    is_crease: bool,
}

/// Which lines there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Creases {
    /// An edge is a crease, and a vertex of a line its corner, where the cosine of the turn is below this.
    pub(super) least_cosine: f64,
    /// Creases that hang together and are shorter than this in all are none.
    pub(super) shortest_mm: f64,
}

impl Lines {
    /// Of a mesh; its edges that have more than two faces, or two that are not turned alike, are counted
    /// instead where there are any.
    pub(super) fn of(mesh: MeshRef<'_>, asked: Creases) -> Result<Self, usize> {
        let n_vertices = mesh.vertices().len();
        let edges = Edges::new(mesh.faces(), n_vertices);
        let mut lines = Self {
            twins: vec![[NONE; 3]; mesh.faces().len()],
            marks: vec![[NONE; 3]; mesh.faces().len()],
            roles: vec![Role::Free; n_vertices],
            segments: Vec::new(),
            line_of: Vec::new(),
            kinds: Vec::new(),
        };
        let (mut pieces, mut n_bad) = (Vec::new(), 0);
        for edge in edges.iter() {
            match lines.pair(mesh, &edge) {
                Some(sides) => pieces.extend(piece(mesh, &edge, sides, asked.least_cosine)),
                None => n_bad += 1,
            }
        }
        if n_bad > 0 {
            return Err(n_bad);
        }
        drop_short(mesh, &mut pieces, asked.shortest_mm);
        lines.number(mesh, &pieces, asked.least_cosine);
        Ok(lines)
    }

    /// Notes what lies across; `None` where that cannot be said.
    fn pair(&mut self, mesh: MeshRef<'_>, edge: &Edge<'_>) -> Option<[u32; 2]> {
        let mut halves = edge.halves();
        let first = halves.next()?;
        let Some(second) = halves.next() else { return Some([first, NONE]) };
        let is_upwards = |side| edge.is_upwards(mesh.faces(), side);
        if halves.next().is_some() || is_upwards(first) == is_upwards(second) {
            return None;
        }
        for (side, across) in [(first, second), (second, first)] {
            self.twins[side as usize / 3][side as usize % 3] = across;
        }
        Some([first, second])
    }

    /// Says what each vertex may do, and numbers the lines.
    fn number(&mut self, mesh: MeshRef<'_>, pieces: &[Piece], least_cosine: f64) {
        let mut at = vec![[NONE; 3]; self.roles.len()];
        for (number, piece) in pieces.iter().enumerate() {
            for end in piece.ends {
                if let Some(free) = at[end as usize].iter_mut().find(|place| **place == NONE) {
                    *free = number as u32;
                }
            }
        }
        let mut forest = Forest::new(pieces.len());
        for (vertex, &[first, second, third]) in at.iter().enumerate().filter(|(_, at)| at[0] != NONE) {
            self.roles[vertex] = Role::Fixed;
            if second != NONE && third == NONE {
                let ends = [first, second].map(|piece| other(&pieces[piece as usize], vertex as u32));
                if turn(mesh, ends, vertex) >= least_cosine {
                    self.roles[vertex] = Role::Line;
                    forest.join(first, second);
                }
            }
        }
        (self.line_of, _) = forest.labels();
        for (piece, &line) in pieces.iter().zip(&self.line_of) {
            self.segments.push([piece.ends[0], piece.ends[1], piece.ends[1]]);
            for side in piece.sides.into_iter().filter(|&side| side != NONE) {
                self.marks[side as usize / 3][side as usize % 3] = line;
            }
        }
        self.kinds = vec![0; self.segments.len()];
    }

    /// All lines, to look for the closest point on.
    pub(super) fn tree<'a>(&'a self, mesh: MeshRef<'a>) -> ClosestPoints<'a> {
        ClosestPoints::new(MeshRef::of_parts(mesh.vertices(), &self.segments, &self.kinds))
    }
}

fn other(piece: &Piece, vertex: u32) -> u32 {
    if piece.ends[0] == vertex { piece.ends[1] } else { piece.ends[0] }
}

/// Cosine of the angle by which a line turns at a vertex.
fn turn(mesh: MeshRef<'_>, ends: [u32; 2], vertex: usize) -> f64 {
    let [from, to] = ends.map(|end| Vector3::from(mesh.vertices()[end as usize]));
    let middle = Vector3::from(mesh.vertices()[vertex]);
    let (before, after) = (middle - from, to - middle);
    let lengths = before.norm() * after.norm();
    if lengths > 0.0 { before.dot(&after) / lengths } else { 1.0 }
}

/// What an edge is for the lines, where it is something.
fn piece(mesh: MeshRef<'_>, edge: &Edge<'_>, sides: [u32; 2], least_cosine: f64) -> Option<Piece> {
    let ends = [edge.low, edge.high];
    let kept = |is_crease| Some(Piece { ends, sides, is_crease });
    if sides[1] == NONE {
        return kept(false);
    }
    let faces = sides.map(|side| side as usize / 3);
    let [p, q] = faces.map(|face| mesh.kinds()[face]);
    if p != q {
        return kept(false);
    }
    let [p, q] = faces.map(|face| doubled_area_vector(mesh.corners(face)));
    let lengths = p.norm() * q.norm();
    if lengths > 0.0 && p.dot(&q) < least_cosine * lengths { kept(true) } else { None }
}

/// Leaves out creases that are too short to matter.
fn drop_short(mesh: MeshRef<'_>, pieces: &mut Vec<Piece>, shortest_mm: f64) {
    let mut forest = Forest::new(mesh.vertices().len());
    for piece in pieces.iter().filter(|piece| piece.is_crease) {
        forest.join(piece.ends[0], piece.ends[1]);
    }
    let mut lengths = vec![0.0; mesh.vertices().len()];
    for piece in pieces.iter().filter(|piece| piece.is_crease) {
        let [p, q] = piece.ends.map(|end| Vector3::from(mesh.vertices()[end as usize]));
        lengths[forest.find(piece.ends[0]) as usize] += (p - q).norm();
    }
    pieces.retain(|piece| !piece.is_crease || lengths[forest.find(piece.ends[0]) as usize] >= shortest_mm);
}
