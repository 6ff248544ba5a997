"""xarray: the same array order with named dimensions; the affine travels as an attribute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._asked import need
from calvaria._optional import neighbour
from calvaria.convert._made import made_mask, made_volume
from calvaria.errors import GeometryError
from calvaria.geometry import Grid
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["from_xarray", "mask_from_xarray", "to_xarray"]

_DIMS = ("k", "j", "i")


def to_xarray(image: Volume | Mask) -> Any:
    """Return a volume or mask as a DataArray of xarray.

    Parameters
    ----------
    image : Volume or Mask
        Any grid.

    Returns
    -------
    xarray.DataArray
        Dimensions k, j, i with the voxel index as coordinate, so that a cut-out still knows
        where it lies; attributes ``lps_from_ijk`` (nested list), ``unit`` and ``quantity``.
        Where a grid axis runs along x, y or z the position comes along as the coordinate
        ``x_lps_mm``, ``y_lps_mm`` or ``z_lps_mm`` on it.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> array = to_xarray(Volume(values=np.arange(24, dtype=np.int16).reshape(2, 3, 4), grid=grid))
    >>> array.swap_dims(i="x_lps_mm").sel(x_lps_mm=1.5, j=2, k=1).item()
    23
    """
    need("image", image, Volume, Mask)
    xarray = neighbour("xarray")
    coords: dict[str, Any] = {
        dim: np.arange(n) for dim, n in zip(_DIMS, image.values.shape, strict=True)
    }
    affine = image.grid.lps_from_ijk
    for axis, dim in enumerate("ijk"):
        along = np.flatnonzero(affine[:3, axis])
        # A position belongs to one dimension only where no other dimension moves it.
        if len(along) == 1 and np.count_nonzero(affine[along[0], :3]) == 1:
            row = int(along[0])
            positions = affine[row, 3] + affine[row, axis] * np.arange(image.grid.dims_ijk[axis])
            coords[f"{'xyz'[row]}_lps_mm"] = (dim, positions)
    attrs: dict[str, Any] = {"lps_from_ijk": affine.tolist(), "frame": "LPS", "unit": "mm"}
    if isinstance(image, Volume):
        attrs["quantity"] = image.quantity
    else:
        attrs["names"] = dict(image.names)
    return xarray.DataArray(image.values, dims=_DIMS, coords=coords, attrs=attrs)


def from_xarray(array: Any, *, quantity: str | None = None, like: Volume | None = None) -> Volume:
    """Return a DataArray of xarray as a volume.

    Parameters
    ----------
    array : xarray.DataArray
        Dimensions k, j, i in any order with the attribute ``lps_from_ijk``, as `to_xarray`
        makes it.  A cut-out or a strided selection comes back in its right place, as long as
        its index coordinates are evenly spaced.
    quantity : {"HU", "arbitrary"}, optional
        What the values are; by default what the attribute ``quantity`` says, else "arbitrary".
    like : Volume, optional
        The volume the array was made from: its quantity, findings and acquisition are kept.

    Returns
    -------
    Volume
        LPS, mm.

    Raises
    ------
    GeometryError
        A dimension or the affine is missing, or an index coordinate is not evenly spaced.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> from calvaria.convert import to_xarray
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> array = to_xarray(Volume(values=np.zeros((2, 3, 4), np.int16), grid=grid))
    >>> from_xarray(array.isel(k=[1])).grid.origin_lps_mm  # a selection knows where it lies
    (0.0, 0.0, 2.0)
    """
    values, grid = _taken(array)
    if quantity is None and like is None:
        quantity = array.attrs.get("quantity")
    return made_volume(values, grid, quantity=quantity, like=like)


def mask_from_xarray(array: Any, *, names: Mapping[int, str] | None = None) -> Mask:
    """Return a DataArray of labels as a mask, by the same rules as `from_xarray`.

    Parameters
    ----------
    array : xarray.DataArray
        Dimensions k, j, i; whole numbers, 0 is background.
    names : mapping of int to str, optional
        Names of the labels.

    Returns
    -------
    Mask
        At the same places.

    Raises
    ------
    GeometryError
        As for :func:`from_xarray`.
    SegmentationError
        A value is not a whole number from 0 to 65535.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> from calvaria.convert import to_xarray
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> labels = to_xarray(Mask(values=np.full((2, 3, 4), 2, np.uint8), grid=grid))
    >>> mask_from_xarray(labels.isel(i=slice(0, 2)), names={2: "mandible"})
    Mask(2 x 3 x 2 uint8, 12 voxels set)
    """
    values, grid = _taken(array)
    return made_mask(values, grid, names=names or array.attrs.get("names"))


def _taken(array: Any) -> tuple[NDArray[Any], Grid]:
    if set(array.dims) != set(_DIMS):
        msg = f"array: dimensions k, j, i expected, found {', '.join(map(str, array.dims))}"
        raise GeometryError(msg)
    if "lps_from_ijk" not in array.attrs:
        msg = (
            "array: the attribute lps_from_ijk expected, found none; many operations of xarray "
            "drop attributes unless xarray.set_options(keep_attrs=True)"
        )
        raise GeometryError(msg)
    ordered = array.transpose(*_DIMS)
    cut = np.eye(4)
    for axis, dim in enumerate("ijk"):
        start, step = _start_and_step(ordered, dim)
        cut[axis, axis], cut[axis, 3] = step, start
    affine = np.asarray(array.attrs["lps_from_ijk"], np.float64) @ cut
    return np.asarray(ordered.values), Grid(dims_ijk=ordered.shape[::-1], lps_from_ijk=affine)


def _start_and_step(array: Any, dim: str) -> tuple[float, float]:
    if dim not in array.coords:
        return 0.0, 1.0
    index = np.asarray(array.coords[dim].values, np.float64)
    if len(index) == 1:
        return float(index[0]), 1.0
    steps = np.diff(index)
    if not np.allclose(steps, steps[0], rtol=0, atol=1e-9) or steps[0] == 0:
        msg = f"array: evenly spaced coordinate {dim} expected"
        raise GeometryError(msg)
    return float(index[0]), float(steps[0])
