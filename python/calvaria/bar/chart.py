"""The individuals chart of a printer: in control, drifting, too long ago."""

from __future__ import annotations

import datetime as dt
import math
import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._record import Record, plural
from calvaria.bar.check import check_bars
from calvaria.bar.copies import copies_findings, without_copies
from calvaria.bar.decision import need_number
from calvaria.bar.record import load_record
from calvaria.bar.rules import BarRules, load_bar_rules
from calvaria.bar.student import t_quantile, t_two_sided
from calvaria.errors import BarError, CalvariaWarning
from calvaria.findings import CheckReport, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calvaria.bar.deviation import BarDeviation
    from calvaria.bar.reading import BarReading

__all__ = ["ControlChart", "PrinterHistory", "check_history", "make_control_chart"]

# Of the range of two: its mean is 1.128 SD, and 3 SD are 2.66 ranges; the upper limit of a range
# is 3.267 means.
_D2, _D4 = 1.128379, 3.266532
_RUN = 8  # Western Electric's rule 4: eight on one side of the mean
_SIGNIFICANT = 0.05
_LEAST = 3


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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PrinterHistory(Record):
    """What a printer's record says today.

    Attributes
    ----------
    printer : str
        Name; empty where the record has none.
    charts : tuple of ControlChart
        One for each bar that was read on three days or more.
    last_day : str
        Of the last reading.
    age_days : int
        Days since.
    report : CheckReport
        Age, last bar, control and drift as findings.
    n_readings : int
        In the record.
    """

    printer: str
    charts: tuple[ControlChart, ...]
    last_day: str
    age_days: int
    report: CheckReport
    n_readings: int

    @property
    def verdict(self) -> Verdict:
        """The worst of all findings."""
        return self.report.verdict

    @property
    def meaning(self) -> str:
        """Verdict and the worst finding."""
        bad = self.report.above_pass()
        words = bad[0].message if bad else f"last bar {_ago(self.age_days)}, in order"
        return f"{self.verdict.name}: printer {self.printer or 'without a name'}: {words}"


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
        by_day.setdefault(_day(reading), []).append(reading.deviation_mm)
    if len(by_day) < _LEAST:
        msg = f"readings: {_LEAST} days or more expected, found {len(by_day)}"
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


def check_history(
    record: str | os.PathLike[str] | Iterable[BarReading],
    *,
    today: str | dt.date,
    profile: str | None = None,
    tolerance_mm: float | None = None,
    max_age_days: float | None = None,
    rules: BarRules | None = None,
    printer: str | None = None,
) -> PrinterHistory:
    """Judge a printer by its record: last bar, its age, control and drift; warn where it must not be trusted.

    Parameters
    ----------
    record : path or iterable of BarReading
        From :func:`append_readings`.
    today : str or date
        The day of judgement; nothing here reads a clock.
    profile, tolerance_mm
        As for :func:`check_bars`, for the last bars.
    max_age_days : float, optional
        How old the last bar may be; 30 in the rules.
    rules : BarRules, optional
        Limits of one's own.
    printer : str, optional
        Whose readings, where the record has several.

    Returns
    -------
    PrinterHistory

    Warns
    -----
    CalvariaWarning
        The last bar is too old, or a FAIL; or readings that name no printer were left out.

    Raises
    ------
    BarError
        The record holds no reading, or readings of several printers and ``printer`` does not choose.

    Examples
    --------
    >>> from calvaria.bar import BarReading
    >>> record = [
    ...     BarReading(nominal_mm=50.0, reading_mm=mm, date=f"2026-03-0{day}", bar="X50", axis="x")
    ...     for day, mm in enumerate([49.91, 49.94, 49.92, 49.93], start=1)
    ... ]
    >>> check_history(record, today="2026-03-20", tolerance_mm=0.5)
    PrinterHistory(PASS: printer without a name: last bar 16 days ago, in order)
    """
    rows, copies = without_copies(
        load_record(record) if isinstance(record, str | os.PathLike) else record
    )
    names = list(dict.fromkeys(reading.printer for reading in rows))
    if printer is None and len(names) > 1:
        msg = f"printer: one of {', '.join(name or '(none)' for name in names)} expected, found none given"
        raise BarError(msg)
    nameless = [reading for reading in rows if printer and not reading.printer]
    rows = [reading for reading in rows if printer is None or reading.printer == printer]
    if not rows:
        msg = f"record: at least one reading of {printer or 'a printer'} expected, found {_whose(names)}"
        raise BarError(msg)
    limits = rules or load_bar_rules()
    now = _today(today)
    last = max(_day(reading) for reading in rows)
    age = (now - last).days
    most = limits.max_age_days
    if max_age_days is not None:
        most = need_number("max_age_days", max_age_days)
        if most < 0:
            msg = f"max_age_days: at least 0 expected, found {max_age_days}"
            raise ValueError(msg)
    latest = [reading for reading in rows if _day(reading) == last]
    judged = check_bars(latest, profile=profile, tolerance_mm=tolerance_mm, rules=limits)
    charts = _charts(rows)
    findings = [
        _age_finding(age, most, limits),
        _last_finding(judged),
        *_nameless_findings(nameless),
        *copies_findings(copies),
    ]
    findings += [_chart_finding(chart) for chart in charts]
    for finding in findings:
        if (finding.code == "bar_last" and finding.verdict is Verdict.FAIL) or (
            finding.code in {"bar_age", "bar_unnamed"} and finding.verdict is not Verdict.PASS
        ):
            warnings.warn(finding.message, CalvariaWarning, stacklevel=2)
    return PrinterHistory(
        printer=names[0] if printer is None else printer,
        charts=charts,
        last_day=last.isoformat(),
        age_days=age,
        report=CheckReport(subject="printer record", findings=tuple(findings), profile=profile),
        n_readings=len(rows),
    )


def _today(today: str | dt.date) -> dt.date:
    if isinstance(today, dt.datetime):
        return today.date()
    if isinstance(today, dt.date):
        return today
    try:
        return dt.date.fromisoformat(today)
    except (TypeError, ValueError):
        msg = f"today: a date such as 2026-03-14 expected, found {today!r}"
        raise ValueError(msg) from None


def _charts(rows: list[BarReading]) -> tuple[ControlChart, ...]:
    groups: dict[tuple[str, str, float], list[BarReading]] = {}
    for reading in rows:
        groups.setdefault((reading.bar, reading.axis, reading.nominal_mm), []).append(reading)
    return tuple(
        make_control_chart(group, label=f"{key[0] or f'{key[2]:g} mm {key[1]}'}".strip())
        for key, group in groups.items()
        if len({_day(reading) for reading in group}) >= _LEAST
    )


def _age_finding(age: int, most: float, rules: BarRules) -> Finding:
    if age < 0:
        return Finding(
            code="bar_age",
            verdict=Verdict.UNPROVEN,
            message=f"the last bar is dated {-age} {'day' if age == -1 else 'days'} after the day of judgement",
            measured=float(age),
            unit="days",
        )
    is_old = age > most
    words = "print and measure a bar before the next part" if is_old else "recent enough"
    return Finding(
        code="bar_age",
        verdict=Verdict.BORDERLINE if is_old else Verdict.PASS,
        message=f"the last bar was measured {_ago(age)}: {words}",
        measured=float(age),
        limit=f"at most {most:g} days",
        unit="days",
        source=rules.max_age_source,
    )


def _last_finding(judged: BarDeviation) -> Finding:
    worst = max(judged.lines, key=lambda line: (line.verdict.rank, abs(line.deviation_mm)))
    return Finding(
        code="bar_last",
        verdict=judged.bar_verdict,
        message=f"of the last day, {worst.meaning}",
        measured=worst.deviation_mm,
        unit="mm",
        limit=f"less than {judged.tolerance_mm:g} mm",
        source=judged.tolerance_source,
    )


def _nameless_findings(nameless: list[BarReading]) -> list[Finding]:
    """Return what to say of readings in the record of a named printer that name none."""
    if not nameless:
        return []
    n, last = len(nameless), max(_day(reading) for reading in nameless)
    message = (
        f"{n} {'readings name' if n > 1 else 'reading names'} no printer and {_were(n)} left out, "
        f"the last of {last.isoformat()}: whose {_were(n)} {'they' if n > 1 else 'it'}?"
    )
    return [
        Finding(
            code="bar_unnamed",
            verdict=Verdict.BORDERLINE,
            message=message,
            measured=float(n),
            limit="every reading names its printer",
            source="house rule: a record of several printers",
        )
    ]


def _ago(days: int) -> str:
    return "today" if days == 0 else "1 day ago" if days == 1 else f"{days} days ago"


def _were(n: int) -> str:
    return "were" if n > 1 else "was"


def _whose(names: list[str]) -> str:
    return f"those of {', '.join(name or '(none)' for name in names)}" if names else "none"


def _chart_finding(chart: ControlChart) -> Finding:
    is_good = chart.is_in_control and not chart.is_drifting
    return Finding(
        code="bar_control",
        verdict=Verdict.PASS if is_good else Verdict.BORDERLINE,
        message=chart.meaning,
        measured=chart.values_mm[-1],
        unit="mm",
        limit=f"{chart.lower_mm:+.3f} to {chart.upper_mm:+.3f} mm, no run of {_RUN}, no drift",
        source="Shewhart's limits; ISO 7870-2:2023",
        places=(chart.label,),
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
        if length >= _RUN:
            found.append(n)
    return tuple(found)


def _places(is_there: np.ndarray) -> tuple[int, ...]:
    return tuple(np.flatnonzero(is_there).tolist())


def _day(reading: BarReading) -> dt.date:
    try:
        return dt.datetime.fromisoformat(reading.date).date()
    except ValueError:
        msg = f"date: a date such as 2026-03-14 for each reading expected, found {reading.date!r}"
        raise BarError(msg) from None
