//! A decimation whose bound is measured afterwards, and kept.

use std::sync::LazyLock;

use nalgebra::Vector3;
use rayon::prelude::*;

use super::comparison::{Comparison, Scale};
use super::mend::mend;
use super::order::in_order;
use super::reduce::{Decimated, Decimation, decimate};
use super::surface::Surface;
use crate::mesh::measure::area_mm2;
use crate::mesh::self_intersection::self_intersections;
use crate::mesh::{MeshRef, TriMesh};
use crate::progress::{Cancelled, Progress};

/// So often is a result that broke the bound made again, with its surroundings kept as they were.
const MOST_TRIES: usize = 8;

/// So often is one result mended, as long as a look at the whole finds more than the mending did.
const MOST_MENDED: usize = 4;

/// Part of the bound that is used: the rest is for rounding.
const MEASURED_SHARE: f64 = 0.9999;

/// A smaller mesh and how far it is from the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The mesh.
    pub mesh: TriMesh,
    /// No point of either surface is farther from the other, mm.
    pub max_mm: f64,
    /// Root of the mean square of the distances of the first surface's vertices, mm.
    pub rms_mm: f64,
    /// Mean of those distances, mm.
    pub mean_mm: f64,
    /// Whether no edge was left that could have been collapsed.
    pub is_exhausted: bool,
}

/// Decimates and measures. Where the bound was broken, or faces cross, the surface gets vertices back;
/// where that does not help it is left as it was, in a wider circle each time, and the rest is decimated
/// again. Of a surface that crosses itself already, faces may cross afterwards.
///
/// # Errors
/// [`Cancelled`] when asked to stop.
pub fn decimate_verified(
    mesh: MeshRef<'_>,
    asked: Decimation,
    progress: &Progress,
) -> Result<Verified, Cancelled> {
    progress.expect(1);
    let as_it_was = mesh;
    let ordered = in_order(mesh);
    let mesh = ordered.view();
    // Without a bound nobody asks before the end.
    let first = LazyLock::new(|| Surface::new(mesh));
    let has_bound = asked.bound_mm.is_finite();
    let scale = Scale { limit_mm: MEASURED_SHARE * asked.bound_mm, edge_mm: mean_edge_mm(mesh) };
    let mut is_kept = Vec::new();
    let mut reach_mm = scale.edge_mm;
    // Keeps the bound, but faces cross.
    let mut second_best = None;
    let mut is_crossed = None;
    for _ in 0..MOST_TRIES {
        let Decimated { mesh: made, beside, is_exhausted } =
            decimate(mesh, has_bound.then(|| &*first), asked, &is_kept, progress)?;
        let mut measured = Comparison::new(&first, &Surface::new(made.view()), &beside, scale);
        // Without a bound the number of faces is what was asked for.
        let (mut made, mut crossing) = (made, Vec::new());
        for _ in 0..if has_bound { MOST_MENDED } else { 0 } {
            (made, crossing) = mend(&first, made, &mut measured, progress)?;
            if measured.max_mm() > scale.limit_mm {
                break;
            }
            // While it was mended only what changed was measured again; what counts is the whole.
            let beside: Vec<u32> = measured.ends[0].iter().map(|end| end.face).collect();
            measured = Comparison::new(&first, &Surface::new(made.view()), &beside, scale);
            if measured.max_mm() <= scale.limit_mm {
                break;
            }
        }
        progress.step()?;
        let max_mm = measured.max_mm();
        // A surface that crosses itself goes on to: that is no reason to keep its surroundings.
        if !crossing.is_empty() && is_crossed.is_none() {
            is_crossed = Some(!self_intersections(mesh, progress)?.is_empty());
        }
        if is_crossed == Some(true) {
            crossing.clear();
        }
        let mut points: Vec<[f64; 3]> =
            crossing.as_flattened().iter().flat_map(|&face| made.view().corners(face as usize)).collect();
        for (which, mesh) in [mesh, made.view()].into_iter().enumerate() {
            points.extend(measured.beyond(which).flat_map(|face| mesh.corners(face)));
        }
        // What needs as many faces as there were is left as it was.
        let is_smaller = made.faces.len() < mesh.faces().len();
        if max_mm <= scale.limit_mm && is_smaller {
            let (rms_mm, mean_mm) = measured.rms_and_mean_mm();
            let made = Verified { mesh: made, max_mm, rms_mm, mean_mm, is_exhausted };
            if crossing.is_empty() {
                return Ok(made);
            }
            second_best = Some(made);
        }
        // Without more to keep it would only come to the same.
        if points.is_empty() {
            break;
        }
        progress.expect(1);
        keep_around(mesh, points, reach_mm, &mut is_kept);
        reach_mm *= 2.0;
    }
    let unchanged = || Verified {
        mesh: as_it_was.to_owned(),
        max_mm: 0.0,
        rms_mm: 0.0,
        mean_mm: 0.0,
        is_exhausted: true,
    };
    Ok(second_best.unwrap_or_else(unchanged))
}

/// Marks the vertices within a distance of any of some points.
fn keep_around(mesh: MeshRef<'_>, points: Vec<[f64; 3]>, reach_mm: f64, is_kept: &mut Vec<bool>) {
    is_kept.resize(mesh.vertices().len(), false);
    let cell = |point: &[f64; 3], shift: [i64; 3]| -> [i64; 3] {
        std::array::from_fn(|axis| (point[axis] / reach_mm).floor() as i64 + shift[axis])
    };
    let mut sorted: Vec<([i64; 3], [f64; 3])> =
        points.into_iter().map(|point| (cell(&point, [0; 3]), point)).collect();
    sorted.sort_unstable_by_key(|entry| entry.0);
    let is_near = |vertex: &[f64; 3]| {
        (0..27).any(|n: i64| {
            let key = cell(vertex, [n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1]);
            let first = sorted.partition_point(|entry| entry.0 < key);
            sorted[first..]
                .iter()
                .take_while(|entry| entry.0 == key)
                .any(|entry| (Vector3::from(entry.1) - Vector3::from(*vertex)).norm() <= reach_mm)
        })
    };
    is_kept
        .par_iter_mut()
        .zip(mesh.vertices())
        .for_each(|(is_kept, vertex)| *is_kept = *is_kept || is_near(vertex));
}

/// The edge of an equilateral triangle of mean area.
fn mean_edge_mm(mesh: MeshRef<'_>) -> f64 {
    (area_mm2(mesh) / mesh.faces().len().max(1) as f64 / 0.433).sqrt()
}
