//! Where bytes come from: a regular file, or an entry of a zip archive, deflated data sets included.
//!
//! Nothing is unpacked to disk. A stream is read only as far as it is needed and never beyond a limit
//! that follows from the size of the file itself.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::DeflateDecoder;

use super::error::DicomError;

/// Compressed bytes are believed to hold at most this many times themselves, plus a set allowance.
const MAX_RATIO: u64 = 64;

/// One thing that may be a DICOM file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name for messages: relative to what was searched, forward slashes, no control characters.
    pub name: String,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    File { path: PathBuf, length: u64 },
    ZipEntry { archive: Arc<PathBuf>, place: ZipPlace },
    Memory { bytes: Arc<[u8]> },
}

/// Where an entry of an archive lies.
#[derive(Debug, Clone, Copy)]
pub struct ZipPlace {
    /// Offset of its first byte in the archive.
    pub offset: u64,
    /// Bytes that it takes there.
    pub compressed: u64,
    /// Whether they are deflated, or stored as they are.
    pub is_deflated: bool,
    /// Checksum of the content.
    pub crc32: u32,
}

impl Source {
    /// A regular file of known length.
    pub fn file(name: String, path: PathBuf, length: u64) -> Self {
        Self { name, place: Place::File { path, length } }
    }

    /// An entry of an archive.
    pub fn zip_entry(name: String, archive: Arc<PathBuf>, place: ZipPlace) -> Self {
        Self { name, place: Place::ZipEntry { archive, place } }
    }

    /// Bytes that are in memory already.
    pub fn memory(name: String, bytes: Arc<[u8]>) -> Self {
        Self { name, place: Place::Memory { bytes } }
    }

    /// The folder part of the name.
    pub fn folder(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Its path, when it is a file of its own.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Bytes on disk.
    pub fn stored_length(&self) -> u64 {
        match &self.place {
            Place::File { length, .. } => *length,
            Place::ZipEntry { place, .. } => place.compressed,
            Place::Memory { bytes } => bytes.len() as u64,
        }
    }

    /// Whether its bytes can be read at any place, or only from the beginning on.
    pub fn is_plain_file(&self) -> bool {
        matches!(self.place, Place::File { .. })
    }

    /// Length of the content where it is known without reading it.
    fn content_length(&self) -> Option<u64> {
        match &self.place {
            Place::ZipEntry { place, .. } if place.is_deflated => None,
            _ => Some(self.stored_length()),
        }
    }

    /// Opens the content for reading from its beginning.
    fn reader(&self) -> Result<Box<dyn Read + Send>, DicomError> {
        Ok(match &self.place {
            Place::File { path, .. } => Box::new(File::open(path).map_err(|e| self.io(&e))?),
            Place::Memory { bytes } => Box::new(std::io::Cursor::new(Arc::clone(bytes))),
            Place::ZipEntry { archive, place } => {
                let mut file = File::open(archive.as_path()).map_err(|e| self.io(&e))?;
                file.seek(SeekFrom::Start(place.offset)).map_err(|e| self.io(&e))?;
                let stored = file.take(place.compressed);
                if place.is_deflated { Box::new(DeflateDecoder::new(stored)) } else { Box::new(stored) }
            }
        })
    }

    /// The error for a failed system call.
    pub fn io(&self, error: &std::io::Error) -> DicomError {
        DicomError::Io { file: self.name.clone(), reason: error.to_string() }
    }

    /// The error for bytes that make no sense.
    pub fn damaged(&self, reason: impl Into<String>) -> DicomError {
        DicomError::Damaged { file: self.name.clone(), reason: reason.into() }
    }

    /// The most that this source may be unpacked to.
    pub fn allowance(&self, max_extra_bytes: u64) -> u64 {
        self.stored_length().saturating_mul(MAX_RATIO).saturating_add(max_extra_bytes)
    }
}

/// Holds the content of a zip entry against its checksum once it has been read to the end.
struct Checked {
    inner: Box<dyn Read + Send>,
    found: crc32fast::Hasher,
    expected: u32,
}

impl Read for Checked {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(out)?;
        self.found.update(&out[..n]);
        if n > 0 || out.is_empty() {
            return Ok(n);
        }
        let found = self.found.clone().finalize();
        if found != self.expected {
            let reason = format!("checksum {:08x} expected, found {found:08x}", self.expected);
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, reason));
        }
        Ok(n)
    }
}

/// A data set that is unpacked on the way, from its beginning to its end; never held as a whole.
pub struct DataSetStream<'a> {
    source: &'a Source,
    layer: Layer,
    at: u64,
    limit: u64,
}

enum Layer {
    Stored(Box<dyn Read + Send>),
    Deflated(DeflateDecoder<Box<dyn Read + Send>>),
}

impl<'a> DataSetStream<'a> {
    /// Opens the data set that begins at `base` of the source; no more than `limit` bytes will come.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(source: &'a Source, base: u64, is_deflated: bool, limit: u64) -> Result<Self, DicomError> {
        let mut reader = source.reader()?;
        if let Place::ZipEntry { place, .. } = &source.place {
            let found = crc32fast::Hasher::new();
            reader = Box::new(Checked { inner: reader, found, expected: place.crc32 });
        }
        let skipped = std::io::copy(&mut (&mut reader).take(base), &mut std::io::sink());
        skipped.map_err(|error| source.damaged(format!("cannot be unpacked: {error}")))?;
        let layer =
            if is_deflated { Layer::Deflated(DeflateDecoder::new(reader)) } else { Layer::Stored(reader) };
        Ok(Self { source, layer, at: 0, limit })
    }

    /// Puts `length` bytes from `offset` into `out`; offsets rise from call to call.
    ///
    /// # Errors
    /// Fewer bytes are there, or more than the limit are asked for.
    pub fn read(&mut self, offset: u64, length: usize, out: &mut Vec<u8>) -> Result<(), DicomError> {
        let end = offset.saturating_add(length as u64);
        if end > self.limit {
            let file = self.source.name.clone();
            return Err(DicomError::TooLarge { file, claimed: end, allowed: self.limit });
        }
        self.skip_to(offset)?;
        out.clear();
        out.resize(length, 0);
        self.layer.read_exact(out).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                self.source.damaged(format!("{length} bytes expected at byte {offset}, fewer are left"))
            }
            _ => self.source.damaged(format!("cannot be unpacked: {error}")),
        })?;
        self.at = end;
        Ok(())
    }

    fn skip_to(&mut self, offset: u64) -> Result<(), DicomError> {
        let way = offset.saturating_sub(self.at);
        let skipped = std::io::copy(&mut (&mut self.layer).take(way), &mut std::io::sink());
        self.at += skipped.map_err(|error| self.source.damaged(format!("cannot be unpacked: {error}")))?;
        Ok(())
    }

    /// Reads what is left, so that a checksum at the end is held against everything.
    ///
    /// # Errors
    /// The rest cannot be unpacked, is longer than the limit, or the checksum is another.
    pub fn finish(mut self) -> Result<(), DicomError> {
        self.skip_to(self.limit.saturating_add(1))?;
        if self.at > self.limit {
            let file = self.source.name.clone();
            return Err(DicomError::TooLarge { file, claimed: self.at, allowed: self.limit });
        }
        if let Layer::Deflated(inflater) = self.layer {
            let rest = std::io::copy(&mut inflater.into_inner(), &mut std::io::sink());
            rest.map_err(|error| self.source.damaged(format!("cannot be unpacked: {error}")))?;
        }
        Ok(())
    }
}

impl Read for Layer {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Stored(reader) => reader.read(out),
            Self::Deflated(inflater) => inflater.read(out),
        }
    }
}

/// The beginning of a stream, read as far as somebody needs it.
pub struct Prefix<'a> {
    source: &'a Source,
    reader: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    /// Length of the whole content, once known.
    total: Option<u64>,
    limit: u64,
}

impl<'a> Prefix<'a> {
    /// Opens a source; no more than `limit` bytes will be held.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(source: &'a Source, limit: u64) -> Result<Self, DicomError> {
        let reader = source.reader()?;
        Ok(Self { source, reader, bytes: Vec::new(), total: source.content_length(), limit })
    }

    /// Continues with the raw deflate stream that begins at `start` of this one.
    pub fn inflate_from(self, start: usize) -> Prefix<'a> {
        let mut rest = self.bytes;
        rest.drain(..start.min(rest.len()));
        let compressed = std::io::Cursor::new(rest).chain(self.reader);
        let reader = Box::new(DeflateDecoder::new(compressed));
        Prefix { source: self.source, reader, bytes: Vec::new(), total: None, limit: self.limit }
    }

    /// What has been read so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Length of the whole content, where known.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Reads on until `at_least` bytes are here or the stream ends.
    ///
    /// # Errors
    /// The stream cannot be read, or more than the limit would have to be held.
    pub fn grow(&mut self, at_least: u64) -> Result<(), DicomError> {
        let have = self.bytes.len() as u64;
        if at_least <= have {
            return Ok(());
        }
        if at_least > self.limit {
            return Err(DicomError::TooLarge {
                file: self.source.name.clone(),
                claimed: at_least,
                allowed: self.limit,
            });
        }
        // In steps that double, so that a lying length costs no more than what is really there.
        let want = at_least.max(have * 2).max(8 * 1024).min(self.limit) - have;
        let read = (&mut self.reader).take(want).read_to_end(&mut self.bytes);
        let read = read.map_err(|error| self.source.damaged(format!("cannot be read on: {error}")))?;
        if (read as u64) < want {
            self.total = Some(self.bytes.len() as u64);
        }
        Ok(())
    }
}

/// Everything that a reader gives, but no more than `limit` bytes.
fn unpack(source: &Source, reader: Box<dyn Read + '_>, limit: u64) -> Result<Vec<u8>, DicomError> {
    let mut bytes = Vec::new();
    let read = reader.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| source.damaged(format!("cannot be unpacked: {error}")))?;
    if bytes.len() as u64 > limit {
        let claimed = bytes.len() as u64;
        return Err(DicomError::TooLarge { file: source.name.clone(), claimed, allowed: limit });
    }
    Ok(bytes)
}

/// The whole content of a source, readable at any place.
pub enum Blob<'a> {
    /// A file, read where needed.
    File {
        /// The open file.
        file: File,
        /// For messages.
        source: &'a Source,
        /// Added to every offset: where the data set begins.
        base: u64,
        /// Bytes from the data set's beginning to the end of the file.
        length: u64,
    },
    /// Unpacked bytes.
    Memory {
        /// From the beginning of the data set.
        bytes: Vec<u8>,
        /// For messages.
        source: &'a Source,
    },
}

impl<'a> Blob<'a> {
    /// Opens the data set that begins at `base` of the source, inflating it when it is deflated.
    ///
    /// # Errors
    /// The file cannot be read, or unpacks to more than `limit` bytes.
    pub fn open(source: &'a Source, base: u64, is_deflated: bool, limit: u64) -> Result<Self, DicomError> {
        if let (Place::File { path, length }, false) = (&source.place, is_deflated) {
            let file = File::open(path).map_err(|error| source.io(&error))?;
            return Ok(Self::File { file, source, base, length: length.saturating_sub(base) });
        }
        let mut bytes = unpack(source, source.reader()?, limit)?;
        if let Place::ZipEntry { place, .. } = &source.place {
            let (expected, found) = (place.crc32, crc32fast::hash(&bytes));
            if found != expected {
                return Err(source.damaged(format!("checksum {expected:08x} expected, found {found:08x}")));
            }
        }
        bytes.drain(..(base as usize).min(bytes.len()));
        if is_deflated {
            bytes = unpack(source, Box::new(DeflateDecoder::new(bytes.as_slice())), limit)?;
        }
        Ok(Self::Memory { bytes, source })
    }

    /// Bytes from the beginning of the data set to the end.
    pub fn length(&self) -> u64 {
        match self {
            Self::File { length, .. } => *length,
            Self::Memory { bytes, .. } => bytes.len() as u64,
        }
    }

    /// Appends `length` bytes from `offset` to `out`; proves that they are there before reserving room.
    ///
    /// # Errors
    /// Fewer bytes are there, or the file cannot be read.
    pub fn append(&mut self, offset: u64, length: usize, out: &mut Vec<u8>) -> Result<(), DicomError> {
        let end = offset.checked_add(length as u64).filter(|end| *end <= self.length());
        let Some(end) = end else {
            let left = self.length().saturating_sub(offset);
            return Err(self
                .source()
                .damaged(format!("{length} bytes expected at byte {offset}, {left} are left")));
        };
        match self {
            Self::Memory { bytes, .. } => {
                out.extend_from_slice(&bytes[offset as usize..end as usize]);
                Ok(())
            }
            Self::File { file, source, base, .. } => {
                let start = out.len();
                out.resize(start + length, 0);
                let read = file
                    .seek(SeekFrom::Start(*base + offset))
                    .and_then(|_| file.read_exact(&mut out[start..]));
                read.map_err(|error| source.io(&error))
            }
        }
    }

    fn source(&self) -> &'a Source {
        match self {
            Self::File { source, .. } | Self::Memory { source, .. } => source,
        }
    }
}
