"""First guesses for laying one surface on another: as they lie, then by their principal axes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh.triangles import Mesh

__all__ = ["first_guesses", "spread_mm"]

# Axes whose extents are so alike may be any others in their plane.
_ALIKE = 1.15
_ROUND_STEPS = 12


def first_guesses(moving: Mesh, fixed: Mesh) -> NDArray[np.float64]:
    """Return rigid motions (n, 4, 4): the identity, then centre on centre, then axes on axes.

    Where two extents are alike the axes say nothing about a turn around the third, which is tried in
    steps of 30 degrees; where all three are, the turns of a cube are tried, and those between.
    """
    from_centre, from_axes, _ = _frame(moving)
    to_centre, to_axes, extents = _frame(fixed)
    turns = [np.eye(3), *(to_axes @ turn @ from_axes.T for turn in _turns(extents))]
    guesses = np.tile(np.eye(4), (len(turns) + 1, 1, 1))
    for guess, turn in zip(guesses[1:], turns, strict=True):
        guess[:3, :3] = turn
        guess[:3, 3] = to_centre - turn @ from_centre
    return guesses


def spread_mm(mesh: Mesh) -> float:
    """Return the root of the mean square of the distance of the surface from its centre, mm."""
    return float(np.linalg.norm(_frame(mesh)[2]))


def _frame(mesh: Mesh) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Centre, principal axes as columns, right-handed, and extents of the area, longest first."""
    corners = mesh.vertices[mesh.faces]
    middles = corners.mean(axis=1)
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    weights = areas / areas.sum() if areas.sum() > 0 else np.full(len(areas), 1 / len(areas))
    centre = weights @ middles
    apart = corners - centre
    # Exact for triangles: the mean of the outer products of the corners and of the middle, 3 to 9.
    sums = np.einsum("n,nki,nkj->ij", weights, apart, apart) / 12
    whole = np.einsum("n,ni,nj->ij", weights, middles - centre, middles - centre) * 9 / 12
    sizes, axes = np.linalg.eigh(sums + whole)
    axes = axes[:, ::-1].copy()
    if np.linalg.det(axes) < 0:
        axes[:, 2] *= -1
    return centre, axes, np.sqrt(np.maximum(sizes[::-1], 0.0))


def _turns(extents: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    is_alike = extents[:2] <= _ALIKE * extents[1:]
    cube = [
        turn
        for order in itertools.permutations(range(3))
        for signs in itertools.product((1.0, -1.0), repeat=3)
        if np.linalg.det(turn := np.eye(3)[list(order)] * signs) > 0
    ]
    if is_alike.all():
        between = [_about(axis, np.pi / 4) for axis in range(3)]
        return [*cube, *(turn @ half for half in between for turn in cube)]
    halves = [turn for turn in cube if np.abs(np.diag(turn)).sum() == 3]
    if not is_alike.any():
        return halves
    axis = 2 if is_alike[0] else 0
    # Two halves are such turns themselves.
    flips = [np.eye(3), _about(1, np.pi)]
    steps = np.arange(_ROUND_STEPS) * 2 * np.pi / _ROUND_STEPS
    return [_about(axis, angle) @ flip for flip in flips for angle in steps]


def _about(axis: int, angle: float) -> NDArray[np.float64]:
    i, j = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    turn[i, i] = turn[j, j] = np.cos(angle)
    turn[j, i] = np.sin(angle)
    turn[i, j] = -turn[j, i]
    return turn
