//! One SeriesInstanceUID may hold several things: localizers, sizes, orientations, points in time.

use std::collections::BTreeMap;
use std::sync::Arc;

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use nalgebra::Vector3;

use super::attribute::{code, tag_name};
use super::copies::drop_copies;
use super::error::DicomError;
use super::header::Header;
use super::note::Note;
use super::scan::{DicomFile, ScanOptions};
use super::series::{PlaneRef, is_localizer};
use crate::geometry::Plane;
use crate::geometry::stack::{is_same_place, lattice, order};

/// Planes whose directions differ by more than this (radians) are different stacks, not a crooked one.
const OTHER_ORIENTATION: f64 = 0.05;

/// A candidate for a volume: the files it uses and its planes.
pub struct Part {
    /// The files, in the order of names.
    pub files: Vec<Arc<DicomFile>>,
    /// Their planes.
    pub planes: Vec<PlaneRef>,
    /// Why it can be no volume whatever its geometry.
    pub problem: Option<DicomError>,
    /// What was noticed.
    pub notes: Vec<Note>,
}

/// What must agree before planes can be stacked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    is_localizer: bool,
    sop_class_uid: String,
    modality: String,
    size: Option<(usize, usize)>,
    orientation: usize,
}

/// Divides the files of one series into candidates.
pub fn parts(files: Vec<Arc<DicomFile>>, options: ScanOptions) -> Vec<Part> {
    let mut orientations: Vec<Plane> = Vec::new();
    let mut by_kind: BTreeMap<Kind, Vec<(Arc<DicomFile>, usize)>> = BTreeMap::new();
    for file in &files {
        let header = &file.header;
        for frame in 0..header.frames.len().max(1) {
            let plane = header.frames.get(frame).and_then(|frame| frame.geometry.as_ref().ok());
            let kind = Kind {
                is_localizer: is_localizer(header),
                sop_class_uid: header.sop_class_uid.clone(),
                modality: header.modality.clone(),
                size: header.layout.as_ref().ok().map(|layout| (layout.rows, layout.columns)),
                orientation: plane.map_or(0, |plane| orientation_of(&mut orientations, plane)),
            };
            by_kind.entry(kind).or_default().push((Arc::clone(file), frame));
        }
    }
    let kinds = by_kind.len();
    let mut all = Vec::new();
    for (kind, planes) in by_kind {
        let part = gather(planes);
        all.extend(divide(part, &kind, options));
    }
    if kinds > 1 {
        for part in &mut all {
            part.notes.push(mixed_note(kinds));
        }
    }
    all.sort_by(|a, b| a.files.first().map(|f| &f.source.name).cmp(&b.files.first().map(|f| &f.source.name)));
    all
}

fn mixed_note(kinds: usize) -> Note {
    let tag = tag_name(tags::SERIES_INSTANCE_UID);
    Note::new(
        "mixed_series",
        format!("{kinds} kinds of images share one {tag}; they were separated"),
        Vec::new(),
    )
}

/// Index of the orientation that a plane has, a new one when it is like none before.
fn orientation_of(known: &mut Vec<Plane>, plane: &Plane) -> usize {
    let apart = |a: &Vector3<f64>, b: &Vector3<f64>| (a - b).norm();
    let is_like = |other: &Plane| {
        apart(&other.row_direction, &plane.row_direction) < OTHER_ORIENTATION
            && apart(&other.column_direction, &plane.column_direction) < OTHER_ORIENTATION
    };
    known.iter().position(is_like).unwrap_or_else(|| {
        known.push(*plane);
        known.len() - 1
    })
}

fn gather(planes: Vec<(Arc<DicomFile>, usize)>) -> Part {
    let mut files: Vec<Arc<DicomFile>> = Vec::new();
    let mut references = Vec::new();
    for (file, frame) in planes {
        // The planes of a file follow one another.
        if !files.last().is_some_and(|last| Arc::ptr_eq(last, &file)) {
            files.push(Arc::clone(&file));
        }
        // A file without an image has a place among the files, but no plane.
        if frame < file.header.frames.len() {
            references.push(PlaneRef { file: files.len() - 1, frame });
        }
    }
    Part { files, planes: references, problem: None, notes: Vec::new() }
}

/// Names what can never be a volume; splits the rest where planes lie at one place.
fn divide(mut part: Part, kind: &Kind, options: ScanOptions) -> Vec<Part> {
    part.problem = never_a_volume(&part, kind);
    let has_geometry = |part: &Part| part.planes.iter().all(|plane| geometry(part, *plane).is_some());
    if part.problem.is_some() || !has_geometry(&part) {
        return vec![part];
    }
    if shared_places(&part).is_empty() {
        return by_stack_id(part);
    }
    let shared = shared_places(&part);
    drop_copies(&mut part, &shared, options, true);
    let mut divided = if shared_places(&part).is_empty() { vec![part] } else { by_label(part) };
    if let [whole] = &mut divided[..] {
        let shared = shared_places(whole);
        drop_copies(whole, &shared, options, false);
    }
    for part in &mut divided {
        part.problem = never_a_volume(part, kind); // what looked like a stack may have become single pictures
    }
    divided
}

fn never_a_volume(part: &Part, kind: &Kind) -> Option<DicomError> {
    let file = part.files.first()?;
    let unsupported =
        |tag: Tag, reason: String| DicomError::Unsupported { file: file.source.name.clone(), tag, reason };
    let header = &file.header;
    if header.pixels.is_none() && class_name(header).ends_with("Image Storage") {
        return Some(unsupported(tags::PIXEL_DATA, "an image without pixels".to_owned()));
    }
    if header.pixels.is_none() {
        let reason = format!("{} holds no image planes", class_name(header));
        return Some(unsupported(tags::SOP_CLASS_UID, reason));
    }
    if kind.is_localizer {
        return Some(unsupported(
            tags::IMAGE_TYPE,
            "a localizer: single views for planning, not a stack".to_owned(),
        ));
    }
    if header.frames.iter().flat_map(|frame| &frame.image_type).any(|value| value == "MOSAIC") {
        let reason = "a mosaic: many slices in one picture".to_owned();
        return Some(unsupported(tags::IMAGE_TYPE, reason));
    }
    let is_3d_xray = matches!(
        header.sop_class_uid.as_str(),
        uids::X_RAY3_D_ANGIOGRAPHIC_IMAGE_STORAGE | uids::X_RAY3_D_CRANIOFACIAL_IMAGE_STORAGE
    );
    if !matches!(header.modality.as_str(), "CT" | "MR") && !is_3d_xray {
        let reason =
            format!("'{}' is not supported; CT and MR are ({})", code(&header.modality), class_name(header));
        return Some(unsupported(tags::MODALITY, reason));
    }
    if header.sop_class_uid == uids::SECONDARY_CAPTURE_IMAGE_STORAGE && part.planes.len() < 2 {
        let reason = "a single secondary capture: a picture, not a stack".to_owned();
        return Some(unsupported(tags::SOP_CLASS_UID, reason));
    }
    let layout = header.layout.as_ref().ok()?;
    if layout.samples_per_pixel != 1 || !layout.photometric_interpretation.starts_with("MONOCHROME") {
        let reason = format!(
            "{} with {} samples per pixel is a picture, not measured values ({})",
            code(&layout.photometric_interpretation),
            layout.samples_per_pixel,
            class_name(header)
        );
        return Some(unsupported(tags::PHOTOMETRIC_INTERPRETATION, reason));
    }
    None
}

/// The standard's name of the SOP class.
pub fn class_name(header: &Header) -> String {
    use dicom_core::dictionary::UidDictionary;
    let known = dicom_dictionary_std::sop_class::StandardSopClassDictionary.by_uid(&header.sop_class_uid);
    known.map_or_else(|| "an object of unknown class".to_owned(), |entry| entry.name.to_owned())
}

fn geometry(part: &Part, plane: PlaneRef) -> Option<Plane> {
    part.files[plane.file].header.frames.get(plane.frame)?.geometry.clone().ok()
}

/// Pairs of planes, as indices into `part.planes`, that lie at one place.
fn shared_places(part: &Part) -> Vec<(usize, usize)> {
    let planes: Vec<Plane> = part.planes.iter().filter_map(|plane| geometry(part, *plane)).collect();
    let index = order(&planes);
    let Some(normal) = planes.first().map(Plane::normal) else { return Vec::new() };
    index
        .windows(2)
        .filter(|pair| {
            let step = normal.dot(&(planes[pair[1]].position - planes[pair[0]].position));
            is_same_place(step, &planes[pair[0]])
        })
        .map(|pair| (pair[0], pair[1]))
        .collect()
}

/// Splits by the first attribute whose every value has a full stack without planes at one place.
fn by_label(part: Part) -> Vec<Part> {
    let frame = |plane: &PlaneRef| &part.files[plane.file].header.frames[plane.frame];
    let n_places = part.planes.len() - shared_places(&part).len();
    let mut candidates: Vec<Tag> = Vec::new();
    for plane in &part.planes {
        for (tag, _) in &frame(plane).labels {
            if !candidates.contains(tag) {
                candidates.push(*tag);
            }
        }
    }
    for tag in candidates {
        let mut stacks: BTreeMap<&str, Vec<PlaneRef>> = BTreeMap::new();
        for plane in &part.planes {
            let label = frame(plane).labels.iter().find(|(other, _)| *other == tag);
            stacks.entry(label.map_or("", |(_, text)| text.as_str())).or_default().push(*plane);
        }
        let n = stacks.len();
        let size = part.planes.len() / n;
        let divided: Vec<Part> = stacks.into_values().map(|planes| pick(&part, planes)).collect();
        // Single planes are no stacks, unless there is a single place.
        let is_deep = size > 1 || n_places == 1;
        let is_clean = |part: &Part| is_deep && part.planes.len() == size && shared_places(part).is_empty();
        if n > 1 && divided.iter().all(is_clean) {
            return divided
                .into_iter()
                .enumerate()
                .map(|(at, part)| with_label_note(part, "at the same place", tag, (at, n)))
                .collect();
        }
    }
    vec![part]
}

/// Splits an image whose frames say of which stack they are (`StackID`), where these lie apart.
///
/// A stack that is regular as a whole stays whole, and so does one of which a part would be none.
fn by_stack_id(part: Part) -> Vec<Part> {
    let mut stacks: BTreeMap<&str, Vec<PlaneRef>> = BTreeMap::new();
    for plane in &part.planes {
        let labels = &part.files[plane.file].header.frames[plane.frame].labels;
        let label = labels.iter().find(|(tag, _)| *tag == tags::STACK_ID);
        stacks.entry(label.map_or("", |(_, text)| text.as_str())).or_default().push(*plane);
    }
    let n = stacks.len();
    if n < 2 || stacks.values().any(|planes| planes.len() < 2) || is_regular(&part, &part.planes) {
        return vec![part];
    }
    if !stacks.values().all(|planes| is_regular(&part, planes)) {
        return vec![part];
    }
    let divided: Vec<Part> = stacks.into_values().map(|planes| pick(&part, planes)).collect();
    divided
        .into_iter()
        .enumerate()
        .map(|(at, part)| with_label_note(part, "in one image", tags::STACK_ID, (at, n)))
        .collect()
}

/// Whether planes form a lattice.
fn is_regular(part: &Part, planes: &[PlaneRef]) -> bool {
    let found: Vec<Plane> = planes.iter().filter_map(|plane| geometry(part, *plane)).collect();
    let ordered: Vec<Plane> = order(&found).into_iter().map(|at| found[at]).collect();
    let layout = part.files.first().and_then(|file| file.header.layout.as_ref().ok());
    layout.is_some_and(|layout| {
        layout.columns > 0 && layout.rows > 0 && lattice(&ordered, layout.columns, layout.rows).is_ok()
    })
}

fn pick(part: &Part, planes: Vec<PlaneRef>) -> Part {
    let chosen = planes.into_iter().map(|plane| (Arc::clone(&part.files[plane.file]), plane.frame)).collect();
    let mut picked = gather(chosen);
    picked.notes.clone_from(&part.notes);
    picked
}

fn with_label_note(mut part: Part, place: &str, tag: Tag, (at, n): (usize, usize)) -> Part {
    let message = format!("stack {} of {n} {place}, told apart by {}", at + 1, tag_name(tag));
    part.notes.push(Note::new("one_of_several", message, Vec::new()).with(n as f64));
    part
}
