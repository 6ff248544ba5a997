"""Comparisons by rank, for skewed scores, ratings and times: each with an effect and an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.means import GroupComparison
from calvaria.study.record import Record, interval_text, number, p_text
from calvaria.study.sample import Missing, as_level, as_pairs, as_sample, has_spread, without_dust

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "RankComparison",
    "compare_paired_ranks",
    "compare_ranks",
    "compare_several_ranks",
]

# Below this many values in an arm, and without ties, the null distribution is counted out.
_MOST_COUNTED = 50


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RankComparison(Record):
    """A rank test with the shift that goes with it.

    Attributes
    ----------
    label, test : str
        What is compared and how; "exact" or "normal approximation" is part of the name.
    n : tuple of int
        Values of each arm, or pairs.
    statistic, p : float
        U of the first arm, or W of the positive differences; two-sided p.
    shift, low, high, level : float
        Hodges and Lehmann's estimate and its interval, in the unit of the outcome; the ends are
        infinite where so few values allow no interval of this level.
    superiority : float or None
        Share of pairs in which the first arm is higher, ties counted half; None for paired data.
    unit : str
        Of the outcome; empty where none was given.
    n_missing : int
        Values left out as missing.
    note : str
        What to know of this result; empty where there is nothing.
    """

    label: str
    test: str
    n: tuple[int, ...]
    statistic: float
    p: float
    shift: float
    low: float
    high: float
    level: float
    superiority: float | None = None
    unit: str = ""
    n_missing: int = 0
    note: str = ""

    @property
    def meaning(self) -> str:
        """What the ranks show; they compare distributions, not means."""
        unit = f" {self.unit}" if self.unit else ""
        head = (
            f"{self.label}: shift {number(self.shift)}{unit}, "
            f"{interval_text(self.low, self.high, self.level)}, {p_text(self.p)} ({self.test})"
        )
        said = (
            "one tends to be higher, by how much in the mean this test does not say"
            if self.p < 1 - self.level
            else "no difference is shown and no sameness either"
        )
        left = f"; {self.n_missing} left out as missing" if self.n_missing else ""
        note = f"; {self.note}" if self.note else ""
        return f"{head}: {said}{left}{note}"


def compare_ranks(
    a: ArrayLike,
    b: ArrayLike,
    *,
    level: float = 0.95,
    label: str = "a - b",
    unit: str = "",
    missing: Missing = "refuse",
) -> RankComparison:
    """Compare two independent arms by Mann and Whitney's test.

    Parameters
    ----------
    a, b : (n,) array_like of float
        Raw values of the two arms.
    level : float
        Of the interval of the shift.
    label, unit : str
        For the sentence.
    missing : {"refuse", "drop"}
        What a missing value does.

    Returns
    -------
    RankComparison
        Without ties and with fewer than 51 values in the smaller arm p and interval are exact,
        otherwise the normal approximation with corrections for ties and continuity [1]_.  The
        interval inverts the test over all differences between the arms [2]_.

    Raises
    ------
    StudyError
        An arm is empty, or every value is the same.

    References
    ----------
    .. [1] Mann HB, Whitney DR. Ann Math Stat 1947;18:50-60. doi 10.1214/aoms/1177730491
    .. [2] Hodges JL, Lehmann EL. Ann Math Stat 1963;34:598-611. doi 10.1214/aoms/1177704172

    Examples
    --------
    >>> result = compare_ranks([31, 35, 29, 40, 33], [25, 28, 30, 24, 27])
    >>> result.statistic, round(result.p, 4), result.shift
    (24.0, 0.0159, 6.0)
    """
    first, gone_a = as_sample(a, name="a", least=1, missing=missing)
    second, gone_b = as_sample(b, name="b", least=1, missing=missing)
    together = without_dust(np.concatenate([first, second]))
    first, second = together[: len(first)], together[len(first) :]
    if not has_spread(together):
        msg = f"a and b: values that differ expected, found {number(float(together[0]))} everywhere"
        raise StudyError(msg)
    stats = neighbour("scipy.stats")
    has_ties = len(np.unique(together)) < len(together)
    is_exact = not has_ties and min(len(first), len(second)) <= _MOST_COUNTED
    differences = np.sort((first[:, None] - second[None, :]).ravel())
    u = float((differences > 0).sum() + 0.5 * (differences == 0).sum())
    if is_exact:
        # scipy counts too, but takes minutes for 50 against 2000; its exact p is the oracle.
        null = _count_u(len(first), len(second))
        p = min(1.0, 2 * float(null[: round(min(u, len(differences) - u)) + 1].sum()))
        skip = _exact_skip(null, as_level(level))
    else:
        p = float(stats.mannwhitneyu(first, second, method="asymptotic").pvalue)
        skip = _normal_skip(_u_sd(together, len(first)), len(differences), as_level(level))
    low, high = _ends(differences, skip)
    return RankComparison(
        label=label,
        test=f"Mann-Whitney, {'exact' if is_exact else 'normal approximation'}",
        n=(len(first), len(second)),
        statistic=u,
        p=p,
        shift=float(np.median(differences)),
        low=low,
        high=high,
        level=level,
        superiority=u / (len(first) * len(second)),
        unit=unit,
        n_missing=gone_a + gone_b,
        note=_few(low, level),
    )


def compare_paired_ranks(
    first: ArrayLike,
    second: ArrayLike,
    *,
    level: float = 0.95,
    label: str = "first - second",
    unit: str = "",
    missing: Missing = "refuse",
) -> RankComparison:
    """Compare two columns of the same rows by Wilcoxon's signed ranks.

    Parameters
    ----------
    first, second : (n,) array_like of float
        Two columns of the same participants or specimens.
    level, label, unit, missing
        As for :func:`compare_ranks`.

    Returns
    -------
    RankComparison
        ``statistic`` is the sum of the ranks of the positive differences; differences of zero
        are left out of the test [1]_ and kept in the shift, the median of all pairwise means.

    Raises
    ------
    StudyError
        Fewer than two pairs, or every difference zero.

    References
    ----------
    .. [1] Wilcoxon F. Biometrics Bull 1945;1:80-83. doi 10.2307/3001968

    Examples
    --------
    >>> result = compare_paired_ranks([7, 9, 8, 10, 6, 9.5], [6, 7, 8.5, 6, 3, 4])
    >>> result.statistic, round(result.p, 4)
    (20.0, 0.0625)
    """
    a, b, n_missing = as_pairs(first, second, names=("first", "second"), missing=missing)
    differences = a - b
    # Binary dust must not turn two equal decimals into two ranks.
    dust = 1e-12 * float(max(np.abs(a).max(), np.abs(b).max()))
    differences = np.where(np.abs(differences) <= dust, 0.0, np.round(differences, 12))
    moved = differences[differences != 0]
    if not len(moved):
        msg = "first and second: differences expected, found every pair equal"
        raise StudyError(msg)
    has_ties = len(np.unique(np.abs(moved))) < len(moved) or len(moved) < len(differences)
    is_exact = not has_ties and len(moved) <= _MOST_COUNTED
    tested = neighbour("scipy.stats").wilcoxon(
        moved, method="exact" if is_exact else "approx", correction=not is_exact
    )
    ranks = neighbour("scipy.stats").rankdata(np.abs(moved))
    n = len(differences)
    rows, columns = np.triu_indices(n)
    walsh = np.sort((differences[rows] + differences[columns]) / 2)
    if is_exact:
        skip = _exact_skip(_count_w(n), as_level(level))
    else:
        sd = math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
        skip = _normal_skip(sd, len(walsh), as_level(level))
    low, high = _ends(walsh, skip)
    return RankComparison(
        label=label,
        test=f"Wilcoxon signed ranks, {'exact' if is_exact else 'normal approximation'}",
        n=(n,),
        statistic=float(ranks[moved > 0].sum()),
        p=float(tested.pvalue),
        shift=float(np.median(walsh)),
        low=low,
        high=high,
        level=level,
        unit=unit,
        n_missing=n_missing,
        note=_few(low, level),
    )


def compare_several_ranks(
    arms: Mapping[str, ArrayLike], *, level: float = 0.95, missing: Missing = "refuse"
) -> GroupComparison:
    """Compare three or more independent arms by Kruskal and Wallis's test.

    Parameters
    ----------
    arms : mapping of str to (n,) array_like of float
        Name and raw values of each arm.
    level, missing
        As for :func:`compare_ranks`.

    Returns
    -------
    GroupComparison
        ``statistic`` is H, corrected for ties; p is that of chi-square, which is rough below five
        values in an arm, and then the result says so.

    Raises
    ------
    StudyError
        An arm is empty, or every value is the same.

    References
    ----------
    .. [1] Kruskal WH, Wallis WA. J Am Stat Assoc 1952;47:583-621.
       doi 10.1080/01621459.1952.10483441

    Examples
    --------
    >>> arms = {"print": [31, 35, 29, 40], "cadaver": [25, 28, 30, 24], "atlas": [20, 27, 22, 26]}
    >>> round(compare_several_ranks(arms).p, 4)
    0.0264
    """
    samples = {name: as_sample(v, name=name, least=1, missing=missing) for name, v in arms.items()}
    if len(samples) < 2:
        msg = f"arms: two or more expected, found {list(samples)}"
        raise ValueError(msg)
    values = [sample for sample, _ in samples.values()]
    together = without_dust(np.concatenate(values))
    values = np.split(together, np.cumsum([len(value) for value in values])[:-1])
    if not has_spread(together):
        msg = "arms: values that differ expected, found the same everywhere"
        raise StudyError(msg)
    tested = neighbour("scipy.stats").kruskal(*values)
    small = min(len(value) for value in values) < 5
    return GroupComparison(
        test="Kruskal-Wallis",
        arms=tuple(samples),
        n=tuple(len(value) for value in values),
        statistic=float(tested.statistic),
        df=(len(values) - 1.0,),
        p=float(tested.pvalue),
        level=as_level(level),
        n_missing=sum(gone for _, gone in samples.values()),
        note="p is rough with fewer than five values in an arm" if small else "",
    )


def _count_u(n_a: int, n_b: int) -> NDArray[np.float64]:
    """Return the null probabilities of U = 0, 1, ...: the Gaussian binomial, term by term."""
    n_a, n_b = sorted((n_a, n_b))  # the same numbers either way, and far fewer steps
    counts = np.zeros(n_a * n_b + 1)
    counts[0] = 1.0
    for i in range(1, n_a + 1):
        # Multiply by 1 - x^(n_b + i), divide by 1 - x^i.
        counts[n_b + i :] -= counts[: -(n_b + i)].copy() if n_b + i < len(counts) else 0.0
        for start in range(i):
            counts[start::i] = np.cumsum(counts[start::i])
        counts /= counts.max()
    # Far out in the tails subtraction leaves dust of either sign, far below any level.
    counts = np.maximum(counts, 0.0)
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def _count_w(n: int) -> NDArray[np.float64]:
    """Return the null probabilities of the signed rank sum 0, 1, ...: each rank in or out."""
    weights = np.zeros(n * (n + 1) // 2 + 1)
    weights[0] = 1.0
    for rank in range(1, n + 1):
        weights[rank:] = weights[rank:] + weights[: len(weights) - rank]
        weights /= 2
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _exact_skip(probabilities: NDArray[np.float64], level: float) -> int:
    """Return how many differences lie beyond either end: P(statistic < skip) <= tail."""
    cumulative = np.cumsum(probabilities)
    return int(np.searchsorted(cumulative, (1 - level) / 2 * (1 + 1e-12), side="right"))


def _normal_skip(sd: float, count: int, level: float) -> int:
    z = float(neighbour("scipy.stats").norm.ppf((1 + level) / 2))
    return max(0, math.floor(count / 2 - z * sd - 0.5) + 1)


def _u_sd(together: NDArray[np.float64], n_a: int) -> float:
    n = len(together)
    ties = np.unique(together, return_counts=True)[1].astype(float)
    shrink = float((ties**3 - ties).sum()) / (n * (n - 1))
    return math.sqrt(n_a * (n - n_a) / 12 * ((n + 1) - shrink))


def _ends(ordered: NDArray[np.float64], skip: int) -> tuple[float, float]:
    if skip < 1:
        return -math.inf, math.inf
    index = min(skip, (len(ordered) + 1) // 2) - 1
    return float(ordered[index]), float(ordered[len(ordered) - 1 - index])


def _few(low: float, level: float) -> str:
    return f"too few values for an interval of {100 * level:g} %" if math.isinf(low) else ""
