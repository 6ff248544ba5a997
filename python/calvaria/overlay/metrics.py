"""What comparing a mesh with its image gives: a signed offset for each sample, and summaries."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._html import html_table
from calvaria._record import plural
from calvaria.overlay.places import Place, places_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.findings import Finding
    from calvaria.geometry import Grid

__all__ = ["EdgeStatus", "OffsetSummary", "OverlayMetrics", "SliceOffset", "in_mm"]

_PLANES = {"sagittal": 0, "coronal": 1, "axial": 2}
# A slice with fewer samples says little.
_LEAST_PER_SLICE = 10


class EdgeStatus(IntEnum):
    """What was found in the image beside a sample of the mesh."""

    FOUND = 0
    """An edge."""
    THIN = 1
    """An edge of a wall thinner than twice the blur: the value of the bone is that found elsewhere."""
    FLAT = 2
    """No edge: nothing within the search falls off enough."""
    OUTSIDE = 3
    """The image ends here, or before an edge could be told."""
    AMBIGUOUS = 4
    """Two edges are as likely, or the edge that was found could not be held on to."""
    SATURATED = 5
    """The inside is at the end of the scale: metal, whose edge is not where it seems."""
    REVERSED = 6
    """The image gets brighter outwards: inside out, or the border of something else."""
    OBLIQUE = 7
    """The only edge runs across the surface, not along it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetSummary:
    """Offsets of one surface, or of a part of it, in numbers.

    Parameters
    ----------
    n_samples, n_measured : int
        Samples there, and those with an edge; the statistics are over the latter.
    area_mm2 : float
        Area that the samples stand for.
    measured_fraction : float
        Share of it with an edge.
    mean_mm : float
        Mean signed offset, the bias: positive where the mesh lies outside the imaged edge.
    sd_mm, rms_mm : float
        Standard deviation about the mean; root of the mean square.
    median_mm : float
        Median signed offset.
    mean_abs_mm, p95_mm, max_mm : float
        Mean, 95th percentile and largest of the offsets without their sign.
    tolerance_mm : float or None
        What was asked.
    outside_fraction : float or None
        Share of the measured area beyond the tolerance.
    outside_cm2 : float or None
        That area.
    """

    n_samples: int
    n_measured: int
    area_mm2: float
    measured_fraction: float
    mean_mm: float
    sd_mm: float
    rms_mm: float
    median_mm: float
    mean_abs_mm: float
    p95_mm: float
    max_mm: float
    tolerance_mm: float | None
    outside_fraction: float | None
    outside_cm2: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON; None where nothing was measured."""
        return {key: _json(value) for key, value in dataclasses.asdict(self).items()}

    @property
    def told(self) -> str:
        """The offsets in one line; ``"no edge"`` where there are none."""
        if not self.n_measured:
            return "no edge"
        return (
            f"mean {self.mean_mm:+.3f}, SD {self.sd_mm:.3f}, 95 % within {self.p95_mm:.3f} mm, "
            f"edge at {100 * self.measured_fraction:.1f} %"
        )

    def __repr__(self) -> str:
        return f"OffsetSummary({self.told})"

    def _repr_html_(self) -> str:
        return html_table(header=("OffsetSummary", ""), rows=_rows(self.to_dict()))


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceOffset:
    """Offsets on one slice of the image.

    Parameters
    ----------
    index : int
        Voxel index of the slice along its axis.
    position_mm : float
        Where its middle lies along the patient axis (z for axial, y for coronal, x for sagittal).
    n_samples, n_measured : int
        Samples there, and those with an edge.
    mean_mm, rms_mm, p95_mm, max_mm : float
        As in :class:`OffsetSummary`; NaN where no sample has an edge.
    unmeasured_fraction : float
        Share of its samples without an edge.
    """

    index: int
    position_mm: float
    n_samples: int
    n_measured: int
    mean_mm: float
    rms_mm: float
    p95_mm: float
    max_mm: float
    unmeasured_fraction: float

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {key: _json(value) for key, value in dataclasses.asdict(self).items()}

    def _repr_html_(self) -> str:
        return html_table(header=("SliceOffset", ""), rows=_rows(self.to_dict()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OverlayMetrics:
    """A mesh held against the image, sample by sample.

    Arrays have one entry for each of n samples, which stand for the same area each; they are
    read-only.  Offsets are NaN where ``status`` is neither FOUND nor THIN.

    Parameters
    ----------
    edge : str
        ``"half_maximum"`` or ``"gradient_maximum"``.
    search_mm : float
        How far from the mesh an edge was looked for.
    tolerance_mm : float or None
        What was asked.
    is_curvature_corrected : bool
        Whether the way that blur moves a curved edge was taken out.
    points_lps_mm, normals : (n, 3) ndarray of float64
        Where was measured, LPS mm, and the outward unit normals.
    faces : (n,) ndarray of int32
        The face of the mesh under each sample.
    offset_mm : (n,) ndarray of float64
        How far the mesh lies outside the imaged edge.
    uncertainty_mm : (n,) ndarray of float64
        One standard deviation of that: noise over slope, the place of the voxels, and a tenth of the
        correction for curvature.
    status : (n,) ndarray of uint8
        An :class:`EdgeStatus` number.
    contrast, inside, outside, value : (n,) ndarray of float64
        Drop across the edge, highest value inside it, value outside it with its neighbours taken out,
        and value at the sample, in units of the image.
    curvature_mm : (n,) ndarray of float64
        How far blur had moved the edge inwards.
    level_mm : (n,) ndarray of float64
        How far outside the edge a level lies, where one was asked for.
    labels : (n,) ndarray of int, or None
        Region of each sample.
    names : dict of int to str
        Names of the regions.
    area_each_mm2 : float
        Area that each sample stands for.
    excluded_mm2 : dict of str to float
        Area of faces that were not imaged (lids, cuts, patches); not sampled.
    blur_in_plane_mm, blur_through_plane_mm : float
        Standard deviation of the blur of the scan, as measured at this surface.
    n_blur_edges : int
        Edges that tell it; 0 where it is guessed from the voxels.
    noise : float
        Noise of the profiles, in units of the image.
    least_contrast : float
        Least drop that counted as an edge.
    grid : Grid
        That of the image.
    findings : tuple of Finding
        Carried from mesh and image; ``overlay_noise`` where the scan is too noisy for the offsets to be
        relied on.
    voxel_noise : float
        Noise of the voxels beside the surface, in units of the image.
    usual_contrast : float
        Median drop at the surface.
    smoothed_mm : float
        Standard deviation of the bell that the image was smoothed by before edges were looked for; 0
        where the noise did not ask for it.  The blur is without it.
    steepness : float or None
        How many times the noise of slopes the edge falls once smoothed; None where it was not.
    """

    edge: str
    search_mm: float
    tolerance_mm: float | None
    is_curvature_corrected: bool
    points_lps_mm: NDArray[np.float64]
    normals: NDArray[np.float64]
    faces: NDArray[np.int32]
    offset_mm: NDArray[np.float64]
    uncertainty_mm: NDArray[np.float64]
    status: NDArray[np.uint8]
    contrast: NDArray[np.float64]
    inside: NDArray[np.float64]
    outside: NDArray[np.float64]
    value: NDArray[np.float64]
    curvature_mm: NDArray[np.float64]
    level_mm: NDArray[np.float64]
    labels: NDArray[np.int64] | None
    names: dict[int, str]
    area_each_mm2: float
    excluded_mm2: dict[str, float]
    blur_in_plane_mm: float
    blur_through_plane_mm: float
    n_blur_edges: int
    noise: float
    least_contrast: float
    grid: Grid
    findings: tuple[Finding, ...] = ()
    voxel_noise: float = math.nan
    usual_contrast: float = math.nan
    smoothed_mm: float = 0.0
    steepness: float | None = None

    @property
    def is_measured(self) -> NDArray[np.bool_]:
        """Which samples have an edge, (n,)."""
        return np.asarray(self.status <= EdgeStatus.THIN)

    @property
    def summary(self) -> OffsetSummary:
        """The whole surface in numbers."""
        return self.summarise(np.ones(len(self.status), dtype=np.bool_))

    @property
    def status_fractions(self) -> dict[str, float]:
        """Share of the surface by what was found, in lower case; adds up to 1."""
        counts = np.bincount(self.status, minlength=len(EdgeStatus))
        return {kind.name.lower(): float(counts[kind] / len(self.status)) for kind in EdgeStatus}

    @property
    def mesh_level(self) -> float:
        """The value of the image on the mesh, the median: the level it was drawn at."""
        return self._level_quantiles()[1]

    @property
    def mesh_level_spread(self) -> float:
        """Half the distance of the quartiles of the values on the mesh."""
        low, _, high = self._level_quantiles()
        return (high - low) / 2

    def _level_quantiles(self) -> list[float]:
        values = self.value[np.isfinite(self.value)]
        if not len(values):
            return [math.nan] * 3
        quantiles: list[float] = np.quantile(values, (0.25, 0.5, 0.75)).tolist()
        return quantiles

    def summarise(self, chosen: NDArray[np.bool_]) -> OffsetSummary:
        """Return the numbers of the samples that are chosen, (n,) bool."""
        chosen = np.asarray(chosen)
        if chosen.shape != self.status.shape or chosen.dtype != np.bool_:
            msg = (
                f"chosen: truth values of shape {self.status.shape} expected, found "
                f"{chosen.dtype} of shape {chosen.shape}"
            )
            raise ValueError(msg)
        is_measured = chosen & self.is_measured
        offset = self.offset_mm[is_measured]
        n, found = int(chosen.sum()), len(offset)
        size = np.abs(offset)
        beyond = None
        if self.tolerance_mm is not None and found:
            beyond = int((size > self.tolerance_mm).sum())
        return OffsetSummary(
            n_samples=n,
            n_measured=found,
            area_mm2=n * self.area_each_mm2,
            measured_fraction=found / n if n else math.nan,
            mean_mm=_of(np.mean, offset),
            sd_mm=_of(np.std, offset),
            rms_mm=math.sqrt(_of(np.mean, offset**2)) if found else math.nan,
            median_mm=_of(np.median, offset),
            mean_abs_mm=_of(np.mean, size),
            p95_mm=float(np.quantile(size, 0.95)) if found else math.nan,
            max_mm=_of(np.max, size),
            tolerance_mm=self.tolerance_mm,
            outside_fraction=None if beyond is None else beyond / found,
            outside_cm2=None if beyond is None else beyond * self.area_each_mm2 / 100,
        )

    def by_region(self) -> dict[str, OffsetSummary]:
        """Return the numbers of each region, by its name; empty where none were given.

        Labels of one name are one region.  What has no name is ``"region 7"`` after its label, or
        ``"elsewhere"`` at label 0; where a region is called so, ``" (no name)"`` is added.
        """
        if self.labels is None:
            return {}
        members: dict[str, list[int]] = {}
        for number in np.unique(self.labels).tolist():
            members.setdefault(self._name_of(number), []).append(number)
        return {
            name: self.summarise(np.isin(self.labels, numbers)) for name, numbers in members.items()
        }

    def _name_of(self, number: int) -> str:
        if number in self.names:
            return self.names[number]
        name = "region " + str(number) if number else "elsewhere"
        while name in self.names.values():
            name += " (no name)"
        return name

    def by_slice(self, plane: str) -> tuple[SliceOffset, ...]:
        """Return the numbers of each slice of the image.

        Parameters
        ----------
        plane : str
            ``"axial"``, ``"coronal"`` or ``"sagittal"``: the slices of the image that are nearest to it.
            A sample belongs to the slice whose middle is nearest.

        Returns
        -------
        tuple of SliceOffset
            In the order of their index; slices with fewer than ten samples are left out, those
            without an edge are not.
        """
        if plane not in _PLANES:
            msg = f"plane: one of {', '.join(_PLANES)} expected, found {plane!r}"
            raise ValueError(msg)
        axis = _axis_along(self.grid, _PLANES[plane])
        index = np.rint(self.grid.ijk_from_lps_mm(self.points_lps_mm)[:, axis]).astype(np.int64)
        order = np.argsort(index, kind="stable")
        ends = np.flatnonzero(np.diff(index[order])) + 1
        found = (self._slice(one, index, _PLANES[plane], axis) for one in np.split(order, ends))
        return tuple(one for one in found if one.n_samples >= _LEAST_PER_SLICE)

    def _slice(
        self, members: NDArray[np.intp], index: NDArray[np.int64], along: int, axis: int
    ) -> SliceOffset:
        number = int(index[members[0]])
        middle = (np.array(self.grid.dims_ijk) - 1) / 2
        middle[axis] = number
        offset = self.offset_mm[members][self.is_measured[members]]
        return SliceOffset(
            index=number,
            position_mm=float(self.grid.lps_mm_from_ijk([middle])[0, along]),
            n_samples=len(members),
            n_measured=len(offset),
            mean_mm=_of(np.mean, offset),
            rms_mm=math.sqrt(_of(np.mean, offset**2)) if len(offset) else math.nan,
            p95_mm=float(np.quantile(np.abs(offset), 0.95)) if len(offset) else math.nan,
            max_mm=_of(np.max, np.abs(offset)),
            unmeasured_fraction=1 - len(offset) / len(members),
        )

    def worst_places(self, *, beyond_mm: float, n: int = 6) -> tuple[Place, ...]:
        """Return where the mesh is farther off than so much, the weightiest place first.

        Parameters
        ----------
        beyond_mm : float
            Offsets up to this are no place.
        n : int
            So many at most.

        Returns
        -------
        tuple of Place
            Samples of one sign that lie together; by area times mean offset.
        """
        found: list[Place] = []
        for sign in (1, -1):
            chosen = np.flatnonzero(self.is_measured & (sign * self.offset_mm > beyond_mm))
            found += places_of(
                self.points_lps_mm[chosen],
                self.offset_mm[chosen],
                area_each_mm2=self.area_each_mm2,
            )
        found.sort(key=lambda place: -place.area_mm2 * abs(place.mean_mm))
        return tuple(found[:n])

    def places_without_edge(self, *, n: int = 6) -> tuple[Place, ...]:
        """Return where no edge was found beside the mesh, the largest place first."""
        chosen = np.flatnonzero(~self.is_measured)
        found = places_of(
            self.points_lps_mm[chosen], np.ones(len(chosen)), area_each_mm2=self.area_each_mm2
        )
        return tuple(
            dataclasses.replace(place, worst_mm=math.nan, mean_mm=math.nan) for place in found[:n]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the samples, ready for JSON."""
        return {
            "edge": self.edge,
            "search_mm": self.search_mm,
            "is_curvature_corrected": self.is_curvature_corrected,
            "summary": self.summary.to_dict(),
            "status_fractions": self.status_fractions,
            "regions": {name: one.to_dict() for name, one in self.by_region().items()},
            "slices": {plane: [one.to_dict() for one in self.by_slice(plane)] for plane in _PLANES},
            "worst_places": [one.to_dict() for one in self.worst_places(beyond_mm=self._beyond())],
            "excluded_mm2": dict(self.excluded_mm2),
            "blur_in_plane_mm": self.blur_in_plane_mm,
            "blur_through_plane_mm": self.blur_through_plane_mm,
            "n_blur_edges": self.n_blur_edges,
            "noise": self.noise,
            "voxel_noise": _json(self.voxel_noise),
            "usual_contrast": _json(self.usual_contrast),
            "smoothed_mm": self.smoothed_mm,
            "least_contrast": self.least_contrast,
            "mesh_level": _json(self.mesh_level),
            "mesh_level_spread": _json(self.mesh_level_spread),
            "median_uncertainty_mm": _json(
                _of(np.nanmedian, self.uncertainty_mm[self.is_measured])
            ),
        }

    def _beyond(self) -> float:
        """From where on a place is worth naming: the tolerance, or the edge of what is usual."""
        if self.tolerance_mm is not None:
            return self.tolerance_mm
        p95 = self.summary.p95_mm
        return p95 if math.isfinite(p95) else self.search_mm

    def __repr__(self) -> str:
        one = self.summary
        among = "in" if not one.n_measured else "of"
        return f"OverlayMetrics({self.edge}: {one.told} {among} {plural(one.n_samples, 'sample')})"

    def _repr_html_(self) -> str:
        one = self.summary
        rows: list[tuple[object, object]] = [
            ("edge", self.edge),
            ("mean (bias)", in_mm(one.mean_mm, "+.3f")),
            ("standard deviation", in_mm(one.sd_mm)),
            ("root mean square", in_mm(one.rms_mm)),
            ("95 % within", in_mm(one.p95_mm)),
            ("largest", in_mm(one.max_mm)),
        ]
        if one.outside_cm2 is not None and one.outside_fraction is not None:
            share = f"{100 * one.outside_fraction:.1f} %, {one.outside_cm2:.1f} cm2"
            rows.append((f"beyond {self.tolerance_mm:g} mm", share))
        rows += [
            (f"status: {name}", f"{100 * share:.1f} %")
            for name, share in self.status_fractions.items()
            if share > 0
        ]
        return html_table(header=("OverlayMetrics", ""), rows=rows)


def _axis_along(grid: Grid, along: int) -> int:
    """Return the voxel axis that runs nearest to a patient axis; each is given out once."""
    steps = np.abs(grid.lps_from_ijk[:3, :3] / np.asarray(grid.spacing_xyz_mm))
    best, axes = -1.0, (0, 1, 2)
    for one in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        total = sum(float(steps[patient, one[patient]]) for patient in range(3))
        if total > best + 1e-9:
            best, axes = total, one
    return axes[along]


def in_mm(value: float, form: str = ".3f") -> str:
    """Return a length in words; ``"no edge"`` where nothing was measured."""
    return f"{value:{form}} mm" if math.isfinite(value) else "no edge"


def _rows(told: dict[str, Any]) -> list[tuple[object, object]]:
    """Return a record as rows of a table, lengths that were not measured as such."""
    is_bare = not told["n_measured"]
    return [
        (key, "no edge" if value is None and is_bare and key.endswith("_mm") else value)
        for key, value in told.items()
        if key != "tolerance_mm" or value is not None
    ]


def _of(statistic: Any, values: NDArray[np.float64]) -> float:
    return float(statistic(values)) if len(values) else math.nan


def _json(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
