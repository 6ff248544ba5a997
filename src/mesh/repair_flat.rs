//! Faces without area: the longest side is turned to the corner across it, so that nothing opens.

use super::edges::{Edges, from};
use super::quality::shape;
use super::repair::keep_faces;
use super::trimesh::TriMesh;

/// Height over longest side below which a face has no area to speak of.
const FLAT: f64 = 1e-9;
const MOST_ROUNDS: usize = 10;

/// Turns faces without area away; how many went. What cannot be turned without harm stays.
pub(super) fn turn_flat_faces(mesh: &mut TriMesh) -> usize {
    let mut n_all = 0;
    for _ in 0..MOST_ROUNDS {
        let n = one_round(mesh);
        n_all += n;
        if n == 0 {
            break;
        }
    }
    n_all
}

fn one_round(mesh: &mut TriMesh) -> usize {
    let flat: Vec<usize> =
        (0..mesh.faces.len()).filter(|&face| shape(mesh.view().corners(face)).1 <= FLAT).collect();
    if flat.is_empty() {
        return 0;
    }
    let edges = Edges::new(&mesh.faces, mesh.vertices.len());
    let mut is_touched = vec![false; mesh.faces.len()];
    let (mut leaving, mut n) = (Vec::new(), 0);
    for face in flat {
        let half = longest_side(mesh, face);
        let ends = [from(&mesh.faces, half), super::edges::to(&mesh.faces, half)];
        let middle = apex(mesh, half);
        let Some(edge) = edges.at(ends[0].min(ends[1])).find(|edge| edge.high == ends[0].max(ends[1])) else {
            continue;
        };
        let others: Vec<u32> = edge.halves().filter(|&other| other != half).collect();
        match others.as_slice() {
            [] if !is_touched[face] => {
                leaving.push(face);
                is_touched[face] = true;
                n += 1;
            }
            &[other] if !is_touched[face] && !is_touched[other as usize / 3] => {
                let across = apex(mesh, other);
                let (low, high) = (middle.min(across), middle.max(across));
                if middle == across || edges.at(low).any(|edge| edge.high == high) {
                    continue;
                }
                let (start, end) = (from(&mesh.faces, other), super::edges::to(&mesh.faces, other));
                let kind = mesh.kinds[other as usize / 3];
                mesh.faces[other as usize / 3] = [start, middle, across];
                mesh.faces[face] = [middle, end, across];
                mesh.kinds[face] = kind;
                is_touched[face] = true;
                is_touched[other as usize / 3] = true;
                n += 1;
            }
            _ => {}
        }
    }
    let mut stays = vec![true; mesh.faces.len()];
    for face in leaving {
        stays[face] = false;
    }
    keep_faces(mesh, |face| stays[face]);
    n
}

fn apex(mesh: &TriMesh, half: u32) -> u32 {
    from(&mesh.faces, half / 3 * 3 + (half + 2) % 3)
}

fn longest_side(mesh: &TriMesh, face: usize) -> u32 {
    let corners = mesh.view().corners(face);
    let square =
        |k: usize| (0..3).map(|axis| (corners[(k + 1) % 3][axis] - corners[k][axis]).powi(2)).sum::<f64>();
    let longest = (1..3).fold(0, |best, k| if square(k) > square(best) { k } else { best });
    (3 * face + longest) as u32
}
