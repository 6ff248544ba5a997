//! Which planes belong together, in what order, and whether they form a volume.

use std::collections::BTreeMap;
use std::sync::Arc;

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::attribute::{Fault, code, tag_name};
use super::error::DicomError;
use super::frames::Frame;
use super::header::{Header, Oddity};
use super::note::Note;
use super::pixel_attributes::PixelAttributes;
use super::scan::{DicomFile, ScanOptions};
use super::split::{Part, parts};
use super::{identity, stack_error, storage};
use crate::geometry::stack::{increments_mm, lattice, median, order};
use crate::geometry::{Grid, Plane};
use crate::progress::Progress;

/// Pixel spacings outside this range, mm, are not those of a patient's scan.
const PLAUSIBLE_SPACING_MM: std::ops::RangeInclusive<f64> = 0.05..=5.0;

/// The same for the distance between slices, mm.
const PLAUSIBLE_INCREMENT_MM: std::ops::RangeInclusive<f64> = 0.02..=20.0;

/// Labels that all slices of one scan share.
const COMMON: [Tag; 6] = [
    tags::TEMPORAL_POSITION_INDEX,
    tags::TEMPORAL_POSITION_IDENTIFIER,
    tags::ECHO_NUMBERS,
    tags::KVP,
    tags::CONVOLUTION_KERNEL,
    tags::IMAGE_TYPE,
];

/// One frame of one file of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaneRef {
    /// Index into the files of the series.
    pub file: usize,
    /// Index of the frame in the file.
    pub frame: usize,
}

/// Planes that belong together.
#[derive(Debug, Clone)]
pub struct Series {
    /// The files, in the order of names.
    pub files: Vec<Arc<DicomFile>>,
    /// The planes in the order of the slices, or of names where they have no order.
    pub planes: Vec<PlaneRef>,
    /// The lattice, or why there is none.
    pub grid: Result<Grid, DicomError>,
    /// Why the values cannot be used as they are; an explicit rescale may mend it.
    pub value_problem: Option<DicomError>,
    /// Why the planes lie on no lattice, when resampling could mend that.
    pub can_resample: bool,
    /// Whether it is a stack of measured images, loadable or not; not a localizer, a picture, a plan.
    pub is_stack: bool,
    /// What was noticed.
    pub notes: Vec<Note>,
}

impl Series {
    /// The file of a plane.
    pub fn file(&self, plane: PlaneRef) -> &DicomFile {
        &self.files[plane.file]
    }

    /// What a plane says of itself.
    pub fn frame(&self, plane: PlaneRef) -> &Frame {
        &self.file(plane).header.frames[plane.frame]
    }

    /// Name of the file of a plane, with the frame number where a file has several.
    pub fn name(&self, plane: PlaneRef) -> String {
        let file = self.file(plane);
        if file.header.frames.len() > 1 {
            format!("{} frame {}", file.source.name, plane.frame + 1)
        } else {
            file.source.name.clone()
        }
    }

    /// Where the planes lie; `None` as soon as one is not known.
    pub fn geometry(&self) -> Option<Vec<Plane>> {
        self.planes.iter().map(|plane| self.frame(*plane).geometry.clone().ok()).collect()
    }

    /// How the pixels of the first file are stored.
    pub fn pixel_attributes(&self) -> Option<&PixelAttributes> {
        self.files.first()?.header.layout.as_ref().ok()
    }

    /// Whether slope and intercept from the caller would mend the values.
    pub fn can_rescale(&self) -> bool {
        let is_rescale = |tag: Tag| matches!(tag, tags::RESCALE_SLOPE | tags::RESCALE_INTERCEPT);
        matches!(&self.value_problem, Some(DicomError::Attribute { tag, .. }) if is_rescale(*tag))
    }

    /// Why it cannot be loaded as it is.
    pub fn problem(&self) -> Option<&DicomError> {
        self.grid.as_ref().err().or(self.value_problem.as_ref())
    }
}

/// Puts files together to series.
///
/// # Errors
/// The job was cancelled.
pub fn group(
    files: &[Arc<DicomFile>],
    options: ScanOptions,
    progress: &Progress,
) -> Result<Vec<Series>, DicomError> {
    let mut by_uid: BTreeMap<(usize, String), Vec<Arc<DicomFile>>> = BTreeMap::new();
    let mut first_of: BTreeMap<String, usize> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let uid = series_key(file);
        let first = *first_of.entry(uid.clone()).or_insert(index);
        by_uid.entry((first, uid)).or_default().push(Arc::clone(file));
    }
    let mut all = Vec::new();
    for files in by_uid.into_values() {
        progress.check()?;
        let mut siblings: Vec<Series> = parts(files, options).into_iter().map(assess).collect();
        remark_siblings(&mut siblings);
        all.extend(siblings);
    }
    Ok(all)
}

/// SeriesInstanceUID, or what comes nearest to it in files that have none.
fn series_key(file: &DicomFile) -> String {
    let header = &file.header;
    if header.series_instance_uid.is_empty() {
        format!("none {} {:?}", file.source.folder(), header.series_number)
    } else {
        header.series_instance_uid.clone()
    }
}

/// Judges whether the planes of a part form a volume.
fn assess(part: Part) -> Series {
    let Part { files, planes, problem, mut notes } = part;
    notes.extend(file_notes(&files));
    let mut series = Series {
        files,
        planes,
        grid: Err(DicomError::Cancelled),
        value_problem: None,
        can_resample: false,
        is_stack: problem.is_none(),
        notes,
    };
    let found = match problem {
        Some(problem) => Err(problem),
        None => usable(&series).and_then(|()| stack(&mut series)),
    };
    if series.is_stack && found.is_ok() {
        series.notes.extend(identity::gaps(&series.files));
    }
    series.grid = found;
    if series.planes.len() > 1 {
        series.notes.extend(mixed_acquisition(&series));
    }
    series.value_problem = value_problem(&series);
    let more = value_notes(&series);
    series.notes.extend(more);
    series
}

/// The same patient, study and frame of reference, a place for each plane, one pixel layout.
fn usable(series: &Series) -> Result<(), DicomError> {
    for plane in &series.planes {
        let header = &series.file(*plane).header;
        if let Err(fault) = &header.layout {
            return Err(attribute(series, *plane, fault));
        }
        if let Err(fault) = &series.frame(*plane).geometry {
            return Err(attribute(series, *plane, fault));
        }
    }
    identity::check(&series.files)?;
    check_concatenations(series)?;
    series.files.iter().try_for_each(|file| storage::check(file))
}

fn attribute(series: &Series, plane: PlaneRef, fault: &Fault) -> DicomError {
    DicomError::Attribute { file: series.name(plane), tag: fault.tag, reason: fault.reason.clone() }
}

/// All parts of an image that was cut into several files must be here.
fn check_concatenations(series: &Series) -> Result<(), DicomError> {
    let mut parts: BTreeMap<&str, BTreeMap<u64, Option<u64>>> = BTreeMap::new();
    for part in series.files.iter().filter_map(|file| file.header.concatenation.as_ref()) {
        parts.entry(&part.uid).or_default().insert(part.number, part.total);
    }
    for numbers in parts.values() {
        let highest = numbers.keys().copied().max().unwrap_or(0);
        let total = numbers.values().copied().flatten().max().unwrap_or(highest);
        if numbers.len() as u64 != total || highest != total {
            let tag = tag_name(tags::CONCATENATION_UID);
            let found = numbers.len();
            return Err(DicomError::Inconsistent(format!(
                "{tag}: {total} parts belong together, {found} are here"
            )));
        }
    }
    Ok(())
}

/// Orders the planes and finds their lattice.
fn stack(series: &mut Series) -> Result<Grid, DicomError> {
    let planes = series.geometry().unwrap_or_default();
    let index = order(&planes);
    series.planes = index.iter().map(|&at| series.planes[at]).collect();
    let planes: Vec<Plane> = index.iter().map(|&at| planes[at]).collect();
    let (columns, rows) =
        series.pixel_attributes().map_or((0, 0), |attributes| (attributes.columns, attributes.rows));
    if columns == 0 || rows == 0 {
        let tag = if rows == 0 { tags::ROWS } else { tags::COLUMNS };
        let file = series.files.first().map_or_else(String::new, |file| file.source.name.clone());
        return Err(DicomError::Attribute { file, tag, reason: "at least 1 expected, found 0".to_owned() });
    }
    series.notes.extend(geometry_notes(series, &planes));
    lattice(&planes, columns, rows).map_err(|error| {
        series.can_resample = stack_error::can_resample(&planes);
        stack_error::describe(series, &planes, &error)
    })
}

fn geometry_notes(series: &Series, planes: &[Plane]) -> Vec<Note> {
    let mut notes = Vec::new();
    let Some(first) = planes.first() else { return notes };
    let increment = median(&increments_mm(planes));
    if let Some(odd) = increment.filter(|increment| !PLAUSIBLE_INCREMENT_MM.contains(increment)) {
        let message = format!(
            "{}: {odd:.4} mm between slices is outside {} to {} mm; the size of everything follows from it",
            tag_name(tags::IMAGE_POSITION_PATIENT),
            PLAUSIBLE_INCREMENT_MM.start(),
            PLAUSIBLE_INCREMENT_MM.end(),
        );
        notes.push(Note::new("slice_increment_plausible", message, Vec::new()).with(odd));
    }
    let spacings = [first.row_spacing_mm, first.column_spacing_mm];
    if let Some(odd) = spacings.iter().find(|spacing| !PLAUSIBLE_SPACING_MM.contains(spacing)) {
        let message = format!(
            "{}: {}: {odd} mm between pixels is outside {} to {} mm; the size of everything follows from it",
            series.name(series.planes[0]),
            tag_name(tags::PIXEL_SPACING),
            PLAUSIBLE_SPACING_MM.start(),
            PLAUSIBLE_SPACING_MM.end(),
        );
        notes.push(
            Note::new("pixel_spacing_plausible", message, vec![series.name(series.planes[0])]).with(*odd),
        );
    }
    if planes.len() == 1 {
        let message = "a single slice: its distance to a next one is unknown and was set to 1 mm".to_owned();
        notes.push(Note::new("single_slice", message, vec![series.name(series.planes[0])]));
    }
    notes
}

/// What one scan has in common: where it differs, two scans may have been put together.
fn mixed_acquisition(series: &Series) -> Vec<Note> {
    let mut notes = Vec::new();
    let Some(&first) = series.planes.first() else { return notes };
    let mut differing: Vec<String> = Vec::new();
    for tag in COMMON {
        let value = |plane: &PlaneRef| {
            let labels = &series.frame(*plane).labels;
            labels.iter().find(|(other, _)| *other == tag).map_or("", |(_, text)| text.as_str())
        };
        if series.planes.iter().any(|plane| value(plane) != value(&first)) {
            differing.push(tag_name(tag));
        }
    }
    if !differing.is_empty() {
        let message = format!(
            "the slices differ in {}: two scans or reconstructions may have been put together",
            differing.join(", ")
        );
        notes.push(Note::new("mixed_acquisition", message, Vec::new()));
    }
    if series.files[0].header.series_instance_uid.is_empty() {
        let tag = tag_name(tags::SERIES_INSTANCE_UID);
        let message =
            format!("{tag} is absent: that these files belong together was taken from folder and number");
        notes.push(Note::new("series_uid_missing", message, Vec::new()));
    }
    notes
}

/// Whether the values can be given a meaning.
fn value_problem(series: &Series) -> Option<DicomError> {
    let is_ct = series.files.first().is_some_and(|file| file.header.modality != "MR");
    let mut first_type: Option<(&Option<String>, PlaneRef)> = None;
    for plane in &series.planes {
        let modality = match &series.frame(*plane).modality {
            Ok(modality) => modality,
            Err(fault) => return Some(attribute(series, *plane, fault)),
        };
        if is_ct && modality.rescale.is_none() {
            let fault = Fault::missing(tags::RESCALE_SLOPE);
            return Some(attribute(series, *plane, &fault));
        }
        let (expected, earlier) = *first_type.get_or_insert((&modality.rescale_type, *plane));
        let name = |kind: &Option<String>| kind.clone().unwrap_or_else(|| "HU".to_owned());
        if name(expected) != name(&modality.rescale_type) {
            return Some(DicomError::Inconsistent(format!(
                "{} and {} differ in {}",
                series.name(earlier),
                series.name(*plane),
                tag_name(tags::RESCALE_TYPE)
            )));
        }
    }
    None
}

/// Remarks on what the values mean.
fn value_notes(series: &Series) -> Vec<Note> {
    let mut notes = Vec::new();
    let Some(&plane) = series.planes.first() else { return notes };
    let header = &series.file(plane).header;
    if let Ok(modality) = &series.frame(plane).modality
        && let Some(other) =
            modality.rescale_type.as_deref().filter(|name| header.modality != "MR" && *name != "HU")
    {
        let other = code(other);
        let message =
            format!("{} says {other}: the values are not Hounsfield units", tag_name(tags::RESCALE_TYPE));
        notes.push(Note::new("not_hu", message, vec![series.name(plane)]));
    }
    let rescales = |plane: &PlaneRef| series.frame(*plane).modality.as_ref().ok().and_then(|m| m.rescale);
    if series.planes.iter().any(|other| rescales(other) != rescales(&plane)) {
        let message =
            "slope or intercept differ from slice to slice; each slice was given its own".to_owned();
        notes.push(Note::new("rescale_varies", message, Vec::new()));
    }
    notes
}

/// Remarks on the files themselves.
fn file_notes(files: &[Arc<DicomFile>]) -> Vec<Note> {
    let with = |wanted: &dyn Fn(&Header) -> bool| -> Vec<String> {
        files.iter().filter(|file| wanted(&file.header)).map(|file| file.source.name.clone()).collect()
    };
    let remarks: [(&'static str, &str, Vec<String>); 5] = [
        (
            "executable_preamble",
            "the bytes before the image begin like a program; do not run these files",
            with(&|header| header.oddities.contains(&Oddity::ExecutablePreamble)),
        ),
        (
            "no_preamble",
            "no DICM mark: the way the data are written was recognised from the first element",
            with(&|header| header.oddities.contains(&Oddity::NoPreamble)),
        ),
        (
            "other_encoding",
            "the data are written otherwise than the transfer syntax says; they were read as they are",
            with(&|header| header.oddities.contains(&Oddity::OtherEncoding)),
        ),
        (
            "lossy_compression",
            "the images were compressed with loss; fine edges may have moved",
            with(&|header| header.is_lossy),
        ),
        (
            "monochrome1",
            "shown with white and black exchanged (MONOCHROME1); the values are not affected",
            with(&|header| {
                header.layout.as_ref().is_ok_and(|layout| layout.photometric_interpretation == "MONOCHROME1")
            }),
        ),
    ];
    remarks
        .into_iter()
        .filter(|(_, _, places)| !places.is_empty())
        .map(|(code, message, places)| {
            let count = places.len() as f64;
            Note::new(code, message, places).with(count)
        })
        .collect()
}

/// An image of the same series that cannot be used may be a slice that the others miss.
fn remark_siblings(siblings: &mut [Series]) {
    let lost: Vec<(usize, String, String)> = siblings
        .iter()
        .enumerate()
        .filter(|(_, series)| is_unusable_image(series) || (series.is_stack && series.planes.len() == 1))
        .filter_map(|(index, series)| {
            let alone = || "a single image of another kind".to_owned();
            let reason = series.problem().map_or_else(alone, ToString::to_string);
            Some((index, series.files.first()?.source.name.clone(), reason))
        })
        .collect();
    for (index, series) in siblings.iter_mut().enumerate() {
        for (_, file, reason) in lost.iter().filter(|(other, _, _)| *other != index) {
            let message =
                format!("an image of this series cannot be used and may be one of its slices: {reason}");
            series.notes.push(Note::new("unusable_sibling", message, vec![file.clone()]));
        }
    }
}

/// Images of a stack that is none, and images of another modality; not localizers, pictures or plans.
fn is_unusable_image(series: &Series) -> bool {
    match &series.grid {
        Err(DicomError::Unsupported { tag, .. }) => *tag == tags::MODALITY,
        Err(_) => series.is_stack,
        Ok(_) => false,
    }
}

/// Whether the scanner calls it a localizer.
pub fn is_localizer(header: &Header) -> bool {
    let frames = header.frames.iter();
    frames.flat_map(|frame| &frame.image_type).any(|value| value.eq_ignore_ascii_case("LOCALIZER"))
}
