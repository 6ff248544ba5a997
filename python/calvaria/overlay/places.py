"""Places on a surface: samples that lie together, with where they are and how large."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria._html import html_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Place", "place_of", "place_reach_mm", "places_of", "split_places"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One connected place on a surface.

    Parameters
    ----------
    centre_lps_mm : tuple of float
        The sample nearest to the middle of the place, LPS, mm.
    area_mm2 : float
        Its area.
    extent_mm : float
        Diagonal of the box around it.
    worst_mm : float
        The value farthest from zero there, with its sign.
    mean_mm : float
        Mean of the values there.
    """

    centre_lps_mm: tuple[float, float, float]
    area_mm2: float
    extent_mm: float
    worst_mm: float
    mean_mm: float

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return dataclasses.asdict(self)

    def _repr_html_(self) -> str:
        return html_table(header=("Place", ""), rows=self.to_dict().items())

    @property
    def where(self) -> str:
        """The centre in words: LPS, whole millimetres."""
        x, y, z = (round(mm) for mm in self.centre_lps_mm)
        return f"LPS ({x}, {y}, {z})"


def places_of(
    points: NDArray[np.float64],
    values: NDArray[np.float64],
    *,
    area_each_mm2: float,
    reach_mm: float | None = None,
) -> tuple[Place, ...]:
    """Return the places that points make up, by what they weigh: area times mean value."""
    ones = split_places(points, area_each_mm2=area_each_mm2, reach_mm=reach_mm)
    found = [place_of(points[one], values[one], area_each_mm2) for one in ones]
    return tuple(sorted(found, key=lambda place: -place.area_mm2 * abs(place.mean_mm)))


def split_places(
    points: NDArray[np.float64], *, area_each_mm2: float, reach_mm: float | None = None
) -> list[NDArray[np.intp]]:
    """Return the members of each place that points make up, in the order of their first points."""
    if not len(points):
        return []
    # Samples of a surface lie this far apart; touching cells of that size join them.
    reach = reach_mm if reach_mm is not None else place_reach_mm(area_each_mm2)
    number = _native.cluster_points(frozen(points, dtype=np.float64), reach)
    order = np.argsort(number, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(number[order])) + 1)


def place_reach_mm(area_each_mm2: float) -> float:
    """Return how near samples must be to lie in one place."""
    return max(2.0, 1.5 * math.sqrt(area_each_mm2))


def place_of(points: NDArray[np.float64], values: NDArray[np.float64], area_each: float) -> Place:
    """Return the one place that points make up."""
    middle = points[int(np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1)))]
    x, y, z = middle.tolist()
    return Place(
        centre_lps_mm=(x, y, z),
        area_mm2=len(points) * area_each,
        extent_mm=float(np.linalg.norm(np.ptp(points, axis=0))),
        worst_mm=float(values[int(np.argmax(np.abs(values)))]),
        mean_mm=float(values.mean()),
    )
