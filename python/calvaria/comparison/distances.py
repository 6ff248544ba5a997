"""The distances from one surface to another, and the measures that are read off them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._html import html_table
from calvaria._record import plural

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SurfaceDistances", "measures_of", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurfaceDistances:
    """From every element of one surface to the nearest of another.

    Parameters
    ----------
    distances_mm : (n,) ndarray of float64
        Distances that occur, ascending.
    weights : (n,) ndarray of float64
        Area of the elements at each distance, mm2; their number where elements count alike.
    counts : (n,) ndarray of uint64
        Number of elements at each distance.
    is_by_area : bool
        Whether elements count by their area.

    Examples
    --------
    >>> found = SurfaceDistances(
    ...     distances_mm=np.array([0.0, 2.0]), weights=np.array([3.0, 1.0]),
    ...     counts=np.array([6, 2]), is_by_area=True,
    ... )
    >>> found.mean_mm, found.max_mm, found.share_within(1.0)
    (0.5, 2.0, 0.75)
    """

    distances_mm: NDArray[np.float64]
    weights: NDArray[np.float64]
    counts: NDArray[np.uint64]
    is_by_area: bool

    @property
    def n_elements(self) -> int:
        """Number of elements."""
        return int(self.counts.sum())

    @property
    def total(self) -> float:
        """Area of all elements, mm2; their number where they count alike."""
        return float(self.weights.sum())

    @property
    def mean_mm(self) -> float:
        """Weighted mean; NaN without elements."""
        return float(self.distances_mm @ self.weights) / self.total if self.total else math.nan

    @property
    def rms_mm(self) -> float:
        """Weighted root mean square; NaN without elements."""
        if not self.total:
            return math.nan
        return math.sqrt(float(self.distances_mm**2 @ self.weights) / self.total)

    @property
    def max_mm(self) -> float:
        """Largest distance; NaN without elements."""
        return float(self.distances_mm[-1]) if len(self.distances_mm) else math.nan

    def percentile_mm(self, percent: float) -> float:
        """Return a percentile.

        By area: the least distance up to which that part of the area lies (no interpolation, as
        surface-distance does).  By number: between neighbours in the sorted list in proportion, as
        ``numpy.percentile`` does.  NaN without elements.
        """
        if not 0 <= percent <= 100:
            msg = f"percent: 0 to 100 expected, found {percent}"
            raise ValueError(msg)
        if not self.total:
            return math.nan
        if self.is_by_area:
            part = np.cumsum(self.weights) / self.total
            at = min(int(np.searchsorted(part, percent / 100)), len(part) - 1)
            return float(self.distances_mm[at])
        ranks = np.cumsum(self.counts.astype(np.int64))
        place = (self.n_elements - 1) * percent / 100
        below, above = (
            float(self.distances_mm[np.searchsorted(ranks, rank, side="right")])
            for rank in (math.floor(place), math.ceil(place))
        )
        if below == above:
            return below
        return below + (above - below) * (place - math.floor(place))

    def within(self, tolerance_mm: float) -> float:
        """Return the area (or number) of the elements no farther than a tolerance."""
        n = int(np.searchsorted(self.distances_mm, tolerance_mm, side="right"))
        return float(self.weights[:n].sum())

    def share_within(self, tolerance_mm: float) -> float:
        """Return the part of the surface no farther than a tolerance; NaN without elements."""
        return self.within(tolerance_mm) / self.total if self.total else math.nan

    def pooled(self, other: SurfaceDistances) -> SurfaceDistances:
        """Return both lists as one."""
        distances = np.concatenate([self.distances_mm, other.distances_mm])
        order = np.argsort(distances, kind="stable")
        return SurfaceDistances(
            distances_mm=distances[order],
            weights=np.concatenate([self.weights, other.weights])[order],
            counts=np.concatenate([self.counts, other.counts])[order],
            is_by_area=self.is_by_area,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the summary, ready for JSON."""
        return {
            "n_elements": self.n_elements,
            "total": self.total,
            "mean_mm": plain(self.mean_mm),
            "rms_mm": plain(self.rms_mm),
            "p95_mm": plain(self.percentile_mm(95)),
            "max_mm": plain(self.max_mm),
        }

    def __repr__(self) -> str:
        return (
            f"SurfaceDistances({plural(self.n_elements, 'element')}, mean {self.mean_mm:.4g} mm, "
            f"max {self.max_mm:.4g} mm)"
        )

    def _repr_html_(self) -> str:
        return html_table(header=("distances", "value"), rows=self.to_dict().items())


def measures_of(
    there: SurfaceDistances, back: SurfaceDistances, *, tolerance_mm: float
) -> dict[str, float]:
    """Return the measures of two surfaces that need both directions.

    ``there`` is from the reference, ``back`` towards it.  Without one of the surfaces the distances
    are infinite and the surface Dice is 0; without both everything is NaN.
    """
    if there.n_elements and back.n_elements:
        pooled, total = there.pooled(back), there.total + back.total
        sides = (there, back)
        return {
            "hausdorff_mm": max(side.max_mm for side in sides),
            "hd95_directed_mm": max(side.percentile_mm(95) for side in sides),
            "hd95_pooled_mm": pooled.percentile_mm(95),
            "assd_mm": pooled.mean_mm,
            "masd_mm": sum(side.mean_mm for side in sides) / 2,
            "surface_dice": sum(side.within(tolerance_mm) for side in sides) / total,
            "reference_overlap": there.share_within(tolerance_mm),
            "overlap": back.share_within(tolerance_mm),
        }
    is_one = bool(there.n_elements or back.n_elements)
    far = math.inf if is_one else math.nan
    lengths = ("hausdorff_mm", "hd95_directed_mm", "hd95_pooled_mm", "assd_mm", "masd_mm")
    return {
        **dict.fromkeys(lengths, far),
        "surface_dice": 0.0 if is_one else math.nan,
        "reference_overlap": 0.0 if there.n_elements else math.nan,
        "overlap": 0.0 if back.n_elements else math.nan,
    }


def plain(value: Any) -> Any:
    """Return a value as JSON has it: NaN is null, infinity a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
