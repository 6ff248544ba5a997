"""How far each vertex of a mesh lies outside or inside another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria._asked import at_least_zero, need
from calvaria._html import html_table
from calvaria.comparison._joined import has_area, joined
from calvaria.comparison.distances import plain
from calvaria.errors import MeshError
from calvaria.mesh import Alignment, Mesh, transform_mesh

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DeviationMap", "DeviationStatus", "WorstPlace", "measure_deviation"]

Three = tuple[float, float, float]


class DeviationStatus(IntEnum):
    """What is known of a vertex."""

    MEASURED = 0
    """The offset is to the inside of the reference surface."""
    BEYOND_EDGE = 1
    """The closest point is on the rim of an open reference: nothing to compare with lies there."""
    UNUSED = 2
    """No face has this vertex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstPlace:
    """A place where a mesh is far off.

    Parameters
    ----------
    lps_mm : tuple of float
        Where.
    offset_mm : float
        How far, positive outside.
    """

    lps_mm: Three
    offset_mm: float

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {"lps_mm": list(self.lps_mm), "offset_mm": self.offset_mm}

    def _repr_html_(self) -> str:
        return html_table(header=("WorstPlace", ""), rows=self.to_dict().items())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeviationMap:
    """Signed offsets of the vertices of a mesh from a reference.

    Statistics are over the measured vertices, each with a third of the area of its faces, so that
    they do not depend on how finely a part is triangulated.  NaN when nothing was measured.

    Parameters
    ----------
    mesh : Mesh
        What was measured, where it was measured: after the alignment, if there was one.
    offset_mm : (n,) ndarray of float64
        For each vertex, positive outside the reference, negative inside.
    status : (n,) ndarray of uint8
        A :class:`DeviationStatus` for each vertex.
    weights_mm2 : (n,) ndarray of float64
        The area each vertex stands for.
    tolerance_mm : float
        Up to here a place counts as right.
    alignment : Alignment or None
        What was done to bring the mesh to its place, with its own residual.
    """

    mesh: Mesh
    offset_mm: NDArray[np.float64]
    status: NDArray[np.uint8]
    weights_mm2: NDArray[np.float64]
    tolerance_mm: float
    alignment: Alignment | None

    @property
    def points_lps_mm(self) -> NDArray[np.float64]:
        """Where the offsets are: the vertices."""
        return self.mesh.vertices

    @property
    def is_measured(self) -> NDArray[np.bool_]:
        """Which vertices were measured, (n,)."""
        measured: NDArray[np.bool_] = np.equal(self.status, DeviationStatus.MEASURED)
        return measured

    @property
    def n_measured(self) -> int:
        """How many vertices were measured."""
        return int(np.count_nonzero(self.is_measured))

    @property
    def n_beyond_edge(self) -> int:
        """How many vertices have nothing to be compared with."""
        return int(np.count_nonzero(np.equal(self.status, DeviationStatus.BEYOND_EDGE)))

    @property
    def mean_mm(self) -> float:
        """Mean, with its sign."""
        return self._mean(self.offset_mm)

    @property
    def mean_absolute_mm(self) -> float:
        """Mean without sign."""
        return self._mean(np.abs(self.offset_mm))

    @property
    def rms_mm(self) -> float:
        """Root mean square."""
        return math.sqrt(self._mean(self.offset_mm**2))

    @property
    def sd_mm(self) -> float:
        """Standard deviation around the mean."""
        return math.sqrt(self._mean((self.offset_mm - self.mean_mm) ** 2))

    @property
    def p95_mm(self) -> float:
        """95 % of the area is off by no more than this, without sign."""
        return self.percentile_mm(95)

    @property
    def max_mm(self) -> float:
        """Largest offset without sign."""
        low, high = self.range_mm
        return max(abs(low), abs(high))

    @property
    def range_mm(self) -> tuple[float, float]:
        """Least and largest offset, with sign."""
        found = self.offset_mm[self.is_measured]
        return (float(found.min()), float(found.max())) if len(found) else (math.nan, math.nan)

    @property
    def share_within(self) -> float:
        """Part of the measured area within the tolerance, 0 to 1."""
        return self._mean(np.abs(self.offset_mm) <= self.tolerance_mm)

    @property
    def percent_within(self) -> float:
        """The same in percent; how a printed implant is held against its plan."""
        return 100 * self.share_within

    @property
    def percent_points_within(self) -> float:
        """Percent of the measured vertices within the tolerance, each counted alike."""
        found = np.abs(self.offset_mm[self.is_measured]) <= self.tolerance_mm
        return 100 * float(found.mean()) if len(found) else math.nan

    @property
    def area_outside_tolerance_mm2(self) -> float:
        """Measured area beyond the tolerance."""
        is_far = self.is_measured & (np.abs(self.offset_mm) > self.tolerance_mm)
        return float(self.weights_mm2[is_far].sum())

    def percentile_mm(self, percent: float) -> float:
        """Return the offset without sign that this part of the measured area does not exceed."""
        if not 0 <= percent <= 100:
            msg = f"percent: 0 to 100 expected, found {percent}"
            raise ValueError(msg)
        if not self.weights_mm2[self.is_measured].any():
            return math.nan
        offsets = np.abs(self.offset_mm[self.is_measured])
        order = np.argsort(offsets, kind="stable")
        part = np.cumsum(self.weights_mm2[self.is_measured][order])
        at = min(int(np.searchsorted(part, percent / 100 * part[-1])), len(part) - 1)
        return float(offsets[order[at]])

    def worst_places(self, n: int = 6, *, apart_mm: float = 10.0) -> tuple[WorstPlace, ...]:
        """Return the worst measured places, no two of them closer than ``apart_mm``."""
        if not n >= 0:
            msg = f"n: a whole number of at least 0 expected, found {n!r}"
            raise ValueError(msg)
        apart_mm = at_least_zero("apart_mm", apart_mm)
        size = np.where(self.is_measured, np.abs(self.offset_mm), -1.0)
        found: list[WorstPlace] = []
        while len(found) < n:
            at = int(np.argmax(size)) if len(size) else 0
            if not len(size) or size[at] < 0:
                break
            x, y, z = self.mesh.vertices[at].tolist()
            found.append(WorstPlace(lps_mm=(x, y, z), offset_mm=float(self.offset_mm[at])))
            near = np.linalg.norm(self.mesh.vertices - self.mesh.vertices[at], axis=1) < apart_mm
            size[near] = -1.0
        return tuple(found)

    def _mean(self, values: NDArray[Any]) -> float:
        measured = self.is_measured
        total = float(self.weights_mm2[measured].sum())
        return float(values[measured] @ self.weights_mm2[measured]) / total if total else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return the statistics, ready for JSON."""
        low, high = self.range_mm
        names = (
            "n_measured", "n_beyond_edge", "mean_mm", "sd_mm", "rms_mm", "mean_absolute_mm",
            "p95_mm", "max_mm", "tolerance_mm", "percent_within", "percent_points_within",
            "area_outside_tolerance_mm2",
        )  # fmt: skip
        return {
            **{name: plain(getattr(self, name)) for name in names},
            "range_mm": [plain(low), plain(high)],
            "worst_places": [place.to_dict() for place in self.worst_places()],
            "alignment": None if self.alignment is None else self.alignment.to_dict(),
        }

    def __repr__(self) -> str:
        fit = "" if self.alignment is None else f", aligned to {self.alignment.rms_mm:.3f} mm"
        return (
            f"DeviationMap(mean {self.mean_mm:+.3f} mm, sd {self.sd_mm:.3f}, p95 {self.p95_mm:.3f}, "
            f"max {self.max_mm:.3f}, {self.percent_within:.1f} % within "
            f"{self.tolerance_mm:g} mm{fit})"
        )

    def _repr_html_(self) -> str:
        rows = [(k, v) for k, v in self.to_dict().items() if not isinstance(v, (dict, list))]
        return html_table(header=("deviation", "value"), rows=rows, caption=repr(self))


def measure_deviation(
    mesh: Mesh, *, reference: Mesh, tolerance_mm: float, alignment: Alignment | None = None
) -> DeviationMap:
    """Measure how far each vertex of a mesh lies outside or inside a reference.

    Parameters
    ----------
    mesh : Mesh
        What was made: a printed part scanned again, a mesh from another program, a later version.
    reference : Mesh
        What it should be; faces counter-clockwise seen from outside.  It may be open: a vertex whose
        closest point is on its rim has nothing to be compared with and is marked so, not measured.
        Triangles whose corners lie at the same places, as those of an STL file, are joined first.
    tolerance_mm : float
        Up to here a place counts as right.
    alignment : Alignment, optional
        From :func:`~calvaria.mesh.align_icp` or :func:`~calvaria.mesh.align_landmarks`, from the
        mesh to the reference; applied first.  Its residual stays in the result: what an alignment
        took away is not measured any more.

    Returns
    -------
    DeviationMap
        Offsets are exact distances from vertex to triangle.

    Raises
    ------
    MeshError
        One of the meshes has no face with an area.
    ValueError
        The tolerance is not a number of at least 0.

    Notes
    -----
    The sign is that of the angle-weighted pseudonormal at the closest point.  This direction sees
    what the mesh has too much; what it lost altogether is seen from the reference: swap the two.

    References
    ----------
    Baerentzen and Aanaes, Signed distance computation using the angle weighted pseudonormal, IEEE
    TVCG 11, 2005, doi:10.1109/TVCG.2005.49.

    Examples
    --------
    >>> from calvaria.mesh import Mesh, transform_mesh
    >>> corner = Mesh(
    ...     vertices=[[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> moved = Mesh(vertices=corner.vertices - [0, 0, 0.5], faces=corner.faces)
    >>> measure_deviation(moved, reference=corner, tolerance_mm=0.4).max_mm
    0.5
    """
    tolerance_mm = at_least_zero("tolerance_mm", tolerance_mm)
    for name, one in (("mesh", mesh), ("reference", reference)):
        need(name, one, Mesh)
        if not has_area(one):
            msg = f"{name}: at least one face with an area expected, found none"
            raise MeshError(msg)
    reference = joined(reference)
    placed = mesh if alignment is None else transform_mesh(mesh, matrix=alignment.matrix)
    offsets, is_rim = _native.offsets_from_mesh(
        reference.vertices, reference.faces, reference.kinds, placed.vertices
    )
    weights = _areas_of_vertices(placed)
    is_used = np.zeros(len(placed.vertices), bool)
    is_used[placed.faces] = True
    status = np.where(is_rim, DeviationStatus.BEYOND_EDGE, DeviationStatus.MEASURED)
    status[~is_used] = DeviationStatus.UNUSED
    offsets.flags.writeable = False
    return DeviationMap(
        mesh=placed,
        offset_mm=offsets,
        status=frozen(status, dtype=np.uint8),
        weights_mm2=frozen(weights, dtype=np.float64),
        tolerance_mm=float(tolerance_mm),
        alignment=alignment,
    )


def _areas_of_vertices(mesh: Mesh) -> NDArray[np.float64]:
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    thirds = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    n = len(mesh.vertices)
    sums = [np.bincount(mesh.faces[:, corner], weights=thirds, minlength=n) for corner in range(3)]
    return np.asarray(sums[0] + sums[1] + sums[2])
