//! Points of a surface held against an image.

use nalgebra::Vector3;
use rayon::prelude::*;

use super::blur::{self, Blur, Look, Reading};
use super::coat;
use super::edge::{self, EdgeMethod, Measured, Scan};
use super::field::Field;
use super::profile;
use super::quiet::{self, Beside, Noise, Smoothing};
use crate::progress::{Cancelled, Progress};
use crate::segment::Value;
use crate::volume::Volume;

/// Points that tell about the scan before all are measured.
const FIRST_LOOK: usize = 6000;
const BLOCK: usize = 512;
/// Farthest that a plateau is read beyond the search, mm; where the scan turns out blurrier, so many blurs.
const BEYOND_MM: f64 = 2.5;
const BEYOND_SIGMAS: f64 = 3.5;
/// So far where no edge ended within that, mm; how often slopes are smoothed then.
const FAR_MM: f64 = 8.0;
const SMOOTHED: usize = 8;
/// A smoothed copy of the image reaches so far beyond the search, mm.
const MARGIN_MM: f64 = 8.0;
/// Part of the drop that the fit of a clean edge leaves; and in a scan where none is clean.
const CLEAN: f64 = 0.05;
const NOISY: f64 = 0.25;
/// Share of the edges that are clean in a scan that is not noisy.
const MOSTLY: f64 = 0.5;

/// How to look for edges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EdgeOptions {
    /// What an edge is.
    pub method: EdgeMethod,
    /// Farthest that an edge may be from the mesh, mm.
    pub search_mm: f64,
    /// Least difference between inside and outside; left out, a fifth of what is usual at this surface.
    pub least_contrast: Option<f64>,
    /// That fifth is at least so much: ripples in air are no edges.
    pub lowest_contrast: f64,
    /// Values below are no image.
    pub floor: f64,
    /// Values from here on are the end of the scale.
    pub ceiling: f64,
    /// A level whose distance from the edge is wanted.
    pub level: Option<f64>,
    /// Value of what may coat the surface thinly before air, and how well it is known.
    pub coat: Option<[f64; 2]>,
    /// Whether the way that blur moves a curved edge is taken out.
    pub is_curvature_corrected: bool,
}

/// A surface held against an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What was found at each point.
    pub measured: Vec<Measured>,
    /// The blur of the scan at this surface.
    pub blur: Blur,
    /// Noise of what was read at this surface: of profiles, smoothed where that was needed.
    pub noise: f64,
    /// Noise of the voxels themselves.
    pub voxel_noise: f64,
    /// Standard deviation of the bell that the image was smoothed by, mm; 0 where it was not.
    pub smoothed_mm: f64,
    /// How many times the noise of slopes the edge falls once smoothed; nothing where that was not needed.
    pub steepness: Option<f64>,
    /// Usual difference between inside and outside.
    pub contrast: f64,
    /// Least difference that counted as an edge.
    pub least_contrast: f64,
}

/// Why a mesh cannot be held against an image.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OverlayError {
    /// Points and normals do not go together.
    #[error("normals: {n_points} expected, found {n_normals}")]
    Normals {
        /// How many points there are.
        n_points: usize,
        /// How many normals there are.
        n_normals: usize,
    },
    /// A length is no length.
    #[error("search_mm: a finite number above 0 expected, found {0}")]
    Search(f64),
    /// The voxels do not lie as they must.
    #[error("values: C order expected")]
    Order,
    /// The caller asked for a stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Holds points of a surface, with their unit normals, against an image; the same for any number of
/// threads.
///
/// # Errors
/// [`OverlayError`] when the arrays do not agree, an option is off, or the job was stopped.
pub fn compare<T: Value>(
    points: &[[f64; 3]],
    normals: &[[f64; 3]],
    volume: Volume<'_, T>,
    options: &EdgeOptions,
    progress: &Progress,
) -> Result<Comparison, OverlayError> {
    if !(options.search_mm > 0.0 && options.search_mm.is_finite()) {
        return Err(OverlayError::Search(options.search_mm));
    }
    let values = volume.values();
    let voxels = values.as_slice().ok_or(OverlayError::Order)?;
    let field = Field::new(voxels, volume.grid(), options.floor as f32);
    if points.len() != normals.len() {
        return Err(OverlayError::Normals { n_points: points.len(), n_normals: normals.len() });
    }
    let stride = points.len().div_ceil(FIRST_LOOK).max(1);
    let some = |all: &[[f64; 3]]| all.iter().copied().step_by(stride).collect::<Vec<_>>();
    let (some_points, some_normals) = (some(points), some(normals));
    let floor = options.floor as f32;
    let beside = Beside { points: &some_points, normals: &some_normals, floor };
    let voxels_noise = quiet::of_voxels(values, volume.grid(), beside);
    let voxel_noise = voxels_noise.sd;
    let look =
        Held { field: &field, options, smoothing: Smoothing::none(), noise: None, voxels: voxels_noise }
            .look(beside);
    let smoothing = Smoothing::needed(volume.grid(), look.fall, voxels_noise);
    let how = (options.search_mm + MARGIN_MM, floor, options.ceiling as f32);
    let quiet = if smoothing.sigma_mm > 0.0 {
        quiet::around(values, volume.grid(), points, &smoothing, how, progress)?
    } else {
        None
    };
    if let Some((quiet, grid)) = quiet {
        let smooth = Field::new(quiet.as_slice().ok_or(OverlayError::Order)?, &grid, floor);
        let held = Held {
            field: &smooth,
            options,
            smoothing,
            noise: Some(voxels_noise.after(&smoothing)),
            voxels: voxels_noise,
        };
        let mut found = held.compare(held.look(beside), points, normals, progress)?;
        // The level of a mesh is that of the image it was drawn in.
        found.measured.par_iter_mut().zip(points).for_each(|(one, point)| {
            one.value = field.at(&field.index(&Vector3::from(*point))).unwrap_or(f64::NAN);
        });
        return Ok(Comparison { voxel_noise, ..found });
    }
    let held =
        Held { field: &field, options, smoothing: Smoothing::none(), noise: None, voxels: voxels_noise };
    Ok(Comparison { voxel_noise, ..held.compare(look, points, normals, progress)? })
}

/// An image that a surface is held against, as it is or smoothed.
struct Held<'a, T> {
    field: &'a Field<'a, T>,
    options: &'a EdgeOptions,
    smoothing: Smoothing,
    /// What noise is left, where it is smoothed.
    noise: Option<Noise>,
    /// Noise of the voxels as they are.
    voxels: Noise,
}

impl<T: Value> Held<'_, T> {
    /// Farthest that plateaus are read beyond the search, mm, before the blur is known.
    fn near_mm(&self) -> f64 {
        BEYOND_MM.max(2.5 * self.field.grid().spacing_xyz_mm().max())
    }

    /// Length and number of the steps of a profile; a far search is made with coarser ones, as a profile
    /// has only so many.
    fn steps(&self, beyond_mm: f64) -> (f64, usize) {
        let reach = self.options.search_mm + beyond_mm;
        let finest = (self.field.grid().spacing_xyz_mm().min() / 2.0).min(0.4);
        let step_mm = finest.max(reach / profile::MOST as f64);
        (step_mm, (reach / step_mm).ceil() as usize)
    }

    fn look(&self, beside: Beside<'_>) -> Look {
        let look = |beyond_mm: f64, n_smooth: usize, most_rest: f64| {
            let (step_mm, half) = self.steps(beyond_mm);
            let (search_mm, ceiling) = (self.options.search_mm, self.options.ceiling);
            let added_mm2 = self.smoothing.added_mm2;
            let reading = Reading { step_mm, search_mm, half, n_smooth, ceiling, most_rest, added_mm2 };
            blur::look(self.field, beside.points, beside.normals, reading)
        };
        // The edges of a blurry scan end farther out, and those of a noisy one are found once it is smoothed.
        let near = self.near_mm();
        let is_told = |found: &Look| found.blur.n_edges > 0 && found.clean >= MOSTLY;
        let first = Some(look(near + 3.0 * self.smoothing.sigma_mm, 1, CLEAN)).filter(is_told);
        first.unwrap_or_else(|| look(near.max(FAR_MM), SMOOTHED, NOISY))
    }

    fn compare(
        &self,
        look: Look,
        points: &[[f64; 3]],
        normals: &[[f64; 3]],
        progress: &Progress,
    ) -> Result<Comparison, OverlayError> {
        let (grid, options) = (self.field.grid(), self.options);
        let with = |sigma_mm: f64| sigma_mm.hypot(self.smoothing.sigma_mm);
        let [flat, deep] = [look.blur.in_plane_mm, look.blur.through_plane_mm];
        let (step_mm, half) = self.steps(self.near_mm().max(BEYOND_SIGMAS * with(flat.max(deep))));
        let noise = self.noise.map_or(look.noise, |left| look.noise.max(left.sd));
        let usual = (0.2 * look.contrast).max(4.0 * noise).max(options.lowest_contrast);
        let least_contrast = options.least_contrast.unwrap_or(usual);
        let scan = Scan {
            method: options.method,
            step_mm,
            search_mm: options.search_mm,
            half,
            n_smooth: smoothing(with(flat.min(deep)), step_mm),
            blur_mm2: look.blur.covariance_mm2(grid) + self.smoothing.added_mm2,
            added_mm2: self.smoothing.added_mm2,
            noise,
            least_contrast,
            inside: look.inside,
            ceiling: options.ceiling,
            level: options.level,
            coat: options.coat.filter(|&coat| coat::is_around(coat, &look.outside)),
            is_curvature_corrected: options.is_curvature_corrected,
            voxel_mm: grid.voxel_volume_mm3().cbrt(),
            alike_mm: self.noise.map(|left| left.alike_mm),
            alike: Some(self.voxels).filter(|noise| self.noise.is_none() && noise.is_alike(grid)),
            longest_step_mm: grid.spacing_xyz_mm().max(),
            steps: grid.steps(),
        };
        let measured = measure_all(self.field, &scan, points, normals, progress)?;
        Ok(Comparison {
            measured,
            blur: look.blur,
            noise,
            voxel_noise: noise,
            smoothed_mm: self.smoothing.sigma_mm,
            steepness: self.noise.map(|left| left.steepness(look.fall)),
            contrast: look.contrast,
            least_contrast,
        })
    }
}

/// As often as makes the slopes blurrier by half of the blur of the scan.
fn smoothing(sigma_mm: f64, step_mm: f64) -> usize {
    (0.5 * (sigma_mm / step_mm).powi(2)).round().clamp(1.0, 8.0) as usize
}

fn measure_all<T: Value>(
    field: &Field<'_, T>,
    scan: &Scan,
    points: &[[f64; 3]],
    normals: &[[f64; 3]],
    progress: &Progress,
) -> Result<Vec<Measured>, Cancelled> {
    progress.expect(points.len().div_ceil(BLOCK));
    let blocks: Result<Vec<Vec<Measured>>, Cancelled> = points
        .par_chunks(BLOCK)
        .zip(normals.par_chunks(BLOCK))
        .map(|(points, normals)| {
            progress.step()?;
            let pairs = points.iter().zip(normals);
            Ok(pairs
                .map(|(point, normal)| {
                    edge::measure(field, scan, &Vector3::from(*point), &Vector3::from(*normal))
                })
                .collect())
        })
        .collect();
    Ok(blocks?.into_iter().flatten().collect())
}
