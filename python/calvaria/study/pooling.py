"""Meta-analysis: effects of several trials pooled by a named estimator and a named interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.effects import EffectSize
from calvaria.study.heterogeneity import Estimator, between_variance, i2_interval, tau2_interval
from calvaria.study.record import Record, interval_text, number, p_text, plural
from calvaria.study.sample import as_level

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Pooled", "TrialEffect", "leave_one_out", "pool_effects"]

PooledInterval = Literal["normal", "Hartung-Knapp", "Hartung-Knapp floored"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrialEffect(Record):
    """One trial's effect, ready to be pooled.

    Attributes
    ----------
    label : str
        Trial and, if it has several, comparison.
    value, se : float
        Effect and standard error; ratios go in as logarithms.
    participants : str
        Who was measured.  Two effects with the same word share people (phases of a cross-over,
        two comparisons with one control arm) and are not pooled as independent.

    Examples
    --------
    >>> TrialEffect(label="A", value=0.93, se=0.36, participants="class of 2026")
    TrialEffect(A: 0.93, SE 0.36)
    """

    label: str
    value: float
    se: float
    participants: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and 0 < self.se < math.inf):
            msg = f"{self.label}: a finite value and a positive se expected, found {self.value}, {self.se}"
            raise StudyError(msg)

    @property
    def meaning(self) -> str:
        """Label, effect, standard error."""
        return f"{self.label}: {number(self.value)}, SE {number(self.se)}"

    @classmethod
    def of(cls, effect: EffectSize, *, label: str, participants: str) -> TrialEffect:
        """Return an effect size with the name of its trial."""
        return cls(label=label, value=effect.value, se=effect.se, participants=participants)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Pooled(Record):
    """The pooled effect, how far the trials differ, and what a new trial might find.

    Attributes
    ----------
    effects : tuple of TrialEffect
        What was pooled.
    weights_percent : tuple of float
        Weight of each, adding to 100.
    value, se, low, high, level, p : float
        Pooled effect, its standard error (as the interval uses it), interval and p.
    estimator, interval : str
        How tau2 and the interval were made.
    q, q_df, q_p : float
        Cochran's Q and its test.
    tau2, tau2_low, tau2_high : float
        Variance between trials; the interval is the Q profile.
    i2_percent, i2_low_percent, i2_high_percent : float
        I2 from Q; the interval is Higgins and Thompson's test-based one.
    prediction_low, prediction_high : float or None
        Where the true effect of a new trial lies; None below three trials or for "fixed".
    """

    effects: tuple[TrialEffect, ...]
    weights_percent: tuple[float, ...]
    value: float
    se: float
    low: float
    high: float
    level: float
    p: float
    estimator: str
    interval: str
    q: float
    q_df: int
    q_p: float
    tau2: float
    tau2_low: float
    tau2_high: float
    i2_percent: float
    i2_low_percent: float
    i2_high_percent: float
    prediction_low: float | None
    prediction_high: float | None

    @property
    def meaning(self) -> str:
        """The pooled effect, its spread, and the limit of what pooling can say."""
        ends = interval_text(self.low, self.high, self.level)
        said = (
            "an effect is shown" if self.p < 1 - self.level else "no effect is shown, nor sameness"
        )
        spread = f"tau2 {number(self.tau2)}, I2 {self.i2_percent:.0f} %"
        new = (
            f"; a new trial may find {number(self.prediction_low)} to {number(self.prediction_high)}"
            if self.prediction_low is not None and self.prediction_high is not None
            else ""
        )
        few = "; with so few trials a low I2 does not show that they agree" if self.q_df < 9 else ""
        return (
            f"{plural(len(self.effects), 'trial')}: {number(self.value)}, {ends} ({self.estimator}, "
            f"{self.interval}), {p_text(self.p)}: {said} on average; {spread}{few}{new}"
        )


def pool_effects(
    effects: Iterable[TrialEffect],
    *,
    estimator: Estimator,
    interval: PooledInterval,
    level: float = 0.95,
) -> Pooled:
    """Pool the effects of independent trials.

    Parameters
    ----------
    effects : iterable of TrialEffect
        One for each independent group of participants.
    estimator : {"fixed", "DL", "REML", "PM"}
        "fixed" takes one true effect.  The others let it vary by tau2: DerSimonian and Laird [1]_,
        restricted maximum likelihood [2]_, Paule and Mandel [3]_.
    interval : {"normal", "Hartung-Knapp", "Hartung-Knapp floored"}
        "Hartung-Knapp" [4]_ scales by the spread found and uses t with k - 1 degrees of freedom;
        it may come out narrower than "normal" when trials agree by chance.  "floored" never lets
        the scale fall below 1 [5]_.
    level : float
        Of all intervals.

    Returns
    -------
    Pooled

    Raises
    ------
    StudyError
        No effect; one effect for anything but "fixed" with "normal"; or two effects that share
        participants.

    References
    ----------
    .. [1] DerSimonian R, Laird N. Control Clin Trials 1986;7:177. doi 10.1016/0197-2456(86)90046-2
    .. [2] Viechtbauer W. J Educ Behav Stat 2005;30:261. doi 10.3102/10769986030003261
    .. [3] Paule RC, Mandel J. J Res Natl Bur Stand 1982;87:377. doi 10.6028/jres.087.022
    .. [4] Hartung J, Knapp G. Stat Med 2001;20:3875. doi 10.1002/sim.1009
    .. [5] Rover C et al. BMC Med Res Methodol 2015;15:99. doi 10.1186/s12874-015-0091-1

    Examples
    --------
    >>> trials = [
    ...     TrialEffect(label=name, value=value, se=se, participants=name)
    ...     for name, value, se in (("A", 0.93, 0.36), ("B", 0.50, 0.28), ("C", 0.50, 0.22))
    ... ]
    >>> pooled = pool_effects(trials, estimator="REML", interval="Hartung-Knapp")
    >>> round(pooled.value, 2), round(pooled.tau2, 6)
    (0.58, 0.0)
    """
    trials = tuple(effects)
    _independent(trials)
    y = np.array([trial.value for trial in trials])
    v = np.array([trial.se for trial in trials]) ** 2
    k = len(y)
    if k == 0 or (k == 1 and (estimator != "fixed" or interval != "normal")):
        msg = f"effects: two or more expected for {estimator} with {interval}, found {k}"
        raise StudyError(msg)
    tau2 = between_variance(y, v, estimator=estimator)
    weight = 1 / (v + tau2)
    value, total = float(np.average(y, weights=weight)), float(weight.sum())
    se, quantile, p = _uncertainty(y, weight, value, interval, as_level(level))
    q = float(((y - np.average(y, weights=1 / v)) ** 2 / v).sum())
    tau2_ends = tau2_interval(y, v, level) if k > 1 else (0.0, math.inf)
    prediction = None
    if estimator != "fixed" and k >= 3:
        t = float(neighbour("scipy.stats").t.ppf((1 + level) / 2, k - 2))
        reach = t * math.sqrt(tau2 + se**2)
        prediction = value - reach, value + reach
    i2 = max(0.0, (q - (k - 1)) / q) if q > 0 else 0.0
    i2_ends = i2_interval(q, k, level)
    return Pooled(
        effects=trials,
        weights_percent=tuple(float(w) for w in 100 * weight / total),
        value=value,
        se=se,
        low=value - quantile * se,
        high=value + quantile * se,
        level=level,
        p=p,
        estimator=estimator,
        interval=interval,
        q=q,
        q_df=k - 1,
        q_p=float(neighbour("scipy.stats").chi2.sf(q, k - 1)) if k > 1 else 1.0,
        tau2=tau2,
        tau2_low=tau2_ends[0],
        tau2_high=tau2_ends[1],
        i2_percent=100 * i2,
        i2_low_percent=100 * i2_ends[0],
        i2_high_percent=100 * i2_ends[1],
        prediction_low=prediction[0] if prediction else None,
        prediction_high=prediction[1] if prediction else None,
    )


def leave_one_out(pooled: Pooled) -> dict[str, Pooled]:
    """Pool again with each trial left out in turn; the key is the one that is missing.

    Parameters
    ----------
    pooled : Pooled
        At least three trials.

    Returns
    -------
    dict of str to Pooled
        By the label that is missing.

    Examples
    --------
    >>> trials = [
    ...     TrialEffect(label=name, value=value, se=0.3, participants=name)
    ...     for name, value in (("A", 0.9), ("B", 0.5), ("C", 0.4))
    ... ]
    >>> pooled = pool_effects(trials, estimator="DL", interval="normal")
    >>> {name: round(rest.value, 2) for name, rest in leave_one_out(pooled).items()}
    {'A': 0.45, 'B': 0.65, 'C': 0.7}
    """
    if len(pooled.effects) < 3:
        msg = f"pooled: three or more trials expected, found {len(pooled.effects)}"
        raise StudyError(msg)
    return {
        out.label: pool_effects(
            [trial for trial in pooled.effects if trial is not out],
            estimator=pooled.estimator,  # type: ignore[arg-type]
            interval=pooled.interval,  # type: ignore[arg-type]
            level=pooled.level,
        )
        for out in pooled.effects
    }


def _independent(trials: tuple[TrialEffect, ...]) -> None:
    seen: dict[str, str] = {}
    labels = set()
    for trial in trials:
        if trial.participants in seen:
            msg = (
                f"effects: independent participants expected, found {trial.participants!r} in both "
                f"{seen[trial.participants]!r} and {trial.label!r}; phases of a cross-over belong in "
                "one mixed model, arms that share a control in one comparison"
            )
            raise StudyError(msg)
        if trial.label in labels:
            msg = f"effects: one label for each expected, found {trial.label!r} twice"
            raise ValueError(msg)
        labels.add(trial.label)
        seen[trial.participants] = trial.label


def _uncertainty(
    y: np.ndarray, weight: np.ndarray, value: float, interval: PooledInterval, level: float
) -> tuple[float, float, float]:
    """Return standard error, quantile and two-sided p of the pooled value."""
    stats = neighbour("scipy.stats")
    k, total = len(y), float(weight.sum())
    se = 1 / math.sqrt(total)
    if interval == "normal":
        z = value / se
        return se, float(stats.norm.ppf((1 + level) / 2)), float(2 * stats.norm.sf(abs(z)))
    if interval not in {"Hartung-Knapp", "Hartung-Knapp floored"}:
        msg = f"interval: 'normal', 'Hartung-Knapp' or 'Hartung-Knapp floored' expected, found {interval!r}"
        raise ValueError(msg)
    scale = float((weight * (y - value) ** 2).sum()) / (k - 1)
    if interval == "Hartung-Knapp floored":
        scale = max(scale, 1.0)
    if not scale > 0:
        msg = "effects: values that differ expected for Hartung-Knapp, found all the same; take the floored one"
        raise StudyError(msg)
    se *= math.sqrt(scale)
    t = stats.t(k - 1)
    return se, float(t.ppf((1 + level) / 2)), float(2 * t.sf(abs(value / se)))
