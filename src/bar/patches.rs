//! Flat patches of a noisy scan, by region growing on smoothed normals.
//!
//! The normal of a scanned triangle is mostly noise: a vertex that is off by 0.05 mm tilts a triangle
//! of 0.3 mm by ten degrees. Normals are therefore averaged over a neighbourhood before patches grow
//! from the flattest places outwards; positions are never moved.
//!
//! Besl and Jain, Segmentation through variable-order surface fitting, IEEE PAMI 10, 1988,
//! doi:10.1109/34.3881 (seeds where the surface is flattest, growth while the plane fits).

use std::collections::VecDeque;

use nalgebra::Vector3;
use rayon::prelude::*;

use crate::mesh::MeshRef;
use crate::mesh::adjacency::VertexFaces;
use crate::mesh::measure::doubled_area_vector;
use crate::progress::{Cancelled, Progress};

/// More rounds of averaging than this do not help: the noise is gone, or the scan is too fine.
const MOST_ROUNDS: usize = 40;

/// What counts as flat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flatness {
    /// Normals are averaged over about this radius, mm.
    pub radius_mm: f64,
    /// Cosine of the largest angle between a face and the plane of its patch.
    pub least_cosine: f64,
    /// Largest distance of the middle of a face from the plane of its patch, mm.
    pub most_mm: f64,
    /// Least area of a patch, mm2.
    pub least_mm2: f64,
}

/// For each face the number of its patch, from 0 in the order of their seeds; -1 where nothing is flat.
///
/// # Errors
/// [`Cancelled`] when asked to stop.
pub fn find(mesh: MeshRef<'_>, asked: Flatness, progress: &Progress) -> Result<Vec<i32>, Cancelled> {
    progress.check()?;
    let around = VertexFaces::new(mesh.vertices().len(), mesh.faces());
    let areas: Vec<Vector3<f64>> = (0..mesh.faces().len())
        .into_par_iter()
        .map(|face| doubled_area_vector(mesh.corners(face)) / 2.0)
        .collect();
    let normals = smoothed(mesh, &around, &areas, asked.radius_mm, progress)?;
    let order = flattest_first(mesh, &around, &normals);
    let mut patch = vec![-1_i32; mesh.faces().len()];
    let mut is_seen = vec![false; mesh.faces().len()];
    let mut n_patches = 0;
    for seed in order {
        if is_seen[seed as usize] {
            continue;
        }
        progress.check()?;
        let (members, area) = grown(mesh, &around, &areas, &normals, asked, seed, &mut is_seen);
        if area >= asked.least_mm2 {
            for face in members {
                patch[face as usize] = n_patches;
            }
            n_patches += 1;
        }
    }
    Ok(patch)
}

/// Unit normals of all faces, averaged over a neighbourhood of about `radius_mm`.
fn smoothed(
    mesh: MeshRef<'_>,
    around: &VertexFaces,
    areas: &[Vector3<f64>],
    radius_mm: f64,
    progress: &Progress,
) -> Result<Vec<Vector3<f64>>, Cancelled> {
    let total: f64 = areas.iter().map(Vector3::norm).sum();
    // The side of the equilateral triangle of mean area.
    let side = (total / areas.len().max(1) as f64 * 4.0 / 3.0_f64.sqrt()).sqrt();
    // Each round is a step of a random walk of about one side.
    let rounds = if side > 0.0 { ((radius_mm / side).powi(2) as usize).min(MOST_ROUNDS) } else { 0 };
    let mut sums = areas.to_vec();
    for _ in 0..rounds {
        progress.check()?;
        let at_vertex: Vec<Vector3<f64>> = (0..around.n_vertices())
            .into_par_iter()
            .map(|vertex| {
                let faces = around.of(vertex);
                let sum: Vector3<f64> = faces.iter().map(|&face| sums[face as usize]).sum();
                sum / faces.len().max(1) as f64
            })
            .collect();
        sums = mesh
            .faces()
            .par_iter()
            .map(|corners| {
                corners.iter().map(|&corner| at_vertex[corner as usize]).sum::<Vector3<f64>>() / 3.0
            })
            .collect();
    }
    Ok(sums.into_par_iter().map(|sum| sum.try_normalize(0.0).unwrap_or_else(Vector3::zeros)).collect())
}

/// All faces, those first whose neighbours look most nearly the same way.
fn flattest_first(mesh: MeshRef<'_>, around: &VertexFaces, normals: &[Vector3<f64>]) -> Vec<u32> {
    let mut keys: Vec<(f64, u32)> = mesh
        .faces()
        .par_iter()
        .enumerate()
        .map(|(face, corners)| {
            let least = corners
                .iter()
                .flat_map(|&corner| around.of(corner as usize))
                .map(|&other| normals[face].dot(&normals[other as usize]))
                .fold(1.0, f64::min);
            (least, face as u32)
        })
        .collect();
    keys.par_sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    keys.into_iter().map(|(_, face)| face).collect()
}

/// The faces that can be reached from a seed without leaving its plane, and their area.
fn grown(
    mesh: MeshRef<'_>,
    around: &VertexFaces,
    areas: &[Vector3<f64>],
    normals: &[Vector3<f64>],
    asked: Flatness,
    seed: u32,
    is_seen: &mut [bool],
) -> (Vec<u32>, f64) {
    let middle = |face: u32| {
        let [a, b, c] = mesh.corners(face as usize).map(Vector3::from);
        (a + b + c) / 3.0
    };
    let (mut members, mut queue) = (Vec::new(), VecDeque::from([seed]));
    let (mut area, mut moment, mut tilt) = (0.0, Vector3::zeros(), Vector3::zeros());
    is_seen[seed as usize] = true;
    while let Some(face) = queue.pop_front() {
        let own = areas[face as usize].norm();
        area += own;
        moment += own * middle(face);
        tilt += own * normals[face as usize];
        members.push(face);
        let plane = tilt.try_normalize(0.0).unwrap_or_else(|| normals[seed as usize]);
        let foot = if area > 0.0 { moment / area } else { middle(face) };
        for &corner in &mesh.faces()[face as usize] {
            for &other in around.of(corner as usize) {
                if !is_seen[other as usize]
                    && normals[other as usize].dot(&plane) >= asked.least_cosine
                    && (middle(other) - foot).dot(&plane).abs() <= asked.most_mm
                {
                    is_seen[other as usize] = true;
                    queue.push_back(other);
                }
            }
        }
    }
    (members, area)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::TriMesh;

    /// Two plates of `n` by `n` squares of 1 mm that meet at a right angle.
    fn corner(n: u32) -> TriMesh {
        let mut vertices = Vec::new();
        let at = |i: u32, j: u32| i * (n + 1) + j;
        for i in 0..=2 * n {
            for j in 0..=n {
                let (x, z) = if i <= n { (f64::from(i), 0.0) } else { (f64::from(n), f64::from(i - n)) };
                vertices.push([x, f64::from(j), z]);
            }
        }
        let mut faces = Vec::new();
        for i in 0..2 * n {
            for j in 0..n {
                faces.push([at(i, j), at(i + 1, j), at(i + 1, j + 1)]);
                faces.push([at(i, j), at(i + 1, j + 1), at(i, j + 1)]);
            }
        }
        TriMesh::imaged(vertices, faces)
    }

    const ASKED: Flatness = Flatness { radius_mm: 0.5, least_cosine: 0.9, most_mm: 0.3, least_mm2: 20.0 };

    #[test]
    fn two_plates_are_two_patches() {
        let mesh = corner(10);
        let found = find(mesh.view(), ASKED, &Progress::default()).unwrap();
        assert_eq!(found.iter().max(), Some(&1));
        let (first, second) = found.split_at(200);
        assert!(first.iter().all(|&patch| patch == first[0]) && first[0] >= 0);
        assert!(second.iter().all(|&patch| patch == second[0]) && second[0] >= 0);
    }

    #[test]
    fn small_patches_are_none_and_a_job_can_be_stopped() {
        let mesh = corner(4);
        let found = find(mesh.view(), ASKED, &Progress::default()).unwrap();
        assert!(found.iter().all(|&patch| patch == -1), "16 mm2 each");
        let progress = Progress::default();
        progress.cancel();
        assert!(find(mesh.view(), ASKED, &progress).is_err());
        let empty = TriMesh::default();
        assert_eq!(find(empty.view(), ASKED, &Progress::default()).unwrap(), Vec::<i32>::new());
    }
}
