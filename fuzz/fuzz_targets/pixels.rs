//! Any bytes as one frame of any layout: no panic, no runaway memory, no value outside its range.
//!
//! Input: encoding, rows, columns, bits, alignment and sign, padding; then the codestream. `seeds.py` makes
//! a corpus of that form from the codestreams of the tests.

#![no_main]

use calvaria::dicom::codec::{Encoding, decode_frame};
use calvaria::dicom::pixels::{
    ByteOrder, ImagePixel, Padding, PixelError, PixelLayout, Rescale, SampleFormat, Unpacking, unpack_f32,
    unpack_i16,
};
use libfuzzer_sys::fuzz_target;

const ENCODINGS: [Encoding; 9] = [
    Encoding::EncapsulatedNative,
    Encoding::DeflatedFrame,
    Encoding::Rle,
    Encoding::JpegBaseline,
    Encoding::JpegExtended,
    Encoding::JpegLossless,
    Encoding::JpegLs,
    Encoding::Jpeg2000,
    Encoding::HtJ2k,
];

fuzz_target!(|data: &[u8]| {
    let Some((&[encoding, rows, columns, bits, sign, pad], stream)) = data.split_first_chunk::<6>() else {
        return;
    };
    let bits_stored = u16::from(bits % 32) + 1;
    let bits_allocated = if bits_stored > 16 || bits & 64 != 0 { 32 } else { bits_stored.next_multiple_of(8) };
    let header = ImagePixel {
        rows: usize::from(rows % 64) + 1,
        columns: usize::from(columns % 64) + 1,
        bits_allocated,
        bits_stored,
        high_bit: (bits_stored - 1 + u16::from(sign >> 4)).min(bits_allocated - 1),
        is_signed: sign & 1 == 1,
        format: SampleFormat::Integer,
    };
    let Ok(layout) = PixelLayout::new(header) else { return };
    let mut cells = Vec::new();
    match decode_frame(ENCODINGS[usize::from(encoding) % ENCODINGS.len()], stream, &layout, &mut cells) {
        Ok(()) => unpack(&cells, &layout, pad),
        Err(PixelError::Decoder { message, .. }) => assert!(!message.starts_with("panic"), "{message}"),
        Err(_) => {}
    }
});

/// Both ways to unpack must agree on every value and on what is padding.
fn unpack(cells: &[u8], layout: &PixelLayout, pad: u8) {
    assert_eq!(cells.len(), layout.frame_bytes());
    let limit = (pad & 128 != 0).then_some(f64::from(pad) * 3.0);
    let padding = (pad != 0).then_some(Padding { value: f64::from(pad) - 100.0, limit });
    let order = if pad & 1 == 1 { ByteOrder::Big } else { ByteOrder::Little };
    let how = Unpacking { order, layout, rescale: Rescale::IDENTITY, padding };
    let mut floats = vec![0.0; layout.n_samples()];
    let seen = unpack_f32(cells, &how, -1000.0, &mut floats).expect("a finite rescale of integers");
    let mut integers = vec![0; layout.n_samples()];
    if let Ok(seen_too) = unpack_i16(cells, &how, -1000, &mut integers) {
        assert_eq!(seen, seen_too);
        assert!(integers.iter().zip(&floats).all(|(&a, &b)| f32::from(a) == b));
    }
}
