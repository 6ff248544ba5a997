"""Standardised mean differences: Hedges' g from values, summaries, p values and printed d."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.record import Record, interval_text, number
from calvaria.study.sample import Missing, as_count, as_level
from calvaria.study.summaries import PairedSummary, Summary, as_summary

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = [
    "EffectSize",
    "hedges_correction",
    "hedges_g",
    "hedges_g_from_d",
    "hedges_g_from_p",
    "hedges_g_paired",
]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class EffectSize(Record):
    """An effect without a unit, with its interval.

    Attributes
    ----------
    name : str
        Which effect.
    value, se : float
        Estimate and standard error; ``se`` is what a meta-analysis weighs by.
    low, high, level : float
        Interval and its level.
    interval : str
        How the interval was made.
    n : tuple of int
        Values behind it.
    n_missing : int
        Values left out.
    origin, scale : str
        Where the numbers come from, and what a value of 1 means.
    """

    name: str
    value: float
    se: float
    low: float
    high: float
    level: float
    interval: str
    n: tuple[int, ...]
    n_missing: int = 0
    origin: str = "raw values or summaries"
    scale: str = "in units of the SD, not of the score"

    @property
    def meaning(self) -> str:
        """Size and uncertainty; standardised units say nothing of points or marks."""
        left = f"; {self.n_missing} left out as missing" if self.n_missing else ""
        holds = "zero is among" if self.low <= 0 <= self.high else "zero is not among"
        return (
            f"{self.name} {number(self.value)}, {interval_text(self.low, self.high, self.level)} "
            f"({self.interval}): {holds} the values that fit; {self.scale}{left}"
        )


def hedges_correction(df: float) -> float:
    """Return J, the factor that makes Cohen's d unbiased, by the exact gamma formula.

    Parameters
    ----------
    df : float
        Degrees of freedom of the standard deviation.

    Returns
    -------
    float
        Below 1, and near it for many degrees of freedom.

    References
    ----------
    .. [1] Hedges LV. J Educ Stat 1981;6:107-128. doi 10.3102/10769986006002107

    Examples
    --------
    >>> round(hedges_correction(61), 6)
    0.987646
    """
    if not df > 1:
        msg = f"df: more than 1 expected, found {df:g}"
        raise StudyError(msg)
    return math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)


def hedges_g(
    a: Summary | ArrayLike,
    b: Summary | ArrayLike,
    *,
    level: float = 0.95,
    missing: Missing = "refuse",
) -> EffectSize:
    """Return Hedges' g of two independent arms, ``a`` minus ``b``.

    Parameters
    ----------
    a, b : Summary or (n,) array_like of float
        The two arms.
    level : float
        Of the interval.
    missing : {"refuse", "drop"}
        What a missing raw value does.

    Returns
    -------
    EffectSize
        ``value`` is d times the exact J.  The interval is that of the population effect by the
        noncentral t, exact for normal scores of equal variance; it is not multiplied by J.
        ``se`` is the root of 1/n_a + 1/n_b + g^2 / (2 (n_a + n_b)).

    Raises
    ------
    StudyError
        Neither arm has any spread, or an arm has fewer than two values.

    References
    ----------
    .. [1] Hedges LV. J Educ Stat 1981;6:107-128. doi 10.3102/10769986006002107
    .. [2] Steiger JH, Fouladi RT. In: What if there were no significance tests? 1997:221-257.

    Examples
    --------
    >>> heart = hedges_g(Summary(n=31, mean=60.8, sd=13.6), Summary(n=32, mean=57.0, sd=13.3))
    >>> round(heart.value, 3), round(heart.se, 3)
    (0.279, 0.253)
    """
    first = as_summary(a, name="a", missing=missing)
    second = as_summary(b, name="b", missing=missing)
    df = first.n + second.n - 2
    pooled = ((first.n - 1) * first.sd**2 + (second.n - 1) * second.sd**2) / df
    if not pooled > 0:
        msg = "a and b: spread in at least one arm expected, found none"
        raise StudyError(msg)
    d = (first.mean - second.mean) / math.sqrt(pooled)
    return _g(
        d,
        first.n,
        second.n,
        level=level,
        n_missing=first.n_missing + second.n_missing,
        origin=f"{first.origin}; {second.origin}",
    )


def hedges_g_from_d(d: float, *, n_a: int, n_b: int, level: float = 0.95) -> EffectSize:
    """Return Hedges' g of a printed Cohen's d.

    Parameters
    ----------
    d : float
        Cohen's d, from the pooled standard deviation.
    n_a, n_b : int
        Participants of each arm.
    level : float
        Of the interval, such as 0.95.

    Returns
    -------
    EffectSize
        With interval.

    Examples
    --------
    >>> round(hedges_g_from_d(0.504, n_a=45, n_b=43).value, 4)
    0.4996
    """
    return _g(d, _size(n_a, "n_a"), _size(n_b, "n_b"), level=level, origin="printed d")


def hedges_g_from_p(
    p: float, *, n_a: int, n_b: int, is_a_higher: bool, level: float = 0.95
) -> EffectSize:
    """Return Hedges' g behind the two-sided p value of a t test.

    Parameters
    ----------
    p : float
        Two-sided, of Student's t test.
    n_a, n_b : int
        Participants of each arm.
    is_a_higher : bool
        Which way the difference went: p does not say.
    level : float
        Of the interval, such as 0.95.

    Returns
    -------
    EffectSize
        With interval.

    Examples
    --------
    >>> round(hedges_g_from_p(0.2666, n_a=31, n_b=32, is_a_higher=True).value, 3)
    0.279
    """
    as_level(p, name="p")
    t = float(neighbour("scipy.stats").t.isf(p / 2, _size(n_a, "n_a") + _size(n_b, "n_b") - 2))
    d = (1 if is_a_higher else -1) * t * math.sqrt(1 / n_a + 1 / n_b)
    return _g(d, n_a, n_b, level=level, origin="p value of a t test")


def hedges_g_paired(
    pairs: PairedSummary | ArrayLike,
    second: ArrayLike | None = None,
    *,
    level: float = 0.95,
    missing: Missing = "refuse",
) -> EffectSize:
    """Return the standardised mean change of paired columns, in units of the average SD.

    The SD is that of the scores, not of the differences, so that the value can stand beside one
    from independent arms.

    Parameters
    ----------
    pairs : PairedSummary or (n,) array_like of float
        A summary that knows both SDs and the correlation, or the first column.
    second : (n,) array_like of float, optional
        The second column, when ``pairs`` is raw.
    level, missing
        As for :func:`hedges_g`.

    Returns
    -------
    EffectSize
        The interval and ``se`` are those of Bonett [1]_, which do not ask for equal variances;
        ``value`` carries J with n - 1 degrees of freedom.

    References
    ----------
    .. [1] Bonett DG. Psychol Methods 2008;13:99-109. doi 10.1037/1082-989X.13.2.99

    Examples
    --------
    >>> hedges_g_paired([7, 9, 8, 10, 6], [6, 7, 8, 8, 5]).n
    (5,)
    """
    if not isinstance(pairs, PairedSummary):
        if second is None:
            msg = "second: the other column expected, found nothing"
            raise TypeError(msg)
        pairs = PairedSummary.from_values(pairs, second, missing=missing)
    if pairs.sd_a is None or pairs.sd_b is None or pairs.correlation is None:
        msg = "pairs: both SDs and a correlation expected, found a summary of differences alone"
        raise StudyError(msg)
    df = pairs.n - 1
    square = (pairs.sd_a**2 + pairs.sd_b**2) / 2
    if not square > 0:
        msg = "pairs: spread in at least one column expected, found none"
        raise StudyError(msg)
    d = pairs.mean_difference / math.sqrt(square)
    shared = pairs.correlation * pairs.sd_a * pairs.sd_b
    fourth = pairs.sd_a**4 + pairs.sd_b**4 + 2 * shared**2
    variance = d**2 * fourth / (8 * df * square**2)
    variance += (pairs.sd_a**2 + pairs.sd_b**2 - 2 * shared) / (df * square)
    if not variance > 0:
        msg = "pairs: differences with spread expected, found none"
        raise StudyError(msg)
    se = math.sqrt(variance)
    half = float(neighbour("scipy.stats").norm.ppf((1 + as_level(level)) / 2)) * se
    return EffectSize(
        name="paired Hedges g (average SD)",
        value=hedges_correction(df) * d,
        se=se,
        low=d - half,
        high=d + half,
        level=level,
        interval="Bonett 2008",
        n=(pairs.n,),
        n_missing=pairs.n_missing,
        origin=pairs.origin,
    )


def noncentral_interval(t: float, df: float, level: float) -> tuple[float, float]:
    """Return the noncentralities whose t distribution has ``t`` at its outer quantiles."""
    if t < 0:
        low, high = noncentral_interval(-t, df, level)
        return -high, -low
    tail = (1 - level) / 2
    # The noncentral t is about normal about its noncentrality with this spread.
    reach = 8.0 * math.sqrt(1 + t * t / (2 * df)) + 8.0
    ends = [_noncentrality(t, df, probability, reach) for probability in (1 - tail, tail)]
    return ends[0], ends[1]


def _noncentrality(t: float, df: float, probability: float, reach: float) -> float:
    cdf = neighbour("scipy.special").nctdtr

    def excess(noncentrality: float) -> float:
        value = float(cdf(df, noncentrality, t))
        # Where the series underflows the distribution is wholly on one side of t.
        return (value if not math.isnan(value) else float(noncentrality < t)) - probability

    low, high = t - reach, t + reach
    while excess(low) < 0:
        low -= reach
    while excess(high) > 0:
        high += reach
    return float(neighbour("scipy.optimize").brentq(excess, low, high, xtol=1e-12))


def _size(n: int, name: str) -> int:
    return as_count(n, name=name, least=2)


def _g(
    d: float, n_a: int, n_b: int, *, level: float, n_missing: int = 0, origin: str
) -> EffectSize:
    df = n_a + n_b - 2
    if not math.isfinite(d):
        msg = f"d: a finite number expected, found {d}"
        raise StudyError(msg)
    g = hedges_correction(df) * d
    scale = math.sqrt(1 / n_a + 1 / n_b)
    low, high = noncentral_interval(d / scale, df, as_level(level))
    return EffectSize(
        name="Hedges g",
        value=g,
        se=math.sqrt(1 / n_a + 1 / n_b + g**2 / (2 * (n_a + n_b))),
        low=low * scale,
        high=high * scale,
        level=level,
        interval="noncentral t",
        n=(n_a, n_b),
        n_missing=n_missing,
        origin=origin,
    )
