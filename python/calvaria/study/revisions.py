"""A model that changes: how real it feels to the same hands, revision after revision."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.difference import Difference
from calvaria.study.means import compare_paired
from calvaria.study.multiplicity import adjust_p_values
from calvaria.study.ranks import RankComparison, compare_paired_ranks
from calvaria.study.record import Record, number, p_text, plural
from calvaria.study.sample import as_level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Revision", "RevisionComparison", "compare_revisions"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Revision(Record):
    """One revision of a model and what its raters said.

    Attributes
    ----------
    name : str
        Revision, such as "B".
    material : str
        What it is printed from.
    wall_mm : float
        Wall thickness, mm.
    ratings : mapping of str to float
        Rater and rating; the same raters in every revision.
    change : str
        What was changed and why.

    Examples
    --------
    >>> Revision(
    ...     name="B", material="hard resin", wall_mm=1.2, ratings={"r1": 4, "r2": 5},
    ...     change="Wall 0.4 mm thicker: it broke under the drill.",
    ... )
    Revision(revision B: hard resin, wall 1.2 mm, mean rating 4.5 from 2 raters (Wall 0.4 mm thicker: it broke under the drill.))
    """

    name: str
    material: str
    wall_mm: float
    ratings: Mapping[str, float]
    change: str = ""

    def __post_init__(self) -> None:
        if not self.wall_mm > 0:
            msg = f"wall_mm: a positive number expected, found {self.wall_mm}"
            raise ValueError(msg)
        if lost := [rater for rater, value in self.ratings.items() if not np.isfinite(value)]:
            msg = f"ratings: a number from each rater expected, found none from {lost}"
            raise ValueError(msg)

    @property
    def mean(self) -> float:
        """Mean rating."""
        return float(np.mean(list(self.ratings.values())))

    @property
    def meaning(self) -> str:
        """Material, wall and mean rating."""
        why = f" ({self.change})" if self.change else ""
        return (
            f"revision {self.name}: {self.material}, wall {number(self.wall_mm)} mm, mean rating "
            f"{number(self.mean)} from {plural(len(self.ratings), 'rater')}{why}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RevisionComparison(Record):
    """Ratings of each revision against the one before it.

    Attributes
    ----------
    revisions : tuple of Revision
        In order.
    raters : tuple of str
        Raters of every revision; the others are not used.
    n_left_out : int
        Raters who did not rate every revision.
    steps : dict of str to Difference
        Mean change with its interval, "A to B".
    ranks : dict of str to RankComparison
        The same by signed ranks; a step without any change is absent.
    adjusted_p : dict of str to float
        p of the steps by signed ranks, after Holm.
    friedman_p : float or None
        One test over all revisions, from three on.
    level : float
        Of the intervals.
    """

    revisions: tuple[Revision, ...]
    raters: tuple[str, ...]
    n_left_out: int
    steps: dict[str, Difference]
    ranks: dict[str, RankComparison]
    adjusted_p: dict[str, float]
    friedman_p: float | None
    level: float

    @property
    def meaning(self) -> str:
        """Each step with its interval; raters are not blind to what they hold."""
        steps = "; ".join(
            f"{name} {number(step.difference)} ({number(step.low)} to {number(step.high)}, "
            f"{p_text(self.adjusted_p[name])})"
            for name, step in self.steps.items()
        )
        left = (
            f"; {plural(self.n_left_out, 'rater')} left out, not in every revision"
            if self.n_left_out
            else ""
        )
        return (
            f"{plural(len(self.raters), 'rater')}, change of rating: {steps}: a rating of realism, "
            f"not proof that the skill carries over; material and wall changed together "
            f"cannot be told apart{left}"
        )


def compare_revisions(revisions: Sequence[Revision], *, level: float = 0.95) -> RevisionComparison:
    """Compare the ratings of two or more revisions by the same raters, step by step.

    Parameters
    ----------
    revisions : sequence of Revision
        In the order they were made.
    level : float
        Of the intervals.

    Returns
    -------
    RevisionComparison
        Paired t for the size of each step, Wilcoxon's signed ranks with Holm for its p, and
        Friedman's test [1]_ over all from three revisions on.

    Raises
    ------
    StudyError
        Fewer than two revisions or three common raters, or a step that is the same for all.

    References
    ----------
    .. [1] Friedman M. J Am Stat Assoc 1937;32:675-701. doi 10.1080/01621459.1937.10503522

    Examples
    --------
    >>> soft = Revision(
    ...     name="A", material="soft resin", wall_mm=0.8,
    ...     ratings={"r1": 2, "r2": 3, "r3": 2, "r4": 1, "r5": 3},
    ... )
    >>> hard = Revision(
    ...     name="B", material="hard resin", wall_mm=1.2,
    ...     ratings={"r1": 4, "r2": 4, "r3": 5, "r4": 3, "r5": 4},
    ... )
    >>> result = compare_revisions([soft, hard])
    >>> round(result.steps["A to B"].difference, 2), result.adjusted_p["A to B"] < 0.06
    (1.8, True)
    """
    names = [revision.name for revision in revisions]
    if len(names) < 2 or len(set(names)) < len(names):
        msg = f"revisions: two or more with different names expected, found {names}"
        raise StudyError(msg)
    everyone: dict[str, Any] = {}
    for revision in revisions:
        everyone |= dict.fromkeys(revision.ratings)
    raters = [who for who in everyone if all(who in revision.ratings for revision in revisions)]
    if len(raters) < 3:
        msg = f"revisions: at least three raters of every revision expected, found {raters}"
        raise StudyError(msg)
    table = {r.name: np.array([r.ratings[who] for who in raters], float) for r in revisions}
    steps, ranks, p = {}, {}, {}
    for before, after in pairwise(names):
        step = f"{before} to {after}"
        same = bool((table[after] == table[before]).all())
        if same:
            msg = f"{step}: ratings that changed expected, found none"
            raise StudyError(msg)
        steps[step] = compare_paired(
            table[after], table[before], level=as_level(level), label=step, unit="points"
        )
        ranks[step] = compare_paired_ranks(
            table[after], table[before], level=level, label=step, unit="points"
        )
        p[step] = ranks[step].p
    friedman = None
    if len(names) > 2:
        friedman = float(neighbour("scipy.stats").friedmanchisquare(*table.values()).pvalue)
    return RevisionComparison(
        revisions=tuple(revisions),
        raters=tuple(raters),
        n_left_out=len(everyone) - len(raters),
        steps=steps,
        ranks=ranks,
        adjusted_p=adjust_p_values(p, method="Holm", alpha=1 - level).adjusted,
        friedman_p=friedman,
        level=level,
    )
