//! CT Image Storage and Secondary Capture: one file an image.

use std::path::Path;

use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, VR};
use dicom_dictionary_std::{tags, uids};
use ndarray::ArrayView2;
use rayon::prelude::*;

use super::item::Item;
use super::{CtSeries, CtSlice, Identity, Role, WriteError, modules, put_pixels, stored, uid, write_file};
use crate::progress::Progress;

/// Writes one CT image a slice, numbered from 1 in the order given.
///
/// # Errors
/// [`WriteError`] when a file cannot be written, a value not stored, or the job is cancelled.
pub fn write_slices(
    folder: &Path,
    series: &CtSeries,
    slices: &[CtSlice<'_>],
    progress: &Progress,
) -> Result<(), WriteError> {
    progress.expect(slices.len());
    slices.par_iter().enumerate().try_for_each(|(index, slice)| {
        write_slice(&folder.join(&slice.file_name), series, slice, index)?;
        Ok(progress.step()?)
    })
}

fn write_slice(path: &Path, series: &CtSeries, slice: &CtSlice<'_>, index: usize) -> Result<(), WriteError> {
    let instance = uid(series.salt, Role::Instance, u64::from(series.series_number) << 32 | index as u64);
    let (rows, columns) = slice.values.dim();
    let mut item = Item::new();
    modules::sop(&mut item, uids::CT_IMAGE_STORAGE, &instance);
    modules::patient_and_study(&mut item, series, slice.identity);
    modules::series_and_equipment(&mut item, series, slice.identity, "CT");
    modules::frame_of_reference(&mut item, series);
    modules::image_pixel(&mut item, &series.photometric_interpretation, [columns, rows], 16, true);
    ct_image(&mut item, series, slice, index);
    let mut object = item.0;
    put_pixels(&mut object, series.encoding, &stored(slice.values, slice.rescale)?, rows * columns);
    write_file(path, object, uids::CT_IMAGE_STORAGE, &instance, series.encoding)
}

/// General Image, Image Plane, CT Image and VOI LUT.
fn ct_image(item: &mut Item, series: &CtSeries, slice: &CtSlice<'_>, index: usize) {
    let types: Vec<&str> = series.image_type.iter().map(String::as_str).collect();
    let (slope, intercept) = slice.rescale;
    let [row, column] = [series.row_direction, series.column_direction];
    let normal =
        [0, 1, 2].map(|a| row[(a + 1) % 3] * column[(a + 2) % 3] - row[(a + 2) % 3] * column[(a + 1) % 3]);
    let location: f64 = (0..3).map(|axis| normal[axis] * slice.position_lps_mm[axis]).sum();
    item.texts(tags::IMAGE_TYPE, VR::CS, &types)
        .integer(tags::INSTANCE_NUMBER, index as i64 + 1)
        .integer(tags::ACQUISITION_NUMBER, 1)
        .text(tags::ACQUISITION_DATE, VR::DA, modules::DATE)
        .text(tags::ACQUISITION_TIME, VR::TM, modules::TIME)
        .text(tags::CONTENT_DATE, VR::DA, modules::DATE)
        .text(tags::CONTENT_TIME, VR::TM, modules::TIME)
        .text(tags::BODY_PART_EXAMINED, VR::CS, "HEAD")
        .decimals(tags::IMAGE_POSITION_PATIENT, &slice.position_lps_mm)
        .decimals(tags::IMAGE_ORIENTATION_PATIENT, &[row, column].concat())
        .decimals(tags::PIXEL_SPACING, &[series.spacing_xy_mm[1], series.spacing_xy_mm[0]])
        .decimals(tags::SLICE_THICKNESS, &[series.slice_thickness_mm])
        .decimals(tags::SLICE_LOCATION, &[location])
        .decimals(tags::KVP, &[series.kvp])
        .decimals(tags::DATA_COLLECTION_DIAMETER, &[series.data_collection_diameter_mm])
        .decimals(tags::RECONSTRUCTION_DIAMETER, &[series.reconstruction_diameter_mm])
        .decimals(tags::GANTRY_DETECTOR_TILT, &[series.gantry_detector_tilt_deg])
        .text(tags::CONVOLUTION_KERNEL, VR::SH, &series.convolution_kernel)
        .decimals(tags::RESCALE_INTERCEPT, &[intercept])
        .decimals(tags::RESCALE_SLOPE, &[slope])
        .decimals(tags::WINDOW_CENTER, &[400.0])
        .decimals(tags::WINDOW_WIDTH, &[2000.0]);
    // A line integral, as a localizer shows it, has no HU.
    if !types.contains(&"LOCALIZER") {
        item.text(tags::RESCALE_TYPE, VR::LO, "HU");
    }
    if let Some(spacing) = series.spacing_between_slices_mm {
        item.decimals(tags::SPACING_BETWEEN_SLICES, &[spacing]);
    }
    if let Some(padding) = series.padding_hu {
        item.signed(tags::PIXEL_PADDING_VALUE, ((f64::from(padding) - intercept) / slope) as i16);
    }
}

/// Writes a picture of 8 bits as a secondary capture.
///
/// # Errors
/// [`WriteError`] when the file cannot be written.
pub fn write_capture(
    path: &Path,
    series: &CtSeries,
    identity: &Identity,
    number: u32,
    values: ArrayView2<'_, u8>,
) -> Result<(), WriteError> {
    let class = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;
    let instance =
        uid(series.salt, Role::Instance, u64::from(series.series_number) << 32 | u64::from(number));
    let (rows, columns) = values.dim();
    let mut item = Item::new();
    modules::sop(&mut item, class, &instance);
    modules::patient_and_study(&mut item, series, identity);
    modules::series_and_equipment(&mut item, series, identity, "OT");
    modules::image_pixel(&mut item, "MONOCHROME2", [columns, rows], 8, false);
    item.texts(tags::IMAGE_TYPE, VR::CS, &["DERIVED", "SECONDARY"])
        .text(tags::CONVERSION_TYPE, VR::CS, "WSD")
        .text(tags::BODY_PART_EXAMINED, VR::CS, "HEAD")
        .texts(tags::PATIENT_ORIENTATION, VR::CS, &[])
        .integer(tags::INSTANCE_NUMBER, i64::from(number) + 1);
    let mut object = item.0;
    let mut bytes: Vec<u8> = values.iter().copied().collect();
    if bytes.len() % 2 == 1 {
        bytes.push(0);
    }
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(bytes.into())));
    // Frames of 8 bits are always stored plainly: only CT slices have an encoding of their own.
    let encoding = if series.encoding == super::Encoding::Rle {
        super::Encoding::ExplicitLittle
    } else {
        series.encoding
    };
    write_file(path, object, class, &instance, encoding)
}
