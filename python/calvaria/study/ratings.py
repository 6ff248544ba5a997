"""Ratings on a scale: Likert items, Cronbach's alpha, OSATS sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.ratios import wilson_interval
from calvaria.study.record import Record, interval_text, number, plural
from calvaria.study.sample import Missing, as_level, as_ratings, as_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CronbachAlpha",
    "LikertSummary",
    "OsatsScores",
    "measure_alpha",
    "score_osats",
    "summarise_likert",
]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LikertSummary(Record):
    """One item of a questionnaire: how often each answer was given.

    ``agree_percent`` is the share of answers at or above ``agree_from``, with Wilson's interval.

    Attributes
    ----------
    item : str
        The question.
    n : int
        Answers.
    counts : dict of int to int
        How often each answer of the scale was given.
    median, q1, q3 : float
        Median and quartiles of the answers.
    agree_from : int
        From which answer on it counts as agreement.
    agree_percent, low_percent, high_percent : float
        Share that agrees, and its interval.
    level : float
        Of the interval.
    n_missing : int
        Answers that are missing.
    """

    item: str
    n: int
    counts: dict[int, int]
    median: float
    q1: float
    q3: float
    agree_from: int
    agree_percent: float
    low_percent: float
    high_percent: float
    level: float
    n_missing: int = 0

    @property
    def meaning(self) -> str:
        """Median, quartiles and agreement; a rating is an opinion, not an outcome."""
        left = f"; {self.n_missing} gave no answer" if self.n_missing else ""
        return (
            f"{self.item}: median {number(self.median)} ({number(self.q1)} to {number(self.q3)}), "
            f"{self.agree_percent:.0f} % answered {self.agree_from} or more "
            f"({interval_text(self.low_percent, self.high_percent, self.level)}, n {self.n}): "
            f"what people said, not what they learned{left}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CronbachAlpha(Record):
    """Internal consistency of several items, with Feldt's interval.

    Attributes
    ----------
    value, low, high, level : float
        Alpha and its interval.
    without_item : tuple of (float or None)
        Alpha when each item is left out, None where it is not defined; empty for two items.
    note : str
        Why a ``without_item`` is None.
    n_items, n : int
        Items, and participants who answered all of them.
    n_missing : int
        Participants left out because an answer is missing.
    """

    value: float
    low: float
    high: float
    level: float
    n_items: int
    n: int
    without_item: tuple[float | None, ...]
    n_missing: int = 0
    note: str = ""

    @property
    def meaning(self) -> str:
        """How far the items go together; not that they measure the right thing."""
        left = f"; {self.n_missing} left out as incomplete" if self.n_missing else ""
        note = f"; {self.note}" if self.note else ""
        return (
            f"Cronbach's alpha {number(self.value)}, "
            f"{interval_text(self.low, self.high, self.level)} ({self.n_items} items, {self.n} "
            f"people): how far the items go together, not whether they measure the right thing{left}{note}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class OsatsScores(Record):
    """Sums of a rating form for skills, one for each performance.

    Attributes
    ----------
    totals : (n,) ndarray of float64
        Sum of the items of each performance, points.
    percent : (n,) ndarray of float64
        The same, 0 for the lowest and 100 for the highest sum there can be.
    n_items, lowest, highest : int
        Items of the form, and the ends of their scale.
    n_missing : int
        Performances left out because an item is missing.
    """

    totals: NDArray[np.float64]
    percent: NDArray[np.float64]
    n_items: int
    lowest: int
    highest: int
    n_missing: int = 0

    @property
    def meaning(self) -> str:
        """Mean and range of the sums."""
        least, most = self.n_items * self.lowest, self.n_items * self.highest
        left = f"; {self.n_missing} left out as incomplete" if self.n_missing else ""
        return (
            f"{plural(len(self.totals), 'performance')} on {plural(self.n_items, 'item')} ({least} to {most} points): "
            f"mean {number(float(self.totals.mean()))}, from {number(float(self.totals.min()))} to "
            f"{number(float(self.totals.max()))}{left}"
        )


def summarise_likert(
    answers: ArrayLike,
    *,
    lowest: int,
    highest: int,
    agree_from: int,
    item: str = "item",
    level: float = 0.95,
    missing: Missing = "refuse",
) -> LikertSummary:
    """Summarise the answers to one item.

    Parameters
    ----------
    answers : (n,) array_like of int
        Whole numbers on the scale.
    lowest, highest : int
        Ends of the scale.
    agree_from : int
        From which answer on it counts as agreement; decided before the data.
    item : str
        The question.
    level, missing
        As for :func:`compare_means`.

    Returns
    -------
    LikertSummary

    References
    ----------
    .. [1] Wilson EB. J Am Stat Assoc 1927;22:209-212. doi 10.1080/01621459.1927.10502953

    Examples
    --------
    >>> summary = summarise_likert([4, 5, 3, 4, 5, 2], lowest=1, highest=5, agree_from=4)
    >>> summary.counts, summary.median
    ({1: 0, 2: 1, 3: 1, 4: 2, 5: 2}, 4.0)
    """
    sample, n_missing = as_sample(answers, name="answers", least=1, missing=missing)
    _on_scale(sample, lowest, highest, "answers")
    if not lowest < agree_from <= highest:
        msg = (
            f"agree_from: an answer above {lowest} and up to {highest} expected, found {agree_from}"
        )
        raise ValueError(msg)
    agreed = int((sample >= agree_from).sum())
    low, high = wilson_interval(agreed, len(sample), level=level)
    q1, median, q3 = (float(q) for q in np.percentile(sample, (25, 50, 75)))
    return LikertSummary(
        item=item,
        n=len(sample),
        counts={step: int((sample == step).sum()) for step in range(lowest, highest + 1)},
        median=median,
        q1=q1,
        q3=q3,
        agree_from=agree_from,
        agree_percent=100 * agreed / len(sample),
        low_percent=100 * low,
        high_percent=100 * high,
        level=level,
        n_missing=n_missing,
    )


def measure_alpha(
    answers: ArrayLike, *, level: float = 0.95, missing: Missing = "refuse"
) -> CronbachAlpha:
    """Measure Cronbach's alpha of a table of answers.

    Parameters
    ----------
    answers : (n, items) array_like of float
        One row for each person; items that are worded the other way round must be turned first.
    level, missing
        As for :func:`compare_means`; a row that lacks an answer is missing.

    Returns
    -------
    CronbachAlpha
        The interval is Feldt's [2]_.  ``without_item`` is alpha when each item is left out,
        empty for two items, None where the rest does not tell people apart.

    Raises
    ------
    StudyError
        Fewer than two people, sums without spread, or items that agree to the last digit: an
        interval is then not defined.

    References
    ----------
    .. [1] Cronbach LJ. Psychometrika 1951;16:297-334. doi 10.1007/BF02310555
    .. [2] Feldt LS et al. Appl Psychol Meas 1987;11:93-103. doi 10.1177/014662168701100107

    Examples
    --------
    >>> round(measure_alpha([[4, 5, 4], [2, 3, 2], [5, 5, 4], [3, 3, 3], [1, 2, 2]]).value, 3)
    0.963
    """
    table, n_missing = as_ratings(answers, name="answers", missing=missing)
    n, k = table.shape
    value = _alpha(table)
    if value >= 1 - 1e-12:
        msg = (
            "answers: items that differ by more than a constant expected; they agree to the last "
            "digit, an interval is not defined"
        )
        raise StudyError(msg)
    without, note = _without_items(table)
    f = neighbour("scipy.stats").f
    tail, df = (1 - as_level(level)) / 2, (n - 1, (n - 1) * (k - 1))
    return CronbachAlpha(
        value=value,
        low=1 - (1 - value) * float(f.ppf(1 - tail, *df)),
        high=1 - (1 - value) * float(f.ppf(tail, *df)),
        level=level,
        n_items=k,
        n=n,
        without_item=without,
        n_missing=n_missing,
        note=note,
    )


def score_osats(
    ratings: ArrayLike, *, lowest: int = 1, highest: int = 5, missing: Missing = "refuse"
) -> OsatsScores:
    """Sum the items of a skills rating form.

    Parameters
    ----------
    ratings : (n, items) array_like of int
        One row for each performance; the global rating scale of OSATS has seven items [1]_.
    lowest, highest : int
        Ends of the scale of each item.
    missing : {"refuse", "drop"}
        What a performance with an empty item does; an incomplete sum is never made.

    Returns
    -------
    OsatsScores

    References
    ----------
    .. [1] Martin JA et al. Br J Surg 1997;84:273-278. doi 10.1046/j.1365-2168.1997.02502.x

    Examples
    --------
    >>> score_osats([[4, 4, 3, 5, 4, 4, 3], [2, 3, 2, 2, 3, 2, 2]]).totals
    array([27., 16.])
    """
    table, n_missing = as_ratings(ratings, name="ratings", least_rows=1, missing=missing)
    _on_scale(table, lowest, highest, "ratings")
    totals = table.sum(axis=1)
    least, most = table.shape[1] * lowest, table.shape[1] * highest
    percent = 100 * (totals - least) / (most - least)
    for array in (totals, percent):
        array.flags.writeable = False
    return OsatsScores(
        totals=totals,
        percent=percent,
        n_items=table.shape[1],
        lowest=lowest,
        highest=highest,
        n_missing=n_missing,
    )


def _alpha(table: NDArray[np.float64]) -> float:
    total = float(table.sum(axis=1).var(ddof=1))
    k = table.shape[1]
    if not total > 1e-20 * float((table**2).max(initial=0.0)):
        msg = "answers: people whose sums differ expected, found the same sum everywhere"
        raise StudyError(msg)
    return float(k / (k - 1) * (1 - float(table.var(axis=0, ddof=1).sum()) / total))


def _without_items(table: NDArray[np.float64]) -> tuple[tuple[float | None, ...], str]:
    """Return alpha without each item, and why it is None where it is."""
    found: list[float | None] = []
    reasons = []
    for item in range(table.shape[1] if table.shape[1] > 2 else 0):
        try:
            found.append(_alpha(np.delete(table, item, axis=1)))
        except StudyError:
            found.append(None)
            reasons.append(str(item + 1))
    note = f"without item {', '.join(reasons)} all sums are the same, so that no alpha is defined"
    return tuple(found), note if reasons else ""


def _on_scale(values: NDArray[np.float64], lowest: int, highest: int, name: str) -> None:
    if not lowest < highest:
        msg = f"lowest < highest expected, found {lowest} and {highest}"
        raise ValueError(msg)
    wrong = (values != np.round(values)) | (values < lowest) | (values > highest)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = f"row {where[0]}" if len(where) == 1 else f"row {where[0]}, item {where[1]}"
        msg = f"{name}: whole numbers from {lowest} to {highest} expected, found {values[where]:g} in {place}"
        raise ValueError(msg)
