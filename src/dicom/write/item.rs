//! Elements, written short.

use dicom_core::value::{DataSetSequence, PrimitiveValue, Value};
use dicom_core::{DataElement, Tag, VR};
use dicom_object::InMemDicomObject;

/// An object or an item of a sequence, being filled.
#[derive(Debug, Clone)]
pub(super) struct Item(pub InMemDicomObject);

impl Item {
    pub fn new() -> Self {
        Self(InMemDicomObject::new_empty())
    }

    /// Text of any text VR.
    pub fn text(&mut self, tag: Tag, vr: VR, value: &str) -> &mut Self {
        self.0.put(DataElement::new(tag, vr, PrimitiveValue::from(value)));
        self
    }

    /// Several values, joined by backslashes.
    pub fn texts(&mut self, tag: Tag, vr: VR, values: &[&str]) -> &mut Self {
        let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        self.0.put(DataElement::new(tag, vr, PrimitiveValue::Strs(values.into())));
        self
    }

    /// Decimal strings.
    pub fn decimals(&mut self, tag: Tag, values: &[f64]) -> &mut Self {
        let values: Vec<String> = values.iter().map(|&value| decimal(value)).collect();
        self.0.put(DataElement::new(tag, VR::DS, PrimitiveValue::Strs(values.into())));
        self
    }

    /// Integer strings.
    pub fn integer(&mut self, tag: Tag, value: i64) -> &mut Self {
        self.text(tag, VR::IS, &value.to_string())
    }

    /// Doubles.
    pub fn doubles(&mut self, tag: Tag, values: &[f64]) -> &mut Self {
        self.0.put(DataElement::new(tag, VR::FD, PrimitiveValue::F64(values.iter().copied().collect())));
        self
    }

    /// One unsigned short.
    pub fn short(&mut self, tag: Tag, value: u16) -> &mut Self {
        self.0.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
        self
    }

    /// One signed short.
    pub fn signed(&mut self, tag: Tag, value: i16) -> &mut Self {
        self.0.put(DataElement::new(tag, VR::SS, PrimitiveValue::from(value)));
        self
    }

    /// Unsigned longs.
    pub fn longs(&mut self, tag: Tag, values: &[u32]) -> &mut Self {
        self.0.put(DataElement::new(tag, VR::UL, PrimitiveValue::U32(values.iter().copied().collect())));
        self
    }

    /// A tag as a value.
    pub fn tag(&mut self, tag: Tag, value: Tag) -> &mut Self {
        self.0.put(DataElement::new(tag, VR::AT, PrimitiveValue::Tags(vec![value].into())));
        self
    }

    /// A sequence.
    pub fn items(&mut self, tag: Tag, items: Vec<Item>) -> &mut Self {
        let items: Vec<InMemDicomObject> = items.into_iter().map(|item| item.0).collect();
        self.0.put(DataElement::new(tag, VR::SQ, Value::from(DataSetSequence::from(items))));
        self
    }

    /// A sequence of one item, filled here.
    pub fn item(&mut self, tag: Tag, fill: impl FnOnce(&mut Item)) -> &mut Self {
        let mut item = Item::new();
        fill(&mut item);
        self.items(tag, vec![item])
    }

    /// A code in a sequence.
    pub fn code(&mut self, tag: Tag, value: &str, scheme: &str, meaning: &str) -> &mut Self {
        use dicom_dictionary_std::tags;
        self.item(tag, |item| {
            item.text(tags::CODE_VALUE, VR::SH, value);
            item.text(tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme);
            item.text(tags::CODE_MEANING, VR::LO, meaning);
        })
    }
}

/// A number as a decimal string: as many digits as fit into the 16 characters that DICOM allows.
pub(super) fn decimal(value: f64) -> String {
    for digits in (0..=14).rev() {
        let text = format!("{value:.digits$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        if text.len() <= 16 {
            return if text == "-0" { "0".to_owned() } else { text.to_owned() };
        }
    }
    format!("{value:.8e}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_string_fits_and_keeps_its_digits() {
        assert_eq!(decimal(-127.75), "-127.75");
        assert_eq!(decimal(-0.0), "0");
        assert_eq!(decimal(0.300_000_000_000_000_04), "0.3");
        let long = decimal(-1.0 / 3.0);
        assert!(long.len() <= 16 && (long.parse::<f64>().unwrap() + 1.0 / 3.0).abs() < 1e-13);
        assert!(decimal(-123_456_789.123_456).len() <= 16);
        assert!(decimal(1.5e300).len() <= 16);
    }
}
