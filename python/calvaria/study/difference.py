"""A difference with its standard error and degrees of freedom: what most comparisons end in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.record import Record, interval_text, number, p_text
from calvaria.study.sample import as_level

__all__ = ["Difference", "make_difference"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Difference(Record):
    """A difference of means, its interval and its two-sided test against zero.

    Attributes
    ----------
    label : str
        What is subtracted from what.
    test : str
        How it was computed.
    n : tuple of int
        Values, pairs or clusters behind it, first arm first.
    difference, se : float
        The estimate and its standard error, in the unit of the outcome.
    df, t, p : float
        Degrees of freedom, t and two-sided p.
    low, high, level : float
        Confidence interval and its level.
    unit : str
        Unit of the outcome, as given by the caller.
    n_missing : int
        Values, pairs or rows left out.
    note : str
        What else the reader must know; empty when there is nothing.
    """

    label: str
    test: str
    n: tuple[int, ...]
    difference: float
    se: float
    df: float
    t: float
    p: float
    low: float
    high: float
    level: float
    unit: str = ""
    n_missing: int = 0
    note: str = ""

    @property
    def meaning(self) -> str:
        """What the interval shows, and that a large p shows nothing."""
        unit = f" {self.unit}" if self.unit else ""
        head = (
            f"{self.label}: {number(self.difference)}{unit}, "
            f"{interval_text(self.low, self.high, self.level)}, {p_text(self.p)} ({self.test})"
        )
        if self.p < 1 - self.level:
            said = "a difference is shown, whether it matters is a question for the margin"
        else:
            said = (
                "no difference is shown and no sameness either: "
                "every value in the interval fits these data"
            )
        left = f"; {self.n_missing} left out as missing" if self.n_missing else ""
        note = f"; {self.note}" if self.note else ""
        return f"{head}: {said}{left}{note}"


def make_difference(
    label: str,
    *,
    test: str,
    n: tuple[int, ...],
    difference: float,
    se: float,
    df: float,
    level: float,
    unit: str = "",
    n_missing: int = 0,
    note: str = "",
) -> Difference:
    """Return the difference with t, p and interval; refuse one without spread or freedom."""
    as_level(level)
    if not df > 0:
        msg = (
            f"{test}: {df:g} degrees of freedom, the data leave nothing to estimate the spread from"
        )
        raise StudyError(msg)
    if not (se > 0 and math.isfinite(se)):
        msg = f"{test}: no spread in the data, so that neither t nor an interval is defined"
        raise StudyError(msg)
    student = neighbour("scipy.stats").t
    t = difference / se
    half = float(student.ppf((1 + level) / 2, df)) * se
    return Difference(
        label=label,
        test=test,
        n=n,
        difference=float(difference),
        se=float(se),
        df=float(df),
        t=float(t),
        p=float(2 * student.sf(abs(t), df)),
        low=float(difference - half),
        high=float(difference + half),
        level=level,
        unit=unit,
        n_missing=n_missing,
        note=note,
    )
