"""Gauges measured where the printed mesh says they are: in a set, on a plate, fused to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calvaria._record import plural
from calvaria.bar.laying import lay_on
from calvaria.bar.measure import make_reading
from calvaria.bar.planes import FittedPlane, fit_plane, measure_pair
from calvaria.bar.scan import FoundBar, find_bars, find_patches
from calvaria.errors import BarNotFoundError
from calvaria.mesh import transform_mesh

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from calvaria.bar.part import BarGauge, ReferenceBar
    from calvaria.bar.reading import BarReading
    from calvaria.mesh import Mesh

__all__ = ["measure_gauges"]

_EDGE_MM = 1.0
_DEEP_MM = 1.5
_DEEP_FRACTION = 0.03
_STEP_MM = 0.5
_LEAST_POINTS = 12
_LEAST_COSINE = 0.7
_MOST_BARS = 2
_N_TURNS = 8


def measure_gauges(
    scan: Mesh,
    *,
    part: ReferenceBar,
    start: ArrayLike | None = None,
    kept_fraction: float = 0.9,
) -> tuple[BarReading, ...]:
    """Measure the gauges of a printed part in a scan of it.

    Parameters
    ----------
    scan : Mesh
        In mm; any pose, noisy, with holes.
    part : ReferenceBar
        What was printed: a set, a set on a plate, a model with a bar (``attach_bar(...).part``).
    start : (4, 4) array_like, optional
        From scan to part, roughly; needed where the scan shows only a piece of a part.
    kept_fraction : float
        Part of the scan that decides how it is laid on the part.

    Returns
    -------
    tuple of BarReading
        Of the gauges both of whose faces are in the scan, in their order.

    Raises
    ------
    BarNotFoundError
        The scan does not fit the part, or shows no gauge, and why.

    See Also
    --------
    measure_bars : where the printed mesh is not at hand.

    Examples
    --------
    >>> from calvaria.bar import make_bar
    >>> bar = make_bar(axis="y")
    >>> round(measure_gauges(bar.mesh, part=bar)[0].reading_mm, 6)
    50.0
    """
    more = [] if start is not None else _bar_starts(scan, part)
    laid = lay_on(scan, part.mesh, start=start, more_starts=more, kept_fraction=kept_fraction)
    readings, missing = _read(scan, part, laid.matrix)
    if not readings:
        readings = _read_from_bars(scan, part, more, kept_fraction)
    if not readings:
        msg = f"scan: both faces of a gauge expected, found none ({'; '.join(missing)})"
        raise BarNotFoundError(msg)
    return tuple(readings)


def _read_from_bars(
    scan: Mesh, part: ReferenceBar, starts: list[NDArray[np.float64]], kept_fraction: float
) -> list[BarReading]:
    """Return the readings of the start whose gauges are flattest; a round part fits in any turn of it."""
    best: list[BarReading] = []
    for start in starts:
        try:
            laid = lay_on(scan, part.mesh, start=start, kept_fraction=kept_fraction)
        except BarNotFoundError:
            continue
        readings, _ = _read(scan, part, laid.matrix)
        best = min(best, readings, key=_doubt)
    return best


def _doubt(readings: list[BarReading]) -> tuple[int, float]:
    """Return what the better of two sets of readings has less of: gauges that lack, and scatter."""
    return -len(readings), sum(one.uncertainty_mm or 0.0 for one in readings)


def _read(
    scan: Mesh, part: ReferenceBar, matrix: NDArray[np.float64]
) -> tuple[list[BarReading], list[str]]:
    """Return the readings of a scan that was laid on its part, and what was not found."""
    surface = transform_mesh(scan, matrix=matrix)
    corners = surface.vertices[surface.faces]
    low, high = corners.min(axis=1), corners.max(axis=1)
    readings, missing = [], []
    for gauge in part.gauges:
        planes = []
        for is_second in (False, True):
            points, n_independent = _points(gauge, corners, low, high, is_second=is_second)
            if len(points) < _LEAST_POINTS:
                which = "second" if is_second else "first"
                missing.append(f"{gauge.bar}: {plural(len(points), 'point')} on its {which} face")
                break
            outwards = _outwards(gauge, is_second=is_second)
            planes.append(fit_plane(points, outwards=outwards, n_independent=n_independent))
        if len(planes) == 2:
            readings.append(_reading(gauge, (planes[0], planes[1])))
    return readings, missing


def _bar_starts(scan: Mesh, part: ReferenceBar) -> list[NDArray[np.float64]]:
    """Return starts that lay a bar of the scan on the gauge of its axis, turned about it."""
    gauges = [gauge for gauge in part.gauges if not gauge.is_step]
    lengths = sorted({gauge.nominal_mm for gauge in gauges})
    if not lengths:
        return []
    found = find_bars(
        scan, find_patches(scan), lengths_mm=lengths, tolerance_fraction=_DEEP_FRACTION
    )
    starts = []
    for bar in found[:_MOST_BARS]:
        for gauge in gauges:
            if bar.nominal_mm == gauge.nominal_mm and bar.axis == gauge.axis:
                starts += _turned(bar, gauge)
    return starts


def _turned(bar: FoundBar, gauge: BarGauge) -> list[NDArray[np.float64]]:
    to_middle = (np.array(gauge.first_lps_mm) + gauge.second_lps_mm) / 2
    to_along, to_across = np.array(gauge.direction), np.array(gauge.across)
    to_frame = np.stack([to_along, to_across, np.cross(to_along, to_across)], axis=1)
    made = []
    for sign in (1.0, -1.0):
        along = sign * bar.pair.direction
        side = np.cross(along, np.eye(3)[np.argmin(np.abs(along))])
        side /= np.linalg.norm(side)
        third = np.cross(along, side)
        for turn in np.arange(_N_TURNS) * 2 * np.pi / _N_TURNS:
            across = np.cos(turn) * side + np.sin(turn) * third
            frame = np.stack([along, across, np.cross(along, across)], axis=1)
            matrix = np.eye(4)
            matrix[:3, :3] = to_frame @ frame.T
            matrix[:3, 3] = to_middle - matrix[:3, :3] @ bar.pair.middle_lps_mm
            made.append(matrix)
    return made


def _reading(gauge: BarGauge, planes: tuple[FittedPlane, FittedPlane]) -> BarReading:
    return make_reading(
        measure_pair(*planes, is_step=gauge.is_step),
        planes,
        nominal_mm=gauge.nominal_mm,
        bar=gauge.bar,
        axis=gauge.axis,
        source="mesh",
    )


def _outwards(gauge: BarGauge, *, is_second: bool) -> NDArray[np.float64]:
    direction = np.array(gauge.direction)
    return direction if is_second or gauge.is_step else -direction


def _points(
    gauge: BarGauge,
    corners: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    *,
    is_second: bool,
) -> tuple[NDArray[np.float64], int]:
    """Return points of the scan on one face of a gauge, away from its edges, and how many are independent.

    Triangles larger than the step are filled with points, so that a coarse mesh counts by area too.
    """
    centre = np.array(gauge.second_lps_mm if is_second else gauge.first_lps_mm)
    normal, across = _outwards(gauge, is_second=is_second), np.array(gauge.across)
    third = np.cross(normal, across)
    half = (
        max(gauge.width_mm / 2 - _EDGE_MM, 0.5),
        max(gauge.height_mm / 2 - _EDGE_MM, 0.5),
        _DEEP_MM + _DEEP_FRACTION * gauge.nominal_mm,
    )
    reach = np.abs(np.stack([across, third, normal])).T @ np.array(half)
    near = ((high >= centre - reach) & (low <= centre + reach)).all(axis=1)
    chosen = corners[near]
    if not len(chosen):
        return np.empty((0, 3)), 0
    doubled = np.cross(chosen[:, 1] - chosen[:, 0], chosen[:, 2] - chosen[:, 0])
    size = np.linalg.norm(doubled, axis=1)
    chosen = chosen[(doubled @ normal > _LEAST_COSINE * size) & (size > 0)]
    points = _filled(chosen)
    off = points - centre
    inside = (
        (np.abs(off @ across) <= half[0])
        & (np.abs(off @ third) <= half[1])
        & (np.abs(off @ normal) <= half[2])
    )
    # A closed surface has half as many vertices as triangles, and only those inside decide.
    area = float(np.linalg.norm(doubled, axis=1).mean()) / 2
    n_vertices = int(4 * half[0] * half[1] / max(area, 1e-12) / 2)
    return points[inside], n_vertices


def _filled(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the middles of triangles, of large ones the middles of their parts."""
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1, initial=0.0)
    n_parts = np.clip(np.ceil(sides / _STEP_MM).astype(int), 1, 200)
    made = [np.empty((0, 3))]
    for n in np.unique(n_parts):
        i, j = np.mgrid[0:n, 0:n]
        upright, turned = i + j < n, i + j < n - 1
        weights = (
            np.vstack(
                [
                    np.stack([(i + 1 / 3)[upright], (j + 1 / 3)[upright]], 1),
                    np.stack([(i + 2 / 3)[turned], (j + 2 / 3)[turned]], 1),
                ]
            )
            / n
        )
        a, b, c = np.moveaxis(corners[n_parts == n], 1, 0)
        u, v = weights[:, 0, None, None], weights[:, 1, None, None]
        made.append((a + u * (b - a) + v * (c - a)).reshape(-1, 3))
    return np.vstack(made)
