"""Counts of two arms: odds, risks and rates, with intervals that survive an empty cell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.record import Record, interval_text, number, p_text
from calvaria.study.sample import as_level

__all__ = ["RatioComparison", "odds_ratio", "rate_ratio", "risk_difference", "risk_ratio"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RatioComparison(Record):
    """A ratio or difference of shares or rates, first arm over (or minus) the second.

    Attributes
    ----------
    measure : str
        Odds ratio, risk ratio, risk difference or rate ratio.
    value, low, high, level : float
        The estimate and its interval.
    p : float
        Two-sided.
    test, interval : str
        Which test and which interval.
    counts : tuple of float
        What it was made of: events and others of the first arm, then of the second; events and times
        for rates.
    note : str
        What to know of this result; empty where there is nothing.
    """

    measure: str
    value: float
    low: float
    high: float
    level: float
    p: float
    test: str
    interval: str
    counts: tuple[float, ...]
    note: str = ""

    @property
    def meaning(self) -> str:
        """Size and uncertainty in one sentence."""
        said = (
            "a difference is shown"
            if self.p < 1 - self.level
            else "no difference is shown and no sameness either"
        )
        note = f"; {self.note}" if self.note else ""
        return (
            f"{self.measure} {number(self.value)}, "
            f"{interval_text(self.low, self.high, self.level)} ({self.interval}), "
            f"{p_text(self.p)} ({self.test}): {said}{note}"
        )


def odds_ratio(
    a: tuple[int, int], b: tuple[int, int], *, level: float = 0.95, interval: str = "exact"
) -> RatioComparison:
    """Return the odds ratio of two arms, each given as (events, participants).

    Parameters
    ----------
    a, b : (int, int)
        Events and participants of each arm.
    level : float
        Of the interval.
    interval : {"exact", "logit"}
        "exact": conditional estimate and interval, with an end of 0 or infinity for an empty
        cell.  "logit": Woolf's [1]_; with an empty cell one half is added to all four [2]_, and
        the result says so.

    Returns
    -------
    RatioComparison
        p is Fisher's exact one.

    Raises
    ------
    StudyError
        No event, or only events, in both arms: the odds ratio is then undefined.

    References
    ----------
    .. [1] Woolf B. Ann Hum Genet 1955;19:251-253. doi 10.1111/j.1469-1809.1955.tb01348.x
    .. [2] Haldane JBS. Ann Hum Genet 1956;20:309-311. doi 10.1111/j.1469-1809.1955.tb01285.x

    Examples
    --------
    >>> round(odds_ratio((24, 30), (15, 30), interval="logit").value, 6)
    4.0
    """
    table = _table(a, b)
    if table[0] + table[2] == 0 or table[1] + table[3] == 0:
        msg = f"a and b: events and non-events expected, found {a} and {b}"
        raise StudyError(msg)
    stats = neighbour("scipy.stats")
    square = [[table[0], table[1]], [table[2], table[3]]]
    note = ""
    if interval == "exact":
        fitted = stats.contingency.odds_ratio(square, kind="conditional")
        ends = fitted.confidence_interval(as_level(level))
        value, low, high = float(fitted.statistic), float(ends.low), float(ends.high)
        name = "exact conditional"
    elif interval == "logit":
        cells = [float(cell) for cell in table]
        if 0 in cells:
            cells, note = [cell + 0.5 for cell in cells], "0.5 added to every cell for an empty one"
        log = math.log(cells[0] * cells[3] / (cells[1] * cells[2]))
        se = math.sqrt(sum(1 / cell for cell in cells))
        half = float(stats.norm.ppf((1 + as_level(level)) / 2)) * se
        value, low, high = (math.exp(x) for x in (log, log - half, log + half))
        name = "Woolf logit"
    else:
        msg = f"interval: 'exact' or 'logit' expected, found {interval!r}"
        raise ValueError(msg)
    return RatioComparison(
        measure="odds ratio",
        value=value,
        low=low,
        high=high,
        level=level,
        p=float(stats.fisher_exact(square).pvalue),
        test="Fisher exact",
        interval=name,
        counts=table,
        note=note,
    )


def risk_ratio(a: tuple[int, int], b: tuple[int, int], *, level: float = 0.95) -> RatioComparison:
    """Return the ratio of two shares, each given as (events, participants).

    The interval is Katz's [1]_ on the log scale; with an arm without events, or with nothing but
    events in both, one half is added to events and participants, and the result says so.

    Parameters
    ----------
    a, b : (int, int)
        Events and participants of each arm.
    level : float
        Of the interval, such as 0.95.

    Returns
    -------
    RatioComparison
        Ratio and interval.

    Raises
    ------
    StudyError
        No event in either arm.

    References
    ----------
    .. [1] Katz D et al. Biometrics 1978;34:469-474. doi 10.2307/2530610

    Examples
    --------
    >>> round(risk_ratio((24, 30), (15, 30)).value, 6)
    1.6
    """
    table = _table(a, b)
    if table[0] + table[2] == 0:
        msg = f"a and b: an event in at least one arm expected, found {a} and {b}"
        raise StudyError(msg)
    stats = neighbour("scipy.stats")
    shares, note = [float(a[0]), float(a[1]), float(b[0]), float(b[1])], ""
    if table[0] == 0 or table[2] == 0 or table[1] == table[3] == 0:
        shares = [part + 0.5 for part in shares]
        note = "0.5 added to events and participants for an empty cell"
    log = math.log(shares[0] / shares[1] / (shares[2] / shares[3]))
    se = math.sqrt(1 / shares[0] - 1 / shares[1] + 1 / shares[2] - 1 / shares[3])
    half = float(stats.norm.ppf((1 + as_level(level)) / 2)) * se
    return RatioComparison(
        measure="risk ratio",
        value=math.exp(log),
        low=math.exp(log - half),
        high=math.exp(log + half),
        level=level,
        p=float(stats.fisher_exact([table[:2], table[2:]]).pvalue),
        test="Fisher exact",
        interval="Katz log",
        counts=table,
        note=note,
    )


def risk_difference(
    a: tuple[int, int], b: tuple[int, int], *, level: float = 0.95
) -> RatioComparison:
    """Return the difference of two shares, each given as (events, participants).

    The interval is Newcombe's [1]_, joined from Wilson's for each share; it needs no correction
    for empty cells.

    Parameters
    ----------
    a, b : (int, int)
        Events and participants of each arm.
    level : float
        Of the interval, such as 0.95.

    Returns
    -------
    RatioComparison
        Difference and interval.

    References
    ----------
    .. [1] Newcombe RG. Stat Med 1998;17:873-890.
       doi 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I

    Examples
    --------
    >>> result = risk_difference((0, 12), (0, 15))
    >>> result.value, round(result.low, 3), round(result.high, 3)
    (0.0, -0.204, 0.242)
    """
    table = _table(a, b)
    shares = a[0] / a[1], b[0] / b[1]
    ends = wilson_interval(*a, level=level), wilson_interval(*b, level=level)
    down = math.hypot(shares[0] - ends[0][0], ends[1][1] - shares[1])
    up = math.hypot(ends[0][1] - shares[0], shares[1] - ends[1][0])
    value = shares[0] - shares[1]
    p = float(neighbour("scipy.stats").fisher_exact([table[:2], table[2:]]).pvalue)
    return RatioComparison(
        measure="risk difference",
        value=value,
        low=value - down,
        high=value + up,
        level=level,
        p=p,
        test="Fisher exact",
        interval="Newcombe score",
        counts=table,
    )


def rate_ratio(
    a: tuple[int, float], b: tuple[int, float], *, level: float = 0.95
) -> RatioComparison:
    """Return the ratio of two rates, each given as (events, exposure).

    Exposure is what the events were counted over: hours, sessions, students.  p and interval are
    exact, from the binomial distribution of the first arm's events given the sum [1]_; an arm
    without events gives an end of 0 or infinity.  They hold for events that come independently of
    each other; attempts by the same students usually do not, see :func:`compare_counts`.

    Parameters
    ----------
    a, b : (int, float)
        Events and exposure of each arm.
    level : float
        Of the interval, such as 0.95.

    Returns
    -------
    RatioComparison
        Ratio, interval and p.

    Raises
    ------
    StudyError
        No event in either arm.

    References
    ----------
    .. [1] Przyborowski J, Wilenski H. Biometrika 1940;31:313-323. doi 10.1093/biomet/31.3-4.313

    Examples
    --------
    >>> round(rate_ratio((60, 20), (40, 20)).value, 6)
    1.5
    """
    for name, (events, exposure) in (("a", a), ("b", b)):
        if events != int(events) or events < 0 or not 0 < exposure < math.inf:
            msg = (
                f"{name}: whole events and a positive exposure expected, found {(events, exposure)}"
            )
            raise ValueError(msg)
    total = int(a[0] + b[0])
    if total == 0:
        msg = "a and b: an event in at least one arm expected, found none"
        raise StudyError(msg)
    stats = neighbour("scipy.stats")
    share = a[1] / (a[1] + b[1])
    tested = stats.binomtest(int(a[0]), total, share)
    ends = tested.proportion_ci(as_level(level), method="exact")
    odds = [p / (1 - p) if p < 1 else math.inf for p in (float(ends.low), float(ends.high))]
    value = (a[0] / a[1]) / (b[0] / b[1]) if b[0] else math.inf
    return RatioComparison(
        measure="rate ratio",
        value=value,
        low=odds[0] * b[1] / a[1],
        high=odds[1] * b[1] / a[1],
        level=level,
        p=float(tested.pvalue),
        test="exact conditional",
        interval="exact conditional",
        counts=(*a, *b),
        note="holds for events that come independently of each other",
    )


def wilson_interval(events: int, n: int, *, level: float) -> tuple[float, float]:
    """Return Wilson's interval of a share (1927, doi 10.1080/01621459.1927.10502953)."""
    z = float(neighbour("scipy.stats").norm.ppf((1 + as_level(level)) / 2))
    share = events / n
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _table(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int, int, int]:
    for name, (events, n) in (("a", a), ("b", b)):
        if n < 1:
            msg = f"{name}: participants expected, found {n}"
            raise StudyError(msg)
        if events != int(events) or n != int(n) or not 0 <= events <= n:
            msg = f"{name}: whole events from 0 to participants expected, found {(events, n)}"
            raise ValueError(msg)
    return int(a[0]), int(a[1] - a[0]), int(b[0]), int(b[1] - b[0])
