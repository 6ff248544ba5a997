"""DICOM as bytes: elements that no library would write."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.datadict import dictionary_VR, tag_for_keyword

LONG_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
META_END = 128 + 4  # where the file meta group starts, after preamble and magic


@dataclass(frozen=True)
class Element:
    """Where one element of an explicit little endian data set lies."""

    tag: int
    vr: str
    start: int
    value: int
    end: int


def as_tag(keyword_or_tag: str | int) -> int:
    """Return the number of a keyword; a number is passed on."""
    if isinstance(keyword_or_tag, int):
        return keyword_or_tag
    number = tag_for_keyword(keyword_or_tag)
    assert number is not None, keyword_or_tag
    return number


def _tag_bytes(tag: int) -> bytes:
    return struct.pack("<HH", tag >> 16, tag & 0xFFFF)


def element(
    keyword_or_tag: str | int, value: bytes, *, vr: str | None = None, length: int | None = None
) -> bytes:
    """Return an explicit little endian element; ``length`` may lie."""
    tag = as_tag(keyword_or_tag)
    vr = vr or dictionary_VR(tag)
    length = len(value) if length is None else length
    if vr in LONG_VRS:
        return _tag_bytes(tag) + vr.encode() + b"\0\0" + struct.pack("<I", length) + value
    return _tag_bytes(tag) + vr.encode() + struct.pack("<H", length) + value


def implicit(keyword_or_tag: str | int, value: bytes, *, length: int | None = None) -> bytes:
    """Return an implicit little endian element; ``length`` may lie."""
    length = len(value) if length is None else length
    return _tag_bytes(as_tag(keyword_or_tag)) + struct.pack("<I", length) + value


def item(value: bytes, *, length: int | None = None) -> bytes:
    """Return an item of a sequence or a fragment; with ``UNDEFINED`` length it gets its end."""
    end = implicit(ITEM_END, b"") if length == UNDEFINED else b""
    return implicit(ITEM, value, length=length) + end


def sequence(keyword_or_tag: str | int, *items: bytes, vr: str = "SQ") -> bytes:
    """Return a sequence of undefined length."""
    value = b"".join(items) + implicit(SEQUENCE_END, b"")
    return element(keyword_or_tag, value, vr=vr, length=UNDEFINED)


def elements(data: bytes, start: int = META_END) -> Iterator[Element]:
    """Walk the elements of the top level; undefined lengths run to the end of the data."""
    at = start
    while at + 8 <= len(data):
        group, number = struct.unpack_from("<HH", data, at)
        vr = data[at + 4 : at + 6].decode("latin-1")
        if vr in LONG_VRS:
            (length,) = struct.unpack_from("<I", data, at + 8)
            value = at + 12
        else:
            (length,) = struct.unpack_from("<H", data, at + 6)
            value = at + 8
        end = len(data) if length == UNDEFINED else value + length
        yield Element(group << 16 | number, vr, at, value, end)
        at = end


def find(data: bytes, keyword_or_tag: str | int) -> Element:
    """Return where an element of the top level lies."""
    tag = as_tag(keyword_or_tag)
    return next(element for element in elements(data) if element.tag == tag)


def replace(data: bytes, keyword_or_tag: str | int, new: bytes) -> bytes:
    """Put ``new`` where the element is, or where it would be in tag order."""
    tag = as_tag(keyword_or_tag)
    for found in elements(data):
        if found.tag == tag:
            return data[: found.start] + new + data[found.end :]
        if found.tag > tag:
            return data[: found.start] + new + data[found.start :]
    return data + new


def split_meta(data: bytes) -> tuple[bytes, bytes]:
    """Split a file into preamble with meta group, and data set."""
    first = next(element for element in elements(data) if element.tag >> 16 != 2)
    return data[: first.start], data[first.start :]


def file_bytes(data_set: bytes, *, syntax: str = "1.2.840.10008.1.2.1") -> bytes:
    """Return preamble, magic, a minimal meta group and the data set."""
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    meta = element(0x00020010, uid, vr="UI")
    length = element(0x00020000, struct.pack("<I", len(meta)), vr="UL")
    return b"\0" * 128 + b"DICM" + length + meta + data_set


def bomb(head: bytes, mib: int, tail: bytes = b"") -> bytes:
    """Return a raw deflate stream of head, so many MiB of zeros, and tail; quickly made.

    A fully flushed block does not look back, so one block of zeros can be written many times.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * mib + packer.compress(tail) + packer.flush()
