"""Stacks of pages in TIFF; read by tifffile.  They state no place, and mostly no size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._image_bytes import check_claim, voxel_bytes
from calvaria._optional import neighbour
from calvaria.convert._made import made_mask, made_volume
from calvaria.errors import CalvariaError, GeometryError
from calvaria.geometry import Grid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from calvaria.volume import Mask, Volume

__all__ = ["OPTIONS", "read_mask", "read_volume", "stated_spacing_mm"]

OPTIONS = ("lps_from_ijk",)
_UNPACKED = 1
_LEAST_PAGES = 2


def read_volume(file: Path, *, quantity: str, lps_from_ijk: Any = None) -> Volume:
    """Read a volume; see :func:`calvaria.load_image`."""
    values = _read(file)
    grid = _grid(values, lps_from_ijk, name=file.name)
    return made_volume(values, grid, quantity=quantity, like=None, name=file.name)


def read_mask(file: Path, *, lps_from_ijk: Any = None) -> Mask:
    """Read a label image; see :func:`calvaria.load_mask`."""
    values = _read(file)
    return made_mask(values, _grid(values, lps_from_ijk, name=file.name), name=file.name)


def stated_spacing_mm(_file: Path) -> tuple[bool, None]:
    """Say that a TIFF states neither frame nor spacing: its resolution is that of a print."""
    return False, None


def _grid(values: NDArray[Any], lps_from_ijk: Any, *, name: str) -> Grid:
    if lps_from_ijk is None:
        msg = f"{name}: a TIFF states no place; lps_from_ijk expected, found none"
        raise GeometryError(msg)
    nk, nj, ni = values.shape
    return Grid(dims_ijk=(ni, nj, nk), lps_from_ijk=np.asarray(lps_from_ijk, np.float64))


def _read(file: Path) -> NDArray[Any]:
    """Return the pages, first page first; every page is held against the file before it is read."""
    tifffile = neighbour("tifffile")
    try:
        with tifffile.TiffFile(file) as stack:
            pages = list(stack.pages)
            shapes = {(page.shape, str(page.dtype)) for page in pages}
            if len(shapes) != 1 or len(pages) < _LEAST_PAGES or len(pages[0].shape) != 2:
                _refuse_pages(file.name, len(pages), shapes)
            page = pages[0]
            expected = voxel_bytes(
                (len(pages), *page.shape), itemsize=page.dtype.itemsize, name=file.name
            )
            check_claim(
                expected,
                available=file.stat().st_size,
                is_packed=page.compression != _UNPACKED,
                name=file.name,
            )
            return np.stack([page.asarray() for page in pages])
    except (CalvariaError, ImportError):
        raise
    except Exception as error:  # whatever a foreign parser raises on a damaged file
        msg = f"{file.name}: a TIFF that can be read expected: {error}"
        raise CalvariaError(msg) from error


def _refuse_pages(name: str, n_pages: int, shapes: set[Any]) -> None:
    found = ", ".join(sorted(f"{shape} {dtype}" for shape, dtype in shapes)[:3])
    msg = f"{name}: two or more grey pages of one size expected, found {n_pages} of {found}"
    raise CalvariaError(msg)
