"""The rim of a hole in a wall, below a voxel: rays on the middle surface of the wall around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.volume import Mask, Volume

__all__ = ["PROFILE_STEP_MM", "Rim", "measure_rim", "values_at"]

_N_RAYS = 72
PROFILE_STEP_MM = 0.1
# So far beyond a rim the wall around it is looked at: for its middle, and for its own value.
_RING_MM = 6.0
_CREST_MM = 2.5
_ROUNDS = 4
_LEAST_VOXELS = 30
# Fewer rays that end on bone are a bay in a border, not a hole.
_LEAST_CLOSED = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rim:
    """What rays from the middle of a hole found; lengths in mm.

    ``area_mm2`` lies within the half-maximum edge, ``area_at_level_mm2`` within the level, both seen
    along ``normal``.  ``crest`` is what the wall around reaches, ``core`` the value in the middle.
    ``closed`` is the share of the rays that end on bone, ``outside`` of those that leave the image.
    ``profile`` is the mean value every ``PROFILE_STEP_MM`` from the middle to just beyond the rim.
    """

    centre_mm: NDArray[np.float64]
    normal: NDArray[np.float64]
    points_mm: NDArray[np.float64]
    area_mm2: float
    area_at_level_mm2: float
    core: float
    extreme_share: float
    crest: float
    wall_mm: float
    closed: float
    outside: float
    profile: NDArray[np.float64]


def measure_rim(
    volume: Volume,
    wall: Mask,
    iso_hu: float,
    centre: NDArray[np.float64],
    radius: float,
    *,
    ends: tuple[float, float],
) -> Rim | None:
    """Return the rim around a place in a hole, or None where no wall closes around it.

    ``ends`` are the lowest and the highest value of the image.
    """
    found = None
    for _ in range(_ROUNDS):
        sheet = _Sheet.around(wall, centre, radius)
        if sheet is None:
            return None
        rays = _rays(volume, sheet, radius, iso_hu)
        if rays is None:
            return None
        found = (sheet, rays)
        step, radius = rays.drift, float(np.sqrt(rays.area_at_level / np.pi))
        centre = sheet.at(step[None])[0]
        if np.hypot(*step) < 0.02:
            break
    sheet, rays = found if found is not None else (None, None)
    return None if sheet is None or rays is None else _rim(volume, iso_hu, sheet, rays, ends)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The middle of a wall: a quadratic height over a plane."""

    centre: NDArray[np.float64]
    across: NDArray[np.float64]
    normal: NDArray[np.float64]
    bend: NDArray[np.float64]

    @classmethod
    def around(cls, wall: Mask, centre: NDArray[np.float64], radius: float) -> _Sheet | None:
        bone = _bone_near(wall, centre, radius + _RING_MM)
        if len(bone) < _LEAST_VOXELS:
            return None
        rel = bone - centre
        from_mean = rel - rel.mean(axis=0)
        # Columns in the order of how far the bone reaches along them, the least first.
        _, axes = np.linalg.eigh(from_mean.T @ from_mean)
        across, normal = axes.T[:0:-1], axes[:, 0]
        terms = _terms(rel @ across.T)
        bend, *_ = np.linalg.lstsq(terms.T @ terms, terms.T @ (rel @ normal), rcond=None)
        return cls(centre, across, normal, bend)

    def at(self, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places on the sheet over (n, 2) of its plane."""
        height = _terms(flat) @ self.bend
        return np.asarray(self.centre + flat @ self.across + height[:, None] * self.normal)


def _terms(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    u, v = flat.T
    return np.column_stack([np.ones_like(u), u, v, u * u, u * v, v * v])


def _bone_near(wall: Mask, centre: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Return LPS places of the voxels of bone in a ball."""
    middle = wall.grid.ijk_from_lps_mm(centre[None])[0]
    span = np.ceil(reach / np.array(wall.grid.spacing_xyz_mm)).astype(np.int64) + 1
    low = np.maximum(np.floor(middle).astype(np.int64) - span, 0)
    high = np.minimum(np.ceil(middle).astype(np.int64) + span + 1, wall.grid.dims_ijk)
    if (high <= low).any():
        return np.empty((0, 3))
    (i, j, k), (to_i, to_j, to_k) = low.tolist(), high.tolist()
    kji = np.argwhere(wall.values[k:to_k, j:to_j, i:to_i])
    places = wall.grid.lps_mm_from_ijk(kji[:, ::-1] + low)
    return np.asarray(places[np.linalg.norm(places - centre, axis=1) <= reach])


@dataclass(frozen=True, slots=True)
class _Rays:
    values: NDArray[np.float64]
    at_level: NDArray[np.float64]
    turns: NDArray[np.float64]
    area_at_level: float
    drift: NDArray[np.float64]
    closed: float
    outside: float


def _rays(volume: Volume, sheet: _Sheet, radius: float, iso_hu: float) -> _Rays | None:
    turns = 2 * np.pi * np.arange(_N_RAYS) / _N_RAYS
    far = np.arange(0.0, 2 * radius + _CREST_MM + 3.0, PROFILE_STEP_MM)
    ways = np.column_stack([np.cos(turns), np.sin(turns)])
    flat = far[None, :, None] * ways[:, None]
    values = values_at(volume, sheet.at(flat.reshape(-1, 2))).reshape(_N_RAYS, len(far))
    edge = _first_rise(values, iso_hu)
    is_closed = np.isfinite(edge)
    if is_closed.mean() < _LEAST_CLOSED or not (edge[is_closed] > 0).any():
        return None
    outside = np.isnan(values).any(axis=1) & ~is_closed
    filled = _completed(edge, ways)
    area = float((filled**2).mean() * np.pi)
    drift = 2 * np.pi * (filled[:, None] ** 3 * ways).mean(axis=0) / 3 / max(area, 1e-9)
    if outside.any():
        # The middle of a hole that the border cuts may lie beyond it.
        drift = np.zeros(2)
    return _Rays(values, filled, turns, area, drift, float(is_closed.mean()), float(outside.mean()))


def _completed(edge: NDArray[np.float64], ways: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rays of which those that meet no bone end on the circle through the ends of the others."""
    is_closed = np.isfinite(edge)
    if is_closed.all():
        return edge
    ends = edge[is_closed, None] * ways[is_closed]
    system = np.column_stack([2 * ends, np.ones(len(ends))])
    (x, y, power), *_ = np.linalg.lstsq(system, (ends**2).sum(axis=1), rcond=None)
    along = ways @ np.array([x, y])
    # power is R^2 - |c|^2: below 0 the circle does not hold the place where the rays start.
    full = along + np.sqrt(np.maximum(along**2 + power, 0.0))
    return np.where(is_closed, edge, np.minimum(full, 2 * edge[is_closed].max()))


def _first_rise(
    values: NDArray[np.float64], level: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Return how far along each row its values first reach a level, mm; NaN where they never do."""
    levels = np.broadcast_to(np.asarray(level, dtype=np.float64), len(values))
    is_up = values >= levels[:, None]
    first = is_up.argmax(axis=1)
    row = np.arange(len(values))
    high, low = values[row, first], values[row, np.maximum(first - 1, 0)]
    part = np.where(first > 0, (high - levels) / np.where(high > low, high - low, 1.0), 0.0)
    return np.where(is_up.any(axis=1), (first - part) * PROFILE_STEP_MM, np.nan)


def _rim(
    volume: Volume, iso_hu: float, sheet: _Sheet, rays: _Rays, ends: tuple[float, float]
) -> Rim:
    far = np.arange(rays.values.shape[1]) * PROFILE_STEP_MM
    radius = np.sqrt(rays.area_at_level / np.pi)
    inner = rays.values[:, far <= max(0.25 * radius, PROFILE_STEP_MM)]
    core = float(np.nanmedian(inner))
    crest = _crest(rays)
    edge = _first_rise(rays.values, (core + crest) / 2)
    ways = np.column_stack([np.cos(rays.turns), np.sin(rays.turns)])
    edge = _completed(edge, ways) if np.isfinite(edge).mean() >= 0.5 else rays.at_level
    wide = rays.values[:, far <= 0.6 * radius]
    low, high = ends
    beside = sheet.at((rays.at_level + 1.0)[:, None] * ways)
    return Rim(
        centre_mm=sheet.at(np.zeros((1, 2)))[0],
        normal=sheet.normal,
        points_mm=sheet.at(rays.at_level[:, None] * ways),
        area_mm2=float((edge**2).mean() * np.pi),
        area_at_level_mm2=rays.area_at_level,
        core=core,
        extreme_share=float(((wide <= low) | (wide >= high)).mean()),
        crest=crest,
        wall_mm=_wall_mm(volume, iso_hu, beside, sheet.normal),
        closed=rays.closed,
        outside=rays.outside,
        profile=np.nanmean(rays.values[:, far <= max(radius, 0.5) + _CREST_MM / 2], axis=0),
    )


def _crest(rays: _Rays) -> float:
    """Return what the wall reaches beyond the rim: the highest of the means at equal distances from it."""
    beyond = np.arange(0.0, _CREST_MM, PROFILE_STEP_MM)
    last = rays.values.shape[1] - 1
    column = np.minimum(np.rint((rays.at_level[:, None] + beyond) / PROFILE_STEP_MM), last).astype(
        np.int64
    )
    values = np.take_along_axis(rays.values, column, axis=1)
    seen = np.isfinite(values).any(axis=0)
    return float(np.nanmean(values[:, seen], axis=0).max())


def _wall_mm(
    volume: Volume, iso_hu: float, points: NDArray[np.float64], normal: NDArray[np.float64]
) -> float:
    """Return how thick the wall is just beside the rim."""
    along = np.arange(-_RING_MM, _RING_MM + PROFILE_STEP_MM / 2, PROFILE_STEP_MM)
    places = points[:, None] + along[None, :, None] * normal
    is_bone = values_at(volume, places.reshape(-1, 3)).reshape(len(points), -1) >= iso_hu
    middle = len(along) // 2
    ahead = np.logical_and.accumulate(is_bone[:, middle:], axis=1).sum(axis=1)
    behind = np.logical_and.accumulate(is_bone[:, middle::-1], axis=1).sum(axis=1)
    return float(np.median(ahead + behind) * PROFILE_STEP_MM)


def values_at(volume: Volume, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return trilinear values at LPS places (n, 3); NaN outside the image."""
    index = volume.grid.ijk_from_lps_mm(places)
    last = np.array(volume.grid.dims_ijk) - 1
    is_inside = ((index >= 0) & (index <= last)).all(axis=1)
    low = np.clip(np.floor(index), 0, np.maximum(last - 1, 0)).astype(np.int64)
    x, y, z = np.clip(index - low, 0.0, 1.0).T
    ni, nj, _ = volume.grid.dims_ijk
    first = (low[:, 2] * nj + low[:, 1]) * ni + low[:, 0]
    # A step into an image one voxel deep stays where it is.
    right, down, up = (step * (n > 0) for step, n in zip((1, ni, ni * nj), last, strict=True))
    flat = volume.values.reshape(-1)

    def row(start: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray((1 - x) * flat[start] + x * flat[start + right])

    def plane(start: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray((1 - y) * row(start) + y * row(start + down))

    return np.where(is_inside, (1 - z) * plane(first) + z * plane(first + up), np.nan)
