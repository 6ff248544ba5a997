"""Rods a known distance apart in a CT: what the scanner itself makes of 50 mm."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._record import Record, plural
from calvaria.bar.reading import BarReading
from calvaria.errors import BarNotFoundError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.volume import Volume

__all__ = ["RodSpacing", "measure_rods"]

_MOST_CANDIDATES = 40
_CONTRAST_SHARE = 0.5  # of the best slice: the rods are in those slices, not beyond their ends
_LEAST_SLICES = 1


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RodSpacing(Record):
    """Four rods at the corners of a square.

    Attributes
    ----------
    nominal_mm, mean_mm, deviation_mm : float
        Side of the square, the mean of the four sides found, and the difference.
    uncertainty_mm : float
        Standard uncertainty of the mean, from the scatter of the sides between slices.
    sides : tuple of BarReading
        Four sides; the axis is that of the image, "x" or "y", where the square lies along it.
    diagonal_difference_mm : float
        One diagonal minus the other: 0 where the image is square.
    centres_lps_mm : tuple of four tuples of float
        Middle of each rod, around the square.
    n_slices : int
        Slices that were used.
    """

    nominal_mm: float
    mean_mm: float
    deviation_mm: float
    uncertainty_mm: float
    sides: tuple[BarReading, ...]
    diagonal_difference_mm: float
    centres_lps_mm: tuple[tuple[float, float, float], ...]
    n_slices: int

    @property
    def meaning(self) -> str:
        """Mean side and its deviation."""
        return (
            f"rods {self.mean_mm:.3f} +- {self.uncertainty_mm:.3f} (k=1) mm apart on "
            f"{self.nominal_mm:g} mm, {self.deviation_mm:+.3f} mm, in {plural(self.n_slices, 'slice')}"
        )


def measure_rods(
    volume: Volume,
    *,
    nominal_mm: float = 50.0,
    diameter_mm: float = 3.0,
    tolerance_fraction: float = 0.03,
) -> RodSpacing:
    """Find four rods at the corners of a square, across the slices, and measure their distances.

    Parameters
    ----------
    volume : Volume
        A CT of a phantom whose rods run through the slices, brighter or darker than what is around
        them: the geometry rods of a CatPhan are 50 mm apart and 3 mm thick.
    nominal_mm : float
        Side of the square.
    diameter_mm : float
        Of a rod.
    tolerance_fraction : float
        How far a side may be from nominal.

    Returns
    -------
    RodSpacing

    Raises
    ------
    BarNotFoundError
        No four such rods in any slice.
    ValueError
        A size is not above 0, or rods are thinner than two pixels.

    Notes
    -----
    Candidates are extremes of the mean over a disc minus the mean of a ring about it.  The middle of
    a rod is the centroid of its whole contrast, blur and all, in a window that follows it: a
    threshold would shift it by 0.01 to 0.09 mm with the place of the rod among the pixels.

    Examples
    --------
    >>> from calvaria import phantom
    >>> scanner = phantom.Scanner(
    ...     columns=96, rows=96, spacing_xy_mm=(0.8, 0.8), slice_thickness_mm=2.0, slice_increment_mm=2.0
    ... )
    >>> found = measure_rods(phantom.scan(phantom.rods(length_mm=12.0), scanner=scanner))
    >>> abs(found.deviation_mm) < 0.1
    True
    """
    if not 0 < diameter_mm < nominal_mm / 3 or not 0 < tolerance_fraction < 0.2:
        msg = (
            "diameter_mm, tolerance_fraction: above 0, below a third of nominal_mm and 0.2, expected, "
            f"found {diameter_mm} and {tolerance_fraction}"
        )
        raise ValueError(msg)
    dx, dy, _ = volume.grid.spacing_xyz_mm
    if diameter_mm < 2 * max(dx, dy):
        msg = f"diameter_mm: at least two pixels of {max(dx, dy):.3g} mm expected, found {diameter_mm}"
        raise ValueError(msg)
    best = _best_slice(volume, nominal_mm, diameter_mm, tolerance_fraction)
    if best is None:
        msg = (
            f"volume: four rods of {diameter_mm:g} mm, {nominal_mm:g} mm apart, expected in a slice, "
            f"found none in {volume.values.shape[0]}"
        )
        raise BarNotFoundError(msg)
    k, corners, contrast = best
    rows = []
    for step in (1, -1):
        at, places = (k if step > 0 else k - 1), corners
        while 0 <= at < volume.values.shape[0]:
            found = _middles(volume, at, places, diameter_mm)
            if found is None or found[1] < _CONTRAST_SHARE * contrast:
                break
            places = found[0]
            rows.append((at, places))
            at += step
    if len(rows) < _LEAST_SLICES:
        msg = f"volume: rods that reach through a slice expected, found none at slice {k}"
        raise BarNotFoundError(msg)
    rows.sort(key=lambda row: row[0])
    return _spacing(volume, rows, nominal_mm)


def _best_slice(
    volume: Volume, nominal_mm: float, diameter_mm: float, tolerance: float
) -> tuple[int, NDArray[np.float64], float] | None:
    """Return the slice whose square of rods stands out most, its corners (4, 2) in i and j."""
    best: tuple[int, NDArray[np.float64], float] | None = None
    for k in range(volume.values.shape[0]):
        response = _response(volume, k, diameter_mm)
        square = _square(volume, response, nominal_mm, diameter_mm, tolerance)
        if square is None:
            continue
        found = _middles(volume, k, square, diameter_mm)
        if found is not None and (best is None or found[1] > best[2]):
            best = (k, found[0], found[1])
    return best


def _response(volume: Volume, k: int, diameter_mm: float) -> NDArray[np.float64]:
    """Return the mean over a disc minus the mean of the ring about it, at every pixel."""
    dx, dy, _ = volume.grid.spacing_xyz_mm
    plane = volume.values[k].astype(np.float64)
    reach = (int(np.ceil(diameter_mm * 1.25 / dy)), int(np.ceil(diameter_mm * 1.25 / dx)))
    rows, columns = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    far = np.hypot(rows * dy, columns * dx)
    disc, ring = far <= diameter_mm / 2, (far > 0.75 * diameter_mm) & (far <= 1.25 * diameter_mm)
    kernel = disc / disc.sum() - ring / ring.sum()
    # A correlation by rows of the kernel; the kernel is a few pixels wide.
    shape = [2 * n + size for n, size in zip(reach, plane.shape, strict=True)]
    padded = np.pad(plane, [(reach[0],) * 2, (reach[1],) * 2], mode="edge")
    spectrum = np.fft.rfft2(padded, shape) * np.conj(np.fft.rfft2(kernel, shape))
    found: NDArray[np.float64] = np.fft.irfft2(spectrum, shape)[: plane.shape[0], : plane.shape[1]]
    return found


def _square(
    volume: Volume,
    response: NDArray[np.float64],
    nominal_mm: float,
    diameter_mm: float,
    tolerance: float,
) -> NDArray[np.float64] | None:
    """Return the corners (i, j) of the square whose weakest corner is strongest."""
    dx, dy, _ = volume.grid.spacing_xyz_mm
    places, strong, size = _strongest(response, (dx, dy), diameter_mm)
    points, weight = places[strong], size[strong]
    slack = tolerance * nominal_mm + 0.5 * diameter_mm
    best: tuple[float, list[int]] | None = None
    for a, b in itertools.permutations(range(len(points)), 2):
        side = points[b] - points[a]
        # Each square once, from the corner and the side that point most nearly along +x.
        if abs(np.linalg.norm(side) - nominal_mm) > slack or side[0] <= abs(side[1]) - 1e-9:
            continue
        turned = np.array([-side[1], side[0]])
        c = int(np.argmin(np.linalg.norm(points - (points[b] + turned), axis=1)))
        d = int(np.argmin(np.linalg.norm(points - (points[a] + turned), axis=1)))
        if len({a, b, c, d}) < 4:
            continue
        sides = [
            np.linalg.norm(points[one] - points[other])
            for one, other in ((a, b), (b, c), (c, d), (d, a))
        ]
        if max(abs(length - nominal_mm) for length in sides) > slack:
            continue
        score = float(min(weight[[a, b, c, d]]))
        if best is None or score > best[0]:
            best = (score, [a, b, c, d])
    if best is None:
        return None
    corners: NDArray[np.float64] = points[best[1]] / (dx, dy)
    return corners


def _strongest(
    response: NDArray[np.float64], pixel_mm: tuple[float, float], diameter_mm: float
) -> tuple[NDArray[np.float64], list[int], NDArray[np.float64]]:
    """Return places (mm) and strengths of all extremes, and which are strongest in their place."""
    size = np.abs(response)
    size[[0, -1]] = 0
    size[:, [0, -1]] = 0
    peaks = size > 0
    for rows, columns in itertools.product((-1, 0, 1), repeat=2):
        if rows or columns:
            peaks &= size >= np.roll(size, (rows, columns), axis=(0, 1))
    j, i = np.nonzero(peaks)
    places = np.stack([i * pixel_mm[0], j * pixel_mm[1]], axis=1).astype(np.float64)
    strong: list[int] = []
    for n in np.argsort(-size[j, i], kind="stable").tolist():
        if all(np.linalg.norm(places[n] - places[m]) > diameter_mm for m in strong):
            strong.append(n)
        if len(strong) == _MOST_CANDIDATES:
            break
    return places, strong, size[j, i]


def _middles(
    volume: Volume, k: int, places: NDArray[np.float64], diameter_mm: float
) -> tuple[NDArray[np.float64], float] | None:
    """Return the middles (4, 2) of the rods of a slice in i and j, and the least contrast."""
    dx, dy, _ = volume.grid.spacing_xyz_mm
    plane = volume.values[k]
    found, contrasts = [], []
    for start in places:
        at = np.array(start, dtype=np.float64)
        peak = 0.0
        for _ in range(8):
            reach = np.ceil(1.5 * diameter_mm / np.array([dx, dy])).astype(int)
            low = np.round(at).astype(int) - reach
            high = np.round(at).astype(int) + reach + 1
            if (low < 0).any() or high[0] > plane.shape[1] or high[1] > plane.shape[0]:
                return None
            window = plane[low[1] : high[1], low[0] : high[0]].astype(np.float64)
            rows, columns = np.mgrid[low[1] : high[1], low[0] : high[0]]
            far = np.hypot((columns - at[0]) * dx, (rows - at[1]) * dy)
            around = np.median(window[(far > 0.9 * diameter_mm) & (far < 1.5 * diameter_mm)])
            core = window[far < diameter_mm / 3]
            if not core.size:
                return None
            sign = 1.0 if core.mean() > around else -1.0
            contrast = sign * (window - around)
            peak = float(np.mean(sign * (core - around)))
            # Falls to 0 at the rim of the window, so that no pixel comes or goes with a jump.
            weight = np.clip(contrast, 0, None) * np.clip(
                (1.2 * diameter_mm - far) / (0.3 * diameter_mm), 0, 1
            )
            if weight.sum() <= 0:
                return None
            new = np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()
            moved, at = float(np.abs(new - at).max()), new
            if moved < 1e-4:
                break
        if np.hypot(*((at - start) * (dx, dy))) > diameter_mm:
            return None
        found.append(at)
        contrasts.append(peak)
    return np.array(found), min(contrasts)


def _spacing(
    volume: Volume, rows: list[tuple[int, NDArray[np.float64]]], nominal_mm: float
) -> RodSpacing:
    points = np.stack(
        [
            volume.grid.lps_mm_from_ijk(np.column_stack([places, np.full(4, k)]))
            for k, places in rows
        ]
    )  # (slices, 4, 3)
    after = np.roll(points, -1, axis=1)
    sides = np.linalg.norm(after - points, axis=2)
    n = len(rows)
    scatter = sides.std(axis=0, ddof=1) / math.sqrt(n) if n > 1 else np.full(4, np.nan)
    each = np.where(np.isfinite(scatter), scatter, min(volume.grid.spacing_xyz_mm[:2]) / 10)
    means, middles = sides.mean(axis=0), points.mean(axis=0)
    readings = []
    for at in range(4):
        run = middles[(at + 1) % 4] - middles[at]
        axis = "xyz"[int(np.argmax(np.abs(run)))] if np.abs(run).max() > 0.98 * means[at] else ""
        centre = (middles[at] + middles[(at + 1) % 4]) / 2
        direction = run / np.linalg.norm(run)
        readings.append(
            BarReading(
                nominal_mm=nominal_mm,
                reading_mm=float(means[at]),
                axis=axis,
                bar=f"side {at + 1}",
                source="volume",
                uncertainty_mm=float(each[at]),
                n_points=n,
                centre_lps_mm=(float(centre[0]), float(centre[1]), float(centre[2])),
                direction=(float(direction[0]), float(direction[1]), float(direction[2])),
            )
        )
    across = np.linalg.norm(middles[2] - middles[0]) - np.linalg.norm(middles[3] - middles[1])
    mean = float(means.mean())
    return RodSpacing(
        nominal_mm=float(nominal_mm),
        mean_mm=mean,
        deviation_mm=mean - nominal_mm,
        uncertainty_mm=float(np.sqrt((each**2).sum())) / 4,
        sides=tuple(readings),
        diagonal_difference_mm=float(across),
        centres_lps_mm=tuple((float(x), float(y), float(z)) for x, y, z in middles),
        n_slices=n,
    )
