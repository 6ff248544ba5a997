"""Learning curves: how a time or an error count falls with practice, and how much is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.difference import Difference
from calvaria.study.means import compare_means, compare_paired
from calvaria.study.random_intercept import fit_random_intercept
from calvaria.study.record import Record, interval_text, number
from calvaria.study.sample import Missing, as_level, as_rows, by_arm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["LearningCurve", "Retention", "compare_retention", "fit_learning_curve"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LearningCurve(Record):
    """A power law of practice: value = first x attempt^-rate, for the typical participant.

    Attributes
    ----------
    first : float
        Value at the first attempt.
    rate, low, high, level : float
        The exponent and its interval.
    kept_per_doubling_percent, kept_low_percent, kept_high_percent : float
        What is left of the value each time the number of attempts doubles.
    p, df : float
        Test of a rate of zero, and its degrees of freedom.
    n_participants, n_attempts : int
        Participants, and attempts of all of them.
    unit : str
        Of the value; empty where none was given.
    n_missing : int
        Rows left out as missing.
    """

    first: float
    rate: float
    low: float
    high: float
    level: float
    p: float
    df: float
    kept_per_doubling_percent: float
    kept_low_percent: float
    kept_high_percent: float
    n_participants: int
    n_attempts: int
    unit: str = ""
    n_missing: int = 0

    @property
    def meaning(self) -> str:
        """The gain per doubling; nothing beyond the attempts that were seen."""
        if self.p >= 1 - self.level:
            said = "no effect of practice is shown"
        elif self.rate > 0:
            said = "practice shows"
        else:
            said = "values rise with the attempts, where smaller is better: they get worse"
        left = f"; {self.n_missing} left out as missing" if self.n_missing else ""
        unit = f" {self.unit}" if self.unit else ""
        return (
            f"from {number(self.first)}{unit} at the first attempt to "
            f"{number(self.kept_per_doubling_percent)} % with each doubling of attempts "
            f"({interval_text(self.kept_low_percent, self.kept_high_percent, self.level)}): {said}; "
            f"says nothing beyond {self.n_attempts} attempts{left}"
        )

    def at(self, attempt: ArrayLike) -> NDArray[np.float64]:
        """Return the value of the curve at some attempts, counted from 1."""
        value: NDArray[np.float64] = self.first * np.asarray(attempt, np.float64) ** -self.rate
        return value


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Retention(Record):
    """What is left at a delayed test.

    Attributes
    ----------
    change : dict of str to Difference
        Delayed minus immediate, in each arm.
    kept_percent : dict of str to (float, float, float)
        Delayed over immediate mean with Fieller's interval, in each arm.
    difference : Difference
        Change in one arm minus change in the reference.
    level : float
        Of the intervals.
    n_missing : int
        Rows left out as missing.
    """

    change: dict[str, Difference]
    kept_percent: dict[str, tuple[float, float, float]]
    difference: Difference
    level: float
    n_missing: int = 0

    @property
    def meaning(self) -> str:
        """What each arm kept, and whether one kept more."""
        kept = ", ".join(
            f"{arm} kept {number(share)} % ({interval_text(low, high, self.level)})"
            for arm, (share, low, high) in self.kept_percent.items()
        )
        left = f"; {self.n_missing} left out as missing" if self.n_missing else ""
        return f"{kept}; {self.difference.meaning}{left}"


def fit_learning_curve(
    value: ArrayLike,
    *,
    attempt: ArrayLike,
    participant: Sequence[Any] | NDArray[Any],
    level: float = 0.95,
    unit: str = "",
    missing: Missing = "refuse",
) -> LearningCurve:
    """Fit the power law of practice to times or error counts of several participants.

    The logarithm of the value is a straight line in the logarithm of the attempt [1]_, with a
    level of its own for each participant (mixed model, restricted maximum likelihood).

    Parameters
    ----------
    value : (n,) array_like of float
        Positive, smaller is better.
    attempt : (n,) array_like of int
        Which attempt it was, from 1.
    participant : (n,) sequence
        Who tried.
    level, unit, missing
        As for :func:`compare_means`.

    Returns
    -------
    LearningCurve

    Raises
    ------
    StudyError
        A value of zero or less, fewer than two different attempts, or too few rows.

    References
    ----------
    .. [1] Newell A, Rosenbloom PS. In: Cognitive Skills and Their Acquisition, 1981:1-55.

    Examples
    --------
    >>> time_min = [20, 16, 13, 25, 19, 17, 22, 17, 15]
    >>> curve = fit_learning_curve(time_min, attempt=[1, 2, 4] * 3, participant=list("aaabbbccc"))
    >>> round(curve.kept_per_doubling_percent, 1)
    81.9
    """
    rows, n_missing = as_rows(
        {"value": value, "attempt": attempt}, missing=missing, participant=participant
    )
    if (rows["value"] <= 0).any():
        msg = f"value: positive numbers expected, found {rows['value'].min():g}"
        raise StudyError(msg)
    if (rows["attempt"] < 1).any() or (rows["attempt"] != np.round(rows["attempt"])).any():
        msg = f"attempt: whole numbers from 1 expected, found {rows['attempt'].min():g}"
        raise ValueError(msg)
    x = np.column_stack([np.ones(len(rows["value"])), np.log(rows["attempt"])])
    fit = fit_random_intercept(np.log(rows["value"]), x, rows["participant"])
    slope = fit.difference(
        "slope",
        weights=np.array([0.0, 1.0]),
        test="mixed model",
        level=as_level(level),
        n=(fit.n_groups,),
    )
    kept = [100 * 2.0**s for s in (slope.difference, slope.low, slope.high)]
    return LearningCurve(
        first=math.exp(float(fit.coefficients[0])),
        rate=-slope.difference,
        low=-slope.high,
        high=-slope.low,
        level=level,
        p=slope.p,
        df=slope.df,
        kept_per_doubling_percent=kept[0],
        kept_low_percent=kept[1],
        kept_high_percent=kept[2],
        n_participants=fit.n_groups,
        n_attempts=int(rows["attempt"].max()),
        unit=unit,
        n_missing=n_missing,
    )


def compare_retention(
    delayed: ArrayLike,
    *,
    immediate: ArrayLike,
    arm: Sequence[Any] | NDArray[Any],
    reference: str,
    level: float = 0.95,
    unit: str = "",
    missing: Missing = "refuse",
) -> Retention:
    """Compare what two arms kept from an immediate to a delayed test.

    Parameters
    ----------
    delayed, immediate : (n,) array_like of float
        Scores of each participant.
    arm : (n,) sequence
        Arm of each participant.
    reference : str
        The arm that is subtracted.
    level, unit, missing
        As for :func:`compare_means`; a participant who lacks either score is missing, and those
        who stay away from a delayed test are seldom like those who come.

    Returns
    -------
    Retention
        Changes by paired t, their difference by Welch, shares kept with Fieller's interval [1]_,
        which has infinite ends where the immediate mean is not clearly above zero.

    References
    ----------
    .. [1] Fieller EC. J R Stat Soc B 1954;16:175-185. doi 10.1111/j.2517-6161.1954.tb00159.x

    Examples
    --------
    >>> result = compare_retention(
    ...     [14, 12, 15, 13, 10, 11, 9, 12],
    ...     immediate=[16, 15, 17, 14, 15, 14, 14, 15],
    ...     arm=["print"] * 4 + ["bone"] * 4,
    ...     reference="bone",
    ... )
    >>> round(result.difference.difference, 6)
    2.0
    """
    rows, n_missing = as_rows(
        {"delayed": delayed, "immediate": immediate}, missing=missing, arm=arm
    )
    parts = by_arm(np.arange(len(rows["arm"])), rows["arm"])
    if len(parts) != 2 or reference not in parts:
        msg = f"arm: two arms with {reference!r} expected, found {list(parts)}"
        raise StudyError(msg)
    other = next(name for name in parts if name != reference)
    late = {name: rows["delayed"][part] for name, part in parts.items()}
    early = {name: rows["immediate"][part] for name, part in parts.items()}
    change = {
        name: compare_paired(
            late[name], early[name], level=level, unit=unit, label=f"{name}: delayed - immediate"
        )
        for name in parts
    }
    return Retention(
        change=change,
        kept_percent={name: _fieller(late[name], early[name], level) for name in parts},
        difference=compare_means(
            late[other] - early[other],
            late[reference] - early[reference],
            level=level,
            unit=unit,
            label=f"{other} - {reference}, change",
        ),
        level=level,
        n_missing=n_missing,
    )


def _fieller(
    top: NDArray[np.float64], bottom: NDArray[np.float64], level: float
) -> tuple[float, float, float]:
    """Return the ratio of two paired means and its interval, percent."""
    n, (a, b) = len(top), (float(top.mean()), float(bottom.mean()))
    if b == 0:
        msg = "immediate: a mean that is not zero expected for the share kept, found 0"
        raise StudyError(msg)
    (v_aa, v_ab), (_, v_bb) = np.cov(top, bottom) / n
    t2 = float(neighbour("scipy.stats").t.ppf((1 + level) / 2, n - 1)) ** 2
    square = b * b - t2 * v_bb
    middle = a * b - t2 * v_ab
    inside = middle * middle - square * (a * a - t2 * v_aa)
    if square <= 0 or inside < 0:
        return 100 * a / b, -math.inf, math.inf
    ends = sorted((middle + sign * math.sqrt(inside)) / square for sign in (-1, 1))
    return 100 * a / b, 100 * ends[0], 100 * ends[1]
