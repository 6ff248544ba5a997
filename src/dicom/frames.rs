//! Where each frame of a file lies and what its values mean, classic and multi-frame alike.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use nalgebra::Vector3;

use crate::geometry::Plane;

use super::attribute::{Fault, number, number_if_any, numbers, text, texts};
use super::data_set::DataSet;

/// A deviation from a unit length or a right angle that rounding to a few digits explains.
const DIRECTION_TOLERANCE: f64 = 1e-3;

/// From stored value to output: `slope * stored + intercept`.
#[derive(Debug, Clone, PartialEq)]
pub struct Modality {
    /// RescaleSlope and RescaleIntercept, when there are any.
    pub rescale: Option<(f64, f64)>,
    /// RescaleType, upper case, when there is one.
    pub rescale_type: Option<String>,
}

/// What one frame says of itself.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Where it lies, or why that is not known.
    pub geometry: Result<Plane, Fault>,
    /// What its values mean, or why that is not known.
    pub modality: Result<Modality, Fault>,
    /// ImageType or FrameType.
    pub image_type: Vec<String>,
    /// SliceThickness, mm.
    pub slice_thickness_mm: Option<f64>,
    /// ConvolutionKernel.
    pub convolution_kernel: Option<String>,
    /// ReconstructionDiameter, mm.
    pub reconstruction_diameter_mm: Option<f64>,
    /// Attributes that may tell frames at one place apart, in order of preference.
    pub labels: Vec<(Tag, String)>,
}

/// Reads all frames of a data set; `n_frames` has been held against the pixel data or the items.
pub fn frames(object: &DataSet, n_frames: usize) -> Vec<Frame> {
    let shared = object.items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE).first();
    let per_frame = object.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    (0..n_frames)
        .map(|index| {
            let levels = Levels { own: per_frame.get(index), shared, top: object };
            let is_ambiguous = n_frames > 1 && per_frame.is_empty();
            read_frame(&levels, is_ambiguous)
        })
        .collect()
}

/// The places where an attribute of a frame may stand, nearest first.
struct Levels<'a> {
    own: Option<&'a DataSet>,
    shared: Option<&'a DataSet>,
    top: &'a DataSet,
}

impl Levels<'_> {
    /// The item that holds a functional group, or the top level of a classic image.
    fn group(&self, sequence: Tag) -> &DataSet {
        let find =
            |level: Option<&'_ DataSet>| level.is_some_and(|object| !object.items(sequence).is_empty());
        if let (true, Some(own)) = (find(self.own), self.own) {
            return &own.items(sequence)[0];
        }
        if let (true, Some(shared)) = (find(self.shared), self.shared) {
            return &shared.items(sequence)[0];
        }
        self.top
    }
}

fn read_frame(levels: &Levels<'_>, is_ambiguous: bool) -> Frame {
    let measures = levels.group(tags::PIXEL_MEASURES_SEQUENCE);
    let reconstruction = levels.group(tags::CT_RECONSTRUCTION_SEQUENCE);
    let geometry = if is_ambiguous {
        // One position at the top level cannot place many frames.
        Err(Fault::missing(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE))
    } else {
        geometry(levels, measures)
    };
    Frame {
        geometry,
        modality: modality(levels.group(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE)),
        image_type: image_type(levels),
        slice_thickness_mm: number_if_any(measures, tags::SLICE_THICKNESS),
        convolution_kernel: Some(texts(reconstruction, tags::CONVOLUTION_KERNEL).join("\\"))
            .filter(|kernel| !kernel.is_empty()),
        reconstruction_diameter_mm: number_if_any(reconstruction, tags::RECONSTRUCTION_DIAMETER),
        labels: labels(levels),
    }
}

fn geometry(levels: &Levels<'_>, measures: &DataSet) -> Result<Plane, Fault> {
    let plane = levels.group(tags::PLANE_ORIENTATION_SEQUENCE);
    let orientation = numbers::<6>(plane, tags::IMAGE_ORIENTATION_PATIENT)?
        .ok_or_else(|| Fault::missing(tags::IMAGE_ORIENTATION_PATIENT))?;
    let (row_direction, column_direction) = directions(orientation)?;
    let position = numbers::<3>(levels.group(tags::PLANE_POSITION_SEQUENCE), tags::IMAGE_POSITION_PATIENT)?
        .ok_or_else(|| Fault::missing(tags::IMAGE_POSITION_PATIENT))?;
    let [row_spacing_mm, column_spacing_mm] =
        numbers::<2>(measures, tags::PIXEL_SPACING)?.ok_or_else(|| Fault::missing(tags::PIXEL_SPACING))?;
    if row_spacing_mm <= 0.0 || column_spacing_mm <= 0.0 {
        let found = format!("{row_spacing_mm}\\{column_spacing_mm}");
        return Err(Fault::expected(tags::PIXEL_SPACING, "two positive numbers", &found));
    }
    Ok(Plane {
        position: Vector3::from(position),
        row_direction,
        column_direction,
        column_spacing_mm,
        row_spacing_mm,
    })
}

fn directions(cosines: [f64; 6]) -> Result<(Vector3<f64>, Vector3<f64>), Fault> {
    let row = Vector3::new(cosines[0], cosines[1], cosines[2]);
    let column = Vector3::new(cosines[3], cosines[4], cosines[5]);
    let is_unit = |v: &Vector3<f64>| (v.norm() - 1.0).abs() <= DIRECTION_TOLERANCE;
    if is_unit(&row) && is_unit(&column) && row.dot(&column).abs() <= DIRECTION_TOLERANCE {
        return Ok((row.normalize(), column.normalize()));
    }
    let found = cosines.map(|cosine| cosine.to_string()).join("\\");
    Err(Fault::expected(tags::IMAGE_ORIENTATION_PATIENT, "two unit vectors at a right angle", &found))
}

fn modality(group: &DataSet) -> Result<Modality, Fault> {
    let slope = number(group, tags::RESCALE_SLOPE)?;
    let intercept = number(group, tags::RESCALE_INTERCEPT)?;
    let rescale = match (slope, intercept) {
        (Some(0.0), _) => return Err(Fault::expected(tags::RESCALE_SLOPE, "a slope other than 0", "0")),
        (Some(slope), Some(intercept)) => Some((slope, intercept)),
        (None, None) => None,
        (None, Some(_)) => return Err(Fault::missing(tags::RESCALE_SLOPE)),
        (Some(_), None) => return Err(Fault::missing(tags::RESCALE_INTERCEPT)),
    };
    if !group.items(tags::MODALITY_LUT_SEQUENCE).is_empty() {
        let reason = "a lookup table from stored value to HU is not supported".to_owned();
        return Err(Fault { tag: tags::MODALITY_LUT_SEQUENCE, reason });
    }
    Ok(Modality { rescale, rescale_type: text(group, tags::RESCALE_TYPE).map(|name| name.to_uppercase()) })
}

fn image_type(levels: &Levels<'_>) -> Vec<String> {
    let groups = [tags::CT_IMAGE_FRAME_TYPE_SEQUENCE, tags::MR_IMAGE_FRAME_TYPE_SEQUENCE];
    let of_frame = groups.into_iter().map(|group| texts(levels.group(group), tags::FRAME_TYPE));
    let mut all = of_frame.chain([texts(levels.top, tags::IMAGE_TYPE)]);
    all.find(|values| !values.is_empty()).unwrap_or_default()
}

/// Values that may tell two frames at one place apart: time first, then what differs in acquisition, then
/// in reconstruction, at last the clock.
fn labels(levels: &Levels<'_>) -> Vec<(Tag, String)> {
    let content = levels.group(tags::FRAME_CONTENT_SEQUENCE);
    let heart = levels.group(tags::CARDIAC_SYNCHRONIZATION_SEQUENCE);
    let diffusion = levels.group(tags::MR_DIFFUSION_SEQUENCE);
    let timing = levels.group(tags::MR_TIMING_AND_RELATED_PARAMETERS_SEQUENCE);
    let measures = levels.group(tags::PIXEL_MEASURES_SEQUENCE);
    let reconstruction = levels.group(tags::CT_RECONSTRUCTION_SEQUENCE);
    let top = levels.top;
    let places = [
        (content, tags::TEMPORAL_POSITION_INDEX),
        (content, tags::STACK_ID),
        (levels.group(tags::TEMPORAL_POSITION_SEQUENCE), tags::TEMPORAL_POSITION_TIME_OFFSET),
        (top, tags::TEMPORAL_POSITION_IDENTIFIER),
        (top, tags::TRIGGER_TIME),
        (heart, tags::NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE),
        (heart, tags::NOMINAL_CARDIAC_TRIGGER_DELAY_TIME),
        (top, tags::IMAGE_TRIGGER_DELAY),
        (top, tags::ECHO_NUMBERS),
        (levels.group(tags::MR_ECHO_SEQUENCE), tags::EFFECTIVE_ECHO_TIME),
        (top, tags::ECHO_TIME),
        (diffusion, tags::DIFFUSION_B_VALUE),
        (levels.group(tags::MR_IMAGE_FRAME_TYPE_SEQUENCE), tags::COMPLEX_IMAGE_COMPONENT),
        (timing, tags::FLIP_ANGLE),
        (top, tags::INVERSION_TIME),
        (top, tags::ACQUISITION_NUMBER),
        (content, tags::FRAME_ACQUISITION_NUMBER),
        (levels.group(tags::CTX_RAY_DETAILS_SEQUENCE), tags::KVP),
        (reconstruction, tags::CONVOLUTION_KERNEL),
        (reconstruction, tags::RECONSTRUCTION_DIAMETER),
        (measures, tags::PIXEL_SPACING),
        (top, tags::FILTER_TYPE),
        (top, tags::CONTRAST_BOLUS_AGENT),
    ];
    let times = [
        (content, tags::FRAME_REFERENCE_DATE_TIME),
        (content, tags::FRAME_ACQUISITION_DATE_TIME),
        (top, tags::ACQUISITION_DATE_TIME),
        (top, tags::ACQUISITION_TIME),
        (top, tags::CONTENT_TIME),
    ];
    let read = |(object, tag): (&DataSet, Tag)| {
        Some((tag, texts(object, tag).join("\\"))).filter(|(_, text)| !text.is_empty())
    };
    let kind: Vec<String> = image_type(levels).into_iter().take(3).collect();
    let kind = (!kind.is_empty()).then(|| (tags::IMAGE_TYPE, kind.join("\\")));
    places.into_iter().filter_map(read).chain(kind).chain(times.into_iter().filter_map(read)).collect()
}
