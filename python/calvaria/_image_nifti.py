"""NIfTI files, through nibabel."""

from __future__ import annotations

import logging
import zlib
from typing import TYPE_CHECKING, Any

from calvaria import convert
from calvaria._image_bytes import GZIP_MAGIC, check_claim, unpacked, voxel_bytes
from calvaria._optional import neighbour
from calvaria.errors import CalvariaError

if TYPE_CHECKING:
    from pathlib import Path

    from calvaria.volume import Mask, Volume

__all__ = ["OPTIONS", "read_mask", "read_volume"]

OPTIONS = ("lps_from_ijk", "form")

# nibabel's grades: 20 is an unset qfac, which means 1; 30 an unknown code; 35 a negative spacing.
_SERIOUS = 25
_SILENT = logging.getLogger("calvaria.nifti")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False

# The longer of the two headers.
_HEADER_BYTES = 540


def read_volume(file: Path, **options: Any) -> Volume:
    """Read a volume; see :func:`calvaria.load_image`."""
    return convert.from_nibabel(_image(file), name=file.name, **options)


def read_mask(file: Path, **options: Any) -> Mask:
    """Read a label image; see :func:`calvaria.load_mask`."""
    return convert.mask_from_nibabel(_image(file), name=file.name, **options)


def _image(file: Path) -> Any:
    data = file.read_bytes()
    is_packed = data[:2] == GZIP_MAGIC
    start = _first_bytes(data, name=file.name) if is_packed else data[:_HEADER_BYTES]
    image_class, header = _header(start, name=file.name)
    sizes = tuple(int(n) for n in header.get_data_shape())
    claimed = voxel_bytes(sizes, itemsize=header.get_data_dtype().itemsize, name=file.name)
    expected = int(header.get_data_offset()) + claimed
    check_claim(expected, available=len(data), is_packed=is_packed, name=file.name)
    if is_packed:
        data = bytes(unpacked(data, expected=expected, name=file.name))
    elif len(data) != expected:
        msg = f"{file.name}: {expected} bytes expected by its header, found {len(data)}"
        raise CalvariaError(msg)
    try:
        return image_class.from_bytes(data)
    except Exception as error:  # whatever a foreign parser raises on a damaged file
        msg = f"{file.name}: a NIfTI image expected: {error}"
        raise CalvariaError(msg) from error


def _first_bytes(data: bytes, *, name: str) -> bytes:
    try:
        return zlib.decompressobj(47).decompress(data, _HEADER_BYTES)
    except zlib.error as error:
        msg = f"{name}: packed data that can be unpacked expected: {error}"
        raise CalvariaError(msg) from None


def _header(start: bytes, *, name: str) -> tuple[Any, Any]:
    """Return the image class and the checked header of NIfTI-1 or NIfTI-2."""
    nib = neighbour("nibabel")
    if start[344:348] == b"ni1\0" or start[4:8] == b"ni2\0":
        msg = f"{name}: voxels in the same file expected, found a header of a .hdr and .img pair"
        raise CalvariaError(msg)
    is_second = start[4:8] == b"n+2\0"
    if not is_second and start[344:348] != b"n+1\0":
        msg = f"{name}: a NIfTI header expected, found none"
        raise CalvariaError(msg)
    image_class = nib.Nifti2Image if is_second else nib.Nifti1Image
    try:
        block = start[:540] if is_second else start[:348]
        header = image_class.header_class(block, check=False)
        # nibabel mends what it doubts and goes on; what it doubts seriously is refused here.
        header.check_fix(logger=_SILENT, error_level=_SERIOUS)
        header.get_data_dtype()
    except Exception as error:  # whatever a foreign parser raises on a damaged file
        msg = f"{name}: a NIfTI header that can be read expected: {error}"
        raise CalvariaError(msg) from error
    return image_class, header
