"""Scale told from offset: a weighted straight line through the deviations of one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._record import Record
from calvaria.bar.student import f_tail, t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calvaria.bar.lines import BarLine, Pooled

__all__ = ["AxisFit", "LengthError", "fit_axis"]

_SIGNIFICANT = 0.01


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LengthError(Record):
    """The error a printer is expected to make in one length.

    Attributes
    ----------
    length_mm : float
        Which length.
    error_mm : float
        Positive where the print is longer.
    uncertainty_mm : float
        Standard uncertainty of that.
    """

    length_mm: float
    error_mm: float
    uncertainty_mm: float

    @property
    def meaning(self) -> str:
        """Both in one line."""
        return f"{self.length_mm:g} mm: {self.error_mm:+.3f} mm, u = {self.uncertainty_mm:.3f} mm"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AxisFit(Record):
    """Deviation of an axis as scale times length plus offset.

    Attributes
    ----------
    axis : str
        Of the printer; empty for bars whose axis is not known, fitted together.
    scale_percent, scale_low_percent, scale_high_percent : float
        By how much lengths grow, with its interval.
    offset_mm, offset_low_mm, offset_high_mm : float
        What every length gains, whatever its size: both walls together.
    covariance : tuple of float
        Variance of the scale (as a fraction), covariance, variance of the offset (mm2).
    df : float
        Effective degrees of freedom.
    level : float
        Of the intervals.
    n_bars, n_readings : int
        What it was fitted to.
    lack_of_fit_p : float or None
        How often readings of a straight line would scatter like this; None for two lengths, or
        without repeats.
    """

    axis: str
    scale_percent: float
    scale_low_percent: float
    scale_high_percent: float
    offset_mm: float
    offset_low_mm: float
    offset_high_mm: float
    covariance: tuple[float, float, float]
    df: float
    level: float
    n_bars: int
    n_readings: int
    lack_of_fit_p: float | None

    @property
    def is_scale_proven(self) -> bool:
        """Whether the interval of the scale leaves 0 out."""
        return self.scale_low_percent > 0 or self.scale_high_percent < 0

    @property
    def factor_percent(self) -> float:
        """What to enter in the slicer as the size of this axis, so that lengths come out right."""
        return 100 / (1 + self.scale_percent / 100)

    def error_at(self, length_mm: float) -> LengthError:
        """Return the error expected of a length."""
        scale_variance, both, offset_variance = self.covariance
        variance = length_mm**2 * scale_variance + 2 * length_mm * both + offset_variance
        error = self.scale_percent / 100 * length_mm + self.offset_mm
        return LengthError(
            length_mm=float(length_mm),
            error_mm=error,
            uncertainty_mm=math.sqrt(max(0.0, variance)),
        )

    @property
    def meaning(self) -> str:
        """Scale and offset with their intervals."""
        bent = (
            "; the deviations are not on a line: the intervals are widened"
            if self.lack_of_fit_p is not None and self.lack_of_fit_p < _SIGNIFICANT
            else ""
        )
        return (
            f"{self.axis or 'all axes together'}: scale {self.scale_percent:+.3f} % "
            f"({self.scale_low_percent:+.3f} to {self.scale_high_percent:+.3f}), "
            f"offset {self.offset_mm:+.3f} mm "
            f"({self.offset_low_mm:+.3f} to {self.offset_high_mm:+.3f}), "
            f"{100 * self.level:g} % CI{bent}"
        )


def fit_axis(lines: Sequence[BarLine], *, pooled: Pooled | None, level: float) -> AxisFit | None:
    """Fit scale and offset to the bars of one axis; None where all have one length.

    Parameters
    ----------
    lines : sequence of BarLine
        Of one axis.
    pooled : Pooled or None
        Repeatability, for the degrees of freedom.
    level : float
        Of the intervals.

    Returns
    -------
    AxisFit or None
        By weighted least squares, each bar with the whole variance of its mean.  Where the means
        scatter about the line more than repeats explain (F test at 1 %), the covariance grows by
        that ratio (Birge).

    References
    ----------
    Birge, The calculation of errors by the method of least squares, Phys. Rev. 40, 1932,
    doi:10.1103/PhysRev.40.207.
    """
    lengths = np.array([line.nominal_mm for line in lines])
    if len(lines) < 2 or np.ptp(lengths) < 1e-6 * lengths.max():
        return None
    deviations = np.array([line.deviation_mm for line in lines])
    variances = np.array([max(line.budget.standard_mm, 1e-6) ** 2 for line in lines])
    design = np.stack([lengths, np.ones(len(lines))], axis=1)
    covariance = np.linalg.inv(design.T @ (design / variances[:, None]))
    gain = covariance @ (design / variances[:, None]).T
    scale, offset = gain @ deviations
    rest = deviations - design @ (scale, offset)
    spare, chance = len(lines) - 2, None
    df = math.inf
    if pooled is not None:
        own = np.array([pooled.sd_mm**2 / line.n for line in lines])
        random = gain @ (own[:, None] * gain.T)
        if random[0, 0] > 0:
            df = pooled.df * float(covariance[0, 0] / random[0, 0]) ** 2
        if spare and (own > 0).all():
            chance = f_tail(float((rest**2 / own).sum()) / spare, spare, pooled.df)
    ratio = float((rest**2 / variances).sum()) / spare if spare else 0.0
    if ratio > 1 and (chance is None or chance < _SIGNIFICANT):
        covariance, df = covariance * ratio, min(df, float(spare))
    half = t_quantile((1 + level) / 2, df) * np.sqrt(np.diag(covariance))
    return AxisFit(
        axis=lines[0].axis,
        scale_percent=100 * float(scale),
        scale_low_percent=100 * float(scale - half[0]),
        scale_high_percent=100 * float(scale + half[0]),
        offset_mm=float(offset),
        offset_low_mm=float(offset - half[1]),
        offset_high_mm=float(offset + half[1]),
        covariance=(float(covariance[0, 0]), float(covariance[0, 1]), float(covariance[1, 1])),
        df=df,
        level=level,
        n_bars=len(lines),
        n_readings=sum(line.n for line in lines),
        lack_of_fit_p=chance,
    )
