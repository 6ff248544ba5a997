//! Rims that nearly meet: cracks, whose vertices are brought together, and corners of one face on the
//! side of another, where that side gets the corner too. Only rims are touched.

use super::boxes::{Bounds, BoxTree};
use super::edges::{Edges, from, to};
use super::forest::Forest;
use super::repair_weld::rename;
use super::trimesh::TriMesh;

type Point = [f64; 3];

/// Half-edges with no face on the other side.
fn rims(mesh: &TriMesh) -> Vec<u32> {
    let edges = Edges::new(&mesh.faces, mesh.vertices.len());
    edges.iter().filter(|edge| edge.n_faces() == 1).filter_map(|edge| edge.halves().next()).collect()
}

fn rim_vertices(mesh: &TriMesh, rims: &[u32]) -> Vec<u32> {
    let mut vertices: Vec<u32> =
        rims.iter().flat_map(|&half| [from(&mesh.faces, half), to(&mesh.faces, half)]).collect();
    vertices.sort_unstable();
    vertices.dedup();
    vertices
}

/// Joins vertices of rims that are closer than the tolerance, nearest first, never two of one face, and
/// each at most once a call; how many were joined.
pub(super) fn close_cracks(mesh: &mut TriMesh, tolerance_mm: f64) -> usize {
    let rims = rims(mesh);
    let vertices = rim_vertices(mesh, &rims);
    let place = |at: u32| mesh.vertices[vertices[at as usize] as usize];
    let boxes: Vec<Bounds> = (0..vertices.len() as u32).map(|at| Bounds::about([place(at)])).collect();
    if boxes.is_empty() {
        return 0;
    }
    let tree = BoxTree::new(&boxes);
    let mut pairs = Vec::new();
    for at in 0..vertices.len() as u32 {
        tree.visit(&boxes[at as usize].grown(tolerance_mm), |other| {
            let apart = distance(place(at), place(other));
            if at < other && apart <= tolerance_mm {
                pairs.push((apart.to_bits(), vertices[at as usize], vertices[other as usize]));
            }
        });
    }
    pairs.sort_unstable();
    let mut beside: Vec<(u32, u32)> = mesh
        .faces
        .iter()
        .flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)])
        .map(|(a, b)| (a.min(b), a.max(b)))
        .collect();
    beside.sort_unstable();
    let mut sets = Forest::new(mesh.vertices.len());
    let mut is_taken = vec![false; mesh.vertices.len()];
    for (_, a, b) in pairs {
        let is_free = !is_taken[a as usize] && !is_taken[b as usize];
        if is_free && beside.binary_search(&(a.min(b), a.max(b))).is_err() {
            sets.join(a, b);
            (is_taken[a as usize], is_taken[b as usize]) = (true, true);
        }
    }
    let names: Vec<u32> = (0..mesh.vertices.len() as u32).map(|vertex| sets.find(vertex)).collect();
    rename(mesh, &names)
}

fn distance(a: Point, b: Point) -> f64 {
    (0..3).map(|k| (b[k] - a[k]).powi(2)).sum::<f64>().sqrt()
}

/// Puts corners that lie on the side of another face into that side; how many.
pub(super) fn split_at_junctions(mesh: &mut TriMesh, tolerance_mm: f64) -> usize {
    let rims = rims(mesh);
    let vertices = rim_vertices(mesh, &rims);
    if vertices.is_empty() {
        return 0;
    }
    let boxes: Vec<Bounds> =
        vertices.iter().map(|&vertex| Bounds::about([mesh.vertices[vertex as usize]])).collect();
    let tree = BoxTree::new(&boxes);
    let mut is_split = vec![false; mesh.faces.len()];
    let mut n_all = 0;
    for half in rims {
        let face = half as usize / 3;
        if is_split[face] {
            continue;
        }
        let found = on_side(mesh, half, &vertices, &tree, tolerance_mm);
        if !found.is_empty() {
            n_all += found.len();
            is_split[face] = true;
            insert(mesh, half, &found);
        }
    }
    n_all
}

/// Vertices of rims within reach of a side and between its ends, in their order along it.
fn on_side(mesh: &TriMesh, half: u32, vertices: &[u32], tree: &BoxTree, tolerance_mm: f64) -> Vec<u32> {
    let own = mesh.faces[half as usize / 3];
    let (a, b) =
        (mesh.vertices[from(&mesh.faces, half) as usize], mesh.vertices[to(&mesh.faces, half) as usize]);
    let along = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    let length = distance(a, b);
    let mut found = Vec::new();
    tree.visit(&Bounds::about([a, b]).grown(tolerance_mm), |at| {
        let vertex = vertices[at as usize];
        let p = mesh.vertices[vertex as usize];
        let t = (0..3).map(|k| (p[k] - a[k]) * along[k]).sum::<f64>() / (length * length);
        let foot = [0, 1, 2].map(|k| a[k] + t * along[k]);
        let is_between = t * length > tolerance_mm && (1.0 - t) * length > tolerance_mm;
        if is_between && distance(foot, p) <= tolerance_mm && !own.contains(&vertex) {
            found.push((t.to_bits(), vertex));
        }
    });
    // Positive floats are in the order of their bits.
    found.sort_unstable();
    found.into_iter().map(|(_, vertex)| vertex).collect()
}

fn insert(mesh: &mut TriMesh, half: u32, between: &[u32]) {
    let face = half as usize / 3;
    let (start, end) = (from(&mesh.faces, half), to(&mesh.faces, half));
    let apex = from(&mesh.faces, half / 3 * 3 + (half + 2) % 3);
    let way: Vec<u32> = std::iter::once(start).chain(between.iter().copied()).chain([end]).collect();
    for (at, pair) in way.windows(2).enumerate() {
        let part = [pair[0], pair[1], apex];
        if at == 0 {
            mesh.faces[face] = part;
        } else {
            mesh.faces.push(part);
            mesh.kinds.push(mesh.kinds[face]);
        }
    }
}
