"""NRRD files, attached and detached; the header is read by pynrrd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from calvaria._image_bytes import check_claim, data_file, unpacked, voxel_bytes
from calvaria._optional import neighbour
from calvaria.convert._made import made_mask, made_volume
from calvaria.convert.nrrd import Segment, grid_from_nrrd, segments_from_nrrd
from calvaria.errors import CalvariaError, GeometryError, SegmentationError
from calvaria.geometry import Grid
from calvaria.volume import Mask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from calvaria.volume import Volume

__all__ = ["OPTIONS", "read_mask", "read_volume", "stated_spacing_mm"]

OPTIONS = ("lps_from_ijk", "segment")

_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_DTYPE_OF = {name: code for code, names in _TYPES.items() for name in names}
_ENCODINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_TEXT = {"txt", "text", "ascii"}


def read_volume(file: Path, *, quantity: str, lps_from_ijk: Any = None) -> Volume:
    """Read a volume; see :func:`calvaria.load_image`."""
    header, values = _read(file)
    if values.ndim != 3:
        msg = (
            f"{file.name}: 3 dimensions expected, found {values.ndim} of sizes {values.shape[::-1]}"
        )
        raise GeometryError(msg)
    grid = _grid(header, values.shape[::-1], lps_from_ijk, name=file.name)
    return made_volume(values, grid, quantity=quantity, like=None, name=file.name)


def read_mask(file: Path, *, lps_from_ijk: Any = None, segment: str | None = None) -> Mask:
    """Read a label image; see :func:`calvaria.load_mask`."""
    header, values = _read(file)
    layers = _layers(header, values, name=file.name)
    grid = _grid(header, layers.shape[:0:-1], lps_from_ijk, name=file.name)
    segments = segments_from_nrrd(header)
    if segment is not None:
        chosen = _chosen(segments, segment, n_layers=len(layers), name=file.name)
        return Mask(values=layers[chosen.layer] == chosen.label, grid=grid, names={1: chosen.name})
    if len(layers) > 1:
        named = ", ".join(repr(s.name) for s in segments)
        msg = (
            f"{file.name}: one layer of labels expected, found {len(layers)}, as segments that "
            f"overlap need; pass segment= with one of {named}"
        )
        raise SegmentationError(msg)
    names = {s.label: s.name for s in segments}
    return made_mask(layers[0], grid, names=names, name=file.name)


def stated_spacing_mm(file: Path) -> tuple[bool, tuple[float, float, float] | None]:
    """Say whether a header names a space; and its spacings when it names none."""
    with file.open("rb") as stream:
        header = _header(stream, name=file.name)
    if "space" in header or "space dimension" in header or "space directions" in header:
        return True, None
    spacing = np.asarray(header.get("spacings", ()), np.float64).ravel()
    if spacing.size != 3 or not (np.isfinite(spacing) & (spacing > 0)).all():
        return False, None
    return False, tuple(float(mm) for mm in spacing)  # type: ignore[return-value]


def _layers(header: Mapping[str, Any], values: NDArray[Any], *, name: str) -> NDArray[Any]:
    """Return the labels as (layer, k, j, i)."""
    if values.ndim == 3:
        return values[np.newaxis]
    kinds = list(header.get("kinds") or ())
    if values.ndim == 4 and kinds[:1] in (["list"], ["vector"]):
        return np.moveaxis(values, 3, 0)
    msg = f"{name}: 3 dimensions, or layers and 3, expected, found sizes {values.shape[::-1]}"
    raise GeometryError(msg)


def _chosen(segments: list[Segment], wanted: str, *, n_layers: int, name: str) -> Segment:
    hits = [s for s in segments if s.name == wanted and s.layer < n_layers]
    if len(hits) != 1:
        named = ", ".join(repr(s.name) for s in segments) or "no segment with a name"
        msg = f"{name}: exactly one segment {wanted!r} expected, found {named}"
        raise SegmentationError(msg)
    return hits[0]


def _grid(
    header: Mapping[str, Any], dims_ijk: tuple[int, ...], lps_from_ijk: Any, *, name: str
) -> Grid:
    if lps_from_ijk is None:
        return grid_from_nrrd(header, dims_ijk=dims_ijk, name=name)
    try:
        grid_from_nrrd(header, dims_ijk=dims_ijk, name=name)
    except GeometryError:
        return Grid(dims_ijk=dims_ijk, lps_from_ijk=np.asarray(lps_from_ijk, np.float64))  # type: ignore[arg-type]
    msg = f"lps_from_ijk: only for a file that states no place; {name} states one"
    raise ValueError(msg)


def _read(file: Path) -> tuple[Mapping[str, Any], NDArray[Any]]:
    """Return the header and the array, slowest axis first."""
    with file.open("rb") as stream:
        header = _header(stream, name=file.name)
        rest = stream.read()
    detached = header.get("data file", header.get("datafile"))
    if detached is not None:
        rest = data_file(file, str(detached)).read_bytes()
    return header, _decoded(header, rest, name=file.name)


def _header(stream: BinaryIO, *, name: str) -> Mapping[str, Any]:
    nrrd = neighbour("nrrd")
    try:
        header: Mapping[str, Any] = nrrd.read_header(stream)
    except Exception as error:  # whatever a foreign parser raises on a damaged file
        msg = f"{name}: an NRRD header that can be read expected: {error}"
        raise CalvariaError(msg) from error
    return header


def _decoded(header: Mapping[str, Any], data: bytes, *, name: str) -> NDArray[Any]:
    try:
        sizes = tuple(int(n) for n in header["sizes"])
        kind, encoding = str(header["type"]).lower(), str(header["encoding"]).lower()
    except KeyError as error:
        msg = f"{name}: the field {error.args[0]} expected, found none"
        raise CalvariaError(msg) from None
    if kind not in _DTYPE_OF:
        msg = f"{name}: a type of one number per voxel expected, found {kind}"
        raise CalvariaError(msg)
    if encoding not in _ENCODINGS and encoding not in _TEXT:
        msg = f"{name}: encoding raw, gzip, bzip2 or text expected, found {encoding}"
        raise CalvariaError(msg)
    dtype = np.dtype(_DTYPE_OF[kind])
    expected = voxel_bytes(sizes, itemsize=dtype.itemsize, name=name)
    data = _skipped_lines(data, int(header.get("line skip", header.get("lineskip", 0))))
    if encoding in _TEXT:
        return _from_text(data, dtype=dtype, sizes=sizes, name=name)
    if dtype.itemsize > 1:
        dtype = np.dtype(_byte_order(header, name=name) + _DTYPE_OF[kind])
    skip = int(header.get("byte skip", header.get("byteskip", 0)))
    check_claim(expected, available=len(data), is_packed=encoding != "raw", name=name)
    if _ENCODINGS[encoding] == "raw":
        start = len(data) - expected if skip == -1 else max(skip, 0)
        if start + expected > len(data) or (skip != -1 and start + expected < len(data)):
            msg = f"{name}: {expected} bytes expected by its header, found {len(data) - start}"
            raise CalvariaError(msg)
        return np.frombuffer(data, dtype, offset=start, count=expected // dtype.itemsize).reshape(
            sizes[::-1]
        )
    if skip > 0:
        msg = f"{name}: packed data without a byte skip expected"
        raise CalvariaError(msg)
    packed = unpacked(data, expected=expected, encoding=_ENCODINGS[encoding], name=name)
    return np.frombuffer(packed, dtype).reshape(sizes[::-1])


def _skipped_lines(data: bytes, n: int) -> bytes:
    for _ in range(n):
        data = data[data.find(b"\n") + 1 :] if b"\n" in data else b""
        if not data:
            break
    return data


def _byte_order(header: Mapping[str, Any], *, name: str) -> str:
    order = str(header.get("endian", "")).lower()
    if order not in {"little", "big"}:
        msg = f"{name}: endian little or big expected, found {order or 'none'}"
        raise CalvariaError(msg)
    return "<" if order == "little" else ">"


def _from_text(data: bytes, *, dtype: Any, sizes: tuple[int, ...], name: str) -> NDArray[Any]:
    words = data.replace(b",", b" ").split()
    expected = int(np.prod(sizes))
    if len(words) != expected:
        msg = f"{name}: {expected} numbers expected by its header, found {len(words)}"
        raise CalvariaError(msg)
    try:
        return np.array(words).astype(np.float64).astype(dtype).reshape(sizes[::-1])
    except ValueError as error:
        msg = f"{name}: numbers expected: {error}"
        raise CalvariaError(msg) from None
