//! What can go wrong between a folder and a volume. Every message names the file and the attribute.

use dicom_core::Tag;

use super::attribute::tag_name;

/// A file or series cannot be read, or must not be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DicomError {
    /// The path is not there or cannot be read.
    #[error("{file}: {reason}")]
    Io {
        /// The file or folder.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// The file is something else.
    #[error("{file}: not DICOM: {reason}")]
    NotDicom {
        /// The file.
        file: String,
        /// What was found instead.
        reason: String,
    },
    /// The file is DICOM but damaged.
    #[error("{file}: damaged: {reason}")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong, with the element and the numbers.
        reason: String,
    },
    /// A required attribute is absent or not of the required form.
    #[error("{file}: {}: {reason}", tag_name(*tag))]
    Attribute {
        /// The file.
        file: String,
        /// The attribute.
        tag: Tag,
        /// Expected and found.
        reason: String,
    },
    /// The pixels are stored in a way that is refused.
    #[error("{file}: {}: {reason}", tag_name(*tag))]
    Unsupported {
        /// The file.
        file: String,
        /// The attribute that says so.
        tag: Tag,
        /// What is stored and what to do.
        reason: String,
    },
    /// The pixels cannot be decoded.
    #[error("{file}: PixelData (7FE0,0010): {reason}")]
    Pixels {
        /// The file.
        file: String,
        /// Expected and found.
        reason: String,
    },
    /// Planes that do not belong together, or not on one lattice.
    #[error("{0}")]
    Inconsistent(String),
    /// More memory would be needed than the rule allows.
    #[error(
        "{file}: {claimed} bytes are claimed where at most {allowed} are believed of a file of this size"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// Bytes claimed.
        claimed: u64,
        /// Bytes allowed.
        allowed: u64,
    },
    /// Somebody asked the job to stop.
    #[error("cancelled")]
    Cancelled,
}

impl From<crate::progress::Cancelled> for DicomError {
    fn from(_: crate::progress::Cancelled) -> Self {
        Self::Cancelled
    }
}
