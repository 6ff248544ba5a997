"""How many students: sample size and power of parallel, cross-over and cluster trials."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from calvaria.errors import StudyError
from calvaria.study.power import equivalence_power, noninferiority_power, superiority_power
from calvaria.study.record import Record, number
from calvaria.study.sample import as_count, as_level, as_one_sided, refuse_infinite

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TrialPlan", "plan_trial"]

Goal = Literal["superiority", "non-inferiority", "equivalence"]
Design = Literal["parallel", "cross-over", "cluster"]

_MOST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrialPlan(Record):
    """A trial as planned: the margin is in it before the first student is.

    Attributes
    ----------
    goal, design : str
        What is to be shown, and how.
    n : (int, int)
        To be analysed: participants of each arm; of each order for a cross-over.
    n_recruited : (int, int)
        The same with the expected drop-out.
    n_clusters : (int, int) or None
        Classes of each arm.
    power : float
        With ``n``.
    difference, sd, margin, alpha : float
        The assumptions; alpha is two-sided for superiority, one-sided otherwise.
    design_effect : float
        By how much classes dilute the students; 1 where there are none.
    target_power : float or None
        What was asked for; None where the numbers were given and the power was asked.
    correlation, icc, cluster_size, dropout_fraction : float
        Further assumptions: between pre- and post-test, within classes, students of a class, drop-out.
    unit : str
        Of the outcome; empty where none was given.
    """

    goal: str
    design: str
    n: tuple[int, int]
    n_recruited: tuple[int, int]
    n_clusters: tuple[int, int] | None
    power: float
    target_power: float | None
    difference: float
    sd: float
    margin: float | None
    alpha: float
    correlation: float
    icc: float
    cluster_size: float
    design_effect: float
    dropout_fraction: float
    unit: str = ""

    @property
    def meaning(self) -> str:
        """Numbers and what they hang on."""
        unit = f" {self.unit}" if self.unit else ""
        aim = {
            "superiority": f"show a difference of {number(self.difference)}{unit}",
            "non-inferiority": f"show a loss of less than {number(self.margin or 0)}{unit}",
            "equivalence": f"show a difference within {number(self.margin or 0)}{unit}",
        }[self.goal]
        truth = (
            ""
            if self.goal == "superiority"
            else f" if the difference truly is {number(self.difference)}"
        )
        classes = (
            f" in {self.n_clusters[0]} + {self.n_clusters[1]} classes" if self.n_clusters else ""
        )
        return (
            f"{self.design}: {self.n[0]} + {self.n[1]} analysed{classes}, "
            f"{sum(self.n_recruited)} recruited, {100 * self.power:.0f} % power to {aim}{truth} "
            f"(SD {number(self.sd)}{unit}, alpha {self.alpha:g}): as good as the assumed SD, "
            "and no promise about this trial"
        )


def plan_trial(
    goal: Goal,
    *,
    design: Design,
    sd: float,
    difference: float,
    alpha: float,
    power: float | None = None,
    n_per_arm: int | None = None,
    margin: float | None = None,
    ratio: float = 1.0,
    correlation: float = 0.0,
    cluster_size: float = 1.0,
    cluster_size_cv: float = 0.0,
    icc: float = 0.0,
    dropout_fraction: float = 0.0,
    unit: str = "",
) -> TrialPlan:
    """Plan a trial of two teachings with a mean score as its outcome.

    Parameters
    ----------
    goal : {"superiority", "non-inferiority", "equivalence"}
        What the trial is to show.
    design : {"parallel", "cross-over", "cluster"}
        Independent arms; each student in both; whole classes randomised.
    sd : float
        Standard deviation of the score between students.
    difference : float
        True difference, new minus reference, in which higher is better; for equivalence usually 0.
    alpha : float
        Two-sided for superiority; one-sided, and then below 0.5, for the others.
    power : float, optional
        Wanted; the number is searched.
    n_per_arm : int, optional
        Given instead of ``power``: participants of the first arm (order, for a cross-over; classes,
        for a cluster trial); the power is computed.
    margin : float
        For equivalence and non-inferiority, and only for them: what would still be accepted.
    ratio : float
        Second arm over first; parallel trials only.
    correlation : float
        Parallel: of pre- and post-test, when ANCOVA will be used.  Cross-over: of the two scores
        of one student.  Cluster: left out, :func:`analyse_clusters` takes no pre-test.
    cluster_size, cluster_size_cv, icc : float
        Cluster trials: mean size of a class, at least 1, its coefficient of variation [2]_, and the share of
        variance between classes.
    dropout_fraction : float
        Share expected to be lost.
    unit : str
        Of the score.

    Returns
    -------
    TrialPlan

    Raises
    ------
    ValueError
        A margin missing or out of place, both or neither of ``power`` and ``n_per_arm``.
    StudyError
        An assumption that is not finite or out of its range; a pre-test in a cluster trial; or no
        number reaches the power: the true difference lies outside the margin, or is zero.

    Notes
    -----
    Exact for normal scores: noncentral t, for equivalence averaged over the chi distribution of
    the standard error [1]_.  Adjustment by a pre-test multiplies the variance by
    1 - correlation^2 and takes one degree of freedom.

    References
    ----------
    .. [1] Phillips KF. J Pharmacokinet Biopharm 1990;18:137-144. doi 10.1007/BF01063556
    .. [2] Eldridge SM et al. Int J Epidemiol 2006;35:1292-1300. doi 10.1093/ije/dyl129

    Examples
    --------
    >>> plan = plan_trial(
    ...     "superiority", design="parallel", sd=1, difference=0.5, alpha=0.05, power=0.8
    ... )
    >>> plan.n, round(plan.power, 4)
    ((64, 64), 0.8015)
    >>> plan = plan_trial(
    ...     "equivalence", design="parallel", sd=13.5, difference=0, margin=7.5, alpha=0.05, power=0.8
    ... )
    >>> plan.n
    (57, 57)
    """
    _check(goal, design, margin, power, n_per_arm)
    _check_numbers(sd=sd, ratio=ratio)
    refuse_infinite(difference=difference, cluster_size=cluster_size)
    _check_shares(correlation=correlation, icc=icc, dropout_fraction=dropout_fraction)
    _check_design(design, ratio, correlation, cluster_size, cluster_size_cv, icc)
    if goal == "superiority":
        as_level(alpha, name="alpha")
    else:
        as_one_sided(alpha)
    effect = 1 + ((cluster_size_cv**2 + 1) * cluster_size - 1) * icc

    def power_of(count: int) -> float:
        second = math.ceil(count * ratio - 1e-9)
        se, df = _precision(design, count, second, sd, correlation, cluster_size, effect)
        if df < 1:
            return 0.0
        if goal == "superiority":
            return superiority_power(difference, se=se, df=df, alpha=alpha)
        how = noninferiority_power if goal == "non-inferiority" else equivalence_power
        return how(difference, margin=margin or 0.0, se=se, df=df, alpha=alpha)

    count = _search(power_of, power) if power is not None else int(n_per_arm or 0)
    second = math.ceil(count * ratio - 1e-9)
    per_unit = cluster_size if design == "cluster" else 1
    n = (math.ceil(count * per_unit), math.ceil(second * per_unit))
    return TrialPlan(
        goal=goal,
        design=design,
        n=n,
        n_recruited=(
            math.ceil(n[0] / (1 - dropout_fraction) - 1e-9),
            math.ceil(n[1] / (1 - dropout_fraction) - 1e-9),
        ),
        n_clusters=(count, second) if design == "cluster" else None,
        power=power_of(count),
        target_power=power,
        difference=difference,
        sd=sd,
        margin=margin,
        alpha=alpha,
        correlation=correlation,
        icc=icc,
        cluster_size=cluster_size,
        design_effect=effect,
        dropout_fraction=dropout_fraction,
        unit=unit,
    )


def _check_shares(*, correlation: float, icc: float, dropout_fraction: float) -> None:
    """Refuse shares outside their range."""
    if not (-1 < correlation < 1 and 0 <= icc < 1 and 0 <= dropout_fraction < 1):
        msg = f"correlation, icc, dropout_fraction: below 1 expected, found {(correlation, icc, dropout_fraction)}"
        raise StudyError(msg)


def _check_design(
    design: str,
    ratio: float,
    correlation: float,
    cluster_size: float,
    cluster_size_cv: float,
    icc: float,
) -> None:
    """Refuse what a design cannot have: classes outside a cluster trial, a pre-test within one."""
    if cluster_size < 1 or not 0 <= cluster_size_cv < math.inf:
        msg = (
            "cluster_size and cluster_size_cv: numbers from 1 and from 0 expected, "
            f"found {cluster_size} and {cluster_size_cv}"
        )
        raise StudyError(msg)
    if design == "cluster" and correlation:
        msg = (
            "correlation: 0 expected for a cluster trial, because analyse_clusters takes no "
            f"pre-test that could use it, found {correlation}"
        )
        raise StudyError(msg)
    if design != "parallel" and ratio != 1:
        msg = f"ratio: 1 expected for a {design} trial, found {ratio}"
        raise ValueError(msg)
    if design != "cluster" and (icc or cluster_size != 1 or cluster_size_cv):
        msg = f"cluster_size and icc: left out expected for a {design} trial, found {(cluster_size, icc)}"
        raise ValueError(msg)


def _precision(
    design: str,
    first: int,
    second: int,
    sd: float,
    correlation: float,
    cluster_size: float,
    effect: float,
) -> tuple[float, float]:
    """Return standard error and degrees of freedom of the difference."""
    if design == "parallel":
        adjusted = 1 - correlation**2
        df = first + second - 2.0 - (1 if correlation else 0)
        return sd * math.sqrt(adjusted * (1 / first + 1 / second)), df
    if design == "cross-over":
        # Within a student the variance is sd^2 (1 - r); two orders of equal size.
        variance = sd**2 * (1 - correlation) * (1 / first + 1 / second) / 2
        return math.sqrt(variance), first + second - 2.0
    variance = sd**2 * effect / cluster_size * (1 / first + 1 / second)
    return math.sqrt(variance), first + second - 2.0


def _search(power_of: Callable[[int], float], wanted: float) -> int:
    as_level(wanted, name="power")
    high = 2
    while power_of(high) < wanted:
        high *= 2
        if high > _MOST:
            msg = f"power: no number up to {_MOST} reaches {wanted}; the assumed truth cannot be shown"
            raise StudyError(msg)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(middle) >= wanted else (middle, high)
    return high if power_of(2) < wanted else 2


def _check(
    goal: str, design: str, margin: float | None, power: float | None, n_per_arm: int | None
) -> None:
    if goal not in {"superiority", "non-inferiority", "equivalence"}:
        msg = f"goal: 'superiority', 'non-inferiority' or 'equivalence' expected, found {goal!r}"
        raise ValueError(msg)
    if design not in {"parallel", "cross-over", "cluster"}:
        msg = f"design: 'parallel', 'cross-over' or 'cluster' expected, found {design!r}"
        raise ValueError(msg)
    if goal == "superiority" and margin is not None:
        msg = f"margin: none expected for superiority, found {margin}"
        raise ValueError(msg)
    if goal != "superiority" and (margin is None or not 0 < margin < math.inf):
        msg = f"margin: a positive number expected for {goal}, before the data, found {margin}"
        raise ValueError(msg)
    if (power is None) == (n_per_arm is None):
        msg = "power or n_per_arm: exactly one expected"
        raise ValueError(msg)
    if n_per_arm is not None:
        as_count(n_per_arm, name="n_per_arm", least=2)


def _check_numbers(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < math.inf:
            msg = f"{name}: a positive number expected, found {value}"
            raise StudyError(msg)
