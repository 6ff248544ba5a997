//! Transfer syntaxes by what happens to the pixels.

use std::fmt;

use crate::dicom::pixels::PixelError;

/// How the frames of a file are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Native cells, little endian. The data set as a whole may be deflated.
    NativeLittle,
    /// Native cells, Explicit VR Big Endian.
    NativeBig,
    /// Native little-endian cells in fragments.
    EncapsulatedNative,
    /// Native little-endian cells, each frame deflated.
    DeflatedFrame,
    /// RLE: `PackBits` on byte planes.
    Rle,
    /// JPEG process 1.
    JpegBaseline,
    /// JPEG processes 2 and 4; 8 bit only.
    JpegExtended,
    /// JPEG process 14, any predictor.
    JpegLossless,
    /// JPEG-LS, lossless or near-lossless.
    JpegLs,
    /// JPEG 2000 part 1, lossless or lossy.
    Jpeg2000,
    /// High-throughput JPEG 2000.
    HtJ2k,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NativeLittle => "native little endian",
            Self::NativeBig => "native big endian",
            Self::EncapsulatedNative => "encapsulated uncompressed",
            Self::DeflatedFrame => "deflated frame",
            Self::Rle => "RLE",
            Self::JpegBaseline => "JPEG baseline",
            Self::JpegExtended => "JPEG extended",
            Self::JpegLossless => "JPEG lossless",
            Self::JpegLs => "JPEG-LS",
            Self::Jpeg2000 => "JPEG 2000",
            Self::HtJ2k => "HTJ2K",
        })
    }
}

impl Encoding {
    /// Looks up a Transfer Syntax UID (0002,0010).
    ///
    /// # Errors
    /// [`PixelError::UnsupportedSyntax`] with the name of what is not read.
    pub fn from_uid(uid: &str) -> Result<Self, PixelError> {
        let uid = uid.trim_end_matches(['\0', ' ']);
        Ok(match uid.strip_prefix("1.2.840.10008.1.2").unwrap_or("?") {
            "" | ".1" | ".1.99" => Self::NativeLittle,
            ".2" => Self::NativeBig,
            ".1.98" => Self::EncapsulatedNative,
            ".8.1" => Self::DeflatedFrame,
            ".5" => Self::Rle,
            ".4.50" => Self::JpegBaseline,
            ".4.51" => Self::JpegExtended,
            ".4.57" | ".4.70" => Self::JpegLossless,
            ".4.80" | ".4.81" => Self::JpegLs,
            ".4.90" | ".4.91" => Self::Jpeg2000,
            ".4.201" | ".4.202" | ".4.203" => Self::HtJ2k,
            _ => return Err(PixelError::UnsupportedSyntax { uid: printable(uid), name: name_of(uid) }),
        })
    }

    /// Whether the pixel data are a sequence of fragments, to be handed to
    /// [`decode_frame`](super::decode_frame).
    pub const fn is_encapsulated(self) -> bool {
        !matches!(self, Self::NativeLittle | Self::NativeBig)
    }
}

/// Names of what is not read, by the tail of the UID after 1.2.840.10008.1.2.4 (PS3.6, table A-1).
const REFUSED_4: &[(&str, &str)] = &[
    ("52", "JPEG Extended (process 3 & 5, retired)"),
    ("53", "JPEG Spectral Selection, Non-hierarchical (process 6 & 8, retired)"),
    ("54", "JPEG Spectral Selection, Non-hierarchical (process 7 & 9, retired)"),
    ("55", "JPEG Full Progression, Non-hierarchical (process 10 & 12, retired)"),
    ("56", "JPEG Full Progression, Non-hierarchical (process 11 & 13, retired)"),
    ("58", "JPEG Lossless, Non-hierarchical (process 15, retired)"),
    ("59", "JPEG Extended, Hierarchical (process 16 & 18, retired)"),
    ("60", "JPEG Extended, Hierarchical (process 17 & 19, retired)"),
    ("61", "JPEG Spectral Selection, Hierarchical (process 20 & 22, retired)"),
    ("62", "JPEG Spectral Selection, Hierarchical (process 21 & 23, retired)"),
    ("63", "JPEG Full Progression, Hierarchical (process 24 & 26, retired)"),
    ("64", "JPEG Full Progression, Hierarchical (process 25 & 27, retired)"),
    ("65", "JPEG Lossless, Hierarchical (process 28, retired)"),
    ("66", "JPEG Lossless, Hierarchical (process 29, retired)"),
    ("92", "JPEG 2000 Part 2 Multi-component Lossless"),
    ("93", "JPEG 2000 Part 2 Multi-component"),
    ("94", "JPIP Referenced (pixels elsewhere on a network)"),
    ("95", "JPIP Referenced Deflate (pixels elsewhere on a network)"),
    ("100", "MPEG2 Main Profile video"),
    ("100.1", "Fragmentable MPEG2 Main Profile video"),
    ("101", "MPEG2 Main Profile High Level video"),
    ("101.1", "Fragmentable MPEG2 Main Profile High Level video"),
    ("102", "MPEG-4 AVC/H.264 High Profile video"),
    ("102.1", "Fragmentable MPEG-4 AVC/H.264 High Profile video"),
    ("103", "MPEG-4 AVC/H.264 BD-compatible video"),
    ("103.1", "Fragmentable MPEG-4 AVC/H.264 BD-compatible video"),
    ("104", "MPEG-4 AVC/H.264 High Profile 2D video"),
    ("104.1", "Fragmentable MPEG-4 AVC/H.264 High Profile 2D video"),
    ("105", "MPEG-4 AVC/H.264 High Profile 3D video"),
    ("105.1", "Fragmentable MPEG-4 AVC/H.264 High Profile 3D video"),
    ("106", "MPEG-4 AVC/H.264 Stereo High Profile video"),
    ("106.1", "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile video"),
    ("107", "HEVC/H.265 Main Profile video"),
    ("108", "HEVC/H.265 Main 10 Profile video"),
    ("110", "JPEG XL Lossless"),
    ("111", "JPEG XL JPEG Recompression"),
    ("112", "JPEG XL"),
    ("204", "JPIP HTJ2K Referenced (pixels elsewhere on a network)"),
    ("205", "JPIP HTJ2K Referenced Deflate (pixels elsewhere on a network)"),
];

fn name_of(uid: &str) -> &'static str {
    if let Some(tail) = uid.strip_prefix("1.2.840.10008.1.2.4.") {
        return REFUSED_4
            .iter()
            .find_map(|&(t, name)| (t == tail).then_some(name))
            .unwrap_or("an image compression unknown to this version");
    }
    match uid {
        "" => "without a name: Transfer Syntax UID (0002,0010) is empty",
        "1.2.840.10008.1.20" => "Papyrus 3 Implicit VR Little Endian (retired)",
        "1.2.840.10008.1.2.6.1" => "RFC 2557 MIME encapsulation (retired)",
        "1.2.840.10008.1.2.6.2" => "XML encoding (retired)",
        "1.2.840.113619.5.2" => "GE private Implicit VR Big Endian",
        _ if uid.starts_with("1.2.840.10008.1.2.7.") => "SMPTE ST 2110 real-time video",
        _ if uid.starts_with("1.2.840.10008.") => "of the standard, unknown to this version",
        _ => "of a maker's own, private",
    }
}

/// A UID of a file as text for a message: at most 64 characters, and none but those a UID may have.
fn printable(uid: &str) -> String {
    uid.chars().take(64).map(|c| if c.is_ascii_digit() || c == '.' { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_readable_syntax_is_known() {
        for (tail, encoding) in [
            ("", Encoding::NativeLittle),
            (".1.99", Encoding::NativeLittle),
            (".2\0", Encoding::NativeBig),
            (".5", Encoding::Rle),
            (".4.50", Encoding::JpegBaseline),
            (".4.57", Encoding::JpegLossless),
            (".4.70", Encoding::JpegLossless),
            (".4.81", Encoding::JpegLs),
            (".4.91", Encoding::Jpeg2000),
            (".4.203", Encoding::HtJ2k),
        ] {
            assert_eq!(Encoding::from_uid(&format!("1.2.840.10008.1.2{tail}")), Ok(encoding));
        }
    }

    #[test]
    fn the_rest_is_refused_by_name() {
        for (uid, name) in [
            ("1.2.840.10008.1.2.4.53", "process 6 & 8"),
            ("1.2.840.10008.1.2.4.55", "process 10 & 12"),
            ("1.2.840.10008.1.2.4.102.1", "H.264"),
            ("1.2.840.10008.1.2.4.107", "HEVC"),
            ("1.2.840.10008.1.2.4.94", "JPIP"),
            ("1.2.840.10008.1.2.4.110", "JPEG XL"),
            ("1.3.46.670589.33.1.4.1", "private"),
            ("", "empty"),
        ] {
            let message = Encoding::from_uid(uid).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(uid), "{message}");
        }
    }

    #[test]
    fn a_hostile_uid_is_not_echoed() {
        let message = Encoding::from_uid("1.2<script>\n").unwrap_err().to_string();
        assert!(message.contains("1.2????????"), "{message}");
    }
}
