//! Fills the holes of a mesh up to a size, and says which.

use nalgebra::Vector3;

use super::fair::Patch;
use super::rim::{Rim, rims};
use super::triangulate::{MOST_EDGES, triangulate};
use crate::mesh::adjacency::VertexFaces;
use crate::mesh::measure::doubled_area_vector;
use crate::mesh::{FaceKind, MeshRef, TriMesh};
use crate::progress::{Cancelled, Progress};

/// Above so many vertices the diameter of a rim is the diagonal of its bounds.
const MOST_PAIRS: usize = 2000;

/// Sine of the angle below which two faces lie in one plane.
const FLAT: f64 = 1e-6;

/// A hole that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct FilledHole {
    /// Largest distance between two vertices of the rim, mm.
    pub diameter_mm: f64,
    /// Edges of the rim.
    pub n_edges: usize,
    /// Mean of the vertices of the rim, LPS mm.
    pub centre: [f64; 3],
    /// Area of the patch, mm2; zero where the hole was left open.
    pub area_mm2: f64,
    /// Whether it was filled.
    pub is_filled: bool,
}

/// Fills every hole of at most a diameter; new faces are of the kind `Filled`.
///
/// # Errors
/// [`Cancelled`] when asked to stop.
pub fn fill_holes(
    mesh: MeshRef<'_>,
    max_diameter_mm: f64,
    progress: &Progress,
) -> Result<(TriMesh, Vec<FilledHole>), Cancelled> {
    let rims = rims(mesh);
    progress.expect(rims.len());
    let around = VertexFaces::new(mesh.vertices().len(), mesh.faces());
    let mut made = mesh.to_owned();
    let mut holes = Vec::with_capacity(rims.len());
    for rim in rims {
        let points: Vec<Vector3<f64>> =
            rim.vertices.iter().map(|&vertex| mesh.vertices()[vertex as usize].into()).collect();
        let mut hole = FilledHole {
            diameter_mm: diameter(&points),
            n_edges: points.len(),
            centre: (points.iter().sum::<Vector3<f64>>() / points.len() as f64).into(),
            area_mm2: 0.0,
            is_filled: false,
        };
        if hole.diameter_mm <= max_diameter_mm
            && points.len() >= 3
            && let Some(patch) = patch(mesh, &around, &rim, points)
        {
            hole.area_mm2 = append(&mut made, &rim, &patch);
            hole.is_filled = true;
        }
        holes.push(hole);
        progress.step()?;
    }
    Ok((made, holes))
}

fn diameter(points: &[Vector3<f64>]) -> f64 {
    if points.len() > MOST_PAIRS {
        let (low, high) = points
            .iter()
            .fold((points[0], points[0]), |(low, high), point| (low.inf(point), high.sup(point)));
        return (high - low).norm();
    }
    let pairs = points.iter().enumerate().flat_map(|(n, p)| points[..n].iter().map(move |q| (p - q).norm()));
    pairs.fold(0.0, f64::max)
}

/// A patch over a rim; none where it would be the back of what is there.
fn patch(mesh: MeshRef<'_>, around: &VertexFaces, rim: &Rim, mut points: Vec<Vector3<f64>>) -> Option<Patch> {
    let n = points.len();
    let at = |vertex: u32| Vector3::from(mesh.vertices()[vertex as usize]);
    let neighbours: Vec<Vec<u32>> =
        rim.vertices.iter().map(|&vertex| neighbours(mesh, around, vertex)).collect();
    let is_taken = |i: usize, k: usize| {
        rim.vertices[i] == rim.vertices[k] || neighbours[i].binary_search(&rim.vertices[k]).is_ok()
    };
    let tips: Vec<Vector3<f64>> = rim.tips.iter().map(|&tip| at(tip)).collect();
    let mut scales: Vec<f64> = (0..n)
        .map(|i| {
            let sum: f64 = neighbours[i].iter().map(|&other| (at(other) - points[i]).norm()).sum();
            sum / neighbours[i].len() as f64
        })
        .collect();
    let found = if n <= MOST_EDGES { triangulate(&points, &tips, is_taken) } else { None };
    let faces = found.unwrap_or_else(|| {
        // Spokes to a new vertex in the middle repeat no edge.
        points.push(points.iter().sum::<Vector3<f64>>() / n as f64);
        scales.push(scales.iter().sum::<f64>() / n as f64);
        (0..n).map(|i| [i, (i + 1) % n, n]).collect()
    });
    let mut patch = Patch { points, faces, scales, n_rim: n };
    if is_back(mesh, around, rim, &patch) {
        return None;
    }
    patch.refine(&is_taken);
    let outside: Vec<Vec<Vector3<f64>>> = (0..n)
        .map(|i| {
            let is_rim =
                |other: u32| other == rim.vertices[(i + 1) % n] || other == rim.vertices[(i + n - 1) % n];
            neighbours[i].iter().filter(|&&other| !is_rim(other)).map(|&other| at(other)).collect()
        })
        .collect();
    patch.fair(&outside);
    Some(patch)
}

/// Whether a patch is the back of faces that are there: it has the corners of one, or folds flat onto
/// the face beside every edge of the rim. A triangle or a flat sheet has an outline, not a hole.
fn is_back(mesh: MeshRef<'_>, around: &VertexFaces, rim: &Rim, patch: &Patch) -> bool {
    let n = patch.n_rim;
    let is_there = |corners: &[usize; 3]| {
        if corners.iter().any(|&corner| corner >= n) {
            return false;
        }
        let ours = corners.map(|corner| rim.vertices[corner]);
        around.of(ours[0] as usize).iter().any(|&face| {
            let theirs = mesh.faces()[face as usize];
            ours.iter().all(|corner| theirs.contains(corner))
        })
    };
    let is_folded = |corners: &[usize; 3]| {
        (0..3).all(|i| {
            let (from, to, tip) = (corners[i], corners[(i + 1) % 3], corners[(i + 2) % 3]);
            if from >= n || to != (from + 1) % n {
                return true;
            }
            let beyond = Vector3::from(mesh.vertices()[rim.tips[from] as usize]);
            let (start, along) = (patch.points[from], patch.points[to] - patch.points[from]);
            let (ours, theirs) = (along.cross(&(patch.points[tip] - start)), along.cross(&(beyond - start)));
            // Both tips on one side of the edge, in one plane.
            ours.cross(&theirs).norm() <= FLAT * ours.norm() * theirs.norm() && ours.dot(&theirs) >= 0.0
        })
    };
    patch.faces.iter().any(is_there) || patch.faces.iter().all(is_folded)
}

/// The neighbours of a vertex, ascending.
fn neighbours(mesh: MeshRef<'_>, around: &VertexFaces, vertex: u32) -> Vec<u32> {
    let faces = around.of(vertex as usize).iter();
    let mut list: Vec<u32> =
        faces.flat_map(|&face| mesh.faces()[face as usize]).filter(|&corner| corner != vertex).collect();
    list.sort_unstable();
    list.dedup();
    list
}

/// Adds a patch to a mesh and returns its area.
fn append(made: &mut TriMesh, rim: &Rim, patch: &Patch) -> f64 {
    let first = made.vertices.len();
    made.vertices.extend(patch.points[patch.n_rim..].iter().map(|&point| <[f64; 3]>::from(point)));
    let mut area = 0.0;
    for corners in &patch.faces {
        let face = corners.map(|corner| {
            if corner < patch.n_rim { rim.vertices[corner] } else { (first + corner - patch.n_rim) as u32 }
        });
        area += doubled_area_vector(face.map(|index| made.vertices[index as usize])).norm() / 2.0;
        made.faces.push(face);
        made.kinds.push(FaceKind::Filled as u8);
    }
    area
}
