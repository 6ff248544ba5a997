"""Cross-over trials: each participant meets both teachings, so the phases are one analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.errors import StudyError
from calvaria.study.difference import Difference
from calvaria.study.random_intercept import fit_random_intercept
from calvaria.study.record import Record, number, p_text
from calvaria.study.sample import Missing, as_level, as_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["CrossoverComparison", "analyse_crossover"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CrossoverComparison(Record):
    """Treatment, period and sequence effects of a two-period cross-over trial.

    Attributes
    ----------
    treatment : Difference
        One teaching minus the reference, within participants.
    period : Difference
        Second period minus first: learning, fatigue, a harder test.
    sequence : Difference
        Between the two orders.  A carry-over hides here; the test is weak, and a large p does not
        show that there is none.
    sd_within, sd_between : float
        Spread within and between participants.
    n_participants, n_one_period : int
        All participants, and those seen in one period only.
    n_missing : int
        Rows left out as missing.
    """

    treatment: Difference
    period: Difference
    sequence: Difference
    sd_within: float
    sd_between: float
    n_participants: int
    n_one_period: int
    n_missing: int = 0

    @property
    def meaning(self) -> str:
        """The difference between the teachings, and what may stand behind it."""
        once = (
            f"; {self.n_one_period} of {self.n_participants} participants in one period only"
            if self.n_one_period
            else ""
        )
        return (
            f"{self.treatment.meaning}; period effect {number(self.period.difference)} "
            f"({p_text(self.period.p)}), sequence effect {number(self.sequence.difference)} "
            f"({p_text(self.sequence.p)}): a carry-over is not excluded by a large p{once}"
        )


def analyse_crossover(
    score: ArrayLike,
    *,
    participant: Sequence[Any] | NDArray[Any],
    treatment: Sequence[Any] | NDArray[Any],
    period: Sequence[Any] | NDArray[Any],
    reference: str,
    level: float = 0.95,
    unit: str = "",
    missing: Missing = "refuse",
) -> CrossoverComparison:
    """Analyse a two-period, two-treatment cross-over trial by a mixed model.

    Fixed effects of treatment, period and sequence, a random level for each participant, fitted
    by restricted maximum likelihood.  Participants seen in one period count for what they tell.
    With complete data the result is that of the within-participant t test [1]_ with n - 2
    degrees of freedom.

    Parameters
    ----------
    score : (n,) array_like of float
        One row for each participant and period.
    participant, treatment, period : (n,) sequence
        Labels of each row; two treatments, two periods (sorted as text or number).
    reference : str
        The treatment that is subtracted.
    level, unit, missing
        As for :func:`compare_means`.

    Returns
    -------
    CrossoverComparison

    Raises
    ------
    StudyError
        Not two treatments in two periods, a participant twice in a period, nobody in both periods,
        or those in both in one sequence only: treatment and period could then not be told apart.

    References
    ----------
    .. [1] Senn S. Cross-over Trials in Clinical Research, 2nd ed, 2002. doi 10.1002/0470854596

    Examples
    --------
    >>> result = analyse_crossover(
    ...     [12, 10, 14, 13, 9, 11, 10, 13],
    ...     participant=[1, 1, 2, 2, 3, 3, 4, 4],
    ...     treatment=["print", "bone", "print", "bone", "bone", "print", "bone", "print"],
    ...     period=[1, 2, 1, 2, 1, 2, 1, 2],
    ...     reference="bone",
    ... )
    >>> round(result.treatment.difference, 6), result.treatment.df
    (2.0, 2.0)
    """
    rows, n_missing = as_rows(
        {"score": score},
        missing=missing,
        participant=participant,
        treatment=treatment,
        period=period,
    )
    other, periods = _two_in_two(rows["treatment"], rows["period"], reference)
    is_other, is_second = rows["treatment"] == other, rows["period"] == periods[1]
    _one_row_each(rows["participant"], is_second, is_other)
    # The order is "other first" when other stands in period 1 or the reference in period 2.
    other_first = is_other != is_second
    n_once = _need_crossed(rows["participant"], other_first, reference)
    x = np.column_stack(
        [np.ones(len(is_other)), is_other, is_second, np.where(other_first, 0.5, -0.5)]
    ).astype(np.float64)
    fit = fit_random_intercept(rows["score"], x, rows["participant"])
    shared: dict[str, Any] = {
        "test": "mixed model, random participant",
        "level": as_level(level),
        "n": (fit.n_groups,),
        "unit": unit,
    }
    unit_vector = np.eye(4)
    return CrossoverComparison(
        treatment=fit.difference(
            f"{other} - {reference}", weights=unit_vector[1], n_missing=n_missing, **shared
        ),
        period=fit.difference(
            f"period {periods[1]} - {periods[0]}", weights=unit_vector[2], **shared
        ),
        sequence=fit.difference(
            f"{other} first - {reference} first", weights=unit_vector[3], **shared
        ),
        sd_within=float(np.sqrt(fit.var_within)),
        sd_between=float(np.sqrt(fit.var_between)),
        n_participants=fit.n_groups,
        n_one_period=n_once,
        n_missing=n_missing,
    )


def _two_in_two(
    treatment: NDArray[np.str_], period: NDArray[np.str_], reference: str
) -> tuple[str, list[str]]:
    """Return the other treatment, and the periods in their order."""
    treatments = sorted(set(treatment.tolist()))
    periods = sorted(set(period.tolist()), key=_number_or_text)
    if len(treatments) != 2 or len(periods) != 2:
        msg = f"two treatments in two periods expected, found {treatments} in {periods}"
        raise StudyError(msg)
    if reference not in treatments:
        msg = f"reference: one of {treatments} expected, found {reference!r}"
        raise ValueError(msg)
    return next(name for name in treatments if name != reference), periods


def _need_crossed(
    participant: NDArray[np.str_], other_first: NDArray[np.bool_], reference: str
) -> int:
    """Refuse a trial in which nobody crossed over, or all in one order; return who came once."""
    people, counts = np.unique(participant, return_counts=True)
    if not (counts == 2).any():
        msg = (
            "participant: people seen in both periods expected, found none; "
            "compare_means compares independent arms"
        )
        raise StudyError(msg)
    if other_first.all() or not other_first.any():
        msg = f"participants in both orders expected, found all with {'other' if other_first.all() else reference} first"
        raise StudyError(msg)
    crossed = other_first[np.isin(participant, people[counts == 2])]
    if crossed.all() or not crossed.any():
        msg = (
            "participant: people seen in both periods in both orders expected, found them in one; "
            "treatment and period could only be told apart between people"
        )
        raise StudyError(msg)
    return int((counts == 1).sum())


def _one_row_each(
    participant: NDArray[np.str_], is_second: NDArray[np.bool_], is_other: NDArray[np.bool_]
) -> None:
    seen: dict[tuple[str, bool], bool] = {}
    for who, second, other in zip(participant.tolist(), is_second, is_other, strict=True):
        if (who, bool(second)) in seen:
            msg = f"participant {who}: one row a period expected, found two"
            raise StudyError(msg)
        if seen.get((who, not second)) == bool(other):
            msg = f"participant {who}: each treatment once expected, found one of them twice"
            raise StudyError(msg)
        seen[who, bool(second)] = bool(other)


def _number_or_text(label: str) -> tuple[int, float, str]:
    try:
        return 0, float(label), label
    except ValueError:
        return 1, 0.0, label
