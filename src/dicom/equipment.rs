//! What a header says of the scanner and the protocol.

use dicom_dictionary_std::tags;

use super::attribute::{is_code, number_if_any, text};
use super::data_set::DataSet;

/// Attributes of the scanner and the protocol.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Equipment {
    /// Manufacturer.
    pub manufacturer: Option<String>,
    /// ManufacturerModelName.
    pub manufacturer_model_name: Option<String>,
    /// GantryDetectorTilt, degrees; nominal, never used for geometry.
    pub gantry_detector_tilt_deg: Option<f64>,
    /// KVP.
    pub kvp: Option<f64>,
    /// DataCollectionDiameter, mm.
    pub data_collection_diameter_mm: Option<f64>,
    /// PatientPosition.
    pub patient_position: Option<String>,
    /// BodyPartExamined.
    pub body_part_examined: Option<String>,
}

impl Equipment {
    /// What is named of it.
    pub fn of(object: &DataSet) -> Self {
        Self {
            manufacturer: text(object, tags::MANUFACTURER),
            manufacturer_model_name: text(object, tags::MANUFACTURER_MODEL_NAME),
            gantry_detector_tilt_deg: number_if_any(object, tags::GANTRY_DETECTOR_TILT),
            kvp: number_if_any(object, tags::KVP),
            data_collection_diameter_mm: number_if_any(object, tags::DATA_COLLECTION_DIAMETER),
            patient_position: text(object, tags::PATIENT_POSITION),
            body_part_examined: text(object, tags::BODY_PART_EXAMINED).filter(|name| is_code(name)),
        }
    }
}
