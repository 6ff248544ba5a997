//! The DICOM writer.

use std::path::PathBuf;

use numpy::{PyReadonlyArray2, PyReadonlyArray3};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

use super::progress::Progress;
use crate::dicom::write::{self, CtSeries, CtSlice, Encoding, Identity, WriteError};

/// What identifies, as a dict.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct IdentityItems {
    patient_name: String,
    patient_id: String,
    patient_birth_date: String,
    patient_sex: String,
    patient_comments: String,
    accession_number: String,
    institution_name: String,
    referring_physician_name: String,
    operators_name: String,
    station_name: String,
    device_serial_number: String,
    study_id: String,
    study_description: String,
    series_description: String,
}

impl From<IdentityItems> for Identity {
    fn from(items: IdentityItems) -> Self {
        Self {
            patient_name: items.patient_name,
            patient_id: items.patient_id,
            patient_birth_date: items.patient_birth_date,
            patient_sex: items.patient_sex,
            patient_comments: items.patient_comments,
            accession_number: items.accession_number,
            institution_name: items.institution_name,
            referring_physician_name: items.referring_physician_name,
            operators_name: items.operators_name,
            station_name: items.station_name,
            device_serial_number: items.device_serial_number,
            study_id: items.study_id,
            study_description: items.study_description,
            series_description: items.series_description,
        }
    }
}

/// What all images of a series share, as a dict.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct SeriesItems {
    salt: u128,
    series_number: u32,
    image_type: Vec<String>,
    row_direction: [f64; 3],
    column_direction: [f64; 3],
    spacing_xy_mm: [f64; 2],
    slice_thickness_mm: f64,
    spacing_between_slices_mm: Option<f64>,
    gantry_detector_tilt_deg: f64,
    convolution_kernel: String,
    manufacturer: String,
    manufacturer_model_name: String,
    kvp: f64,
    data_collection_diameter_mm: f64,
    reconstruction_diameter_mm: f64,
    patient_position: String,
    padding_hu: Option<i16>,
    photometric_interpretation: String,
    encoding: String,
}

impl TryFrom<SeriesItems> for CtSeries {
    type Error = PyErr;

    fn try_from(items: SeriesItems) -> PyResult<Self> {
        let encoding = Encoding::named(&items.encoding)
            .ok_or_else(|| PyValueError::new_err(format!("encoding: unknown name {:?}", items.encoding)))?;
        Ok(Self {
            salt: items.salt,
            series_number: items.series_number,
            image_type: items.image_type,
            row_direction: items.row_direction,
            column_direction: items.column_direction,
            spacing_xy_mm: items.spacing_xy_mm,
            slice_thickness_mm: items.slice_thickness_mm,
            spacing_between_slices_mm: items.spacing_between_slices_mm,
            gantry_detector_tilt_deg: items.gantry_detector_tilt_deg,
            convolution_kernel: items.convolution_kernel,
            manufacturer: items.manufacturer,
            manufacturer_model_name: items.manufacturer_model_name,
            kvp: items.kvp,
            data_collection_diameter_mm: items.data_collection_diameter_mm,
            reconstruction_diameter_mm: items.reconstruction_diameter_mm,
            patient_position: items.patient_position,
            padding_hu: items.padding_hu,
            photometric_interpretation: items.photometric_interpretation,
            encoding,
        })
    }
}

/// One slice: file name, position, rescale slope and intercept, number of its identity.
type SliceItems = (String, [f64; 3], (f64, f64), usize);

impl From<WriteError> for PyErr {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Cancelled(cancelled) => cancelled.into(),
            WriteError::Io { .. } => PyOSError::new_err(error.to_string()),
            other => PyValueError::new_err(other.to_string()),
        }
    }
}

/// Write CT slices into a folder, as one file each or as frames of one file.
#[pyfunction]
#[pyo3(signature = (*, folder, series, identities, slices, values, is_enhanced, progress))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of one call")]
pub fn write_ct(
    py: Python<'_>,
    folder: PathBuf,
    series: SeriesItems,
    identities: Vec<IdentityItems>,
    slices: Vec<SliceItems>,
    values: PyReadonlyArray3<'_, i16>,
    is_enhanced: bool,
    progress: &Progress,
) -> PyResult<()> {
    let series = CtSeries::try_from(series)?;
    let identities: Vec<Identity> = identities.into_iter().map(Identity::from).collect();
    let values = values.as_array();
    let slices: Option<Vec<CtSlice<'_>>> = slices
        .into_iter()
        .zip(values.outer_iter())
        .map(|((file_name, position_lps_mm, rescale, identity), values)| {
            let identity = identities.get(identity)?;
            Some(CtSlice { file_name, position_lps_mm, values, rescale, identity })
        })
        .collect();
    let slices = slices.ok_or_else(|| PyValueError::new_err("slices: numbers of identities expected"))?;
    let job = &progress.inner;
    py.detach(|| match (is_enhanced, slices.first()) {
        (true, Some(first)) => write::write_enhanced(&folder.join(&first.file_name), &series, &slices, job),
        _ => write::write_slices(&folder, &series, &slices, job),
    })?;
    Ok(())
}

/// Write a picture as a secondary capture.
#[pyfunction]
#[pyo3(signature = (*, path, series, identity, number, values))]
pub fn write_capture(
    py: Python<'_>,
    path: PathBuf,
    series: SeriesItems,
    identity: IdentityItems,
    number: u32,
    values: PyReadonlyArray2<'_, u8>,
) -> PyResult<()> {
    let (series, identity) = (CtSeries::try_from(series)?, Identity::from(identity));
    let values = values.as_array();
    py.detach(|| write::write_capture(&path, &series, &identity, number, values))?;
    Ok(())
}
