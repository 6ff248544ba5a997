//! The attributes that are used from one file, named as in the standard.

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};

use super::attribute::{Fault, number_if_any, required_count, text, texts};
use super::data_set::{DataSet, Element};
use super::encoding::{Encoding, recognise};
use super::equipment::Equipment;
use super::error::DicomError;
use super::frames::{Frame, frames};
use super::pixel_attributes::PixelAttributes;
use super::pixels::{ImagePixel, PixelError, PixelLayout, SampleFormat};
use super::source::{Prefix, Source};
use super::walk::{PixelSpan, Walk, WalkError, walk};

/// Explicit VR Big Endian: retired, and still met.
const BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
const PREAMBLE: usize = 128;
/// First bytes of programs that a preamble can hide: MZ (Windows), ELF, Mach-O, a script.
const EXECUTABLES: [&[u8]; 5] = [b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"#!"];

/// Why the companions that a Mac writes are no images, though they are named like them.
pub const APPLE_DOUBLE: &str = "what a Mac notes about another file";

/// Everything that is kept of one file.
#[derive(Debug, Clone)]
pub struct Header {
    /// TransferSyntaxUID.
    pub transfer_syntax_uid: String,
    /// How the elements are really written.
    pub encoding: Encoding,
    /// Offset of the data set in the file.
    pub data_set_at: u64,
    /// Whether it is a DICOMDIR.
    pub is_directory: bool,
    /// Pixel data, when there are any.
    pub pixels: Option<PixelSpan>,
    /// SOPClassUID.
    pub sop_class_uid: String,
    /// SOPInstanceUID.
    pub sop_instance_uid: String,
    /// SeriesInstanceUID.
    pub series_instance_uid: String,
    /// Modality.
    pub modality: String,
    /// Attributes that must be the same in all files of a stack. Identifying: compared, never shown.
    pub identity: Vec<(Tag, String)>,
    /// SeriesNumber.
    pub series_number: Option<i64>,
    /// How the images were made.
    pub equipment: Equipment,
    /// Whether LossyImageCompression says that the pixels were compressed with loss.
    pub is_lossy: bool,
    /// How the pixels are stored, or why that is not known.
    pub layout: Result<PixelAttributes, Fault>,
    /// One record for each frame.
    pub frames: Vec<Frame>,
    /// Byte offsets of the frames (ExtendedOffsetTable).
    pub extended_offsets: Option<Vec<u64>>,
    /// Which part of a concatenation it is.
    pub concatenation: Option<Concatenation>,
    /// Remarks on the file itself.
    pub oddities: Vec<Oddity>,
}

/// Something about a file that its reader should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// The 128 bytes before the data begin like a program.
    ExecutablePreamble,
    /// There is no DICM mark; the data set begins at once.
    NoPreamble,
    /// The data set is written otherwise than the transfer syntax says.
    OtherEncoding,
}

/// A multi-frame image that was cut into several files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concatenation {
    /// ConcatenationUID.
    pub uid: String,
    /// InConcatenationNumber.
    pub number: u64,
    /// InConcatenationTotalNumber.
    pub total: Option<u64>,
}

/// A parsed header and what was learnt on the way to it.
pub struct Opened {
    /// Group 0002.
    pub meta: Meta,
    /// The elements before the pixel data.
    pub walked: Walk,
    oddity: Option<Oddity>,
}

impl Header {
    /// How one frame is stored, checked against itself.
    ///
    /// # Errors
    /// A combination of attributes that no CT or MR image can have.
    pub fn pixel_layout(&self) -> Result<Option<PixelLayout>, PixelError> {
        let (Ok(attributes), Some(pixels)) = (&self.layout, self.pixels) else { return Ok(None) };
        let format = match pixels.tag {
            tags::FLOAT_PIXEL_DATA => SampleFormat::Float32,
            tags::DOUBLE_FLOAT_PIXEL_DATA => SampleFormat::Float64,
            _ => SampleFormat::Integer,
        };
        PixelLayout::new(ImagePixel {
            rows: attributes.rows,
            columns: attributes.columns,
            bits_allocated: attributes.bits_allocated,
            bits_stored: attributes.bits_stored,
            high_bit: attributes.high_bit,
            is_signed: attributes.is_signed,
            format,
        })
        .map(Some)
    }
}

/// Reads the header of one file.
///
/// # Errors
/// [`DicomError::NotDicom`] for anything else than DICOM, [`DicomError::Damaged`] for lengths that lie.
pub fn read_header(source: &Source, max_extra_bytes: u64) -> Result<Header, DicomError> {
    let opened = open(source, max_extra_bytes)?;
    let mut header = collect(source, &opened)?;
    header.oddities.extend(opened.oddity);
    Ok(header)
}

/// Guards and parses the header of one file.
///
/// # Errors
/// As [`read_header`].
pub fn open(source: &Source, max_extra_bytes: u64) -> Result<Opened, DicomError> {
    let limit = source.allowance(max_extra_bytes);
    let mut prefix = Prefix::open(source, limit)?;
    prefix.grow(8 * 1024)?;
    let start = find_start(source, prefix.bytes())?;
    let meta = read_meta(source, &mut prefix, start.meta_at)?;
    let is_deflated = meta.transfer_syntax_uid.as_deref().is_some_and(is_deflated);
    let (mut prefix, base) =
        if is_deflated { (prefix.inflate_from(meta.end), 0) } else { (prefix, meta.end) };
    prefix.grow(base as u64 + 8)?;
    let Some(encoding) = prefix.bytes().get(base..).and_then(recognise) else {
        let reason = "no DICOM element behind the file meta information";
        return Err(if start.has_mark { source.damaged(reason) } else { not_dicom(source, prefix.bytes()) });
    };
    let walked = walk_all(source, &mut prefix, base, encoding, start.has_mark)?;
    Ok(Opened { meta, walked, oddity: start.oddity })
}

/// Whether the data set behind the meta information is deflated.
pub fn is_deflated(transfer_syntax_uid: &str) -> bool {
    transfer_syntax_uid == uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
}

struct Start {
    meta_at: usize,
    has_mark: bool,
    oddity: Option<Oddity>,
}

fn find_start(source: &Source, bytes: &[u8]) -> Result<Start, DicomError> {
    if bytes.get(PREAMBLE..PREAMBLE + 4) == Some(b"DICM") {
        let is_program = EXECUTABLES.iter().any(|magic| bytes.starts_with(magic));
        let oddity = is_program.then_some(Oddity::ExecutablePreamble);
        return Ok(Start { meta_at: PREAMBLE + 4, has_mark: true, oddity });
    }
    if bytes.starts_with(b"DICM") {
        return Ok(Start { meta_at: 4, has_mark: true, oddity: Some(Oddity::NoPreamble) });
    }
    if recognise(bytes).is_some() {
        return Ok(Start { meta_at: 0, has_mark: false, oddity: Some(Oddity::NoPreamble) });
    }
    Err(not_dicom(source, bytes))
}

fn not_dicom(source: &Source, bytes: &[u8]) -> DicomError {
    let reason = match bytes {
        [] => "the file is empty",
        bytes if bytes.iter().all(|byte| *byte == 0) => "the file is full of zeros",
        bytes if bytes.starts_with(b"PK\x03\x04") => "a zip archive; give its own path to look inside",
        bytes if bytes.starts_with(b"\x1f\x8b") => "compressed with gzip; unpack it first",
        bytes if bytes.get(257..262) == Some(b"ustar") => "a tar archive; unpack it first",
        [0x00, 0x05, 0x16, 0x07, ..] => APPLE_DOUBLE,
        bytes if is_plain_text(bytes) => "a text file",
        _ => "no DICM mark at byte 128 and no DICOM element at the beginning",
    };
    DicomError::NotDicom { file: source.name.clone(), reason: reason.to_owned() }
}

/// Valid UTF-8 (but for a character that the prefix cuts) without control characters.
fn is_plain_text(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace())
}

/// What is used of the file meta information.
pub struct Meta {
    /// TransferSyntaxUID.
    pub transfer_syntax_uid: Option<String>,
    /// MediaStorageSOPClassUID.
    pub media_storage_sop_class_uid: Option<String>,
    /// Offset of the data set.
    end: usize,
}

/// Reads group 0002, always explicit little endian. Its group length is not believed.
fn read_meta(source: &Source, prefix: &mut Prefix<'_>, start: usize) -> Result<Meta, DicomError> {
    let mut at = start;
    let mut meta = Meta { transfer_syntax_uid: None, media_storage_sop_class_uid: None, end: start };
    loop {
        prefix.grow(at as u64 + 12)?;
        let Some(head) = prefix.bytes().get(at..at + 8) else { break };
        if head[..2] != [0x02, 0x00] {
            break;
        }
        let element = u16::from_le_bytes([head[2], head[3]]);
        let is_long = matches!(&head[4..6], b"OB" | b"UN" | b"UT" | b"OW");
        let (value_at, length) = if is_long {
            let head = prefix
                .bytes()
                .get(at + 8..at + 12)
                .ok_or_else(|| source.damaged("cut off in the file meta information"))?;
            (at + 12, u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize)
        } else if head[4..6].iter().all(u8::is_ascii_uppercase) {
            (at + 8, usize::from(u16::from_le_bytes([head[6], head[7]])))
        } else {
            (at + 8, u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize)
        };
        let end = value_at as u64 + length as u64;
        let known_too_long = prefix.total().is_some_and(|total| end > total);
        if !known_too_long {
            prefix.grow(end)?;
        }
        let Some(value) = prefix.bytes().get(value_at..value_at + length) else {
            return Err(source
                .damaged(format!("element (0002,{element:04X}) claims {length} bytes, more than are left")));
        };
        let uid = || Some(String::from_utf8_lossy(value).trim_matches([' ', '\0']).to_owned());
        match element {
            0x0002 => meta.media_storage_sop_class_uid = uid(),
            0x0010 => meta.transfer_syntax_uid = uid(),
            _ => {}
        }
        at = value_at + length;
    }
    meta.end = at;
    Ok(meta)
}

fn walk_all(
    source: &Source,
    prefix: &mut Prefix<'_>,
    base: usize,
    encoding: Encoding,
    has_mark: bool,
) -> Result<Walk, DicomError> {
    loop {
        let total = prefix.total().map(|total| total.saturating_sub(base as u64));
        match walk(&prefix.bytes()[base..], total, encoding) {
            Ok(walked) => return Ok(walked),
            Err(WalkError::NeedMore { at_least }) => prefix.grow(base as u64 + at_least)?,
            Err(_) if !has_mark => return Err(not_dicom(source, prefix.bytes())),
            Err(error) => return Err(source.damaged(error.to_string())),
        }
    }
}

fn collect(source: &Source, opened: &Opened) -> Result<Header, DicomError> {
    let Opened { meta, walked, .. } = opened;
    let object = &walked.data_set;
    let encoding = walked.encoding;
    let (transfer_syntax_uid, is_other) = effective_syntax(meta.transfer_syntax_uid.clone(), encoding);
    let is_lossy = is_lossy(object, &transfer_syntax_uid);
    let required = |tag: Tag| text(object, tag).unwrap_or_default();
    let n_frames = if walked.pixels.is_some() { frame_count(source, object)? } else { 0 };
    Ok(Header {
        transfer_syntax_uid,
        encoding,
        data_set_at: meta.end as u64,
        is_directory: meta.media_storage_sop_class_uid.as_deref()
            == Some(uids::MEDIA_STORAGE_DIRECTORY_STORAGE),
        pixels: walked.pixels,
        sop_class_uid: required(tags::SOP_CLASS_UID),
        sop_instance_uid: required(tags::SOP_INSTANCE_UID),
        series_instance_uid: required(tags::SERIES_INSTANCE_UID),
        modality: required(tags::MODALITY).to_uppercase(),
        identity: identity(object),
        series_number: number_if_any(object, tags::SERIES_NUMBER).map(|number| number as i64),
        equipment: Equipment::of(object),
        is_lossy,
        layout: PixelAttributes::of(object, walked.pixels),
        frames: frames(object, n_frames),
        extended_offsets: extended_offsets(object),
        concatenation: concatenation(object),
        oddities: is_other.then_some(Oddity::OtherEncoding).into_iter().collect(),
    })
}

/// What the flag says, and where it is silent what the transfer syntax allows.
fn is_lossy(object: &DataSet, transfer_syntax_uid: &str) -> bool {
    const ALWAYS: [&str; 2] = ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"];
    const MAYBE: [&str; 3] = ["1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.203"];
    match text(object, tags::LOSSY_IMAGE_COMPRESSION).as_deref() {
        Some("01") => true,
        Some("00") => ALWAYS.contains(&transfer_syntax_uid),
        _ => ALWAYS.contains(&transfer_syntax_uid) || MAYBE.contains(&transfer_syntax_uid),
    }
}

/// The transfer syntax by which the pixels are decoded, and whether the data set contradicts it.
fn effective_syntax(named: Option<String>, encoding: Encoding) -> (String, bool) {
    let seen = match encoding {
        Encoding { is_explicit: false, .. } => uids::IMPLICIT_VR_LITTLE_ENDIAN,
        Encoding { is_big_endian: true, .. } => BIG_ENDIAN,
        Encoding { .. } => uids::EXPLICIT_VR_LITTLE_ENDIAN,
    };
    match named {
        None => (seen.to_owned(), false),
        Some(named) if is_native(&named) && named != seen => (seen.to_owned(), true),
        Some(named) => (named, false),
    }
}

/// Whether the pixels are stored as they are.
pub fn is_native(transfer_syntax_uid: &str) -> bool {
    matches!(
        transfer_syntax_uid,
        uids::IMPLICIT_VR_LITTLE_ENDIAN | uids::EXPLICIT_VR_LITTLE_ENDIAN | BIG_ENDIAN
    )
}

/// The number of frames, held against the items that must describe them.
fn frame_count(source: &Source, object: &DataSet) -> Result<usize, DicomError> {
    let described = object.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).len();
    let claimed = match texts(object, tags::NUMBER_OF_FRAMES).first() {
        None => 1,
        Some(found) => found.parse::<u64>().ok().filter(|n| *n > 0).ok_or_else(|| {
            let fault = Fault::expected(tags::NUMBER_OF_FRAMES, "a whole number of at least 1", found);
            DicomError::Attribute { file: source.name.clone(), tag: fault.tag, reason: fault.reason }
        })?,
    };
    let is_enhanced = !object.items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE).is_empty() || described > 0;
    if is_enhanced && claimed != described as u64 {
        let reason =
            format!("{claimed} frames claimed, {described} described in PerFrameFunctionalGroupsSequence");
        return Err(DicomError::Attribute { file: source.name.clone(), tag: tags::NUMBER_OF_FRAMES, reason });
    }
    // Without functional groups nothing describes the frames; two records say "many" as well as all.
    Ok(if is_enhanced { described } else { claimed.min(2) as usize })
}

fn identity(object: &DataSet) -> Vec<(Tag, String)> {
    [
        tags::PATIENT_ID,
        tags::PATIENT_NAME,
        tags::PATIENT_BIRTH_DATE,
        tags::STUDY_INSTANCE_UID,
        tags::FRAME_OF_REFERENCE_UID,
        tags::MODALITY,
    ]
    .into_iter()
    .map(|tag| (tag, comparable(tag, &texts(object, tag).join("\\"))))
    .collect()
}

/// A person's name may be written with empty components behind it, and in either case.
fn comparable(tag: Tag, value: &str) -> String {
    if tag == tags::PATIENT_NAME {
        value.trim_end_matches(['^', '=', ' ']).to_uppercase()
    } else {
        value.to_owned()
    }
}

/// Which of how many parts of a concatenation a file is.
fn concatenation(object: &DataSet) -> Option<Concatenation> {
    Some(Concatenation {
        uid: text(object, tags::CONCATENATION_UID)?,
        number: required_count(object, tags::IN_CONCATENATION_NUMBER).unwrap_or(0),
        total: required_count(object, tags::IN_CONCATENATION_TOTAL_NUMBER).ok(),
    })
}

fn extended_offsets(object: &DataSet) -> Option<Vec<u64>> {
    let Some(Element::Value { bytes, .. }) = object.get(tags::EXTENDED_OFFSET_TABLE) else { return None };
    Some(bytes.as_chunks::<8>().0.iter().map(|&chunk| u64::from_le_bytes(chunk)).collect())
}
