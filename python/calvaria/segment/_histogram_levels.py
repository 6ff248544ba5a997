"""Levels from a histogram alone: the methods users know from ImageJ, ITK and 3D Slicer.

Every function takes counts (n,) as float64 and returns an index: the last bin of the lower class.
The entropies and moments are those of the papers; where a paper leaves a choice open, ITK's is
taken, and the tests compare with it on the same histogram.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.errors import SegmentationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Counts = NDArray[np.float64]

__all__ = ["METHODS", "SOURCES", "multi_otsu"]

_TINY = float(np.finfo(np.float64).tiny)


def multi_otsu(counts: Counts, n_classes: int) -> list[int]:
    """Return the last bins of all classes but the highest, by the largest variance between them."""
    n = len(counts)
    weight = np.concatenate([[0.0], np.cumsum(counts)])
    first = np.concatenate([[0.0], np.cumsum(counts * np.arange(n))])
    # Between-class variance of one class from bin a to before bin b, up to a constant.
    w = weight[None, :] - weight[:, None]
    m = first[None, :] - first[:, None]
    gain = np.divide(m**2, w, out=np.zeros_like(m), where=w > 0)
    gain[np.tril_indices(n + 1)] = -np.inf
    best = gain[0]
    choices = []
    for _ in range(n_classes - 1):
        total = best[:, None] + gain
        choices.append(np.argmax(total, axis=0))
        best = np.max(total, axis=0)
    ends = []
    end = n
    for choice in reversed(choices):
        end = int(choice[end])
        ends.append(end - 1)
    return ends[::-1]


def _otsu(counts: Counts) -> int:
    # As multi_otsu with two classes, without its table of all pairs of bins.
    weight, first = np.cumsum(counts)[:-1], np.cumsum(counts * np.arange(len(counts)))[:-1]
    total = float((counts * np.arange(len(counts))).sum())
    rest = counts.sum() - weight
    below = np.divide(first**2, weight, out=np.zeros_like(first), where=weight > 0)
    above = np.divide((total - first) ** 2, rest, out=np.zeros_like(first), where=rest > 0)
    return int(np.argmax(below + above))


def _shares(counts: Counts) -> tuple[Counts, Counts]:
    """Return the share of every bin, and the share up to and with it."""
    shares = counts / counts.sum()
    return shares, np.cumsum(shares)


def _ends(counts: Counts) -> tuple[int, int]:
    used = np.flatnonzero(counts)
    return int(used[0]), int(used[-1])


def _x_log_x(values: Counts) -> Counts:
    return np.where(values > 0, values * np.log(np.maximum(values, _TINY)), 0.0)


def _huang(counts: Counts) -> int:
    first, last = _ends(counts)
    part = counts[first : last + 1]
    index = np.arange(len(part), dtype=np.float64)
    reach = np.arange(len(part)) / max(len(part) - 1, 1)
    mu = 1.0 / (1.0 + reach)
    fuzziness = -_x_log_x(mu) - _x_log_x(1.0 - mu)
    below, moment = np.cumsum(part), np.cumsum(part * index)
    lowest, at = np.inf, 0
    for t in range(len(part) - 1):
        low = np.rint(moment[t] / below[t])
        high = np.rint((moment[-1] - moment[t]) / max(below[-1] - below[t], _TINY))
        centres = np.where(index <= t, low, high)
        entropy = float((fuzziness[np.abs(index - centres).astype(np.int64)] * part).sum())
        if entropy < lowest:
            lowest, at = entropy, t
    return first + at


def _intermodes(counts: Counts) -> int:
    smooth = counts.copy()
    for _ in range(10_000):
        peaks = np.flatnonzero((smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] > smooth[2:])) + 1
        if len(peaks) == 2:
            return int(peaks.sum() // 2)
        if len(peaks) < 2:
            break
        padded = np.concatenate([[0.0], smooth, [0.0]])
        smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3.0
    msg = "method: a histogram with two peaks expected for intermodes, found another"
    raise SegmentationError(msg)


def _isodata(counts: Counts) -> int:
    index = np.arange(len(counts))
    below, moment = np.cumsum(counts), np.cumsum(counts * index)
    for t in np.flatnonzero(counts)[:-1].tolist():
        low = moment[t] / below[t]
        high = (moment[-1] - moment[t]) / (below[-1] - below[t])
        if (low + high) / 2 < t + 1:
            return int((low + high) / 2)
    return _ends(counts)[1]


def _kittler_illingworth(counts: Counts) -> int:
    index = np.arange(len(counts), dtype=np.float64)
    a, b, c = (np.cumsum(counts * index**n) for n in range(3))
    t, before = int(b[-1] / a[-1]), -2
    for _ in range(1000):
        if t == before or not 0 <= t < len(counts) - 1:
            break
        low, high = a[t], a[-1] - a[t]
        if low <= 0 or high <= 0:
            break
        mu, nu = b[t] / low, (b[-1] - b[t]) / high
        sigma2, tau2 = c[t] / low - mu**2, (c[-1] - c[t]) / high - nu**2
        if sigma2 <= 0 or tau2 <= 0:
            break
        w0, w1 = 1 / sigma2 - 1 / tau2, mu / sigma2 - nu / tau2
        w2 = mu**2 / sigma2 - nu**2 / tau2 + np.log10(sigma2 * high**2 / (tau2 * low**2))
        root = w1**2 - w0 * w2
        if root < 0 or w0 == 0:
            break
        before, t = t, int(np.floor((w1 + np.sqrt(root)) / w0))
    return int(np.clip(t, 0, len(counts) - 1))


def _li(counts: Counts) -> int:
    values = np.arange(len(counts)) + 0.5
    below, moment = np.cumsum(counts), np.cumsum(counts * values)
    level = moment[-1] / below[-1]
    for _ in range(10_000):
        t = int(np.clip(level, 0, len(counts) - 2))
        if below[t] <= 0 or below[-1] - below[t] <= 0:
            break
        low, high = moment[t] / below[t], (moment[-1] - moment[t]) / (below[-1] - below[t])
        moved = (low - high) / (np.log(low) - np.log(high))
        if abs(moved - level) <= 0.5:
            level = moved
            break
        level = moved
    return int(np.clip(level, 0, len(counts) - 1))


def _best(scores: Counts, counts: Counts) -> int:
    """Return the first bin with the highest score among those that leave something on both sides."""
    first, last = _ends(counts)
    within = np.full(len(counts), -np.inf)
    within[first:last] = scores[first:last]
    return int(np.argmax(within))


def _maximum_entropy(counts: Counts) -> int:
    shares, below = _shares(counts)
    above = 1.0 - below
    entropy = -_x_log_x(shares)
    low, total = np.cumsum(entropy), entropy.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.log(below) + low / below + np.log(above) + (total - low) / above
    return _best(scores, counts)


def _moments(counts: Counts) -> int:
    shares, below = _shares(counts)
    index = np.arange(len(counts), dtype=np.float64)
    m1, m2, m3 = (float((shares * index**n).sum()) for n in (1, 2, 3))
    spread = m2 - m1**2
    c0, c1 = (m1 * m3 - m2**2) / spread, (m1 * m2 - m3) / spread
    root = np.sqrt(c1**2 - 4 * c0)
    z0, z1 = 0.5 * (-c1 - root), 0.5 * (-c1 + root)
    return int(np.argmax(below > (z1 - m1) / (z1 - z0)))


def _renyi(counts: Counts) -> int:
    shares, below = _shares(counts)
    above = 1.0 - below
    found = []
    for alpha in (0.5, 1.0, 2.0):
        if alpha == 1.0:
            found.append(_maximum_entropy(counts))
            continue
        low = np.cumsum(shares**alpha)
        with np.errstate(divide="ignore", invalid="ignore"):
            product = (low / below**alpha) * ((low[-1] - low) / above**alpha)
            scores = np.where(product > 0, np.log(product) / (1.0 - alpha), 0.0)
        found.append(_best(scores, counts))
    t1, t2, t3 = sorted(found)
    near_low, near_high = abs(t1 - t2) <= 5, abs(t2 - t3) <= 5
    weights = {
        (True, True): (1, 2, 1),
        (True, False): (0, 1, 3),
        (False, True): (3, 1, 0),
        (False, False): (1, 2, 1),
    }[near_low, near_high]
    middle = below[t3] - below[t1]
    level = (
        t1 * (below[t1] + 0.25 * middle * weights[0])
        + 0.25 * t2 * middle * weights[1]
        + t3 * (1.0 - below[t3] + 0.25 * middle * weights[2])
    )
    return int(level)


def _shanbhag(counts: Counts) -> int:
    shares, below = _shares(counts)
    above = 1.0 - below
    first, last = _ends(counts)
    lowest, at = np.inf, first
    earlier = np.concatenate([[0.0], below[:-1]])
    for t in range(first, last):
        if below[t] <= 0 or above[t] <= _TINY:
            continue
        half = 0.5 / below[t]
        with np.errstate(divide="ignore", invalid="ignore"):
            low = -shares[1 : t + 1] * np.log(1.0 - half * earlier[1 : t + 1])
            half = 0.5 / above[t]
            high = -shares[t + 1 :] * np.log(1.0 - half * above[t + 1 :])
        low_sum = 0.5 / below[t] * float(np.nansum(low))
        apart = abs(low_sum - half * float(np.nansum(high)))
        if apart < lowest:
            lowest, at = apart, t
    return at


def _triangle(counts: Counts) -> int:
    first, last = _ends(counts)
    top = int(np.argmax(counts))
    is_right = top - first < last - top
    end = last if is_right else first
    index = np.arange(min(top, end), max(top, end) + 1)
    slope = counts[top] / (top - end) if top != end else 0.0
    depth = slope * (index - end) - counts[index]
    return int(index[np.argmax(depth)])


def _yen(counts: Counts) -> int:
    shares, below = _shares(counts)
    squares = np.cumsum(shares**2)
    above = squares[-1] - squares
    with np.errstate(divide="ignore", invalid="ignore"):
        product, split = squares * above, below * (1.0 - below)
        scores = np.where(product > 0, -np.log(product), 0.0) + np.where(
            split > 0, 2 * np.log(split), 0.0
        )
    return _best(scores, counts)


METHODS: dict[str, Callable[[Any], int]] = {
    "otsu": _otsu,
    "huang": _huang,
    "intermodes": _intermodes,
    "isodata": _isodata,
    "kittler-illingworth": _kittler_illingworth,
    "li": _li,
    "maximum-entropy": _maximum_entropy,
    "moments": _moments,
    "renyi-entropy": _renyi,
    "shanbhag": _shanbhag,
    "triangle": _triangle,
    "yen": _yen,
}
SOURCES = {
    "otsu": "N. Otsu, doi 10.1109/TSMC.1979.4310076",
    "huang": "L.-K. Huang, M.-J. J. Wang, doi 10.1016/0031-3203(94)E0043-K",
    "intermodes": "J. M. S. Prewitt, M. L. Mendelsohn, doi 10.1111/j.1749-6632.1965.tb11715.x",
    "isodata": "T. W. Ridler, S. Calvard, doi 10.1109/TSMC.1978.4310039",
    "kittler-illingworth": "J. Kittler, J. Illingworth, doi 10.1016/0031-3203(86)90030-0",
    "li": "C. H. Li, P. K. S. Tam, doi 10.1016/S0167-8655(98)00057-9",
    "maximum-entropy": "J. N. Kapur and others, doi 10.1016/0734-189X(85)90125-2",
    "moments": "W.-H. Tsai, doi 10.1016/0734-189X(85)90133-1",
    "renyi-entropy": "P. Sahoo and others, doi 10.1016/S0031-3203(96)00065-9",
    "shanbhag": "A. G. Shanbhag, doi 10.1006/cgip.1994.1037",
    "triangle": "G. W. Zack and others, doi 10.1177/25.7.70454",
    "yen": "J.-C. Yen and others, doi 10.1109/83.366472",
}
