//! A decimation whose bound is measured afterwards, and kept.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::reduce::{Decimated, Decimation, decimate};
use crate::mesh::deviation::{Deviation, deviation};
use crate::mesh::measure::area_mm2;
use crate::mesh::{MeshRef, TriMesh};
use crate::progress::{Cancelled, Progress};

/// So often is a result that broke the bound made again, with its surroundings kept as they were.
const MOST_TRIES: usize = 5;

/// Part of the bound that may be found: between the places that are looked at it may be more.
const MEASURED_SHARE: f64 = 0.95;

/// A smaller mesh and how far it is from the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The mesh.
    pub mesh: TriMesh,
    /// Measured between both surfaces, both ways.
    pub deviation: Deviation,
    /// Whether no edge was left that could have been collapsed.
    pub is_exhausted: bool,
}

/// Decimates and measures. Where the bound was broken the surface is left as it was, in a wider
/// circle each time, and the rest is decimated again.
///
/// # Errors
/// [`Cancelled`] when asked to stop.
pub fn decimate_verified(
    mesh: MeshRef<'_>,
    asked: Decimation,
    progress: &Progress,
) -> Result<Verified, Cancelled> {
    progress.expect(1);
    let edge_mm = mean_edge_mm(mesh);
    let limit_mm = MEASURED_SHARE * asked.bound_mm;
    let mut is_kept = Vec::new();
    let mut reach_mm = edge_mm;
    for _ in 0..MOST_TRIES {
        let Decimated { mesh: made, is_exhausted } = decimate(mesh, asked, &is_kept, progress)?;
        let measured = deviation(mesh, made.view(), edge_mm, limit_mm).unwrap_or_default();
        progress.step()?;
        if measured.max_mm <= limit_mm {
            return Ok(Verified { mesh: made, deviation: measured, is_exhausted });
        }
        progress.expect(1);
        keep_around(mesh, measured.beyond, reach_mm, &mut is_kept);
        reach_mm *= 2.0;
    }
    Ok(Verified { mesh: mesh.to_owned(), deviation: Deviation::default(), is_exhausted: true })
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
