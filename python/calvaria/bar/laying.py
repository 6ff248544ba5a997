"""A scan laid on the mesh that was printed, from any pose."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from calvaria.errors import BarError, BarNotFoundError
from calvaria.mesh import Alignment, Mesh, align_icp, closest_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["lay_on"]

_TRIAL_POINTS = 1200
_TRIAL_ROUNDS = 40
_MOST_POINTS = 8000  # noise of a scan, 0.05 mm, is then averaged to a micrometre
# A fit this good, in mm or as a part of the diagonal (a scale error shows as one), ends the search.
_GOOD_MM = 0.3
_GOOD_FRACTION = 0.003
_FAR_MM = 6.0


def lay_on(
    scan: Mesh,
    nominal: Mesh,
    *,
    start: ArrayLike | None = None,
    more_starts: Sequence[NDArray[np.float64]] = (),
    kept_fraction: float = 0.9,
    most_rms_mm: float = 2.0,
) -> Alignment:
    """Lay a scan on a nominal mesh: from a start, from where it lies, or from its principal axes.

    Parameters
    ----------
    scan, nominal : Mesh
        In mm.
    start : (4, 4) array_like, optional
        Rigid, from landmarks say; needed where the scan shows so little that its axes mislead.
    more_starts : sequence of (4, 4) ndarray
        Tried as well, first.
    kept_fraction : float
        Part of the points that decides.
    most_rms_mm : float
        A fit worse than this is none.

    Returns
    -------
    Alignment
        From scan to nominal.

    Raises
    ------
    BarNotFoundError
        No fit is good enough.
    BarError
        A mesh has no faces.
    """
    for name, mesh in (("scan", scan), ("nominal", nominal)):
        if not len(mesh.faces):
            msg = f"{name}: at least one face expected, found none"
            raise BarError(msg)
    if start is None:
        start = _best_start(scan, nominal, more_starts, kept_fraction)
    found = align_icp(
        scan, nominal, start=start, kept_fraction=kept_fraction, max_points=_MOST_POINTS
    )
    if found.rms_mm > most_rms_mm:
        msg = (
            f"scan: a surface that fits the nominal mesh within {most_rms_mm:g} mm expected, "
            f"found {found.rms_mm:.2f} mm at best; give start from landmarks, or another unit"
        )
        raise BarNotFoundError(msg)
    return found


def _best_start(
    scan: Mesh,
    nominal: Mesh,
    more_starts: Sequence[NDArray[np.float64]],
    kept_fraction: float,
) -> NDArray[np.float64]:
    points = _spread(scan, 3 * _TRIAL_POINTS)
    few = Mesh(vertices=points, faces=np.arange(len(points), dtype=np.int32).reshape(-1, 3))
    good = max(_GOOD_MM, _GOOD_FRACTION * float(np.linalg.norm(np.ptp(points, axis=0))))
    target = _spread(nominal, 3 * _TRIAL_POINTS)
    best, least = np.eye(4), np.inf
    for trial in (*more_starts, *_starts(points, target)):
        found = align_icp(
            few,
            nominal,
            start=trial,
            kept_fraction=kept_fraction,
            max_iterations=_TRIAL_ROUNDS,
            max_points=_TRIAL_POINTS,
        )
        moved = points[::3] @ found.matrix[:3, :3].T + found.matrix[:3, 3]
        # All points count, far ones no more than a little: on a round model the bar alone says
        # which way it is turned, and a trimmed fit would leave it out.
        far = np.minimum(closest_points(nominal, moved).distances_mm, _FAR_MM)
        if far.mean() < least:
            best, least = found.matrix, float(far.mean())
        if least < good and float(np.quantile(far, 0.98)) < _FAR_MM / 2:
            break
    return best


def _starts(
    scan: NDArray[np.float64], nominal: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Yield where it lies, the four turns of the principal axes, then their twenty others."""
    yield np.eye(4)
    frames = []
    for points in (scan, nominal):
        middle = points.mean(axis=0)
        _, axes = np.linalg.eigh(np.cov((points - middle).T))
        axes = axes[:, ::-1].copy()
        if np.linalg.det(axes) < 0:
            axes[:, 2] *= -1
        along = (points - middle) @ axes
        frames.append((axes, middle + axes @ ((along.max(axis=0) + along.min(axis=0)) / 2), middle))
    (from_axes, from_box, from_mean), (to_axes, to_box, to_mean) = frames
    turns = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[order, range(3)] = signs
            if np.linalg.det(turn) > 0:
                turns.append(turn)
    turns.sort(key=lambda turn: -np.abs(np.diag(turn)).sum())  # the identity's family first
    for turn in turns:
        matrix = np.eye(4)
        matrix[:3, :3] = to_axes @ turn @ from_axes.T
        for source, target in ((from_mean, to_mean), (from_box, to_box)):
            matrix = matrix.copy()
            matrix[:3, 3] = target - matrix[:3, :3] @ source
            yield matrix


def _spread(mesh: Mesh, n: int) -> NDArray[np.float64]:
    """Return points spread over the surface by area, so that a dense part does not pull."""
    corners = mesh.vertices[mesh.faces]
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    total = np.cumsum(areas)
    chosen = np.searchsorted(total, (np.arange(n) + 0.5) / n * total[-1])
    # The plastic number's sequence: even over the triangles, and the same each time.
    a, b = np.modf(np.arange(n)[:, None] * (0.7548776662466927, 0.5698402909980532))[0].T
    over = a + b > 1
    a, b = np.where(over, 1 - a, a), np.where(over, 1 - b, b)
    picked = corners[np.minimum(chosen, len(corners) - 1)]
    points: NDArray[np.float64] = (
        picked[:, 0]
        + a[:, None] * (picked[:, 1] - picked[:, 0])
        + b[:, None] * (picked[:, 2] - picked[:, 0])
    )
    return points
