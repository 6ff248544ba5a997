"""The stored codestreams, and stacks made of them."""

import base64
import functools
import json

import numpy as np
from pydicom.uid import UID

from .encode_streams import COLUMNS, FORMATS, N_SLICES, ROWS, STREAMS, smooth
from .stack import Slice, Stack, ct

SYNTAX = {
    "jpeg-baseline": "1.2.840.10008.1.2.4.50",
    "jpeg-lossless": "1.2.840.10008.1.2.4.57",
    "jpeg-lossless-sv1": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg-ls-near": "1.2.840.10008.1.2.4.81",
    "j2k": "1.2.840.10008.1.2.4.90",
    "j2k-lossy": "1.2.840.10008.1.2.4.91",
    "htj2k": "1.2.840.10008.1.2.4.201",
    "htj2k-rpcl": "1.2.840.10008.1.2.4.202",
    "htj2k-lossy": "1.2.840.10008.1.2.4.203",
    "rle": "1.2.840.10008.1.2.5",
}


@functools.cache
def _streams() -> dict[str, list[str]]:
    return json.loads(STREAMS.read_text())


def frames(codec: str, name: str) -> list[bytes]:
    """Return the codestreams of one stack, without pad bytes."""
    return [base64.b64decode(text) for text in _streams()[f"{codec} {name}"]]


def stack(codec: str, name: str = "u16", *, syntax: str | None = None, **options) -> Stack:
    """Return a stack whose slices are codestreams of their own."""
    dtype, bits = FORMATS[name]
    made = ct(N_SLICES, rows=ROWS, columns=COLUMNS, dtype=dtype, bits_stored=bits)
    number = syntax or SYNTAX[codec]
    for each, frame in zip(made, frames(codec, name), strict=True):
        each.set_encapsulated([frame], UID(number), **options)
    return made


def lossy_stack(codec: str) -> Stack:
    """Return a stack of 8-bit ramps under a lossy codec; its truth is the ramp."""
    made = stack(codec, "u8")
    for k, each in enumerate(made):
        each.hu = smooth(k).astype(float) - 1024
        each.ds.LossyImageCompression = "01"
    return made


def rle_frame(stored: np.ndarray) -> bytes:
    """Return an RLE frame: one segment per byte, most significant first."""
    planes = stored.astype(stored.dtype.newbyteorder("<")).view(np.uint8)
    planes = planes.reshape(*stored.shape, stored.itemsize)
    segments = [
        _padded(b"".join(_pack(row.tobytes()) for row in planes[..., b]))
        for b in reversed(range(stored.itemsize))
    ]
    offsets, at = [], 64
    for segment in segments:
        offsets.append(at)
        at += len(segment)
    header = np.zeros(16, "<u4")
    header[0] = len(segments)
    header[1 : 1 + len(offsets)] = offsets
    return header.tobytes() + b"".join(segments)


def _pack(row: bytes) -> bytes:
    """PackBits: equal neighbours as a run, the rest as literals."""
    out, at = b"", 0
    while at < len(row):
        run = at + 1
        while run < len(row) and row[run] == row[at] and run - at < 128:
            run += 1
        if run - at > 1:
            out += bytes([257 - (run - at), row[at]])
        else:
            while run < len(row) and run - at < 128 and row[run] != row[run - 1]:
                run += 1
            out += bytes([run - at - 1]) + row[at:run]
        at = run
    return out


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (len(data) % 2)


def set_rle(each: Slice, stored: np.ndarray, **options) -> None:
    """Store a slice as RLE."""
    each.set_encapsulated([rle_frame(stored)], UID(SYNTAX["rle"]), **options)
