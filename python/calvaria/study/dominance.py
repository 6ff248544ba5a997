"""Cliff's delta: how often one arm is above the other, less how often it is below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from calvaria._optional import neighbour
from calvaria.study.effects import EffectSize
from calvaria.study.sample import Missing, as_level, as_sample, without_dust

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["cliffs_delta"]


def cliffs_delta(
    a: ArrayLike, b: ArrayLike, *, level: float = 0.95, missing: Missing = "refuse"
) -> EffectSize:
    """Return Cliff's delta of two independent arms, from -1 to 1.

    Parameters
    ----------
    a, b : (n,) array_like of float
        Raw values of the two arms, at least two each.
    level : float
        Of the interval.
    missing : {"refuse", "drop"}
        What a missing value does.

    Returns
    -------
    EffectSize
        The interval is the uneven one of Cliff [1]_ with his unbiased variance and the t quantile
        of Feng and Cliff [2]_; where the arms do not overlap at all it ends as they give it, from
        the size of the smaller arm.

    References
    ----------
    .. [1] Cliff N. Multivar Behav Res 1996;31:331-350. doi 10.1207/s15327906mbr3103_4
    .. [2] Feng D, Cliff N. J Mod Appl Stat Methods 2004;3:322-332. doi 10.22237/jmasm/1099267560

    Examples
    --------
    >>> round(cliffs_delta([31, 35, 29, 40, 33], [25, 28, 30, 24, 27]).value, 2)
    0.92
    """
    first, gone_a = as_sample(a, name="a", missing=missing)
    second, gone_b = as_sample(b, name="b", missing=missing)
    n_a, n_b = len(first), len(second)
    first, second = np.split(without_dust(np.concatenate([first, second])), [n_a])
    above = np.sign(first[:, None] - second[None, :])
    delta = float(above.mean())
    rows = float(((above.mean(axis=1) - delta) ** 2).sum())
    columns = float(((above.mean(axis=0) - delta) ** 2).sum())
    cells = float(((above - delta) ** 2).sum())
    unbiased = (n_b**2 * rows + n_a**2 * columns - cells) / (n_a * n_b * (n_a - 1) * (n_b - 1))
    variance = max(unbiased, (1 - delta**2) / (n_a * n_b - 1))
    q = float(neighbour("scipy.stats").t.ppf((1 + as_level(level)) / 2, n_a + n_b - 2))
    if abs(delta) == 1:
        least = min(n_a, n_b)
        inner = (least - q**2) / (least + q**2)
        low, high = (inner, 1.0) if delta > 0 else (-1.0, -inner)
    else:
        half = q * math.sqrt(variance) * math.sqrt((1 - delta**2) ** 2 + q**2 * variance)
        middle, below = delta - delta**3, 1 - delta**2 + q**2 * variance
        low, high = (middle - half) / below, (middle + half) / below
    return EffectSize(
        name="Cliff's delta",
        value=delta,
        se=math.sqrt(variance),
        low=max(-1.0, low),
        high=min(1.0, high),
        level=level,
        interval="Cliff 1996, Feng and Cliff 2004",
        n=(n_a, n_b),
        n_missing=gone_a + gone_b,
        origin="raw values",
        scale="a share of pairs, not a size in points",
    )
