//! The binding of the checks: one dictionary of numbers per survey.

use std::sync::Arc;

use nalgebra::Point3;
use numpy::{PyReadonlyArray2, PyReadonlyArray3};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::array::grid;
use super::progress::Progress;
use crate::checks::{self, EdgeResponse, Sample, Survey, SurveyOptions};
use crate::volume::Volume;

/// Measure what the voxels show about the quality of a scan.
#[pyfunction]
#[pyo3(signature = (values, dims_ijk, lps_from_ijk, bone_hu, metal_hu, progress))]
pub(super) fn survey_volume<'py>(
    py: Python<'py>,
    values: &Bound<'py, PyAny>,
    dims_ijk: [usize; 3],
    lps_from_ijk: PyReadonlyArray2<'py, f64>,
    bone_hu: f32,
    metal_hu: f32,
    progress: &Progress,
) -> PyResult<Bound<'py, PyDict>> {
    let grid = grid(dims_ijk, &lps_from_ijk)?;
    let options = SurveyOptions { bone_hu, metal_hu };
    let progress = Arc::clone(&progress.inner);
    let survey = if let Ok(values) = values.extract::<PyReadonlyArray3<'_, i16>>() {
        run(py, &values, &grid, options, &progress)?
    } else {
        run(py, &values.extract::<PyReadonlyArray3<'_, f32>>()?, &grid, options, &progress)?
    };
    as_dict(py, &survey)
}

fn run<T: Sample + numpy::Element>(
    py: Python<'_>,
    values: &PyReadonlyArray3<'_, T>,
    grid: &crate::geometry::Grid,
    options: SurveyOptions,
    progress: &crate::progress::Progress,
) -> PyResult<Survey> {
    let volume = Volume::new(values.as_array(), grid)?;
    Ok(py.detach(|| checks::survey(volume, options, progress))?)
}

/// Smallest distance between two sets of points (n, 3), mm; None when one is empty.
#[pyfunction]
pub(super) fn nearest_mm(
    py: Python<'_>,
    a_lps_mm: PyReadonlyArray2<'_, f64>,
    b_lps_mm: PyReadonlyArray2<'_, f64>,
) -> Option<f64> {
    let points = |array: &PyReadonlyArray2<'_, f64>| -> Vec<Point3<f64>> {
        array.as_array().rows().into_iter().map(|row| Point3::new(row[0], row[1], row[2])).collect()
    };
    let (a, b) = (points(&a_lps_mm), points(&b_lps_mm));
    py.detach(|| checks::nearest_mm(&a, &b))
}

fn place(point: &Point3<f64>) -> [f64; 3] {
    [point.x, point.y, point.z]
}

fn as_dict<'py>(py: Python<'py>, survey: &Survey) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    slices(&dict, survey)?;
    let histogram = &survey.histogram;
    dict.set_item("range_hu", histogram.range())?;
    dict.set_item("filler_hu", histogram.filler())?;
    dict.set_item("air_and_tissue_hu", histogram.air_and_tissue())?;
    dict.set_item("soft_mode_hu", histogram.mode(-150, 200, 41))?;
    dict.set_item("soft_count", histogram.count(-150, 200))?;
    dict.set_item("solid_count", histogram.count(-300, 1 << 15))?;
    dict.set_item("bone_mm3", survey.bone_mm3)?;
    dict.set_item("bone_median_hu", survey.bone_median_hu)?;
    let faces: Vec<_> = survey
        .faces
        .iter()
        .map(|face| {
            let pieces: Vec<_> = face.pieces.iter().map(|(area, centre)| (*area, place(centre))).collect();
            (face.area_mm2, pieces, face.margin_mm)
        })
        .collect();
    dict.set_item("faces", faces)?;
    dict.set_item(
        "circle",
        survey.circle.map(|c| (c.centre_ij, c.radius_mm, c.outside_hu, c.is_seen, c.area_mm2)),
    )?;
    metal(&dict, survey)?;
    let edge = |edge: &Option<EdgeResponse>| {
        edge.as_ref().map(|edge| (edge.fwhm_mm, edge.rise_mm, edge.second_edge, edge.n_profiles))
    };
    dict.set_item("edge_in_plane", edge(&survey.edges[0]))?;
    dict.set_item("edge_through_plane", edge(&survey.edges[1]))?;
    dict.set_item("noise_soft_hu", survey.noise_hu[0])?;
    dict.set_item("noise_air_hu", survey.noise_hu[1])?;
    dict.set_item("soft_hu", survey.soft_hu)?;
    midplane(&dict, survey)?;
    Ok(dict)
}

fn slices(dict: &Bound<'_, PyDict>, survey: &Survey) -> PyResult<()> {
    let facts = || survey.slices.iter();
    dict.set_item("slice_range_hu", facts().map(|slice| slice.range_hu).collect::<Vec<_>>())?;
    dict.set_item("slice_lost_rows", facts().map(|slice| slice.lost_rows).collect::<Vec<_>>())?;
    dict.set_item("slice_same_as", facts().map(|slice| slice.same_as).collect::<Vec<_>>())?;
    let shifts = || survey.shifts.iter();
    dict.set_item("shift_xy_mm", shifts().map(|shift| shift.shift_xy_mm).collect::<Vec<_>>())?;
    dict.set_item("soft_step_hu", shifts().map(|shift| shift.soft_step_hu).collect::<Vec<_>>())?;
    dict.set_item("step_hu", shifts().map(|shift| shift.step_hu).collect::<Vec<_>>())
}

fn metal(dict: &Bound<'_, PyDict>, survey: &Survey) -> PyResult<()> {
    let metal = &survey.metal;
    dict.set_item("metal_threshold_hu", metal.threshold_hu)?;
    dict.set_item("ceiling_hu", metal.ceiling_hu)?;
    let clusters: Vec<_> = metal
        .clusters
        .iter()
        .map(|c| (c.volume_mm3, place(&c.centre_lps_mm), c.slices, c.surroundings_hu))
        .collect();
    dict.set_item("metal_clusters", clusters)?;
    dict.set_item("metal_surface_lps_mm", metal.surface_lps_mm.iter().map(place).collect::<Vec<_>>())?;
    let blocks = || survey.soft_blocks.iter();
    dict.set_item("block_centre_ijk", blocks().map(|block| block.centre_ijk).collect::<Vec<_>>())?;
    dict.set_item("block_sd_hu", blocks().map(|block| block.sd_hu).collect::<Vec<_>>())
}

fn midplane(dict: &Bound<'_, PyDict>, survey: &Survey) -> PyResult<()> {
    let Some(plane) = &survey.midplane else { return dict.set_item("midplane", None::<f64>) };
    let inner = PyDict::new(dict.py());
    let vector = |vector: &nalgebra::Vector3<f64>| [vector.x, vector.y, vector.z];
    inner.set_item("normal", vector(&plane.normal))?;
    inner.set_item("point_lps_mm", place(&plane.point_lps_mm))?;
    inner.set_item("back", vector(&plane.axes[0]))?;
    inner.set_item("up", vector(&plane.axes[1]))?;
    inner.set_item("agreement", plane.agreement)?;
    inner.set_item("bins", plane.bins)?;
    inner.set_item("start_mm", plane.start_mm)?;
    inner.set_item("volume_mm3", plane.volume_mm3.clone())?;
    inner.set_item("reach_mm", plane.reach_mm.clone())?;
    dict.set_item("midplane", inner)
}
