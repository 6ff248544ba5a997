//! Faces that look another way than their neighbours, found without changing the mesh.

use rayon::prelude::*;

use super::adjacency::VertexFaces;
use super::nesting::shells_of;
use super::repair_orient::turned_alike;
use super::repair_weld::join_same_places;
use super::topology::Topology;
use super::trimesh::MeshRef;

/// Which faces must be turned so that neighbours agree on what is outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Winding {
    /// Those faces, ascending.
    pub turned: Vec<u32>,
    /// Edges at which two faces disagree as they are given.
    pub n_against: usize,
}

/// Looks for faces that disagree with their neighbours. Within a piece the fewer ones are turned; a closed
/// piece with such faces then looks as its place asks for, bodies outwards and voids in them inwards.
/// Pieces whose faces agree stay as they are. Triangles that share places but no vertices are joined.
pub fn winding(mesh: MeshRef<'_>) -> Winding {
    let counts = count(mesh.faces(), mesh.vertices().len());
    let is_soup = counts.n_single > mesh.faces().len();
    if counts.n_against == 0 && !is_soup {
        return Winding::default();
    }
    let mut joined = mesh.to_owned();
    let mut n_against = counts.n_against;
    if is_soup {
        join_same_places(&mut joined);
        n_against = count(&joined.faces, joined.vertices.len()).n_against;
        if n_against == 0 {
            return Winding::default();
        }
    }
    let mut is_turned = turned_alike(&joined);
    let pieces = Topology::of(joined.view());
    let mut is_mixed = vec![false; pieces.n_components];
    for (face, &piece) in pieces.component_of_face.iter().enumerate() {
        is_mixed[piece as usize] |= is_turned[face];
        if is_turned[face] {
            joined.faces[face].swap(1, 2);
        }
    }
    let shells = shells_of(joined.view());
    for (face, &piece) in pieces.component_of_face.iter().enumerate() {
        is_turned[face] ^= is_mixed[piece as usize] && shells[piece as usize].is_inside_out();
    }
    let turned = (0..is_turned.len() as u32).filter(|&face| is_turned[face as usize]).collect();
    Winding { turned, n_against }
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    /// Edges with one face.
    n_single: usize,
    /// Edges with two faces that pass it the same way.
    n_against: usize,
}

fn count(faces: &[[u32; 3]], n_vertices: usize) -> Counts {
    let around = VertexFaces::new(n_vertices, faces);
    let at = |vertex: u32, ends: &mut Vec<(u32, bool)>| {
        ends.clear();
        for &face in around.of(vertex as usize) {
            let corners = faces[face as usize];
            for n in (0..3).filter(|&n| corners[n] == vertex) {
                // Each edge is looked at from its lower end.
                let (after, before) = (corners[(n + 1) % 3], corners[(n + 2) % 3]);
                ends.extend([(after, true), (before, false)].into_iter().filter(|end| end.0 > vertex));
            }
        }
        ends.sort_unstable();
        let mut found = Counts::default();
        for ways in ends.chunk_by(|a, b| a.0 == b.0) {
            found.n_single += usize::from(ways.len() == 1);
            found.n_against += usize::from(ways.len() == 2 && ways[0].1 == ways[1].1);
        }
        found
    };
    let both = |a: Counts, b: Counts| Counts {
        n_single: a.n_single + b.n_single,
        n_against: a.n_against + b.n_against,
    };
    (0..n_vertices as u32)
        .into_par_iter()
        .with_min_len(4096)
        .map_init(Vec::new, |ends, vertex| at(vertex, ends))
        .reduce(Counts::default, both)
}

#[cfg(test)]
mod tests {
    use super::super::measure::tests::cuboid;
    use super::*;
    use crate::mesh::TriMesh;

    fn flipped(mesh: &TriMesh, faces: &[usize]) -> TriMesh {
        let mut made = mesh.clone();
        for &face in faces {
            made.faces[face].swap(0, 1);
        }
        made
    }

    #[test]
    fn faces_that_look_the_other_way_are_found_and_whole_pieces_are_left_alone() {
        let body = cuboid([0.0; 3], [1.0, 2.0, 3.0]);
        assert_eq!(winding(body.view()), Winding::default());
        let all: Vec<usize> = (0..body.faces.len()).collect();
        assert_eq!(winding(flipped(&body, &all).view()), Winding::default());
        let found = winding(flipped(&body, &[3, 7]).view());
        assert_eq!(found.turned, [3, 7]);
        assert!(found.n_against >= 4);
        // Most of a closed body: what is inside is still known.
        let most = winding(flipped(&body, &all[..10]).view());
        assert_eq!(most.turned, (0..10).collect::<Vec<u32>>());
    }

    #[test]
    fn a_void_keeps_looking_inwards_and_a_soup_is_joined_first() {
        let mut body = cuboid([0.0; 3], [9.0; 3]);
        let void = cuboid([3.0; 3], [3.0; 3]);
        let first = body.vertices.len() as u32;
        body.vertices.extend(&void.vertices);
        body.faces.extend(void.faces.iter().map(|&[a, b, c]| [first + a, first + c, first + b]));
        body.kinds.extend(&void.kinds);
        assert_eq!(winding(body.view()), Winding::default());
        let spoilt = flipped(&body, &[2, 12, 13, 14, 15, 16, 17, 18, 19]);
        assert_eq!(winding(spoilt.view()).turned, [2, 12, 13, 14, 15, 16, 17, 18, 19]);
        let corners: Vec<[f64; 3]> =
            spoilt.faces.iter().flatten().map(|&vertex| spoilt.vertices[vertex as usize]).collect();
        let faces =
            (0..spoilt.faces.len() as u32).map(|face| [3 * face, 3 * face + 1, 3 * face + 2]).collect();
        let soup = TriMesh { vertices: corners, faces, kinds: spoilt.kinds.clone() };
        assert_eq!(winding(soup.view()).turned, winding(spoilt.view()).turned);
    }
}
