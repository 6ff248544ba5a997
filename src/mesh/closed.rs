//! The few facts about a mesh that every measurement asks for first, without the rest of its topology.

use rayon::prelude::*;

use super::MeshRef;
use super::adjacency::VertexFaces;
use super::measure::volume_mm3;

/// Vertices in one task; fixed, so that nothing depends on the number of threads.
const BLOCK: usize = 4096;

/// Whether a mesh has an inside, which way it is turned, and how long its edges are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Closure {
    /// Whether every edge has a face on either side, and there is one.
    pub is_closed: bool,
    /// Signed volume, mm3: below 0 where the faces of a closed mesh look inwards.
    pub volume_mm3: f64,
    /// Of all edges, mm.
    pub longest_edge_mm: f64,
}

/// The facts of a mesh.
pub fn closure(mesh: MeshRef<'_>) -> Closure {
    let around = VertexFaces::new(mesh.vertices().len(), mesh.faces());
    // For each vertex: edges to higher vertices with one face only, whether there is any edge, the longest.
    let (n_open, has_edges, squared) = (0..mesh.vertices().len() as u32)
        .into_par_iter()
        .with_min_len(BLOCK)
        .map_init(Vec::new, |ends, vertex| at_vertex(mesh, &around, vertex, ends))
        .reduce(|| (0_usize, false, 0.0_f64), |a, b| (a.0 + b.0, a.1 || b.1, a.2.max(b.2)));
    Closure {
        is_closed: has_edges && n_open == 0,
        volume_mm3: volume_mm3(mesh),
        longest_edge_mm: squared.sqrt(),
    }
}

fn at_vertex(
    mesh: MeshRef<'_>,
    around: &VertexFaces,
    vertex: u32,
    ends: &mut Vec<u32>,
) -> (usize, bool, f64) {
    ends.clear();
    for &face in around.of(vertex as usize) {
        let [a, b, c] = mesh.faces()[face as usize];
        // A face that names a vertex twice has no edges.
        if a != b && b != c && c != a {
            ends.extend([a, b, c].into_iter().filter(|&corner| corner > vertex));
        }
    }
    ends.sort_unstable();
    let n_open = ends.chunk_by(|a, b| a == b).filter(|same| same.len() == 1).count();
    let from = mesh.vertices()[vertex as usize];
    let squared = |&end: &u32| {
        let to = mesh.vertices()[end as usize];
        (0..3).map(|axis| (to[axis] - from[axis]).powi(2)).sum::<f64>()
    };
    (n_open, !ends.is_empty(), ends.iter().map(squared).fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    #[test]
    fn a_box_is_closed_and_without_a_face_it_is_not() {
        let mut mesh = cuboid([1.0; 3], [2.0, 3.0, 6.0]);
        let found = closure(mesh.view());
        assert!(found.is_closed && (found.volume_mm3 - 36.0).abs() < 1e-12);
        assert!((found.longest_edge_mm - 45.0_f64.sqrt()).abs() < 1e-12);
        mesh.faces.pop();
        mesh.kinds.pop();
        assert!(!closure(mesh.view()).is_closed);
        assert!(!closure(crate::mesh::TriMesh::default().view()).is_closed);
    }
}
