"""What to enter in the slicer so that the next print comes out right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from calvaria._record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calvaria.bar.axis_fit import AxisFit

__all__ = ["Compensation", "make_compensation"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Compensation(Record):
    """Settings for the slicer, for the axes whose error was told into scale and offset.

    Attributes
    ----------
    factor_percent : dict of str to float
        Size of each axis; 100 is none.
    low_percent, high_percent : dict of str to float
        Interval of each factor.
    xy_factor_percent : float or None
        One factor for x and y, for slicers that have one, weighted by their certainty.
    horizontal_expansion_mm : float or None
        For each wall in the plane of a layer: minus half the mean offset of x and y.
    needed : tuple of str
        Axes whose scale is proven to be off; the others are better left alone.
    """

    factor_percent: dict[str, float]
    low_percent: dict[str, float]
    high_percent: dict[str, float]
    xy_factor_percent: float | None
    horizontal_expansion_mm: float | None
    needed: tuple[str, ...]

    @property
    def meaning(self) -> str:
        """The settings in words."""
        factors = ", ".join(f"{axis} {value:.2f} %" for axis, value in self.factor_percent.items())
        walls = (
            ""
            if self.horizontal_expansion_mm is None
            else f", horizontal expansion {self.horizontal_expansion_mm:+.3f} mm"
        )
        need = (
            f"the scale of {', '.join(self.needed)} is proven to be off"
            if self.needed
            else "no scale is proven to be off: better left alone"
        )
        return f"slicer: {factors}{walls}; {need}"


def make_compensation(fits: Sequence[AxisFit]) -> Compensation | None:
    """Return the settings that undo scale and offset; None where no axis was fitted.

    Notes
    -----
    The factor of an axis is 100 / (1 + scale).  Compensation is for the printer's next print of the
    same material and profile; a print of compensated size must not be compensated again.
    """
    fits = [fit for fit in fits if fit.axis]
    if not fits:
        return None
    plane = [fit for fit in fits if fit.axis in {"x", "y"}]
    both = None
    if len(plane) == 2:
        weights = [1 / max(fit.covariance[0], 1e-18) for fit in plane]
        mean = sum(w * f.scale_percent for w, f in zip(weights, plane, strict=True)) / sum(weights)
        both = 100 / (1 + mean / 100)
    expansion = -sum(fit.offset_mm for fit in plane) / len(plane) / 2 if plane else None
    return Compensation(
        factor_percent={fit.axis: fit.factor_percent for fit in fits},
        low_percent={fit.axis: 100 / (1 + fit.scale_high_percent / 100) for fit in fits},
        high_percent={fit.axis: 100 / (1 + fit.scale_low_percent / 100) for fit in fits},
        xy_factor_percent=both,
        horizontal_expansion_mm=expansion,
        needed=tuple(fit.axis for fit in fits if fit.is_scale_proven),
    )
