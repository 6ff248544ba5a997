"""Write ``codestreams.json``: the base stack as compressed frames.  Needs imagecodecs.

Run from ``tests/python``: ``python -m dicom_cases.encode_streams``.  The result is kept in the
repository, because JPEG-LS, lossless JPEG and HTJ2K encoders are heavy and not on every platform.
Each stream was decoded again before it was written.
"""

import base64
import json
from pathlib import Path

import numpy as np

from .stack import stored_values

STREAMS = Path(__file__).with_name("codestreams.json")
N_SLICES, ROWS, COLUMNS = 5, 16, 20
FORMATS = {  # name -> dtype, bits stored
    "u8": (np.uint8, 8),
    "u12": (np.uint16, 12),
    "u16": (np.uint16, 16),
    "s16": (np.int16, 16),
}


def smooth(k: int) -> np.ndarray:
    """Return an 8-bit ramp that lossy JPEG keeps within a few grey levels."""
    rows, columns = np.indices((ROWS, COLUMNS))
    return (20 + 5 * rows + 4 * columns + 9 * k).astype(np.uint8)


def _codecs(codecs) -> dict:
    def lossless_jpeg(predictor):
        return lambda a, bits: codecs.jpeg8_encode(
            a.view(np.uint16) if a.dtype.itemsize == 2 else a,
            lossless=True,
            predictor=predictor,
            bitspersample=bits,
        )

    table = {f"jpeg-lossless-{p}": lossless_jpeg(p) for p in range(1, 8)}
    table["jpeg-ls"] = lambda a, bits: codecs.jpegls_encode(
        a.view(np.uint16) if a.dtype.itemsize == 2 else a
    )
    table["j2k"] = lambda a, bits: codecs.jpeg2k_encode(
        a, codecformat="J2K", reversible=True, bitspersample=bits
    )
    table["htj2k"] = lambda a, bits: codecs.htj2k_encode(a, reversible=True)
    return table


def main() -> None:
    """Encode every format with every codec."""
    import imagecodecs

    decode = {
        "jpeg-lossless": imagecodecs.jpeg8_decode,
        "jpeg-ls": imagecodecs.jpegls_decode,
        "j2k": imagecodecs.jpeg2k_decode,
        "htj2k": imagecodecs.htj2k_decode,
    }
    streams = {}
    for codec, encode in _codecs(imagecodecs).items():
        for name, (dtype, bits) in FORMATS.items():
            frames = []
            for k in range(N_SLICES):
                stored = stored_values(k, ROWS, COLUMNS, dtype, bits)
                frame = bytes(encode(np.ascontiguousarray(stored), bits))
                back = decode[codec.rsplit("-", 1)[0] if codec[-1].isdigit() else codec](frame)
                assert (np.asarray(back).astype(dtype) == stored).all(), (codec, name, k)
                frames.append(base64.b64encode(frame).decode())
            streams[f"{codec} {name}"] = frames
    lossy = {
        "jpeg-baseline u8": lambda a: imagecodecs.jpeg8_encode(a, 98),
        "jpeg-ls-near u8": lambda a: imagecodecs.jpegls_encode(a, 2),
        "j2k-lossy u8": lambda a: imagecodecs.jpeg2k_encode(a, 60, codecformat="J2K"),
    }
    for name, encode in lossy.items():
        streams[name] = [
            base64.b64encode(bytes(encode(smooth(k)))).decode() for k in range(N_SLICES)
        ]
    streams["jpeg-extended u12"] = [
        base64.b64encode(
            bytes(imagecodecs.jpeg8_encode(smooth(k).astype(np.uint16) * 16, 98, bitspersample=12))
        ).decode()
        for k in range(N_SLICES)
    ]
    STREAMS.write_text(json.dumps(streams, indent=0) + "\n")


if __name__ == "__main__":
    main()
