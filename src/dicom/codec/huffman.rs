//! Entropy-coded JPEG data: bytes to bits to symbols.

use super::jpeg::StoredTable;

/// Takes the stuffed zeros out of entropy-coded data up to the next marker. Returns the clean bytes in
/// `clean`, followed by [`BitReader::TAIL`] zeros, and the rest that begins with the marker (or is empty).
pub(super) fn unstuff<'a>(mut coded: &'a [u8], clean: &mut Vec<u8>) -> &'a [u8] {
    clean.clear();
    loop {
        let n = first_ff(coded);
        clean.extend_from_slice(&coded[..n]);
        coded = &coded[n..];
        match coded {
            [0xFF, 0x00, rest @ ..] => {
                clean.push(0xFF);
                coded = rest;
            }
            [0xFF, 0xFF, ..] => coded = &coded[1..], // fill byte before a marker
            _ => break,
        }
    }
    clean.extend_from_slice(&[0; BitReader::TAIL]);
    coded
}

/// Number of bytes before the first 0xFF.
fn first_ff(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let words = bytes.as_chunks::<8>().0;
    let n_clean = words.iter().take_while(|&&word| {
        let inverse = !u64::from_le_bytes(word);
        inverse.wrapping_sub(ONES) & !inverse & (ONES << 7) == 0
    });
    let start = 8 * n_clean.count();
    let n = bytes[start..].iter().position(|&byte| byte == 0xFF);
    n.map_or(bytes.len(), |n| start + n)
}

/// Reads bits, most significant first. Past the end it reads zeros; [`BitReader::is_past_end`] tells.
pub(super) struct BitReader<'a> {
    clean: &'a [u8],
    bits: u64,
    n_bits: u32,
    position: usize,
    end: usize,
}

impl<'a> BitReader<'a> {
    /// Zeros behind the data, so that eight bytes can be loaded at a time.
    pub(super) const TAIL: usize = 8;

    /// Reads what [`unstuff`] has cleaned.
    pub(super) const fn new(clean: &'a [u8]) -> Self {
        Self::with_end(clean, 8 * (clean.len() - Self::TAIL))
    }

    /// Reads the first `end` bits of bytes followed by [`BitReader::TAIL`] zeros.
    pub(super) const fn with_end(clean: &'a [u8], end: usize) -> Self {
        Self { clean, bits: 0, n_bits: 0, position: 0, end }
    }

    /// Afterwards at least 56 bits can be taken.
    #[inline]
    pub(super) fn refill(&mut self) {
        if let Some(next) = self.clean.get(self.position..).and_then(|rest| rest.first_chunk::<8>()) {
            self.bits |= u64::from_be_bytes(*next) >> self.n_bits;
        }
        self.position += (63 - self.n_bits as usize) >> 3;
        self.n_bits |= 0b11_1000;
    }

    /// The next `n` bits, 1 to 32, without taking them.
    #[inline]
    pub(super) const fn peek(&self, n: u32) -> u32 {
        (self.bits >> (64 - n)) as u32
    }

    #[inline]
    pub(super) const fn skip(&mut self, n: u32) {
        self.bits <<= n;
        self.n_bits -= n;
    }

    /// A number of `n` bits, 0 to 32.
    #[inline]
    pub(super) const fn take(&mut self, n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        let value = self.peek(n);
        self.skip(n);
        value
    }

    /// Zeros before the next one; the bits past the end count as zeros.
    #[inline]
    pub(super) const fn n_zeros(&self) -> u32 {
        self.bits.leading_zeros()
    }

    /// A signed number of `n` bits, 1 to 16, in the manner of JPEG (T.81, F.2.2.1 EXTEND).
    #[inline]
    pub(super) const fn take_extended(&mut self, n: u32) -> i32 {
        let value = self.peek(n).cast_signed();
        self.skip(n);
        if value >> (n - 1) == 0 { value - (1 << n) + 1 } else { value }
    }

    const fn n_consumed(&self) -> usize {
        8 * self.position - self.n_bits as usize
    }

    /// Whether more bits were taken than there are.
    pub(super) const fn is_past_end(&self) -> bool {
        self.n_consumed() > self.end
    }

    /// Whole bytes that were not touched and are more than padding.
    pub(super) fn n_left_over(&self) -> usize {
        let rest = self.clean.get(self.n_consumed().div_ceil(8)..self.end / 8).unwrap_or(&[]);
        if rest.iter().all(|&byte| byte == 0 || byte == 0xFF) { 0 } else { rest.len() }
    }
}

/// Bits looked up at once: enough for the code and the difference of nearly every sample of a CT.
const LOOKUP_BITS: u32 = 12;

/// A canonical Huffman code (T.81, annex C).
pub(super) struct HuffmanTable {
    /// By the next [`LOOKUP_BITS`] bits: length of the code (bits 0-7, 0 when longer), symbol (8-15).
    lookup: Vec<u16>,
    /// By length: the codes below this bound, left-aligned to 16 bits, are no longer than that.
    bound: [u32; 17],
    /// By length: index of a symbol = code + offset.
    offset: [i32; 17],
    symbols: Vec<u8>,
}

impl HuffmanTable {
    /// None when the counts describe no prefix code.
    pub(super) fn new(stored: StoredTable) -> Option<Self> {
        let mut table = Self {
            lookup: vec![0; 1 << LOOKUP_BITS],
            bound: [0; 17],
            offset: [0; 17],
            symbols: stored.symbols.to_vec(),
        };
        let (mut code, mut index) = (0_u32, 0_usize);
        for length in 1..=16_u32 {
            let n = usize::from(stored.counts[length as usize - 1]);
            table.offset[length as usize] = index as i32 - code.cast_signed();
            for &symbol in stored.symbols.get(index..index + n)? {
                if length <= LOOKUP_BITS {
                    let first = (code << (LOOKUP_BITS - length)) as usize;
                    let entry = u16::from(symbol) << 8 | length as u16;
                    table.lookup.get_mut(first..first + (1 << (LOOKUP_BITS - length)))?.fill(entry);
                }
                code += 1;
            }
            if code > 1 << length {
                return None;
            }
            table.bound[length as usize] = code << (16 - length);
            index += n;
            code <<= 1;
        }
        (index > 0).then_some(table)
    }

    /// The next symbol, or None for bits that are no code. Needs a refilled reader.
    #[inline]
    pub(super) fn take_symbol(&self, reader: &mut BitReader) -> Option<u8> {
        let entry = self.lookup[reader.peek(LOOKUP_BITS) as usize];
        if entry == 0 {
            return self.take_long_symbol(reader);
        }
        reader.skip(u32::from(entry & 0xFF));
        Some((entry >> 8) as u8)
    }

    #[cold]
    fn take_long_symbol(&self, reader: &mut BitReader) -> Option<u8> {
        let next = reader.peek(16);
        let length = (LOOKUP_BITS + 1..=16).find(|&length| next < self.bound[length as usize])?;
        let index = (next >> (16 - length)).cast_signed() + self.offset[length as usize];
        reader.skip(length);
        self.symbols.get(usize::try_from(index).ok()?).copied()
    }

    pub(super) fn symbols(&self) -> &[u8] {
        &self.symbols
    }
}

/// Differences of lossless JPEG: one look-up yields code and difference together where both fit.
pub(super) struct DifferenceTable {
    /// By the next [`LOOKUP_BITS`] bits: difference (bits 16-31), bits to skip (0-7, 0 when not known).
    lookup: Box<[u32; 1 << LOOKUP_BITS]>,
    codes: HuffmanTable,
}

impl DifferenceTable {
    /// None when the counts describe no prefix code, or a symbol is no category of differences (0 to 16).
    pub(super) fn new(stored: StoredTable) -> Option<Self> {
        let codes = HuffmanTable::new(stored)?;
        if codes.symbols().iter().any(|&symbol| symbol > 16) {
            return None;
        }
        let mut lookup = Box::new([0; 1 << LOOKUP_BITS]);
        for (bits, slot) in lookup.iter_mut().enumerate() {
            let entry = codes.lookup[bits];
            let (length, category) = (u32::from(entry & 0xFF), u32::from(entry >> 8));
            if length == 0 || length + category > LOOKUP_BITS {
                continue;
            }
            let clean = ((bits as u64) << (64 - LOOKUP_BITS)).to_be_bytes();
            let mut reader = BitReader::new(&clean);
            reader.refill();
            reader.skip(length);
            let difference = if category == 0 { 0 } else { reader.take_extended(category) };
            *slot = difference.cast_unsigned() << 16 | (length + category);
        }
        Some(Self { lookup, codes })
    }

    /// The next difference modulo 2^16, or None for bits that are no code. Needs a refilled reader.
    #[inline]
    pub(super) fn take(&self, reader: &mut BitReader) -> Option<u16> {
        let entry = self.lookup[reader.peek(LOOKUP_BITS) as usize];
        let n_bits = entry & 0xFF;
        if n_bits != 0 {
            reader.skip(n_bits);
            return Some((entry >> 16) as u16);
        }
        let difference = match u32::from(self.codes.take_symbol(reader)?) {
            0 => 0,
            16 => 0x8000,
            category => reader.take_extended(category),
        };
        Some(difference as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffed_zeros_and_fill_bytes_are_removed_and_the_marker_stays() {
        let mut clean = Vec::new();
        let coded = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0xFF, 0, 10, 0xFF, 0, 0xFF, 0xFF, 0xD9, 1];
        assert_eq!(unstuff(&coded, &mut clean), [0xFF, 0xD9, 1]);
        assert_eq!(clean, [1, 2, 3, 4, 5, 6, 7, 8, 9, 0xFF, 10, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn reading_past_the_end_is_noticed_at_the_very_bit() {
        let mut clean = Vec::new();
        unstuff(&[0b1010_0000], &mut clean);
        let mut reader = BitReader::new(&clean);
        reader.refill();
        assert_eq!(reader.peek(3), 0b101);
        reader.skip(8);
        assert!(!reader.is_past_end());
        reader.skip(1);
        assert!(reader.is_past_end());
    }

    #[test]
    fn long_codes_and_the_widest_category_are_read() {
        // One code of each length 1 to 16: 0, 10, 110, … The symbol is the length itself.
        let symbols: Vec<u8> = (1..=16).collect();
        let table = DifferenceTable::new(StoredTable { counts: &[1; 16], symbols: &symbols }).unwrap();
        let mut clean = Vec::new();
        // Category 16 (fifteen ones and a zero): -32768 without more bits; then category 2, bits 11: +3.
        unstuff(&[0b1111_1110, 0b1111_1110, 0b1011_0000], &mut clean);
        clean[0] = 0xFF;
        clean[1] = 0b1111_1110;
        let mut reader = BitReader::new(&clean);
        reader.refill();
        assert_eq!(table.take(&mut reader), Some(0x8000));
        reader.refill();
        assert_eq!(table.take(&mut reader), Some(3));
        reader.refill();
        assert_eq!(table.take(&mut reader), Some(0u16.wrapping_sub(1)));
    }

    #[test]
    fn counts_that_are_no_prefix_code_are_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(HuffmanTable::new(StoredTable { counts: &counts, symbols: &[1, 2, 3] }).is_none());
        assert!(HuffmanTable::new(StoredTable { counts: &[0; 16], symbols: &[] }).is_none());
    }
}
