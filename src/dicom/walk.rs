//! The length guard: walks the elements of a data set without believing them.
//!
//! A header says of every element how long it is. A parser that reserves what it is told can be made to
//! reserve gigabytes by a file of two kilobytes, and one that recurses can be made to overflow its stack.
//! So before any parser sees the header, this walk proves that each length fits into what is there, that
//! sequences are closed and not nested without end, and finds where the pixel data begin.

use dicom_core::{Tag, VR};

use super::data_set::{DataSet, Element, is_kept, is_kept_sequence};
use super::encoding::{Encoding, dictionary_vr, has_long_length, parse_vr};

/// Nesting deeper than this is no image of a patient.
const MAX_DEPTH: usize = 64;
/// A multi-frame image of 20,000 frames with ten functional groups each stays below this.
const MAX_ITEMS: usize = 400_000;
const UNDEFINED: u32 = 0xFFFF_FFFF;
const ITEM: Tag = Tag(0xFFFE, 0xE000);
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);

/// Where the pixel data of a file lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelSpan {
    /// Which of the three pixel data elements it is.
    pub tag: Tag,
    /// Offset of the first value byte from the start of the data set.
    pub offset: u64,
    /// Length in bytes; `None` when the pixels are encapsulated.
    pub length: Option<u64>,
    /// Whether the value is a string of 16-bit words (OW), which matters for 8-bit samples in big endian.
    pub is_words: bool,
}

/// What the walk has proved: the header ends at `header_len`, the pixels follow.
#[derive(Debug, Clone, PartialEq)]
pub struct Walk {
    /// How the elements are written.
    pub encoding: Encoding,
    /// Bytes from the start of the data set to the pixel data element, or to the end.
    pub header_len: usize,
    /// The pixel data, when there are any.
    pub pixels: Option<PixelSpan>,
    /// The elements of the header that are of use.
    pub data_set: DataSet,
}

/// Why the walk stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// More of the file must be read before the walk can go on.
    #[error("more bytes are needed")]
    NeedMore {
        /// The walk cannot go on with fewer bytes of the data set than this.
        at_least: u64,
    },
    /// An element claims more bytes than are left.
    #[error("element {tag} at byte {offset} claims {claimed} bytes, {left} are left")]
    TooLong {
        /// The element.
        tag: Tag,
        /// Offset of the element from the start of the data set.
        offset: usize,
        /// Bytes it claims.
        claimed: u64,
        /// Bytes left in its container.
        left: u64,
    },
    /// The data set ends inside an element or a sequence.
    #[error("the data set ends at byte {offset}, inside an element")]
    Truncated {
        /// Length of the data set.
        offset: usize,
    },
    /// Bytes that are no element.
    #[error("no DICOM element at byte {offset}")]
    NotAnElement {
        /// Offset from the start of the data set.
        offset: usize,
    },
    /// An attribute of the image that stands there twice.
    #[error("element {tag} stands there twice")]
    Twice {
        /// The element.
        tag: Tag,
    },
    /// More items than any image describes its frames with.
    #[error("more than {MAX_ITEMS} items in the sequences of the header")]
    TooMany,
    /// Sequences nested too deep.
    #[error("sequences are nested more than {MAX_DEPTH} deep at byte {offset}")]
    TooDeep {
        /// Offset from the start of the data set.
        offset: usize,
    },
}

/// An open sequence or item.
#[derive(Debug, Clone, Copy)]
struct Container {
    is_sequence: bool,
    /// First byte behind it, when its length is defined.
    end: Option<usize>,
    is_explicit: bool,
    /// Whether the items hold raw bytes instead of elements.
    is_raw: bool,
}

/// One element as its header says.
#[derive(Debug, Clone, Copy)]
struct Head {
    tag: Tag,
    vr: Option<VR>,
    length: u32,
    value_at: usize,
}

struct Walker<'a> {
    bytes: &'a [u8],
    /// Length of the whole data set when known; `bytes` is its beginning.
    total: Option<u64>,
    encoding: Encoding,
    at: usize,
    open: Vec<Container>,
    /// What is being put together, one for each open container; the header itself is the first.
    making: Vec<Making>,
    /// Items kept so far.
    n_items: usize,
}

/// A container on its way into the data set.
enum Making {
    /// A data set or an item; `None` inside of what is not kept.
    DataSet(Option<DataSet>),
    /// A sequence and its items; without a tag where it is not kept.
    Sequence(Option<Tag>, Vec<DataSet>),
}

/// Walks the top level of a data set up to its pixel data.
///
/// `bytes` is the beginning of the data set, `total` its whole length where that is known.
///
/// # Errors
/// [`WalkError::NeedMore`] when `bytes` ends too soon and more may follow; the others when the data set
/// is not honest.
pub fn walk(bytes: &[u8], total: Option<u64>, encoding: Encoding) -> Result<Walk, WalkError> {
    let mut walker = Walker {
        bytes,
        total,
        encoding,
        at: 0,
        open: Vec::new(),
        making: vec![Making::DataSet(Some(DataSet::default()))],
        n_items: 0,
    };
    loop {
        walker.close_finished()?;
        if walker.open.is_empty() && walker.is_at_end() {
            let header_len = walker.at;
            return Ok(walker.finish(header_len, None));
        }
        let start = walker.at;
        let element = walker.element()?;
        if walker.open.is_empty() && is_pixel_data(element.tag) {
            let pixels = walker.pixel_span(start, element)?;
            return Ok(walker.finish(start, Some(pixels)));
        }
        walker.enter_or_skip(start, element)?;
    }
}

fn is_pixel_data(tag: Tag) -> bool {
    tag.0 == 0x7FE0 && matches!(tag.1, 0x0008..=0x0010)
}

/// Groups whose attributes make the image: none of them may stand there twice.
fn describes_the_image(tag: Tag) -> bool {
    matches!(tag.0, 0x0008 | 0x0018 | 0x0020 | 0x0028 | 0x5200)
}

impl Walker<'_> {
    fn pixel_span(&self, start: usize, element: Head) -> Result<PixelSpan, WalkError> {
        let length = (element.length != UNDEFINED).then_some(u64::from(element.length));
        let offset = element.value_at as u64;
        if let (Some(claimed), Some(total)) = (length, self.total)
            && offset + claimed > total
        {
            let left = total.saturating_sub(offset);
            return Err(WalkError::TooLong { tag: element.tag, offset: start, claimed, left });
        }
        Ok(PixelSpan { tag: element.tag, offset, length, is_words: element.vr == Some(VR::OW) })
    }

    fn finish(self, header_len: usize, pixels: Option<PixelSpan>) -> Walk {
        let data_set = match self.making.into_iter().next() {
            Some(Making::DataSet(Some(data_set))) => data_set,
            _ => DataSet::default(),
        };
        Walk { encoding: self.encoding, header_len, pixels, data_set }
    }

    /// Puts an element where the walk is; an attribute of the image must not stand there twice.
    fn keep(&mut self, tag: Tag, element: Element) -> Result<(), WalkError> {
        let is_top = self.making.len() == 1;
        if let Some(Making::DataSet(Some(data_set))) = self.making.last_mut()
            && data_set.insert(tag, element)
            && is_top
            && describes_the_image(tag)
        {
            return Err(WalkError::Twice { tag });
        }
        Ok(())
    }

    /// Leaves the innermost container and puts it into the one around it.
    fn leave(&mut self) -> Result<(), WalkError> {
        self.open.pop();
        match self.making.pop() {
            Some(Making::DataSet(Some(item))) => {
                if let Some(Making::Sequence(_, items)) = self.making.last_mut() {
                    items.push(item);
                }
                Ok(())
            }
            Some(Making::Sequence(Some(tag), items)) => self.keep(tag, Element::Items(items)),
            _ => Ok(()),
        }
    }

    fn is_at_end(&self) -> bool {
        self.total.is_some_and(|total| self.at as u64 >= total)
    }

    /// Leaves containers of defined length that end here.
    fn close_finished(&mut self) -> Result<(), WalkError> {
        while let Some(end) = self.open.last().and_then(|container| container.end) {
            if self.at < end {
                break;
            }
            if self.at > end {
                return Err(WalkError::NotAnElement { offset: self.at });
            }
            self.leave()?;
        }
        Ok(())
    }

    /// `n` bytes at the walk's place.
    fn take(&self, n: usize) -> Result<&[u8], WalkError> {
        let end = self.at + n;
        if let Some(bytes) = self.bytes.get(self.at..end) {
            return Ok(bytes);
        }
        match self.total {
            Some(total) if end as u64 > total => Err(WalkError::Truncated { offset: total as usize }),
            _ => Err(WalkError::NeedMore { at_least: end as u64 }),
        }
    }

    fn u16(&self, b: &[u8]) -> u16 {
        if self.encoding.is_big_endian {
            u16::from_be_bytes([b[0], b[1]])
        } else {
            u16::from_le_bytes([b[0], b[1]])
        }
    }

    fn u32(&self, b: &[u8]) -> u32 {
        let b = [b[0], b[1], b[2], b[3]];
        if self.encoding.is_big_endian { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) }
    }

    /// Reads one element header and moves behind it.
    fn element(&mut self) -> Result<Head, WalkError> {
        let head = self.take(8)?;
        let tag = Tag(self.u16(&head[..2]), self.u16(&head[2..4]));
        let is_explicit =
            self.open.last().map_or(self.encoding.is_explicit, |container| container.is_explicit);
        if tag.0 == 0xFFFE || !is_explicit {
            let length = self.u32(&head[4..]);
            let vr = if tag.0 == 0xFFFE { None } else { dictionary_vr(tag) };
            self.at += 8;
            return Ok(Head { tag, vr, length, value_at: self.at });
        }
        let Some(vr) = parse_vr([head[4], head[5]]) else {
            return Err(WalkError::NotAnElement { offset: self.at });
        };
        if has_long_length(vr) {
            let head = self.take(12)?;
            let length = self.u32(&head[8..]);
            self.at += 12;
            return Ok(Head { tag, vr: Some(vr), length, value_at: self.at });
        }
        let length = u32::from(self.u16(&head[6..]));
        self.at += 8;
        Ok(Head { tag, vr: Some(vr), length, value_at: self.at })
    }

    fn enter_or_skip(&mut self, start: usize, element: Head) -> Result<(), WalkError> {
        match self.open.last().copied() {
            Some(container) if container.is_sequence => self.in_sequence(start, element, container),
            _ => self.in_data_set(start, element),
        }
    }

    fn in_sequence(&mut self, start: usize, element: Head, parent: Container) -> Result<(), WalkError> {
        match element.tag {
            ITEM if parent.is_raw => self.skip(start, element),
            ITEM => {
                let end = self.end_of(start, element)?;
                let is_kept = matches!(self.making.last(), Some(Making::Sequence(Some(_), _)));
                self.n_items += usize::from(is_kept);
                if self.n_items > MAX_ITEMS {
                    return Err(WalkError::TooMany);
                }
                self.making.push(Making::DataSet(is_kept.then(DataSet::default)));
                self.push(start, Container { is_sequence: false, end, ..parent })
            }
            SEQUENCE_END if parent.end.is_none() => self.leave(),
            _ => Err(WalkError::NotAnElement { offset: start }),
        }
    }

    fn in_data_set(&mut self, start: usize, element: Head) -> Result<(), WalkError> {
        let parent = self.open.last().copied();
        match element.tag {
            ITEM_END if parent.is_some_and(|item| item.end.is_none()) => return self.leave(),
            Tag(0xFFFE, _) => return Err(WalkError::NotAnElement { offset: start }),
            _ => {}
        }
        let is_explicit = parent.map_or(self.encoding.is_explicit, |item| item.is_explicit);
        let is_open = element.length == UNDEFINED;
        let open =
            |is_explicit: bool, is_raw: bool| Container { is_sequence: true, end: None, is_explicit, is_raw };
        match element.vr {
            Some(VR::SQ) => {
                let end = self.end_of(start, element)?;
                self.enter_sequence(start, element.tag, Container { end, ..open(is_explicit, false) })
            }
            _ if !is_open => self.value(start, element),
            // Unknown and of undefined length: a sequence in implicit little endian (CP-246).
            Some(VR::UN) => self.enter_sequence(start, element.tag, open(false, false)),
            _ if !is_explicit => self.enter_sequence(start, element.tag, open(false, false)),
            Some(VR::OB | VR::OW) => self.enter_sequence(start, element.tag, open(is_explicit, true)),
            _ => Err(WalkError::NotAnElement { offset: start }),
        }
    }

    fn enter_sequence(&mut self, start: usize, tag: Tag, container: Container) -> Result<(), WalkError> {
        let is_wanted = matches!(self.making.last(), Some(Making::DataSet(Some(_))));
        let is_kept = is_wanted && !container.is_raw && is_kept_sequence(tag, self.making.len() > 1);
        self.making.push(Making::Sequence(is_kept.then_some(tag), Vec::new()));
        self.push(start, container)
    }

    /// Passes over a value of defined length and keeps it when it is of use.
    fn value(&mut self, start: usize, element: Head) -> Result<(), WalkError> {
        self.skip(start, element)?;
        let length = element.length as usize;
        let is_wanted = matches!(self.making.last(), Some(Making::DataSet(Some(_))));
        if !is_wanted || !is_kept(element.tag, length) {
            return Ok(());
        }
        let vr = element.vr.unwrap_or(VR::UN);
        let bytes = self.bytes[element.value_at..element.value_at + length].to_vec();
        self.keep(element.tag, Element::Value { vr, bytes, is_big_endian: self.encoding.is_big_endian })
    }

    fn push(&mut self, start: usize, container: Container) -> Result<(), WalkError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(WalkError::TooDeep { offset: start });
        }
        self.open.push(container);
        Ok(())
    }

    /// First byte behind a value of defined length; `None` when undefined.
    fn end_of(&self, start: usize, element: Head) -> Result<Option<usize>, WalkError> {
        if element.length == UNDEFINED {
            return Ok(None);
        }
        let end = element.value_at as u64 + u64::from(element.length);
        let inner = self.open.iter().rev().find_map(|container| container.end).map(|end| end as u64);
        let limit = inner.or(self.total);
        if let Some(limit) = limit
            && end > limit
        {
            return Err(WalkError::TooLong {
                tag: element.tag,
                offset: start,
                claimed: u64::from(element.length),
                left: limit.saturating_sub(element.value_at as u64),
            });
        }
        usize::try_from(end).map(Some).map_err(|_| WalkError::Truncated { offset: start })
    }

    fn skip(&mut self, start: usize, element: Head) -> Result<(), WalkError> {
        let Some(end) = self.end_of(start, element)? else {
            return Err(WalkError::NotAnElement { offset: start });
        };
        if end > self.bytes.len() {
            // The value is to be kept, so it must be here whole.
            return Err(WalkError::NeedMore { at_least: end as u64 });
        }
        self.at = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dicom::encoding::recognise;

    const EXPLICIT: Encoding = Encoding { is_explicit: true, is_big_endian: false };

    fn short(group: u16, element: u16, vr: &str, value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(group.to_le_bytes());
        bytes.extend(element.to_le_bytes());
        bytes.extend(vr.as_bytes());
        bytes.extend((value.len() as u16).to_le_bytes());
        bytes.extend(value);
        bytes
    }

    fn long(group: u16, element: u16, vr: &str, length: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(group.to_le_bytes());
        bytes.extend(element.to_le_bytes());
        bytes.extend(vr.as_bytes());
        bytes.extend([0, 0]);
        bytes.extend(length.to_le_bytes());
        bytes
    }

    #[test]
    fn the_walk_ends_at_the_pixel_data_and_knows_their_place() {
        let mut bytes = short(0x0008, 0x0060, "CS", b"CT");
        let header_len = bytes.len();
        bytes.extend(long(0x7FE0, 0x0010, "OW", 4));
        bytes.extend([1, 2, 3, 4]);
        let walked = walk(&bytes, Some(bytes.len() as u64), EXPLICIT).unwrap();
        assert_eq!(walked.header_len, header_len);
        let pixels = walked.pixels.unwrap();
        assert_eq!((pixels.offset, pixels.length), (header_len as u64 + 12, Some(4)));
    }

    #[test]
    fn a_length_beyond_the_file_is_refused_before_anything_is_reserved() {
        let bytes = long(0x0009, 0x1010, "OB", 0xF000_0000);
        let error = walk(&bytes, Some(bytes.len() as u64), EXPLICIT).unwrap_err();
        assert!(matches!(error, WalkError::TooLong { claimed: 0xF000_0000, left: 0, .. }), "{error}");
    }

    #[test]
    fn a_nested_length_beyond_its_item_is_refused() {
        let mut bytes = long(0x0008, 0x1140, "SQ", 16);
        bytes.extend([0xFE, 0xFF, 0x00, 0xE0, 8, 0, 0, 0]);
        bytes.extend(short(0x0008, 0x1150, "UI", b""));
        let at = bytes.len() - 2;
        bytes[at] = 200; // the inner element now claims 200 bytes of an item of 8
        assert!(matches!(walk(&bytes, Some(bytes.len() as u64), EXPLICIT), Err(WalkError::TooLong { .. })));
    }

    #[test]
    fn endless_nesting_is_refused_without_recursion() {
        let mut bytes = Vec::new();
        for _ in 0..10_000 {
            bytes.extend(long(0x0008, 0x1140, "SQ", UNDEFINED));
            bytes.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
        }
        assert!(matches!(walk(&bytes, Some(bytes.len() as u64), EXPLICIT), Err(WalkError::TooDeep { .. })));
    }

    #[test]
    fn every_cut_of_a_good_header_asks_for_more_or_is_truncated() {
        let mut bytes = short(0x0008, 0x0060, "CS", b"CT");
        bytes.extend(long(0x0008, 0x1140, "SQ", UNDEFINED));
        bytes.extend([0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
        bytes.extend(short(0x0008, 0x1150, "UI", b"1.2."));
        bytes.extend([0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
        bytes.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        assert!(walk(&bytes, Some(bytes.len() as u64), EXPLICIT).is_ok());
        for cut in 1..bytes.len() {
            let partial = walk(&bytes[..cut], None, EXPLICIT);
            assert!(matches!(partial, Err(WalkError::NeedMore { .. })), "cut at {cut}: {partial:?}");
            let whole = walk(&bytes[..cut], Some(cut as u64), EXPLICIT);
            let is_between_elements = cut == 10;
            assert_eq!(whole.is_ok(), is_between_elements, "cut at {cut}: {whole:?}");
        }
    }

    #[test]
    fn the_first_element_shows_how_a_data_set_is_written() {
        let explicit = short(0x0008, 0x0016, "UI", b"1.2 ");
        assert_eq!(recognise(&explicit), Some(EXPLICIT));
        let implicit = [0x08, 0x00, 0x16, 0x00, 0x04, 0, 0, 0];
        assert_eq!(recognise(&implicit), Some(Encoding { is_explicit: false, is_big_endian: false }));
        let big = [0x00, 0x08, 0x00, 0x16, b'U', b'I', 0, 4];
        assert_eq!(recognise(&big), Some(Encoding { is_explicit: true, is_big_endian: true }));
        assert_eq!(recognise(b"\x89PNG\r\n\x1a\n"), None);
    }
}
