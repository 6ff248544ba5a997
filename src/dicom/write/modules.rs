//! Modules that several kinds of image share (DICOM PS3.3 annex C).

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::item::Item;
use super::{CtSeries, Identity, Role, uid};

/// Fixed, so that the same input gives the same bytes.
pub(super) const DATE: &str = "20200229";
pub(super) const TIME: &str = "123456";
pub(super) const DATE_TIME: &str = "20200229123456";

/// Patient and General Study.
pub(super) fn patient_and_study(item: &mut Item, series: &CtSeries, identity: &Identity) {
    item.texts(tags::SPECIFIC_CHARACTER_SET, VR::CS, &["ISO_IR 192"])
        .text(tags::PATIENT_NAME, VR::PN, &identity.patient_name)
        .text(tags::PATIENT_ID, VR::LO, &identity.patient_id)
        .text(tags::PATIENT_BIRTH_DATE, VR::DA, &identity.patient_birth_date)
        .text(tags::PATIENT_SEX, VR::CS, &identity.patient_sex)
        .text(tags::PATIENT_COMMENTS, VR::LT, &identity.patient_comments)
        .text(tags::STUDY_INSTANCE_UID, VR::UI, &uid(series.salt, Role::Study, 0))
        .text(tags::STUDY_DATE, VR::DA, DATE)
        .text(tags::STUDY_TIME, VR::TM, TIME)
        .text(tags::STUDY_ID, VR::SH, &identity.study_id)
        .text(tags::STUDY_DESCRIPTION, VR::LO, &identity.study_description)
        .text(tags::ACCESSION_NUMBER, VR::SH, &identity.accession_number)
        .text(tags::REFERRING_PHYSICIAN_NAME, VR::PN, &identity.referring_physician_name);
}

/// General Series, General Equipment and, for images with a place in space, Frame of Reference.
pub(super) fn series_and_equipment(item: &mut Item, series: &CtSeries, identity: &Identity, modality: &str) {
    item.text(tags::MODALITY, VR::CS, modality)
        .text(tags::SERIES_INSTANCE_UID, VR::UI, &uid(series.salt, Role::Series, series.series_number.into()))
        .integer(tags::SERIES_NUMBER, series.series_number.into())
        .text(tags::SERIES_DATE, VR::DA, DATE)
        .text(tags::SERIES_TIME, VR::TM, TIME)
        .text(tags::SERIES_DESCRIPTION, VR::LO, &identity.series_description)
        .text(tags::PATIENT_POSITION, VR::CS, &series.patient_position)
        .text(tags::MANUFACTURER, VR::LO, &series.manufacturer)
        .text(tags::MANUFACTURER_MODEL_NAME, VR::LO, &series.manufacturer_model_name)
        .text(tags::INSTITUTION_NAME, VR::LO, &identity.institution_name)
        .text(tags::STATION_NAME, VR::SH, &identity.station_name)
        .text(tags::OPERATORS_NAME, VR::PN, &identity.operators_name)
        .text(tags::DEVICE_SERIAL_NUMBER, VR::LO, &identity.device_serial_number)
        .text(tags::SOFTWARE_VERSIONS, VR::LO, env!("CARGO_PKG_VERSION"));
}

/// Frame of Reference.
pub(super) fn frame_of_reference(item: &mut Item, series: &CtSeries) {
    item.text(tags::FRAME_OF_REFERENCE_UID, VR::UI, &uid(series.salt, Role::Frame, 0)).text(
        tags::POSITION_REFERENCE_INDICATOR,
        VR::LO,
        "",
    );
}

/// Image Pixel, without the pixels.
pub(super) fn image_pixel(
    item: &mut Item,
    photometric: &str,
    dims_ij: [usize; 2],
    bits: u16,
    is_signed: bool,
) {
    item.short(tags::SAMPLES_PER_PIXEL, 1)
        .text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, photometric)
        .short(tags::ROWS, dims_ij[1] as u16)
        .short(tags::COLUMNS, dims_ij[0] as u16)
        .short(tags::BITS_ALLOCATED, bits)
        .short(tags::BITS_STORED, bits)
        .short(tags::HIGH_BIT, bits - 1)
        .short(tags::PIXEL_REPRESENTATION, u16::from(is_signed));
}

/// SOP Common.
pub(super) fn sop(item: &mut Item, class: &str, instance: &str) {
    item.text(tags::SOP_CLASS_UID, VR::UI, class)
        .text(tags::SOP_INSTANCE_UID, VR::UI, instance)
        .text(tags::INSTANCE_CREATION_DATE, VR::DA, DATE)
        .text(tags::INSTANCE_CREATION_TIME, VR::TM, TIME);
}
