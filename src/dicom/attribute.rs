//! Reading single attributes: forgiving about how a value is written, strict about what it says.

use std::borrow::Cow;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::value::{PrimitiveValue, Value};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;
use dicom_object::InMemDicomObject;

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

/// The values of an attribute as text, trimmed; empty when absent.
pub fn texts(object: &InMemDicomObject, tag: Tag) -> Vec<String> {
    let Some(element) = object.get(tag) else {
        return Vec::new();
    };
    let Value::Primitive(value) = element.value() else {
        return Vec::new();
    };
    let text = match value {
        // An unknown VR, or a text attribute written as bytes.
        PrimitiveValue::U8(bytes) if is_text(tag) => Cow::Owned(String::from_utf8_lossy(bytes).into_owned()),
        PrimitiveValue::U8(bytes) if element.vr() == VR::UN => return binary(tag, bytes),
        value => return split(&value.to_multi_str().join("\\")),
    };
    split(&text)
}

fn split(text: &str) -> Vec<String> {
    let clean = |part: &str| part.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned();
    let parts: Vec<String> = text.split('\\').map(clean).collect();
    if parts.iter().all(String::is_empty) { Vec::new() } else { parts }
}

fn is_text(tag: Tag) -> bool {
    !matches!(dictionary_vr(tag), Some(VR::US | VR::SS | VR::UL | VR::SL | VR::FL | VR::FD | VR::UV | VR::SV))
}

fn dictionary_vr(tag: Tag) -> Option<VR> {
    Some(StandardDataDictionary.by_tag(tag)?.vr().relaxed())
}

/// Numbers hidden in bytes of unknown VR, which are little endian by definition (CP-246).
fn binary(tag: Tag, bytes: &[u8]) -> Vec<String> {
    match dictionary_vr(tag) {
        Some(VR::US) => bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]).to_string()).collect(),
        Some(VR::SS) => bytes.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]]).to_string()).collect(),
        Some(VR::UL) => {
            bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]).to_string()).collect()
        }
        Some(VR::FD) => bytes
            .chunks_exact(8)
            .filter_map(|b| b.try_into().ok())
            .map(|b: [u8; 8]| f64::from_le_bytes(b).to_string())
            .collect(),
        _ => Vec::new(),
    }
}

/// The first value as text.
pub fn text(object: &InMemDicomObject, tag: Tag) -> Option<String> {
    texts(object, tag).into_iter().next().filter(|text| !text.is_empty())
}

/// `N` finite numbers, or `None` when the attribute is absent or empty.
///
/// # Errors
/// Another count, or something that is no finite number.
pub fn numbers<const N: usize>(object: &InMemDicomObject, tag: Tag) -> Result<Option<[f64; N]>, Fault> {
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
pub fn number(object: &InMemDicomObject, tag: Tag) -> Result<Option<f64>, Fault> {
    Ok(numbers::<1>(object, tag)?.map(|[value]| value))
}

/// One number where it can be read; for attributes that decide nothing.
pub fn number_if_any(object: &InMemDicomObject, tag: Tag) -> Option<f64> {
    texts(object, tag).first()?.parse().ok().filter(|value: &f64| value.is_finite())
}

/// One whole number that must be there.
///
/// # Errors
/// Absent, or no whole number of at least 0.
pub fn required_count(object: &InMemDicomObject, tag: Tag) -> Result<u64, Fault> {
    let parts = texts(object, tag);
    let Some(first) = parts.first() else {
        return Err(Fault::missing(tag));
    };
    first.parse().map_err(|_| Fault::expected(tag, "a whole number", &parts.join("\\")))
}

/// The items of a sequence; none when absent.
pub fn items(object: &InMemDicomObject, tag: Tag) -> &[InMemDicomObject] {
    object.get(tag).and_then(|element| element.items()).unwrap_or_default()
}
