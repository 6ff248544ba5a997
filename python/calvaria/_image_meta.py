"""MetaImage files (``.mha``, ``.mhd``), the files of ITK: LPS millimetres.

Read here rather than by ITK, which completes missing geometry without a word and takes a
truncated file for a whole one; ITK is the oracle in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._image_bytes import check_claim, data_file, unpacked, voxel_bytes
from calvaria.convert._made import made_mask, made_volume
from calvaria.errors import CalvariaError, GeometryError
from calvaria.geometry import Grid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from calvaria.volume import Mask, Volume

__all__ = ["OPTIONS", "read_mask", "read_volume"]

OPTIONS = ("lps_from_ijk",)

_DTYPE_OF = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}

# The header is text; whatever has no end within this is no header.
_LONGEST_HEADER = 1 << 16

# The format has three names for each of these.
_DIRECTION = ("TransformMatrix", "Rotation", "Orientation")
_ORIGIN = ("Offset", "Position", "Origin")


def read_volume(file: Path, *, quantity: str, lps_from_ijk: Any = None) -> Volume:
    """Read a volume; see :func:`calvaria.load_image`."""
    header, values = _read(file)
    grid = _grid(header, values.shape[::-1], lps_from_ijk, name=file.name)
    return made_volume(values, grid, quantity=quantity, like=None, name=file.name)


def read_mask(file: Path, *, lps_from_ijk: Any = None) -> Mask:
    """Read a label image; see :func:`calvaria.load_mask`."""
    header, values = _read(file)
    grid = _grid(header, values.shape[::-1], lps_from_ijk, name=file.name)
    return made_mask(values, grid, name=file.name)


def _read(file: Path) -> tuple[dict[str, str], NDArray[Any]]:
    data = file.read_bytes()
    header, data = _header(data, name=file.name)
    named = header["ElementDataFile"]
    if named.upper() != "LOCAL":
        data = data_file(file, named).read_bytes()
    return header, _decoded(header, data, name=file.name)


def _header(data: bytes, *, name: str) -> tuple[dict[str, str], bytes]:
    """Return the fields, and the bytes after the last of them, ElementDataFile."""
    header: dict[str, str] = {}
    start = 0
    while (end := data.find(b"\n", start, start + _LONGEST_HEADER)) >= 0 and end < _LONGEST_HEADER:
        line = data[start:end].decode("latin-1")
        start = end + 1
        key, equals, value = line.partition("=")
        if not equals and line.strip():
            break
        header[key.strip()] = value.strip()
        if key.strip() == "ElementDataFile":
            return header, data[start:]
    msg = f"{name}: a MetaImage header that ends with ElementDataFile expected, found none"
    raise CalvariaError(msg)


def _decoded(header: dict[str, str], data: bytes, *, name: str) -> NDArray[Any]:
    sizes = tuple(int(n) for n in _numbers(header, ("DimSize",), name=name))
    n_dims = int(_numbers(header, ("NDims",), name=name)[0])
    if n_dims != 3 or len(sizes) != 3:
        msg = f"{name}: 3 dimensions expected, found {n_dims} of sizes {sizes}"
        raise GeometryError(msg)
    kind, n_channels = (
        header.get("ElementType", "no type"),
        header.get("ElementNumberOfChannels", "1"),
    )
    if n_channels != "1" or kind not in _DTYPE_OF:
        msg = f"{name}: one number per voxel expected, found {n_channels} of {kind}"
        raise CalvariaError(msg)
    big = _is_true(header, "BinaryDataByteOrderMSB") or _is_true(header, "ElementByteOrderMSB")
    dtype = np.dtype(_DTYPE_OF[kind]).newbyteorder(">" if big else "<")
    if header.get("BinaryData", "True").lower() != "true" or header.get("HeaderSize", "0") != "0":
        msg = f"{name}: binary voxels right after the header expected"
        raise CalvariaError(msg)
    expected = voxel_bytes(sizes, itemsize=dtype.itemsize, name=name)
    is_packed = _is_true(header, "CompressedData")
    check_claim(expected, available=len(data), is_packed=is_packed, name=name)
    if is_packed:
        voxels: Any = unpacked(data, expected=expected, name=name)
    else:
        voxels = data
        if len(data) != expected:
            msg = f"{name}: {expected} bytes of voxels expected by its header, found {len(data)}"
            raise CalvariaError(msg)
    return np.frombuffer(voxels, dtype).reshape(sizes[::-1])


def _grid(
    header: dict[str, str], dims_ijk: tuple[int, ...], lps_from_ijk: Any, *, name: str
) -> Grid:
    missing = [
        fields[0]
        for fields in (("ElementSpacing",), _DIRECTION, _ORIGIN)
        if not any(field in header for field in fields)
    ]
    if lps_from_ijk is not None:
        if not missing:
            msg = f"lps_from_ijk: only for a file that states no place; {name} states one"
            raise ValueError(msg)
        return Grid(dims_ijk=dims_ijk, lps_from_ijk=np.asarray(lps_from_ijk, np.float64))  # type: ignore[arg-type]
    if missing:
        msg = f"{name}: {', '.join(missing)} expected, found none; pass lps_from_ijk= if you know"
        raise GeometryError(msg)
    affine = np.eye(4)
    # Row a of the matrix is the direction of axis a.
    direction = np.reshape(_numbers(header, _DIRECTION, n=9, name=name), (3, 3)).T
    affine[:3, :3] = direction * _numbers(header, ("ElementSpacing",), n=3, name=name)
    affine[:3, 3] = _numbers(header, _ORIGIN, n=3, name=name)
    try:
        return Grid(dims_ijk=dims_ijk, lps_from_ijk=affine)  # type: ignore[arg-type]
    except GeometryError as error:
        msg = f"{name}: {error}"
        raise GeometryError(msg) from None


def _numbers(
    header: dict[str, str], fields: tuple[str, ...], *, name: str, n: int | None = None
) -> NDArray[np.float64]:
    text = next((header[field] for field in fields if field in header), "")
    try:
        numbers = np.array([float(word) for word in text.split()])
    except ValueError:
        numbers = np.empty(0)
    if len(numbers) == 0 or (n is not None and len(numbers) != n) or not np.isfinite(numbers).all():
        msg = f"{name}: {n or ''} numbers in {fields[0]} expected, found {text[:60]!r}".replace(
            "  ", " "
        )
        raise CalvariaError(msg)
    return numbers


def _is_true(header: dict[str, str], field: str) -> bool:
    return header.get(field, "False").lower() == "true"
