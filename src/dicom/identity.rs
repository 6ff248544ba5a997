//! One patient, one study, one frame of reference in a stack.

use std::sync::Arc;

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use super::attribute::tag_name;
use super::error::DicomError;
use super::header::Header;
use super::note::Note;
use super::scan::DicomFile;

/// Who it is. These may be empty (type 2 in the standard), so an empty one says nothing about a person.
const PATIENT: [Tag; 3] = [tags::PATIENT_ID, tags::PATIENT_NAME, tags::PATIENT_BIRTH_DATE];

/// Refuses files of two patients, studies, frames of reference or modalities.
///
/// # Errors
/// Names the attributes that differ and two files; never their values.
pub fn check(files: &[Arc<DicomFile>]) -> Result<(), DicomError> {
    let Some(first) = files.first() else { return Ok(()) };
    let mut differing: Vec<(Tag, &DicomFile, &DicomFile)> = Vec::new();
    for &(tag, _) in &first.header.identity {
        let may_be_empty = PATIENT.contains(&tag) && files.iter().all(|file| is_of_one_study(&file.header));
        let is_silent = |file: &DicomFile| may_be_empty && value(file, tag).is_empty();
        let mut speaking = files.iter().map(|file| &**file).filter(|file| !is_silent(file));
        let Some(expected) = speaking.next() else { continue };
        if let Some(other) = speaking.find(|file| value(file, tag) != value(expected, tag)) {
            differing.push((tag, expected, other));
        }
    }
    let Some(&(_, expected, other)) = differing.first() else { return Ok(()) };
    let names: Vec<String> = differing.iter().map(|(tag, ..)| tag_name(*tag)).collect();
    Err(DicomError::Inconsistent(format!(
        "{} and {} are in one series but differ in {}: they must not become one volume",
        expected.source.name,
        other.source.name,
        names.join(", ")
    )))
}

/// Attributes of the patient that some files of one study leave empty.
pub fn gaps(files: &[Arc<DicomFile>]) -> Option<Note> {
    let is_empty = |file: &&Arc<DicomFile>, tag: Tag| value(file, tag).is_empty();
    let mut names = Vec::new();
    let mut places: Vec<String> = Vec::new();
    for tag in PATIENT {
        let empty: Vec<_> = files.iter().filter(|file| is_empty(file, tag)).collect();
        if !empty.is_empty() && empty.len() < files.len() {
            names.push(tag_name(tag));
            places.extend(empty.into_iter().map(|file| file.source.name.clone()));
        }
    }
    places.sort();
    places.dedup();
    let message = format!(
        "{} is empty in {} of {} files; study, series and frame of reference agree, that they show one person is \
         not proven",
        names.join(", "),
        places.len(),
        files.len()
    );
    (!names.is_empty())
        .then(|| Note::new("patient_partly_unnamed", message, places.clone()).with(places.len() as f64))
}

/// Whether study and series are named, so that an empty attribute of the patient leaves no doubt.
fn is_of_one_study(header: &Header) -> bool {
    let study = header.identity.iter().find(|(tag, _)| *tag == tags::STUDY_INSTANCE_UID);
    !header.series_instance_uid.is_empty() && study.is_some_and(|(_, uid)| !uid.is_empty())
}

fn value(file: &DicomFile, tag: Tag) -> &str {
    file.header.identity.iter().find(|(other, _)| *other == tag).map_or("", |(_, text)| text)
}
