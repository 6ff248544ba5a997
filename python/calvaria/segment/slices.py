"""Outlines drawn on some slices, completed on those between."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np

from calvaria._asked import need
from calvaria.errors import EmptyMaskError
from calvaria.geometry import Grid
from calvaria.segment.distances import distance_map
from calvaria.volume import Mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fill_between_slices"]


def fill_between_slices(mask: Mask, *, axis: str = "k") -> Mask:
    """Complete a mask that was drawn on some slices only.

    Parameters
    ----------
    mask : Mask
        A mask or labels; slices without any are those to be completed.
    axis : {"k", "j", "i"}
        The axis across the slices.

    Returns
    -------
    Mask
        Same kind; drawn slices are untouched, and nothing is added before the first or after the
        last of them.

    Raises
    ------
    EmptyMaskError
        Nothing was drawn.
    ValueError
        There is no such axis.

    Notes
    -----
    Between two drawn slices the signed distances to their outlines are mixed, by how far each is
    away; where the mixture is inside, the slice is.  A label that is on one of the two slices only
    ends there.  Where two labels meet, the deeper one wins.

    References
    ----------
    S. P. Raya, J. K. Udupa, Shape-based interpolation of multidimensional objects,
    doi 10.1109/42.52980.

    Examples
    --------
    >>> values = np.zeros((3, 1, 7), bool)
    >>> values[0, 0, 1:6] = values[2, 0, 3:4] = True
    >>> mask = Mask(values=values, grid=Grid(dims_ijk=(7, 1, 3), lps_from_ijk=np.eye(4)))
    >>> fill_between_slices(mask).values[1, 0].astype(int).tolist()
    [0, 0, 1, 1, 1, 0, 0]
    """
    need("mask", mask, Mask)
    axes = {"k": 0, "j": 1, "i": 2}
    if axis not in axes:
        msg = f"axis: k, j or i expected, found {axis!r}"
        raise ValueError(msg)
    across = axes[axis]
    values = np.array(np.moveaxis(mask.values, across, 0))
    drawn = np.flatnonzero(values.any(axis=(1, 2))).tolist()
    if not drawn:
        msg = "mask: at least one drawn slice expected, found none"
        raise EmptyMaskError(msg)
    steps = [s for n, s in enumerate(mask.grid.spacing_zyx_mm) if n != across]
    for first, last in itertools.pairwise(drawn):
        if last - first > 1:
            _between(values, first, last, steps)
    made = np.ascontiguousarray(np.moveaxis(values, 0, across))
    made.flags.writeable = False
    return dataclasses.replace(mask, values=made)


def _between(values: NDArray[np.generic], first: int, last: int, steps: list[float]) -> None:
    common = set(np.unique(values[first]).tolist()) & set(np.unique(values[last]).tolist()) - {0}
    depth = np.zeros((last - first - 1, *values.shape[1:]), np.float32)
    for label in sorted(common):
        ends = [_signed(values[n] == label, steps) for n in (first, last)]
        for n in range(first + 1, last):
            share = (n - first) / (last - first)
            mixed = (1.0 - share) * ends[0] + share * ends[1]
            # Half a step: between the outermost voxel inside and the next one outside.
            deeper = mixed < depth[n - first - 1]
            values[n][deeper] = label
            depth[n - first - 1] = np.minimum(depth[n - first - 1], mixed)


def _signed(inside: NDArray[np.bool_], steps: list[float]) -> NDArray[np.float32]:
    """Return the signed distance to an outline within its slice, mm."""
    if inside.all():
        return np.full(inside.shape, -np.inf, np.float32)
    grid = Grid(
        dims_ijk=(inside.shape[1], inside.shape[0], 1),
        lps_from_ijk=np.diag([steps[1], steps[0], 1.0, 1.0]),
    )
    found: NDArray[np.float32] = distance_map(
        Mask(values=inside[None], grid=grid), is_signed=True
    ).values[0]
    return found
