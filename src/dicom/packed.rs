//! Multi-frame files that are unpacked on the way: read once, frame after frame, decoded in parallel.
//!
//! Many workers on a plain file each read their own part of it. A zip entry or a deflated data set has no
//! parts: a worker of its own would unpack everything for itself, and hold it.

use rayon::prelude::*;

use super::error::DicomError;
use super::header::is_deflated;
use super::scan::DicomFile;
use super::source::DataSetStream;
use super::storage::{OpenFile, Storage};

/// Frames that are read while those before them are decoded.
const BATCH: usize = 8;

/// The frames of one file in their order.
pub enum Frames<'a> {
    /// Cells as they come out of the stream.
    Streamed {
        /// The data set.
        stream: Box<DataSetStream<'a>>,
        /// Offset of the first frame.
        offset: u64,
        /// Bytes of each.
        n_bytes: usize,
    },
    /// Fragments, found by a table: the unpacked file is held, and is about as large as the packed one.
    Held(Box<OpenFile<'a>>),
}

/// Whether a file is unpacked as a whole or not at all.
pub fn is_packed(file: &DicomFile) -> bool {
    !file.source.is_plain_file() || is_deflated(&file.header.transfer_syntax_uid)
}

impl<'a> Frames<'a> {
    /// Opens a file for its frames.
    ///
    /// # Errors
    /// It cannot be read, or its pixels are not what its header says.
    pub fn open(file: &'a DicomFile, storage: Storage, max_extra_bytes: u64) -> Result<Self, DicomError> {
        let header = &file.header;
        let is_native = header.pixels.is_some_and(|span| span.length.is_some());
        let Some(span) = header.pixels.filter(|_| is_native && !storage.has_swapped_bytes(header)) else {
            return Ok(Self::Held(Box::new(OpenFile::open(file, storage, max_extra_bytes)?)));
        };
        let limit = file.source.allowance(max_extra_bytes);
        let is_deflated = is_deflated(&header.transfer_syntax_uid);
        let stream = Box::new(DataSetStream::open(&file.source, header.data_set_at, is_deflated, limit)?);
        Ok(Self::Streamed { stream, offset: span.offset, n_bytes: storage.layout.frame_bytes() })
    }

    fn read(&mut self, frame: usize, out: &mut Vec<u8>) -> Result<(), DicomError> {
        match self {
            Self::Streamed { stream, offset, n_bytes } => {
                stream.read(*offset + (frame * *n_bytes) as u64, *n_bytes, out)
            }
            Self::Held(open) => open.read_frame(frame, out),
        }
    }

    fn finish(self) -> Result<(), DicomError> {
        match self {
            Self::Streamed { stream, .. } => stream.finish(),
            Self::Held(_) => Ok(()), // its checksum was held against it when it was unpacked
        }
    }
}

/// Calls `work` with the stored bytes of every wanted frame and a buffer of its own. `wanted` rises.
///
/// # Errors
/// The first of the first batch that has any, whatever the number of threads.
pub fn for_each_frame<K: Send, R: Send, E: Send + From<DicomError>>(
    mut frames: Frames<'_>,
    wanted: Vec<(usize, K)>,
    work: impl Fn(K, &[u8], &mut Vec<u8>) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let mut results = Vec::with_capacity(wanted.len());
    let mut ahead = wanted.into_iter();
    let mut buffers = vec![Vec::new(); BATCH];
    let mut others = vec![Vec::new(); BATCH];
    let mut ready = read_batch(&mut frames, &mut ahead, &mut buffers)?;
    while !ready.is_empty() {
        let now = std::mem::take(&mut ready);
        let (done, next) = rayon::join(
            || {
                let pairs = now.into_par_iter().zip(&buffers);
                pairs.map_init(Vec::new, |cells, (key, stored)| work(key, stored, cells)).collect::<Vec<_>>()
            },
            || read_batch(&mut frames, &mut ahead, &mut others),
        );
        for result in done {
            results.push(result?);
        }
        ready = next?;
        std::mem::swap(&mut buffers, &mut others);
    }
    frames.finish()?;
    Ok(results)
}

fn read_batch<K>(
    frames: &mut Frames<'_>,
    ahead: &mut impl Iterator<Item = (usize, K)>,
    buffers: &mut [Vec<u8>],
) -> Result<Vec<K>, DicomError> {
    let mut keys = Vec::with_capacity(buffers.len());
    for buffer in buffers {
        let Some((frame, key)) = ahead.next() else { break };
        frames.read(frame, buffer)?;
        keys.push(key);
    }
    Ok(keys)
}
