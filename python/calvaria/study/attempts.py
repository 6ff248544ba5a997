"""Do students dare to repeat?  Attempts counted from a log, and compared between arms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.record import Record, interval_text, number, p_text, plural
from calvaria.study.sample import Missing, as_labels, as_level, as_rows, by_arm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["AttemptTally", "CountComparison", "compare_counts", "tally_attempts"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AttemptTally(Record):
    """Attempts of each participant, in the order of their first row.

    ``to_criterion`` is the attempt at which the criterion was met, None where it never was: those
    are censored, not quick.

    Attributes
    ----------
    participant : tuple of str
        Who tried.
    n_attempts, n_successes : tuple of int
        How often each tried, and how often it went well.
    to_criterion : tuple of (int or None)
        The attempt at which the criterion was met; None where it never was.
    criterion : int
        Successes in a row that were asked for.
    """

    participant: tuple[str, ...]
    n_attempts: tuple[int, ...]
    n_successes: tuple[int, ...]
    to_criterion: tuple[int | None, ...]
    criterion: int

    @property
    def meaning(self) -> str:
        """How many attempts, and how many reached the criterion."""
        reached = sum(entry is not None for entry in self.to_criterion)
        return (
            f"{plural(len(self.participant), 'participant')}, {plural(sum(self.n_attempts), 'attempt')}; {reached} had "
            f"{plural(self.criterion, 'success', 'successes')} in a row, {len(self.participant) - reached} did not while watched"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CountComparison(Record):
    """Ratio of mean counts between two arms.

    Attributes
    ----------
    ratio, low, high, level : float
        First arm over reference, and its interval.
    p : float
        Wald test of a ratio of 1.
    model : str
        The model that gave them.
    dispersion : float
        Pearson's chi-square of the Poisson model over its freedom; 1 for independent events.
    alpha : float
        Negative binomial: variance = mean + alpha mean^2; 0 for Poisson.
    label : str
        Which arm over which.
    n : (int, int)
        Participants of each arm, reference last.
    means : (float, float)
        Mean count of each arm, or count for each unit of time; reference last.
    n_missing : int
        Rows left out as missing.
    note : str
        What to know of this result; empty where there is nothing.
    """

    label: str
    n: tuple[int, int]
    means: tuple[float, float]
    ratio: float
    low: float
    high: float
    level: float
    p: float
    model: str
    dispersion: float
    alpha: float
    n_missing: int = 0
    note: str = ""

    @property
    def meaning(self) -> str:
        """How many times as many, and whether the model can be trusted."""
        said = (
            "a different number of attempts is shown, not that they learn more"
            if self.p < 1 - self.level
            else "no difference is shown and no sameness either"
        )
        left = f"; {self.n_missing} left out as missing" if self.n_missing else ""
        note = f"; {self.note}" if self.note else ""
        return (
            f"{self.label}: {number(self.ratio)} times as many, "
            f"{interval_text(self.low, self.high, self.level)}, {p_text(self.p)} ({self.model}): "
            f"{said}{left}{note}"
        )


def tally_attempts(
    participant: Sequence[Any] | NDArray[Any],
    *,
    success: Sequence[bool] | NDArray[np.bool_],
    criterion: int,
) -> AttemptTally:
    """Count the rows of an attempt log, one row for each attempt in the order they were made.

    Parameters
    ----------
    participant : (n,) sequence
        Who tried.
    success : (n,) sequence of bool
        Whether it went well.
    criterion : int
        Successes in a row that count as learned.

    Returns
    -------
    AttemptTally

    Examples
    --------
    >>> tally = tally_attempts(["a", "b", "a", "a", "b"], success=[0, 1, 1, 1, 0], criterion=2)
    >>> tally.n_attempts, tally.to_criterion
    ((3, 2), (3, None))
    """
    who = as_labels(participant, name="participant")
    went_well = np.asarray(success)
    if went_well.shape != who.shape or not np.isin(went_well, (0, 1)).all():
        msg = f"success: yes or no for each of {len(who)} attempts expected, found {success!r:.60}"
        raise ValueError(msg)
    if criterion < 1:
        msg = f"criterion: at least 1 expected, found {criterion}"
        raise ValueError(msg)
    names = list(dict.fromkeys(who.tolist()))
    rows = [went_well[who == name].astype(bool) for name in names]
    return AttemptTally(
        participant=tuple(names),
        n_attempts=tuple(len(row) for row in rows),
        n_successes=tuple(int(row.sum()) for row in rows),
        to_criterion=tuple(_first_run(row, criterion) for row in rows),
        criterion=criterion,
    )


def compare_counts(
    count: ArrayLike,
    *,
    arm: Sequence[Any] | NDArray[Any],
    reference: str,
    model: Literal["negative binomial", "Poisson"],
    exposure: ArrayLike | None = None,
    level: float = 0.95,
    missing: Missing = "refuse",
) -> CountComparison:
    """Compare counts per participant between two arms.

    Parameters
    ----------
    count : (n,) array_like of int
        Attempts (or errors) of each participant.
    arm : (n,) sequence
        Arm of each participant.
    reference : str
        The arm that is divided by.
    model : {"negative binomial", "Poisson"}
        Poisson takes all participants of an arm as alike; where they are not, its interval is too
        narrow, and the result says so.  The negative binomial lets them differ [1]_.
    exposure : (n,) array_like of float, optional
        Hours or sessions of each participant.
    level, missing
        As for :func:`compare_means`.

    Returns
    -------
    CountComparison
        Maximum likelihood by statsmodels.  Counts less spread than Poisson have alpha 0.

    Raises
    ------
    StudyError
        Not two arms, or an arm without a single event: take :func:`rate_ratio`, which is exact.

    References
    ----------
    .. [1] Cameron AC, Trivedi PK. Regression Analysis of Count Data, 2nd ed, 2013.
       doi 10.1017/CBO9781139013567

    Examples
    --------
    >>> count, arm = [9, 12, 7, 14, 5, 6, 4, 9], ["print"] * 4 + ["bone"] * 4
    >>> result = compare_counts(count, arm=arm, reference="bone", model="Poisson")
    >>> round(result.ratio, 6)
    1.75
    """
    if model not in ("negative binomial", "Poisson"):
        msg = f"model: 'negative binomial' or 'Poisson' expected, found {model!r}"
        raise ValueError(msg)
    columns = {"count": count, "exposure": np.ones(len(arm)) if exposure is None else exposure}
    rows, n_missing = as_rows(columns, missing=missing, arm=arm)
    y, time = rows["count"], rows["exposure"]
    parts = _arms_with_events(rows, reference)
    other = next(name for name in parts if name != reference)
    x = np.column_stack([np.ones(len(y)), rows["arm"] == other]).astype(np.float64)
    as_level(level)
    events = {name: float(part.sum()) for name, part in parts.items()}
    hours = {name: float(time[rows["arm"] == name].sum()) for name in parts}
    rates = {name: events[name] / hours[name] for name in parts}
    # With two arms the likelihood of Poisson has its top at the rates themselves.
    mean = time * np.where(x[:, 1] == 1, rates[other], rates[reference])
    chi_square, free = float(((y - mean) ** 2 / mean).sum()), len(y) - 2
    log = math.log(rates[other] / rates[reference])
    se = math.sqrt(1 / events[other] + 1 / events[reference])
    alpha, note = 0.0, ""
    if model == "negative binomial":
        if float(((y - mean) ** 2 - y).sum()) > 0:
            log, se, alpha = _negative_binomial(y, x, time, [math.log(rates[reference]), log])
        note = "no more spread than Poisson, alpha 0" if alpha == 0 else ""
    elif float(neighbour("scipy.stats").chi2.sf(chi_square, free)) < 0.05:
        note = f"spread is {number(chi_square / free)} times that of Poisson: the interval is too narrow"
    normal = neighbour("scipy.stats").norm
    half = float(normal.ppf((1 + level) / 2)) * se
    return CountComparison(
        label=f"{other} / {reference}",
        n=(len(parts[other]), len(parts[reference])),
        means=(rates[other], rates[reference]),
        ratio=math.exp(log),
        low=math.exp(log - half),
        high=math.exp(log + half),
        level=level,
        p=float(2 * normal.sf(abs(log) / se)),
        model=model,
        dispersion=chi_square / free,
        alpha=alpha,
        n_missing=n_missing,
        note=note,
    )


def _arms_with_events(
    rows: dict[str, NDArray[Any]], reference: str
) -> dict[str, NDArray[np.float64]]:
    """Return the counts of both arms; refuse what is no count, and an arm without events."""
    y, time = rows["count"], rows["exposure"]
    if (y < 0).any() or (y != np.round(y)).any() or (time <= 0).any():
        msg = "count and exposure: whole numbers from 0 and positive numbers expected, found others"
        raise ValueError(msg)
    parts = by_arm(y, rows["arm"])
    if len(parts) != 2 or reference not in parts:
        msg = f"arm: two arms with {reference!r} expected, found {list(parts)}"
        raise StudyError(msg)
    if empty := [name for name, part in parts.items() if part.sum() == 0]:
        msg = f"count: an event in each arm expected, found none in {empty}; rate_ratio gives an exact interval"
        raise StudyError(msg)
    return parts


def _negative_binomial(
    y: NDArray[np.float64], x: NDArray[np.float64], time: NDArray[np.float64], start: list[float]
) -> tuple[float, float, float]:
    """Return log ratio, standard error and alpha; alpha sought by its profile likelihood."""
    api = neighbour("statsmodels.api")
    offset = np.log(time)

    def fit(alpha: float) -> Any:
        family = api.families.NegativeBinomial(alpha=alpha)
        return api.GLM(y, x, family=family, offset=offset).fit(start_params=start, tol=1e-12)

    found = neighbour("scipy.optimize").minimize_scalar(
        lambda log_alpha: -float(fit(math.exp(log_alpha)).llf),
        bounds=(-12.0, 4.0),
        method="bounded",
        options={"xatol": 1e-9},
    )
    alpha = math.exp(float(found.x))
    best = fit(alpha)
    return float(best.params[1]), float(best.bse[1]), alpha


def _first_run(row: NDArray[np.bool_], length: int) -> int | None:
    run = 0
    for attempt, went_well in enumerate(row.tolist(), start=1):
        run = run + 1 if went_well else 0
        if run == length:
            return attempt
    return None
