"""Two means, from raw values or from what a paper printed: Welch, Student, paired, one-way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.difference import Difference, make_difference
from calvaria.study.record import Record, number, p_text
from calvaria.study.sample import Missing
from calvaria.study.summaries import PairedSummary, Summary, as_summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

__all__ = ["GroupComparison", "compare_means", "compare_paired", "compare_several_means"]

Variances = Literal["unequal", "equal"]


def compare_means(
    a: Summary | ArrayLike,
    b: Summary | ArrayLike,
    *,
    variances: Variances = "unequal",
    level: float = 0.95,
    label: str = "a - b",
    unit: str = "",
    missing: Missing = "refuse",
) -> Difference:
    """Compare the means of two independent arms by Welch's or Student's t.

    Parameters
    ----------
    a, b : Summary or (n,) array_like of float
        The two arms; each may be raw or a summary.
    variances : {"unequal", "equal"}
        "unequal" is Welch [1]_, "equal" is Student with a pooled variance.
    level : float
        Of the confidence interval.
    label, unit : str
        For the sentence: what is subtracted from what, in which unit.
    missing : {"refuse", "drop"}
        What a missing raw value does; dropped ones are counted in the result.

    Returns
    -------
    Difference
        Mean of ``a`` minus mean of ``b``.

    Raises
    ------
    StudyError
        An arm has fewer than two values, or neither has any spread.

    References
    ----------
    .. [1] Welch BL. Biometrika 1947;34:28-35. doi 10.1093/biomet/34.1-2.28

    Examples
    --------
    >>> from calvaria.study import Summary
    >>> heart = compare_means(
    ...     Summary(n=31, mean=60.8, sd=13.6), Summary(n=32, mean=57.0, sd=13.3), variances="equal"
    ... )
    >>> round(heart.p, 4)
    0.2666
    """
    first = as_summary(a, name="a", missing=missing)
    second = as_summary(b, name="b", missing=missing)
    if variances == "equal":
        df = float(first.n + second.n - 2)
        pooled = ((first.n - 1) * first.sd**2 + (second.n - 1) * second.sd**2) / df
        se, test = math.sqrt(pooled * (1 / first.n + 1 / second.n)), "Student t"
    elif variances == "unequal":
        parts = first.sd**2 / first.n, second.sd**2 / second.n
        se, test = math.sqrt(sum(parts)), "Welch t"
        spread = parts[0] ** 2 / (first.n - 1) + parts[1] ** 2 / (second.n - 1)
        df = sum(parts) ** 2 / spread if spread else math.inf
    else:
        msg = f"variances: 'unequal' or 'equal' expected, found {variances!r}"
        raise ValueError(msg)
    return make_difference(
        label,
        test=test,
        n=(first.n, second.n),
        difference=first.mean - second.mean,
        se=se,
        df=df,
        level=level,
        unit=unit,
        n_missing=first.n_missing + second.n_missing,
    )


def compare_paired(
    pairs: PairedSummary | ArrayLike,
    second: ArrayLike | None = None,
    *,
    level: float = 0.95,
    label: str = "first - second",
    unit: str = "",
    missing: Missing = "refuse",
) -> Difference:
    """Compare two columns measured on the same participants or specimens by the paired t.

    Parameters
    ----------
    pairs : PairedSummary or (n,) array_like of float
        A summary of the differences, or the first column.
    second : (n,) array_like of float, optional
        The second column, when ``pairs`` is raw.
    level, label, unit, missing
        As for :func:`compare_means`; a pair that lacks either value is missing.

    Returns
    -------
    Difference

    Raises
    ------
    StudyError
        Fewer than two pairs, or all differences the same.

    References
    ----------
    .. [1] Student. Biometrika 1908;6:1-25. doi 10.1093/biomet/6.1.1

    Examples
    --------
    >>> sinus = PairedSummary.from_correlation(
    ...     n=17, means=(50.41, 48.29), sds=(13.31, 16.01), correlation=0.84
    ... )
    >>> result = compare_paired(sinus)
    >>> round(result.low, 2), round(result.high, 2), round(result.p, 2)
    (-2.35, 6.59, 0.33)
    """
    if isinstance(pairs, PairedSummary):
        if second is not None:
            msg = "second: nothing expected beside a PairedSummary, found a column"
            raise TypeError(msg)
        summary = pairs
    elif second is None:
        msg = "second: the other column expected, found nothing"
        raise TypeError(msg)
    else:
        summary = PairedSummary.from_values(pairs, second, missing=missing)
    return make_difference(
        label,
        test="paired t",
        n=(summary.n,),
        difference=summary.mean_difference,
        se=summary.sd_difference / math.sqrt(summary.n),
        df=summary.n - 1.0,
        level=level,
        unit=unit,
        n_missing=summary.n_missing,
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GroupComparison(Record):
    """One test over three or more arms; it names no arm.

    Attributes
    ----------
    test : str
        Which test.
    arms : tuple of str
        Their names.
    n : tuple of int
        Values of each arm.
    statistic : float
        F, or H of Kruskal and Wallis.
    df : tuple of float
        Degrees of freedom.
    p : float
        That all arms are alike.
    level : float
        What the sentence goes by: a p below 1 - level shows a difference.
    n_missing : int
        Values left out as missing.
    note : str
        What to know of this result; empty where there is nothing.
    """

    test: str
    arms: tuple[str, ...]
    n: tuple[int, ...]
    statistic: float
    df: tuple[float, ...]
    p: float
    level: float = 0.95
    n_missing: int = 0
    note: str = ""

    @property
    def meaning(self) -> str:
        """Whether any difference is shown; which one, this test cannot say."""
        said = (
            "not all arms are the same, which ones differ this test does not say"
            if self.p < 1 - self.level
            else "no difference is shown and no sameness either"
        )
        head = f"{', '.join(self.arms)}: {number(self.statistic)}, {p_text(self.p)} ({self.test})"
        left = f"; {self.n_missing} left out as missing" if self.n_missing else ""
        note = f"; {self.note}" if self.note else ""
        return f"{head}: {said}{left}{note}"


def compare_several_means(
    arms: Mapping[str, Summary | ArrayLike],
    *,
    variances: Variances = "unequal",
    level: float = 0.95,
    missing: Missing = "refuse",
) -> GroupComparison:
    """Compare the means of two or more arms by one-way analysis of variance.

    Parameters
    ----------
    arms : mapping of str to Summary or (n,) array_like of float
        Name and values of each arm.
    variances : {"unequal", "equal"}
        Welch's [1]_ or Fisher's analysis of variance.
    level, missing
        As for :func:`compare_means`.

    Returns
    -------
    GroupComparison

    Raises
    ------
    StudyError
        An arm has fewer than two values, or no spread where the test divides by it.

    References
    ----------
    .. [1] Welch BL. Biometrika 1951;38:330-336. doi 10.1093/biomet/38.3-4.330

    Examples
    --------
    >>> arms = {"print": [7, 9, 8, 10], "cadaver": [6, 7, 5, 8], "atlas": [4, 6, 5, 7]}
    >>> round(compare_several_means(arms, variances="equal").p, 4)
    0.0263
    """
    summaries = {name: as_summary(arm, name=name, missing=missing) for name, arm in arms.items()}
    if len(summaries) < 2:
        msg = f"arms: two or more expected, found {list(summaries)}"
        raise ValueError(msg)
    n = np.array([s.n for s in summaries.values()], float)
    mean = np.array([s.mean for s in summaries.values()])
    variance = np.array([s.sd for s in summaries.values()]) ** 2
    k = len(n)
    if variances == "equal":
        within = float(((n - 1) * variance).sum() / (n.sum() - k))
        between = float((n * (mean - np.average(mean, weights=n)) ** 2).sum() / (k - 1))
        df, test = (k - 1.0, float(n.sum()) - k), "one-way analysis of variance"
        statistic = between / within if within > 0 else math.nan
    elif variances == "unequal":
        test = "Welch's analysis of variance"
        statistic, df = _welch(n, mean, variance) if (variance > 0).all() else (math.nan, (1, 1))
    else:
        msg = f"variances: 'unequal' or 'equal' expected, found {variances!r}"
        raise ValueError(msg)
    if math.isnan(statistic):
        flat = [name for name, s in summaries.items() if s.sd == 0]
        msg = f"arms: spread expected, found none in {flat}"
        raise StudyError(msg)
    return GroupComparison(
        test=test,
        arms=tuple(summaries),
        n=tuple(s.n for s in summaries.values()),
        statistic=float(statistic),
        df=df,
        p=float(neighbour("scipy.stats").f.sf(statistic, *df)),
        level=level,
        n_missing=sum(s.n_missing for s in summaries.values()),
    )


def _welch(
    n: np.ndarray, mean: np.ndarray, variance: np.ndarray
) -> tuple[float, tuple[float, float]]:
    k = len(n)
    weight = n / variance
    centre = float(np.average(mean, weights=weight))
    spread = float((((1 - weight / weight.sum()) ** 2) / (n - 1)).sum())
    numerator = float((weight * (mean - centre) ** 2).sum()) / (k - 1)
    statistic = numerator / (1 + 2 * (k - 2) / (k**2 - 1) * spread)
    return statistic, (k - 1.0, (k**2 - 1) / (3 * spread))
