//! Encapsulated pixel data: which fragments make which frame (PS3.5, annex A.4).

use super::error::DicomError;
use super::source::{Blob, Source};

const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];
const SEQUENCE_END: [u8; 4] = [0xFE, 0xFF, 0xDD, 0xE0];

/// A run of bytes in the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment {
    /// Offset of its item header from the first item behind the offset table.
    at: u64,
    /// Offset of its first byte from the beginning of the data set.
    pub offset: u64,
    /// Its length in bytes.
    pub length: usize,
}

/// The fragments of each frame, in order.
///
/// # Errors
/// An item that is none, a length beyond the file, or fragments that cannot be told apart by frame.
pub fn frames(
    blob: &mut Blob<'_>,
    source: &Source,
    first_item: u64,
    n_frames: usize,
    extended_offsets: Option<&[u64]>,
) -> Result<Vec<Vec<Fragment>>, DicomError> {
    let (table, fragments) = items(blob, source, first_item)?;
    if fragments.is_empty() {
        return Err(pixels(source, "no fragment holds any pixels"));
    }
    if n_frames == 1 {
        return Ok(vec![fragments]);
    }
    let starts = match extended_offsets {
        Some(offsets) if offsets.len() == n_frames => Some(offsets.to_vec()),
        _ if table.len() == n_frames => Some(table),
        _ => None,
    };
    let is_sound = |starts: &Vec<u64>| starts[0] == 0 && starts.windows(2).all(|pair| pair[0] < pair[1]);
    match starts {
        Some(starts) if is_sound(&starts) => return by_offset(source, &fragments, &starts),
        Some(_) if fragments.len() != n_frames => {
            return Err(pixels(source, "the offset table does not begin at 0 or does not rise"));
        }
        _ => {}
    }
    if fragments.len() == n_frames {
        return Ok(fragments.into_iter().map(|fragment| vec![fragment]).collect());
    }
    by_marker(blob, source, &fragments, n_frames)
}

/// The basic offset table and the fragments behind it.
fn items(blob: &mut Blob<'_>, source: &Source, first: u64) -> Result<(Vec<u64>, Vec<Fragment>), DicomError> {
    let mut at = first;
    let mut table = None;
    let mut fragments = Vec::new();
    let mut head = Vec::with_capacity(8);
    loop {
        head.clear();
        blob.append(at, 8, &mut head)
            .map_err(|_| pixels(source, "the sequence of fragments is not closed; the file is cut off"))?;
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        if head[..4] == SEQUENCE_END {
            return Ok((table.unwrap_or_default(), fragments));
        }
        if head[..4] != ITEM {
            return Err(pixels(source, &format!("a fragment expected at byte {at}, found something else")));
        }
        let left = blob.length() - (at + 8);
        if u64::from(length) > left {
            return Err(pixels(source, &format!("a fragment claims {length} bytes, {left} are left")));
        }
        if table.is_none() {
            let mut bytes = Vec::new();
            blob.append(at + 8, length as usize, &mut bytes)?;
            let offsets =
                bytes.chunks_exact(4).map(|b| u64::from(u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
            table = Some(offsets.collect());
        } else {
            let base = fragments.first().map_or(at, |fragment: &Fragment| fragment.offset - 8);
            fragments.push(Fragment { at: at - base, offset: at + 8, length: length as usize });
        }
        at += 8 + u64::from(length);
    }
}

fn by_offset(
    source: &Source,
    fragments: &[Fragment],
    starts: &[u64],
) -> Result<Vec<Vec<Fragment>>, DicomError> {
    let mut frames: Vec<Vec<Fragment>> = Vec::with_capacity(starts.len());
    let mut ahead = starts.iter().peekable();
    for fragment in fragments {
        if ahead.next_if(|start| **start == fragment.at).is_some() {
            frames.push(vec![*fragment]);
        } else if let Some(frame) = frames.last_mut() {
            frame.push(*fragment);
        }
    }
    // A start that no fragment has stays ahead for ever, and so do all behind it.
    match ahead.next() {
        None => Ok(frames),
        Some(_) => {
            Err(pixels(source, &format!("the offset table points frame {} at no fragment", frames.len() + 1)))
        }
    }
}

/// Without a usable table: a fragment that begins with a codestream's first marker begins a frame.
fn by_marker(
    blob: &mut Blob<'_>,
    source: &Source,
    fragments: &[Fragment],
    n_frames: usize,
) -> Result<Vec<Vec<Fragment>>, DicomError> {
    let mut frames: Vec<Vec<Fragment>> = Vec::new();
    let mut marker = Vec::with_capacity(2);
    for fragment in fragments {
        marker.clear();
        blob.append(fragment.offset, fragment.length.min(2), &mut marker)?;
        let begins = matches!(marker[..], [0xFF, 0xD8 | 0x4F]); // JPEG and JPEG-LS: SOI; JPEG 2000: SOC
        match frames.last_mut() {
            Some(frame) if !begins => frame.push(*fragment),
            _ => frames.push(vec![*fragment]),
        }
    }
    if frames.len() == n_frames {
        return Ok(frames);
    }
    let found = fragments.len();
    Err(pixels(source, &format!("{found} fragments cannot be told apart into {n_frames} frames")))
}

fn pixels(source: &Source, reason: &str) -> DicomError {
    DicomError::Pixels { file: source.name.clone(), reason: reason.to_owned() }
}
