//! RLE (PS3.5, annex G): one `PackBits` segment for each byte of the cell, most significant byte first.

use super::Encoding;
use crate::dicom::pixels::{PixelError, PixelLayout};

const HEADER_BYTES: usize = 64;

/// Decodes one frame into little-endian cells. `out` has the length of the frame.
///
/// Each segment is unpacked into a plane of its own, where runs and literals are plain fills and copies;
/// the planes are woven together afterwards. Writing every second byte at once takes twice as long.
pub(super) fn decode(stream: &[u8], layout: &PixelLayout, out: &mut [u8]) -> Result<(), PixelError> {
    let n_segments = layout.cell_bytes();
    let offsets = read_offsets(stream, n_segments)?;
    let segment = |index: usize| {
        let (start, end) = (offsets[index], offsets.get(index + 1).copied().unwrap_or(stream.len()));
        stream.get(start..end).ok_or_else(|| {
            corrupt(format!("segment {} lies at {start}..{end} of {} bytes", index + 1, stream.len()))
        })
    };
    if n_segments == 1 {
        return decode_segment(segment(0)?, out);
    }
    let mut planes = vec![0; out.len()];
    for (index, plane) in planes.chunks_mut(layout.n_samples()).enumerate() {
        decode_segment(segment(index)?, plane)?;
    }
    if n_segments == 2 {
        let (high, low) = planes.split_at(layout.n_samples());
        for ((cell, &low), &high) in out.as_chunks_mut::<2>().0.iter_mut().zip(low).zip(high) {
            *cell = [low, high];
        }
        return Ok(());
    }
    for (index, plane) in planes.chunks(layout.n_samples()).enumerate() {
        for (cell, &byte) in out.as_chunks_mut::<4>().0.iter_mut().zip(plane) {
            cell[3 - index] = byte;
        }
    }
    Ok(())
}

fn corrupt(message: String) -> PixelError {
    PixelError::Corrupt { encoding: Encoding::Rle, message }
}

fn read_offsets(stream: &[u8], n_segments: usize) -> Result<Vec<usize>, PixelError> {
    let header = stream.get(..HEADER_BYTES).ok_or(PixelError::Truncated { encoding: Encoding::Rle })?;
    let mut words = header.as_chunks::<4>().0.iter().map(|&word| u32::from_le_bytes(word));
    let stored = words.next().unwrap_or(0);
    if stored as usize != n_segments {
        return Err(PixelError::Mismatch {
            encoding: Encoding::Rle,
            what: "number of byte segments",
            stream: stored.into(),
            tag: "BitsAllocated (0028,0100) / 8",
            header: n_segments as u64,
        });
    }
    let offsets: Vec<usize> = words.take(n_segments).map(|word| word as usize).collect();
    if offsets[0] < HEADER_BYTES || offsets.windows(2).any(|pair| pair[0] > pair[1]) {
        return Err(corrupt(format!("segment offsets {offsets:?} are not in order after the header")));
    }
    Ok(offsets)
}

/// Fills a plane of bytes.
fn decode_segment(segment: &[u8], plane: &mut [u8]) -> Result<(), PixelError> {
    const TRUNCATED: PixelError = PixelError::Truncated { encoding: Encoding::Rle };
    let mut left = plane;
    let mut input = segment;
    while !left.is_empty() {
        let (&control, rest) = input.split_first().ok_or(TRUNCATED)?;
        input = rest;
        if control == 128 {
            continue; // no operation
        }
        let is_run = control > 128;
        let n = if is_run { 257 - usize::from(control) } else { usize::from(control) + 1 };
        // One sample too many: some writers pad an odd plane before they compress it.
        let n_now = n.min(left.len());
        if n > n_now + 1 {
            return Err(corrupt(format!("a run of {n} bytes for the last {n_now} samples")));
        }
        let (now, later) = left.split_at_mut(n_now);
        if is_run {
            let (&byte, rest) = input.split_first().ok_or(TRUNCATED)?;
            input = rest;
            now.fill(byte);
        } else {
            now.copy_from_slice(input.get(..n_now).ok_or(TRUNCATED)?);
            input = input.get(n..).unwrap_or(&[]);
        }
        left = later;
    }
    check_rest(input)
}

/// Only padding may follow the last sample: no operations, zeros, or one more byte (see above).
fn check_rest(rest: &[u8]) -> Result<(), PixelError> {
    if rest.len() > 2 && rest.iter().any(|&byte| byte != 0 && byte != 128) {
        return Err(corrupt(format!("{} bytes are left over after the last sample", rest.len())));
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::dicom::pixels::layout_of;

    /// A plain encoder: literals only, or runs where bytes repeat.
    pub(crate) fn encode(cells: &[u8], cell_bytes: usize) -> Vec<u8> {
        let mut segments = Vec::new();
        for plane in (0..cell_bytes).rev() {
            let bytes: Vec<u8> = cells.iter().skip(plane).step_by(cell_bytes).copied().collect();
            segments.push(pack_bits(&bytes));
        }
        let mut out = (cell_bytes as u32).to_le_bytes().to_vec();
        let mut offset = HEADER_BYTES;
        for segment in &segments {
            out.extend((offset as u32).to_le_bytes());
            offset += segment.len();
        }
        out.resize(HEADER_BYTES, 0);
        out.extend(segments.concat());
        out
    }

    fn pack_bits(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            let run = rest.iter().take(128).take_while(|&&b| b == first).count();
            if run > 1 {
                out.extend([(257 - run) as u8, first]);
                rest = &rest[run..];
            } else {
                let n = rest.windows(2).take(128).take_while(|pair| pair[0] != pair[1]).count().max(1);
                out.push(n as u8 - 1);
                out.extend(&rest[..n]);
                rest = &rest[n..];
            }
        }
        if out.len() % 2 == 1 {
            out.push(0);
        }
        out
    }

    fn pattern(n_bytes: usize) -> Vec<u8> {
        (0..n_bytes).map(|i| if i % 50 < 20 { 9 } else { (i * 37 % 251) as u8 }).collect()
    }

    #[test]
    fn every_width_and_odd_sizes_come_back() {
        for (size, bits) in [((5, 7), 8), ((5, 7), 16), ((33, 31), 32), ((1, 1), 16)] {
            let layout = layout_of(size, bits);
            let cells = pattern(layout.frame_bytes());
            let mut out = vec![0; cells.len()];
            decode(&encode(&cells, layout.cell_bytes()), &layout, &mut out).unwrap();
            assert_eq!(out, cells);
        }
    }

    #[test]
    fn the_first_segment_is_the_most_significant_byte() {
        let layout = layout_of((1, 2), 16);
        let mut stream = vec![0; 64];
        stream[0] = 2;
        stream[4] = 64;
        stream[8] = 67;
        stream.extend([1, 0x12, 0x56, 1, 0x34, 0x78]);
        let mut out = [0; 4];
        decode(&stream, &layout, &mut out).unwrap();
        assert_eq!(out, [0x34, 0x12, 0x78, 0x56]);
    }

    #[test]
    fn a_wrong_number_of_segments_names_both() {
        let stream = encode(&pattern(12), 1);
        let message = decode(&stream, &layout_of((3, 2), 16), &mut [0; 12]).unwrap_err().to_string();
        assert!(message.contains("is 1") && message.contains("is 2"), "{message}");
    }

    #[test]
    fn an_image_of_another_size_is_refused() {
        let stream = encode(&pattern(100), 1);
        assert!(decode(&stream, &layout_of((11, 10), 8), &mut [0; 110]).is_err());
        assert!(decode(&stream, &layout_of((9, 10), 8), &mut [0; 90]).is_err());
    }

    #[test]
    fn every_truncation_is_an_error() {
        let layout = layout_of((16, 16), 16);
        let stream = encode(&pattern(512), 2);
        for length in 0..stream.len() - 1 {
            assert!(decode(&stream[..length], &layout, &mut [0; 512]).is_err(), "{length}");
        }
    }
}
