"""A linear model in which each participant (or class, or bone) has a level of its own.

y = X b + u_group + e, fitted by restricted maximum likelihood.  With one variance ratio the
likelihood is a curve over one number, so its top is found for certain, also where it lies at the
edge: groups that do not differ more than chance are an answer here, not a failure to converge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.difference import Difference, make_difference

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RandomIntercept", "fit_random_intercept"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RandomIntercept:
    """Fitted coefficients with the freedom each of them has.

    Attributes
    ----------
    coefficients, covariance : (p,), (p, p) ndarray of float64
        Fixed effects.
    df : (p,) ndarray of float64
        Groups less between-group columns for a column that is constant in every group, else
        values less groups less the other columns.
    var_between, var_within : float
        Variances of groups and of values within a group.
    n_groups : int
        Groups.
    """

    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    df: NDArray[np.float64]
    var_between: float
    var_within: float
    n_groups: int
    n_values: int

    @property
    def icc(self) -> float:
        """Share of the variance that lies between groups."""
        return self.var_between / (self.var_between + self.var_within)

    def difference(
        self, label: str, *, weights: NDArray[np.float64], test: str, level: float, **more: object
    ) -> Difference:
        """Return a weighted sum of coefficients with the least freedom among those it uses."""
        used = weights != 0
        return make_difference(
            label,
            test=test,
            difference=float(weights @ self.coefficients),
            se=math.sqrt(max(0.0, float(weights @ self.covariance @ weights))),
            df=float(self.df[used].min()),
            level=level,
            **more,  # type: ignore[arg-type]
        )


def fit_random_intercept(
    y: NDArray[np.float64], x: NDArray[np.float64], group: NDArray[np.str_]
) -> RandomIntercept:
    """Fit by restricted maximum likelihood (Patterson and Thompson 1971, doi 10.2307/2334389)."""
    names, inverse = np.unique(group, return_inverse=True)
    index = np.asarray(inverse, np.intp)
    n, p = x.shape
    size = np.bincount(index).astype(np.float64)
    if np.linalg.matrix_rank(x) < p:
        msg = "design: columns that can be told apart expected; an arm, period or time is empty or mixed up with another"
        raise StudyError(msg)
    if len(names) >= n:
        msg = (
            "values: two or more in some participant, class or bone expected, found one in each; "
            "spread within and between them cannot be told apart"
        )
        raise StudyError(msg)
    is_between = np.array(
        [bool((np.abs(c - (np.bincount(index, c) / size)[index]) < 1e-12).all()) for c in x.T]
    )
    df = np.where(is_between, len(names) - is_between.sum(), n - len(names) - (~is_between).sum())
    if n - p < 1:
        msg = f"design: more than {p} values expected, found {n}"
        raise StudyError(msg)
    fit = _Curve(y - y.mean(), x, index, size)
    if fit.at(0.0)[1] <= 1e-20 * n * float(np.abs(y).max(initial=0.0)) ** 2:
        msg = "values: spread around the model expected, found none"
        raise StudyError(msg)
    ratio = fit.best_ratio()
    coefficients, rss, information = fit.at(ratio)
    # The mean was taken off for accuracy; it goes back onto the constant, wherever that is.
    constant = np.linalg.lstsq(x, np.full(n, y.mean()), rcond=None)[0]
    var_within = rss / (n - p)
    return RandomIntercept(
        coefficients=coefficients + constant,
        covariance=var_within * np.linalg.inv(information),
        df=df.astype(np.float64),
        var_between=ratio * var_within,
        var_within=var_within,
        n_groups=len(names),
        n_values=n,
    )


class _Curve:
    """The restricted likelihood as a function of between over within variance."""

    def __init__(
        self,
        y: NDArray[np.float64],
        x: NDArray[np.float64],
        index: NDArray[np.intp],
        size: NDArray[np.float64],
    ) -> None:
        self.y, self.x, self.index, self.size = y, x, index, size
        self.sums_x = np.stack([np.bincount(index, column) for column in x.T], axis=1)
        self.sums_y = np.bincount(index, y)
        self.xx, self.xy = x.T @ x, x.T @ y

    def at(self, ratio: float) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
        """Return coefficients, weighted residual sum of squares and information."""
        shrink = ratio / (1 + self.size * ratio)
        information = self.xx - (self.sums_x.T * shrink) @ self.sums_x
        right = self.xy - (self.sums_x.T * shrink) @ self.sums_y
        b = np.asarray(np.linalg.solve(information, right), np.float64)
        residual = self.y - self.x @ b
        sums = np.bincount(self.index, residual)
        return b, float(residual @ residual - shrink @ sums**2), information

    def slope(self, ratio: float) -> float:
        """Return twice the derivative of the restricted log likelihood."""
        b, rss, information = self.at(ratio)
        sums = np.bincount(self.index, self.y - self.x @ b)
        change = 1 / (1 + self.size * ratio) ** 2
        trace = np.trace(np.linalg.solve(information, (self.sums_x.T * change) @ self.sums_x))
        n, p = self.x.shape
        gain = (n - p) * float(change @ sums**2) / rss
        return float(gain - (self.size / (1 + self.size * ratio)).sum() + trace)

    def value(self, ratio: float) -> float:
        _, rss, information = self.at(ratio)
        n, p = self.x.shape
        return -float(
            (n - p) * math.log(rss)
            + np.log1p(self.size * ratio).sum()
            + np.linalg.slogdet(information)[1]
        )

    def best_ratio(self) -> float:
        grid = np.concatenate([[0.0], np.logspace(-4, 9, 53)])
        best = int(np.argmax([self.value(ratio) for ratio in grid]))
        if best == 0 and self.slope(0.0) <= 0:
            return 0.0
        if best == len(grid) - 1:
            msg = "values: spread within participants, classes or bones expected, found none"
            raise StudyError(msg)
        low, high = float(grid[max(best - 1, 0)]), float(grid[best + 1])
        if self.slope(low) <= 0 or self.slope(high) >= 0:
            return float(grid[best])
        brentq = neighbour("scipy.optimize").brentq
        return float(brentq(self.slope, low, high, xtol=1e-14, rtol=1e-13))
