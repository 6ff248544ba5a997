"""Gauge repeatability and reproducibility: how much of the scatter is the reading itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._record import Record
from calvaria.bar.copies import say_copies, without_copies
from calvaria.bar.student import f_tail
from calvaria.errors import BarError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from calvaria.bar.reading import BarReading

__all__ = ["GaugeStudy", "measure_gauge"]

# Above this p the interaction of operator and bar is pooled into repeatability (AIAG's advice).
_POOL_ABOVE = 0.25
_SPAN = 6.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GaugeStudy(Record):
    """Components of the scatter of readings by several operators.

    Attributes
    ----------
    repeatability_mm : float
        SD of one operator on one bar.
    reproducibility_mm : float
        SD between operators, with their interaction with the bars.
    gauge_mm : float
        Both together.
    bars_mm : float
        SD between bars, of their deviations from nominal.
    share_percent : float
        Of the gauge in the total variation, as SDs.
    tolerance_percent : float
        Six gauge SDs in the width of the tolerance (both sides).
    distinct : int
        How many classes of bars the gauge can tell apart: 1.41 times bars over gauge.
    operator_p, interaction_p : float
        F tests of the two-way analysis of variance.
    is_pooled : bool
        Whether the interaction was taken as repeatability.
    n_bars, n_operators, n_repeats : int
        The plan.
    tolerance_mm : float
        What was asked.
    """

    repeatability_mm: float
    reproducibility_mm: float
    gauge_mm: float
    bars_mm: float
    share_percent: float
    tolerance_percent: float
    distinct: int
    operator_p: float
    interaction_p: float
    is_pooled: bool
    n_bars: int
    n_operators: int
    n_repeats: int
    tolerance_mm: float

    @property
    def meaning(self) -> str:
        """Gauge SD, its parts, and whether it can decide on the tolerance."""
        share = self.tolerance_percent
        word = "good" if share < 10 else "usable" if share <= 30 else "not good enough"
        return (
            f"reading SD {self.gauge_mm:.4f} mm (repeatability {self.repeatability_mm:.4f}, operators "
            f"{self.reproducibility_mm:.4f}); six of them are {share:.0f} % of -+{self.tolerance_mm:g} mm: "
            f"{word} (AIAG: below 10 % good, up to 30 % usable)"
        )


def measure_gauge(readings: Iterable[BarReading], *, tolerance_mm: float) -> GaugeStudy:
    """Measure repeatability and reproducibility of readings, by two-way analysis of variance.

    Parameters
    ----------
    readings : iterable of BarReading
        Each operator reads each bar equally often, twice or more.
    tolerance_mm : float
        What the readings shall decide on: deviations less than this, on both sides.

    Returns
    -------
    GaugeStudy

    Raises
    ------
    BarError
        Fewer than two bars, operators or repeats, a plan that is not balanced, or a copied reading.
    ValueError
        ``tolerance_mm`` is not above 0.

    References
    ----------
    AIAG, Measurement systems analysis, 4th edition, 2010, chapter III B; Burdick, Borror and
    Montgomery, J Qual Technol 35, 2003, doi:10.1080/00224065.2003.11980232.

    Examples
    --------
    >>> from calvaria.bar import BarReading
    >>> true_mm = {"A": 49.8, "B": 50.0, "C": 50.3}
    >>> readings = [
    ...     BarReading(
    ...         nominal_mm=50.0, reading_mm=mm + 0.01 * repeat + slip, bar=bar, operator=who, repeat=repeat
    ...     )
    ...     for bar, mm in true_mm.items()
    ...     for who, slip in (("first", 0.0), ("second", 0.02))
    ...     for repeat in (1, 2)
    ... ]
    >>> study = measure_gauge(readings, tolerance_mm=0.5)
    >>> round(study.repeatability_mm, 4), round(study.reproducibility_mm, 4)
    (0.0061, 0.0139)
    """
    if not 0 < tolerance_mm < math.inf:
        msg = f"tolerance_mm: above 0 expected, found {tolerance_mm}"
        raise ValueError(msg)
    rows, copies = without_copies(readings)
    if copies:
        msg = f"readings: each reading once expected, found {say_copies(copies)}"
        raise BarError(msg)
    table = _balanced(rows)
    bars, operators, repeats = table.shape
    cell, grand = table.mean(axis=2), table.mean()
    by_bar, by_operator = cell.mean(axis=1), cell.mean(axis=0)
    ss_bar = operators * repeats * float(((by_bar - grand) ** 2).sum())
    ss_operator = bars * repeats * float(((by_operator - grand) ** 2).sum())
    ss_both = repeats * float(((cell - by_bar[:, None] - by_operator + grand) ** 2).sum())
    ss_within = float(((table - cell[:, :, None]) ** 2).sum())
    df_bar, df_operator = bars - 1, operators - 1
    df_both, df_within = df_bar * df_operator, bars * operators * (repeats - 1)
    ms_bar, ms_operator = ss_bar / df_bar, ss_operator / df_operator
    ms_both, ms_within = ss_both / df_both, ss_within / df_within
    interaction_p = f_tail(_ratio(ms_both, ms_within), df_both, df_within)
    pooled = interaction_p > _POOL_ABOVE
    if pooled:
        ms_within = (ss_both + ss_within) / (df_both + df_within)
        ms_below, df_below = ms_within, df_both + df_within
        interaction = 0.0
    else:
        ms_below, df_below = ms_both, df_both
        interaction = max(0.0, (ms_both - ms_within) / repeats)
    operator = max(0.0, (ms_operator - ms_below) / (bars * repeats))
    between = max(0.0, (ms_bar - ms_below) / (operators * repeats))
    gauge = math.sqrt(ms_within + operator + interaction)
    total = math.hypot(gauge, math.sqrt(between))
    return GaugeStudy(
        repeatability_mm=math.sqrt(ms_within),
        reproducibility_mm=math.sqrt(operator + interaction),
        gauge_mm=gauge,
        bars_mm=math.sqrt(between),
        share_percent=100 * gauge / total if total else 0.0,
        tolerance_percent=100 * _SPAN * gauge / (2 * tolerance_mm),
        distinct=int(math.sqrt(2 * between) / gauge) if gauge else 0,
        operator_p=f_tail(_ratio(ms_operator, ms_below), df_operator, df_below),
        interaction_p=interaction_p,
        is_pooled=pooled,
        n_bars=bars,
        n_operators=operators,
        n_repeats=repeats,
        tolerance_mm=float(tolerance_mm),
    )


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else (math.inf if above > 0 else 0.0)


def _balanced(readings: list[BarReading]) -> np.ndarray:
    """Return deviations by bar, operator and repeat."""
    cells: dict[tuple[tuple[str, str, float], str], list[float]] = {}
    for reading in readings:
        key = ((reading.bar, reading.axis, reading.nominal_mm), reading.operator)
        cells.setdefault(key, []).append(reading.deviation_mm)
    bars = list(dict.fromkeys(key[0] for key in cells))
    operators = list(dict.fromkeys(key[1] for key in cells))
    counts = {len(values) for values in cells.values()}
    is_full = len(cells) == len(bars) * len(operators) and len(counts) == 1
    if not is_full or len(bars) < 2 or len(operators) < 2 or max(counts) < 2:
        msg = (
            "readings: each bar read equally often by each operator, two or more of each, expected, "
            f"found bars: {len(bars)}, operators: {len(operators)}, readings of each: "
            f"{', '.join(map(str, sorted(counts)))}"
        )
        raise BarError(msg)
    return np.array([[cells[bar, operator] for operator in operators] for bar in bars])
