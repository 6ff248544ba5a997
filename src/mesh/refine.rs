//! Long edges cut until none is longer than asked: the same surface with points all over it.

use super::edges::Edges;
use super::rungs::{cut, expected_faces};
use super::{MeshRef, TriMesh};

/// How much longer edges may stay, step by step, until the faces are few enough.
const COARSER: f64 = 1.25;
/// Equal parts of an edge may be longer than asked by what rounding does.
const ROUNDED: f64 = 1.0 + 1e-8;

/// A refined mesh.
#[derive(Debug, Clone, PartialEq)]
pub struct Refined {
    /// The same surface; its first vertices are those it was made from.
    pub mesh: TriMesh,
    /// For each face the face that it is a part of.
    pub parents: Vec<u32>,
    /// Whether every edge is as short as asked; else the number of faces set an end to it.
    pub is_complete: bool,
}

/// Cuts edges longer than `longest_mm` into equal parts, then halves what is still longer inside the faces,
/// round by round, while there are fewer than `most_faces`. Where that is too few, edges may be longer.
///
/// An edge is cut for all its faces at once: what was closed and manifold is so again.
pub fn refine(mesh: MeshRef<'_>, longest_mm: f64, most_faces: usize) -> Refined {
    let most = most_faces.max(mesh.faces().len()) as f64;
    let mut step = longest_mm;
    while expected_faces(mesh, step) > most {
        step *= COARSER;
    }
    let is_as_asked = step <= longest_mm;
    let first = cut(mesh, step);
    let (mut made, mut parents) = (first.mesh, first.parents);
    loop {
        let middles = middles(&mut made, step);
        let n_new = middles.iter().filter(|&&middle| middle != NONE).count();
        if n_new == 0 {
            return Refined { mesh: made, parents, is_complete: is_as_asked };
        }
        if made.faces.len() + n_new > most as usize {
            // Midpoints that no face uses go again.
            let used = made.faces.as_flattened().iter().max().map_or(0, |&last| last as usize + 1);
            made.vertices.truncate(used.max(mesh.vertices().len()));
            return Refined { mesh: made, parents, is_complete: false };
        }
        parents = split(&mut made, &middles, &parents);
    }
}

const NONE: u32 = u32::MAX;

/// For each half-edge its new midpoint.
fn middles(made: &mut TriMesh, longest_mm: f64) -> Vec<u32> {
    let edges = Edges::new(&made.faces, made.vertices.len());
    let mut middles = vec![NONE; 3 * made.faces.len()];
    for edge in edges.iter() {
        let [p, q] = [edge.low, edge.high].map(|index| made.vertices[index as usize]);
        let squared: f64 = (0..3).map(|axis| (p[axis] - q[axis]).powi(2)).sum();
        if squared > (longest_mm * ROUNDED).powi(2) {
            let number = made.vertices.len() as u32;
            made.vertices.push([0, 1, 2].map(|axis| f64::midpoint(p[axis], q[axis])));
            for half in edge.halves() {
                middles[half as usize] = number;
            }
        }
    }
    middles
}

fn split(made: &mut TriMesh, middles: &[u32], parents: &[u32]) -> Vec<u32> {
    let (mut faces, mut kinds, mut from) = (Vec::new(), Vec::new(), Vec::new());
    for (face, corners) in made.faces.iter().enumerate() {
        for part in parts(*corners, [0, 1, 2].map(|side| middles[3 * face + side])) {
            faces.push(part);
            kinds.push(made.kinds[face]);
            from.push(parents[face]);
        }
    }
    made.faces = faces;
    made.kinds = kinds;
    from
}

/// The parts of a face whose sides have these midpoints.
fn parts(corners: [u32; 3], middles: [u32; 3]) -> Vec<[u32; 3]> {
    let turn = |n: usize| {
        let at = |list: [u32; 3], k: usize| list[(n + k) % 3];
        (at(corners, 0), at(corners, 1), at(corners, 2), at(middles, 0), at(middles, 1), at(middles, 2))
    };
    match middles.iter().filter(|&&middle| middle != NONE).count() {
        0 => vec![corners],
        1 => {
            let (a, b, c, ab, _, _) = turn(middles.iter().position(|&middle| middle != NONE).unwrap_or(0));
            vec![[a, ab, c], [ab, b, c]]
        }
        2 => {
            // The side that stays is that from c to a.
            let whole = middles.iter().position(|&middle| middle == NONE).unwrap_or(0);
            let (a, b, c, ab, bc, _) = turn((whole + 1) % 3);
            vec![[ab, b, bc], [a, ab, bc], [a, bc, c]]
        }
        _ => {
            let (a, b, c, ab, bc, ca) = turn(0);
            vec![[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::Topology;
    use crate::mesh::measure::tests::cuboid;
    use crate::mesh::measure::{area_mm2, volume_mm3};

    #[test]
    fn a_box_keeps_its_shape_and_stays_closed() {
        let mesh = cuboid([5.0; 3], [2.0, 3.0, 40.0]);
        let found = refine(mesh.view(), 0.7, 1_000_000);
        assert!(found.is_complete);
        let made = found.mesh.view();
        assert!((volume_mm3(made) - 240.0).abs() < 1e-9 && (area_mm2(made) - 412.0).abs() < 1e-9);
        let topology = Topology::of(made);
        assert!(topology.open_edges.is_empty() && topology.non_manifold_edges.is_empty());
        assert_eq!(found.parents.len(), made.faces().len());
        assert!(!refine(mesh.view(), 0.01, 5000).is_complete);
        // Nothing to cut, and no room to cut anything.
        for (longest, is_complete) in [(100.0, true), (0.5, false)] {
            let left = refine(mesh.view(), longest, mesh.faces.len());
            assert_eq!((left.mesh.faces.len(), left.is_complete), (12, is_complete));
        }
        let stopped = refine(mesh.view(), 0.01, 5000).mesh;
        assert!(Topology::of(stopped.view()).open_edges.is_empty());
    }
}
