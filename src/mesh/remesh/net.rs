//! The mesh while it is made anew: faces that know what lies across each of their sides.

use nalgebra::Vector3;

use super::lines::Lines;
use crate::mesh::{MeshRef, TriMesh};

/// No face, no side, no line.
pub(super) const NONE: u32 = u32::MAX;

/// What a vertex may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Goes where it likes on the surface.
    Free,
    /// Goes along its line.
    Line,
    /// Stays.
    Fixed,
}

/// A vertex while the mesh is made anew.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) point: Vector3<f64>,
    pub(super) role: Role,
    /// Edges here should be so long, mm.
    pub(super) size_mm: f64,
    /// The face of the original surface, or for a vertex of a line the segment, that it is on or near;
    /// `NONE` where that is not known.
    pub(super) base: u32,
    /// A side that leaves it; `NONE` once it is gone.
    start: u32,
}

/// Side 3 f + k runs from corner k of face f to the next one.
#[derive(Debug)]
pub(super) struct Net {
    pub(super) nodes: Vec<Node>,
    /// A face that is gone begins with `NONE`.
    pub(super) faces: Vec<[u32; 3]>,
    pub(super) kinds: Vec<u8>,
    /// For each side the one across; `NONE` on a boundary.
    twins: Vec<[u32; 3]>,
    /// For each side the number of the line that it is a part of.
    lines: Vec<[u32; 3]>,
    pub(super) n_live: usize,
}

/// The side after this one in its face.
pub(super) fn next(side: u32) -> u32 {
    if side % 3 == 2 { side - 2 } else { side + 1 }
}

/// The side before this one in its face.
pub(super) fn prev(side: u32) -> u32 {
    if side.is_multiple_of(3) { side + 2 } else { side - 1 }
}

fn get(rows: &[[u32; 3]], side: u32) -> u32 {
    rows[side as usize / 3][side as usize % 3]
}

fn set(rows: &mut [[u32; 3]], side: u32, value: u32) {
    rows[side as usize / 3][side as usize % 3] = value;
}

impl Net {
    /// Of a mesh that is manifold and turned alike, with its lines.
    pub(super) fn new(mesh: MeshRef<'_>, lines: &Lines, size_mm: f64) -> Self {
        let node = |(vertex, &point): (usize, &[f64; 3])| Node {
            point: Vector3::from(point),
            role: lines.roles[vertex],
            size_mm,
            base: 0,
            start: NONE,
        };
        let mut net = Self {
            nodes: mesh.vertices().iter().enumerate().map(node).collect(),
            faces: mesh.faces().to_vec(),
            kinds: mesh.kinds().to_vec(),
            twins: lines.twins.clone(),
            lines: lines.marks.clone(),
            n_live: mesh.faces().len(),
        };
        for side in 0..3 * net.faces.len() as u32 {
            let vertex = net.from(side) as usize;
            net.nodes[vertex].start = side;
            if net.nodes[vertex].role == Role::Free {
                net.nodes[vertex].base = side / 3;
            }
        }
        for (segment, ends) in lines.segments.iter().enumerate() {
            for &end in ends {
                net.nodes[end as usize].base = segment as u32;
            }
        }
        net
    }

    pub(super) fn from(&self, side: u32) -> u32 {
        get(&self.faces, side)
    }

    pub(super) fn to(&self, side: u32) -> u32 {
        get(&self.faces, next(side))
    }

    /// The corner across from a side.
    pub(super) fn apex(&self, side: u32) -> u32 {
        get(&self.faces, prev(side))
    }

    pub(super) fn twin(&self, side: u32) -> u32 {
        get(&self.twins, side)
    }

    pub(super) fn line(&self, side: u32) -> u32 {
        get(&self.lines, side)
    }

    pub(super) fn point(&self, vertex: u32) -> Vector3<f64> {
        self.nodes[vertex as usize].point
    }

    pub(super) fn is_live(&self, face: usize) -> bool {
        self.faces[face][0] != NONE
    }

    pub(super) fn triangle(&self, face: u32) -> [Vector3<f64>; 3] {
        self.faces[face as usize].map(|vertex| self.point(vertex))
    }

    pub(super) fn squared_length(&self, side: u32) -> f64 {
        (self.point(self.to(side)) - self.point(self.from(side))).norm_squared()
    }

    /// How long an edge between two vertices should be, mm.
    pub(super) fn size_between(&self, a: u32, b: u32) -> f64 {
        self.nodes[a as usize].size_mm.min(self.nodes[b as usize].size_mm)
    }

    /// One side of every edge, in ascending order.
    pub(super) fn edges(&self) -> impl Iterator<Item = u32> + '_ {
        let sides = (0..self.faces.len()).filter(|&face| self.is_live(face));
        sides.flat_map(|face| 3 * face as u32..3 * face as u32 + 3).filter(|&side| {
            let twin = self.twin(side);
            twin == NONE || side < twin
        })
    }

    /// The sides that leave a vertex, in the order of its faces; whether they go all the way round.
    pub(super) fn spokes(&self, vertex: u32, found: &mut Vec<u32>) -> bool {
        found.clear();
        let start = self.nodes[vertex as usize].start;
        if start == NONE {
            return true;
        }
        // Back to where an open fan begins.
        let mut first = start;
        loop {
            let across = self.twin(first);
            if across == NONE {
                break;
            }
            first = next(across);
            if first == start {
                break;
            }
        }
        let mut side = first;
        loop {
            found.push(side);
            side = self.twin(prev(side));
            if side == NONE || side == first {
                return side == first;
            }
        }
    }

    /// The vertices around one, from what [`Self::spokes`] found.
    pub(super) fn ring<'a>(&'a self, spokes: &'a [u32], is_round: bool) -> impl Iterator<Item = u32> + 'a {
        let last = spokes.last().filter(|_| !is_round).map(|&side| self.apex(side));
        spokes.iter().map(|&side| self.to(side)).chain(last)
    }

    /// The line at a vertex of a line: the side of it at either end.
    pub(super) fn line_ends(&self, spokes: &[u32], is_round: bool) -> ([u32; 2], u32) {
        let (mut ends, mut line, mut n) = ([NONE; 2], NONE, 0);
        let open = spokes.last().filter(|_| !is_round).map(|&side| prev(side));
        for side in spokes.iter().copied().chain(open).filter(|&side| self.line(side) != NONE) {
            if n < 2 {
                let vertex = if Some(side) == open { self.from(side) } else { self.to(side) };
                ends[n] = vertex;
                line = self.line(side);
            }
            n += 1;
        }
        (ends, line)
    }

    fn meet(&mut self, side: u32, other: u32, line: u32) {
        for (own, across) in [(side, other), (other, side)] {
            if own != NONE {
                set(&mut self.twins, own, across);
                set(&mut self.lines, own, line);
            }
        }
    }

    /// Puts a vertex in the middle of an edge; its number.
    pub(super) fn split(&mut self, side: u32) -> u32 {
        let (a, b) = (self.from(side), self.to(side));
        let [p, q] = [a, b].map(|end| self.nodes[end as usize]);
        let (line, middle) = (self.line(side), self.nodes.len() as u32);
        let role = if line == NONE { Role::Free } else { Role::Line };
        let known = [p, q].into_iter().find(|end| end.role == role);
        self.nodes.push(Node {
            point: (p.point + q.point) / 2.0,
            role,
            size_mm: f64::midpoint(p.size_mm, q.size_mm),
            base: known.map_or(NONE, |end| end.base),
            start: NONE,
        });
        let twin = self.twin(side);
        let first = self.halve(side, middle);
        if twin == NONE {
            self.meet(side, NONE, line);
            self.meet(first, NONE, line);
        } else {
            let second = self.halve(twin, middle);
            self.meet(side, second, line);
            self.meet(twin, first, line);
        }
        self.nodes[middle as usize].start = first;
        middle
    }

    /// Halves a face: its side ends at the middle, a new face has the other half, whose side is returned.
    fn halve(&mut self, side: u32, middle: u32) -> u32 {
        let (face, made) = (side as usize / 3, 3 * self.faces.len() as u32);
        let (from, to, apex, after) = (self.from(side), self.to(side), self.apex(side), next(side));
        let (outer, line) = (self.twin(after), self.line(after));
        set(&mut self.faces, after, middle);
        self.faces.push([middle, to, apex]);
        self.kinds.push(self.kinds[face]);
        self.twins.push([NONE; 3]);
        self.lines.push([NONE; 3]);
        self.n_live += 1;
        self.meet(made + 1, outer, line);
        self.meet(after, made + 2, NONE);
        self.nodes[to as usize].start = made + 1;
        self.nodes[apex as usize].start = made + 2;
        self.nodes[from as usize].start = side;
        made
    }

    /// Makes the beginning of a side one with its end; `spokes` leave the beginning.
    pub(super) fn join(&mut self, side: u32, spokes: &[u32]) {
        let (gone, kept, twin) = (self.from(side), self.to(side), self.twin(side));
        for &spoke in spokes {
            set(&mut self.faces, spoke, kept);
        }
        for side in [side, twin].into_iter().filter(|&side| side != NONE) {
            let (after, before, apex) = (next(side), prev(side), self.apex(side));
            let (x, y) = (self.twin(after), self.twin(before));
            let line = if self.line(after) == NONE { self.line(before) } else { self.line(after) };
            self.meet(x, y, line);
            let (of_apex, of_kept) = if x == NONE { (next(y), y) } else { (x, next(x)) };
            self.nodes[apex as usize].start = of_apex;
            self.nodes[kept as usize].start = of_kept;
            self.faces[side as usize / 3] = [NONE; 3];
            self.n_live -= 1;
        }
        self.nodes[gone as usize].start = NONE;
    }

    /// Turns an edge inside the two faces that it parts.
    pub(super) fn flip(&mut self, side: u32) {
        let twin = self.twin(side);
        let (a, b, c, d) = (self.from(side), self.to(side), self.apex(side), self.apex(twin));
        let outer = [prev(side), next(side), prev(twin), next(twin)];
        let [ca, bc, db, ad] = outer.map(|side| (self.twin(side), self.line(side)));
        let (f, g) = (side / 3, twin / 3);
        self.faces[f as usize] = [a, d, c];
        self.faces[g as usize] = [b, c, d];
        for (own, (across, line)) in
            [(3 * f, ad), (3 * f + 2, ca), (3 * g, bc), (3 * g + 2, db), (3 * f + 1, (3 * g + 1, NONE))]
        {
            self.meet(own, across, line);
        }
        for (vertex, start) in [(a, 3 * f), (d, 3 * f + 1), (b, 3 * g), (c, 3 * g + 1)] {
            self.nodes[vertex as usize].start = start;
        }
    }

    /// Leaves out what is gone; everything else keeps its order.
    pub(super) fn compact(&mut self) {
        let is_used = self.nodes.iter().all(|node| node.start != NONE);
        if self.n_live == self.faces.len() && is_used {
            return;
        }
        let mut face_numbers = vec![NONE; self.faces.len()];
        let live: Vec<usize> = (0..self.faces.len()).filter(|&face| self.is_live(face)).collect();
        for (number, &face) in live.iter().enumerate() {
            face_numbers[face] = number as u32;
        }
        let mut numbers = vec![NONE; self.nodes.len()];
        let mut nodes: Vec<Node> = Vec::new();
        for (vertex, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.start != NONE) {
            numbers[vertex] = nodes.len() as u32;
            nodes.push(*node);
        }
        let side = |side: u32| {
            if side == NONE { NONE } else { 3 * face_numbers[side as usize / 3] + side % 3 }
        };
        for node in &mut nodes {
            node.start = side(node.start);
        }
        let faces = live.iter().map(|&face| self.faces[face].map(|vertex| numbers[vertex as usize]));
        let (faces, twins) = (faces.collect(), live.iter().map(|&face| self.twins[face].map(side)).collect());
        self.kinds = live.iter().map(|&face| self.kinds[face]).collect();
        self.lines = live.iter().map(|&face| self.lines[face]).collect();
        (self.nodes, self.faces, self.twins) = (nodes, faces, twins);
    }

    /// The mesh as it is now.
    pub(super) fn mesh(&mut self) -> TriMesh {
        self.compact();
        TriMesh {
            vertices: self.nodes.iter().map(|node| node.point.into()).collect(),
            faces: self.faces.clone(),
            kinds: self.kinds.clone(),
        }
    }
}
