//! Joins what is left of patches at the vertices they share.

use rayon::prelude::*;

use super::patch::{NONE, Part, Patch};
use super::vertex::{Role, Vertex};

/// What is left of a patch. Vertices are numbered as faces name them, those at seams after all others.
struct Left {
    part: Part<'static>,
    /// The numbers in the whole of the vertices at seams.
    seam_names: Vec<u32>,
}

/// One part of all patches; `before` is what they were cut from.
pub(super) fn join(patches: Vec<(Patch, Vec<u32>)>, before: &Part<'_>) -> Part<'static> {
    let left: Vec<Left> =
        patches.into_par_iter().map(|(patch, names)| Left::of(patch, &names, before)).collect();
    let mut part = Part::default();
    let sum = |n: fn(&Part<'_>) -> usize| left.iter().map(|left| n(&left.part)).sum();
    part.reserve(sum(|part| part.points.len()), sum(|part| part.faces.len()));
    let mut numbers = vec![NONE; before.roles.len()];
    for left in left {
        part.append(left, &mut numbers);
    }
    part
}

impl Left {
    fn of(patch: Patch, names: &[u32], before: &Part<'_>) -> Self {
        let (own, seam) = in_order_of_faces(&patch);
        let mut local = vec![NONE; names.len()];
        for (number, &vertex) in own.iter().chain(&seam).enumerate() {
            local[vertex as usize] = number as u32;
        }
        let mut part = Part::default();
        for &vertex in own.iter().chain(&seam) {
            part.take(&patch.vertices[vertex as usize], names[vertex as usize], before);
        }
        let live = |face: &usize| patch.faces[*face][0] != NONE;
        for face in (0..patch.faces.len()).filter(live) {
            let joined = part.faces.len() as u32;
            part.faces.to_mut().push(patch.faces[face].map(|corner| local[corner as usize]));
            part.kinds.to_mut().push(patch.kinds[face]);
            part.samples.add_face();
            for sample in patch.samples.of(face as u32) {
                part.samples.add(patch.samples.names[sample as usize], joined);
            }
        }
        Self { part, seam_names: seam.iter().map(|&vertex| names[vertex as usize]).collect() }
    }
}

/// The vertices that live faces name, those at seams apart.
fn in_order_of_faces(patch: &Patch) -> (Vec<u32>, Vec<u32>) {
    let mut is_known = vec![false; patch.vertices.len()];
    let (mut own, mut seam) = (Vec::new(), Vec::new());
    for &corner in patch.faces.iter().filter(|corners| corners[0] != NONE).flatten() {
        if !std::mem::replace(&mut is_known[corner as usize], true) {
            if patch.role(corner) == Role::Seam { seam.push(corner) } else { own.push(corner) }
        }
    }
    (own, seam)
}

impl Part<'_> {
    fn reserve(&mut self, n_vertices: usize, n_faces: usize) {
        self.points.to_mut().reserve(n_vertices);
        self.roles.reserve(n_vertices);
        self.quadrics.reserve(n_vertices);
        self.owed.reserve(n_vertices);
        self.has_walls.reserve(n_vertices);
        self.is_settled.reserve(n_vertices);
        self.faces.to_mut().reserve(n_faces);
        self.kinds.to_mut().reserve(n_faces);
    }

    /// One more vertex of a patch.
    fn take(&mut self, vertex: &Vertex, name: u32, before: &Part<'_>) {
        let name = name as usize;
        let is_seam = vertex.role == Role::Seam;
        self.points.to_mut().push(vertex.point.into());
        self.roles.push(before.roles[name]);
        self.quadrics.push(vertex.quadric);
        self.owed.push(vertex.owed);
        self.has_walls.push(!is_seam || before.has_walls.get(name).copied().unwrap_or(false));
        self.is_settled.push(!vertex.is_touched && (!is_seam || before.is_settled_at(name)));
    }

    /// What is left of one more patch. Of vertices that were there already, what both know is put together.
    fn append(&mut self, left: Left, numbers: &mut [u32]) {
        let Left { part, seam_names } = left;
        let first = self.points.len() as u32;
        let n_own = part.points.len() - seam_names.len();
        self.copy_vertices(&part, 0..n_own);
        let mut seam_numbers = Vec::with_capacity(seam_names.len());
        for (vertex, &name) in (n_own..).zip(&seam_names) {
            let number = &mut numbers[name as usize];
            if *number == NONE {
                *number = self.points.len() as u32;
                self.copy_vertices(&part, vertex..vertex + 1);
            } else {
                self.add_to(*number as usize, &part, vertex);
            }
            seam_numbers.push(*number);
        }
        let number = |corner: u32| match (corner as usize).checked_sub(n_own) {
            Some(at_seam) => seam_numbers[at_seam],
            None => first + corner,
        };
        self.faces.to_mut().extend(part.faces.iter().map(|corners| corners.map(number)));
        self.kinds.to_mut().extend_from_slice(&part.kinds);
        self.samples.append(&part.samples);
    }

    fn copy_vertices(&mut self, part: &Part<'_>, vertices: std::ops::Range<usize>) {
        self.points.to_mut().extend_from_slice(&part.points[vertices.clone()]);
        self.roles.extend_from_slice(&part.roles[vertices.clone()]);
        self.quadrics.extend_from_slice(&part.quadrics[vertices.clone()]);
        self.owed.extend_from_slice(&part.owed[vertices.clone()]);
        self.has_walls.extend_from_slice(&part.has_walls[vertices.clone()]);
        self.is_settled.extend_from_slice(&part.is_settled[vertices]);
    }

    fn add_to(&mut self, number: usize, part: &Part<'_>, vertex: usize) {
        self.quadrics[number] = self.quadrics[number].sum(&part.quadrics[vertex]);
        self.owed[number] += part.owed[vertex];
        self.is_settled[number] &= part.is_settled[vertex];
    }
}
