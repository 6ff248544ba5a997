//! Writes CT images: classic (one file a slice), Enhanced (all frames in one file), localizers and
//! secondary captures.
//!
//! The same input gives the same bytes: identifiers are made from a salt, dates are fixed.  A file
//! appears under its name only when it is complete.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use dicom_core::VR;
use dicom_core::value::{PixelFragmentSequence, PrimitiveValue};
use dicom_dictionary_std::tags;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};

mod classic;
mod enhanced;
mod item;
mod modules;
mod rle;

pub use classic::{write_capture, write_slices};
pub use enhanced::write_enhanced;

/// How the pixels are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Implicit VR little endian.
    ImplicitLittle,
    /// Explicit VR little endian.
    ExplicitLittle,
    /// Explicit VR big endian (retired).
    ExplicitBig,
    /// Deflated explicit VR little endian.
    Deflated,
    /// Run lengths.
    Rle,
}

impl Encoding {
    /// The encoding with this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "implicit" => Self::ImplicitLittle,
            "explicit" => Self::ExplicitLittle,
            "big-endian" => Self::ExplicitBig,
            "deflated" => Self::Deflated,
            "rle" => Self::Rle,
            _ => return None,
        })
    }

    fn uid(self) -> &'static str {
        match self {
            Self::ImplicitLittle => "1.2.840.10008.1.2",
            Self::ExplicitLittle => "1.2.840.10008.1.2.1",
            Self::ExplicitBig => "1.2.840.10008.1.2.2",
            Self::Deflated => "1.2.840.10008.1.2.1.99",
            Self::Rle => "1.2.840.10008.1.2.5",
        }
    }
}

/// Who and where: the values that identify, all invented.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// Name of the patient.
    pub patient_name: String,
    /// Number of the patient.
    pub patient_id: String,
    /// Birth date, YYYYMMDD.
    pub patient_birth_date: String,
    /// M, F, O or empty.
    pub patient_sex: String,
    /// Comments on the patient.
    pub patient_comments: String,
    /// Number of the request.
    pub accession_number: String,
    /// Hospital.
    pub institution_name: String,
    /// Who asked for the scan.
    pub referring_physician_name: String,
    /// Who made the scan.
    pub operators_name: String,
    /// The machine's name in its hospital.
    pub station_name: String,
    /// Number of the machine.
    pub device_serial_number: String,
    /// Number of the study.
    pub study_id: String,
    /// What the study is.
    pub study_description: String,
    /// What the series is.
    pub series_description: String,
}

/// What all images of a series have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct CtSeries {
    /// From which all identifiers are made.
    pub salt: u128,
    /// Number of the series in its study; also tells its identifiers from those of others.
    pub series_number: u32,
    /// Values of `ImageType`.
    pub image_type: Vec<String>,
    /// Unit vector along which the column index grows.
    pub row_direction: [f64; 3],
    /// Unit vector along which the row index grows.
    pub column_direction: [f64; 3],
    /// Distance of neighbouring columns and of neighbouring rows, mm.
    pub spacing_xy_mm: [f64; 2],
    /// Nominal thickness of a slice, mm.
    pub slice_thickness_mm: f64,
    /// Distance of neighbouring slice planes, mm.
    pub spacing_between_slices_mm: Option<f64>,
    /// Nominal tilt of the gantry.
    pub gantry_detector_tilt_deg: f64,
    /// Name of the kernel.
    pub convolution_kernel: String,
    /// Who made the scanner.
    pub manufacturer: String,
    /// Which scanner it is.
    pub manufacturer_model_name: String,
    /// Tube voltage.
    pub kvp: f64,
    /// Diameter over which data were collected, mm.
    pub data_collection_diameter_mm: f64,
    /// Diameter over which the image was reconstructed, mm.
    pub reconstruction_diameter_mm: f64,
    /// How the patient lay.
    pub patient_position: String,
    /// HU that marks pixels outside of the reconstruction circle.
    pub padding_hu: Option<i16>,
    /// MONOCHROME1 or MONOCHROME2.
    pub photometric_interpretation: String,
    /// How the file is encoded.
    pub encoding: Encoding,
}

/// One slice of a series.
#[derive(Debug, Clone)]
pub struct CtSlice<'a> {
    /// Name of its file.
    pub file_name: String,
    /// LPS position of the centre of its first pixel, mm.
    pub position_lps_mm: [f64; 3],
    /// HU, row by row.
    pub values: ndarray::ArrayView2<'a, i16>,
    /// HU = slope × stored + intercept.
    pub rescale: (f64, f64),
    /// Whose it is said to be.
    pub identity: &'a Identity,
}

/// Why a study cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The file system refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A value that the rescale cannot store.
    #[error("{hu} HU cannot be stored with slope {slope} and intercept {intercept}")]
    Rescale {
        /// The value.
        hu: i16,
        /// The slope.
        slope: f64,
        /// The intercept.
        intercept: f64,
    },
    /// The object could not be encoded.
    #[error("encoding: {0}")]
    Encoding(String),
    /// Somebody asked it to stop.
    #[error(transparent)]
    Cancelled(#[from] crate::progress::Cancelled),
}

/// What an identifier is for; part of what it is made from.
#[derive(Debug, Clone, Copy)]
enum Role {
    Study,
    Series,
    Frame,
    Instance,
    Dimension,
    Event,
}

/// An identifier under 2.25: 128 bits made from the salt, its role and a number.
fn uid(salt: u128, role: Role, number: u64) -> String {
    let half = |turn: u64| {
        let mut state = mix(turn ^ (salt as u64));
        state = mix(state ^ ((salt >> 64) as u64));
        state = mix(state ^ role as u64);
        mix(state ^ number)
    };
    format!("2.25.{}", u128::from(half(1)) << 64 | u128::from(half(2)))
}

/// `SplitMix64` (Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195).
fn mix(bits: u64) -> u64 {
    let mut z = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Stored values of a slice: what the rescale makes into its HU.
fn stored(
    values: ndarray::ArrayView2<'_, i16>,
    (slope, intercept): (f64, f64),
) -> Result<Vec<i16>, WriteError> {
    let one = |&hu: &i16| {
        let raw = (f64::from(hu) - intercept) / slope;
        let whole = raw.round();
        if (raw - whole).abs() > 1e-9 || !(-32768.0..=32767.0).contains(&whole) {
            return Err(WriteError::Rescale { hu, slope, intercept });
        }
        Ok(whole as i16)
    };
    values.iter().map(one).collect()
}

/// Puts pixels of 16 bits into an object, in the way the encoding asks for.
fn put_pixels(object: &mut InMemDicomObject, encoding: Encoding, stored: &[i16], per_frame: usize) {
    if encoding == Encoding::Rle {
        let frames: Vec<Vec<u8>> = stored.chunks(per_frame).map(rle::encode).collect();
        let pixels = PixelFragmentSequence::new_fragments(frames);
        object.put(dicom_core::DataElement::new(tags::PIXEL_DATA, VR::OB, pixels));
    } else {
        let words: Vec<u16> = stored.iter().map(|&value| value as u16).collect();
        object.put(dicom_core::DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(words.into())));
    }
}

/// Writes an object: first under a temporary name in the same folder, then under its own.
fn write_file(
    path: &Path,
    object: InMemDicomObject,
    class: &str,
    instance: &str,
    encoding: Encoding,
) -> Result<(), WriteError> {
    let encoding_failed = |error: &dyn std::fmt::Display| WriteError::Encoding(error.to_string());
    let meta = FileMetaTableBuilder::new()
        .media_storage_sop_class_uid(class)
        .media_storage_sop_instance_uid(instance)
        .transfer_syntax(encoding.uid())
        .implementation_class_uid("2.25.211520318746398025417309528163790512427")
        .implementation_version_name("CALVARIA");
    let file = object.with_meta(meta).map_err(|error| encoding_failed(&error))?;
    let mut bytes = Vec::new();
    file.write_all(&mut bytes).map_err(|error| encoding_failed(&error))?;
    save(path, &bytes).map_err(|source| WriteError::Io { path: path.to_owned(), source })
}

fn save(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".part");
    let part = path.with_file_name(name);
    let written = (|| {
        let mut file = BufWriter::new(File::create(&part)?);
        file.write_all(bytes)?;
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&part, path)
    })();
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&part);
    }
    written
}
