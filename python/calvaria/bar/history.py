"""What the record of a printer says today: last bar, its age, control and drift."""

from __future__ import annotations

import datetime as dt
import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calvaria._record import Record
from calvaria.bar.chart import LEAST_DAYS, RUN, ControlChart, day_of, make_control_chart
from calvaria.bar.check import check_bars
from calvaria.bar.copies import copies_findings, without_copies
from calvaria.bar.decision import need_number
from calvaria.bar.record import load_record
from calvaria.bar.rules import BarRules, load_bar_rules
from calvaria.errors import BarError, CalvariaWarning
from calvaria.findings import CheckReport, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calvaria.bar.deviation import BarDeviation
    from calvaria.bar.reading import BarReading

__all__ = ["PrinterHistory", "check_history"]


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
    last = max(day_of(reading) for reading in rows)
    age = (now - last).days
    most = limits.max_age_days
    if max_age_days is not None:
        most = need_number("max_age_days", max_age_days)
        if most < 0:
            msg = f"max_age_days: at least 0 expected, found {max_age_days}"
            raise ValueError(msg)
    latest = [reading for reading in rows if day_of(reading) == last]
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
        if len({day_of(reading) for reading in group}) >= LEAST_DAYS
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
    n, last = len(nameless), max(day_of(reading) for reading in nameless)
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
        limit=f"{chart.lower_mm:+.3f} to {chart.upper_mm:+.3f} mm, no run of {RUN}, no drift",
        source="Shewhart's limits; ISO 7870-2:2023",
        places=(chart.label,),
    )
