"""How far every voxel lies from the surface of a mask."""

from __future__ import annotations

from typing import Any

from calvaria import _native, _progress
from calvaria._asked import need
from calvaria.errors import EmptyMaskError, GeometryError
from calvaria.segment._bytes import bytes_of
from calvaria.volume import Mask, Volume

__all__ = ["distance_map"]


def distance_map(mask: Mask, *, is_signed: bool = False) -> Volume:
    """Return the exact euclidean distance of every voxel to the other side, mm.

    Parameters
    ----------
    mask : Mask
        The mask; labels are taken as one structure.
    is_signed : bool
        False: the distance of every voxel of the mask to the nearest voxel of the background,
        and 0 in the background.  True: outside, the distance to the nearest voxel of the mask;
        inside, minus the distance to the nearest voxel of the background.

    Returns
    -------
    Volume
        float32, quantity ``"distance_mm"``.  Distances are between centres of voxels.

    Raises
    ------
    EmptyMaskError
        The mask fills the image, or is empty and the distance to it was asked for.
    GeometryError
        The grid is sheared: use :func:`calvaria.resample_to_orthogonal` first.

    Notes
    -----
    Exact to the rounding of float32 (1e-5 mm over a head) on anisotropic grids; the work grows
    with the number of voxels in the box around the mask.

    References
    ----------
    P. F. Felzenszwalb, D. P. Huttenlocher, Distance transforms of sampled functions,
    doi 10.4086/toc.2012.v008a019.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> values = np.array([[[False, True, True, True, True]]])
    >>> grid = Grid(dims_ijk=(5, 1, 1), lps_from_ijk=np.diag([0.5, 1.0, 1.0, 1.0]))
    >>> distance_map(Mask(values=values, grid=grid)).values
    array([[[0. , 0.5, 1. , 1.5, 2. ]]], dtype=float32)
    """
    need("mask", mask, Mask)
    if mask.grid.is_sheared:
        msg = (
            f"mask: a grid at right angles expected, found one sheared by {mask.grid.shear_deg:.2f} "
            "degrees; resample_to_orthogonal(volume) makes one"
        )
        raise GeometryError(msg)
    values = bytes_of(mask)
    is_any, is_all = bool(values.any()), bool(values.all())
    if is_all or (is_signed and not is_any):
        found = "a mask that fills the image" if is_all else "an empty mask"
        msg = f"mask: voxels on both sides of a surface expected, found {found}"
        raise EmptyMaskError(msg)
    made: Any = _progress.run(
        lambda progress: _native.distance(values, mask.grid.spacing_xyz_mm, is_signed, progress),
        title="distances",
    )
    made.flags.writeable = False
    return Volume(values=made, grid=mask.grid, findings=mask.findings, quantity="distance_mm")
