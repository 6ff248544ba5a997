"""Readings of one bar become one line: mean, scatter, uncertainty, decision."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from calvaria._record import Record
from calvaria.bar.budget import UncertaintyBudget, UncertaintyTerm, combine_terms
from calvaria.bar.decision import Decision, decide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calvaria.bar.reading import BarReading
    from calvaria.findings import Verdict

__all__ = ["Assumptions", "BarLine", "Pooled", "grouped", "make_line", "pool"]

REFERENCE_C = 20.0
# Of the steel of a calliper.
STEEL_PER_K = 11.5e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What is known of the instruments and the room; ``stated`` names what the caller gave."""

    calliper_mpe_mm: float
    scanner_mpe_mm: float
    resolution_mm: float
    repeatability_mm: float
    expansion_per_k: float
    temperature_half_width_k: float
    confidence: float
    guard_factor: float | None
    expanded_uncertainty_mm: float | None
    stated: frozenset[str]
    source: str

    def source_of(self, name: str) -> str:
        """Return who says so."""
        return "as given" if name in self.stated else self.source.split(":", maxsplit=1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Repeatability of one kind of instrument over all bars."""

    sd_mm: float
    df: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BarLine(Record):
    """What the readings of one bar say.

    Attributes
    ----------
    bar, axis : str
        Which.
    nominal_mm, measured_mm, deviation_mm, deviation_percent : float
        The mean of ``n`` readings, and how far it is from nominal.
    n : int
        Readings.
    sd_mm : float or None
        Of the readings of this bar; None for one reading.
    budget : UncertaintyBudget
        Of the mean.
    decision : Decision
        Against the tolerance.
    """

    bar: str
    axis: str
    nominal_mm: float
    n: int
    measured_mm: float
    sd_mm: float | None
    deviation_mm: float
    deviation_percent: float
    budget: UncertaintyBudget
    decision: Decision

    @property
    def verdict(self) -> Verdict:
        """The answer for this bar."""
        return self.decision.verdict

    @property
    def meaning(self) -> str:
        """The plain answer for this bar."""
        name = f"{self.bar or self.axis.upper() or 'bar'}: "
        return (
            f"{name}{self.measured_mm:.3f} mm measured on {self.nominal_mm:g} mm, "
            f"{self.deviation_mm:+.3f} mm ({self.deviation_percent:+.2f} %) "
            f"+- {self.budget.expanded_mm:.3f} mm: {self.decision.words}"
        )


def grouped(
    readings: Sequence[BarReading],
) -> dict[tuple[str, str, float, str], list[BarReading]]:
    """Return the readings by bar, axis, nominal length and kind of instrument, in first order."""
    groups: dict[tuple[str, str, float, str], list[BarReading]] = {}
    for reading in readings:
        key = (reading.bar, reading.axis, reading.nominal_mm, reading.source)
        groups.setdefault(key, []).append(reading)
    return groups


def pool(groups: Sequence[Sequence[BarReading]]) -> Pooled | None:
    """Return the SD within bars, pooled; None where no bar was read twice."""
    square, df = 0.0, 0
    for group in groups:
        mean = math.fsum(reading.reading_mm for reading in group) / len(group)
        square += math.fsum((reading.reading_mm - mean) ** 2 for reading in group)
        df += len(group) - 1
    return Pooled(sd_mm=math.sqrt(square / df), df=df) if df else None


def make_line(
    group: Sequence[BarReading],
    *,
    pooled: Pooled | None,
    tolerance_mm: float,
    known: Assumptions,
) -> BarLine:
    """Return the line of one bar."""
    first, n = group[0], len(group)
    values = [_at_reference(reading, known) for reading in group]
    mean = math.fsum(values) / n
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1)) if n > 1 else None
    budget = _budget(group, pooled, known)
    deviation = mean - first.nominal_mm
    return BarLine(
        bar=first.bar,
        axis=first.axis,
        nominal_mm=first.nominal_mm,
        n=n,
        measured_mm=mean,
        sd_mm=sd,
        deviation_mm=deviation,
        deviation_percent=100 * deviation / first.nominal_mm,
        budget=budget,
        decision=decide(deviation, tolerance_mm=tolerance_mm, guard_mm=budget.guard_mm),
    )


def _at_reference(reading: BarReading, known: Assumptions) -> float:
    """Return the length at 20 degrees, where the expansion is known and the calliper grows too."""
    if reading.temperature_c is None or "expansion_per_k" not in known.stated:
        return reading.reading_mm
    steel = STEEL_PER_K if reading.source == "calliper" else 0.0
    growth = (known.expansion_per_k - steel) * (reading.temperature_c - REFERENCE_C)
    return reading.reading_mm / (1 + growth)


def _budget(
    group: Sequence[BarReading], pooled: Pooled | None, known: Assumptions
) -> UncertaintyBudget:
    if known.expanded_uncertainty_mm is not None:
        stated = UncertaintyTerm(
            name="as stated, k = 2",
            half_width_mm=known.expanded_uncertainty_mm,
            divisor=2.0,
            df=math.inf,
            source="as given",
        )
        guard = 2.0 if known.guard_factor is None else known.guard_factor
        budget = combine_terms([stated], confidence=known.confidence, guard_factor=guard)
        # What was stated is given back, with its own factor.
        return replace(budget, factor=2.0, expanded_mm=known.expanded_uncertainty_mm)
    terms = [*_scatter(group, pooled, known), *_instrument(group[0], known), _thermal(group, known)]
    return combine_terms(terms, confidence=known.confidence, guard_factor=known.guard_factor)


def _scatter(
    group: Sequence[BarReading], pooled: Pooled | None, known: Assumptions
) -> list[UncertaintyTerm]:
    n, terms = len(group), []
    own = [reading.uncertainty_mm for reading in group if reading.uncertainty_mm is not None]
    if own:
        terms.append(
            UncertaintyTerm(
                name="fit of the faces",
                half_width_mm=math.sqrt(math.fsum(value**2 for value in own) / len(own)),
                divisor=math.sqrt(n),
                df=math.inf,
                source="scatter of the points about the planes",
            )
        )
    if pooled is not None and "repeatability_mm" not in known.stated:
        sd, df, source = pooled.sd_mm, float(pooled.df), "repeats, pooled over all bars"
    elif own and "repeatability_mm" not in known.stated:
        return terms
    else:
        sd, df, source = known.repeatability_mm, math.inf, known.source_of("repeatability_mm")
    terms.append(
        UncertaintyTerm(
            name=f"repeatability, mean of {n}",
            half_width_mm=sd,
            divisor=math.sqrt(n),
            df=df,
            source=source,
        )
    )
    return terms


def _instrument(first: BarReading, known: Assumptions) -> list[UncertaintyTerm]:
    if first.source != "calliper":
        return [
            UncertaintyTerm(
                name="scanner, largest permissible error",
                half_width_mm=known.scanner_mpe_mm,
                divisor=math.sqrt(3),
                df=math.inf,
                source=known.source_of("scanner_mpe_mm"),
            )
        ]
    return [
        UncertaintyTerm(
            name="calliper, largest permissible error",
            half_width_mm=known.calliper_mpe_mm,
            divisor=math.sqrt(3),
            df=math.inf,
            source=known.source_of("calliper_mpe_mm"),
        ),
        UncertaintyTerm(
            name="resolution",
            half_width_mm=known.resolution_mm,
            divisor=math.sqrt(12),
            df=math.inf,
            source=known.source_of("resolution_mm"),
        ),
    ]


def _thermal(group: Sequence[BarReading], known: Assumptions) -> UncertaintyTerm:
    """Return the temperature's share: what was not corrected is in it."""
    off = [
        abs(reading.temperature_c - REFERENCE_C)
        for reading in group
        if reading.temperature_c is not None and "expansion_per_k" not in known.stated
    ]
    width = max([known.temperature_half_width_k, *off])
    return UncertaintyTerm(
        name="temperature",
        half_width_mm=group[0].nominal_mm * known.expansion_per_k * width,
        divisor=math.sqrt(3),
        df=math.inf,
        source=f"{width:g} K; " + known.source_of("expansion_per_k"),
    )
