"""Power of a comparison of two means: superiority, non-inferiority, equivalence."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.sample import as_level, as_one_sided, refuse_infinite

__all__ = ["equivalence_power", "noninferiority_power", "superiority_power"]


def superiority_power(difference: float, *, se: float, df: float, alpha: float) -> float:
    """Return the power of a two-sided t test (noncentral t)."""
    refuse_infinite(difference=difference)
    _positive(se=se, df=df)
    as_level(alpha, name="alpha")
    stats, special = neighbour("scipy.stats"), neighbour("scipy.special")
    quantile = float(stats.t.isf(alpha / 2, df))
    shift = abs(difference) / se
    upper = 1 - _number(special.nctdtr(df, shift, quantile), shift, quantile)
    lower = 1 - _number(special.nctdtr(df, -shift, quantile), -shift, quantile)
    return upper + lower


def noninferiority_power(
    difference: float, *, margin: float, se: float, df: float, alpha: float
) -> float:
    """Return the power of a one-sided t test against a loss of ``margin``."""
    refuse_infinite(difference=difference)
    _positive(margin=margin, se=se, df=df)
    as_one_sided(alpha)
    stats, special = neighbour("scipy.stats"), neighbour("scipy.special")
    quantile = float(stats.t.isf(alpha, df))
    shift = (difference + margin) / se
    return 1 - _number(special.nctdtr(df, shift, quantile), shift, quantile)


def equivalence_power(
    difference: float, *, margin: float, se: float, df: float, alpha: float
) -> float:
    """Return the power of two one-sided t tests against plus and minus ``margin``.

    Exact: for each value the estimated standard error may take, the chance that the estimate lies
    between the two rejection bounds, averaged over the chi distribution (Phillips 1990,
    doi 10.1007/BF01063556).
    """
    refuse_infinite(difference=difference)
    _positive(margin=margin, se=se, df=df)
    as_one_sided(alpha)
    stats = neighbour("scipy.stats")
    quantile = float(stats.t.isf(alpha, df))
    # Beyond this the two bounds cross and nothing is accepted.
    largest = margin / (quantile * se)

    def integrand(ratio: Any) -> Any:
        reach = margin / se - quantile * ratio
        inside = stats.norm.cdf(reach - difference / se) - stats.norm.cdf(-reach - difference / se)
        return inside * stats.chi.pdf(ratio * math.sqrt(df), df) * math.sqrt(df)

    # All but 1e-14 of the chi distribution lies between these.
    low = float(stats.chi.ppf(1e-14, df)) / math.sqrt(df)
    high = min(largest, float(stats.chi.isf(1e-14, df)) / math.sqrt(df))
    if high <= low:
        return 0.0
    nodes, weights = np.polynomial.legendre.leggauss(160)
    half = (high - low) / 2
    return float(half * (weights * integrand(low + half * (nodes + 1))).sum())


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            msg = f"{name}: a positive number expected, found {value}"
            raise StudyError(msg)


def _number(value: float, shift: float, quantile: float) -> float:
    # Where the series underflows the distribution lies wholly on one side of the quantile.
    return float(value) if not math.isnan(value) else float(shift < quantile)
