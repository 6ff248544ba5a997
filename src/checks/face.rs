//! Bone that leaves the image through one of its six faces.

use std::ops::RangeInclusive;

use nalgebra::Point3;
use ndarray::{ArrayView2, ArrayView3, Axis};

use super::bone::PATIENT;
use super::coarse::Coarse;
use super::patch::{Layer, PLATE_MM, Patch};
use super::sample::Sample;
use crate::geometry::Grid;

/// One face of the image.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Area of the patient's bone in the outermost layer of voxels, mm².
    pub area_mm2: f64,
    /// Its pieces: area and middle, LPS, mm.
    pub pieces: Vec<(f64, Point3<f64>)>,
    /// Distance from the outermost bone to the face, mm; infinite without bone.
    pub margin_mm: f64,
}

/// Pieces smaller than this are single voxels of noise.
const MIN_PIECE_MM2: f64 = 4.0;

/// Measures the faces in the order i low, i high, j low, j high, k low, k high.
pub(super) fn faces<T: Sample>(
    values: ArrayView3<'_, T>,
    grid: &Grid,
    coarse: &Coarse,
    labels: &[u8],
    bone_hu: f32,
) -> Vec<Face> {
    let margins = margins(coarse, labels, grid);
    let mine = near_patient(coarse, labels);
    (0..6).map(|number| face(values, grid, coarse, &mine, number, bone_hu, margins[number])).collect()
}

fn face<T: Sample>(
    values: ArrayView3<'_, T>,
    grid: &Grid,
    coarse: &Coarse,
    mine: &[bool],
    number: usize,
    bone_hu: f32,
    margin_mm: f64,
) -> Face {
    let (axis, is_high) = (number / 2, number % 2 == 1);
    let dims = grid.dims_ijk();
    let at = if is_high { dims[axis] - 1 } else { 0 };
    let [across, down] = [[1, 2], [0, 2], [0, 1]][axis];
    let plane: ArrayView2<'_, T> = values.index_axis(Axis(2 - axis), at);
    let steps = grid.steps();
    // The layer may be sheared: its cell is a parallelogram, so one step is the height on the other.
    let area = steps.column(across).cross(&steps.column(down)).norm();
    let depth = ((PLATE_MM * area / grid.voxel_volume_mm3()) as usize).min(dims[axis] - 1);
    let width = steps.column(across).norm();
    let voxel = |column: usize, row: usize| {
        let mut voxel = [at; 3];
        (voxel[across], voxel[down]) = (column, row);
        voxel
    };
    let (rows, columns) = plane.dim();
    let layer = Layer {
        columns,
        rows,
        step_mm: [width, area / width],
        values: plane.iter().map(|value| value.hu()).collect(),
        behind: behind(values, axis, if is_high { at - depth..=at } else { 0..=depth }),
        mine: (0..rows * columns)
            .map(|n| mine[coarse.index(coarse.cell_of(voxel(n % columns, n / columns)))])
            .collect(),
        is_ring: false,
    };
    let patches: Vec<Patch> =
        layer.patches(bone_hu).into_iter().filter(|patch| patch.area_mm2 >= MIN_PIECE_MM2).collect();
    let middle = |patch: &Patch| {
        let mut ijk = [at as f64; 3];
        [ijk[across], ijk[down]] = patch.centre;
        grid.lps_mm(Point3::from(ijk))
    };
    let pieces: Vec<_> = patches.iter().map(|patch| (patch.area_mm2, middle(patch))).collect();
    Face { area_mm2: pieces.iter().fold(0.0, |sum, piece| sum + piece.0), pieces, margin_mm }
}

/// Highest value of the layers of an axis that are in `range`, at each place.
fn behind<T: Sample>(values: ArrayView3<'_, T>, axis: usize, range: RangeInclusive<usize>) -> Vec<f32> {
    let mut highest: Vec<f32> = Vec::new();
    for at in range {
        let plane = values.index_axis(Axis(2 - axis), at);
        highest.resize(plane.len(), f32::MIN);
        highest.iter_mut().zip(plane).for_each(|(high, value)| *high = high.max(value.hu()));
    }
    highest
}

/// Cells of the patient and their neighbours: the rim of a bone may lie in the next cell.
pub(super) fn near_patient(coarse: &Coarse, labels: &[u8]) -> Vec<bool> {
    let mut near: Vec<bool> = labels.iter().map(|label| *label == PATIENT).collect();
    for axis in 0..3 {
        let before = near.clone();
        for index in 0..near.len() {
            if before[index] {
                let cell = coarse.ijk(index);
                for step in [-1, 1] {
                    if let Some(cell) = coarse.moved(cell, axis, step) {
                        near[coarse.index(cell)] = true;
                    }
                }
            }
        }
    }
    near
}

fn margins(coarse: &Coarse, labels: &[u8], grid: &Grid) -> [f64; 6] {
    let mut low = coarse.voxels;
    let mut high = [0; 3];
    let mut found = false;
    for (index, label) in labels.iter().enumerate() {
        if *label == PATIENT {
            found = true;
            let cell = coarse.ijk(index);
            for axis in 0..3 {
                low[axis] = low[axis].min(cell[axis] * coarse.block[axis]);
                high[axis] = high[axis].max(((cell[axis] + 1) * coarse.block[axis]).min(coarse.voxels[axis]));
            }
        }
    }
    let mut margins = [f64::INFINITY; 6];
    if found {
        let steps = grid.steps();
        for axis in 0..3 {
            // Height of a cell above its face, also on a sheared grid.
            let base = steps.column((axis + 1) % 3).cross(&steps.column((axis + 2) % 3)).norm();
            let height = grid.voxel_volume_mm3() / base;
            margins[2 * axis] = low[axis] as f64 * height;
            margins[2 * axis + 1] = (coarse.voxels[axis] - high[axis]) as f64 * height;
        }
    }
    margins
}
