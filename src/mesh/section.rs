//! Where parallel planes meet a surface: joined contours, all planes in one sweep.
//!
//! A vertex on a plane counts as above it, so that every face that is cut is cut at two edges, and a
//! closed surface gives closed contours without a tolerance.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::MeshRef;

const NONE: u32 = u32::MAX;

/// One contour in a plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Contour {
    /// Points in order, LPS mm; the first is not repeated at the end.
    pub points: Vec<[f64; 3]>,
    /// Whether the last point leads to the first.
    pub is_closed: bool,
}

/// An edge of the mesh, lower vertex first.
pub(super) type EdgeKey = (u32, u32);

/// A contour as the edges it crosses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) edges: Vec<EdgeKey>,
    pub(super) is_closed: bool,
}

/// The contours in each of the planes `normal . x = offset`; offsets ascend.
///
/// Seen from where the normal points to, the inside lies to the left of a contour.
pub fn sections(mesh: MeshRef<'_>, normal: &Vector3<f64>, offsets: &[f64]) -> Vec<Vec<Contour>> {
    let heights: Vec<f64> =
        mesh.vertices().par_iter().map(|&point| normal.dot(&Vector3::from(point))).collect();
    let (starts, faces) = faces_by_plane(mesh, &heights, offsets);
    offsets
        .par_iter()
        .enumerate()
        .map(|(plane, &offset)| {
            let own = &faces[starts[plane] as usize..starts[plane + 1] as usize];
            let chains = chains(mesh, own, |vertex| heights[vertex as usize] >= offset);
            let point = |&(a, b): &EdgeKey| crossing(mesh, &heights, a, b, offset);
            chains
                .into_iter()
                .map(|chain| Contour {
                    points: chain.edges.iter().map(point).collect(),
                    is_closed: chain.is_closed,
                })
                .collect()
        })
        .collect()
}

/// A closed or open line on a surface where a height that is given at the vertices has one value.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelLine {
    /// Points in order, LPS mm; the first is not repeated at the end.
    pub points: Vec<[f64; 3]>,
    /// The edge of the mesh that each point lies on, lower vertex first.
    pub edges: Vec<(u32, u32)>,
    /// Whether the last point leads to the first.
    pub is_closed: bool,
}

/// The lines at one height on some of the faces; `heights` are those of all vertices.
pub fn level_lines(mesh: MeshRef<'_>, faces: &[u32], heights: &[f64], offset: f64) -> Vec<LevelLine> {
    let is_above = |vertex: u32| heights[vertex as usize] >= offset;
    let cut: Vec<u32> = faces
        .iter()
        .copied()
        .filter(|&face| {
            let above = mesh.faces()[face as usize].map(is_above);
            above.contains(&true) && above.contains(&false)
        })
        .collect();
    let line = |chain: Chain| LevelLine {
        points: chain.edges.iter().map(|&(a, b)| crossing(mesh, heights, a, b, offset)).collect(),
        edges: chain.edges,
        is_closed: chain.is_closed,
    };
    chains(mesh, &cut, is_above).into_iter().map(line).collect()
}

/// The faces that each plane cuts, flat, in ascending order.
fn faces_by_plane(mesh: MeshRef<'_>, heights: &[f64], offsets: &[f64]) -> (Vec<u32>, Vec<u32>) {
    let range = |corners: &[u32; 3]| {
        let [a, b, c] = corners.map(|index| heights[index as usize]);
        // Cut by the planes above the lowest corner and not above the highest.
        let low = offsets.partition_point(|&offset| offset <= a.min(b).min(c));
        let high = offsets.partition_point(|&offset| offset <= a.max(b).max(c));
        (low as u32, high as u32)
    };
    let ranges: Vec<(u32, u32)> = mesh.faces().par_iter().map(range).collect();
    let mut starts = vec![0_u32; offsets.len() + 1];
    for &(low, high) in &ranges {
        for plane in low..high {
            starts[plane as usize + 1] += 1;
        }
    }
    for plane in 0..offsets.len() {
        starts[plane + 1] += starts[plane];
    }
    let mut next = starts.clone();
    let mut faces = vec![0; starts[offsets.len()] as usize];
    for (face, &(low, high)) in ranges.iter().enumerate() {
        for plane in low..high {
            let place = &mut next[plane as usize];
            faces[*place as usize] = face as u32;
            *place += 1;
        }
    }
    (starts, faces)
}

/// Joins the pieces in these faces; all of them are cut.
pub(super) fn chains(mesh: MeshRef<'_>, faces: &[u32], is_above: impl Fn(u32) -> bool) -> Vec<Chain> {
    let mut pieces: Vec<(EdgeKey, EdgeKey)> =
        faces.iter().filter_map(|&face| piece(mesh.faces()[face as usize], &is_above)).collect();
    pieces.sort_unstable();
    let starting = |key: EdgeKey| {
        let first = pieces.partition_point(|piece| piece.0 < key);
        pieces[first..]
            .iter()
            .take_while(move |piece| piece.0 == key)
            .enumerate()
            .map(move |(n, _)| first + n)
    };
    let mut is_used = vec![false; pieces.len()];
    let mut has_before = vec![false; pieces.len()];
    let next: Vec<u32> = pieces
        .iter()
        .map(|piece| {
            // Where more than two faces share an edge, each end is joined to one start.
            let found = starting(piece.1).find(|&place| !has_before[place]);
            found.map_or(NONE, |place| {
                has_before[place] = true;
                place as u32
            })
        })
        .collect();
    let mut chains = Vec::new();
    let open = (0..pieces.len()).filter(|&place| !has_before[place]);
    for first in open.chain(0..pieces.len()) {
        if is_used[first] {
            continue;
        }
        let mut edges = Vec::new();
        let (mut place, mut last) = (first, first);
        while !is_used[place] {
            is_used[place] = true;
            edges.push(pieces[place].0);
            last = place;
            if next[place] == NONE {
                break;
            }
            place = next[place] as usize;
        }
        let is_closed = next[last] != NONE;
        if !is_closed {
            edges.push(pieces[last].1);
        }
        chains.push(Chain { edges, is_closed });
    }
    chains
}

/// The edge that goes up and the edge that goes down, in the direction of the contour.
fn piece(corners: [u32; 3], is_above: &impl Fn(u32) -> bool) -> Option<(EdgeKey, EdgeKey)> {
    let above = corners.map(is_above);
    let edge = |rises: bool| {
        let n = (0..3).find(|&n| above[n] != above[(n + 1) % 3] && above[n] != rises)?;
        let (a, b) = (corners[n], corners[(n + 1) % 3]);
        Some((a.min(b), a.max(b)))
    };
    Some((edge(false)?, edge(true)?))
}

/// Where an edge meets a plane; the same bits from whichever face it is asked.
fn crossing(mesh: MeshRef<'_>, heights: &[f64], a: u32, b: u32, offset: f64) -> [f64; 3] {
    let (p, q) = (mesh.vertices()[a as usize], mesh.vertices()[b as usize]);
    let (low, high) = (heights[a as usize], heights[b as usize]);
    let t = ((offset - low) / (high - low)).clamp(0.0, 1.0);
    std::array::from_fn(|axis| p[axis] + t * (q[axis] - p[axis]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::measure::tests::cuboid;

    fn area(contour: &Contour) -> f64 {
        let n = contour.points.len();
        (0..n)
            .map(|i| {
                let (p, q) = (contour.points[i], contour.points[(i + 1) % n]);
                (p[0] * q[1] - p[1] * q[0]) / 2.0
            })
            .sum()
    }

    #[test]
    fn a_box_gives_one_rectangle_a_plane_also_at_its_faces() {
        let mesh = cuboid([0.0; 3], [2.0, 3.0, 4.0]);
        let found = sections(mesh.view(), &Vector3::z(), &[-1.0, 0.0, 1.0, 4.0, 5.0]);
        let counts: Vec<usize> = found.iter().map(Vec::len).collect();
        assert_eq!(counts, [0, 0, 1, 1, 0]);
        assert!(found[2][0].is_closed);
        assert!((area(&found[2][0]) - 6.0).abs() < 1e-12, "{}", area(&found[2][0]));
    }

    #[test]
    fn an_open_surface_gives_an_open_contour() {
        let mut mesh = cuboid([0.0; 3], [2.0, 3.0, 4.0]);
        mesh.faces.truncate(10);
        mesh.kinds.truncate(10);
        let found = sections(mesh.view(), &Vector3::z(), &[1.0]);
        assert_eq!(found[0].len(), 1);
        assert!(!found[0][0].is_closed);
    }
}
