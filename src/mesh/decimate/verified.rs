//! A decimation whose bound is measured afterwards, and kept.

use super::reduce::{Decimated, Decimation, decimate};
use crate::mesh::deviation::{Deviation, deviation};
use crate::mesh::measure::area_mm2;
use crate::mesh::{MeshRef, TriMesh};
use crate::progress::{Cancelled, Progress};

/// So often is a result that broke the bound made again under a tighter one.
const MOST_TRIES: usize = 4;

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

/// Decimates, measures, and when the bound was broken decimates again more carefully.
///
/// # Errors
/// [`Cancelled`] when asked to stop.
pub fn decimate_verified(
    mesh: MeshRef<'_>,
    asked: Decimation,
    progress: &Progress,
) -> Result<Verified, Cancelled> {
    progress.expect(1);
    let step_mm = mean_edge_mm(mesh);
    let mut tighter = asked;
    for _ in 0..MOST_TRIES {
        let Decimated { mesh: made, is_exhausted } = decimate(mesh, tighter, progress)?;
        let measured = deviation(mesh, made.view(), step_mm).unwrap_or_default();
        progress.step()?;
        if measured.max_mm <= asked.bound_mm {
            return Ok(Verified { mesh: made, deviation: measured, is_exhausted });
        }
        progress.expect(1);
        tighter.bound_mm *= (0.95 * asked.bound_mm / measured.max_mm).clamp(0.3, 0.9);
    }
    Ok(Verified { mesh: mesh.to_owned(), deviation: Deviation::default(), is_exhausted: true })
}

/// The edge of an equilateral triangle of mean area.
fn mean_edge_mm(mesh: MeshRef<'_>) -> f64 {
    (area_mm2(mesh) / mesh.faces().len().max(1) as f64 / 0.433).sqrt()
}
