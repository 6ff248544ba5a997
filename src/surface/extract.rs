//! The surface of a volume at a level, within a mask.

use ndarray::ArrayView3;
use rayon::prelude::*;

use super::bits::Bits;
use super::emit::{Frame, Slab, emit};
use super::field::{Field, Sample};
use super::layout::Layout;
use super::seam::join_lids;
use super::slots::slots;
use crate::mesh::TriMesh;
use crate::progress::{Cancelled, Progress};
use crate::volume::Volume;

/// How a surface is to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct SurfaceOptions<'a> {
    /// The level; a sample that equals it is inside.
    pub level: f64,
    /// Samples that may be inside; the surface is closed half way to a sample that may not.
    pub within: Option<ArrayView3<'a, bool>>,
    /// Whether the surface is closed by flat lids where the image ends.
    pub close_border: bool,
}

/// Why a surface cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SurfaceError {
    /// The image is flat: nothing lies between its samples.
    #[error("volume: at least 2 samples along each axis expected, found {dims_ijk:?} (i, j, k)")]
    Flat {
        /// Samples along i, j, k.
        dims_ijk: [usize; 3],
    },
    /// The level is no number.
    #[error("level: a finite number expected, found {level}")]
    Level {
        /// What was given.
        level: f64,
    },
    /// The mask has another shape than the image.
    #[error("within: shape {expected:?} (nz, ny, nx) expected, found {actual:?}")]
    Within {
        /// Shape of the image.
        expected: [usize; 3],
        /// Shape of the mask.
        actual: [usize; 3],
    },
    /// Mesh files hold float32, and that cannot tell the samples of this grid apart.
    #[error(
        "volume: its samples are too close for their distance from the origin: float32, which mesh files hold, \
         cannot tell them apart"
    )]
    TooFar,
    /// More vertices or triangles than 32-bit indices can count.
    #[error(
        "surface: at most 2147483647 vertices and triangles expected, found {n_vertices} and {n_triangles}"
    )]
    TooLarge {
        /// Vertices.
        n_vertices: usize,
        /// Triangles.
        n_triangles: usize,
    },
    /// The memory for the mesh cannot be had.
    #[error("surface: no memory for {n_vertices} vertices and {n_triangles} triangles")]
    Memory {
        /// Vertices.
        n_vertices: usize,
        /// Triangles.
        n_triangles: usize,
    },
    /// Somebody stopped the job.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Draws the surface.
///
/// The mesh is an oriented 2-manifold whose triangles face outwards, closed except at the border of
/// the image when `close_border` is false; no triangle vanishes when its corners are rounded to
/// float32; its topology is that of the trilinear interpolant. A value that is not a number counts as
/// the end of the image.
///
/// # Errors
/// [`SurfaceError`] when the image is flat, an argument is off, or the mesh has no room.
pub fn extract_surface<T: Sample>(
    volume: Volume<'_, T>,
    options: SurfaceOptions<'_>,
    progress: &Progress,
) -> Result<TriMesh, SurfaceError> {
    let dims_ijk = volume.grid().dims_ijk();
    if dims_ijk.iter().any(|&n| n < 2) {
        return Err(SurfaceError::Flat { dims_ijk });
    }
    if !options.level.is_finite() {
        return Err(SurfaceError::Level { level: options.level });
    }
    if let Some(within) = options.within
        && within.dim() != volume.values().dim()
    {
        let shape = |(a, b, c)| [a, b, c];
        return Err(SurfaceError::Within {
            expected: shape(volume.values().dim()),
            actual: shape(within.dim()),
        });
    }
    let pad = usize::from(options.close_border);
    let frame = Frame::of(volume.grid(), pad).ok_or(SurfaceError::TooFar)?;
    let field = Field { values: volume.values(), within: options.within, level: options.level, pad };
    draw(&field, &frame, progress)
}

fn draw<T: Sample>(
    field: &Field<'_, T>,
    frame: &Frame,
    progress: &Progress,
) -> Result<TriMesh, SurfaceError> {
    progress.expect(2 * field.n_samples()[2]);
    let bits = Bits::of(field, progress)?;
    let layout = Layout::of(field, &bits, progress)?;
    let mut mesh = room(layout.totals())?;
    slabs(&mut mesh, &layout.slabs).into_par_iter().enumerate().try_for_each(|(k, slab)| {
        progress.step()?;
        emit(field, &bits, &layout, frame, k, slab);
        Ok::<(), Cancelled>(())
    })?;
    if field.pad > 0 {
        join_lids(&mut mesh, &bits, &layout);
    }
    Ok(mesh)
}

fn room([n_vertices, n_triangles]: [usize; 2]) -> Result<TriMesh, SurfaceError> {
    if n_vertices.max(n_triangles) > i32::MAX as usize {
        return Err(SurfaceError::TooLarge { n_vertices, n_triangles });
    }
    let mut mesh = TriMesh::default();
    mesh.vertices
        .try_reserve_exact(n_vertices)
        .and_then(|()| mesh.faces.try_reserve_exact(n_triangles))
        .and_then(|()| mesh.kinds.try_reserve_exact(n_triangles))
        .map_err(|_| SurfaceError::Memory { n_vertices, n_triangles })?;
    mesh.vertices.resize(n_vertices, [0.0; 3]);
    mesh.faces.resize(n_triangles, [0; 3]);
    mesh.kinds.resize(n_triangles, 0);
    Ok(mesh)
}

/// Cuts the arrays of a mesh into the part of each slab.
fn slabs<'m>(mesh: &'m mut TriMesh, places: &[[usize; 2]]) -> Vec<Slab<'m>> {
    let sizes = |what: usize| places.windows(2).map(move |pair| pair[1][what] - pair[0][what]);
    let vertices = slots(&mut mesh.vertices, sizes(0));
    let pieces =
        vertices.into_iter().zip(slots(&mut mesh.faces, sizes(1))).zip(slots(&mut mesh.kinds, sizes(1)));
    pieces.map(|((vertices, faces), kinds)| Slab { vertices, faces, kinds }).collect()
}
