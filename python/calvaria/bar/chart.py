"""The individuals chart of one bar over time: in control, or drifting."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._record import Record, plural
from calvaria.bar.student import t_quantile, t_two_sided
from calvaria.errors import BarError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calvaria.bar.reading import BarReading

__all__ = ["LEAST_DAYS", "RUN", "ControlChart", "day_of", "make_control_chart"]

# Of the range of two: its mean is 1.128 SD, and 3 SD are 2.66 ranges; the upper limit of a range
# is 3.267 means.
_D2, _D4 = 1.128379, 3.266532
RUN = 8  # Western Electric's rule 4: eight on one side of the mean
_SIGNIFICANT = 0.05
LEAST_DAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ControlChart(Record):
    """Individuals and moving ranges of one bar over time.

    Attributes
    ----------
    label : str
        Which bar and axis.
    days : tuple of str
        Dates, oldest first.
    values_mm : tuple of float
        Deviation on each day, the mean of its readings.
    mean_mm, lower_mm, upper_mm : float
        Centre and limits: mean -+ 2.66 mean moving ranges.
    sigma_mm : float
        Mean moving range / 1.128.
    mean_range_mm, upper_range_mm : float
        Of the moving ranges, and their limit.
    beyond : tuple of int
        Places of values beyond the limits.
    ranges_beyond : tuple of int
        Places of values that jumped from the one before by more than the limit.
    runs : tuple of int
        Places that end a run of eight or more on one side of the mean.
    drift_mm_per_30_days, drift_low, drift_high, drift_p : float
        Slope over time with its 95 % interval, and how often chance does as much.
    """

    label: str
    days: tuple[str, ...]
    values_mm: tuple[float, ...]
    mean_mm: float
    lower_mm: float
    upper_mm: float
    sigma_mm: float
    mean_range_mm: float
    upper_range_mm: float
    beyond: tuple[int, ...]
    ranges_beyond: tuple[int, ...]
    runs: tuple[int, ...]
    drift_mm_per_30_days: float
    drift_low: float
    drift_high: float
    drift_p: float

    @property
    def is_in_control(self) -> bool:
        """Whether no value, range or run breaks a limit."""
        return not (self.beyond or self.ranges_beyond or self.runs)

    @property
    def is_drifting(self) -> bool:
        """Whether the slope is more than chance."""
        return self.drift_p < _SIGNIFICANT

    @property
    def meaning(self) -> str:
        """Centre, limits, and what breaks them."""
        state = "in control" if self.is_in_control else "out of control"
        where = sorted({*self.beyond, *self.ranges_beyond, *self.runs})
        when = f" ({', '.join(self.days[n] for n in where)})" if where else ""
        drift = (
            f"; drifts by {self.drift_mm_per_30_days:+.3f} mm in 30 days (p = {self.drift_p:.2g})"
            if self.is_drifting
            else "; no drift proven"
        )
        return (
            f"{self.label}: {plural(len(self.days), 'day')}, mean {self.mean_mm:+.3f} mm, limits "
            f"{self.lower_mm:+.3f} to {self.upper_mm:+.3f}: {state}{when}{drift}"
        )


def make_control_chart(readings: Iterable[BarReading], *, label: str | None = None) -> ControlChart:
    """Make the individuals chart of the deviations of one bar.

    Parameters
    ----------
    readings : iterable of BarReading
        With dates; readings of one day are averaged.
    label : str, optional
        Left out, the name of the bar.

    Returns
    -------
    ControlChart

    Raises
    ------
    BarError
        Fewer than three days, or a reading without a date.

    References
    ----------
    Shewhart, Economic control of quality of manufactured product, 1931; ISO 7870-2:2023 (individuals
    and moving ranges); Western Electric, Statistical quality control handbook, 1956 (runs).

    Examples
    --------
    >>> from calvaria.bar import BarReading
    >>> week = [
    ...     BarReading(nominal_mm=50.0, reading_mm=mm, date=f"2026-03-0{day}", bar="X50", axis="x")
    ...     for day, mm in enumerate([49.91, 49.94, 49.92, 49.93, 49.92, 49.60], start=1)
    ... ]
    >>> chart = make_control_chart(week)
    >>> chart
    ControlChart(X50: 6 days, mean -0.130 mm, limits -0.337 to +0.077: out of control (2026-03-06); no drift proven)
    """
    rows = list(readings)
    by_day: dict[dt.date, list[float]] = {}
    for reading in rows:
        by_day.setdefault(day_of(reading), []).append(reading.deviation_mm)
    if len(by_day) < LEAST_DAYS:
        msg = f"readings: {LEAST_DAYS} days or more expected, found {len(by_day)}"
        raise BarError(msg)
    days = sorted(by_day)
    values = np.array([math.fsum(by_day[day]) / len(by_day[day]) for day in days])
    ranges = np.abs(np.diff(values))
    mean, mean_range = float(values.mean()), float(ranges.mean())
    reach = 3 * mean_range / _D2
    slope, low, high, p = _drift(np.array([(day - days[0]).days for day in days], float), values)
    dust = 1e-9
    return ControlChart(
        label=label if label is not None else f"{rows[0].bar or rows[0].axis or 'bar'}",
        days=tuple(day.isoformat() for day in days),
        values_mm=tuple(values.tolist()),
        mean_mm=mean,
        lower_mm=mean - reach,
        upper_mm=mean + reach,
        sigma_mm=mean_range / _D2,
        mean_range_mm=mean_range,
        upper_range_mm=_D4 * mean_range,
        beyond=_places(np.abs(values - mean) > reach + dust),
        ranges_beyond=tuple(n + 1 for n in _places(ranges > _D4 * mean_range + dust)),
        runs=_runs(np.sign(values - mean)),
        drift_mm_per_30_days=30 * slope,
        drift_low=30 * low,
        drift_high=30 * high,
        drift_p=p,
    )


def _drift(days: np.ndarray, values: np.ndarray) -> tuple[float, float, float, float]:
    """Return slope, its 95 % interval and its p, by least squares."""
    off = days - days.mean()
    spread = float(off @ off)
    slope = float(off @ values) / spread
    rest = values - values.mean() - slope * off
    df = len(values) - 2
    u = math.sqrt(float(rest @ rest) / df / spread)
    if u <= 1e-12 * max(abs(slope), 1e-12):
        return slope, slope, slope, 1.0 if abs(slope) < 1e-12 else 0.0
    half = t_quantile(0.975, df) * u
    return slope, slope - half, slope + half, t_two_sided(slope / u, df)


def _runs(signs: np.ndarray) -> tuple[int, ...]:
    found, length = [], 0
    for n, sign in enumerate(signs):
        length = length + 1 if n and sign == signs[n - 1] and sign else int(bool(sign))
        if length >= RUN:
            found.append(n)
    return tuple(found)


def _places(is_there: np.ndarray) -> tuple[int, ...]:
    return tuple(np.flatnonzero(is_there).tolist())


def day_of(reading: BarReading) -> dt.date:
    """Return the day of a reading; refuse one without."""
    try:
        return dt.datetime.fromisoformat(reading.date).date()
    except ValueError:
        msg = f"date: a date such as 2026-03-14 for each reading expected, found {reading.date!r}"
        raise BarError(msg) from None
