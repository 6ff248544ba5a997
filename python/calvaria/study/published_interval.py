"""Does a published interval agree with its estimate and its p?  Rounding is held in favour of the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.findings import CheckReport, Finding, Verdict
from calvaria.study.printed import as_printed_p, as_printed_value, extremes
from calvaria.study.printed_p import SOURCE, p_finding
from calvaria.study.record import number
from calvaria.study.sample import as_level, refuse_infinite

if TYPE_CHECKING:
    from calvaria.study.printed import Printed

    Number = Printed | str | float

__all__ = ["check_interval", "p_from_interval"]


def p_from_interval(
    estimate: float, *, low: float, high: float, level: float = 0.95
) -> tuple[float, float]:
    """Return z and the two-sided p behind an estimate with its normal interval.

    Parameters
    ----------
    estimate : float
        On a scale where the interval is symmetrical.
    low, high : float
        Ends of the interval.
    level : float
        Of the interval, such as 0.95.

    Returns
    -------
    tuple of float
        z and p.

    References
    ----------
    .. [1] Altman DG, Bland JM. BMJ 2011;343:d2304. doi 10.1136/bmj.d2304

    Examples
    --------
    >>> z, p = p_from_interval(0.56, low=0.20, high=0.93)
    >>> round(z, 2), round(p, 4)
    (3.01, 0.0026)
    """
    refuse_infinite(estimate=estimate, low=low, high=high)
    as_level(level)
    if not low < high:
        msg = f"low < high expected, found {low} and {high}"
        raise StudyError(msg)
    normal = neighbour("scipy.stats").norm
    z = estimate / ((high - low) / (2 * float(normal.ppf((1 + level) / 2))))
    return z, float(2 * normal.sf(abs(z)))


def check_interval(
    estimate: Number,
    *,
    low: Number,
    high: Number,
    p: Number | None = None,
    level: float = 0.95,
    subject: str = "interval",
) -> CheckReport:
    """Hold an estimate, its interval and its p against each other.

    Parameters
    ----------
    estimate, low, high, p : printed number
        A ratio goes in as logarithms: its interval is even on that scale only.
    level : float
        Of the interval.
    subject : str
        For the report.

    Returns
    -------
    CheckReport
        ``published_interval``: is the estimate in the middle; ``published_p`` when a p is given.

    Examples
    --------
    >>> check_interval("-0.05", low="-0.34", high="0.24", level=0.9).verdict.name
    'PASS'
    >>> check_interval("0.50", low="0.10", high="0.70").verdict.name
    'FAIL'
    """
    as_level(level)
    middle = as_printed_value(estimate, name="estimate")
    ends = (as_printed_value(low, name="low"), as_printed_value(high, name="high"))
    if ends[0].value > ends[1].value:
        msg = f"low <= high expected, found {ends[0].text} and {ends[1].text}"
        raise StudyError(msg)
    printed_p = None if p is None else as_printed_p(p)
    reach = extremes(lambda a, b: (a + b) / 2, *ends)
    holds = middle.holds(*reach)
    findings = [
        Finding(
            code="published_interval",
            verdict=Verdict.PASS if holds else Verdict.FAIL,
            message=(
                "the estimate lies in the middle of its interval"
                if holds
                else f"the middle of the interval is {number(sum(e.value for e in ends) / 2)}, "
                f"the estimate printed is {middle.text}"
            ),
            measured=middle.value,
            limit=f"{number(reach[0])} to {number(reach[1])}",
            source=SOURCE,
        )
    ]
    if printed_p is not None:
        normal = neighbour("scipy.stats").norm
        quantile = float(normal.ppf((1 + level) / 2))

        def p_of(value: float, bottom: float, top: float) -> float:
            width = max(top - bottom, 1e-300)
            return float(2 * normal.sf(abs(value) * 2 * quantile / width))

        found = extremes(p_of, middle, *ends)
        findings.append(p_finding(printed_p, *found, "the printed interval"))
    return CheckReport(subject=subject, findings=tuple(findings))
