"""Masks as the native module takes them, and back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._arrays import frozen
from calvaria._asked import at_least_zero, need
from calvaria.errors import GeometryError
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["bytes_of", "check_grids", "hu_only", "mask_of", "neighbours", "voxel_count"]

_MOST = 2**63


def bytes_of(mask: Mask) -> NDArray[np.uint8]:
    """Return the mask as uint8: not 0 where any structure is."""
    need("mask", mask, Mask)
    values = mask.values
    if values.dtype == np.bool_:
        return values.view(np.uint8)
    if values.dtype == np.uint8:
        return values
    return frozen(values != 0, dtype=np.bool_).view(np.uint8)


def mask_of(
    made: NDArray[Any], like: Volume | Mask, *, names: dict[int, str] | None = None
) -> Mask:
    """Wrap what the native module has made: uint8 of 0 and 1 is a mask, anything else labels."""
    made.flags.writeable = False
    is_binary = made.dtype == np.uint8 and names is None
    return Mask(
        values=made.view(np.bool_) if is_binary else made,
        grid=like.grid,
        names=names or {},
        findings=like.findings,
    )


def check_grids(name: str, mask: Mask, other: Volume | Mask) -> None:
    """Raise GeometryError when a mask does not lie on the grid of the subject."""
    need(name, mask, Mask)
    if not mask.grid.is_close(other.grid, tolerance_mm=0.01):
        msg = (
            f"{name}: a mask on the grid of the subject expected, found {mask.grid!r} against "
            f"{other.grid!r}; resample_mask(mask, grid=grid) brings it there"
        )
        raise GeometryError(msg)


def neighbours(connectivity: Any) -> int:
    """Return a number of neighbours that a voxel can have."""
    if isinstance(connectivity, bool) or connectivity not in (6, 18, 26):
        msg = f"connectivity: 6, 18 or 26 expected, found {connectivity!r}"
        raise ValueError(msg)
    return int(connectivity)


def hu_only(volume: Volume, what: str) -> None:
    """Raise ValueError when a step in Hounsfield units is asked of an image that has none."""
    need("volume", volume, Volume)
    if not volume.is_hu:
        msg = (
            f"{what}: Hounsfield units expected, found a volume of quantity {volume.quantity!r}; "
            "HU exist in CT only. For MR use automatic_level, grow_region or grow_from_seeds; for "
            'a CT read from NIfTI or NRRD pass quantity="HU" to load_image'
        )
        raise ValueError(msg)


def voxel_count(mask: Mask | Volume, volume_mm3: float, *, name: str) -> int:
    """Return the smallest number of voxels that make up at least this volume."""
    # A volume given as so many voxels is not pushed to one more by rounding.
    n = at_least_zero(name, volume_mm3) / mask.grid.voxel_volume_mm3 * (1.0 - 1e-9)
    return math.ceil(n) if n < _MOST else _MOST
