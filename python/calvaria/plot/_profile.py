"""Offsets gathered by slice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SliceProfile", "profile_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SliceProfile:
    """What was measured between planes along an axis, (n,) each; NaN where nothing was."""

    middles_mm: NDArray[np.float64]
    means_mm: NDArray[np.float64]
    p05_mm: NDArray[np.float64]
    p95_mm: NDArray[np.float64]
    largest_mm: NDArray[np.float64]
    p95_absolute_mm: NDArray[np.float64]


def profile_of(
    heights: NDArray[np.float64], values: NDArray[np.float64], *, step_mm: float
) -> SliceProfile:
    """Gather values by their heights, slice by slice."""
    known = np.isfinite(values)
    heights, values = heights[known], values[known]
    low = math.floor(float(heights.min()) / step_mm) if len(heights) else 0
    slices = np.floor(heights / step_mm).astype(np.int64) - low
    n = int(slices.max()) + 1 if len(slices) else 0
    rows = np.full((5, n), math.nan)
    order = np.argsort(slices, kind="stable")
    ends = np.searchsorted(slices[order], np.arange(n + 1))
    for number in range(n):
        own = values[order[ends[number] : ends[number + 1]]]
        if len(own):
            sizes = np.abs(own)
            quantiles = np.percentile(own, (5, 95))
            rows[:, number] = own.mean(), *quantiles, own[sizes.argmax()], np.percentile(sizes, 95)
    return SliceProfile(
        middles_mm=(np.arange(n, dtype=np.float64) + low + 0.5) * np.float64(step_mm),
        means_mm=rows[0],
        p05_mm=rows[1],
        p95_mm=rows[2],
        largest_mm=rows[3],
        p95_absolute_mm=rows[4],
    )
