"""Growing and shrinking masks, in millimetres on any grid."""

from __future__ import annotations

from calvaria import _native, _progress
from calvaria._asked import above_zero, finite, need, whole
from calvaria.segment._bytes import bytes_of, mask_of, neighbours
from calvaria.segment.logic import difference
from calvaria.volume import Mask

__all__ = ["closing", "dilate", "erode", "hollow", "margin", "opening"]

_GROW, _SHRINK = True, False


def dilate(
    mask: Mask,
    *,
    radius_mm: float | None = None,
    n_voxels: int | None = None,
    connectivity: int = 6,
) -> Mask:
    """Return a mask grown by a ball, or by so many voxels.

    Parameters
    ----------
    mask : Mask
        The mask; labels are taken as one structure.
    radius_mm : float, optional
        Radius of the ball, mm.  Every voxel whose centre lies no farther than this from the
        centre of a voxel of the mask is in, ties up to 1e-6 mm included.
    n_voxels : int, optional
        Instead: how many times the neighbours are added.
    connectivity : {6, 18, 26}
        For `n_voxels`: which voxels are neighbours.

    Returns
    -------
    Mask
        Boolean, on the same grid.

    Raises
    ------
    ValueError
        Not exactly one of `radius_mm` and `n_voxels` was given, or it is not above 0.

    See Also
    --------
    erode, opening, closing : the other three.
    margin : grows or shrinks, by the sign.

    Notes
    -----
    The ball is round in millimetres whatever the voxels, on sheared grids too.  Voxels are moved
    64 at a time, so the result is exact and needs no distance map.  The image ends at its border:
    nothing grows in, and what lies outside does not count as background when a mask shrinks, so
    bone that the image cuts is not eaten away from the cut.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> values = np.zeros((1, 1, 9), bool)
    >>> values[0, 0, 4] = True
    >>> grid = Grid(dims_ijk=(9, 1, 1), lps_from_ijk=np.diag([0.6, 1.0, 1.0, 1.0]))
    >>> dilate(Mask(values=values, grid=grid), radius_mm=1.8).values[0, 0].astype(int)
    array([0, 1, 1, 1, 1, 1, 1, 1, 0])
    """
    return _reshaped(mask, (_GROW,), radius_mm, n_voxels, connectivity)


def erode(
    mask: Mask,
    *,
    radius_mm: float | None = None,
    n_voxels: int | None = None,
    connectivity: int = 6,
) -> Mask:
    """Return a mask shrunk by a ball, or by so many voxels; the parameters are those of `dilate`.

    A voxel stays when no voxel of the background lies within the radius, ties included.

    Parameters
    ----------
    mask : Mask
        The mask.
    radius_mm, n_voxels, connectivity
        As for :func:`dilate`.

    Returns
    -------
    Mask
        Boolean; may be empty.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(7, 7, 1), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.pad(np.ones((1, 5, 5), bool), ((0, 0), (1, 1), (1, 1))), grid=grid)
    >>> erode(mask, radius_mm=1).values[0].astype(int)
    array([[0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0],
           [0, 0, 1, 1, 1, 0, 0],
           [0, 0, 1, 1, 1, 0, 0],
           [0, 0, 1, 1, 1, 0, 0],
           [0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0]])
    """
    return _reshaped(mask, (_SHRINK,), radius_mm, n_voxels, connectivity)


def opening(
    mask: Mask,
    *,
    radius_mm: float | None = None,
    n_voxels: int | None = None,
    connectivity: int = 6,
) -> Mask:
    """Return a mask shrunk and grown again: thin bridges and small spots go.

    Parameters
    ----------
    mask : Mask
        The mask.
    radius_mm, n_voxels, connectivity
        As for :func:`dilate`; what is thinner than twice the radius goes.

    Returns
    -------
    Mask
        Boolean, within the mask; may be empty.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(9, 5, 1), lps_from_ijk=np.eye(4))
    >>> values = np.zeros((1, 5, 9), bool)
    >>> values[0, 1:4, 1:4] = True  # a body with a thin spike
    >>> values[0, 2, 4:8] = True
    >>> opening(Mask(values=values, grid=grid), radius_mm=1).values[0].astype(int)
    array([[0, 0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 1, 1, 0, 0, 0, 0, 0],
           [0, 1, 1, 1, 1, 0, 0, 0, 0],
           [0, 0, 1, 1, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0, 0]])
    """
    return _reshaped(mask, (_SHRINK, _GROW), radius_mm, n_voxels, connectivity)


def closing(
    mask: Mask,
    *,
    radius_mm: float | None = None,
    n_voxels: int | None = None,
    connectivity: int = 6,
) -> Mask:
    """Return a mask grown and shrunk again: gaps and thin slits close.

    Parameters
    ----------
    mask : Mask
        The mask.
    radius_mm, n_voxels, connectivity
        As for :func:`dilate`; what is narrower than twice the radius closes.

    Returns
    -------
    Mask
        Boolean; holds the mask.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(11, 7, 1), lps_from_ijk=np.eye(4))
    >>> values = np.zeros((1, 7, 11), bool)
    >>> values[0, 2:5, 2:9] = True
    >>> values[0, 2:5, 5] = False  # a bar with a crack
    >>> closing(Mask(values=values, grid=grid), radius_mm=1).values[0].astype(int)
    array([[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0],
           [0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0],
           [0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]])
    """
    return _reshaped(mask, (_GROW, _SHRINK), radius_mm, n_voxels, connectivity)


def margin(mask: Mask, *, by_mm: float) -> Mask:
    """Return a mask that reaches farther by a margin, or less far where it is negative.

    Parameters
    ----------
    mask : Mask
        The mask.
    by_mm : float
        The margin, mm.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    ValueError
        The margin is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(7, 1, 1), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.array([[[False, False, True, True, True, False, False]]]), grid=grid)
    >>> margin(mask, by_mm=1).values[0, 0].astype(int), margin(mask, by_mm=-1).values[0, 0].astype(int)
    (array([0, 1, 1, 1, 1, 1, 0]), array([0, 0, 0, 1, 0, 0, 0]))
    """
    need("mask", mask, Mask)
    by_mm = finite("by_mm", by_mm)
    if by_mm == 0:
        return mask_of(bytes_of(mask) != 0, mask)
    return dilate(mask, radius_mm=by_mm) if by_mm > 0 else erode(mask, radius_mm=-by_mm)


def hollow(mask: Mask, *, shell_mm: float, side: str = "inside") -> Mask:
    """Return a shell along the surface of a mask.

    Parameters
    ----------
    mask : Mask
        The mask.
    shell_mm : float
        Thickness of the shell, mm.
    side : {"inside", "outside", "middle"}
        Whether the surface of the mask becomes the outer surface of the shell, its inner one, or
        runs through its middle.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    ValueError
        The thickness is not above 0, or there is no such side.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(7, 7, 1), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.pad(np.ones((1, 5, 5), bool), ((0, 0), (1, 1), (1, 1))), grid=grid)
    >>> hollow(mask, shell_mm=1).values[0].astype(int)
    array([[0, 0, 0, 0, 0, 0, 0],
           [0, 1, 1, 1, 1, 1, 0],
           [0, 1, 0, 0, 0, 1, 0],
           [0, 1, 0, 0, 0, 1, 0],
           [0, 1, 0, 0, 0, 1, 0],
           [0, 1, 1, 1, 1, 1, 0],
           [0, 0, 0, 0, 0, 0, 0]])
    """
    thickness = above_zero("shell_mm", shell_mm)
    reaches = {
        "inside": (0.0, thickness),
        "outside": (thickness, 0.0),
        "middle": (thickness / 2,) * 2,
    }
    if side not in reaches:
        msg = f"side: inside, outside or middle expected, found {side!r}"
        raise ValueError(msg)
    outwards, inwards = reaches[side]
    return difference(margin(mask, by_mm=outwards), margin(mask, by_mm=-inwards))


def _reshaped(
    mask: Mask,
    steps: tuple[bool, ...],
    radius_mm: float | None,
    n_voxels: int | None,
    connectivity: int,
) -> Mask:
    need("mask", mask, Mask)
    if (radius_mm is None) == (n_voxels is None):
        msg = f"radius_mm or n_voxels: exactly one expected, found {radius_mm} and {n_voxels}"
        raise ValueError(msg)
    radius = None if radius_mm is None else above_zero("radius_mm", radius_mm)
    # After so many steps every voxel that can be reached has been.
    times = 0 if n_voxels is None else min(whole("n_voxels", n_voxels, 1), sum(mask.grid.dims_ijk))
    connectivity = neighbours(connectivity)
    made = _progress.run(
        lambda progress: _native.reshape_mask(
            bytes_of(mask),
            list(steps),
            mask.grid.lps_from_ijk,
            radius,
            times,
            connectivity,
            progress,
        ),
        title="growing and shrinking",
    )
    return mask_of(made, mask)
