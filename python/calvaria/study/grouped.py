"""Values that belong together: classes randomised as a whole, and tests repeated on one person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.errors import StudyError
from calvaria.study.difference import Difference
from calvaria.study.random_intercept import fit_random_intercept
from calvaria.study.record import Record, number
from calvaria.study.sample import Missing, as_level, as_rows, by_arm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["ClusterComparison", "RepeatedComparison", "analyse_clusters", "analyse_repeated"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClusterComparison(Record):
    """Two arms of whole classes.

    Attributes
    ----------
    difference : Difference
        One arm minus the reference; its freedom comes from the classes, not the students.
    icc, design_effect : float
        Share of the variance between classes, and by how much it dilutes the students.
    n_clusters, n_participants : int
        Of both arms.
    """

    difference: Difference
    icc: float
    design_effect: float
    n_clusters: int
    n_participants: int

    @property
    def meaning(self) -> str:
        """The difference, and how many students it is worth."""
        worth = self.n_participants / self.design_effect
        return (
            f"{self.difference.meaning}; {self.n_participants} students in {self.n_clusters} classes "
            f"count as {number(worth)} (ICC {number(self.icc)})"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RepeatedComparison(Record):
    """Two arms tested several times.

    Attributes
    ----------
    at_first : Difference
        Difference at the first time.
    changes : tuple of Difference
        For each later time: how much more one arm has changed since the first time.
    sd_within, sd_between : float
        Spread within and between participants.
    n_participants : int
        Participants of both arms.
    n_missing : int
        Rows left out as missing.
    """

    at_first: Difference
    changes: tuple[Difference, ...]
    sd_within: float
    sd_between: float
    n_participants: int
    n_missing: int = 0

    @property
    def meaning(self) -> str:
        """The difference in change at each time; equal correlations are assumed."""
        said = "; ".join(change.meaning for change in self.changes)
        return f"{said}; assumes that any two tests of a person are equally correlated"


def analyse_clusters(
    score: ArrayLike,
    *,
    cluster: Sequence[Any] | NDArray[Any],
    arm: Sequence[Any] | NDArray[Any],
    reference: str,
    level: float = 0.95,
    unit: str = "",
    missing: Missing = "refuse",
) -> ClusterComparison:
    """Compare two arms of which whole classes were randomised.

    Parameters
    ----------
    score : (n,) array_like of float
        One row for each participant.
    cluster, arm : (n,) sequence
        Class and arm of each row.
    reference : str
        The arm that is subtracted.
    level, unit, missing
        As for :func:`compare_means`.

    Returns
    -------
    ClusterComparison
        Mixed model with a random level for each class; classes - 2 degrees of freedom [1]_.

    Raises
    ------
    StudyError
        Not two arms, fewer than two classes in an arm (arm and class are then the same thing), a
        class in both, or one participant in every class.

    References
    ----------
    .. [1] Donner A, Klar N. Design and Analysis of Cluster Randomization Trials, 2000.

    Examples
    --------
    >>> result = analyse_clusters(
    ...     [12, 14, 13, 15, 16, 15, 10, 12, 11, 13, 12, 14],
    ...     cluster=list("aaabbbcccddd"),
    ...     arm=["print"] * 6 + ["bone"] * 6,
    ...     reference="bone",
    ... )
    >>> result.difference.df
    2.0
    """
    rows, n_missing = as_rows({"score": score}, missing=missing, cluster=cluster, arm=arm)
    parts = by_arm(rows["cluster"], rows["arm"])
    _two_arms(list(parts), reference)
    classes = {name: set(part.tolist()) for name, part in parts.items()}
    if both := set.intersection(*classes.values()):
        msg = f"cluster: classes of one arm expected, found {sorted(both)} in both"
        raise StudyError(msg)
    if few := {name: len(found) for name, found in classes.items() if len(found) < 2}:
        msg = f"cluster: at least two classes in each arm expected, found {few}"
        raise StudyError(msg)
    other = next(name for name in parts if name != reference)
    x = np.column_stack([np.ones(len(rows["arm"])), rows["arm"] == other]).astype(np.float64)
    fit = fit_random_intercept(rows["score"], x, rows["cluster"])
    sizes = np.unique(rows["cluster"], return_counts=True)[1]
    difference = fit.difference(
        f"{other} - {reference}",
        weights=np.array([0.0, 1.0]),
        test="mixed model, random class",
        level=as_level(level),
        n=(len(classes[other]), len(classes[reference])),
        unit=unit,
        n_missing=n_missing,
    )
    # Unequal classes dilute by their mean size weighted by size.
    effect = 1 + (float((sizes**2).sum() / sizes.sum()) - 1) * fit.icc
    return ClusterComparison(
        difference=difference,
        icc=fit.icc,
        design_effect=effect,
        n_clusters=fit.n_groups,
        n_participants=fit.n_values,
    )


def analyse_repeated(
    score: ArrayLike,
    *,
    participant: Sequence[Any] | NDArray[Any],
    time: ArrayLike,
    arm: Sequence[Any] | NDArray[Any],
    reference: str,
    level: float = 0.95,
    unit: str = "",
    missing: Missing = "refuse",
) -> RepeatedComparison:
    """Compare how two arms change over several tests, by a mixed model.

    Parameters
    ----------
    score : (n,) array_like of float
        One row for each participant and time.
    participant, arm : (n,) sequence
        Labels of each row.
    time : (n,) array_like of float
        When, as a number; each value is a level of its own, no straight line is assumed.
    reference : str
        The arm that is subtracted.
    level, unit, missing
        As for :func:`compare_means`; rows without a score are left out one by one, which is right
        where being missing does not depend on the missing score.

    Returns
    -------
    RepeatedComparison

    Raises
    ------
    StudyError
        Not two arms, fewer than two times, or a participant in both arms.

    References
    ----------
    .. [1] Laird NM, Ware JH. Biometrics 1982;38:963-974. doi 10.2307/2529876

    Examples
    --------
    >>> result = analyse_repeated(
    ...     [10, 14, 13, 11, 16, 14, 10, 12, 10, 9, 12, 11],
    ...     participant=[1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4],
    ...     time=[0, 1, 6] * 4,
    ...     arm=["print"] * 6 + ["bone"] * 6,
    ...     reference="bone",
    ... )
    >>> [round(change.difference, 6) for change in result.changes]
    [2.0, 2.0]
    """
    rows, n_missing = as_rows(
        {"score": score, "time": time}, missing=missing, participant=participant, arm=arm
    )
    parts = by_arm(rows["participant"], rows["arm"])
    _two_arms(list(parts), reference)
    if both := set.intersection(*(set(part.tolist()) for part in parts.values())):
        msg = f"participant: people of one arm expected, found {sorted(both)} in both"
        raise StudyError(msg)
    other = next(name for name in parts if name != reference)
    times = np.unique(rows["time"])
    if len(times) < 2:
        msg = f"time: two or more times expected, found {times.tolist()}"
        raise StudyError(msg)
    is_other = (rows["arm"] == other).astype(np.float64)
    later = (rows["time"][:, None] == times[None, 1:]).astype(np.float64)
    x = np.column_stack([np.ones(len(is_other)), is_other, later, later * is_other[:, None]])
    fit = fit_random_intercept(rows["score"], x, rows["participant"])
    people = tuple(len(set(parts[name].tolist())) for name in (other, reference))
    shared: dict[str, Any] = {
        "test": "mixed model, random participant",
        "level": as_level(level),
        "n": people,
        "unit": unit,
    }
    unit_vector, first = np.eye(x.shape[1]), 2 + len(times) - 1
    return RepeatedComparison(
        at_first=fit.difference(
            f"{other} - {reference} at {times[0]:g}", weights=unit_vector[1], **shared
        ),
        changes=tuple(
            fit.difference(
                f"{other} - {reference}, change from {times[0]:g} to {when:g}",
                weights=unit_vector[first + i],
                n_missing=n_missing,
                **shared,
            )
            for i, when in enumerate(times[1:])
        ),
        sd_within=float(np.sqrt(fit.var_within)),
        sd_between=float(np.sqrt(fit.var_between)),
        n_participants=fit.n_groups,
        n_missing=n_missing,
    )


def _two_arms(arms: list[str], reference: str) -> None:
    if len(arms) != 2:
        msg = f"arm: two arms expected, found {arms}"
        raise StudyError(msg)
    if reference not in arms:
        msg = f"reference: one of {arms} expected, found {reference!r}"
        raise ValueError(msg)
