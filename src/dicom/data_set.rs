//! The elements of a header that are of use here, as the walk has proved them.
//!
//! A general parser behind the length guard was tried first. Guard and parser then have to agree on every
//! odd structure, and coverage-guided fuzzing found one where they did not: a file of four kilobytes made
//! the parser reserve two gigabytes. So the walk that proves the lengths also keeps the values; there is no
//! second reading that could see something else.

use std::collections::BTreeMap;

use dicom_core::{Tag, VR};

/// A longer value is no attribute of an image.
const MAX_VALUE_BYTES: usize = 1 << 20;

/// The kept elements of a data set or of an item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataSet {
    elements: BTreeMap<Tag, Element>,
}

/// One kept element.
#[derive(Debug, Clone, PartialEq)]
pub enum Element {
    /// A value as it is stored.
    Value {
        /// Its representation, from the file or the dictionary; UN where neither knows.
        vr: VR,
        /// The bytes.
        bytes: Vec<u8>,
        /// Their order.
        is_big_endian: bool,
    },
    /// The items of a sequence.
    Items(Vec<DataSet>),
}

/// Whether an element is of use: the groups of image, patient, series and directory, and offset tables.
pub fn is_kept(tag: Tag, length: usize) -> bool {
    matches!(tag.0, 0x0004 | 0x0008 | 0x0010 | 0x0018 | 0x0020 | 0x0028 | 0x5200 | 0x7FE0)
        && length <= MAX_VALUE_BYTES
}

impl DataSet {
    /// Adds an element; tells whether one with this tag was there before.
    pub fn insert(&mut self, tag: Tag, element: Element) -> bool {
        self.elements.insert(tag, element).is_some()
    }

    /// The element with this tag.
    pub fn get(&self, tag: Tag) -> Option<&Element> {
        self.elements.get(&tag)
    }

    /// The items of a sequence; none when it is absent.
    pub fn items(&self, tag: Tag) -> &[DataSet] {
        match self.get(tag) {
            Some(Element::Items(items)) => items,
            _ => &[],
        }
    }
}
