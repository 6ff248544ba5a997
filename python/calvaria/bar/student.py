"""Student's t and Snedecor's F without a statistics library: the bar is checked on any installation."""

from __future__ import annotations

import math

__all__ = ["f_tail", "t_quantile", "t_two_sided"]

_STEPS = 300
_TINY = 1e-300


def t_two_sided(t: float, df: float) -> float:
    """Return how often a t at least this far from 0 comes by chance, either side.

    Examples
    --------
    >>> round(t_two_sided(2.228, 10), 4)
    0.05
    """
    if math.isinf(df):
        return math.erfc(abs(t) / math.sqrt(2))
    return _beta_fraction(df / 2, 0.5, df / (df + t * t))


def t_quantile(p: float, df: float) -> float:
    """Return the value that a t of ``df`` degrees of freedom stays below with probability ``p``.

    Parameters
    ----------
    p : float
        Above 0, below 1.
    df : float
        Above 0, not necessarily whole; infinity gives the normal distribution.

    References
    ----------
    Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, 26.5.8 and 26.7.1.

    Examples
    --------
    >>> round(t_quantile(0.975, 10), 3), round(t_quantile(0.975, float("inf")), 3)
    (2.228, 1.96)
    """
    if not 0 < p < 1 or not df > 0:
        msg = f"p, df: between 0 and 1, and above 0, expected, found {p} and {df}"
        raise ValueError(msg)
    if p == 0.5:
        return 0.0
    if p < 0.5:
        return -t_quantile(1 - p, df)
    tail, low, high = 2 * (1 - p), 0.0, 1.0
    while t_two_sided(high, df) > tail:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        if t_two_sided(middle, df) > tail:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def f_tail(f: float, df_above: float, df_below: float) -> float:
    """Return how often an F at least this large comes by chance.

    Examples
    --------
    >>> round(f_tail(4.9646, 1, 10), 4)
    0.05
    """
    if f <= 0:
        return 1.0
    if math.isinf(f):
        return 0.0
    return _beta_fraction(df_below / 2, df_above / 2, df_below / (df_below + df_above * f))


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function, by Lentz's continued fraction."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_fraction(b, a, 1 - x)
    front = a * math.log(x) + b * math.log1p(-x)
    front += math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    product = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / _away(1 + term * d), _away(1 + term / c)
            product *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return math.exp(front) * product / a


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
