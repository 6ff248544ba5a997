"""Intraclass correlation: all ten forms of McGraw and Wong, by name, each with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.record import Record, interval_text, number, p_text
from calvaria.study.sample import Missing, as_level, as_ratings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["ICC_FORMS", "IntraclassCorrelation", "measure_icc"]

Model = Literal["one-way random", "two-way random", "two-way mixed"]
Definition = Literal["agreement", "consistency"]
Unit = Literal["single", "average"]

# (model, definition, unit) -> (McGraw and Wong 1996, Shrout and Fleiss 1979 where they have it).
ICC_FORMS: dict[tuple[str, str, str], tuple[str, str]] = {
    ("one-way random", "agreement", "single"): ("ICC(1)", "ICC(1,1)"),
    ("one-way random", "agreement", "average"): ("ICC(k)", "ICC(1,k)"),
    ("two-way random", "agreement", "single"): ("ICC(A,1) random", "ICC(2,1)"),
    ("two-way random", "agreement", "average"): ("ICC(A,k) random", "ICC(2,k)"),
    ("two-way random", "consistency", "single"): ("ICC(C,1) random", ""),
    ("two-way random", "consistency", "average"): ("ICC(C,k) random", ""),
    ("two-way mixed", "agreement", "single"): ("ICC(A,1) mixed", ""),
    ("two-way mixed", "agreement", "average"): ("ICC(A,k) mixed", ""),
    ("two-way mixed", "consistency", "single"): ("ICC(C,1) mixed", "ICC(3,1)"),
    ("two-way mixed", "consistency", "average"): ("ICC(C,k) mixed", "ICC(3,k)"),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IntraclassCorrelation(Record):
    """One form of the intraclass correlation.

    Attributes
    ----------
    form, shrout_fleiss : str
        McGraw and Wong's name, and Shrout and Fleiss' where they have the form.
    model, definition, unit : str
        What the name means.
    value, low, high, level : float
        Estimate and interval.
    f, df, p : float, (float, float), float
        Test against a correlation of zero.
    bands : tuple of (float, str)
        The words the caller gave for values, if any.
    n_subjects, n_raters : int
        Rows and columns that were used.
    n_missing : int
        Rows left out as missing.
    """

    form: str
    shrout_fleiss: str
    model: str
    definition: str
    unit: str
    value: float
    low: float
    high: float
    level: float
    f: float
    df: tuple[float, float]
    p: float
    n_subjects: int
    n_raters: int
    n_missing: int = 0
    bands: tuple[tuple[float, str], ...] = ()

    @property
    def meaning(self) -> str:
        """Form, value, interval; the words for the whole interval, not for the estimate."""
        words = ""
        if self.bands:
            ends = [_band(self.bands, value) for value in (self.low, self.high)]
            words = f": {ends[0]}" if ends[0] == ends[1] else f": {ends[0]} to {ends[1]}"
        other = f", Shrout-Fleiss {self.shrout_fleiss}" if self.shrout_fleiss else ""
        return (
            f"{self.form}{other} ({self.model}, {self.definition}, {self.unit}) "
            f"{number(self.value)}, {interval_text(self.low, self.high, self.level)}, "
            f"{p_text(self.p)}{words}; it depends on how different these {self.n_subjects} "
            "specimens are, and says nothing in mm"
        )


def measure_icc(
    ratings: ArrayLike,
    *,
    model: Model,
    definition: Definition,
    unit: Unit,
    level: float = 0.95,
    bands: Sequence[tuple[float, str]] = (),
    missing: Missing = "refuse",
) -> IntraclassCorrelation:
    """Measure the intraclass correlation of a table of ratings, in the form that is named.

    Parameters
    ----------
    ratings : (n, k) array_like of float
        One row for each specimen, one column for each rater or method.
    model : {"one-way random", "two-way random", "two-way mixed"}
        Other raters for each specimen; the same raters, drawn from many; these raters and no
        others.
    definition : {"agreement", "consistency"}
        Whether a rater who always reads more counts as an error.  One-way has agreement only.
    unit : {"single", "average"}
        Reliability of one rating, or of the mean of k.
    level : float
        Of the interval.
    bands : sequence of (float, str), optional
        Words for values, rising, such as ``[(0, "poor"), (0.5, "moderate")]``; they are put to
        both ends of the interval [3]_.  There is no default.
    missing : {"refuse", "drop"}
        What a specimen without all ratings does.

    Returns
    -------
    IntraclassCorrelation
        Estimates and intervals of McGraw and Wong [1]_, names of Shrout and Fleiss [2]_.  Mixed
        and random models of one definition and unit have the same numbers and mean different
        things.

    Raises
    ------
    ValueError
        A form that does not exist.
    StudyError
        Fewer than two specimens, or no spread at all.

    References
    ----------
    .. [1] McGraw KO, Wong SP. Psychol Methods 1996;1:30-46. doi 10.1037/1082-989X.1.1.30
    .. [2] Shrout PE, Fleiss JL. Psychol Bull 1979;86:420-428. doi 10.1037/0033-2909.86.2.420
    .. [3] Koo TK, Li MY. J Chiropr Med 2016;15:155-163. doi 10.1016/j.jcm.2016.02.012

    Examples
    --------
    The table of Shrout and Fleiss:

    >>> table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> icc = measure_icc(table, model="two-way random", definition="agreement", unit="single")
    >>> icc.shrout_fleiss, round(icc.value, 2)
    ('ICC(2,1)', 0.29)
    """
    if (model, definition, unit) not in ICC_FORMS:
        msg = f"model, definition, unit: one of {sorted(ICC_FORMS)} expected, found {(model, definition, unit)}"
        raise ValueError(msg)
    table, n_missing = as_ratings(ratings, name="ratings", missing=missing)
    as_level(level)
    squares = _mean_squares(table)
    form, shrout_fleiss = ICC_FORMS[model, definition, unit]
    if model == "one-way random":
        value, low, high, f, df = _one_way(squares, unit, level)
    elif definition == "consistency":
        value, low, high, f, df = _consistency(squares, unit, level)
    else:
        value, low, high, f, df = _agreement(squares, unit, level)
    return IntraclassCorrelation(
        form=form,
        shrout_fleiss=shrout_fleiss,
        model=model,
        definition=definition,
        unit=unit,
        value=value,
        low=low,
        high=high,
        level=level,
        f=f,
        df=df,
        p=float(neighbour("scipy.stats").f.sf(f, *df)),
        n_subjects=table.shape[0],
        n_raters=table.shape[1],
        n_missing=n_missing,
        bands=tuple(bands),
    )


@dataclass(frozen=True, slots=True)
class _Squares:
    n: int
    k: int
    rows: float  # MSR
    columns: float  # MSC
    error: float  # MSE
    within: float  # MSW


_Found = tuple[float, float, float, float, tuple[float, float]]


def _mean_squares(table: NDArray[np.float64]) -> _Squares:
    n, k = table.shape
    centred = table - table.mean()
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    error = float(((centred - rows[:, None] - columns[None, :]) ** 2).sum())
    between = float(k * (rows**2).sum())
    raters = float(n * (columns**2).sum())
    dust = 1e-22 * float((table**2).sum())
    if between + error + raters <= dust:
        msg = "ratings: values that differ expected, found the same everywhere"
        raise StudyError(msg)
    if between <= dust:
        msg = "ratings: specimens whose means differ expected, found the same mean everywhere"
        raise StudyError(msg)
    if error <= dust:
        msg = (
            "ratings: raters who differ from each other by more than a constant expected; "
            "they agree to the last digit, an interval is not defined"
        )
        raise StudyError(msg)
    return _Squares(
        n=n,
        k=k,
        rows=between / (n - 1),
        columns=raters / (k - 1),
        error=error / ((n - 1) * (k - 1)),
        within=(error + raters) / (n * (k - 1)),
    )


def _one_way(s: _Squares, unit: str, level: float) -> _Found:
    f, df = s.rows / s.within, (s.n - 1.0, s.n * (s.k - 1.0))
    return *_from_f(f, df, s.k, unit, level), f, df


def _consistency(s: _Squares, unit: str, level: float) -> _Found:
    f, df = s.rows / s.error, (s.n - 1.0, (s.n - 1.0) * (s.k - 1.0))
    return *_from_f(f, df, s.k, unit, level), f, df


def _from_f(
    f: float, df: tuple[float, float], k: int, unit: str, level: float
) -> tuple[float, float, float]:
    quantile = neighbour("scipy.stats").f.ppf((1 + level) / 2, *df)
    other = neighbour("scipy.stats").f.ppf((1 + level) / 2, *df[::-1])
    ratios = f, f / float(quantile), f * float(other)
    if unit == "single":
        values = [(ratio - 1) / (ratio + k - 1) for ratio in ratios]
    else:
        values = [1 - 1 / ratio for ratio in ratios]
    return values[0], values[1], values[2]


def _agreement(s: _Squares, unit: str, level: float) -> _Found:
    n, k = s.n, s.k
    single = (s.rows - s.error) / (s.rows + (k - 1) * s.error + k / n * (s.columns - s.error))
    # Satterthwaite's degrees of freedom of the denominator, McGraw and Wong table 7.
    a = k * single / (n * (1 - single))
    b = 1 + k * single * (n - 1) / (n * (1 - single))
    v = (a * s.columns + b * s.error) ** 2 / (
        (a * s.columns) ** 2 / (k - 1) + (b * s.error) ** 2 / ((n - 1) * (k - 1))
    )
    stats = neighbour("scipy.stats")
    lower = float(stats.f.ppf((1 + level) / 2, n - 1, v))
    upper = float(stats.f.ppf((1 + level) / 2, v, n - 1))
    rest = k * s.columns + (k * n - k - n) * s.error
    ends = [
        n * (s.rows - lower * s.error) / (lower * rest + n * s.rows),
        n * (upper * s.rows - s.error) / (rest + n * upper * s.rows),
    ]
    values = [single, *ends]
    if unit == "average":
        if 1 + (k - 1) * single <= 0:
            msg = "ratings: raters contradict each other so much that their average has no reliability"
            raise StudyError(msg)
        values = [_stepped_up(value, k) for value in values]
    return (
        values[0],
        values[1],
        values[2],
        s.rows / s.error,
        (n - 1.0, (n - 1.0) * (k - 1.0)),
    )


def _stepped_up(value: float, k: int) -> float:
    """Return the reliability of the mean of k (Spearman and Brown); minus infinity at its pole."""
    below = 1 + (k - 1) * value
    return k * value / below if below > 0 else -math.inf


def _band(bands: Sequence[tuple[float, str]], value: float) -> str:
    reached = [word for start, word in sorted(bands) if value >= start]
    return reached[-1] if reached else f"below {min(bands)[1]}"
