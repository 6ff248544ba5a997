//! The rims of holes.

use crate::mesh::MeshRef;

/// Vertices along each boundary, in the direction in which a patch runs along it, and the tip of the
/// face on the other side of each edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rim {
    pub(super) vertices: Vec<u32>,
    /// Tip of the face at the edge from this vertex to the next.
    pub(super) tips: Vec<u32>,
}

/// All closed boundaries of a mesh, in the order of their lowest edges. Where a boundary passes a
/// vertex twice, two rims do.
pub(super) fn rims(mesh: MeshRef<'_>) -> Vec<Rim> {
    let mut edges: Vec<(u32, u32, u32, bool)> = Vec::with_capacity(mesh.faces().len() * 3);
    for corners in mesh.faces() {
        for n in 0..3 {
            let (a, b, tip) = (corners[n], corners[(n + 1) % 3], corners[(n + 2) % 3]);
            edges.push((a.min(b), a.max(b), tip, a < b));
        }
    }
    edges.sort_unstable();
    // Against the direction of the face runs the patch.
    let mut open: Vec<(u32, u32, u32)> = edges
        .chunk_by(|p, q| (p.0, p.1) == (q.0, q.1))
        .filter(|group| group.len() == 1)
        .map(|group| {
            let (low, high, tip, is_rising) = group[0];
            if is_rising { (high, low, tip) } else { (low, high, tip) }
        })
        .collect();
    open.sort_unstable();
    join(&open)
}

fn join(open: &[(u32, u32, u32)]) -> Vec<Rim> {
    let mut is_used = vec![false; open.len()];
    let mut rims = Vec::new();
    for first in 0..open.len() {
        let mut rim = Rim { vertices: Vec::new(), tips: Vec::new() };
        let mut place = Some(first);
        while let Some(n) = place.filter(|&n| !is_used[n]) {
            is_used[n] = true;
            let (from, to, tip) = open[n];
            rim.vertices.push(from);
            rim.tips.push(tip);
            if to == open[first].0 {
                rims.push(rim);
                break;
            }
            let start = open.partition_point(|edge| edge.0 < to);
            place = (start..open.len()).take_while(|&n| open[n].0 == to).find(|&n| !is_used[n]);
        }
    }
    rims
}
