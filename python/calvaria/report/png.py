"""Pixels as a PNG file: the same bytes for the same pixels, and no text inside."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["png_bytes", "png_uri"]

_GREY, _COLOUR = 0, 2


def png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    r"""Return a PNG of (rows, columns) grey or (rows, columns, 3) coloured pixels.

    References
    ----------
    ISO/IEC 15948, Portable Network Graphics.

    Examples
    --------
    >>> png_bytes(np.zeros((2, 3), np.uint8))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    rows, columns = pixels.shape[:2]
    kind = _GREY if pixels.ndim == 2 else _COLOUR
    lines = np.ascontiguousarray(pixels).reshape(rows, -1)
    # Each line starts with its filter: none.
    raw = np.hstack([np.zeros((rows, 1), np.uint8), lines]).tobytes()
    header = struct.pack(">IIBBBBB", columns, rows, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def png_uri(pixels: NDArray[np.uint8]) -> str:
    """Return the same as a ``data:`` address that a page can hold."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(pixels)).decode("ascii")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
