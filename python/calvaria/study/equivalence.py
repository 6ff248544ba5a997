"""Equivalence and non-inferiority: only against a margin that was named before the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from calvaria._optional import neighbour
from calvaria.findings import Verdict
from calvaria.study.difference import Difference
from calvaria.study.record import Record, interval_text, number, p_text
from calvaria.study.sample import as_one_sided

__all__ = ["Equivalence", "NonInferiority", "check_equivalence", "check_noninferiority"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Equivalence(Record):
    """Two one-sided tests of a difference against both ends of a margin.

    ``verdict`` is PASS where the interval of level 1 - 2 alpha lies within the margin, FAIL where
    it lies wholly outside, UNPROVEN where it crosses an end: the data do not decide.

    Attributes
    ----------
    label, test : str
        What is compared, and how the difference was found.
    margin : (float, float)
        Both ends, in the unit of the outcome.
    difference, se, df : float
        The difference, its standard error, and its degrees of freedom.
    p_lower, p_upper, p : float
        Of the tests against each end, and the larger of both.
    low, high : float
        Interval of level 1 - 2 alpha.
    alpha : float
        Of each one-sided test.
    verdict : Verdict
        PASS, FAIL or UNPROVEN.
    unit : str
        Of the outcome; empty where none was given.
    n_missing : int
        Values left out as missing.
    """

    label: str
    test: str
    margin: tuple[float, float]
    difference: float
    se: float
    df: float
    p_lower: float
    p_upper: float
    p: float
    low: float
    high: float
    alpha: float
    verdict: Verdict
    unit: str = ""
    n_missing: int = 0

    @property
    def smallest_margin(self) -> float:
        """The symmetric margin from which on these data would have shown equivalence."""
        return max(abs(self.low), abs(self.high))

    @property
    def meaning(self) -> str:
        """What is proven about the margin, in one sentence."""
        unit = f" {self.unit}" if self.unit else ""
        ends = f"{number(self.margin[0])} to {number(self.margin[1])}{unit}"
        head = (
            f"{self.label}: {number(self.difference)}{unit}, "
            f"{interval_text(self.low, self.high, 1 - 2 * self.alpha)}, margin {ends}, "
            f"{p_text(self.p)} (TOST, {self.test})"
        )
        said = {
            Verdict.PASS: "equivalent within this margin, and for no narrower claim",
            Verdict.FAIL: "the difference lies outside the margin: not equivalent",
        }.get(
            self.verdict,
            "equivalence is not shown, nor is a difference beyond the margin; "
            f"it would take a margin of {number(self.smallest_margin)}{unit}",
        )
        left = f"; {self.n_missing} left out as missing" if self.n_missing else ""
        return f"{head}: {said}{left}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NonInferiority(Record):
    """One one-sided test: the new arm is worse than the reference by less than the margin, or not.

    Attributes
    ----------
    label, test : str
        What is compared, and how the difference was found.
    margin : float
        The loss that would be accepted, positive, in the unit of the outcome.
    is_higher_better : bool
        Which way is a loss.
    difference, se, df : float
        New minus reference, its standard error, and its degrees of freedom.
    p : float
        One-sided.
    bound : float
        One-sided bound of the difference, on the side of the loss.
    alpha : float
        Of the test.
    verdict : Verdict
        PASS, FAIL or UNPROVEN.
    unit : str
        Of the outcome; empty where none was given.
    n_missing : int
        Values left out as missing.
    """

    label: str
    test: str
    margin: float
    is_higher_better: bool
    difference: float
    se: float
    df: float
    p: float
    bound: float
    alpha: float
    verdict: Verdict
    unit: str = ""
    n_missing: int = 0

    @property
    def meaning(self) -> str:
        """What is proven about the margin, in one sentence."""
        unit = f" {self.unit}" if self.unit else ""
        side = "at least" if self.is_higher_better else "at most"
        head = (
            f"{self.label}: {number(self.difference)}{unit}, one-sided {100 * (1 - self.alpha):g} % "
            f"bound {side} {number(self.bound)}{unit}, margin {number(self.margin)}{unit}, "
            f"{p_text(self.p)} ({self.test})"
        )
        said = {
            Verdict.PASS: "not worse by the margin or more; that it is as good is not shown",
            Verdict.FAIL: "worse by more than the margin",
        }.get(self.verdict, "non-inferiority is not shown, nor is inferiority beyond the margin")
        left = f"; {self.n_missing} left out as missing" if self.n_missing else ""
        return f"{head}: {said}{left}"


def check_equivalence(
    difference: Difference, *, margin: float | tuple[float, float], alpha: float = 0.05
) -> Equivalence:
    """Hold a difference against a margin by two one-sided t tests (TOST).

    Parameters
    ----------
    difference : Difference
        From :func:`compare_means`, :func:`compare_paired` or any analysis that returns one.
    margin : float or (float, float)
        Half-width, or both ends, in the unit of the outcome.  It is a judgement about teaching,
        written down before the data are seen; no default exists.
    alpha : float
        Of each one-sided test; the interval has level 1 - 2 alpha.

    Returns
    -------
    Equivalence

    Raises
    ------
    ValueError
        The margin does not hold zero between its ends.

    References
    ----------
    .. [1] Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680. doi 10.1007/BF01068419

    Examples
    --------
    >>> from calvaria.study import Summary, compare_means
    >>> heart = compare_means(Summary(n=31, mean=60.8, sd=13.6), Summary(n=32, mean=57.0, sd=13.3))
    >>> [round(check_equivalence(heart, margin=m).p, 3) for m in (5, 7.5, 10)]
    [0.362, 0.14, 0.036]
    >>> check_equivalence(heart, margin=5).verdict.name
    'UNPROVEN'
    """
    ends = margin if isinstance(margin, tuple) else (-margin, margin)
    low, high = float(ends[0]), float(ends[1])
    if not (low < 0 < high and math.isfinite(high - low)):
        msg = f"margin: a positive number, or two ends with zero between, expected, found {margin}"
        raise ValueError(msg)
    as_one_sided(alpha)
    student = neighbour("scipy.stats").t
    value, se, df = difference.difference, difference.se, difference.df
    p_lower = float(student.sf((value - low) / se, df))
    p_upper = float(student.cdf((value - high) / se, df))
    half = float(student.isf(alpha, df)) * se
    if max(p_lower, p_upper) < alpha:
        verdict = Verdict.PASS
    elif value - half > high or value + half < low:
        verdict = Verdict.FAIL
    else:
        verdict = Verdict.UNPROVEN
    return Equivalence(
        label=difference.label,
        test=difference.test,
        margin=(low, high),
        difference=value,
        se=se,
        df=df,
        p_lower=p_lower,
        p_upper=p_upper,
        p=max(p_lower, p_upper),
        low=value - half,
        high=value + half,
        alpha=alpha,
        verdict=verdict,
        unit=difference.unit,
        n_missing=difference.n_missing,
    )


def check_noninferiority(
    difference: Difference, *, margin: float, is_higher_better: bool, alpha: float = 0.025
) -> NonInferiority:
    """Hold a difference, new minus reference, against a margin by one one-sided t test.

    Parameters
    ----------
    difference : Difference
        New arm minus reference.
    margin : float
        The loss that would still be accepted, positive, in the unit of the outcome; named before
        the data are seen.
    is_higher_better : bool
        True for scores, False for times, errors and deviations.
    alpha : float
        One-sided, below 0.5.  0.025 goes with a 95 % interval, 0.05 with a 90 % one.

    Returns
    -------
    NonInferiority

    References
    ----------
    .. [1] Piaggio G et al. JAMA 2012;308:2594-2604. doi 10.1001/jama.2012.87802

    Examples
    --------
    >>> from calvaria.study import Summary, compare_means
    >>> heart = compare_means(Summary(n=31, mean=60.8, sd=13.6), Summary(n=32, mean=57.0, sd=13.3))
    >>> check_noninferiority(heart, margin=5, is_higher_better=True).verdict.name
    'PASS'
    """
    if not 0 < margin < math.inf:
        msg = f"margin: a positive number expected, found {margin}"
        raise ValueError(msg)
    as_one_sided(alpha)
    student = neighbour("scipy.stats").t
    sign = 1.0 if is_higher_better else -1.0
    gain, se, df = sign * difference.difference, difference.se, difference.df
    half = float(student.isf(alpha, df)) * se
    p = float(student.sf((gain + margin) / se, df))
    if p < alpha:
        verdict = Verdict.PASS
    else:
        verdict = Verdict.FAIL if gain + half < -margin else Verdict.UNPROVEN
    return NonInferiority(
        label=difference.label,
        test=difference.test,
        margin=float(margin),
        is_higher_better=is_higher_better,
        difference=difference.difference,
        se=se,
        df=df,
        p=p,
        bound=sign * (gain - half),
        alpha=alpha,
        verdict=verdict,
        unit=difference.unit,
        n_missing=difference.n_missing,
    )
