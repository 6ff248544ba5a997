"""Plain bodies: what labels, bases and pegs are made of, and what examples measure."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from calvaria.mesh import Mesh
from calvaria.printability._measured import positive, unit

__all__ = ["block_mesh", "rod_mesh"]

_FACES = (
    (0, 2, 1), (1, 2, 3), (4, 5, 6), (5, 7, 6), (0, 1, 4), (1, 5, 4),
    (2, 6, 3), (3, 6, 7), (0, 4, 2), (2, 4, 6), (1, 3, 5), (3, 7, 5),
)  # fmt: skip


def block_mesh(*, size_mm: ArrayLike, centre_lps_mm: ArrayLike = (0.0, 0.0, 0.0)) -> Mesh:
    """Make a box along the axes.

    Parameters
    ----------
    size_mm : (3,) array_like
        Its sides.
    centre_lps_mm : (3,) array_like
        Its middle.

    Returns
    -------
    Mesh
        Closed, 12 faces.

    Examples
    --------
    >>> block_mesh(size_mm=(2, 3, 4))
    Mesh(8 vertices, 12 faces)
    """
    size = np.asarray(size_mm, dtype=np.float64)
    if size.shape != (3,) or not (np.isfinite(size).all() and (size > 0).all()):
        msg = f"size_mm: three numbers above 0 expected, found {size.tolist()}"
        raise ValueError(msg)
    corners = np.array([[n >> axis & 1 for axis in range(3)] for n in range(8)]) - 0.5
    return Mesh(
        vertices=corners * size + np.asarray(centre_lps_mm), faces=np.array(_FACES, dtype=np.int32)
    )


def rod_mesh(
    *, start_lps_mm: ArrayLike, end_lps_mm: ArrayLike, radius_mm: float, n_sides: int = 48
) -> Mesh:
    """Make a round rod between two points; its corners lie on the circle.

    Parameters
    ----------
    start_lps_mm, end_lps_mm : (3,) array_like
        Ends of its axis.
    radius_mm : float
        Of the circle.
    n_sides : int
        At least 3.

    Returns
    -------
    Mesh
        Closed.

    Examples
    --------
    >>> rod_mesh(start_lps_mm=(0, 0, 0), end_lps_mm=(0, 0, 5), radius_mm=1.0, n_sides=6)
    Mesh(14 vertices, 24 faces)
    """
    start, end = (np.asarray(point, dtype=np.float64) for point in (start_lps_mm, end_lps_mm))
    axis = np.asarray(unit("end_lps_mm", end - start))
    radius = positive("radius_mm", radius_mm)
    if n_sides < 3:
        msg = f"n_sides: at least 3 expected, found {n_sides}"
        raise ValueError(msg)
    side = np.eye(3)[np.argmin(np.abs(axis))]
    u = np.cross(axis, side)
    u /= np.linalg.norm(u)
    v = np.cross(axis, u)
    angle = 2 * np.pi * np.arange(n_sides) / n_sides
    ring = radius * (np.cos(angle)[:, None] * u + np.sin(angle)[:, None] * v)
    here = np.arange(n_sides)
    after = np.roll(here, -1)
    low, high = np.full(n_sides, 2 * n_sides), np.full(n_sides, 2 * n_sides + 1)
    faces = np.vstack(
        [
            np.c_[here, after, here + n_sides],
            np.c_[after, after + n_sides, here + n_sides],
            np.c_[low, after, here],
            np.c_[high, here + n_sides, after + n_sides],
        ]
    )
    return Mesh(vertices=np.vstack([start + ring, end + ring, start, end]), faces=faces)
