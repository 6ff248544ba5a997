"""Planes of the patient: which way they are looked at, and the image on them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria.geometry import Grid
from calvaria.resample import resample_to_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.volume import Volume

__all__ = [
    "MOST_PIXELS",
    "VIEWS",
    "View",
    "box_of",
    "image_on",
    "span_mm",
    "spanning_window",
    "values_on",
    "window_of",
]

MOST_PIXELS = 700
# Level and width that show bone and still tell soft tissue from air.
_BONE_WINDOW_HU = (500.0, 2500.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One plane: which LPS direction runs right and which down, and the letters at its edges."""

    name: str
    right: tuple[int, int, int]
    down: tuple[int, int, int]
    letters: tuple[str, str, str, str]  # left, right, top, bottom
    cut: str


# Seen as radiologists see them: from the feet, from the front, from the left.
VIEWS = (
    View(name="axial", right=(1, 0, 0), down=(0, 1, 0), letters=("R", "L", "A", "P"), cut="z"),
    View(name="coronal", right=(1, 0, 0), down=(0, 0, -1), letters=("R", "L", "S", "I"), cut="y"),
    View(name="sagittal", right=(0, 1, 0), down=(0, 0, -1), letters=("A", "P", "S", "I"), cut="x"),
)


def box_of(grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the box of all voxel centres, where there is something to draw.

    Along an axis of a single voxel the box is that voxel.
    """
    ends = [(0.0, n - 1.0) if n > 1 else (-0.5, 0.5) for n in grid.dims_ijk]
    corners = grid.lps_mm_from_ijk([[i, j, k] for i in ends[0] for j in ends[1] for k in ends[2]])
    return corners.min(axis=0), corners.max(axis=0)


def span_mm(view: View, size_mm: NDArray[np.float64]) -> tuple[float, float]:
    """Return how much of a box of this size (x, y, z) a view shows across and down, mm."""
    across, down = np.abs(view.right) @ size_mm, np.abs(view.down) @ size_mm
    return float(across), float(down)


def image_on(
    volume: Volume,
    view: View,
    center: NDArray[np.float64],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the values on a plane, rows from top to bottom, and where the image is."""
    low, high = bounds
    right, down = np.array(view.right, float), np.array(view.down, float)
    span = span_mm(view, high - low)
    pitch = max(min(volume.grid.spacing_xyz_mm), max(span) / MOST_PIXELS)
    shape = [max(1, round(mm / pitch)) for mm in span]
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = right * span[0] / shape[0], down * span[1] / shape[1]
    affine[:3, 2] = np.cross(right, down)
    # The corner where both directions start: low along a positive one, high along a negative.
    corner = np.where(right + down < 0, high, low)
    corner = np.where(right + down == 0, center, corner)
    affine[:3, 3] = corner + (affine[:3, 0] + affine[:3, 1]) / 2
    return values_on(volume, Grid(dims_ijk=(shape[0], shape[1], 1), lps_from_ijk=affine))


def values_on(volume: Volume, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the values on the one slice of a grid, its rows downwards, and where the image is."""
    plane = resample_to_grid(volume, grid=grid).values[0].astype(np.float64)
    rows, columns = np.indices(plane.shape)
    places = grid.lps_mm_from_ijk(np.stack([columns, rows, np.zeros_like(rows)], axis=-1))
    index = volume.grid.ijk_from_lps_mm(places)
    last = np.array(volume.grid.dims_ijk) - 1
    is_inside = np.asarray(((index >= 0) & (index <= last)).all(axis=-1))
    return plane, is_inside


def window_of(volume: Volume, window: tuple[float, float] | None) -> tuple[float, float]:
    """Return level and width: what was asked for, that of bone, or what spans nearly all values."""
    if window is None and volume.is_hu:
        return _BONE_WINDOW_HU
    if window is None:
        # Every 7th voxel is enough to place a window.
        return spanning_window(volume, (1, 99))
    try:
        level, width = (float(one) for one in window)
    except (TypeError, ValueError):
        level = width = math.nan
    if not (width > 0 and math.isfinite(level) and math.isfinite(width)):
        msg = f"window: a finite level and a finite positive width expected, found {window!r}"
        raise ValueError(msg)
    return level, width


def spanning_window(volume: Volume, percent: tuple[float, float]) -> tuple[float, float]:
    """Return level and width of the values between two percentiles, or of all where these are one."""
    values = volume.values.reshape(-1)
    low, high = (float(x) for x in np.nanpercentile(values[::7], percent))
    if not high > low:
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return (low + high) / 2, high - low if high > low else 1.0
