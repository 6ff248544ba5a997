//! Which pieces of a mesh lie inside which, and whether each is wound the right way round: bodies
//! outwards, the voids in them inwards, bodies in those voids outwards again.

use rayon::prelude::*;

use super::boxes::{Bounds, BoxTree};
use super::edges::Edges;
use super::forest::Forest;
use super::side;
use super::trimesh::MeshRef;

/// How many corners of a piece are asked where they lie.
const ASKED: usize = 16;

/// One closed piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shell {
    /// The enclosed volume, negative when the faces look inwards, mm³.
    pub volume_mm3: f64,
    /// How many other closed pieces it lies in; `None` when it lies partly in one and partly not.
    pub depth: Option<u32>,
    /// Whether it is closed; only then the rest has a meaning.
    pub is_closed: bool,
}

impl Shell {
    /// Whether it is wound against what its place asks for.
    pub fn is_inside_out(&self) -> bool {
        let asks = self.depth.filter(|_| self.is_closed && self.volume_mm3 != 0.0);
        asks.is_some_and(|depth| (self.volume_mm3 > 0.0) != depth.is_multiple_of(2))
    }
}

/// The pieces of a mesh. One is closed when each of its edges is passed as often one way as the other.
pub fn shells_of(mesh: MeshRef<'_>) -> Vec<Shell> {
    let faces = mesh.faces();
    let edges = Edges::new(faces, mesh.vertices().len());
    let mut pieces = Forest::new(faces.len());
    let mut odd = Vec::new();
    for edge in edges.iter() {
        let mut halves = edge.halves();
        let n_up = halves.clone().filter(|&half| edge.is_upwards(faces, half)).count();
        let Some(first) = halves.next() else { continue };
        halves.for_each(|half| pieces.join(first / 3, half / 3));
        if 2 * n_up != edge.n_faces() {
            odd.push(first / 3);
        }
    }
    let (component_of_face, n) = pieces.labels();
    let mut is_closed = vec![true; n];
    for face in odd {
        is_closed[component_of_face[face as usize] as usize] = false;
    }
    shells(mesh, &component_of_face, &is_closed)
}

/// The pieces, by the number that each face was given. `is_closed` says of each piece whether it is.
pub fn shells(mesh: MeshRef<'_>, component_of_face: &[u32], is_closed: &[bool]) -> Vec<Shell> {
    let n = is_closed.len();
    let volumes = volumes(mesh, component_of_face, n);
    let depths = if is_closed.iter().filter(|&&closed| closed).count() > 1 {
        depths(mesh, component_of_face, is_closed)
    } else {
        vec![Some(0); n]
    };
    (0..n)
        .map(|piece| Shell { volume_mm3: volumes[piece], depth: depths[piece], is_closed: is_closed[piece] })
        .collect()
}

/// Signed volumes, taken about the middle of the mesh so that a far origin costs no digits.
fn volumes(mesh: MeshRef<'_>, component_of_face: &[u32], n: usize) -> Vec<f64> {
    let bounds = Bounds::about(mesh.vertices().iter().copied());
    let middle = [0, 1, 2].map(|k| 0.5 * (bounds.low[k] + bounds.high[k]));
    let mut sums = vec![0.0; n];
    for (face, &piece) in component_of_face.iter().enumerate() {
        let [a, b, c] = mesh.corners(face).map(|point| [0, 1, 2].map(|k| point[k] - middle[k]));
        let cross = [b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]];
        sums[piece as usize] += (a[0] * cross[0] + a[1] * cross[1] + a[2] * cross[2]) / 6.0;
    }
    sums
}

fn depths(mesh: MeshRef<'_>, component_of_face: &[u32], is_closed: &[bool]) -> Vec<Option<u32>> {
    let boxes: Vec<Bounds> =
        (0..mesh.faces().len()).into_par_iter().map(|face| Bounds::about(mesh.corners(face))).collect();
    let tree = BoxTree::new(&boxes);
    let far = boxes.iter().fold(f64::NEG_INFINITY, |far, bounds| far.max(bounds.high[0]));
    let depth_at = |piece: usize, start: [f64; 3]| {
        let ray = Bounds { low: start, high: [far, start[1], start[2]] };
        let mut crossed = Vec::new();
        tree.visit(&ray, |face| {
            let other = component_of_face[face as usize] as usize;
            if other != piece && is_closed[other] && is_crossed(mesh.corners(face as usize), start) {
                crossed.push(other);
            }
        });
        crossed.sort_unstable();
        crossed.chunk_by(|a, b| a == b).filter(|same| same.len() % 2 == 1).count() as u32
    };
    let depth = |(piece, faces): (usize, Vec<u32>)| {
        if !is_closed[piece] {
            return Some(0);
        }
        let mut depths = faces.iter().map(|&face| depth_at(piece, mesh.corners(face as usize)[0]));
        let first = depths.next()?;
        depths.all(|depth| depth == first).then_some(first)
    };
    samples(component_of_face, is_closed.len()).into_par_iter().enumerate().map(depth).collect()
}

/// Some faces of each piece, spread over it.
fn samples(component_of_face: &[u32], n: usize) -> Vec<Vec<u32>> {
    let mut counts = vec![0_usize; n];
    for &piece in component_of_face {
        counts[piece as usize] += 1;
    }
    let (mut samples, mut seen) = (vec![Vec::new(); n], vec![0_usize; n]);
    for (face, &piece) in component_of_face.iter().enumerate() {
        let piece = piece as usize;
        if seen[piece].is_multiple_of(counts[piece].div_ceil(ASKED)) {
            samples[piece].push(face as u32);
        }
        seen[piece] += 1;
    }
    samples
}

/// Whether a ray from `start` along +x passes through a triangle. A ray through an edge or a corner
/// counts for exactly one of the triangles that meet there and lie to either side of it.
fn is_crossed(corners: [[f64; 3]; 3], start: [f64; 3]) -> bool {
    let [p, q, r] = corners.map(|[_, y, z]| [y, z]);
    let at = [start[1], start[2]];
    let is_inside = [(p, q), (q, r), (r, p)].iter().filter(|(a, b)| is_left_of(*a, *b, at)).count() % 2 == 1;
    if !is_inside {
        return false;
    }
    let facing = side::of_line([p, q], r);
    // The corners run counter-clockwise seen from +x when `facing` is positive; then what is "behind",
    // positive, is on the side of -x.
    facing * side::of_plane(corners, start) > 0.0
}

/// Whether a line from `at` towards +z in the (y, z) plane meets the segment, ends counted once.
fn is_left_of(a: [f64; 2], b: [f64; 2], at: [f64; 2]) -> bool {
    if (a[0] <= at[0]) == (b[0] <= at[0]) {
        return false;
    }
    // Always from the lower to the higher end, so that two triangles agree on their common edge.
    let (low, high) = if a[0] <= b[0] { (a, b) } else { (b, a) };
    side::of_line([low, high], at) < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::TriMesh;

    /// A box as a mesh, wound outwards or inwards.
    fn block(low: f64, high: f64, is_outwards: bool) -> TriMesh {
        let vertices = (0..8).map(|n| [0, 1, 2].map(|k| if n >> k & 1 == 1 { high } else { low })).collect();
        let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let mut faces: Vec<[u32; 3]> =
            quads.iter().flat_map(|&[a, b, c, d]| [[a, b, c], [a, c, d]]).collect();
        if !is_outwards {
            for face in &mut faces {
                face.swap(0, 1);
            }
        }
        TriMesh::imaged(vertices, faces)
    }

    #[test]
    fn a_void_looks_inwards_and_a_body_in_it_outwards() {
        let mut all = TriMesh::default();
        let mut pieces = Vec::new();
        // The third corner of the ray's way runs through edges and corners of the boxes around it.
        let blocks = [(-3.0, 3.0, true), (-2.0, 2.0, false), (-1.0, 1.0, true), (5.0, 6.0, false)];
        for (piece, (low, high, is_outwards)) in blocks.into_iter().enumerate() {
            let one = block(low, high, is_outwards);
            let start = all.vertices.len() as u32;
            all.vertices.extend(one.vertices);
            all.faces.extend(one.faces.iter().map(|face| face.map(|index| index + start)));
            pieces.extend([piece as u32; 12]);
        }
        all.kinds = vec![0; all.faces.len()];
        let found = shells(all.view(), &pieces, &[true; 4]);
        assert_eq!(found.iter().filter_map(|shell| shell.depth).collect::<Vec<_>>(), [0, 1, 2, 0]);
        let volumes: Vec<f64> = found.iter().map(|shell| shell.volume_mm3).collect();
        for (volume, truth) in volumes.iter().zip([216.0, -64.0, 8.0, -1.0]) {
            assert!((volume - truth).abs() < 1e-9, "{volume} {truth}");
        }
        assert_eq!(found.iter().map(Shell::is_inside_out).collect::<Vec<_>>(), [false, false, false, true]);
    }
}
