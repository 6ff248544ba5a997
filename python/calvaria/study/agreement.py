"""Bland and Altman: how far two ways of measuring the same specimens lie apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.record import Record, interval_text, number
from calvaria.study.sample import Missing, as_level, as_rows, has_spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Agreement", "compare_methods"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Agreement(Record):
    """Bias and limits of agreement, each with its interval.

    Attributes
    ----------
    bias, bias_low, bias_high : float
        Mean of first minus second.
    sd : float
        SD of the differences; for repeated measurements the total of both components.
    lower, lower_low, lower_high, upper, upper_low, upper_high : float
        Limits between which 95 % (``coverage``) of differences lie.
    slope, slope_p : float
        Change of the difference with size; a small p says that one pair of limits does not do.
    sd_within : float or None
        Within specimens, for repeated measurements.
    label : str
        What is subtracted from what.
    n, n_specimens : int
        Pairs, and specimens they were read on.
    coverage, level : float
        Share of differences between the limits, and level of the intervals.
    interval : str
        How the intervals were found.
    unit : str
        Of the readings.
    means, differences : (n,) ndarray of float64
        Mean and difference of each pair, in ``unit``; what a picture shows.
    n_missing : int
        Pairs left out as missing.
    """

    label: str
    n: int
    n_specimens: int
    bias: float
    bias_low: float
    bias_high: float
    sd: float
    coverage: float
    lower: float
    lower_low: float
    lower_high: float
    upper: float
    upper_low: float
    upper_high: float
    level: float
    interval: str
    slope: float
    slope_p: float
    unit: str
    sd_within: float | None
    means: NDArray[np.float64]
    differences: NDArray[np.float64]
    n_missing: int = 0

    @property
    def meaning(self) -> str:
        """Bias and limits; whether they are small enough is not a matter of statistics."""
        unit = f" {self.unit}" if self.unit else ""
        left = f"; {self.n_missing} left out as missing" if self.n_missing else ""
        trend = (
            f"; the difference changes with size (p = {self.slope_p:.2g}): these limits hold in the mean only"
            if self.slope_p < 0.05
            else ""
        )
        return (
            f"{self.label}: bias {number(self.bias)}{unit} "
            f"({interval_text(self.bias_low, self.bias_high, self.level)}), "
            f"{100 * self.coverage:g} % limits {number(self.lower)} "
            f"({number(self.lower_low)} to {number(self.lower_high)}) to {number(self.upper)} "
            f"({number(self.upper_low)} to {number(self.upper_high)}){unit} ({self.interval}): "
            f"whether that is close enough the use decides, not the statistic{trend}{left}"
        )


def compare_methods(
    first: ArrayLike,
    second: ArrayLike,
    *,
    specimen: Sequence[Any] | NDArray[Any] | None = None,
    interval: Literal["exact", "approximate"] = "exact",
    coverage: float = 0.95,
    level: float = 0.95,
    label: str = "first - second",
    unit: str = "mm",
    missing: Missing = "refuse",
) -> Agreement:
    """Compare two methods on the same specimens by Bland and Altman's limits of agreement.

    Parameters
    ----------
    first, second : (n,) array_like of float
        Print and bone, calliper and mesh, rater and rater.
    specimen : (n,) sequence, optional
        Which specimen each row belongs to, where specimens were measured several times or in
        several dimensions.  Rows of one specimen are not independent: left out, each row counts
        as a specimen of its own.
    interval : {"exact", "approximate"}
        Of the limits, for one row a specimen: "exact" is the noncentral t [2]_, "approximate" is
        Bland and Altman's [1]_.  With ``specimen`` it is always the method of recovered variances
        of Zou [3]_, on the variance components of Bland and Altman [4]_.
    coverage : float
        Share of differences between the limits.
    level, unit, missing
        As for :func:`compare_means`.

    Returns
    -------
    Agreement

    Raises
    ------
    StudyError
        Fewer than three specimens, or differences without spread.

    References
    ----------
    .. [1] Bland JM, Altman DG. Stat Methods Med Res 1999;8:135-160. doi 10.1177/096228029900800204
    .. [2] Carkeet A. Optom Vis Sci 2015;92:e71-e80. doi 10.1097/OPX.0000000000000513
    .. [3] Zou GY. Stat Methods Med Res 2013;22:630-642. doi 10.1177/0962280211402548
    .. [4] Bland JM, Altman DG. J Biopharm Stat 2007;17:571-582. doi 10.1080/10543400701329422

    Examples
    --------
    >>> bone = [50.1, 48.7, 52.3, 61.0, 44.2, 57.8]
    >>> printed = [50.0, 48.3, 52.2, 60.7, 44.1, 57.3]
    >>> result = compare_methods(printed, bone)
    >>> round(result.bias, 3), round(result.lower, 3), round(result.upper, 3)
    (-0.25, -0.595, 0.095)
    """
    names = np.arange(len(np.asarray(first))) if specimen is None else specimen
    rows, n_missing = as_rows(
        {"first": first, "second": second}, least=3, missing=missing, specimen=names
    )
    a, b = rows["first"], rows["second"]
    differences, means = a - b, (a + b) / 2
    if not has_spread(differences, scale=float(np.abs(means).max())):
        msg = "first and second: differences with spread expected, found all the same"
        raise StudyError(msg)
    z = float(neighbour("scipy.stats").norm.ppf((1 + as_level(coverage, name="coverage")) / 2))
    as_level(level)
    if interval not in {"exact", "approximate"}:
        msg = f"interval: 'exact' or 'approximate' expected, found {interval!r}"
        raise ValueError(msg)
    if specimen is None:
        limits = _single(differences, z, level, interval)
    else:
        limits = _repeated(differences, rows["specimen"], z, level)
    slope, slope_p = _trend(means, differences, rows["specimen"])
    for array in (means, differences):
        array.flags.writeable = False
    return Agreement(
        label=label,
        n=len(a),
        coverage=coverage,
        level=level,
        slope=slope,
        slope_p=slope_p,
        unit=unit,
        means=means,
        differences=differences,
        n_missing=n_missing,
        **limits,
    )


def _single(d: NDArray[np.float64], z: float, level: float, interval: str) -> dict[str, Any]:
    stats = neighbour("scipy.stats")
    n, bias, sd = len(d), float(d.mean()), float(d.std(ddof=1))
    t = float(stats.t.ppf((1 + level) / 2, n - 1))
    if interval == "exact":
        tails = ((1 - level) / 2, (1 + level) / 2)
        inner, outer = (
            float(q) * sd / math.sqrt(n) for q in stats.nct.ppf(tails, n - 1, z * math.sqrt(n))
        )
        name = "exact, noncentral t"
    else:
        half = t * sd * math.sqrt(1 / n + z**2 / (2 * (n - 1)))
        inner, outer, name = z * sd - half, z * sd + half, "approximate, Bland and Altman 1999"
    limits = _about(bias, t * sd / math.sqrt(n), reach=z * sd, inner=inner, outer=outer)
    return {**limits, "n_specimens": n, "sd": sd, "interval": name, "sd_within": None}


def _repeated(
    d: NDArray[np.float64], specimen: NDArray[np.str_], z: float, level: float
) -> dict[str, Any]:
    """Return limits from the variance of specimen means and the variance within specimens."""
    stats = neighbour("scipy.stats")
    _, index = np.unique(specimen, return_inverse=True)
    size = np.bincount(index).astype(float)
    k, n = len(size), len(d)
    if k < 3 or n == k:
        msg = f"specimen: three or more, some measured again, expected, found {k} in {n} rows"
        raise StudyError(msg)
    means = np.bincount(index, d) / size
    within = float(((d - means[index]) ** 2).sum() / (n - k))
    between = float(means.var(ddof=1))
    share = 1 - 1 / (k / float((1 / size).sum()))
    total = between + share * within
    bias, sd = float(means.mean()), math.sqrt(total)
    tail = (1 - level) / 2
    spread = [
        math.hypot(
            between * (1 - (k - 1) / float(stats.chi2.ppf(p, k - 1))),
            share * within * (1 - (n - k) / float(stats.chi2.ppf(p, n - k))),
        )
        for p in (1 - tail, tail)
    ]
    sd_low, sd_high = math.sqrt(max(0.0, total - spread[0])), math.sqrt(total + spread[1])
    half = float(stats.t.ppf(1 - tail, k - 1)) * math.sqrt(between / k)
    inner = z * sd - math.hypot(half, z * (sd - sd_low))
    outer = z * sd + math.hypot(half, z * (sd_high - sd))
    return {
        **_about(bias, half, reach=z * sd, inner=inner, outer=outer),
        "n_specimens": k,
        "sd": sd,
        "interval": "recovered variances, Zou 2013",
        "sd_within": math.sqrt(within),
    }


def _about(
    bias: float, half: float, *, reach: float, inner: float, outer: float
) -> dict[str, float]:
    """Return bias and limits, each with its interval; both limits lie alike about the bias."""
    return {
        "bias": bias,
        "bias_low": bias - half,
        "bias_high": bias + half,
        "lower": bias - reach,
        "lower_low": bias - outer,
        "lower_high": bias - inner,
        "upper": bias + reach,
        "upper_low": bias + inner,
        "upper_high": bias + outer,
    }


def _trend(
    means: NDArray[np.float64], differences: NDArray[np.float64], specimen: NDArray[np.str_]
) -> tuple[float, float]:
    """Return slope and p of difference on size, from specimen means; p 1 where it cannot be asked."""
    _, index = np.unique(specimen, return_inverse=True)
    size = np.bincount(index)
    x, y = np.bincount(index, means) / size, np.bincount(index, differences) / size
    if len(x) < 3 or not has_spread(x) or not has_spread(y, scale=float(np.abs(x).max())):
        return 0.0, 1.0
    fit = neighbour("scipy.stats").linregress(x, y)
    p = float(fit.pvalue)
    return float(fit.slope), p if math.isfinite(p) else 1.0
