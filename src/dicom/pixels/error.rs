//! What can be wrong with the pixels of one frame.

use crate::dicom::codec::Encoding;

/// A frame that cannot be read, and why. No message holds a value that could identify a patient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PixelError {
    /// A header value that no CT or MR image can have.
    #[error("{tag} is {actual}, expected {expected}")]
    Layout {
        /// Keyword and tag of the attribute.
        tag: &'static str,
        /// The value in the header.
        actual: u64,
        /// What would have been accepted.
        expected: String,
    },
    /// Rows x Columns x Bits Allocated does not fit this machine.
    #[error("Rows (0028,0010) {rows} x Columns (0028,0011) {columns} is too large")]
    TooLarge {
        /// Rows of the header.
        rows: usize,
        /// Columns of the header.
        columns: usize,
    },
    /// Rescale Slope or Intercept with which no value can be computed.
    #[error("{tag} is {actual}, expected a finite number{note}")]
    Rescale {
        /// Keyword and tag of the attribute.
        tag: &'static str,
        /// The value in the header, as text.
        actual: String,
        /// A further condition, such as "other than 0".
        note: &'static str,
    },
    /// A transfer syntax that is not read.
    #[error("transfer syntax {name} ({uid}) is not supported")]
    UnsupportedSyntax {
        /// The UID of Transfer Syntax UID (0002,0010).
        uid: String,
        /// Its name, or the class it belongs to.
        name: &'static str,
    },
    /// A codestream that uses a part of its standard that is not read.
    #[error("{encoding}: {feature} is not supported")]
    UnsupportedFeature {
        /// How the frame is encoded.
        encoding: Encoding,
        /// The part of the standard.
        feature: String,
    },
    /// The codestream and the DICOM header contradict each other.
    #[error("{encoding}: {what} is {stream} in the codestream, but {tag} is {header}")]
    Mismatch {
        /// How the frame is encoded.
        encoding: Encoding,
        /// What the codestream calls it.
        what: &'static str,
        /// The value in the codestream.
        stream: u64,
        /// Keyword and tag of the attribute.
        tag: &'static str,
        /// The value in the header.
        header: u64,
    },
    /// A native frame, or the output for it, of another length than the header demands.
    #[error("a frame has {actual} {unit}, the header demands {expected}")]
    Length {
        /// Bytes or samples.
        unit: &'static str,
        /// What the header demands.
        expected: usize,
        /// What there is.
        actual: usize,
    },
    /// The codestream ends before the frame is complete.
    #[error("{encoding}: the codestream ends before the image is complete")]
    Truncated {
        /// How the frame is encoded.
        encoding: Encoding,
    },
    /// The codestream breaks a rule of its own standard.
    #[error("{encoding}: {message}")]
    Corrupt {
        /// How the frame is encoded.
        encoding: Encoding,
        /// The rule.
        message: String,
    },
    /// A decoder library gave up, or panicked and was caught.
    #[error("{encoding}: the decoder failed: {message}")]
    Decoder {
        /// How the frame is encoded.
        encoding: Encoding,
        /// The decoder's own words.
        message: String,
    },
    /// Float pixel data with a NaN or an infinity that is not padding.
    #[error("sample {index} of the frame is not a finite number")]
    NotFinite {
        /// Index of the first such sample.
        index: usize,
    },
    /// A value is not an integer between -32768 and 32767, so the frame must be read as float32.
    #[error("the rescaled values are not exact in int16")]
    NotExact,
}
