//! Winding: neighbours alike, then every closed piece as its place asks for.

use super::edges::Edges;
use super::nesting::shells_of;
use super::topology::Topology;
use super::trimesh::TriMesh;

/// Turns faces until neighbours agree, within each piece the fewer ones; how many were turned. Where a
/// surface has one side only, such as a Möbius strip, some neighbours still disagree.
pub(super) fn orient_alike(mesh: &mut TriMesh) -> usize {
    let is_turned = turned_alike(mesh);
    turn(mesh, |face| is_turned[face]);
    is_turned.iter().filter(|&&turned| turned).count()
}

/// The faces that have to be turned for that.
pub(super) fn turned_alike(mesh: &TriMesh) -> Vec<bool> {
    let links = links(mesh);
    let n = mesh.faces.len();
    let mut is_turned = vec![false; n];
    let mut is_seen = vec![false; n];
    for start in 0..n {
        if is_seen[start] {
            continue;
        }
        is_seen[start] = true;
        let mut piece = vec![start as u32];
        let mut at = 0;
        while let Some(&face) = piece.get(at) {
            at += 1;
            for &(_, other, is_against) in of_face(&links, face) {
                if !is_seen[other as usize] {
                    is_seen[other as usize] = true;
                    is_turned[other as usize] = is_turned[face as usize] != is_against;
                    piece.push(other);
                }
            }
        }
        let n_turned = piece.iter().filter(|&&face| is_turned[face as usize]).count();
        if 2 * n_turned > piece.len() {
            for &face in &piece {
                is_turned[face as usize] = !is_turned[face as usize];
            }
        }
    }
    is_turned
}

/// Neighbours over edges with two faces, sorted by face: face, other, whether they disagree.
fn links(mesh: &TriMesh) -> Vec<(u32, u32, bool)> {
    let edges = Edges::new(&mesh.faces, mesh.vertices.len());
    let mut links = Vec::with_capacity(3 * mesh.faces.len());
    for edge in edges.iter().filter(|edge| edge.n_faces() == 2) {
        let mut halves = edge.halves();
        if let (Some(a), Some(b)) = (halves.next(), halves.next()) {
            let is_against = edge.is_upwards(&mesh.faces, a) == edge.is_upwards(&mesh.faces, b);
            links.push((a / 3, b / 3, is_against));
            links.push((b / 3, a / 3, is_against));
        }
    }
    links.sort_unstable();
    links
}

fn of_face(links: &[(u32, u32, bool)], face: u32) -> &[(u32, u32, bool)] {
    let start = links.partition_point(|link| link.0 < face);
    let n = links[start..].iter().take_while(|link| link.0 == face).count();
    &links[start..start + n]
}

/// Turns closed pieces that look the wrong way: bodies outwards, voids in them inwards; how many.
pub(super) fn orient_by_place(mesh: &mut TriMesh) -> usize {
    let is_wrong: Vec<bool> =
        shells_of(mesh.view()).iter().map(super::nesting::Shell::is_inside_out).collect();
    let n = is_wrong.iter().filter(|&&wrong| wrong).count();
    if n > 0 {
        let pieces = Topology::of(mesh.view()).component_of_face;
        turn(mesh, |face| is_wrong[pieces[face] as usize]);
    }
    n
}

fn turn(mesh: &mut TriMesh, is_turned: impl Fn(usize) -> bool) {
    for (face, corners) in mesh.faces.iter_mut().enumerate() {
        if is_turned(face) {
            corners.swap(1, 2);
        }
    }
}
