"""Masks cut by solids in space: plane, box, ball, cylinder, polygon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria._asked import above_zero, need
from calvaria.segment._bytes import bytes_of, mask_of
from calvaria.volume import Mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Vector = tuple[float, float, float]

__all__ = ["cut_box", "cut_cylinder", "cut_plane", "cut_polygon", "cut_sphere"]


def cut_plane(mask: Mask, *, point_lps_mm: ArrayLike, normal_lps: ArrayLike) -> Mask:
    """Keep what lies on the side of a plane that its normal points to.

    Parameters
    ----------
    mask : Mask
        The mask; labels are taken as one structure.
    point_lps_mm : (3,) array_like
        A point of the plane, LPS, mm.
    normal_lps : (3,) array_like
        Its normal, LPS, of any length.

    Returns
    -------
    Mask
        Boolean.  A voxel whose centre lies on the plane, up to 1e-6 mm, stays.

    Raises
    ------
    ValueError
        A vector does not have three finite numbers, or the normal has no length.

    Examples
    --------
    >>> from calvaria import Grid, Mask
    >>> mask = Mask(values=np.ones((1, 1, 5), bool), grid=Grid(dims_ijk=(5, 1, 1), lps_from_ijk=np.eye(4)))
    >>> cut_plane(mask, point_lps_mm=(2, 0, 0), normal_lps=(1, 0, 0)).values[0, 0].tolist()
    [False, False, True, True, True]
    """
    vectors = [_vector("point_lps_mm", point_lps_mm), _unit("normal_lps", normal_lps)]
    return _cut(mask, "half-space", vectors, [], keep="inside")


def cut_box(
    mask: Mask,
    *,
    centre_lps_mm: ArrayLike,
    size_mm: ArrayLike,
    axes_lps: ArrayLike | None = None,
    keep: str = "inside",
) -> Mask:
    """Keep what lies inside or outside of a box.

    Parameters
    ----------
    mask : Mask
        The mask.
    centre_lps_mm : (3,) array_like
        Middle of the box, LPS, mm.
    size_mm : (3,) array_like
        Lengths of its edges, mm.
    axes_lps : (3, 3) array_like, optional
        Rows: directions of its edges, at right angles; left out, Left, Posterior and Superior.
    keep : {"inside", "outside"}
        Which.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    ValueError
        A size is not above 0, the axes are not at right angles, or `keep` is neither.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(5, 5, 5), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.ones((5, 5, 5), bool), grid=grid)
    >>> cut_box(mask, centre_lps_mm=(2, 2, 2), size_mm=(1, 2, 4)).n_voxels  # 1 x 3 x 5 centres
    15
    """
    halves = [above_zero("size_mm", size) / 2 for size in _vector("size_mm", size_mm)]
    axes = _axes(np.eye(3) if axes_lps is None else axes_lps)
    return _cut(mask, "box", [_vector("centre_lps_mm", centre_lps_mm), *axes], halves, keep=keep)


def cut_sphere(
    mask: Mask, *, centre_lps_mm: ArrayLike, radius_mm: float, keep: str = "inside"
) -> Mask:
    """Keep what lies inside or outside of a ball.

    Parameters
    ----------
    mask : Mask
        The mask.
    centre_lps_mm : (3,) array_like
        Its middle, LPS, mm.
    radius_mm : float
        Its radius, mm.
    keep : {"inside", "outside"}
        Which.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    ValueError
        The radius is not above 0, or `keep` is neither.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(5, 5, 5), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.ones((5, 5, 5), bool), grid=grid)
    >>> cut_sphere(mask, centre_lps_mm=(2, 2, 2), radius_mm=2).values[2].astype(int)
    array([[0, 0, 1, 0, 0],
           [0, 1, 1, 1, 0],
           [1, 1, 1, 1, 1],
           [0, 1, 1, 1, 0],
           [0, 0, 1, 0, 0]])
    """
    vectors = [_vector("centre_lps_mm", centre_lps_mm)]
    return _cut(mask, "sphere", vectors, [above_zero("radius_mm", radius_mm)], keep=keep)


def cut_cylinder(
    mask: Mask,
    *,
    start_lps_mm: ArrayLike,
    end_lps_mm: ArrayLike,
    radius_mm: float,
    keep: str = "inside",
) -> Mask:
    """Keep what lies inside or outside of a cylinder with flat ends.

    Parameters
    ----------
    mask : Mask
        The mask.
    start_lps_mm, end_lps_mm : (3,) array_like
        Middles of its ends, LPS, mm.
    radius_mm : float
        Its radius, mm.
    keep : {"inside", "outside"}
        Which.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    ValueError
        The radius is not above 0, the ends are one point, or `keep` is neither.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(5, 5, 5), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.ones((5, 5, 5), bool), grid=grid)
    >>> drilled = cut_cylinder(
    ...     mask, start_lps_mm=(2, 2, 0), end_lps_mm=(2, 2, 4), radius_mm=1, keep="outside"
    ... )
    >>> drilled.values[0].astype(int)  # every slice has the hole
    array([[1, 1, 1, 1, 1],
           [1, 1, 0, 1, 1],
           [1, 0, 0, 0, 1],
           [1, 1, 0, 1, 1],
           [1, 1, 1, 1, 1]])
    """
    start, end = _vector("start_lps_mm", start_lps_mm), _vector("end_lps_mm", end_lps_mm)
    along = (end[0] - start[0], end[1] - start[1], end[2] - start[2])
    _unit("end_lps_mm - start_lps_mm", along)
    numbers = [above_zero("radius_mm", radius_mm)]
    return _cut(mask, "cylinder", [start, along], numbers, keep=keep)


def cut_polygon(
    mask: Mask,
    *,
    corners_lps_mm: ArrayLike,
    view_lps: ArrayLike,
    depth_mm: tuple[float, float] | None = None,
    keep: str = "inside",
) -> Mask:
    """Keep what lies inside or outside of a polygon seen along a direction: scissors.

    Parameters
    ----------
    mask : Mask
        The mask.
    corners_lps_mm : (n, 3) array_like
        Corners in order, LPS, mm; the last is joined with the first.  Only where they lie across
        the direction matters.
    view_lps : (3,) array_like
        The direction of view, LPS, of any length.
    depth_mm : (float, float), optional
        From where to where along the view it cuts, from the first corner on, mm; left out,
        through everything.
    keep : {"inside", "outside"}
        Which.  Where the polygon crosses itself, the even-odd rule says what is inside.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    ValueError
        There are fewer than three corners, the view has no length, or `keep` is neither.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(5, 5, 5), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.ones((5, 5, 5), bool), grid=grid)
    >>> triangle = [(-0.5, -0.5, 0), (4.5, -0.5, 0), (-0.5, 4.5, 0)]
    >>> cut_polygon(mask, corners_lps_mm=triangle, view_lps=(0, 0, 1)).values[0].astype(int)
    array([[1, 1, 1, 1, 0],
           [1, 1, 1, 0, 0],
           [1, 1, 0, 0, 0],
           [1, 0, 0, 0, 0],
           [0, 0, 0, 0, 0]])
    """
    corners = _numbers("corners_lps_mm", corners_lps_mm)
    if (
        corners.ndim != 2
        or corners.shape[1] != 3
        or len(corners) < 3
        or not np.isfinite(corners).all()
    ):
        msg = f"corners_lps_mm: at least three points (n, 3) expected, found {corners.shape}"
        raise ValueError(msg)
    view = np.asarray(_unit("view_lps", view_lps))
    # Any two directions at right angles to the view.
    right = np.cross(view, np.eye(3)[int(np.argmin(np.abs(view)))])
    right /= np.linalg.norm(right)
    up = np.cross(view, right)
    flat = (corners - corners[0]) @ np.stack([right, up], axis=1)
    low, high = (-1e12, 1e12) if depth_mm is None else _depths(depth_mm)
    vectors = [_vector("corners_lps_mm", v) for v in (corners[0], right, up, view)]
    pairs = [(float(a), float(b)) for a, b in flat]
    return _cut(mask, "prism", vectors, [low, high], keep=keep, corners=pairs)


def _cut(
    mask: Mask,
    kind: str,
    vectors: Sequence[Vector],
    numbers: Sequence[float],
    *,
    keep: str,
    corners: Sequence[tuple[float, float]] = (),
) -> Mask:
    need("mask", mask, Mask)
    if keep not in {"inside", "outside"}:
        msg = f"keep: inside or outside expected, found {keep!r}"
        raise ValueError(msg)
    solid = _native.solid_mask(
        mask.grid.dims_ijk,
        mask.grid.lps_from_ijk,
        kind,
        list(vectors),
        list(numbers),
        list(corners),
    )
    wanted = solid != 0 if keep == "inside" else solid == 0
    return mask_of(wanted & (bytes_of(mask) != 0), mask)


def _vector(name: str, values: ArrayLike) -> Vector:
    numbers = _numbers(name, values)
    if numbers.shape != (3,) or not np.isfinite(numbers).all():
        msg = f"{name}: three finite numbers expected, found {numbers.tolist()}"
        raise ValueError(msg)
    x, y, z = numbers.tolist()
    return (x, y, z)


def _unit(name: str, values: ArrayLike) -> Vector:
    vector = np.asarray(_vector(name, values))
    largest = float(np.abs(vector).max())
    if largest == 0:
        msg = f"{name}: a direction expected, found no length"
        raise ValueError(msg)
    # Divided twice: the square of a very large or small number is none.
    vector = vector / largest
    length = float(np.linalg.norm(vector))
    x, y, z = (vector / length).tolist()
    return (x, y, z)


def _numbers(name: str, values: ArrayLike) -> NDArray[np.float64]:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        msg = f"{name}: numbers expected, found {values!r}"
        raise ValueError(msg) from None


def _depths(values: ArrayLike) -> tuple[float, float]:
    numbers = _numbers("depth_mm", values)
    if numbers.shape != (2,) or not numbers[0] <= numbers[1]:
        msg = f"depth_mm: two numbers in ascending order expected, found {values!r}"
        raise ValueError(msg)
    # Infinity is allowed: as far as anything reaches.
    low, high = np.clip(numbers, -1e12, 1e12).tolist()
    return low, high


def _axes(values: ArrayLike) -> list[Vector]:
    rows = _numbers("axes_lps", values)
    if rows.shape != (3, 3):
        msg = f"axes_lps: three directions (3, 3) expected, found shape {rows.shape}"
        raise ValueError(msg)
    axes = [_unit("axes_lps", row) for row in rows]
    if abs(np.asarray(axes) @ np.asarray(axes).T - np.eye(3)).max() > 1e-6:
        msg = "axes_lps: directions at right angles expected"
        raise ValueError(msg)
    return axes
