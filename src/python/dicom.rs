//! `calvaria.dicom`, the native half.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::{PyArray3, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::error::{dicom_class, raise};
use super::progress::Progress;
use crate::dicom::assemble::{Reading, Stop, rows};
use crate::dicom::frames::Frame;
use crate::dicom::note::Note;
use crate::dicom::split::class_name;
use crate::dicom::{DicomError, LoadOptions, ScanOptions};
use crate::geometry::Grid;

/// Code, message, number, files.
type NoteTuple = (&'static str, String, Option<f64>, Vec<String>);
/// File, reason, whether it may be a lost image.
type LeftOutTuple = (String, String, bool);
/// Values, notes.
type LoadedTuple<'py> = (Bound<'py, PyAny>, Vec<NoteTuple>);

/// The headers of one series; opaque, handed back to `load_series`.
#[pyclass(frozen, module = "calvaria._native")]
pub struct SeriesHandle {
    inner: Arc<crate::dicom::Series>,
}

/// Read all headers at a path.
#[pyfunction]
pub fn find_series(
    py: Python<'_>,
    path: PathBuf,
    max_extra_bytes: u64,
    progress: &Progress,
) -> PyResult<(Vec<SeriesHandle>, Vec<LeftOutTuple>)> {
    let progress = Arc::clone(&progress.inner);
    let options = ScanOptions { max_extra_bytes };
    let scan = py.detach(|| crate::dicom::scan(&path, options, &progress))?;
    let series = scan.series.into_iter().map(|series| SeriesHandle { inner: Arc::new(series) }).collect();
    let left_out =
        scan.left_out.into_iter().map(|file| (file.file, file.reason, file.is_suspicious)).collect();
    Ok((series, left_out))
}

/// Read the planes of a series in their order, on a lattice or not.
#[pyfunction]
#[pyo3(signature = (series, rescale, max_extra_bytes, progress))]
pub fn load_series<'py>(
    py: Python<'py>,
    series: &SeriesHandle,
    rescale: Option<(f64, f64)>,
    max_extra_bytes: u64,
    progress: &Progress,
) -> PyResult<LoadedTuple<'py>> {
    let progress = Arc::clone(&progress.inner);
    let reading = Reading::prepare(&series.inner, LoadOptions { rescale, max_extra_bytes })?;
    let [nk, nj, ni] = reading.shape_kji();
    // NumPy asks the system for large pages, which a vector does not: a third of the time on a large volume.
    let whole = PyArray3::<i16>::zeros(py, [nk, nj, ni], false);
    match fill(py, &whole, |out| reading.fill_int16(out, &progress))? {
        Ok(notes) => return Ok((read_only(whole)?, notes.into_iter().map(note_tuple).collect())),
        Err(Stop::NotExact) => drop(whole),
        Err(Stop::Error(error)) => return Err(error.into()),
    }
    let values = PyArray3::<f32>::zeros(py, [nk, nj, ni], false);
    let notes = fill(py, &values, |out| reading.fill_float32(out, &progress))??;
    Ok((read_only(values)?, notes.into_iter().map(note_tuple).collect()))
}

/// Fills a fresh array that nobody else knows yet, without the interpreter lock.
fn fill<T: numpy::Element + Send, R: Send>(
    py: Python<'_>,
    array: &Bound<'_, PyArray3<T>>,
    job: impl FnOnce(&mut [T]) -> R + Send,
) -> PyResult<R> {
    let mut guard = array.try_readwrite()?;
    let out = guard.as_slice_mut()?;
    Ok(py.detach(|| job(out)))
}

fn read_only<T: numpy::Element>(array: Bound<'_, PyArray3<T>>) -> PyResult<Bound<'_, PyAny>> {
    let array = array.into_any();
    array.getattr("flags")?.setattr("writeable", false)?;
    Ok(array)
}

fn note_tuple(note: Note) -> NoteTuple {
    (note.code, note.message, note.measured, note.places)
}

#[pymethods]
impl SeriesHandle {
    /// What the headers say, as plain values; holds no patient-identifying attribute.
    fn describe<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let series = &self.inner;
        let about = PyDict::new(py);
        let files: Vec<String> = if series.planes.is_empty() {
            series.files.iter().map(|file| file.source.name.clone()).collect()
        } else {
            series.planes.iter().map(|plane| series.name(*plane)).collect()
        };
        about.set_item("files", files)?;
        about.set_item("n_files", series.files.len())?;
        about.set_item("notes", series.notes.iter().cloned().map(note_tuple).collect::<Vec<_>>())?;
        about.set_item("problem", series.problem().map(problem))?;
        about.set_item("is_stack", series.is_stack)?;
        about.set_item("can_resample", series.can_resample)?;
        about.set_item("has_value_problem", series.value_problem.is_some())?;
        about.set_item("can_rescale", series.can_rescale())?;
        let affine = series.grid.as_ref().ok().map(Grid::lps_from_ijk).map(rows);
        about.set_item("lps_from_ijk", affine)?;
        self.describe_planes(&about)?;
        self.describe_headers(&about)?;
        Ok(about)
    }
}

impl SeriesHandle {
    fn describe_planes(&self, about: &Bound<'_, PyDict>) -> PyResult<()> {
        let series = &self.inner;
        let frames: Vec<&Frame> = if series.files.iter().all(|file| !file.header.frames.is_empty()) {
            series.planes.iter().map(|plane| series.frame(*plane)).collect()
        } else {
            Vec::new()
        };
        let geometry: Vec<_> = frames.iter().map(|frame| frame.geometry.as_ref().ok()).collect();
        let positions: Vec<[f64; 3]> =
            geometry.iter().map(|plane| plane.map_or([f64::NAN; 3], |plane| plane.position.into())).collect();
        let first = geometry.iter().flatten().next();
        about.set_item("slice_positions_lps_mm", positions)?;
        about.set_item(
            "pixel_spacing_xy_mm",
            first.map(|plane| (plane.column_spacing_mm, plane.row_spacing_mm)),
        )?;
        let directions = first.map(|plane| {
            let (row, column) = (plane.row_direction, plane.column_direction);
            [row.x, row.y, row.z, column.x, column.y, column.z]
        });
        about.set_item("image_orientation_patient", directions)?;
        about.set_item("slice_thickness_mm", same(&frames, |frame| frame.slice_thickness_mm))?;
        about.set_item("convolution_kernel", same(&frames, |frame| frame.convolution_kernel.clone()))?;
        about.set_item(
            "reconstruction_diameter_mm",
            same(&frames, |frame| frame.reconstruction_diameter_mm),
        )?;
        about.set_item(
            "image_type",
            frames.first().map(|frame| frame.image_type.clone()).unwrap_or_default(),
        )?;
        let rescale_type = |frame: &Frame| frame.modality.as_ref().ok().and_then(|m| m.rescale_type.clone());
        about.set_item("rescale_type", same(&frames, rescale_type))?;
        Ok(())
    }

    fn describe_headers(&self, about: &Bound<'_, PyDict>) -> PyResult<()> {
        let series = &self.inner;
        let Some(header) = series.files.first().map(|file| &file.header) else { return Ok(()) };
        let size = header.layout.as_ref().map_or((0, 0), |layout| (layout.columns, layout.rows));
        about.set_item("columns", size.0)?;
        about.set_item("rows", size.1)?;
        about.set_item("modality", &header.modality)?;
        about.set_item("sop_class", class_name(header))?;
        about.set_item("series_number", header.series_number)?;
        about.set_item("manufacturer", header.equipment.manufacturer.as_deref())?;
        about.set_item("manufacturer_model_name", header.equipment.manufacturer_model_name.as_deref())?;
        about.set_item("gantry_detector_tilt_deg", header.equipment.gantry_detector_tilt_deg)?;
        about.set_item("kvp", header.equipment.kvp)?;
        about.set_item("data_collection_diameter_mm", header.equipment.data_collection_diameter_mm)?;
        about.set_item("patient_position", header.equipment.patient_position.as_deref())?;
        about.set_item("body_part_examined", header.equipment.body_part_examined.as_deref())?;
        Ok(())
    }
}

fn problem(error: &DicomError) -> (&'static str, String) {
    (dicom_class(error), error.to_string())
}

/// The value that all frames share; none when they differ.
fn same<T: PartialEq>(frames: &[&Frame], value: impl Fn(&Frame) -> Option<T>) -> Option<T> {
    let first = value(frames.first()?)?;
    frames.iter().all(|frame| value(frame).as_ref() == Some(&first)).then_some(first)
}

impl From<DicomError> for PyErr {
    fn from(error: DicomError) -> Self {
        if error == DicomError::Cancelled {
            return crate::progress::Cancelled.into();
        }
        Python::attach(|py| raise(py, dicom_class(&error), error.to_string()))
    }
}
