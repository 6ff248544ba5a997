"""Which way a part goes onto the bone it is made for, and what holds it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria.printability._measured import (
    Record,
    Three,
    arrays,
    need_outwards,
    positive,
    three,
    turn_to,
    unit,
)
from calvaria.printability.sampling import refine_mesh

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from calvaria.mesh import Mesh

__all__ = ["Insertion", "find_insertion"]

# The part is looked at between its corners too: edges up to a 60th of its longest side; a 20th will do to
# find the direction.
_SAMPLES, _COARSE = 60, 20
_MOST_FACES = 60_000
# Directions of the first look, and how many of its best are looked at closely.
_N_WAYS = 300
_N_CLOSE = 2
# Normals of so many of its largest faces are directions too: straight walls leave one direction only.
_N_NORMALS = 12
# Rings of directions about a direction, degrees, and directions of a ring.
_RINGS_DEG = (1.0, 2.0, 4.0, 7.0, 11.0, 16.0, 23.0, 32.0, 45.0)
_AROUND = 12
_ROUNDS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Insertion(Record):
    """How a part comes off the bone it sits on; it goes on the same way back.

    Parameters
    ----------
    way : tuple of float
        Direction in which it is taken off, LPS; the middle of all in which it comes off, or the one
        that holds it back least.
    is_free : bool
        Whether it comes off along ``way`` in a straight line.
    cone_deg : float
        By how much the direction may be off on any side, and the part still comes off; 0 where it does
        not.
    blocked_mm2 : float
        Area of its faces that run into the bone along ``way``: its undercuts.
    free_mm : float or None
        How far it moves before it touches; None where nothing is in its way.
    is_blocked : (m,) ndarray of bool
        Faces of the part that run into the bone along ``way``.
    """

    way: Three
    is_free: bool
    cone_deg: float
    blocked_mm2: float
    free_mm: float | None
    is_blocked: NDArray[np.bool_]

    def __repr__(self) -> str:
        x, y, z = self.way
        how = (
            f"comes off, within {self.cone_deg:.0f} deg"
            if self.is_free
            else f"held back by {self.blocked_mm2:.1f} mm2 after {self.free_mm or 0:.1f} mm"
        )
        return f"Insertion({how}, along ({x:.2f}, {y:.2f}, {z:.2f}))"


def find_insertion(
    part: Mesh, *, bone: Mesh, way: ArrayLike | None = None, min_area_mm2: float = 1.0
) -> Insertion:
    """Find the direction in which a part comes off the bone that it was made for.

    Parameters
    ----------
    part : Mesh
        A guide, plate or plug, where it sits; closed, turned outwards.
    bone : Mesh
        What it sits on, in the same frame; closed, turned outwards.
    way : (3,) array_like, optional
        The direction to look at, LPS; left out, the best is searched for.
    min_area_mm2 : float
        Less area that runs into the bone is noise of the surfaces.

    Returns
    -------
    Insertion

    Warns
    -----
    CalvariaWarning
        A mesh is open.

    Raises
    ------
    MeshError
        A mesh has no face, or is closed and inside out.
    ValueError
        A direction without length, or a number not above 0.

    Notes
    -----
    A part that is moved in a straight line meets a body where a ray ahead from one of its faces does; the
    rays start from the middles of its faces, with edges up to a 60th of its longest side.  About 300
    directions are tried, with the main directions of its walls, and rings of directions about the best.
    Turns are not tried: what comes off only with a turn is held back here.

    Examples
    --------
    >>> from calvaria.mesh import combine_meshes
    >>> from calvaria.printability import block_mesh
    >>> plug = block_mesh(size_mm=(8, 8, 4), centre_lps_mm=(0, 0, 3))
    >>> bone = combine_meshes(block_mesh(size_mm=(30, 30, 10)), plug, method="difference")
    >>> [round(x, 2) for x in find_insertion(plug, bone=bone).way]
    [0.0, 0.0, 1.0]
    """
    need_outwards(part)
    need_outwards(bone)
    least = positive("min_area_mm2", min_area_mm2)
    longest = float(np.ptp(part.vertices, axis=0).max())
    fine = refine_mesh(part, longest_mm=longest / _SAMPLES, most_faces=_MOST_FACES)
    coarse = refine_mesh(part, longest_mm=longest / _COARSE, most_faces=_MOST_FACES).mesh
    search, exact = _Search(bone, coarse, least), _Search(bone, fine.mesh, least)
    chosen = search.best() if way is None else np.array(unit("way", way))
    area, free = exact.cost(chosen[None])
    is_free = bool(area[0] < least)
    flags = np.zeros(len(part.faces), dtype=bool)
    flags[fine.parents[exact.blocked(chosen)]] = True
    flags.flags.writeable = False
    return Insertion(
        way=three(np.round(chosen, 12)),
        is_free=is_free,
        cone_deg=search.cone_deg(chosen) if is_free else 0.0,
        blocked_mm2=float(area[0]),
        free_mm=float(free[0]) if np.isfinite(free[0]) else None,
        is_blocked=flags,
    )


class _Search:
    """Directions of one part and one bone."""

    def __init__(self, bone: Mesh, part: Mesh, least_mm2: float) -> None:
        a, b, c = part.vertices[part.faces].transpose(1, 0, 2)
        self._normals = np.ascontiguousarray(np.cross(b - a, c - a) / 2)
        centres = np.ascontiguousarray((a + b + c) / 3)
        self._given = {**arrays(bone), "centres": centres, "normals": self._normals}
        self._least = least_mm2

    def cost(self, ways: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return for each direction the area that runs into the bone, and how far it moves before."""
        found = np.array(_native.blocked_ways(**self._given, ways=np.ascontiguousarray(ways)))
        return found[:, 0], found[:, 1]

    def blocked(self, way: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which facets run into the bone."""
        return _native.blocked_by_body(**self._given, way=three(way))

    def best(self) -> NDArray[np.float64]:
        """Return the middle of the directions in which the part comes off, else the least blocked."""
        ways = np.vstack([self._walls(), _sphere(_N_WAYS)])
        area, _ = self.cost(ways)
        order = np.argsort(area, kind="stable")[:_N_CLOSE]
        free = area < self._least
        starts = [ways[free].sum(axis=0)] if free.any() else []
        starts += list(ways[order])
        found = []
        for start in starts:
            if np.linalg.norm(start) > 1e-6:
                found.append(self._closer(start / np.linalg.norm(start)))
            if found and found[-1][0] < self._least:
                return found[-1][1]
        return min(found, key=lambda one: one[0])[1]

    def _walls(self) -> NDArray[np.float64]:
        """Return the directions of walls and of flat sides, both ways."""
        areas = np.linalg.norm(self._normals, axis=1)
        units = self._normals / np.maximum(areas, 1e-300)[:, None]
        along = np.linalg.eigh(units.T @ self._normals)[1].T
        across = units[np.argsort(-areas, kind="stable")[:_N_NORMALS]]
        both = np.vstack([along, across[np.linalg.norm(across, axis=1) > 0.5]])
        return np.vstack([both, -both])

    def _closer(self, way: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the middle of what comes off around a direction, or the least blocked there."""
        area = float(self.cost(way[None])[0][0])
        for _ in range(_ROUNDS):
            near = np.vstack([way[None], *(_ring(way, angle) for angle in _RINGS_DEG)])
            areas, _free = self.cost(near)
            is_free = areas < self._least
            middle = near[is_free].sum(axis=0) if is_free.any() else near[np.argmin(areas)]
            middle = middle / np.linalg.norm(middle)
            there = float(self.cost(middle[None])[0][0])
            if there > max(area, self._least):
                break
            way, area = middle, there
        return area, way

    def cone_deg(self, way: NDArray[np.float64]) -> float:
        """Return the largest angle at which the part comes off on every side."""
        for angle in range(1, 91):
            if (self.cost(_ring(way, float(angle)))[0] >= self._least).any():
                return float(angle - 1)
        return 90.0


def _ring(way: NDArray[np.float64], angle_deg: float) -> NDArray[np.float64]:
    """Return directions that lean by an angle, evenly around."""
    right, ahead, along = turn_to(three(way))
    turn = np.arange(_AROUND)[:, None] * (2 * np.pi / _AROUND)
    lean = np.radians(angle_deg)
    ring: NDArray[np.float64] = np.cos(lean) * along + np.sin(lean) * (
        np.cos(turn) * right + np.sin(turn) * ahead
    )
    return ring


def _sphere(n: int) -> NDArray[np.float64]:
    """Return directions spread evenly (a spiral of golden angles), the axes first."""
    k = np.arange(n) + 0.5
    z = 1 - 2 * k / n
    turn = np.pi * (1 + 5**0.5) * k
    flat = np.sqrt(1 - z**2)
    spiral = np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)
    return np.vstack([np.eye(3), -np.eye(3), spiral])
