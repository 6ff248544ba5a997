//! Doubles: vertices in the same place, faces with the same corners, faces without three corners.

use rayon::prelude::*;

use super::edges::Edges;
use super::repair::keep_faces;
use super::topology;
use super::trimesh::TriMesh;

/// Gives vertices in exactly the same place the lowest of their numbers; how many lost theirs.
pub(super) fn join_same_places(mesh: &mut TriMesh) -> usize {
    let key = |vertex: u32| mesh.vertices[vertex as usize].map(|x| (x + 0.0).to_bits());
    let mut order: Vec<([u64; 3], u32)> =
        (0..mesh.vertices.len() as u32).into_par_iter().map(|vertex| (key(vertex), vertex)).collect();
    order.par_sort_unstable();
    let mut first: Vec<u32> = (0..mesh.vertices.len() as u32).collect();
    for same in order.chunk_by(|a, b| a.0 == b.0) {
        for &(_, vertex) in same {
            first[vertex as usize] = same[0].1;
        }
    }
    rename(mesh, &first)
}

/// Renames the vertices of the faces; how many vertices that a face used have another name now.
pub(super) fn rename(mesh: &mut TriMesh, names: &[u32]) -> usize {
    let mut is_renamed = vec![false; names.len()];
    for index in mesh.faces.as_flattened_mut() {
        let name = names[*index as usize];
        is_renamed[*index as usize] |= name != *index;
        *index = name;
    }
    is_renamed.iter().filter(|&&renamed| renamed).count()
}

/// Leaves out faces that name a vertex twice.
pub(super) fn drop_collapsed(mesh: &mut TriMesh) -> usize {
    let before = mesh.faces.len();
    let is_whole: Vec<bool> = mesh.faces.iter().map(|&[a, b, c]| a != b && b != c && c != a).collect();
    keep_faces(mesh, |face| is_whole[face]);
    before - mesh.faces.len()
}

/// Leaves one of several faces with the same corners; none where the others at its edges need none.
pub(super) fn drop_duplicates(mesh: &mut TriMesh) -> usize {
    if topology::duplicates(&mesh.faces).is_empty() {
        return 0;
    }
    let sorted = |face: usize| {
        let mut corners = mesh.faces[face];
        corners.sort_unstable();
        corners
    };
    let mut order: Vec<usize> = (0..mesh.faces.len()).collect();
    order.sort_unstable_by_key(|&face| (sorted(face), face));
    let edges = Edges::new(&mesh.faces, mesh.vertices.len());
    let n_at = |low: u32, high: u32| {
        edges.at(low).find(|edge| edge.high == high).map_or(0, |edge| edge.n_faces())
    };
    let mut stays = vec![true; mesh.faces.len()];
    for same in order.chunk_by(|&a, &b| sorted(a) == sorted(b)).filter(|same| same.len() > 1) {
        let [a, b, c] = sorted(same[0]);
        let is_needed = [(a, b), (b, c), (a, c)].iter().any(|&(p, q)| (n_at(p, q) - same.len()) % 2 == 1);
        for &face in &same[usize::from(is_needed)..] {
            stays[face] = false;
        }
    }
    let before = mesh.faces.len();
    keep_faces(mesh, |face| stays[face]);
    before - mesh.faces.len()
}

/// Leaves out vertices that no face uses.
pub(super) fn drop_unused(mesh: &mut TriMesh) -> usize {
    let mut is_used = vec![false; mesh.vertices.len()];
    for &index in mesh.faces.as_flattened() {
        is_used[index as usize] = true;
    }
    let mut names = Vec::with_capacity(is_used.len());
    let mut next = 0;
    for &used in &is_used {
        names.push(next);
        next += u32::from(used);
    }
    let before = mesh.vertices.len();
    let mut at = 0;
    mesh.vertices.retain(|_| {
        at += 1;
        is_used[at - 1]
    });
    rename(mesh, &names);
    before - mesh.vertices.len()
}
