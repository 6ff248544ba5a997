"""Volumes and masks cut to a box of voxels."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from calvaria._arrays import frozen
from calvaria._asked import at_least_zero, need
from calvaria.errors import EmptyMaskError, GeometryError
from calvaria.geometry import Grid
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["crop", "crop_to_mask"]

Image = TypeVar("Image", Volume, Mask)


def crop(image: Image, *, low_ijk: ArrayLike, high_ijk: ArrayLike) -> Image:
    """Return the part of a volume or mask within a box of voxels; every voxel stays in its place.

    Parameters
    ----------
    image : Volume or Mask
        What is cut.
    low_ijk, high_ijk : (3,) array_like of int
        First and last index along i, j, k, both counted in.  What reaches beyond the image is
        cut to it.

    Returns
    -------
    Volume or Mask
        On the smaller grid, with the findings of the whole.

    Raises
    ------
    GeometryError
        The box lies outside of the image, or is inside out.
    ValueError
        An index is no whole number.

    Examples
    --------
    >>> volume = Volume(
    ...     values=np.arange(8, dtype=np.int16).reshape(1, 2, 4),
    ...     grid=Grid(dims_ijk=(4, 2, 1), lps_from_ijk=np.eye(4)),
    ... )
    >>> part = crop(volume, low_ijk=(1, 1, 0), high_ijk=(2, 1, 0))
    >>> part.values.tolist(), part.grid.origin_lps_mm
    ([[[5, 6]]], (1.0, 1.0, 0.0))
    """
    need("image", image, Volume, Mask)
    dims = np.asarray(image.grid.dims_ijk)
    low = np.maximum(_indices("low_ijk", low_ijk), 0)
    high = np.minimum(_indices("high_ijk", high_ijk), dims - 1)
    if (low > high).any():
        msg = (
            f"low_ijk, high_ijk: a box within {tuple(dims.tolist())} voxels expected, "
            f"found {np.asarray(low_ijk).tolist()} to {np.asarray(high_ijk).tolist()}"
        )
        raise GeometryError(msg)
    (i0, j0, k0), (i1, j1, k1) = low.tolist(), high.tolist()
    affine = image.grid.lps_from_ijk.copy()
    affine[:3, 3] = image.grid.lps_mm_from_ijk(low)
    part = image.values[k0 : k1 + 1, j0 : j1 + 1, i0 : i1 + 1]
    grid = Grid(dims_ijk=tuple((high - low + 1).tolist()), lps_from_ijk=affine)
    return dataclasses.replace(image, values=frozen(part, dtype=part.dtype), grid=grid)


def crop_to_mask(image: Image, *, mask: Mask, margin_mm: float = 0.0) -> Image:
    """Return the part of a volume or mask in the box around a mask.

    Parameters
    ----------
    image : Volume or Mask
        What is cut.
    mask : Mask
        What must be within; on the same grid.
    margin_mm : float
        How far the box reaches beyond the mask, at least, mm.

    Returns
    -------
    Volume or Mask
        On the smaller grid.

    Raises
    ------
    EmptyMaskError
        The mask has no voxel.
    GeometryError
        The grids differ.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(8, 8, 8), lps_from_ijk=np.diag([0.5, 0.5, 0.5, 1.0]))
    >>> values = np.zeros((8, 8, 8), bool)
    >>> values[4, 4, 3:6] = True
    >>> mask = Mask(values=values, grid=grid)
    >>> cropped = crop_to_mask(mask, mask=mask, margin_mm=0.5)
    >>> cropped.grid.dims_ijk, cropped.grid.origin_lps_mm
    ((5, 3, 3), (1.0, 1.5, 1.5))
    """
    need("image", image, Volume, Mask)
    need("mask", mask, Mask)
    if not mask.grid.is_close(image.grid, tolerance_mm=0.01):
        msg = f"mask: a mask on the grid of the image expected, found {mask.grid!r}"
        raise GeometryError(msg)
    margin_mm = at_least_zero("margin_mm", margin_mm)
    spans = [np.flatnonzero(mask.values.any(axis=axes)) for axes in ((0, 1), (0, 2), (1, 2))]
    if not all(len(span) for span in spans):
        msg = "mask: at least one voxel expected, found none"
        raise EmptyMaskError(msg)
    # A ball of the margin reaches this many voxels along each index, on any grid.
    per_mm = np.linalg.norm(np.linalg.inv(mask.grid.lps_from_ijk[:3, :3]), axis=1)
    extra = np.ceil(np.minimum(margin_mm * per_mm - 1e-9, mask.grid.dims_ijk)).astype(np.int64)
    low = np.array([span[0] for span in spans]) - extra
    high = np.array([span[-1] for span in spans]) + extra
    return crop(image, low_ijk=low, high_ijk=high)


def _indices(name: str, values: ArrayLike) -> NDArray[np.int64]:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.shape != (3,) or not (numbers == np.floor(numbers)).all() or np.isinf(numbers).any():
        msg = f"{name}: three whole numbers expected, found {values!r}"
        raise ValueError(msg)
    # Beyond any image; an index cannot be larger.
    return np.clip(numbers, -(2.0**40), 2.0**40).astype(np.int64)
