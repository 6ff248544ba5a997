//! The marker segments of a JPEG codestream (ITU-T T.81, annex B), as far as all JPEG decoders share them.

use super::Encoding;
use super::huffman::BitReader;
use super::samples::StreamHeader;
use crate::dicom::pixels::PixelError;

/// Low bytes of the markers.
pub(super) mod marker {
    pub const SOF0: u8 = 0xC0;
    pub const SOF1: u8 = 0xC1;
    pub const SOF3: u8 = 0xC3;
    pub const DHT: u8 = 0xC4;
    pub const SOF15: u8 = 0xCF;
    pub const RST0: u8 = 0xD0;
    pub const SOI: u8 = 0xD8;
    pub const EOI: u8 = 0xD9;
    pub const SOS: u8 = 0xDA;
    pub const DQT: u8 = 0xDB;
    pub const DRI: u8 = 0xDD;
    pub const SOF55: u8 = 0xF7;
    pub const LSE: u8 = 0xF8;
}

/// A Huffman table as stored: sixteen counts and the symbols.
#[derive(Debug, Clone, Copy)]
pub(super) struct StoredTable<'a> {
    pub counts: &'a [u8; 16],
    pub symbols: &'a [u8],
}

/// Everything that precedes the entropy-coded data of the first scan.
#[derive(Debug)]
pub(super) struct JpegHeader<'a> {
    encoding: Encoding,
    /// Low byte of the SOF marker.
    pub process: u8,
    /// The frame header.
    pub frame: StreamHeader,
    /// Quantisation table that the component uses.
    pub quantisation_id: usize,
    /// Huffman tables by class (DC, AC) and identifier.
    pub huffman: [[Option<StoredTable<'a>>; 4]; 2],
    /// Quantisation tables in zigzag order.
    pub quantisation: [Option<[u16; 64]>; 4],
    /// Minimum coded units between restart markers; 0 for none.
    pub restart_interval: usize,
    /// Payloads of the LSE segments of JPEG-LS.
    pub lse: Vec<&'a [u8]>,
    /// DC and AC table of the component.
    pub table_ids: (usize, usize),
    /// The last three bytes of the scan header.
    pub scan: [u8; 3],
    /// What follows the scan header.
    pub entropy: &'a [u8],
}

/// Reads the segments up to and including the first scan header.
pub(super) fn parse(encoding: Encoding, stream: &[u8]) -> Result<JpegHeader<'_>, PixelError> {
    let mut header = JpegHeader {
        encoding,
        process: 0,
        frame: StreamHeader { rows: 0, columns: 0, n_components: 0, precision: 0 },
        quantisation_id: 0,
        huffman: [[None; 4]; 2],
        quantisation: [None; 4],
        restart_interval: 0,
        lse: Vec::new(),
        table_ids: (0, 0),
        scan: [0; 3],
        entropy: &[],
    };
    let [0xFF, marker::SOI, rest @ ..] = stream else {
        return Err(header.corrupt("the codestream does not begin with an SOI marker"));
    };
    let mut rest = rest;
    loop {
        let (code, payload, after) = next_segment(encoding, rest)?;
        header.entropy = after;
        header.take_segment(code, payload)?;
        if code == marker::SOS {
            return Ok(header);
        }
        rest = after;
    }
}

/// The next marker with its payload, and what follows.
fn next_segment(encoding: Encoding, mut rest: &[u8]) -> Result<(u8, &[u8], &[u8]), PixelError> {
    let truncated = PixelError::Truncated { encoding };
    let (&first, after) = rest.split_first().ok_or(truncated.clone())?;
    if first != 0xFF {
        let message = format!("byte {first:#04x} where a marker should be");
        return Err(PixelError::Corrupt { encoding, message });
    }
    rest = after;
    while let [0xFF, after @ ..] = rest {
        rest = after; // fill bytes
    }
    let (&code, rest) = rest.split_first().ok_or(truncated.clone())?;
    if matches!(code, marker::RST0..=marker::EOI | 0x00 | 0x01) {
        let message = format!("marker {code:#04x} before the image");
        return Err(PixelError::Corrupt { encoding, message });
    }
    let (length, _) = rest.split_first_chunk::<2>().ok_or(truncated.clone())?;
    let length = usize::from(u16::from_be_bytes(*length));
    match (rest.get(2..length), rest.get(length..)) {
        (Some(payload), Some(after)) => Ok((code, payload, after)),
        _ => Err(truncated),
    }
}

impl<'a> JpegHeader<'a> {
    pub(super) fn corrupt(&self, message: impl Into<String>) -> PixelError {
        PixelError::Corrupt { encoding: self.encoding, message: message.into() }
    }

    pub(super) const fn truncated(&self) -> PixelError {
        PixelError::Truncated { encoding: self.encoding }
    }

    /// Steps over the restart marker that precedes every piece of entropy-coded data but the first.
    pub(super) fn skip_restart<'b>(&self, coded: &'b [u8], index: usize) -> Result<&'b [u8], PixelError> {
        if index == 0 {
            return Ok(coded);
        }
        let expected = marker::RST0 + ((index - 1) % 8) as u8;
        match coded {
            [0xFF, code, rest @ ..] if *code == expected => Ok(rest),
            [] | [_] => Err(self.truncated()),
            _ => Err(self.corrupt(format!("restart marker {expected:#04x} is missing"))),
        }
    }

    /// After the last sample of a piece, nothing but padding may be left: anything else means that the
    /// decoder lost its way, or that the image is larger than its header says.
    pub(super) fn check_rest(&self, reader: &BitReader) -> Result<(), PixelError> {
        match reader.n_left_over() {
            0 | 1 => Ok(()),
            n => Err(self.corrupt(format!("{n} bytes are left over after the last sample"))),
        }
    }

    /// Only the end of the image (or of the bytes) may follow.
    pub(super) fn check_end(&self, coded: &[u8]) -> Result<(), PixelError> {
        match coded {
            [] | [_] | [0xFF, marker::EOI, ..] => Ok(()),
            [_, code, ..] => Err(self.corrupt(format!("marker {code:#04x} after the image"))),
        }
    }

    fn take_segment(&mut self, code: u8, payload: &'a [u8]) -> Result<(), PixelError> {
        match code {
            marker::DHT => self.take_huffman(payload),
            marker::DQT => self.take_quantisation(payload),
            marker::SOF0..=marker::SOF15 | marker::SOF55 if !matches!(code, 0xC8 | 0xCC) => {
                self.take_frame(code, payload)
            }
            marker::DRI => match payload {
                [high, low] => {
                    self.restart_interval = usize::from(u16::from_be_bytes([*high, *low]));
                    Ok(())
                }
                _ => Err(self.corrupt("the restart interval is not two bytes")),
            },
            marker::LSE => {
                self.lse.push(payload);
                Ok(())
            }
            marker::SOS => self.take_scan(payload),
            _ => Ok(()), // application data, comments
        }
    }

    fn take_frame(&mut self, code: u8, payload: &[u8]) -> Result<(), PixelError> {
        if self.process != 0 {
            return Err(self.corrupt("there are two frame headers"));
        }
        let [precision, r1, r0, c1, c0, n_components, components @ ..] = payload else {
            return Err(self.corrupt("the frame header is too short"));
        };
        self.process = code;
        self.frame = StreamHeader {
            rows: u16::from_be_bytes([*r1, *r0]).into(),
            columns: u16::from_be_bytes([*c1, *c0]).into(),
            n_components: (*n_components).into(),
            precision: (*precision).into(),
        };
        self.quantisation_id = components.get(2).map_or(0, |&id| id.into());
        Ok(())
    }

    fn take_huffman(&mut self, mut payload: &'a [u8]) -> Result<(), PixelError> {
        while let [id, rest @ ..] = payload {
            let short = self.corrupt("a Huffman table is cut off");
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or(short.clone())?;
            let n: usize = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(n).ok_or(short)?;
            let slot =
                self.huffman.get_mut(usize::from(id >> 4)).and_then(|c| c.get_mut(usize::from(id & 15)));
            match slot {
                Some(slot) => *slot = Some(StoredTable { counts, symbols }),
                None => return Err(self.corrupt(format!("Huffman table number {id:#04x}"))),
            }
            payload = rest;
        }
        Ok(())
    }

    fn take_quantisation(&mut self, mut payload: &[u8]) -> Result<(), PixelError> {
        while let [id, rest @ ..] = payload {
            let bytes = if id >> 4 == 0 { 64 } else { 128 };
            let Some((values, rest)) = rest.split_at_checked(bytes) else {
                return Err(self.corrupt("a quantisation table is cut off"));
            };
            let mut table = [0; 64];
            for (index, slot) in table.iter_mut().enumerate() {
                *slot = match bytes {
                    64 => values[index].into(),
                    _ => u16::from_be_bytes([values[2 * index], values[2 * index + 1]]),
                };
            }
            match self.quantisation.get_mut(usize::from(id & 15)) {
                Some(slot) => *slot = Some(table),
                None => return Err(self.corrupt(format!("quantisation table number {id:#04x}"))),
            }
            payload = rest;
        }
        Ok(())
    }

    fn take_scan(&mut self, payload: &[u8]) -> Result<(), PixelError> {
        if self.process == 0 {
            return Err(self.corrupt("there is no frame header before the scan"));
        }
        let [1, _, tables, a, b, c] = payload else {
            let n = payload.first().copied().unwrap_or(0);
            return Err(self.corrupt(format!("a scan of {n} components, expected 1")));
        };
        self.table_ids = (usize::from(tables >> 4), usize::from(tables & 15));
        self.scan = [*a, *b, *c];
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = &[
        0xFF, 0xD8, 0xFF, 0xFE, 0, 4, b'h', b'i', 0xFF, 0xFF, 0xC3, 0, 11, 12, 0, 3, 0, 5, 1, 1, 0x11, 0,
        0xFF, 0xDD, 0, 4, 0, 5, 0xFF, 0xDA, 0, 8, 1, 1, 0x10, 4, 0, 1, 0xAB,
    ];

    #[test]
    fn frame_restart_and_scan_are_read_past_comments_and_fill_bytes() {
        let header = parse(Encoding::JpegLossless, HEAD).unwrap();
        assert_eq!(header.process, marker::SOF3);
        assert_eq!(header.frame, StreamHeader { rows: 3, columns: 5, n_components: 1, precision: 12 });
        assert_eq!((header.restart_interval, header.table_ids, header.scan), (5, (1, 0), [4, 0, 1]));
        assert_eq!(header.entropy, [0xAB]);
    }

    #[test]
    fn every_cut_header_is_an_error() {
        for length in 0..HEAD.len() - 1 {
            assert!(parse(Encoding::JpegLossless, &HEAD[..length]).is_err(), "{length}");
        }
    }
}
