"""The bars in a scanned surface, in any pose: flat patches, and the pairs that are bars."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native, _progress
from calvaria.bar.block import WIDTHS_MM
from calvaria.bar.planes import FacePair, FittedPlane, fit_plane, measure_pair

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from calvaria.mesh import Mesh

__all__ = [
    "FoundBar",
    "Patch",
    "find_bars",
    "find_patches",
    "fit_patch",
    "scaled",
    "tolerance_mm",
    "weld_mesh",
]

# Normals are averaged over this radius; print edges are round over about as much.
_RADIUS_MM = 1.0
_LEAST_COSINE = float(np.cos(np.radians(20)))
_MOST_MM = 0.5
_LEAST_MM2 = 12.0
_EDGE_MM = 0.8  # what is left out along the border of a patch
_LEAST_POINTS = 12

_HEIGHT_MM = 10.0
_WIDTH_TOLERANCE_MM = 0.7
_LEAST_OPPOSED = float(np.cos(np.radians(5)))
_MOST_ASIDE_MM = 4.0
_LEAST_END_MM2 = 20.0
_LEAST_SIDE_MM = 2.5  # a side is wider than the round of an edge
_SAME_MM = 3.0
_USUAL_FRACTION, _USUAL_MM, _MOST_FRACTION = 0.05, 1.5, 0.2
# Pairs grow with the square of the patches; the largest are kept.
_MOST_PATCHES = 1500


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patch:
    """A flat part of a surface.

    Attributes
    ----------
    members : (n,) ndarray
        Its faces.
    normal, middle_lps_mm : (3,) ndarray
        Mean of its faces by area.
    area_mm2 : float
        Of its faces.
    reach_mm : float
        Largest distance of a vertex from the middle.
    """

    members: NDArray[np.intp]
    normal: NDArray[np.float64]
    middle_lps_mm: NDArray[np.float64]
    area_mm2: float
    reach_mm: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundBar:
    """Two opposite faces at about a nominal length, and the axis that the width between them tells."""

    nominal_mm: float
    planes: tuple[FittedPlane, FittedPlane]
    pair: FacePair
    area_mm2: float
    widths_mm: tuple[float, ...]
    axis: str


def find_patches(mesh: Mesh) -> list[Patch]:
    """Return the flat patches of a surface, the flattest seeds first."""
    numbers = _progress.run(
        lambda progress: _native.flat_patches(
            vertices=mesh.vertices,
            faces=mesh.faces,
            kinds=mesh.kinds,
            radius_mm=_RADIUS_MM,
            least_cosine=_LEAST_COSINE,
            most_mm=_MOST_MM,
            least_mm2=_LEAST_MM2,
            progress=progress,
        ),
        title="looking for flat faces",
    )
    order = np.argsort(numbers, kind="stable")
    ends = np.searchsorted(numbers[order], np.arange(numbers.max(initial=-1) + 2))
    return [_patch(mesh, order[a:b]) for a, b in itertools.pairwise(ends.tolist())]


def _patch(mesh: Mesh, members: NDArray[np.intp]) -> Patch:
    corners = mesh.vertices[mesh.faces[members]]
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(doubled, axis=1) / 2
    total = doubled.sum(axis=0)
    middle = np.average(corners.mean(axis=1), axis=0, weights=np.maximum(areas, 1e-12))
    return Patch(
        members=members,
        normal=total / max(float(np.linalg.norm(total)), 1e-300),
        middle_lps_mm=middle,
        area_mm2=float(areas.sum()),
        reach_mm=float(np.sqrt(((corners - middle) ** 2).sum(axis=2).max())),
    )


def find_bars(
    mesh: Mesh,
    patches: Sequence[Patch],
    *,
    lengths_mm: Sequence[float],
    tolerance_fraction: float | None,
) -> list[FoundBar]:
    """Return the pairs of patches that face apart at about one of the lengths, largest ends first.

    A bar is longer than its ends are wide, its ends lie opposite each other, there is matter in
    between (the faces look outwards), and long sides run from end to end.  Where no pair has sides,
    as in a scan of little more than the ends, those without are returned.
    """
    found = []
    longest = max(length + tolerance_mm(length, tolerance_fraction) for length in lengths_mm) + 1.0
    patches = sorted(patches, key=lambda one: -one.area_mm2)[:_MOST_PATCHES]
    ends = [one for one in patches if one.area_mm2 >= _LEAST_END_MM2]
    for first, second in _opposed(ends, least_mm=0.5 * min(lengths_mm), most_mm=longest):
        direction = _direction(first, second)
        length = float((second.middle_lps_mm - first.middle_lps_mm) @ direction)
        for nominal in lengths_mm:
            most = 0.75 * nominal
            if (
                abs(length - nominal) > tolerance_mm(nominal, tolerance_fraction) + 0.5
                or max(first.reach_mm, second.reach_mm) > most
                or _aside(first, second, direction) > min(_MOST_ASIDE_MM, most / 3)
            ):
                continue
            widths = tuple(_widths(patches, first, second, direction, length))
            found.append((first, second, direction, float(nominal), widths))
    found.sort(key=lambda bar: (not bar[4], -min(bar[0].area_mm2, bar[1].area_mm2)))
    if found and found[0][4]:
        found = [bar for bar in found if bar[4]]
    kept: list[tuple[Patch, Patch, NDArray[np.float64], float, tuple[float, ...]]] = []
    for bar in found:
        if not any(_is_same(bar[:3], other[:3]) for other in kept):
            kept.append(bar)
    bars = [_fitted(mesh, *bar) for bar in kept]
    return [
        bar
        for bar in bars
        if abs(bar.pair.length_mm - bar.nominal_mm)
        <= tolerance_mm(bar.nominal_mm, tolerance_fraction)
    ]


def tolerance_mm(nominal_mm: float, fraction: float | None) -> float:
    """Return how far from nominal a bar is still that bar.

    Left to us, a short bar may be off by more than the limit it is judged by, which is in mm.
    """
    if fraction is not None:
        return fraction * nominal_mm
    return min(max(_USUAL_FRACTION * nominal_mm, _USUAL_MM), _MOST_FRACTION * nominal_mm)


_Ends = tuple["Patch", "Patch", "NDArray[np.float64]"]


def _is_same(one: _Ends, other: _Ends) -> bool:
    """Say whether two pairs lie on one line: a foot that is set back, a face in two parts."""
    if abs(one[2] @ other[2]) < _LEAST_OPPOSED:
        return False
    gap = (
        one[0].middle_lps_mm + one[1].middle_lps_mm
        - other[0].middle_lps_mm - other[1].middle_lps_mm
    ) / 2  # fmt: skip
    aside = np.linalg.norm(gap - other[2] * (gap @ other[2]))
    return bool(aside < _SAME_MM and abs(gap @ other[2]) < _SAME_MM)


def _fitted(
    mesh: Mesh,
    first: Patch,
    second: Patch,
    _direction: NDArray[np.float64],
    nominal: float,
    widths: tuple[float, ...],
) -> FoundBar:
    planes = (fit_patch(mesh, first), fit_patch(mesh, second))
    return FoundBar(
        nominal_mm=nominal,
        planes=planes,
        pair=measure_pair(*planes),
        area_mm2=min(first.area_mm2, second.area_mm2),
        widths_mm=widths,
        axis=_axis_of(widths),
    )


def fit_patch(mesh: Mesh, patch: Patch) -> FittedPlane:
    """Return the plane through the vertices of a patch that are not near its border."""
    faces = mesh.faces[patch.members]
    vertices = mesh.vertices[np.unique(faces)]
    sides = np.sort(np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    edges, times = np.unique(sides, axis=0, return_counts=True)
    border = mesh.vertices[np.unique(edges[times == 1])]
    near = np.zeros(len(vertices), dtype=bool)
    for part in range(0, len(vertices) if len(border) else 0, 2000):
        gaps = vertices[part : part + 2000, None, :] - border[None, :, :]
        near[part : part + 2000] = (np.einsum("abc,abc->ab", gaps, gaps) < _EDGE_MM**2).any(axis=1)
    inner = vertices[~near]
    chosen = inner if len(inner) >= _LEAST_POINTS else vertices
    return fit_plane(chosen, outwards=patch.normal)


def _opposed(
    patches: Sequence[Patch], *, least_mm: float = 0.0, most_mm: float = np.inf
) -> Iterator[tuple[Patch, Patch]]:
    if len(patches) < 2:
        return
    normals = np.array([patch.normal for patch in patches])
    points = np.array([patch.middle_lps_mm for patch in patches])
    for a in range(len(patches) - 1):
        opposite = normals[a + 1 :] @ normals[a] < -_LEAST_OPPOSED
        # Outwards: the second face lies behind the first.
        depth = (points[a] - points[a + 1 :]) @ normals[a]
        behind = (depth > least_mm) & (depth < most_mm)
        for b in np.flatnonzero(opposite & behind).tolist():
            yield patches[a], patches[a + 1 + b]


def _direction(first: Patch, second: Patch) -> NDArray[np.float64]:
    mean = second.normal - first.normal
    direction: NDArray[np.float64] = mean / np.linalg.norm(mean)
    return direction


def _aside(first: Patch, second: Patch, direction: NDArray[np.float64]) -> float:
    gap = second.middle_lps_mm - first.middle_lps_mm
    return float(np.linalg.norm(gap - direction * (gap @ direction)))


def _widths(
    patches: Sequence[Patch],
    first: Patch,
    second: Patch,
    direction: NDArray[np.float64],
    length: float,
) -> Iterator[float]:
    """Yield the distances of opposite sides that run along the bar."""
    middle = (first.middle_lps_mm + second.middle_lps_mm) / 2
    most = max(WIDTHS_MM.values()) / 2 + 1
    sides = []
    for patch in patches:
        gap = patch.middle_lps_mm - middle
        along = float(gap @ direction)
        if (
            abs(patch.normal @ direction) < 0.1
            and abs(along) < 0.25 * length
            and np.linalg.norm(gap - along * direction) < most
            and 0.3 * length < patch.reach_mm < 0.8 * length
            and patch.area_mm2 > _LEAST_SIDE_MM * length
        ):
            sides.append(patch)
    for one, other in _opposed(sides):
        across = _direction(one, other)
        width = float((other.middle_lps_mm - one.middle_lps_mm) @ across)
        gap = (one.middle_lps_mm + other.middle_lps_mm) / 2 - middle
        if width < 2 * most and abs(gap @ across) < 1.5:
            yield width


def _axis_of(widths_mm: Sequence[float]) -> str:
    """Return the axis whose width and height are seen; empty where they are not, or not clearly."""
    fits = []
    for axis, width in WIDTHS_MM.items():
        wanted = [width, _HEIGHT_MM]
        seen = 0
        left = list(widths_mm)
        for value in wanted:
            near = [one for one in left if abs(one - value) < _WIDTH_TOLERANCE_MM]
            if near:
                left.remove(min(near, key=lambda one: abs(one - value)))
                seen += 1
        tells = any(abs(one - width) < _WIDTH_TOLERANCE_MM for one in widths_mm)
        if tells and (width != _HEIGHT_MM or seen == 2):
            fits.append(axis)
    return fits[0] if len(fits) == 1 else ""


def weld_mesh(mesh: Mesh) -> Mesh:
    """Return the mesh with one vertex for each point, as a scan in loose triangles has not.

    Faces with an edge of no length go; single precision decides what is one point.
    """
    used = np.unique(mesh.faces)
    points = mesh.vertices[used].astype(np.float32) + np.float32(0.0)
    unique, first, number = np.unique(
        np.ascontiguousarray(points).view([("xyz", np.void, 12)]).ravel(),
        return_index=True,
        return_inverse=True,
    )
    if len(unique) == len(mesh.vertices):
        return mesh
    renumbered = np.zeros(len(mesh.vertices), dtype=np.int32)
    # In the order of the old vertices, so that a welded mesh is the one it was exploded from.
    rank = np.empty(len(unique), dtype=np.int32)
    order = np.argsort(first, kind="stable")
    rank[order] = np.arange(len(unique), dtype=np.int32)
    renumbered[used] = rank[number.ravel()]
    faces = renumbered[mesh.faces]
    whole = (
        (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    )
    vertices = mesh.vertices[used][first[order]]
    return dataclasses.replace(mesh, vertices=vertices, faces=faces[whole], kinds=mesh.kinds[whole])


def scaled(mesh: Mesh, factor: float) -> Mesh:
    """Return the mesh with its coordinates multiplied."""
    return dataclasses.replace(mesh, vertices=mesh.vertices * factor)
