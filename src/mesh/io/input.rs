//! Opening a file: a regular one, of known length, read no further than that.

use std::fs::{self, File, FileType};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::error::Fault;

/// Something to read from whose length is known, whatever a header in it claims.
#[derive(Debug)]
pub struct Input<R> {
    source: R,
    length: u64,
}

impl Input<File> {
    /// Opens a regular file.
    ///
    /// # Errors
    /// [`Fault`] when there is none, or it is something else, such as a pipe that never ends.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let about = fs::metadata(path)?;
        if !about.is_file() {
            return Err(Fault::NotRegular(kind(about.file_type())));
        }
        let file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(Fault::NotRegular(kind(about.file_type())));
        }
        Ok(Self { source: file, length: about.len() })
    }
}

fn kind(kind: FileType) -> &'static str {
    if kind.is_dir() { "a folder" } else { "a pipe, socket or device" }
}

impl<R: Read + Seek> Input<R> {
    /// Wraps something that is `length` bytes long.
    pub fn new(source: R, length: u64) -> Self {
        Self { source, length }
    }

    /// Bytes in the whole.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// What is read from.
    pub fn source(&mut self) -> &mut R {
        &mut self.source
    }

    /// At most `most` bytes from `offset` on; fewer at the end of the file.
    ///
    /// # Errors
    /// [`Fault::Io`], also when the file became shorter meanwhile.
    pub fn read_at(&mut self, offset: u64, most: usize) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        self.read_into(&mut bytes, offset, most)?;
        Ok(bytes)
    }

    /// The same into a buffer that is used again.
    ///
    /// # Errors
    /// [`Fault::Io`], also when the file became shorter meanwhile.
    pub fn read_into(&mut self, bytes: &mut Vec<u8>, offset: u64, most: usize) -> Result<(), Fault> {
        let n = self.length.saturating_sub(offset).min(most as u64) as usize;
        bytes.resize(n, 0);
        self.source.seek(SeekFrom::Start(offset))?;
        self.source.read_exact(bytes)?;
        Ok(())
    }

    /// Everything.
    ///
    /// # Errors
    /// [`Fault::Io`].
    pub fn read_all(&mut self) -> Result<Vec<u8>, Fault> {
        self.read_at(0, usize::try_from(self.length).unwrap_or(usize::MAX))
    }
}
