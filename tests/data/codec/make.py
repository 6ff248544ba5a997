"""Makes the codestreams beside this file; tests/rust/codec.rs computes the same image and compares.

Run with imagecodecs 2026.3.6 (libjpeg-turbo, CharLS, OpenJPEG, OpenJPH) and Pillow:
`python make.py`. The image is arithmetic, no scan: a ramp with texture, air in the upper rows, a
box of saturated metal.
"""

from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image

ROWS, COLUMNS = 24, 20


def encode_tiles(samples: np.ndarray) -> bytes:
    """JPEG 2000 of nine tiles; imagecodecs writes one only, and Pillow garbles 16-bit ones."""
    stream = BytesIO()
    Image.fromarray(samples).save(
        stream, "JPEG2000", no_jp2=True, irreversible=False, tile_size=(8, 8)
    )
    return stream.getvalue()


i, j = np.mgrid[:ROWS, :COLUMNS]
image = 1000 + 40 * i + 30 * j + (31 * i + 17 * j) % 13 * 5
image[:2] = 0
image[4:8, 5:9] = 4095
unsigned = image.astype(np.uint16)
signed = (image - 2048).astype(np.int16)
bits_of_signed = (signed & 0xFFF).astype(np.uint16)  # 12 bits, two's complement
byte = (image >> 4).astype(np.uint8)

streams = {
    "lossless_p1.jpg": imagecodecs.jpeg_encode(
        unsigned, lossless=True, predictor=1, bitspersample=12
    ),
    "lossless_p6.jpg": imagecodecs.jpeg_encode(
        unsigned, lossless=True, predictor=6, bitspersample=12
    ),
    "baseline.jpg": imagecodecs.jpeg8_encode(byte, level=95),
    "lossless.jls": imagecodecs.jpegls_encode(unsigned),
    "near_2.jls": imagecodecs.jpegls_encode(unsigned, level=2),
    "byte.jls": imagecodecs.jpegls_encode(byte),
    "lossless.j2k": imagecodecs.jpeg2k_encode(
        unsigned, codecformat="j2k", reversible=True, bitspersample=12
    ),
    "signed.j2k": imagecodecs.jpeg2k_encode(
        signed, codecformat="j2k", reversible=True, bitspersample=12
    ),
    "signed_as_unsigned.j2k": imagecodecs.jpeg2k_encode(
        bits_of_signed, codecformat="j2k", reversible=True, bitspersample=12
    ),
    "lossless.jp2": imagecodecs.jpeg2k_encode(
        unsigned, codecformat="jp2", reversible=True, bitspersample=12
    ),
    "tiles.j2k": encode_tiles(byte),
    "lossy.j2k": imagecodecs.jpeg2k_encode(unsigned, codecformat="j2k", level=60, bitspersample=12),
    "lossless.jph": imagecodecs.htj2k_encode(unsigned),
    "signed.jph": imagecodecs.htj2k_encode(signed),
}
for name, stream in streams.items():
    (Path(__file__).parent / name).write_bytes(stream)
