"""Which way up a part is printed best, and whether it fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria.mesh import Mesh
from calvaria.printability._measured import Record, Three, arrays, need_outwards, three

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Orientation", "find_orientations", "orientation_of"]

_FIRST_LAYER_MM = 0.3
# Directions that are tried besides those of large flat sides: corners of a finely divided icosahedron.
_DIVISIONS = 4
_FLAT_SIDES = 12
# Ways up that are kept, and footprints that are measured at most, best scores first.
_KEPT = 8
# Cosine between ways up that are the same for a printer: half a degree apart.
_SAME = float(np.cos(np.radians(0.5)))
_MOST_TRIED = 40
# How much each cost counts, as parts of the mean over all directions: house rule.
_WEIGHTS = {"under_mm3": 0.6, "overhang_mm2": 0.25, "height_mm": 0.15}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Orientation(Record):
    """One way of laying a part down.

    Parameters
    ----------
    up : tuple of float
        Away from the plate, LPS.
    score : float
        Lower is better; 1 is the mean of all ways that were tried.
    overhang_mm2 : float
        Area of the faces that need support.
    under_mm3 : float
        Space between those faces and the plate.
    on_plate_mm2 : float
        Area that stands on the plate.
    height_mm : float
        Extent along the way up.
    footprint_mm : tuple of float
        Sides of the smallest rectangle about it on the plate, longer first.
    fits : bool or None
        Whether that and the height are within the build volume; None where none was given.
    """

    up: Three
    score: float
    overhang_mm2: float
    under_mm3: float
    on_plate_mm2: float
    height_mm: float
    footprint_mm: tuple[float, float]
    fits: bool | None

    def __repr__(self) -> str:
        x, y, z = self.up
        fits = {True: ", fits", False: ", does not fit", None: ""}[self.fits]
        return f"Orientation(up ({x:.2f}, {y:.2f}, {z:.2f}), score {self.score:.2f}{fits})"


def find_orientations(
    mesh: Mesh,
    *,
    build_mm: Sequence[float] | None = None,
    steepest_deg: float = 45.0,
    more_ups: ArrayLike = (),
    most: int = 5,
) -> tuple[Orientation, ...]:
    """Try ways of laying a part down, and return the best.

    Parameters
    ----------
    mesh : Mesh
        Closed, turned outwards.
    build_mm : (3,) sequence of float, optional
        Width, depth and height of what the printer makes.
    steepest_deg : float
        Angle from upright beyond which a face needs support.
    more_ups : (n, 3) array_like
        Directions of your own that are tried too.
    most : int
        How many are returned, up to 8.

    Returns
    -------
    tuple of Orientation
        What fits first, then the best score, no way up twice; the same for the same mesh.

    Raises
    ------
    MeshError
        The mesh has no face, or is closed and inside out.
    ValueError
        Numbers out of range.

    Notes
    -----
    Tried are the directions of a divided icosahedron and those of large flat sides.  The score weighs
    space under overhangs (0.6), their area (0.25) and height (0.15), each as a part of its mean over all
    directions: a house rule that can be argued with, not an optimum of physics.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> find_orientations(block_mesh(size_mm=(20, 12, 2)), build_mm=(30, 30, 30))[0].height_mm
    2.0
    """
    if most < 1:
        msg = f"most: at least 1 expected, found {most}"
        raise ValueError(msg)
    return _found(mesh, build_mm, steepest_deg, more_ups)[0][:most]


def orientation_of(
    mesh: Mesh, *, up: ArrayLike, build_mm: Sequence[float] | None, steepest_deg: float
) -> tuple[Orientation, tuple[Orientation, ...]]:
    """Return one way up with its score among all that are tried, and the best of those."""
    best, own = _found(mesh, build_mm, steepest_deg, np.asarray(up, np.float64).reshape(1, 3))
    return own[0], best[:5]


def _found(
    mesh: Mesh, build_mm: Sequence[float] | None, steepest_deg: float, more_ups: ArrayLike
) -> tuple[tuple[Orientation, ...], tuple[Orientation, ...]]:
    """Return the best ways up, and those that were asked for."""
    need_outwards(mesh)
    if not 0 < steepest_deg < 90:
        msg = f"steepest_deg: an angle between 0 and 90 expected, found {steepest_deg}"
        raise ValueError(msg)
    size = None if build_mm is None else _size(build_mm)
    own = _normalised(np.asarray(more_ups, dtype=np.float64).reshape(-1, 3))
    ups = np.vstack([own, _flat_sides(mesh), _directions(_DIVISIONS)])
    rows = _native.lay_down_mesh(
        **arrays(mesh),
        ups=np.ascontiguousarray(ups),
        steepest=float(np.sin(np.radians(steepest_deg))),
        first_layer_mm=_FIRST_LAYER_MM,
    )
    costs = np.array([row[:4] for row in rows])
    scores = _scores(costs)
    order = np.lexsort((np.arange(len(scores)), scores.round(9)))
    if size is not None:
        extreme = mesh.vertices[np.unique([row[4] for row in rows])]
        may_fit = np.array([_may_fit(extreme, ups[n], costs[n, 3], size) for n in range(len(ups))])
        order = np.concatenate([order[may_fit[order]], order[~may_fit[order]]])
    found: list[Orientation] = []
    kept = np.empty((0, 3))
    for n in order:
        # A flat side, an axis and a corner of the icosahedron may be one way up, but for rounding.
        if (kept @ ups[n] > _SAME).any():
            continue
        kept = np.vstack([kept, ups[n]])
        found.append(_orientation(mesh, ups[n], scores[n], costs[n], size))
        if sum(one.fits is not False for one in found) >= _KEPT or len(found) >= _MOST_TRIED:
            break
    found.sort(key=lambda one: one.fits is False)
    asked = tuple(_orientation(mesh, ups[n], scores[n], costs[n], size) for n in range(len(own)))
    return tuple(found), asked


def _orientation(
    mesh: Mesh,
    up: NDArray[np.float64],
    score: float,
    cost: NDArray[np.float64],
    size: tuple[float, float, float] | None,
) -> Orientation:
    direction = three(up)
    long, short = _native.mesh_footprint(mesh.vertices, mesh.faces, mesh.kinds, direction)
    overhang, under, on_plate, height = (float(x) for x in cost)
    fits = None
    if size is not None:
        wide, narrow = max(size[:2]), min(size[:2])
        fits = long <= wide and short <= narrow and height <= size[2]
    return Orientation(
        up=direction,
        score=float(score),
        overhang_mm2=overhang,
        under_mm3=under,
        on_plate_mm2=on_plate,
        height_mm=height,
        footprint_mm=(long, short),
        fits=fits,
    )


def _may_fit(
    extreme: NDArray[np.float64],
    up: NDArray[np.float64],
    height_mm: float,
    size: tuple[float, float, float],
) -> bool:
    """Whether the outermost points alone fit: if they do not, the part does not."""
    if height_mm > size[2]:
        return False
    points = np.ascontiguousarray(extreme)
    no_faces, no_kinds = np.empty((0, 3), np.int32), np.empty(0, np.uint8)
    long, short = _native.mesh_footprint(points, no_faces, no_kinds, three(up))
    return long <= max(size[:2]) and short <= min(size[:2])


def _scores(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    columns = {"overhang_mm2": 0, "under_mm3": 1, "height_mm": 3}
    scores = np.zeros(len(costs))
    for name, weight in _WEIGHTS.items():
        column = costs[:, columns[name]]
        mean = column.mean()
        scores += weight * (column / mean if mean > 0 else 1.0)
    return scores


def _size(build_mm: Sequence[float]) -> tuple[float, float, float]:
    size = three(build_mm)
    if not min(size) > 0:
        msg = f"build_mm: three numbers above 0 expected, found {size}"
        raise ValueError(msg)
    return size


def _normalised(ups: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(ups, axis=1, keepdims=True)
    if len(ups) and not (length > 0).all():
        msg = "more_ups: directions with a length expected, found (0, 0, 0)"
        raise ValueError(msg)
    return ups / length if len(ups) else ups


def _flat_sides(mesh: Mesh) -> NDArray[np.float64]:
    """Return the directions that lay the largest flat sides on the plate."""
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    doubled = np.cross(b - a, c - a)
    area = np.linalg.norm(doubled, axis=1)
    normals = doubled[area > 0] / area[area > 0, None]
    # Normals are gathered in cells of a 25th.
    cells = (normals * 25).round().astype(np.int64) + 25
    which = (cells[:, 0] * 51 + cells[:, 1]) * 51 + cells[:, 2]
    weights = area[area > 0]
    sums = np.stack(
        [
            np.bincount(which, weights=normals[:, axis] * weights, minlength=51**3)
            for axis in range(3)
        ],
        axis=1,
    )
    length = np.linalg.norm(sums, axis=1)
    best = np.lexsort((np.arange(len(length)), -length.round(9)))[:_FLAT_SIDES]
    best = best[length[best] > 0]
    ups: NDArray[np.float64] = -sums[best] / length[best, None]
    return ups


def _directions(n: int) -> NDArray[np.float64]:
    """Return the corners of an icosahedron whose faces are divided into n * n."""
    g = (1 + 5**0.5) / 2
    corners = np.array(
        [(0, s, t * g) for s in (-1, 1) for t in (-1, 1)]
        + [(s, t * g, 0) for s in (-1, 1) for t in (-1, 1)]
        + [(t * g, 0, s) for s in (-1, 1) for t in (-1, 1)]
    )
    near = np.abs(((corners[:, None] - corners[None]) ** 2).sum(axis=2) - 4.0) < 1e-9
    points = []
    for i in range(12):
        for j in range(i + 1, 12):
            for k in range(j + 1, 12):
                if near[i, j] and near[j, k] and near[i, k]:
                    for p in range(n + 1):
                        for q in range(n + 1 - p):
                            weights = np.array([p, q, n - p - q]) / n
                            points.append(weights @ corners[[i, j, k]])
    directions = np.array(points)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    axes = np.vstack([np.eye(3), -np.eye(3)])
    _, first = np.unique(directions.round(6), axis=0, return_index=True)
    made: NDArray[np.float64] = np.vstack([axes, directions[np.sort(first)]])
    return made
