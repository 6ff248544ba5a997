//! All measurements of a volume in one call, since they share their reductions.

use super::bone;
use super::circle::{Circle, circle};
use super::coarse::Coarse;
use super::edge::{EdgeResponse, responses};
use super::face::{Face, faces, near_patient};
use super::histogram::Histogram;
use super::metal::{Metal, metal};
use super::midplane::{Midplane, midplane};
use super::noise::{Block, blocks, is_soft, mode_sd};
use super::sample::Sample;
use super::slices::{PairShift, SliceFacts, pair_shifts, slice_facts};
use crate::progress::{Cancelled, Progress};
use crate::volume::Volume;

/// What to measure with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurveyOptions {
    /// From here on a voxel may be bone, HU.
    pub bone_hu: f32,
    /// From here on a voxel is metal, HU.
    pub metal_hu: f32,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Survey {
    /// Each slice by itself.
    pub slices: Vec<SliceFacts>,
    /// Each slice against the next.
    pub shifts: Vec<PairShift>,
    /// How often each HU occurs.
    pub histogram: Histogram,
    /// Volume of the patient's bone, mm³.
    pub bone_mm3: f64,
    /// Median of the patient's bone, HU.
    pub bone_median_hu: Option<f64>,
    /// The six faces: i low, i high, j low, j high, k low, k high.
    pub faces: Vec<Face>,
    /// The reconstruction circle.
    pub circle: Option<Circle>,
    /// Metal.
    pub metal: Metal,
    /// Edge response in the plane and through it.
    pub edges: [Option<EdgeResponse>; 2],
    /// Noise of soft tissue and of air, HU.
    pub noise_hu: [Option<f64>; 2],
    /// Mean of the soft-tissue blocks, HU.
    pub soft_hu: Option<f64>,
    /// The soft-tissue blocks.
    pub soft_blocks: Vec<Block>,
    /// The mid-sagittal plane.
    pub midplane: Option<Midplane>,
}

/// Measures everything.
///
/// # Errors
/// [`Cancelled`] when `progress` is told to stop.
pub fn survey<T: Sample>(
    volume: Volume<'_, T>,
    options: SurveyOptions,
    progress: &Progress,
) -> Result<Survey, Cancelled> {
    let grid = volume.grid();
    // Rows must be contiguous for the tight loops; this copies nothing when they are.
    let standard = volume.values();
    let standard = standard.as_standard_layout();
    let values = standard.view();
    let spacing = grid.spacing_xyz_mm();
    let spacing = [spacing.x, spacing.y, spacing.z];
    progress.expect(9);
    let slices = slice_facts(values);
    progress.step()?;
    let shifts = pair_shifts(values, [spacing[0], spacing[1]]);
    progress.step()?;
    let histogram = Histogram::new(values);
    progress.step()?;
    let coarse = Coarse::new(values, spacing, 1.0);
    let cell_mm = [0, 1, 2].map(|axis| coarse.block[axis] as f64 * spacing[axis]);
    let labels = bone::label(&coarse, cell_mm, options.bone_hu as i16);
    progress.step()?;
    let faces = faces(values, grid, &coarse, &labels, options.bone_hu);
    let circle = circle(values, grid, &coarse, &near_patient(&coarse, &labels), options.bone_hu);
    progress.step()?;
    let metal = metal(values, grid, &histogram, options.metal_hu);
    progress.step()?;
    let edges = responses(values, grid);
    progress.step()?;
    let all_blocks = blocks(values, [spacing[0], spacing[1]]);
    let spread = |soft: bool| {
        mode_sd(all_blocks.iter().filter(|block| is_soft(block) == soft).map(|block| block.sd_hu))
    };
    let noise_hu = [spread(true), spread(false)];
    let soft_blocks: Vec<Block> = all_blocks.iter().copied().filter(is_soft).collect();
    progress.step()?;
    let midplane = midplane(&coarse, &labels, grid);
    progress.step()?;
    let bone: Vec<f32> = patient_values(&coarse, &labels);
    let soft_means: Vec<f32> = soft_blocks.iter().map(|block| block.mean_hu).collect();
    let known = |median: f64| (!median.is_nan()).then_some(median);
    Ok(Survey {
        bone_mm3: bone.len() as f64 * cell_mm.iter().product::<f64>(),
        bone_median_hu: known(super::slices::median(bone)),
        soft_hu: known(super::slices::median(soft_means)),
        slices,
        shifts,
        histogram,
        faces,
        circle,
        metal,
        edges,
        noise_hu,
        soft_blocks,
        midplane,
    })
}

fn patient_values(coarse: &Coarse, labels: &[u8]) -> Vec<f32> {
    let cells = coarse.values.iter().zip(labels);
    cells.filter(|(_, label)| **label == bone::PATIENT).map(|(hu, _)| f32::from(*hu)).collect()
}
