//! The marker segments of a JPEG 2000 codestream (ITU-T T.800, annex A), read before the decoder sees them:
//! the size must be the agreed one, and nothing may make the decoder allocate out of proportion.

use super::Encoding;
use super::samples::{Samples, StreamHeader};
use crate::dicom::pixels::{PixelError, PixelLayout};

mod marker {
    pub const SOC: u8 = 0x4F;
    pub const SIZ: u8 = 0x51;
    pub const COD: u8 = 0x52;
    pub const COC: u8 = 0x53;
    pub const SOT: u8 = 0x90;
    pub const SOD: u8 = 0x93;
    pub const EOC: u8 = 0xD9;
}

/// Mean number of samples of a tile or a precinct below which an image is refused: the decoder spends
/// hundreds of bytes to some kilobytes on each.
const SAMPLES_PER_TILE: usize = 1024;
const SAMPLES_PER_PRECINCT: usize = 16;
/// Tiles and precincts that even a small image may have.
const FREE_PARTS: usize = 64;
/// Packets of a tile; the decoder keeps two bytes for each that there could be.
const MAX_PACKETS: usize = 1 << 23;
/// OpenJPEG computes in 32 bits with one to spare.
const MAX_PRECISION: u32 = 31;

/// The codestream itself, out of the JP2 boxes that some writers leave around it although PS3.5, 8.2.4,
/// wants it bare.
pub(super) fn codestream(encoding: Encoding, stream: &[u8]) -> Result<&[u8], PixelError> {
    if !stream.starts_with(b"\0\0\0\x0CjP  ") {
        return Ok(stream);
    }
    let mut rest = stream;
    while let Some((head, body)) = rest.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if &head[4..] == b"jp2c" {
            return match length {
                0 => Ok(body),
                _ => rest.get(8..length).ok_or(PixelError::Truncated { encoding }),
            };
        }
        rest = rest.get(length.max(8)..).unwrap_or(&[]);
    }
    let message = "JP2 boxes without a codestream".into();
    Err(PixelError::Corrupt { encoding, message })
}

/// Reads all marker segments of the main header and of the tile-part headers.
///
/// # Errors
/// Where the stream contradicts the layout, ends early, lacks a tile, or is cut into absurdly many parts.
pub(super) fn check(
    encoding: Encoding,
    codestream: &[u8],
    layout: &PixelLayout,
) -> Result<Samples, PixelError> {
    let mut walk =
        Walk { encoding, rest: codestream, n_samples: layout.n_samples(), n_layers: 1, is_lossy: false };
    if !matches!(walk.take_marker()?, marker::SOC) || !matches!(walk.take_marker()?, marker::SIZ) {
        return Err(walk.corrupt("the codestream does not begin with SOC and SIZ"));
    }
    let size = Size::parse(walk.take_payload()?).ok_or_else(|| walk.corrupt("the SIZ segment is broken"))?;
    size.check(&walk, layout)?;
    walk.skip_header(marker::SOT)?;
    let mut is_seen = vec![false; size.n_tiles];
    loop {
        let tile = walk.take_tile_part()?;
        match is_seen.get_mut(tile) {
            Some(seen) => *seen = true,
            None => return Err(walk.corrupt(format!("tile {tile} of {}", size.n_tiles))),
        }
        if matches!(walk.rest, [] | [_] | [0xFF, marker::EOC, ..]) {
            break;
        }
        if walk.take_marker()? != marker::SOT {
            return Err(walk.corrupt("a tile part does not end where it says"));
        }
    }
    if is_seen.contains(&false) {
        return Err(PixelError::Truncated { encoding });
    }
    Ok(Samples { precision: size.header.precision, is_lossy: walk.is_lossy })
}

struct Size {
    header: StreamHeader,
    n_tiles: usize,
    is_subsampled: bool,
}

impl Size {
    fn parse(payload: &[u8]) -> Option<Self> {
        let (_capabilities, rest) = payload.split_at_checked(2)?;
        let (words, rest) = rest.split_at_checked(32)?;
        let word = |i: usize| words.as_chunks::<4>().0.get(i).map(|&w| u32::from_be_bytes(w));
        let (x1, y1, x0, y0) = (word(0)?, word(1)?, word(2)?, word(3)?);
        let (tile_x, tile_y, tile_x0, tile_y0) = (word(4)?, word(5)?, word(6)?, word(7)?);
        let [n1, n0, depth, dx, dy, ..] = *rest else { return None };
        if tile_x == 0 || tile_y == 0 {
            return None;
        }
        let n_across = x1.checked_sub(tile_x0)?.div_ceil(tile_x) as usize;
        let n_down = y1.checked_sub(tile_y0)?.div_ceil(tile_y) as usize;
        let header = StreamHeader {
            rows: y1.checked_sub(y0)?,
            columns: x1.checked_sub(x0)?,
            n_components: u16::from_be_bytes([n1, n0]).into(),
            precision: u32::from(depth & 0x7F) + 1,
        };
        Some(Self { header, n_tiles: n_across.checked_mul(n_down)?, is_subsampled: (dx, dy) != (1, 1) })
    }

    fn check(&self, walk: &Walk, layout: &PixelLayout) -> Result<(), PixelError> {
        let encoding = walk.encoding;
        self.header.check(encoding, layout)?;
        if self.header.precision > MAX_PRECISION {
            let feature = format!("precision {} (at most {MAX_PRECISION})", self.header.precision);
            return Err(PixelError::UnsupportedFeature { encoding, feature });
        }
        if self.is_subsampled {
            return Err(PixelError::UnsupportedFeature {
                encoding,
                feature: "a subsampled component".into(),
            });
        }
        walk.check_parts("tiles", self.n_tiles, SAMPLES_PER_TILE)
    }
}

/// A cursor over marker segments.
struct Walk<'a> {
    encoding: Encoding,
    rest: &'a [u8],
    n_samples: usize,
    n_layers: usize,
    is_lossy: bool,
}

impl<'a> Walk<'a> {
    fn corrupt(&self, message: impl Into<String>) -> PixelError {
        PixelError::Corrupt { encoding: self.encoding, message: message.into() }
    }

    fn check_parts(&self, what: &str, n: usize, samples_per_part: usize) -> Result<(), PixelError> {
        if n <= FREE_PARTS.max(self.n_samples / samples_per_part) {
            return Ok(());
        }
        Err(self.corrupt(format!("{n} {what} for {} samples", self.n_samples)))
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], PixelError> {
        let encoding = self.encoding;
        let (head, rest) = self.rest.split_at_checked(n).ok_or(PixelError::Truncated { encoding })?;
        self.rest = rest;
        Ok(head)
    }

    fn take_marker(&mut self) -> Result<u8, PixelError> {
        match self.take(2)? {
            [0xFF, code] => Ok(*code),
            _ => Err(self.corrupt("no marker where one should be")),
        }
    }

    fn take_payload(&mut self) -> Result<&'a [u8], PixelError> {
        let length = self.take(2)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let n = length.checked_sub(2).ok_or_else(|| self.corrupt("a marker segment of length 0 or 1"))?;
        self.take(n)
    }

    /// Reads segments up to the marker `end`, which it takes.
    fn skip_header(&mut self, end: u8) -> Result<(), PixelError> {
        loop {
            let code = self.take_marker()?;
            if code == end {
                return Ok(());
            }
            if matches!(code, marker::SOC | marker::SIZ | marker::SOT | marker::SOD | marker::EOC) {
                return Err(self.corrupt(format!("marker 0xff{code:02x} out of order")));
            }
            let payload = self.take_payload()?;
            match (code, payload) {
                // Style, (progression, layers, layers, transform), levels, block, block, style, wavelet.
                (marker::COD, [style, _, l1, l0, _, coding @ ..]) => {
                    self.n_layers = u16::from_be_bytes([*l1, *l0]).into();
                    self.take_coding(*style, coding)?;
                }
                // Component (one byte: there is one component), then as above.
                (marker::COC, [_, style, coding @ ..]) => self.take_coding(*style, coding)?,
                (marker::COD | marker::COC, _) => return Err(self.corrupt("a coding style is cut off")),
                _ => {}
            }
        }
    }

    fn take_coding(&mut self, style: u8, coding: &[u8]) -> Result<(), PixelError> {
        let [levels, _, _, _, wavelet, precincts @ ..] = coding else {
            return Err(self.corrupt("a coding style is cut off"));
        };
        self.is_lossy |= *wavelet == 0; // 9-7 irreversible
        self.check_precincts(*levels, (style & 1 == 1).then_some(precincts))
    }

    /// Counts the precincts of each resolution, as if the image were one row of samples, and the packets
    /// (precinct, layer, resolution), for which the decoder keeps a table. Without sizes a precinct is 32768
    /// x 32768.
    fn check_precincts(&self, levels: u8, sizes: Option<&[u8]>) -> Result<(), PixelError> {
        let n_resolutions = usize::from(levels) + 1;
        let sizes = sizes.map_or(Some(&[][..]), |sizes| sizes.get(..n_resolutions));
        let Some(sizes) = sizes.filter(|_| n_resolutions <= 33) else {
            return Err(self.corrupt("a coding style with impossible resolutions"));
        };
        let counts = sizes.iter().enumerate().map(|(resolution, &exponents)| {
            let shift = u32::from(exponents & 15) + u32::from(exponents >> 4);
            let reduced = 2 * (n_resolutions - 1 - resolution) as u32;
            self.n_samples.checked_shr(shift + reduced).unwrap_or(0)
        });
        self.check_parts("precincts", counts.clone().sum(), SAMPLES_PER_PRECINCT)?;
        let n_packets = (counts.max().unwrap_or(0) + 1) * n_resolutions * self.n_layers;
        if n_packets > MAX_PACKETS {
            return Err(self.corrupt(format!("{n_packets} packets in a tile")));
        }
        Ok(())
    }

    /// Reads one tile part after its SOT marker; returns the index of its tile.
    fn take_tile_part(&mut self) -> Result<usize, PixelError> {
        let before = self.rest.len();
        let [t1, t0, l3, l2, l1, l0, _, _] = *self.take_payload()? else {
            return Err(self.corrupt("the SOT segment is broken"));
        };
        self.skip_header(marker::SOD)?;
        let length = u32::from_be_bytes([l3, l2, l1, l0]) as usize;
        if length == 0 {
            self.rest = &[]; // the last tile part reaches to the end
        } else {
            let used = before - self.rest.len() + 2; // the SOT marker counts as well
            let n = length
                .checked_sub(used)
                .ok_or_else(|| self.corrupt("a tile part shorter than its header"))?;
            self.take(n)?;
        }
        Ok(u16::from_be_bytes([t1, t0]).into())
    }
}
