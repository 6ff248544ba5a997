//! Codestreams of other people's encoders, whole, cut and damaged (tests/data/codec, made by its make.py).

use std::time::{Duration, Instant};

use calvaria::dicom::codec::{Encoding, decode_frame};
use calvaria::dicom::pixels::{ByteOrder, ImagePixel, PixelError, PixelLayout, Rescale, SampleFormat};
use calvaria::dicom::pixels::{Unpacking, unpack_i16};

const ROWS: usize = 24;
const COLUMNS: usize = 20;

macro_rules! stream {
    ($name:literal) => {
        include_bytes!(concat!("../data/codec/", $name)).as_slice()
    };
}

/// The image that make.py compresses.
fn image() -> Vec<i16> {
    let sample = |i: usize, j: usize| match (i, j) {
        (0 | 1, _) => 0,
        (4..8, 5..9) => 4095,
        _ => (1000 + 40 * i + 30 * j + (31 * i + 17 * j) % 13 * 5) as i16,
    };
    (0..ROWS * COLUMNS).map(|n| sample(n / COLUMNS, n % COLUMNS)).collect()
}

#[expect(clippy::unwrap_used, reason = "helper of tests")]
fn layout(bits_allocated: u16, bits_stored: u16, is_signed: bool) -> PixelLayout {
    let (rows, columns, high_bit, format) = (ROWS, COLUMNS, bits_stored - 1, SampleFormat::Integer);
    PixelLayout::new(ImagePixel { rows, columns, bits_allocated, bits_stored, high_bit, is_signed, format })
        .unwrap()
}

fn decode(encoding: Encoding, stream: &[u8], layout: &PixelLayout) -> Result<Vec<i16>, PixelError> {
    let mut cells = Vec::new();
    decode_frame(encoding, stream, layout, &mut cells)?;
    assert_eq!(cells.len(), layout.frame_bytes());
    let mut values = vec![0; layout.n_samples()];
    let how = Unpacking { order: ByteOrder::Little, layout, rescale: Rescale::IDENTITY, padding: None };
    unpack_i16(&cells, &how, 0, &mut values)?;
    Ok(values)
}

/// Every stream with the layout of the file it could come from.
fn streams() -> Vec<(&'static str, Encoding, &'static [u8], PixelLayout)> {
    use Encoding::{HtJ2k, Jpeg2000, JpegBaseline, JpegLossless, JpegLs};
    let (plain, signed, byte) = (layout(16, 12, false), layout(16, 12, true), layout(8, 8, false));
    vec![
        ("lossless_p1.jpg", JpegLossless, stream!("lossless_p1.jpg"), plain),
        ("lossless_p6.jpg", JpegLossless, stream!("lossless_p6.jpg"), plain),
        ("baseline.jpg", JpegBaseline, stream!("baseline.jpg"), byte),
        ("lossless.jls", JpegLs, stream!("lossless.jls"), plain),
        ("near_2.jls", JpegLs, stream!("near_2.jls"), plain),
        ("byte.jls", JpegLs, stream!("byte.jls"), byte),
        ("lossless.j2k", Jpeg2000, stream!("lossless.j2k"), plain),
        ("lossless.jp2", Jpeg2000, stream!("lossless.jp2"), plain),
        ("tiles.j2k", Jpeg2000, stream!("tiles.j2k"), byte),
        ("lossy.j2k", Jpeg2000, stream!("lossy.j2k"), plain),
        ("signed.j2k", Jpeg2000, stream!("signed.j2k"), signed),
        ("signed_as_unsigned.j2k", Jpeg2000, stream!("signed_as_unsigned.j2k"), signed),
        ("lossless.jph", HtJ2k, stream!("lossless.jph"), plain),
        ("signed.jph", HtJ2k, stream!("signed.jph"), signed),
    ]
}

/// Largest error that the stream may have: what its encoder was asked for.
fn tolerance(name: &str) -> i32 {
    match name {
        "near_2.jls" => 2,
        "lossy.j2k" => 20, // 60 dB of 4095 is 4 rms
        "baseline.jpg" => 12,
        _ => 0,
    }
}

#[test]
fn every_codec_gives_back_the_image() {
    for (name, encoding, stream, layout) in streams() {
        let values = decode(encoding, stream, &layout).unwrap();
        let expected = image().into_iter().map(|value| match layout {
            _ if layout.is_signed() => value - 2048,
            _ if layout.bits_stored() == 8 => value >> 4,
            _ => value,
        });
        let worst = values.iter().zip(expected).map(|(&a, b)| i32::from(a - b).abs()).max().unwrap();
        assert!(worst <= tolerance(name), "{name}: off by {worst}");
        assert!(worst > 0 || tolerance(name) == 0, "{name} was meant to be lossy");
    }
}

#[test]
fn the_sign_in_the_header_wins_over_that_in_a_jpeg_2000_codestream() {
    let as_signed = decode(Encoding::Jpeg2000, stream!("lossless.j2k"), &layout(16, 12, true)).unwrap();
    let expected: Vec<i16> = image().iter().map(|&v| if v > 2047 { v - 4096 } else { v }).collect();
    assert_eq!(as_signed, expected);
    let as_unsigned = decode(Encoding::Jpeg2000, stream!("signed.j2k"), &layout(16, 12, false)).unwrap();
    let expected: Vec<i16> = image().iter().map(|&v| (v - 2048) & 0xFFF).collect();
    assert_eq!(as_unsigned, expected);
}

#[test]
fn a_stream_of_another_size_is_refused_with_both_numbers() {
    let wide = PixelLayout::new(ImagePixel {
        rows: ROWS,
        columns: COLUMNS + 1,
        bits_allocated: 16,
        bits_stored: 12,
        high_bit: 11,
        is_signed: false,
        format: SampleFormat::Integer,
    })
    .unwrap();
    for (name, encoding, stream, _) in streams() {
        let message = decode(encoding, stream, &wide).unwrap_err().to_string();
        assert!(message.contains("width is 20") && message.contains("is 21"), "{name}: {message}");
    }
}

#[test]
fn a_stream_deeper_than_the_cell_is_refused() {
    for (name, encoding, stream, layout_of_stream) in streams() {
        if layout_of_stream.bits_stored() > 8 {
            let message = decode(encoding, stream, &layout(8, 8, false)).unwrap_err().to_string();
            assert!(message.contains("precision") && message.contains("BitsAllocated"), "{name}: {message}");
        }
    }
}

/// Cut anywhere, a stream is an error or, when only an end marker is gone, the whole image: never half.
#[test]
fn no_truncated_stream_gives_half_an_image() {
    for (name, encoding, stream, layout) in streams() {
        let whole = decode(encoding, stream, &layout).unwrap();
        for length in 0..stream.len() {
            match decode(encoding, &stream[..length], &layout) {
                Err(_) => {}
                Ok(values) => {
                    assert!(stream.len() - length <= 2, "{name}: {length} of {} bytes", stream.len());
                    assert_eq!(values, whole, "{name}: {length} of {} bytes", stream.len());
                }
            }
        }
    }
}

/// Numbers that are the same on every run.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

#[test]
fn damaged_streams_neither_panic_nor_take_long() {
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    for (name, encoding, stream, layout) in streams() {
        for round in 0..250 {
            let mut damaged = stream.to_vec();
            for _ in 0..=random.below(8) {
                let at = random.below(damaged.len());
                damaged[at] ^= 1 << random.below(8);
            }
            if random.below(4) == 0 {
                damaged.truncate(random.below(damaged.len()));
            }
            let start = Instant::now();
            let result = decode(encoding, &damaged, &layout);
            assert!(start.elapsed() < Duration::from_secs(5), "{name}, round {round}");
            if let Err(PixelError::Decoder { message, .. }) = result {
                assert!(!message.contains("panic"), "{name}, round {round}: {message}");
            }
        }
    }
}

#[test]
fn native_cells_in_fragments_may_be_padded_by_one_byte() {
    let layout = layout(8, 8, false);
    let cells = vec![7; ROWS * COLUMNS + 1];
    let decode = |n| decode(Encoding::EncapsulatedNative, &cells[..n], &layout);
    assert!(decode(ROWS * COLUMNS).is_ok() && decode(ROWS * COLUMNS + 1).is_ok());
    assert!(matches!(decode(ROWS * COLUMNS - 1), Err(PixelError::Length { .. })));
}

#[test]
fn compressed_float_pixel_data_is_refused() {
    let (rows, columns, bits_allocated, format) = (ROWS, COLUMNS, 64, SampleFormat::Float64);
    let header =
        ImagePixel { rows, columns, bits_allocated, bits_stored: 0, high_bit: 0, is_signed: false, format };
    let layout = PixelLayout::new(header).unwrap();
    let message = decode_frame(Encoding::Rle, &[0; 100], &layout, &mut Vec::new()).unwrap_err().to_string();
    assert!(message.contains("float"), "{message}");
}
