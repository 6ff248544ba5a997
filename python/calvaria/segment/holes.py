"""Holes in masks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from calvaria import _native, _progress
from calvaria._asked import above_zero
from calvaria.segment._bytes import bytes_of, mask_of

if TYPE_CHECKING:
    from calvaria.volume import Mask

__all__ = ["fill_holes"]

_AXES = {"k": 0, "j": 1, "i": 2}
_MOST = 2**62


def fill_holes(mask: Mask, *, by_slice: str | None = None, max_mm3: float | None = None) -> Mask:
    """Return a mask with its holes filled.

    A hole is background that no path from face to face joins with the border of the image.

    Parameters
    ----------
    mask : Mask
        The mask; labels are taken as one structure.
    by_slice : {"k", "j", "i"}, optional
        Fill every slice across this axis on its own: an open skull base then no longer lets the
        braincase out.  Left out: in three dimensions.
    max_mm3 : float, optional
        Larger holes stay, mm3; by slice the volume of the hole in that slice counts.

    Returns
    -------
    Mask
        Boolean; holds the mask.

    Raises
    ------
    ValueError
        There is no such axis, or `max_mm3` is not above 0.

    See Also
    --------
    closing : closes gaps, whether or not they are holes.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> ring = np.ones((3, 3, 3), bool)
    >>> ring[1, 1, 1] = False
    >>> grid = Grid(dims_ijk=(3, 3, 3), lps_from_ijk=np.eye(4))
    >>> fill_holes(Mask(values=ring, grid=grid)).n_voxels
    27
    """
    if by_slice is not None and by_slice not in _AXES:
        msg = f"by_slice: k, j or i expected, found {by_slice!r}"
        raise ValueError(msg)
    most = _MOST
    if max_mm3 is not None:
        n = above_zero("max_mm3", max_mm3) / mask.grid.voxel_volume_mm3
        most = min(math.floor(n * (1.0 + 1e-9)), _MOST)
    axis = None if by_slice is None else _AXES[by_slice]
    made = _progress.run(
        lambda progress: _native.fill_holes(bytes_of(mask), axis, most, progress),
        title="holes",
    )
    return mask_of(made, mask)
