"""One arm as a paper prints it: n, mean and SD, or what they can be recovered from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.record import Record, number
from calvaria.study.sample import (
    Missing,
    as_count,
    as_level,
    as_pairs,
    as_sample,
    has_spread,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = ["PairedSummary", "Summary", "as_summary", "pooled_sd_from_p"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Summary(Record):
    """Number, mean and standard deviation of one arm.

    Attributes
    ----------
    n : int
        Participants or specimens, at least 2.
    mean, sd : float
        In the unit of the outcome.
    origin : str
        Where they come from: printed, raw values, or the formula that recovered them.
    n_missing : int
        Values left out.

    Examples
    --------
    >>> Summary(n=31, mean=60.8, sd=13.6)
    Summary(n 31, mean 60.8, SD 13.6 (as printed))
    """

    n: int
    mean: float
    sd: float
    origin: str = "as printed"
    n_missing: int = 0

    def __post_init__(self) -> None:
        as_count(self.n, name="n", least=2)
        if not (math.isfinite(self.mean) and math.isfinite(self.sd) and self.sd >= 0):
            msg = f"mean and sd: finite numbers, sd not negative, expected, found {self.mean}, {self.sd}"
            raise StudyError(msg)

    @property
    def meaning(self) -> str:
        """The three numbers and where they come from."""
        return f"n {self.n}, mean {number(self.mean)}, SD {number(self.sd)} ({self.origin})"

    @classmethod
    def from_values(cls, values: ArrayLike, *, missing: Missing = "refuse") -> Summary:
        """Return the summary of raw values; the SD is that with n - 1."""
        sample, n_missing = as_sample(values, name="values", missing=missing)
        sd = float(sample.std(ddof=1)) if has_spread(sample) else 0.0
        return cls(
            n=len(sample),
            mean=float(sample.mean()),
            sd=sd,
            origin="raw values",
            n_missing=n_missing,
        )

    @classmethod
    def from_standard_error(cls, *, n: int, mean: float, standard_error: float) -> Summary:
        """Return the summary behind a mean and its standard error."""
        as_count(n, name="n", least=2)
        return cls(n=n, mean=mean, sd=standard_error * math.sqrt(n), origin="from standard error")

    @classmethod
    def from_interval(cls, *, n: int, low: float, high: float, level: float = 0.95) -> Summary:
        """Return the summary behind a t interval of a mean.

        Examples
        --------
        >>> Summary.from_interval(n=16, low=45, high=55)
        Summary(n 16, mean 50, SD 9.38 (from 95 % t interval))
        """
        as_count(n, name="n", least=2)
        quantile = neighbour("scipy.stats").t.ppf((1 + as_level(level)) / 2, n - 1)
        sd = (high - low) / 2 * math.sqrt(n) / float(quantile)
        origin = f"from {100 * level:g} % t interval"
        return cls(n=n, mean=(low + high) / 2, sd=sd, origin=origin)

    @classmethod
    def from_quartiles(
        cls, *, n: int, q1: float, median: float, q3: float, mean_formula: str = "Wan"
    ) -> Summary:
        """Return mean and SD estimated from median and quartiles.

        The SD is that of Wan et al. [1]_, the mean that of Wan or of Luo et al. [2]_.  Both take
        the values as normal: where the quartiles lie unevenly about the median the paper had a
        reason not to print a mean.

        Parameters
        ----------
        n : int
            Values behind the quartiles.
        q1, median, q3 : float
            As printed.
        mean_formula : {"Wan", "Luo"}
            Which estimate of the mean.

        References
        ----------
        .. [1] Wan X et al. BMC Med Res Methodol 2014;14:135. doi 10.1186/1471-2288-14-135
        .. [2] Luo D et al. Stat Methods Med Res 2018;27:1785. doi 10.1177/0962280216669183

        Examples
        --------
        >>> Summary.from_quartiles(n=26, q1=29, median=31.5, q3=36)
        Summary(n 26, mean 32.2, SD 5.49 (from quartiles, Wan 2014))
        """
        as_count(n, name="n", least=2)
        _in_order(q1=q1, median=median, q3=q3)
        width = 2 * _normal_quantile((0.75 * n - 0.125) / (n + 0.25))
        if mean_formula == "Wan":
            mean, origin = (q1 + median + q3) / 3, "from quartiles, Wan 2014"
        elif mean_formula == "Luo":
            weight = 0.7 + 0.39 / n
            mean = weight * (q1 + q3) / 2 + (1 - weight) * median
            origin = "from quartiles, mean Luo 2018, SD Wan 2014"
        else:
            msg = f"mean_formula: 'Wan' or 'Luo' expected, found {mean_formula!r}"
            raise ValueError(msg)
        return cls(n=n, mean=mean, sd=(q3 - q1) / width, origin=origin)

    @classmethod
    def from_range(cls, *, n: int, minimum: float, median: float, maximum: float) -> Summary:
        """Return mean (Luo 2018) and SD (Wan 2014) estimated from median and range."""
        as_count(n, name="n", least=2)
        _in_order(minimum=minimum, median=median, maximum=maximum)
        weight = 4 / (4 + n**0.75)
        mean = weight * (minimum + maximum) / 2 + (1 - weight) * median
        width = 2 * _normal_quantile((n - 0.375) / (n + 0.25))
        sd = (maximum - minimum) / width
        return cls(n=n, mean=mean, sd=sd, origin="from range, mean Luo 2018, SD Wan 2014")

    @classmethod
    def from_five_numbers(
        cls, *, n: int, minimum: float, q1: float, median: float, q3: float, maximum: float
    ) -> Summary:
        """Return mean (Luo 2018) and SD (Wan 2014) estimated from range, quartiles and median."""
        as_count(n, name="n", least=2)
        _in_order(minimum=minimum, q1=q1, median=median, q3=q3, maximum=maximum)
        ends = 2.2 / (2.2 + n**0.75)
        quarters = 0.7 - 0.72 / n**0.55
        mean = (
            ends * (minimum + maximum) / 2
            + quarters * (q1 + q3) / 2
            + (1 - ends - quarters) * median
        )
        span = 2 * _normal_quantile((n - 0.375) / (n + 0.25))
        box = 2 * _normal_quantile((0.75 * n - 0.125) / (n + 0.25))
        sd = ((maximum - minimum) / span + (q3 - q1) / box) / 2
        return cls(n=n, mean=mean, sd=sd, origin="from five numbers, mean Luo 2018, SD Wan 2014")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PairedSummary(Record):
    """Differences within the same participants or specimens, first minus second.

    ``sd_a``, ``sd_b`` and ``correlation`` are None where only the differences are known.

    Attributes
    ----------
    n : int
        Pairs.
    mean_difference, sd_difference : float
        Mean and SD of first minus second.
    origin : str
        Where the numbers come from.
    n_missing : int
        Pairs left out as missing.
    sd_a, sd_b, correlation : float or None
        SDs of both columns, and their correlation; None where only the differences are known.

    Examples
    --------
    >>> PairedSummary(n=17, mean_difference=2.12, sd_difference=8.69)
    PairedSummary(17 pairs, mean difference 2.12, SD 8.69 (as printed))
    >>> PairedSummary.from_values([50.1, 48.4, 52.0], [50.0, 48.1, 52.2]).n
    3
    """

    n: int
    mean_difference: float
    sd_difference: float
    origin: str = "as printed"
    n_missing: int = 0
    sd_a: float | None = None
    sd_b: float | None = None
    correlation: float | None = None

    def __post_init__(self) -> None:
        as_count(self.n, name="n", least=2)
        if not (math.isfinite(self.mean_difference) and 0 <= self.sd_difference < math.inf):
            msg = (
                "mean_difference and sd_difference: finite numbers, the SD not negative, expected, "
                f"found {self.mean_difference}, {self.sd_difference}"
            )
            raise StudyError(msg)
        for name, sd in (("sd_a", self.sd_a), ("sd_b", self.sd_b)):
            if sd is not None and not 0 <= sd < math.inf:
                msg = f"{name}: a finite number, not negative, expected, found {sd}"
                raise StudyError(msg)
        # Binary dust is forgiven: raw columns may correlate by 1 + 1e-16.
        if self.correlation is not None and not abs(self.correlation) <= 1 + 1e-12:
            msg = f"correlation: a number from -1 to 1 expected, found {self.correlation}"
            raise StudyError(msg)

    @property
    def meaning(self) -> str:
        """The numbers and where they come from."""
        return (
            f"{self.n} pairs, mean difference {number(self.mean_difference)}, "
            f"SD {number(self.sd_difference)} ({self.origin})"
        )

    @classmethod
    def from_values(
        cls, first: ArrayLike, second: ArrayLike, *, missing: Missing = "refuse"
    ) -> PairedSummary:
        """Return the summary of raw pairs; a pair that lacks either value is missing."""
        a, b, n_missing = as_pairs(first, second, names=("first", "second"), missing=missing)
        scale = float(max(np.abs(a).max(), np.abs(b).max()))
        spread = has_spread(a - b, scale=scale)
        both = has_spread(a) and has_spread(b)
        return cls(
            n=len(a),
            mean_difference=float((a - b).mean()),
            sd_difference=float((a - b).std(ddof=1)) if spread else 0.0,
            origin="raw pairs",
            n_missing=n_missing,
            sd_a=float(a.std(ddof=1)) if has_spread(a) else 0.0,
            sd_b=float(b.std(ddof=1)) if has_spread(b) else 0.0,
            correlation=float(np.corrcoef(a, b)[0, 1]) if both else None,
        )

    @classmethod
    def from_correlation(
        cls, *, n: int, means: Sequence[float], sds: Sequence[float], correlation: float
    ) -> PairedSummary:
        """Return the differences behind two printed columns and their correlation.

        Examples
        --------
        >>> PairedSummary.from_correlation(
        ...     n=17, means=(50.41, 48.29), sds=(13.31, 16.01), correlation=0.84
        ... )
        PairedSummary(17 pairs, mean difference 2.12, SD 8.69 (from two SDs and r = 0.84))
        """
        if not -1 <= correlation <= 1:
            msg = f"correlation: a number from -1 to 1 expected, found {correlation}"
            raise StudyError(msg)
        if len(sds) != 2 or not all(0 <= sd < math.inf for sd in sds):
            msg = f"sds: two finite numbers, not negative, expected, found {list(sds)}"
            raise StudyError(msg)
        if len(means) != 2 or not all(math.isfinite(mean) for mean in means):
            msg = f"means: two finite numbers expected, found {list(means)}"
            raise StudyError(msg)
        variance = sds[0] ** 2 + sds[1] ** 2 - 2 * correlation * sds[0] * sds[1]
        return cls(
            n=n,
            mean_difference=means[0] - means[1],
            sd_difference=math.sqrt(max(variance, 0.0)),
            origin=f"from two SDs and r = {correlation:g}",
            sd_a=sds[0],
            sd_b=sds[1],
            correlation=correlation,
        )


def as_summary(arm: Summary | ArrayLike, *, name: str, missing: Missing = "refuse") -> Summary:
    """Return the summary of an arm, given as one or as raw values."""
    if isinstance(arm, Summary):
        return arm
    sample, n_missing = as_sample(arm, name=name, missing=missing)
    sd = float(sample.std(ddof=1)) if has_spread(sample) else 0.0
    return Summary(
        n=len(sample), mean=float(sample.mean()), sd=sd, origin="raw values", n_missing=n_missing
    )


def pooled_sd_from_p(means: Sequence[float], *, n: Sequence[int], p: float) -> float:
    """Return the common SD behind the p value of a one-way analysis of variance.

    Parameters
    ----------
    means : sequence of float
        Means of two or more arms.
    n : sequence of int
        Their sizes.
    p : float
        The p value as printed, between 0 and 1.

    Returns
    -------
    float
        In the unit of the means.

    Raises
    ------
    StudyError
        The means do not differ, so that no p value leads back to an SD.

    Notes
    -----
    The F whose upper tail is ``p`` is the ratio of the mean squares; the one between the arms
    follows from the means, so the one within, whose root is the SD, follows as well
    (Cochrane Handbook, 6.5.2.3, doi 10.1002/9781119536604.ch6).

    Examples
    --------
    >>> round(pooled_sd_from_p([60.83, 44.81, 44.62], n=[16, 18, 18], p=0.010), 2)
    16.85
    """
    mean, size = np.asarray(means, float), np.asarray(n, float)
    if mean.shape != size.shape or len(mean) < 2 or (size < 2).any():
        msg = f"n: one size of at least 2 for each of two or more means expected, found {list(n)}"
        raise ValueError(msg)
    between = float((size * (mean - np.average(mean, weights=size)) ** 2).sum()) / (len(mean) - 1)
    if not between > 0:
        msg = "means: means that differ expected, found the same in all arms"
        raise StudyError(msg)
    df = (len(mean) - 1, float(size.sum()) - len(mean))
    f_ratio = float(neighbour("scipy.stats").f.isf(as_level(p, name="p"), *df))
    return math.sqrt(between / f_ratio)


def _normal_quantile(probability: float) -> float:
    return float(neighbour("scipy.stats").norm.ppf(probability))


def _in_order(**values: float) -> None:
    numbers = list(values.values())
    if not all(math.isfinite(value) for value in numbers) or numbers != sorted(numbers):
        msg = f"{' <= '.join(values)} expected, found {numbers}"
        raise StudyError(msg)
