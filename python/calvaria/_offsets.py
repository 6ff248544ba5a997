"""Offsets as the pictures take them: one for each vertex, NaN where nothing was measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from calvaria.mesh import Mesh

__all__ = ["Offsets", "PointOffsets", "at_points", "limit_of", "tolerance_of", "vertex_offsets"]

# So many times an offset is handed on to vertices that have none yet.
_ROUNDS = 12


@runtime_checkable
class PointOffsets(Protocol):
    """Anything with offsets at points: a deviation map, the metrics of an overlay.

    ``is_measured`` may be missing; then all that is a number counts.
    """

    @property
    def points_lps_mm(self) -> NDArray[np.float64]:
        """Where, (n, 3), LPS mm."""

    @property
    def offset_mm(self) -> NDArray[np.float64]:
        """How far, (n,), positive outside."""


Offsets = Any  # ArrayLike of (n_vertices,), or PointOffsets; a Protocol in a union is no ArrayLike


def values_of(offsets: Offsets) -> NDArray[np.float64]:
    """Return the offsets alone, NaN where nothing was measured."""
    raw = offsets.offset_mm if isinstance(offsets, PointOffsets) else offsets
    values = np.array(raw, dtype=np.float64)
    if values.ndim != 1:
        msg = f"offsets: one dimension expected, found shape {values.shape}"
        raise ValueError(msg)
    measured = getattr(offsets, "is_measured", None)
    if measured is not None:
        values[~np.asarray(measured, dtype=bool)] = math.nan
    if np.isinf(values).any():
        msg = f"offsets: finite numbers, or NaN, expected, found {np.isinf(values).sum()} infinite"
        raise ValueError(msg)
    return values


def vertex_offsets(mesh: Mesh, offsets: Offsets) -> NDArray[np.float64]:
    """Return an offset for each vertex.

    Points that are not the vertices are laid on the face they are nearest to, and each of its
    corners gets the mean of what lies around it, by its share; a corner without any gets the mean of
    its neighbours, a few steps far.
    """
    values, n = values_of(offsets), len(mesh.vertices)
    points = offsets.points_lps_mm if isinstance(offsets, PointOffsets) else None
    if points is None or points is mesh.vertices or np.array_equal(points, mesh.vertices):
        if values.shape != (n,):
            msg = f"offsets: one for each of {n} vertices expected, found shape {values.shape}"
            raise ValueError(msg)
        return values
    if values.shape != (len(points),):
        msg = f"offsets: one for each of {len(points)} points expected, found shape {values.shape}"
        raise ValueError(msg)
    known = np.isfinite(values)
    corners, shares = _shares(mesh, np.asarray(points, np.float64)[known])
    sums = np.zeros(n)
    weights = np.zeros(n)
    for corner in range(3):
        share = shares[:, corner]
        sums += np.bincount(corners[:, corner], weights=share * values[known], minlength=n)
        weights += np.bincount(corners[:, corner], weights=share, minlength=n)
    found = np.full(n, math.nan)
    np.divide(sums, weights, out=found, where=weights > 1e-9)
    return _spread(mesh, found)


def at_points(
    mesh: Mesh, per_vertex: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the offsets of points on the surface, in proportion between its vertices."""
    if not len(points):
        return np.zeros(0)
    corners, shares = _shares(mesh, points)
    return np.asarray((per_vertex[corners] * shares).sum(axis=1))


def limit_of(values: NDArray[np.float64], limit_mm: float | None) -> float:
    """Return the end of the colours: what was asked, or what all but 2 % stay below, rounded up."""
    if limit_mm is not None:
        if not (limit_mm > 0 and math.isfinite(limit_mm)):
            msg = f"limit_mm: a finite number above 0 expected, found {limit_mm}"
            raise ValueError(msg)
        return float(limit_mm)
    known = np.abs(values[np.isfinite(values)])
    most = float(np.percentile(known, 98)) if len(known) else 0.0
    if most < 1e-6:
        return 0.1
    decade = 10.0 ** math.floor(math.log10(most))
    return next(
        step * decade for step in (1, 1.5, 2, 3, 5, 7.5, 10) if step * decade >= most * 0.999
    )


def tolerance_of(offsets: Offsets, tolerance_mm: float | None) -> float:
    """Return the tolerance: what was asked, or what the offsets carry."""
    asked = tolerance_mm if tolerance_mm is not None else getattr(offsets, "tolerance_mm", None)
    if asked is None:
        msg = "tolerance_mm: a number expected, as these offsets carry none"
        raise ValueError(msg)
    if not (asked >= 0 and math.isfinite(asked)):
        msg = f"tolerance_mm: a finite number of at least 0 expected, found {asked}"
        raise ValueError(msg)
    return float(asked)


def _shares(mesh: Mesh, points: ArrayLike) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the corners of the nearest face of each point and their shares in it, (n, 3) each."""
    query = frozen(points, dtype=np.float64)
    found, _, faces = _native.closest_points(mesh.vertices, mesh.faces, mesh.kinds, query)
    corners = mesh.faces[faces]
    a, b, c = mesh.vertices[corners].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    area = np.maximum((normal**2).sum(axis=1), 1e-300)
    shares = np.stack(
        [
            (np.cross(v - u, found - u) * normal).sum(axis=1) / area
            for u, v in ((b, c), (c, a), (a, b))
        ],
        axis=1,
    )
    shares = np.clip(shares, 0.0, 1.0)
    total = shares.sum(axis=1, keepdims=True)
    return corners, np.where(total > 0, shares / np.where(total > 0, total, 1.0), 1 / 3)


def _spread(mesh: Mesh, found: NDArray[np.float64]) -> NDArray[np.float64]:
    ends = np.concatenate([mesh.faces[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    ends = np.concatenate([ends, ends[:, ::-1]])
    n = len(found)
    for _ in range(_ROUNDS):
        missing = np.isnan(found)
        useful = missing[ends[:, 0]] & ~missing[ends[:, 1]]
        if not useful.any():
            break
        to, source = ends[useful].T
        sums = np.bincount(to, weights=found[source], minlength=n)
        counts = np.bincount(to, minlength=n)
        reached = counts > 0
        found[reached] = sums[reached] / counts[reached]
    return found
