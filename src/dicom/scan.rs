//! From a path to series: headers are read in parallel, every file is accounted for.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::directory::list;
use super::error::DicomError;
use super::header::{APPLE_DOUBLE, Header, read_header};
use super::note::Note;
use super::series::{Series, group};
use super::source::Source;
use crate::progress::Progress;

/// How a path is searched.
#[derive(Debug, Clone, Copy)]
pub struct ScanOptions {
    /// What a file may claim beyond 64 times its own size.
    pub max_extra_bytes: u64,
}

/// One readable DICOM file.
#[derive(Debug)]
pub struct DicomFile {
    /// Where its bytes are.
    pub source: Source,
    /// What its header says.
    pub header: Header,
}

/// A file that is in no series, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub file: String,
    /// The reason.
    pub reason: String,
    /// Whether it may be a lost image: it looks like DICOM or is named like it.
    pub is_suspicious: bool,
}

/// All series at a path and all files that are in none.
#[derive(Debug)]
pub struct Scan {
    /// In the order of the first file of each.
    pub series: Vec<Series>,
    /// In the order of names.
    pub left_out: Vec<LeftOut>,
}

/// Reads all headers at a path.
///
/// # Errors
/// The path itself cannot be read, or the job was cancelled. A bad file is no error: it is left out.
pub fn scan(path: &Path, options: ScanOptions, progress: &Progress) -> Result<Scan, DicomError> {
    let listing = list(path)?;
    progress.expect(listing.sources.len());
    let read: Vec<Result<Result<DicomFile, LeftOut>, DicomError>> = listing
        .sources
        .into_par_iter()
        .map(|source| {
            progress.step()?;
            Ok(read_one(source, options))
        })
        .collect();
    let unopened = |is_suspicious: bool| move |(file, reason)| LeftOut { file, reason, is_suspicious };
    let mut left_out: Vec<_> = listing.passed_over.into_iter().map(unopened(false)).collect();
    left_out.extend(listing.missed.into_iter().map(unopened(true)));
    let mut files = Vec::new();
    for outcome in read {
        match outcome? {
            Ok(file) => files.push(Arc::new(file)),
            Err(reason) => left_out.push(reason),
        }
    }
    let unlisted: Vec<_> =
        listing.unlisted.into_par_iter().map(|source| look_at_unlisted(source, options)).collect();
    let mut series = group(&files, options, progress)?;
    left_out.sort_by(|a, b| a.file.cmp(&b.file));
    for one in &mut series {
        remark_lost(one, &left_out);
        remark_unlisted(one, &unlisted);
    }
    left_out.extend(unlisted.into_iter().map(|(file, _)| file));
    left_out.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(Scan { series, left_out })
}

fn read_one(source: Source, options: ScanOptions) -> Result<DicomFile, LeftOut> {
    match read_header(&source, options.max_extra_bytes) {
        Ok(header) if header.is_directory => {
            let reason = "a DICOMDIR: a list of files, not an image".to_owned();
            Err(LeftOut { file: source.name, reason, is_suspicious: false })
        }
        Ok(header) => Ok(DicomFile { source, header }),
        Err(error) => {
            let is_suspicious = match &error {
                DicomError::NotDicom { reason, .. } => is_named_like_dicom(&source.name, reason),
                _ => true,
            };
            // The name stands in its own field.
            let text = error.to_string();
            let reason = text.strip_prefix(&format!("{}: ", source.name)).unwrap_or(&text).to_owned();
            Err(LeftOut { file: source.name, reason, is_suspicious })
        }
    }
}

/// A file that the DICOMDIR beside it does not list, and the series that it names if it is an image.
fn look_at_unlisted(source: Source, options: ScanOptions) -> (LeftOut, Option<String>) {
    let header = read_header(&source, options.max_extra_bytes).ok().filter(|header| header.pixels.is_some());
    let kind = if header.is_some() { "an image" } else { "a file" };
    let reason = format!("{kind} in the folder that the DICOMDIR does not list");
    let uid = header.map(|header| header.series_instance_uid).filter(|uid| !uid.is_empty());
    (LeftOut { file: source.name, reason, is_suspicious: false }, uid)
}

/// An image of a series that the list leaves out may be a slice that the volume misses.
fn remark_unlisted(series: &mut Series, unlisted: &[(LeftOut, Option<String>)]) {
    let Some(uid) = series.files.first().map(|file| file.header.series_instance_uid.clone()) else { return };
    let places: Vec<String> = unlisted
        .iter()
        .filter(|(_, other)| other.as_ref() == Some(&uid))
        .map(|(file, _)| file.file.clone())
        .collect();
    if !places.is_empty() {
        let message = format!(
            "{} images in the folder name this series, but the DICOMDIR does not list them; they were not read",
            places.len()
        );
        let count = places.len() as f64;
        series.notes.push(Note::new("unlisted_file", message, places).with(count));
    }
}

/// Whether a file that is not DICOM has the name of an image, so that a lost slice may hide in it.
fn is_named_like_dicom(name: &str, reason: &str) -> bool {
    if reason == APPLE_DOUBLE {
        return false;
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    let last = last.strip_suffix(".gz").unwrap_or(last);
    let extension = last.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("dcm" | "dicom" | "ima" | "img" | "dc3") => true,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => true,
        Some(_) => false,
        None => reason != "a text file",
    }
}

/// A damaged file beside the files of a series may be one of its slices: the series says so.
fn remark_lost(series: &mut Series, left_out: &[LeftOut]) {
    let folder_of = |name: &str| name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let folders: HashSet<&str> = series.files.iter().map(|file| file.source.folder()).collect();
    let is_near = |file: &&LeftOut| {
        file.is_suspicious
            && (folders.contains(folder_of(&file.file).as_str()) || file.reason.contains("DICOMDIR"))
    };
    let lost: Vec<&LeftOut> = left_out.iter().filter(is_near).collect();
    let Some(first) = lost.first() else { return };
    let message = format!(
        "{} beside this series could not be read and may belong to it: {}: {}",
        if lost.len() == 1 { "a file".to_owned() } else { format!("{} files", lost.len()) },
        first.file,
        first.reason
    );
    if let (true, Err(DicomError::Inconsistent(text))) = (series.is_stack, &mut series.grid) {
        // The gap and its cause belong into one sentence.
        text.push_str("; ");
        text.push_str(&message);
    }
    let places = lost.iter().map(|file| file.file.clone()).collect();
    series.notes.push(Note::new("unreadable_file", message, places).with(lost.len() as f64));
}
