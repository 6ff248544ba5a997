//! Enhanced CT Image Storage: all slices as frames of one file, with functional groups.

use std::path::Path;

use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};

use super::item::Item;
use super::{CtSeries, CtSlice, Role, WriteError, modules, put_pixels, stored, uid, write_file};
use crate::progress::Progress;

/// Writes all slices into one file.
///
/// # Errors
/// [`WriteError`] when the file cannot be written, a value not stored, or the job is cancelled.
pub fn write_enhanced(
    path: &Path,
    series: &CtSeries,
    slices: &[CtSlice<'_>],
    progress: &Progress,
) -> Result<(), WriteError> {
    let Some(first) = slices.first() else { return Ok(()) };
    progress.expect(1);
    let class = uids::ENHANCED_CT_IMAGE_STORAGE;
    let instance = uid(series.salt, Role::Instance, u64::from(series.series_number) << 32);
    let (rows, columns) = first.values.dim();
    let mut item = Item::new();
    modules::sop(&mut item, class, &instance);
    modules::patient_and_study(&mut item, series, first.identity);
    modules::series_and_equipment(&mut item, series, first.identity, "CT");
    modules::frame_of_reference(&mut item, series);
    modules::image_pixel(&mut item, &series.photometric_interpretation, [columns, rows], 16, true);
    enhanced_image(&mut item, series, slices.len());
    dimensions(&mut item, series);
    item.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, |groups| shared_groups(groups, series));
    let frames = slices.iter().enumerate().map(|(index, slice)| frame_groups(slice, index)).collect();
    item.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames);
    let mut pixels = Vec::with_capacity(rows * columns * slices.len());
    for slice in slices {
        pixels.extend(stored(slice.values, slice.rescale)?);
        progress.check()?;
    }
    let mut object = item.0;
    put_pixels(&mut object, series.encoding, &pixels, rows * columns);
    write_file(path, object, class, &instance, series.encoding)?;
    Ok(progress.step()?)
}

/// Enhanced CT Image, Acquisition Context, and what Enhanced General Equipment asks for.
fn enhanced_image(item: &mut Item, series: &CtSeries, n_frames: usize) {
    item.texts(tags::IMAGE_TYPE, VR::CS, &["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
        .text(tags::PIXEL_PRESENTATION, VR::CS, "MONOCHROME")
        .text(tags::VOLUMETRIC_PROPERTIES, VR::CS, "VOLUME")
        .text(tags::VOLUME_BASED_CALCULATION_TECHNIQUE, VR::CS, "NONE")
        .text(tags::CONTENT_QUALIFICATION, VR::CS, "RESEARCH")
        .text(tags::BURNED_IN_ANNOTATION, VR::CS, "NO")
        .text(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, "00")
        .text(tags::PRESENTATION_LUT_SHAPE, VR::CS, "IDENTITY")
        .text(tags::ACQUISITION_DATE_TIME, VR::DT, modules::DATE_TIME)
        .integer(tags::ACQUISITION_NUMBER, 1)
        .integer(tags::INSTANCE_NUMBER, 1)
        .text(tags::CONTENT_DATE, VR::DA, modules::DATE)
        .text(tags::CONTENT_TIME, VR::TM, modules::TIME)
        .integer(tags::NUMBER_OF_FRAMES, n_frames as i64)
        .items(tags::ACQUISITION_CONTEXT_SEQUENCE, Vec::new());
    item.doubles(tags::ACQUISITION_DURATION, &[1.0]);
    if let Some(padding) = series.padding_hu {
        item.signed(tags::PIXEL_PADDING_VALUE, padding.saturating_add(1024));
    }
}

/// Frames are ordered by stack and by position in it.
fn dimensions(item: &mut Item, series: &CtSeries) {
    let organization = uid(series.salt, Role::Dimension, 0);
    let index = |pointer, group| {
        let mut item = Item::new();
        item.text(tags::DIMENSION_ORGANIZATION_UID, VR::UI, &organization)
            .tag(tags::DIMENSION_INDEX_POINTER, pointer)
            .tag(tags::FUNCTIONAL_GROUP_POINTER, group);
        item
    };
    let content = tags::FRAME_CONTENT_SEQUENCE;
    item.item(tags::DIMENSION_ORGANIZATION_SEQUENCE, |item| {
        item.text(tags::DIMENSION_ORGANIZATION_UID, VR::UI, &organization);
    })
    .items(
        tags::DIMENSION_INDEX_SEQUENCE,
        vec![index(tags::STACK_ID, content), index(tags::IN_STACK_POSITION_NUMBER, content)],
    );
}

fn shared_groups(groups: &mut Item, series: &CtSeries) {
    groups
        .item(tags::PIXEL_MEASURES_SEQUENCE, |item| {
            item.decimals(tags::PIXEL_SPACING, &[series.spacing_xy_mm[1], series.spacing_xy_mm[0]])
                .decimals(tags::SLICE_THICKNESS, &[series.slice_thickness_mm]);
            if let Some(spacing) = series.spacing_between_slices_mm {
                item.decimals(tags::SPACING_BETWEEN_SLICES, &[spacing]);
            }
        })
        .item(tags::PLANE_ORIENTATION_SEQUENCE, |item| {
            item.decimals(
                tags::IMAGE_ORIENTATION_PATIENT,
                &[series.row_direction, series.column_direction].concat(),
            );
        })
        .item(tags::FRAME_ANATOMY_SEQUENCE, |item| {
            item.text(tags::FRAME_LATERALITY, VR::CS, "U");
            item.code(tags::ANATOMIC_REGION_SEQUENCE, "69536005", "SCT", "Head");
        })
        .item(tags::CT_IMAGE_FRAME_TYPE_SEQUENCE, |item| {
            item.texts(tags::FRAME_TYPE, VR::CS, &["ORIGINAL", "PRIMARY", "VOLUME", "NONE"])
                .text(tags::PIXEL_PRESENTATION, VR::CS, "MONOCHROME")
                .text(tags::VOLUMETRIC_PROPERTIES, VR::CS, "VOLUME")
                .text(tags::VOLUME_BASED_CALCULATION_TECHNIQUE, VR::CS, "NONE");
        })
        .item(tags::FRAME_VOILUT_SEQUENCE, |item| {
            item.decimals(tags::WINDOW_CENTER, &[400.0]).decimals(tags::WINDOW_WIDTH, &[2000.0]);
        })
        .item(tags::IRRADIATION_EVENT_IDENTIFICATION_SEQUENCE, |item| {
            item.text(tags::IRRADIATION_EVENT_UID, VR::UI, &uid(series.salt, Role::Event, 0));
        });
    technique(groups, series);
}

/// The groups that say how the frames were made.
fn technique(groups: &mut Item, series: &CtSeries) {
    groups
        .item(tags::CT_ACQUISITION_TYPE_SEQUENCE, |item| {
            item.text(tags::ACQUISITION_TYPE, VR::CS, "SEQUENCED")
                .text(tags::CONSTANT_VOLUME_FLAG, VR::CS, "NO")
                .text(tags::FLUOROSCOPY_FLAG, VR::CS, "NO");
        })
        .item(tags::CT_ACQUISITION_DETAILS_SEQUENCE, |item| {
            item.text(tags::ROTATION_DIRECTION, VR::CS, "CW")
                .doubles(tags::REVOLUTION_TIME, &[1.0])
                .doubles(tags::SINGLE_COLLIMATION_WIDTH, &[series.slice_thickness_mm])
                .doubles(tags::TOTAL_COLLIMATION_WIDTH, &[series.slice_thickness_mm]);
            item.decimals(tags::TABLE_HEIGHT, &[0.0])
                .decimals(tags::GANTRY_DETECTOR_TILT, &[series.gantry_detector_tilt_deg])
                .decimals(tags::DATA_COLLECTION_DIAMETER, &[series.data_collection_diameter_mm]);
        })
        .item(tags::CT_TABLE_DYNAMICS_SEQUENCE, |item| {
            item.doubles(tags::TABLE_SPEED, &[1.0]).doubles(tags::TABLE_FEED_PER_ROTATION, &[1.0]);
        })
        .item(tags::CT_GEOMETRY_SEQUENCE, |item| {
            item.doubles(tags::DISTANCE_SOURCE_TO_DATA_COLLECTION_CENTER, &[570.0]);
            item.decimals(tags::DISTANCE_SOURCE_TO_DETECTOR, &[1040.0]);
        })
        .item(tags::CT_RECONSTRUCTION_SEQUENCE, |item| {
            let pixel = [series.spacing_xy_mm[1], series.spacing_xy_mm[0]];
            item.text(tags::RECONSTRUCTION_ALGORITHM, VR::CS, "FILTER_BACK_PROJ")
                .text(tags::CONVOLUTION_KERNEL, VR::SH, &series.convolution_kernel)
                .text(tags::CONVOLUTION_KERNEL_GROUP, VR::CS, "BONE")
                .decimals(tags::RECONSTRUCTION_DIAMETER, &[series.reconstruction_diameter_mm])
                .doubles(tags::RECONSTRUCTION_PIXEL_SPACING, &pixel)
                .doubles(tags::RECONSTRUCTION_ANGLE, &[360.0]);
            item.text(tags::IMAGE_FILTER, VR::SH, "NONE");
        })
        .item(tags::CT_EXPOSURE_SEQUENCE, |item| {
            item.text(tags::EXPOSURE_MODULATION_TYPE, VR::CS, "NONE")
                .doubles(tags::EXPOSURE_TIME_INMS, &[1000.0])
                .doubles(tags::X_RAY_TUBE_CURRENT_INM_A, &[200.0])
                .doubles(tags::EXPOSURE_INM_AS, &[200.0])
                .doubles(tags::CTD_IVOL, &[30.0]);
            item.code(tags::CTDI_PHANTOM_TYPE_CODE_SEQUENCE, "113690", "DCM", "IEC Head Dosimetry Phantom");
        })
        .item(tags::CTX_RAY_DETAILS_SEQUENCE, |item| {
            item.decimals(tags::KVP, &[series.kvp])
                .decimals(tags::FOCAL_SPOTS, &[0.6])
                .text(tags::FILTER_TYPE, VR::SH, "FLAT")
                .text(tags::FILTER_MATERIAL, VR::CS, "ALUMINUM");
        });
}

fn frame_groups(slice: &CtSlice<'_>, index: usize) -> Item {
    let number = index as u32 + 1;
    let (slope, intercept) = slice.rescale;
    let mut groups = Item::new();
    groups
        .item(tags::FRAME_CONTENT_SEQUENCE, |item| {
            item.text(tags::FRAME_REFERENCE_DATE_TIME, VR::DT, modules::DATE_TIME)
                .text(tags::FRAME_ACQUISITION_DATE_TIME, VR::DT, modules::DATE_TIME)
                .doubles(tags::FRAME_ACQUISITION_DURATION, &[1.0])
                .short(tags::FRAME_ACQUISITION_NUMBER, 1)
                .text(tags::STACK_ID, VR::SH, "1")
                .longs(tags::IN_STACK_POSITION_NUMBER, &[number])
                .longs(tags::DIMENSION_INDEX_VALUES, &[1, number]);
        })
        .item(tags::PLANE_POSITION_SEQUENCE, |item| {
            item.decimals(tags::IMAGE_POSITION_PATIENT, &slice.position_lps_mm);
        })
        .item(tags::CT_POSITION_SEQUENCE, |item| {
            item.doubles(tags::TABLE_POSITION, &[slice.position_lps_mm[2]])
                .doubles(tags::DATA_COLLECTION_CENTER_PATIENT, &[0.0; 3])
                .doubles(tags::RECONSTRUCTION_TARGET_CENTER_PATIENT, &[0.0; 3]);
        })
        .item(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, |item| {
            item.decimals(tags::RESCALE_INTERCEPT, &[intercept])
                .decimals(tags::RESCALE_SLOPE, &[slope])
                .text(tags::RESCALE_TYPE, VR::LO, "HU");
        });
    groups
}
