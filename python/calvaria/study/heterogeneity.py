"""How far trials differ beyond chance: tau2 by name, its Q profile, I2 with its interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from calvaria._optional import neighbour

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Estimator", "between_variance", "i2_interval", "tau2_interval"]

Estimator = Literal["fixed", "DL", "REML", "PM"]


def between_variance(
    y: NDArray[np.float64], v: NDArray[np.float64], *, estimator: Estimator
) -> float:
    """Return tau2 of effects ``y`` with sampling variances ``v``; never below zero."""
    if estimator == "fixed":
        return 0.0
    if estimator == "DL":
        return _dersimonian_laird(y, v)
    if estimator == "PM":
        return _root_of_q(y, v, len(y) - 1.0)
    if estimator == "REML":
        return _reml(y, v)
    msg = f"estimator: 'fixed', 'DL', 'REML' or 'PM' expected, found {estimator!r}"
    raise ValueError(msg)


def tau2_interval(
    y: NDArray[np.float64], v: NDArray[np.float64], level: float
) -> tuple[float, float]:
    """Return the Q-profile interval of tau2 (Viechtbauer 2007, doi 10.1002/sim.2514)."""
    chi2 = neighbour("scipy.stats").chi2(len(y) - 1)
    return (
        _root_of_q(y, v, float(chi2.ppf((1 + level) / 2))),
        _root_of_q(y, v, float(chi2.ppf((1 - level) / 2))),
    )


def i2_interval(q: float, k: int, level: float) -> tuple[float, float]:
    """Return the test-based interval of I2 (Higgins and Thompson 2002, doi 10.1002/sim.1186)."""
    if k < 3 or q <= 0:
        return 0.0, 1.0
    log_h = math.log(q / (k - 1)) / 2
    if q > k:
        spread = (math.log(q) - math.log(k - 1)) / (2 * (math.sqrt(2 * q) - math.sqrt(2 * k - 3)))
    else:
        spread = math.sqrt((1 - 1 / (3 * (k - 2) ** 2)) / (2 * (k - 2)))
    z = float(neighbour("scipy.stats").norm.ppf((1 + level) / 2))
    low, high = (math.exp(2 * (log_h + sign * z * spread)) for sign in (-1, 1))
    return max(0.0, 1 - 1 / low), max(0.0, 1 - 1 / high)


def _dersimonian_laird(y: NDArray[np.float64], v: NDArray[np.float64]) -> float:
    w = 1 / v
    q = float((w * (y - np.average(y, weights=w)) ** 2).sum())
    scale = float(w.sum() - (w**2).sum() / w.sum())
    return max(0.0, (q - (len(y) - 1)) / scale)


def _q_of(y: NDArray[np.float64], v: NDArray[np.float64], tau2: float) -> float:
    w = 1 / (v + tau2)
    return float((w * (y - np.average(y, weights=w)) ** 2).sum())


def _root_of_q(y: NDArray[np.float64], v: NDArray[np.float64], target: float) -> float:
    """Return the tau2 at which the generalised Q, which falls with tau2, equals the target."""
    if _q_of(y, v, 0.0) <= target:
        return 0.0
    high = float(v.max() + np.var(y))
    while _q_of(y, v, high) > target:
        high *= 4
    brentq = neighbour("scipy.optimize").brentq
    return float(brentq(lambda tau2: _q_of(y, v, tau2) - target, 0.0, high, xtol=1e-14, rtol=1e-13))


def _reml(y: NDArray[np.float64], v: NDArray[np.float64]) -> float:
    """Return the maximum of the restricted likelihood, sought on a grid and then by its slope."""

    def log_likelihood(tau2: float) -> float:
        w = 1 / (v + tau2)
        residual = y - np.average(y, weights=w)
        return float((np.log(w).sum() - math.log(w.sum()) - (w * residual**2).sum()) / 2)

    def slope(tau2: float) -> float:
        w = 1 / (v + tau2)
        residual = y - np.average(y, weights=w)
        return float(((w * residual) ** 2).sum() - w.sum() + (w**2).sum() / w.sum())

    top = float(10 * np.var(y) + v.max())
    grid = np.concatenate([[0.0], top * np.logspace(-8, 0, 160)])
    best = int(np.argmax([log_likelihood(tau2) for tau2 in grid]))
    if best == 0 and slope(0.0) <= 0:
        return 0.0
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])
    if slope(low) <= 0 or slope(high) >= 0:
        return float(grid[best])
    return float(neighbour("scipy.optimize").brentq(slope, low, high, xtol=1e-15, rtol=1e-13))
