//! Reading single attributes: forgiving about how a value is written, strict about what it says.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use super::data_set::{DataSet, Element};
use super::encoding::dictionary_vr;

/// `PixelSpacing (0028,0030)`: keyword and number, as messages name an attribute.
pub fn tag_name(tag: Tag) -> String {
    let keyword = StandardDataDictionary.by_tag(tag).map_or("attribute", DataDictionaryEntry::alias);
    format!("{keyword} ({:04X},{:04X})", tag.0, tag.1)
}

/// Why an attribute cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The attribute.
    pub tag: Tag,
    /// Expected and found.
    pub reason: String,
}

impl Fault {
    /// The attribute is not there.
    pub fn missing(tag: Tag) -> Self {
        Self { tag, reason: "required, but absent or empty".to_owned() }
    }

    /// The attribute says something else than it should.
    pub fn expected(tag: Tag, expected: &str, found: &str) -> Self {
        Self { tag, reason: format!("{expected} expected, found {}", shorten(found)) }
    }
}

/// A number or a code as it stands there. Anything else is not repeated: it may be a name.
fn shorten(found: &str) -> String {
    let is_numeric = found.chars().all(|c| c.is_ascii_digit() || "+-.,;:eE\\ ".contains(c));
    let is_no_number = matches!(found.to_ascii_lowercase().as_str(), "nan" | "inf" | "-inf" | "infinity");
    match found.chars().count() {
        0..=60 if is_numeric || is_no_number => format!("'{found}'"),
        n => format!("{n} characters that are none"),
    }
}

/// Whether a text is a code of the standard and not something that a person typed.
pub fn is_code(text: &str) -> bool {
    let is_word = (1..=16).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    is_word || text == "PALETTE COLOR"
}

/// A code as it stands there; anything else is not repeated: it may be a name.
pub fn code(text: &str) -> &str {
    if is_code(text) { text } else { "a text that is no code of the standard" }
}

/// The values of an attribute as text, trimmed; empty when absent.
pub fn texts(object: &DataSet, tag: Tag) -> Vec<String> {
    let Some(Element::Value { vr, bytes, is_big_endian }) = object.get(tag) else {
        return Vec::new();
    };
    // An unknown representation is the dictionary's, in little endian (CP-246).
    let (vr, is_big_endian) = match vr {
        VR::UN | VR::OB => (dictionary_vr(tag).unwrap_or(VR::UN), false),
        vr => (*vr, *is_big_endian),
    };
    match vr {
        VR::US => each(bytes, is_big_endian, u16::from_le_bytes),
        VR::SS => each(bytes, is_big_endian, i16::from_le_bytes),
        VR::UL => each(bytes, is_big_endian, u32::from_le_bytes),
        VR::SL => each(bytes, is_big_endian, i32::from_le_bytes),
        VR::UV => each(bytes, is_big_endian, u64::from_le_bytes),
        VR::SV => each(bytes, is_big_endian, i64::from_le_bytes),
        VR::FL => each(bytes, is_big_endian, f32::from_le_bytes),
        VR::FD => each(bytes, is_big_endian, f64::from_le_bytes),
        _ => split(&String::from_utf8_lossy(bytes)),
    }
}

fn each<const N: usize, T: ToString>(
    bytes: &[u8],
    is_big_endian: bool,
    read: fn([u8; N]) -> T,
) -> Vec<String> {
    let (chunks, _) = bytes.as_chunks::<N>();
    let in_order = chunks.iter().map(|&chunk| {
        let mut chunk = chunk;
        if is_big_endian {
            chunk.reverse();
        }
        read(chunk).to_string()
    });
    in_order.collect()
}

fn split(text: &str) -> Vec<String> {
    let clean = |part: &str| part.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned();
    let parts: Vec<String> = text.split('\\').map(clean).collect();
    if parts.iter().all(String::is_empty) { Vec::new() } else { parts }
}

/// The first value as text.
pub fn text(object: &DataSet, tag: Tag) -> Option<String> {
    texts(object, tag).into_iter().next().filter(|text| !text.is_empty())
}

/// `N` finite numbers, or `None` when the attribute is absent or empty.
///
/// # Errors
/// Another count, or something that is no finite number.
pub fn numbers<const N: usize>(object: &DataSet, tag: Tag) -> Result<Option<[f64; N]>, Fault> {
    let parts = texts(object, tag);
    if parts.is_empty() {
        return Ok(None);
    }
    let expected = if N == 1 { "one finite number".to_owned() } else { format!("{N} finite numbers") };
    let parsed: Option<Vec<f64>> =
        parts.iter().map(|part| part.parse::<f64>().ok().filter(|value| value.is_finite())).collect();
    let array = parsed.and_then(|values| <[f64; N]>::try_from(values).ok());
    array.map(Some).ok_or_else(|| Fault::expected(tag, &expected, &parts.join("\\")))
}

/// One finite number.
///
/// # Errors
/// Several values, or something that is no finite number.
pub fn number(object: &DataSet, tag: Tag) -> Result<Option<f64>, Fault> {
    Ok(numbers::<1>(object, tag)?.map(|[value]| value))
}

/// One number where it can be read; for attributes that decide nothing.
pub fn number_if_any(object: &DataSet, tag: Tag) -> Option<f64> {
    texts(object, tag).first()?.parse().ok().filter(|value: &f64| value.is_finite())
}

/// One whole number that must be there.
///
/// # Errors
/// Absent, or no whole number of at least 0.
pub fn required_count(object: &DataSet, tag: Tag) -> Result<u64, Fault> {
    let parts = texts(object, tag);
    let Some(first) = parts.first() else {
        return Err(Fault::missing(tag));
    };
    first.parse().map_err(|_| Fault::expected(tag, "a whole number", &parts.join("\\")))
}
