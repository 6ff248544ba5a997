//! Which files there are: a file, a folder, a DICOMDIR, a zip archive. Only regular files, only inside.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use dicom_dictionary_std::{tags, uids};
use zip::{CompressionMethod, ZipArchive};

use super::attribute::texts;
use super::error::DicomError;
use super::header;
use super::source::{Source, ZipPlace};

/// What was found at a path.
#[derive(Debug, Default)]
pub struct Listing {
    /// What may be DICOM, in the order of names.
    pub sources: Vec<Source>,
    /// What was passed over without being opened: name and reason.
    pub passed_over: Vec<(String, String)>,
    /// The same for what should have been an image.
    pub missed: Vec<(String, String)>,
    /// What lies beside a DICOMDIR that does not list it: looked at, never loaded.
    pub unlisted: Vec<Source>,
}

/// Lists what is at `path`.
///
/// # Errors
/// The path is not there, cannot be read, or is neither a regular file nor a folder.
pub fn list(path: &Path) -> Result<Listing, DicomError> {
    let shown = shown_name(path);
    let root = path
        .canonicalize()
        .map_err(|error| DicomError::Io { file: shown.clone(), reason: error.to_string() })?;
    let io = |error: std::io::Error| DicomError::Io { file: shown.clone(), reason: error.to_string() };
    let metadata = root.metadata().map_err(io)?;
    let mut listing = Listing::default();
    if metadata.is_dir() {
        walk_folder(&root, &mut listing);
    } else if !metadata.is_file() {
        return Err(DicomError::NotDicom {
            file: shown,
            reason: "neither a regular file nor a folder".to_owned(),
        });
    } else if begins_like_zip(&root).map_err(io)? {
        list_zip(&root, &shown, &mut listing)?;
    } else {
        let source = Source::file(shown, root.clone(), metadata.len());
        match dicomdir(&source) {
            Some(references) => list_references(&root, references, &mut listing),
            None => listing.sources.push(source),
        }
    }
    listing.sources.sort_by(|a, b| a.name.cmp(&b.name));
    listing.passed_over.sort();
    listing.missed.sort();
    listing.unlisted.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listing)
}

/// The last part of a path, fit to be printed.
pub fn shown_name(path: &Path) -> String {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), std::ffi::OsStr::to_string_lossy);
    printable(&name)
}

fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// Visits folders one after another (not by recursion: their depth is the user's).
fn walk_folder(root: &Path, listing: &mut Listing) {
    let mut waiting = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = waiting.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                listing.missed.push((format!("{prefix}/"), format!("cannot be opened: {error}")));
                continue;
            }
        };
        for entry in entries.flatten() {
            let name = format!("{prefix}{}", printable(&entry.file_name().to_string_lossy()));
            let Ok(kind) = entry.file_type() else {
                listing.passed_over.push((name, "its kind cannot be told".to_owned()));
                continue;
            };
            if kind.is_dir() {
                waiting.push((entry.path(), format!("{name}/")));
            } else if kind.is_symlink() {
                let (reason, is_read_elsewhere) = link_reason(root, &entry.path());
                let list = if is_read_elsewhere { &mut listing.passed_over } else { &mut listing.missed };
                list.push((name, reason.to_owned()));
            } else if kind.is_file() {
                let length = entry.metadata().map_or(0, |metadata| metadata.len());
                listing.sources.push(Source::file(name, entry.path(), length));
            } else {
                listing.passed_over.push((name, "not a regular file".to_owned()));
            }
        }
    }
}

/// A link is never followed: what it points to inside the folder is visited in its own place.
fn link_reason(root: &Path, link: &Path) -> (&'static str, bool) {
    match link.canonicalize() {
        Err(_) => ("a symbolic link that leads nowhere", false),
        Ok(target) if target.starts_with(root) => {
            ("a symbolic link to something that is read in its own place", true)
        }
        Ok(_) => ("a symbolic link to a place outside the folder, which is not read", false),
    }
}

fn begins_like_zip(path: &Path) -> std::io::Result<bool> {
    use std::io::Read;
    let mut magic = Vec::with_capacity(4);
    File::open(path)?.take(4).read_to_end(&mut magic)?;
    Ok(magic == b"PK\x03\x04" || magic == b"PK\x05\x06")
}

/// Lists an archive. Entries are read where they lie; their names are only names.
fn list_zip(path: &Path, shown: &str, listing: &mut Listing) -> Result<(), DicomError> {
    let damaged = |reason: String| DicomError::Damaged { file: shown.to_owned(), reason };
    let file = File::open(path)
        .map_err(|error| DicomError::Io { file: shown.to_owned(), reason: error.to_string() })?;
    let open = std::panic::AssertUnwindSafe(|| ZipArchive::new(BufReader::new(file)));
    let mut archive = std::panic::catch_unwind(open)
        .map_err(|_| damaged("the zip directory cannot be read".to_owned()))?
        .map_err(|error| damaged(format!("the zip directory cannot be read: {error}")))?;
    let shared = Arc::new(path.to_path_buf());
    let mut taken: Vec<(u64, u64, String)> = Vec::new();
    for index in 0..archive.len() {
        let entry =
            archive.by_index_raw(index).map_err(|error| damaged(format!("zip entry {index}: {error}")))?;
        let name = format!("{shown}/{}", printable(&String::from_utf8_lossy(entry.name_raw())));
        if entry.is_dir() {
            continue;
        }
        let is_deflated = match entry.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => {
                listing.missed.push((name, format!("zip compression {other} is not supported")));
                continue;
            }
        };
        if entry.encrypted() {
            listing.missed.push((name, "encrypted".to_owned()));
            continue;
        }
        let Some(offset) = entry.data_start() else {
            listing.missed.push((name, "the zip directory does not say where it lies".to_owned()));
            continue;
        };
        taken.push((offset, offset.saturating_add(entry.compressed_size()), name.clone()));
        let place =
            ZipPlace { offset, compressed: entry.compressed_size(), is_deflated, crc32: entry.crc32() };
        listing.sources.push(Source::zip_entry(name, Arc::clone(&shared), place));
    }
    if let Some(listed) = listed_entries(path).filter(|listed| *listed != archive.len()) {
        return Err(damaged(format!(
            "the zip directory lists {listed} entries under {} names",
            archive.len()
        )));
    }
    refuse_overlaps(taken, damaged)
}

/// How many entries the end of the archive promises; `None` where that does not fit its 16 bits.
fn listed_entries(path: &Path) -> Option<usize> {
    use std::io::{Read, Seek, SeekFrom};
    const LONGEST: u64 = 22 + 0xFFFF;
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST))).ok()?;
    let mut tail = Vec::new();
    file.take(LONGEST).read_to_end(&mut tail).ok()?;
    let at = tail.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let count = tail.get(at + 10..at + 12)?;
    let count = u16::from_le_bytes([count[0], count[1]]);
    (count != u16::MAX).then_some(usize::from(count))
}

/// Entries that share bytes are how a small archive pretends to hold a large one.
fn refuse_overlaps(
    mut taken: Vec<(u64, u64, String)>,
    damaged: impl Fn(String) -> DicomError,
) -> Result<(), DicomError> {
    taken.sort();
    match taken.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        Some(pair) => Err(damaged(format!("zip entries {} and {} overlap", pair[0].2, pair[1].2))),
        None => Ok(()),
    }
}

/// The referenced files of a DICOMDIR as lists of path components; `None` when the file is none.
fn dicomdir(source: &Source) -> Option<Vec<Vec<String>>> {
    let opened = header::open(source, 0).ok()?;
    let class = opened.meta.media_storage_sop_class_uid.as_deref();
    let records = opened.walked.data_set.items(tags::DIRECTORY_RECORD_SEQUENCE);
    if class != Some(uids::MEDIA_STORAGE_DIRECTORY_STORAGE) && records.is_empty() {
        return None;
    }
    let files = records.iter().map(|record| texts(record, tags::REFERENCED_FILE_ID));
    Some(files.filter(|parts| !parts.is_empty()).collect())
}

fn list_references(dicomdir: &Path, references: Vec<Vec<String>>, listing: &mut Listing) {
    let Some(root) = dicomdir.parent() else { return };
    let mut seen = HashSet::new();
    let mut listed = HashSet::new();
    for parts in references {
        let name = printable(&parts.join("/"));
        listed.insert(name.clone());
        match resolve(root, &parts) {
            Err(reason) => listing.missed.push((name, reason.to_owned())),
            Ok(path) if seen.insert(path.clone()) => {
                let length = path.metadata().map_or(0, |metadata| metadata.len());
                listing.sources.push(Source::file(name, path, length));
            }
            Ok(_) => {}
        }
    }
    // Every file of the folder is accounted for, though only the list says what is read.
    let mut beside = Listing::default();
    walk_folder(root, &mut beside);
    let is_new = |source: &Source| {
        let path = source.path().and_then(|path| path.canonicalize().ok());
        path.is_some_and(|path| path != dicomdir && !seen.contains(&path))
    };
    listing.unlisted.extend(beside.sources.into_iter().filter(is_new));
    listing.passed_over.append(&mut beside.passed_over);
    // A link that leads nowhere matters only when it is listed, and then it is missed already.
    listing.passed_over.extend(beside.missed.into_iter().filter(|(name, _)| !listed.contains(name)));
}

/// The file that a DICOMDIR names, if it is a regular file below the DICOMDIR's own folder.
fn resolve(root: &Path, parts: &[String]) -> Result<PathBuf, &'static str> {
    let mut path = root.to_path_buf();
    for part in parts {
        let mut components = Path::new(part).components();
        let plain = matches!((components.next(), components.next()), (Some(Component::Normal(_)), None));
        if !plain || part.contains(['/', '\\', ':']) {
            return Err("the DICOMDIR points outside its folder; not read");
        }
        path = child(&path, part).ok_or("listed in the DICOMDIR, but not there")?;
    }
    let real = path.canonicalize().map_err(|_| "listed in the DICOMDIR, but not there")?;
    if !real.starts_with(root) {
        return Err("the DICOMDIR points outside its folder; not read");
    }
    if real.is_file() { Ok(real) } else { Err("listed in the DICOMDIR, but not a regular file") }
}

/// A child by its name; media written in upper case are often copied in lower case.
fn child(folder: &Path, name: &str) -> Option<PathBuf> {
    let exact = folder.join(name);
    if exact.symlink_metadata().is_ok() {
        return Some(exact);
    }
    let entries = std::fs::read_dir(folder).ok()?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    let found = names.into_iter().find(|other| other.to_string_lossy().eq_ignore_ascii_case(name))?;
    Some(folder.join(found))
}
