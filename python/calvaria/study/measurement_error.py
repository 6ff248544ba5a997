"""Technical error of measurement: how far repeated readings of one specimen scatter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.record import Record, interval_text, number
from calvaria.study.sample import Missing, as_level, as_ratings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["TechnicalError", "measure_technical_error"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TechnicalError(Record):
    """Technical error of measurement with its interval.

    Attributes
    ----------
    tem, low, high, level : float
        In the unit of the readings.
    relative_percent : float
        Of the grand mean.
    reliability : float
        Share of the variance that is not error.
    repeatability : float
        Difference that two readings of one specimen exceed once in twenty times.
    n_specimens, n_readings : int
        Specimens, and readings of each.
    unit : str
        Of the readings.
    n_missing : int
        Specimens left out because a reading is missing.
    """

    tem: float
    low: float
    high: float
    level: float
    relative_percent: float
    reliability: float
    repeatability: float
    n_specimens: int
    n_readings: int
    unit: str = "mm"
    n_missing: int = 0

    @property
    def meaning(self) -> str:
        """The scatter, and that a common bias of all readings is not in it."""
        return (
            f"technical error {number(self.tem)} {self.unit} "
            f"({interval_text(self.low, self.high, self.level)}), {number(self.relative_percent)} % "
            f"of the mean, reliability {number(self.reliability)}; two readings of one specimen "
            f"differ by less than {number(self.repeatability)} {self.unit} in 95 of 100: "
            "a bias that all readings share is not in it"
        )


def measure_technical_error(
    readings: ArrayLike, *, level: float = 0.95, unit: str = "mm", missing: Missing = "refuse"
) -> TechnicalError:
    """Measure the technical error of repeated readings.

    Parameters
    ----------
    readings : (n, k) array_like of float
        One row for each specimen, one column for each reading.
    level, unit, missing
        As for :func:`compare_means`; a specimen that lacks a reading is missing.

    Returns
    -------
    TechnicalError
        For two readings the root of the sum of squared differences over 2 n [1]_; for more, the
        root mean square within specimens.  The interval is that of chi-square.

    Raises
    ------
    StudyError
        Fewer than two specimens, or readings that never differ.

    References
    ----------
    .. [1] Ulijaszek SJ, Kerr DA. Br J Nutr 1999;82:165-177. doi 10.1017/S0007114599001348

    Examples
    --------
    >>> result = measure_technical_error([[50.1, 50.3], [48.7, 48.6], [52.3, 52.2], [61.0, 61.2]])
    >>> round(result.tem, 4), round(result.reliability, 4)
    (0.1118, 0.9995)
    """
    table, n_missing = as_ratings(readings, name="readings", missing=missing)
    n, k = table.shape
    df = n * (k - 1)
    square = float(((table - table.mean(axis=1, keepdims=True)) ** 2).sum()) / df
    if square <= 1e-24 * float((table**2).max()):
        msg = "readings: readings that differ expected, found all the same; a coarser scale than the error hides it"
        raise StudyError(msg)
    chi2 = neighbour("scipy.stats").chi2
    tail, tem = (1 - as_level(level)) / 2, math.sqrt(square)
    mean, total = float(table.mean()), float(table.var(ddof=1))
    return TechnicalError(
        tem=tem,
        low=tem * math.sqrt(df / float(chi2.ppf(1 - tail, df))),
        high=tem * math.sqrt(df / float(chi2.ppf(tail, df))),
        level=level,
        relative_percent=100 * tem / abs(mean) if mean else math.inf,
        reliability=1 - square / total,
        repeatability=1.959963984540054 * math.sqrt(2) * tem,
        n_specimens=n,
        n_readings=k,
        unit=unit,
        n_missing=n_missing,
    )
