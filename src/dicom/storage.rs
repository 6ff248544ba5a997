//! How the pixels of a file are stored, held against the bytes that are there before anything is reserved.

use dicom_dictionary_std::tags;

use super::codec::Encoding;
use super::error::DicomError;
use super::fragments::{self, Fragment};
use super::header::{Header, is_deflated};
use super::pixels::{ByteOrder, PixelError, PixelLayout, swap_ow_words};
use super::scan::DicomFile;
use super::source::Blob;

/// How to get from the bytes of a file to the cells of a frame.
#[derive(Debug, Clone, Copy)]
pub struct Storage {
    /// How each frame is encoded.
    pub encoding: Encoding,
    /// How the cells of a frame are laid out.
    pub layout: PixelLayout,
}

impl Storage {
    /// Byte order of the cells, decoded ones included.
    pub fn order(&self) -> ByteOrder {
        if self.encoding == Encoding::NativeBig { ByteOrder::Big } else { ByteOrder::Little }
    }

    /// Whether 8-bit samples lie in words whose bytes are swapped.
    pub fn has_swapped_bytes(&self, header: &Header) -> bool {
        self.encoding == Encoding::NativeBig
            && header.pixels.is_some_and(|span| span.is_words)
            && self.layout.cell_bytes() == 1
    }

    fn is_native(&self) -> bool {
        matches!(self.encoding, Encoding::NativeLittle | Encoding::NativeBig)
    }
}

/// Proves that a file can be decoded as far as its header tells.
///
/// # Errors
/// As [`storage`], and a length of the pixel data that is not what the header demands.
pub fn check(file: &DicomFile) -> Result<(), DicomError> {
    storage(file).map(|_| ())
}

/// How the pixels of a file are stored.
///
/// # Errors
/// A transfer syntax that is refused, impossible pixel attributes, or a length that does not fit them.
pub fn storage(file: &DicomFile) -> Result<Storage, DicomError> {
    let name = || file.source.name.clone();
    let header = &file.header;
    let encoding = Encoding::from_uid(&header.transfer_syntax_uid).map_err(|error| {
        DicomError::Unsupported { file: name(), tag: tags::TRANSFER_SYNTAX_UID, reason: error.to_string() }
    })?;
    let pixels = |error: PixelError| DicomError::Pixels { file: name(), reason: error.to_string() };
    let layout = header.pixel_layout().map_err(pixels)?;
    let (Some(layout), Some(span)) = (layout, header.pixels) else {
        return Err(DicomError::Pixels { file: name(), reason: "there are none".to_owned() });
    };
    if encoding == Encoding::JpegExtended && layout.bits_stored() > 8 {
        let reason =
            "JPEG Extended (process 4) with more than 8 bits, which is 12-bit lossy JPEG, is not supported; \
                      have the images sent or converted without compression"
                .to_owned();
        return Err(DicomError::Unsupported { file: name(), tag: tags::TRANSFER_SYNTAX_UID, reason });
    }
    let storage = Storage { encoding, layout };
    let reason = match (storage.is_native(), span.length) {
        (true, Some(length)) => wrong_length(length, header.frames.len(), &layout),
        (false, None) => None,
        (true, None) => Some(format!("in fragments, though the transfer syntax is {encoding}")),
        (false, Some(_)) => Some(format!("not in fragments, though the transfer syntax is {encoding}")),
    };
    match reason {
        Some(reason) => Err(DicomError::Pixels { file: name(), reason }),
        None => Ok(storage),
    }
}

/// Native pixels have exactly the length of all frames, and a padding byte where that is odd.
fn wrong_length(found: u64, n_frames: usize, layout: &PixelLayout) -> Option<String> {
    let expected = (layout.frame_bytes() as u64).checked_mul(n_frames as u64)?;
    if found == expected || found == expected + expected % 2 {
        return None;
    }
    Some(format!(
        "{expected} bytes expected for {n_frames} frame(s) of {} rows x {} columns x {} bits, found {found}",
        layout.rows(),
        layout.columns(),
        layout.bits_allocated()
    ))
}

/// A file whose frames can be read one after another.
pub struct OpenFile<'a> {
    file: &'a DicomFile,
    blob: Blob<'a>,
    storage: Storage,
    /// Where each frame lies, when encapsulated.
    frames: Vec<Vec<Fragment>>,
}

impl<'a> OpenFile<'a> {
    /// Opens a file for its pixels.
    ///
    /// # Errors
    /// It cannot be read, or its pixels are not what its header says.
    pub fn open(file: &'a DicomFile, storage: Storage, max_extra_bytes: u64) -> Result<Self, DicomError> {
        let header = &file.header;
        let limit = file.source.allowance(max_extra_bytes);
        let mut blob =
            Blob::open(&file.source, header.data_set_at, is_deflated(&header.transfer_syntax_uid), limit)?;
        let frames = match header.pixels {
            Some(span) if span.length.is_none() => fragments::frames(
                &mut blob,
                &file.source,
                span.offset,
                header.frames.len(),
                header.extended_offsets.as_deref(),
            )?,
            _ => Vec::new(),
        };
        Ok(Self { file, blob, storage, frames })
    }

    /// Puts the stored bytes of a frame into `out`: cells when native, else a codestream.
    ///
    /// # Errors
    /// The bytes are not there.
    pub fn read_frame(&mut self, frame: usize, out: &mut Vec<u8>) -> Result<(), DicomError> {
        out.clear();
        if let Some(fragments) = self.frames.get(frame) {
            return fragments.iter().try_for_each(|part| self.blob.append(part.offset, part.length, out));
        }
        let n_bytes = self.storage.layout.frame_bytes();
        let Some(span) = self.file.header.pixels else { return Ok(()) };
        let start = frame * n_bytes;
        if !self.storage.has_swapped_bytes(&self.file.header) {
            return self.blob.append(span.offset + start as u64, n_bytes, out);
        }
        // Bytes in big-endian words: read whole words, put them in order, drop what belongs to a neighbour.
        let (first, last) = (start & !1, (start + n_bytes + 1) & !1);
        self.blob.append(span.offset + first as u64, last - first, out)?;
        swap_ow_words(out);
        out.drain(..start - first);
        out.truncate(n_bytes);
        Ok(())
    }
}
