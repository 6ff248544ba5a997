"""Guards between a header and the memory it asks for.

A header may say anything.  What it asks for is held against the bytes that are there before
anything is allocated; a compressed stream is unpacked in pieces and never beyond what the header
promised.
"""

from __future__ import annotations

import bz2
import math
import zlib
from typing import TYPE_CHECKING, Any

from calvaria.errors import CalvariaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["GZIP_MAGIC", "check_claim", "data_file", "unpacked", "voxel_bytes"]

GZIP_MAGIC = b"\x1f\x8b"

# Deflate cannot pack more than 1032 bytes into one.  Real label images come close (937 in one of
# ours), so the ratio alone proves nothing; beyond 64 only masks of up to 4 GiB are believed.
_DEFLATE_LIMIT = 1032
_USUAL_RATIO = 64
_LARGEST_BEYOND_USUAL = 1 << 32


def voxel_bytes(sizes: Sequence[int], *, itemsize: int, name: str) -> int:
    """Return the bytes that an array of these sizes takes; CalvariaError for a size below 1."""
    if not sizes or min(sizes) < 1:
        msg = f"{name}: sizes of at least 1 expected, found {list(sizes)}"
        raise CalvariaError(msg)
    return math.prod(int(n) for n in sizes) * itemsize


def check_claim(expected: int, *, available: int, is_packed: bool, name: str) -> None:
    """Refuse a header that promises more voxels than the file can hold."""
    limit = available
    if is_packed:
        usual = available * _USUAL_RATIO
        limit = max(usual, min(available * _DEFLATE_LIMIT, _LARGEST_BEYOND_USUAL))
    if expected > limit:
        packed = " packed" if is_packed else ""
        msg = f"{name}: {expected} bytes expected by its header, found {available}{packed} bytes"
        raise CalvariaError(msg)


def data_file(header: Path, named: str) -> Path:
    """Return the data file that a detached header names: one, and in the header's own folder."""
    if not named.strip() or named.split(maxsplit=1)[0].upper() == "LIST" or "%" in named:
        msg = f"{header.name}: one data file expected, found {named[:60]!r}"
        raise CalvariaError(msg)
    folder = header.resolve().parent
    try:
        data = (folder / named).resolve()
        is_inside = data.is_relative_to(folder)
        is_file = is_inside and data.is_file()
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, a loop of links
        msg = f"{header.name}: the name of a data file expected, found {named[:60]!r}"
        raise CalvariaError(msg) from None
    if not is_inside:
        msg = f"{header.name}: a data file in the header's own folder expected, found one outside"
        raise CalvariaError(msg)
    if not is_file:
        msg = f"{header.name}: the data file {data.name[:60]!r} expected, found none"
        raise CalvariaError(msg)
    return data


def unpacked(data: bytes, *, expected: int, encoding: str = "gzip", name: str) -> bytearray:
    """Return exactly ``expected`` bytes of a gzip, zlib or bzip2 stream.

    The stream must end there and its check sum must hold.
    """
    result, rest = bytearray(), data
    try:
        while rest.strip(b"\0"):  # zeros behind the last member are padding
            worker: Any = bz2.BZ2Decompressor() if encoding == "bzip2" else zlib.decompressobj(47)
            rest = _member(worker, rest, result, expected=expected, name=name)
    except (zlib.error, OSError, EOFError, ValueError) as error:
        msg = f"{name}: packed data that can be unpacked expected: {error}"
        raise CalvariaError(msg) from None
    if len(result) != expected:
        msg = f"{name}: {expected} bytes expected by its header, found {len(result)}"
        raise CalvariaError(msg)
    return result


def _member(worker: Any, data: bytes, result: bytearray, *, expected: int, name: str) -> bytes:
    """Unpack one member of a stream onto ``result``; return what follows it."""
    # Small pieces bound what one can become: 64 KiB of deflate 66 MB, 1 KiB of bzip2 some 20 MB.
    piece = 1 << 10 if isinstance(worker, bz2.BZ2Decompressor) else 1 << 16
    for start in range(0, len(data), piece):
        result += worker.decompress(data[start : start + piece])
        if len(result) > expected:
            msg = f"{name}: {expected} bytes expected by its header, found more in the packed data"
            raise CalvariaError(msg)
        if worker.eof:
            end = min(start + piece, len(data))
            return data[end - len(worker.unused_data) :]
    msg = f"{name}: {expected} bytes expected by its header, packed data end after {len(result)}"
    raise CalvariaError(msg)
