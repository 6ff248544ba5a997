//! Where more than two faces meet at an edge, or fans touch in a point: bodies come apart along it.
//! Nothing moves; vertices get twins in the same place.

use super::edges::{Edge, Edges, from, to};
use super::forest::Forest;
use super::topology::corner_at;
use super::trimesh::TriMesh;

const MOST_ROUNDS: usize = 6;

/// Gives every fan of faces vertices of its own; how many were added.
pub(super) fn split_where_not_manifold(mesh: &mut TriMesh) -> usize {
    let before = mesh.vertices.len();
    for _ in 0..MOST_ROUNDS {
        let edges = Edges::new(&mesh.faces, mesh.vertices.len());
        let pairs: Vec<(u32, u32)> = edges.iter().flat_map(|edge| pair_up(mesh, &edge)).collect();
        part_fans(mesh, &pairs);
        if part_edges(mesh) == 0 {
            break;
        }
    }
    mesh.vertices.len() - before
}

/// Which of the faces at an edge go on into which: the two of a simple edge; of several those that have
/// matter between them, so that bodies that touch come apart.
fn pair_up(mesh: &TriMesh, edge: &Edge<'_>) -> Vec<(u32, u32)> {
    let halves: Vec<u32> = edge.halves().collect();
    match halves.as_slice() {
        [] | [_] => Vec::new(),
        &[a, b] => vec![(a, b)],
        _ => pair_by_angle(mesh, edge, &halves),
    }
}

fn pair_by_angle(mesh: &TriMesh, edge: &Edge<'_>, halves: &[u32]) -> Vec<(u32, u32)> {
    let [a, b] = [edge.low, edge.high].map(|vertex| mesh.vertices[vertex as usize]);
    let axis = minus(b, a);
    let mut around: Vec<(f64, bool, u32)> = Vec::with_capacity(halves.len());
    let (mut first, mut second) = (None, [0.0; 3]);
    for &half in halves {
        let apex = mesh.vertices[from(&mesh.faces, half / 3 * 3 + (half + 2) % 3) as usize];
        let out = across(axis, minus(apex, a));
        let reference = *first.get_or_insert_with(|| {
            second = cross(axis, out);
            out
        });
        let angle = (dot(out, second) / dot(axis, axis).sqrt()).atan2(dot(out, reference));
        around.push((angle, edge.is_upwards(&mesh.faces, half), half));
    }
    around.sort_unstable_by(|p, q| p.0.total_cmp(&q.0).then(p.2.cmp(&q.2)));
    // A face that runs up the edge looks to growing angles and has matter on the other side of it, up to
    // the next face that runs down.
    let n = around.len();
    let mut is_paired = vec![false; n];
    let mut pairs = Vec::new();
    for step in 1..n {
        for at in 0..n {
            let other = (at + n - step) % n;
            let fits = around[at].1 && !around[other].1;
            let is_free = |place: usize| !is_paired[place];
            let is_clear = (1..step).all(|k| !is_free((at + n - k) % n));
            if fits && is_free(at) && is_free(other) && is_clear {
                is_paired[at] = true;
                is_paired[other] = true;
                pairs.push((around[at].2, around[other].2));
            }
        }
    }
    pairs
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The part of a vector that is square to the axis.
fn across(axis: [f64; 3], v: [f64; 3]) -> [f64; 3] {
    let t = dot(axis, v) / dot(axis, axis);
    [0, 1, 2].map(|k| v[k] - t * axis[k])
}

/// The first fan at a vertex keeps it, the others get twins.
fn part_fans(mesh: &mut TriMesh, pairs: &[(u32, u32)]) {
    let mut fans = Forest::new(3 * mesh.faces.len());
    for &(a, b) in pairs {
        let (p, q) = (from(&mesh.faces, a), to(&mesh.faces, a));
        for vertex in [p, q] {
            fans.join(corner_at(&mesh.faces, a, vertex), corner_at(&mesh.faces, b, vertex));
        }
    }
    let mut owner = vec![u32::MAX; mesh.vertices.len()];
    let mut twin = vec![u32::MAX; 3 * mesh.faces.len()];
    for corner in 0..3 * mesh.faces.len() as u32 {
        let fan = fans.find(corner);
        let place = &mut mesh.faces[corner as usize / 3][corner as usize % 3];
        let vertex = *place as usize;
        if owner[vertex] == u32::MAX {
            owner[vertex] = fan;
        }
        if owner[vertex] != fan {
            if twin[fan as usize] == u32::MAX {
                twin[fan as usize] = mesh.vertices.len() as u32;
                mesh.vertices.push(mesh.vertices[vertex]);
            }
            *place = twin[fan as usize];
        }
    }
}

/// Edges whose ends could not come apart get a middle for each pair of faces; how many edges.
fn part_edges(mesh: &mut TriMesh) -> usize {
    let edges = Edges::new(&mesh.faces, mesh.vertices.len());
    let crowded = edges.iter().filter(|edge| edge.n_faces() > 2);
    let crowded: Vec<_> = crowded.map(|edge| (edge.low, edge.high, pair_up(mesh, &edge))).collect();
    let mut is_cut = vec![false; mesh.faces.len()];
    let mut n = 0;
    for (low, high, pairs) in crowded {
        let faces: Vec<usize> = pairs.iter().flat_map(|&(a, b)| [a as usize / 3, b as usize / 3]).collect();
        if faces.iter().any(|&face| is_cut[face]) {
            continue;
        }
        let middle =
            [0, 1, 2].map(|k| 0.5 * (mesh.vertices[low as usize][k] + mesh.vertices[high as usize][k]));
        for (a, b) in pairs {
            let number = mesh.vertices.len() as u32;
            mesh.vertices.push(middle);
            cut(mesh, a, number);
            cut(mesh, b, number);
        }
        for face in faces {
            is_cut[face] = true;
        }
        n += 1;
    }
    n
}

fn cut(mesh: &mut TriMesh, half: u32, middle: u32) {
    let face = half as usize / 3;
    let (start, end) = (from(&mesh.faces, half), to(&mesh.faces, half));
    let apex = from(&mesh.faces, half / 3 * 3 + (half + 2) % 3);
    mesh.faces[face] = [start, middle, apex];
    mesh.faces.push([middle, end, apex]);
    mesh.kinds.push(mesh.kinds[face]);
}
