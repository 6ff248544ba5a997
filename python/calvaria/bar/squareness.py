"""Are the axes of the printer square?  Two diagonals that should be equal say it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calvaria._record import Record
from calvaria.bar.reading import DIAGONALS
from calvaria.bar.student import t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calvaria.bar.lines import BarLine

__all__ = ["Squareness", "measure_squareness"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Squareness(Record):
    """How far two axes are from a right angle.

    Attributes
    ----------
    plane : str
        "xy", "xz" or "yz".
    skew_deg, low_deg, high_deg : float
        Angle by which the second axis leans towards the first, with its interval.
    level : float
        Of the interval.
    skew_mm_per_100_mm : float
        The same as a sideways shift.
    """

    plane: str
    skew_deg: float
    low_deg: float
    high_deg: float
    level: float

    @property
    def skew_mm_per_100_mm(self) -> float:
        """The skew as a sideways shift over 100 mm."""
        return 100 * math.tan(math.radians(self.skew_deg))

    @property
    def is_proven(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low_deg > 0 or self.high_deg < 0

    @property
    def meaning(self) -> str:
        """The skew, and whether it is more than the measuring error."""
        state = "out of square" if self.is_proven else "no skew proven"
        return (
            f"{self.plane}: {self.skew_deg:+.3f} degrees ({self.low_deg:+.3f} to "
            f"{self.high_deg:+.3f}), {self.skew_mm_per_100_mm:+.3f} mm per 100 mm: {state}"
        )


def measure_squareness(lines: Sequence[BarLine], *, level: float) -> tuple[Squareness, ...]:
    """Return the skew of each plane that has bars along both diagonals.

    Notes
    -----
    A skew g makes a bar along one diagonal longer by g / 2 of its length and the other shorter by
    as much.  Scale and offset are the same on both and cancel in the difference; where there are
    several pairs of lengths the mean is weighted.
    """
    found = []
    for along, across in DIAGONALS:
        weights, values, spread = [], [], []
        partners = {line.nominal_mm: line for line in lines if line.axis == across}
        for line in (line for line in lines if line.axis == along):
            partner = partners.get(line.nominal_mm)
            if partner is None:
                continue
            u = math.hypot(line.budget.standard_mm, partner.budget.standard_mm) / line.nominal_mm
            values.append((line.deviation_mm - partner.deviation_mm) / line.nominal_mm)
            weights.append(1 / max(u, 1e-9) ** 2)
            spread.append(min(line.budget.df, partner.budget.df))
        if not values:
            continue
        total = math.fsum(weights)
        skew = math.fsum(w * v for w, v in zip(weights, values, strict=True)) / total
        half = t_quantile((1 + level) / 2, min(spread)) / math.sqrt(total)
        found.append(
            Squareness(
                plane=along,
                skew_deg=math.degrees(skew),
                low_deg=math.degrees(skew - half),
                high_deg=math.degrees(skew + half),
                level=level,
            )
        )
    return tuple(found)
