"""What the error of the bars means at the size of the part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from calvaria._record import Record
from calvaria.bar.decision import Decision, decide
from calvaria.bar.student import t_quantile
from calvaria.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calvaria.bar.axis_fit import AxisFit
    from calvaria.bar.lines import BarLine

__all__ = ["Cause", "Projection", "project_fit", "project_lines"]

Cause = Literal["scale", "offset"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Projection(Record):
    """The error expected of the part along one axis.

    Attributes
    ----------
    axis : str
        Of the printer; empty where the bars do not say.
    size_mm : float
        Of the part.
    error_mm : float
        Expected; where one length cannot tell scale from offset, the larger of the two cases.
    if_scale_mm, if_offset_mm : float
        What the error is if all of it is scale, and if all of it is offset; from a fit both are
        the same.
    expanded_mm : float
        Expanded uncertainty of ``error_mm``.
    cause : {"fitted", "scale", "offset", "unknown"}
        What the number rests on: a fit, a word of the caller, or nothing.
    verdict : Verdict
        Against the tolerance.
    words : str
        The same for a reader.
    """

    axis: str
    size_mm: float
    error_mm: float
    if_scale_mm: float
    if_offset_mm: float
    expanded_mm: float
    cause: str
    verdict: Verdict
    words: str

    @property
    def meaning(self) -> str:
        """Error at the size of the part."""
        place = f"{self.axis}, " if self.axis else ""
        if self.cause == "unknown":
            return (
                f"{place}{self.size_mm:g} mm: {self.if_offset_mm:+.2f} mm if the error is an offset, "
                f"{self.if_scale_mm:+.2f} mm if it is scale: {self.words}"
            )
        return (
            f"{place}{self.size_mm:g} mm: {self.error_mm:+.2f} +- {self.expanded_mm:.2f} mm "
            f"({self.cause}): {self.words}"
        )


def project_fit(
    fit: AxisFit, *, size_mm: float, tolerance_mm: float, guard_factor: float | None
) -> Projection:
    """Return the error of the part from scale and offset."""
    expected = fit.error_at(size_mm)
    error, u = expected.error_mm, expected.uncertainty_mm
    one_sided = t_quantile(fit.level, fit.df) if guard_factor is None else guard_factor
    answer = decide(error, tolerance_mm=tolerance_mm, guard_mm=one_sided * u)
    return Projection(
        axis=fit.axis,
        size_mm=size_mm,
        error_mm=error,
        if_scale_mm=error,
        if_offset_mm=error,
        expanded_mm=t_quantile((1 + fit.level) / 2, fit.df) * u,
        cause="fitted",
        verdict=answer.verdict,
        words=answer.words,
    )


def project_lines(
    lines: Sequence[BarLine], *, size_mm: float, tolerance_mm: float, assume: Cause | None
) -> Projection:
    """Return the error of the part from bars of one length: both cases, unless one is assumed."""
    line = max(lines, key=lambda one: abs(one.deviation_mm) + one.budget.guard_mm)
    growth = size_mm / line.nominal_mm
    cases: dict[str, Decision] = {
        name: decide(
            factor * line.deviation_mm,
            tolerance_mm=tolerance_mm,
            guard_mm=factor * line.budget.guard_mm,
        )
        for name, factor in (("scale", growth), ("offset", 1.0))
    }
    verdicts = {case.verdict for case in cases.values()}
    if assume is not None:
        cause, chosen = str(assume), cases[assume]
        verdict, words = chosen.verdict, chosen.words
    else:
        cause, chosen = "unknown", max(cases.values(), key=lambda case: abs(case.deviation_mm))
        verdict = verdicts.pop() if len(verdicts) == 1 else Verdict.UNPROVEN
        words = (
            f"{chosen.words} in both cases"
            if verdict is not Verdict.UNPROVEN
            else "one length cannot tell: print a bar of another length"
        )
    is_scaled = cause == "scale" or (cause == "unknown" and growth > 1)
    return Projection(
        axis=line.axis,
        size_mm=size_mm,
        error_mm=chosen.deviation_mm,
        if_scale_mm=cases["scale"].deviation_mm,
        if_offset_mm=cases["offset"].deviation_mm,
        expanded_mm=line.budget.expanded_mm * (growth if is_scaled else 1.0),
        cause=cause,
        verdict=verdict,
        words=words,
    )
