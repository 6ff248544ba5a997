//! How the elements of a data set are written.

use dicom_core::dictionary::{DataDictionary, VirtualVr};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// Whether each element names its value representation.
    pub is_explicit: bool,
    /// Whether numbers are big endian.
    pub is_big_endian: bool,
}

/// Recognises how the first element is written; `None` when it is no element.
///
/// The transfer syntax is not asked: files exist whose data set is written otherwise than it says, and
/// the first element shows it.
pub fn recognise(bytes: &[u8]) -> Option<Encoding> {
    let head: &[u8; 8] = bytes.get(..8)?.try_into().ok()?;
    let little = u16::from_le_bytes([head[0], head[1]]);
    let big = u16::from_be_bytes([head[0], head[1]]);
    // Image data sets begin with a low group (0008, rarely 0002 or 0004).
    let is_big_endian = match (plausible_first(little), plausible_first(big)) {
        (true, _) => false,
        (false, true) => true,
        (false, false) => return None,
    };
    let is_explicit = parse_vr([head[4], head[5]]).is_some();
    if !is_explicit && is_big_endian {
        return None; // implicit big endian does not exist
    }
    Some(Encoding { is_explicit, is_big_endian })
}

fn plausible_first(group: u16) -> bool {
    (0x0002..=0x0040).contains(&group)
}

/// The representation that the dictionary gives; the first where it gives a choice.
pub fn dictionary_vr(tag: Tag) -> Option<VR> {
    match StandardDataDictionary.by_tag(tag)?.vr {
        VirtualVr::Exact(vr) => Some(vr),
        other => Some(other.relaxed()),
    }
}

/// The representation that two letters name.
pub(super) fn parse_vr(letters: [u8; 2]) -> Option<VR> {
    if letters.iter().all(u8::is_ascii_uppercase) { VR::from_binary(letters) } else { None }
}

/// Whether the explicit form has two reserved bytes and a 32-bit length (PS3.5, table 7.1-1).
pub(super) fn has_long_length(vr: VR) -> bool {
    matches!(
        vr,
        VR::OB
            | VR::OD
            | VR::OF
            | VR::OL
            | VR::OV
            | VR::OW
            | VR::SQ
            | VR::SV
            | VR::UC
            | VR::UN
            | VR::UR
            | VR::UT
            | VR::UV
    )
}
