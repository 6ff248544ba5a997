//! Doubles: vertices in the same place, faces with the same corners, faces without three corners.

use rayon::prelude::*;

use super::edges::Edges;
use super::forest::Forest;
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

/// Leaves one of several faces with the same corners. Of a wall that two bodies have in common, once for
/// each and looking both ways, none is left: the bodies become one.
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
    let (mut firsts, mut is_two_faced) = (Vec::new(), Vec::new());
    for same in order.chunk_by(|&a, &b| sorted(a) == sorted(b)) {
        let n_even = same.iter().filter(|&&face| is_even(mesh.faces[face])).count();
        firsts.push(same[0]);
        is_two_faced.push(n_even > 0 && n_even < same.len());
    }
    let is_wall = walls(mesh, &firsts, &is_two_faced);
    let mut stays = vec![false; mesh.faces.len()];
    for (at, &face) in firsts.iter().enumerate() {
        stays[face] = !is_wall[at];
    }
    let before = mesh.faces.len();
    keep_faces(mesh, |face| stays[face]);
    before - mesh.faces.len()
}

/// Whether the corners, from the lowest on, go up: one of the two ways round.
fn is_even(face: [u32; 3]) -> bool {
    let lowest = (1..3).fold(0, |best, k| if face[k] < face[best] { k } else { best });
    face[(lowest + 1) % 3] < face[(lowest + 2) % 3]
}

/// Which of these faces belong to a wall: a patch of faces that look both ways, at whose whole rim the
/// other faces come in pairs and need no more.
fn walls(mesh: &TriMesh, firsts: &[usize], is_two_faced: &[bool]) -> Vec<bool> {
    let faces: Vec<[u32; 3]> = firsts.iter().map(|&face| mesh.faces[face]).collect();
    let edges = Edges::new(&faces, mesh.vertices.len());
    let mut patches = Forest::new(faces.len());
    let two_faced = |half: &u32| is_two_faced[*half as usize / 3];
    for edge in edges.iter() {
        let mut doubles = edge.halves().filter(two_faced);
        if let Some(first) = doubles.next() {
            doubles.for_each(|half| patches.join(first / 3, half / 3));
        }
    }
    let (mut has_rim, mut is_needed) = (vec![false; faces.len()], vec![false; faces.len()]);
    for edge in edges.iter() {
        let n_others = edge.halves().filter(|half| !two_faced(half)).count();
        if let Some(half) = edge.halves().find(two_faced).filter(|_| n_others > 0) {
            let patch = patches.find(half / 3) as usize;
            has_rim[patch] = true;
            is_needed[patch] |= n_others % 2 == 1;
        }
    }
    (0..faces.len())
        .map(|at| {
            let patch = patches.find(at as u32) as usize;
            is_two_faced[at] && has_rim[patch] && !is_needed[patch]
        })
        .collect()
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
