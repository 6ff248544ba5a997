"""What the bars say of the print: the answer in one line, and everything it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table
from calvaria._record import Record, plain
from calvaria.bar.copies import copies_findings
from calvaria.findings import DISCLAIMER, CheckReport, Finding, Verdict

if TYPE_CHECKING:
    from calvaria.bar.axis_fit import AxisFit
    from calvaria.bar.compensation import Compensation
    from calvaria.bar.lines import BarLine
    from calvaria.bar.projection import Projection
    from calvaria.bar.squareness import Squareness

__all__ = ["BarDeviation"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BarDeviation(Record):
    """The deviation of the printed bars, judged.

    Attributes
    ----------
    headline : BarLine
        The bar that speaks for all: of those of 50 mm the worst, else the worst.
    lines : tuple of BarLine
        Every bar with its mean, SD, uncertainty budget and decision.
    fits : tuple of AxisFit
        Scale and offset of each axis that has bars of two lengths or more.
    squareness : tuple of Squareness
        Of each plane that has bars along both diagonals.
    projections : tuple of Projection
        The error at the size of the part, where that was given.
    compensation : Compensation or None
        For the slicer.
    tolerance_mm, tolerance_source : float and str
        What it was held against, and who says so.
    profile : str or None
        The use the tolerance was taken for.
    notes : tuple of str
        What the reader should know.
    n_copies : int
        Readings that were left out, for they stand twice.
    """

    headline: BarLine
    lines: tuple[BarLine, ...]
    fits: tuple[AxisFit, ...]
    squareness: tuple[Squareness, ...]
    projections: tuple[Projection, ...]
    compensation: Compensation | None
    tolerance_mm: float
    tolerance_source: str
    profile: str | None
    notes: tuple[str, ...]
    n_copies: int = 0

    @property
    def nominal_mm(self) -> float:
        """Nominal length of the headline bar."""
        return self.headline.nominal_mm

    @property
    def measured_mm(self) -> float:
        """Mean reading of the headline bar."""
        return self.headline.measured_mm

    @property
    def deviation_mm(self) -> float:
        """Measured minus nominal of the headline bar."""
        return self.headline.deviation_mm

    @property
    def deviation_percent(self) -> float:
        """The same in percent of nominal."""
        return self.headline.deviation_percent

    @property
    def uncertainty_mm(self) -> float:
        """Expanded uncertainty of the headline bar."""
        return self.headline.budget.expanded_mm

    @property
    def scale_percent(self) -> dict[str, float]:
        """Scale error by axis, where it could be told."""
        return {fit.axis: fit.scale_percent for fit in self.fits}

    @property
    def offset_mm(self) -> dict[str, float]:
        """Offset by axis, where it could be told."""
        return {fit.axis: fit.offset_mm for fit in self.fits}

    @property
    def bar_verdict(self) -> Verdict:
        """The worst of all bars."""
        return Verdict.worst(line.verdict for line in self.lines)

    @property
    def part_verdict(self) -> Verdict | None:
        """The worst of all projections to the part; None where its size was not given."""
        if not self.projections:
            return None
        return Verdict.worst(one.verdict for one in self.projections)

    @property
    def verdict(self) -> Verdict:
        """The worst of bars and part."""
        part = self.part_verdict
        return self.bar_verdict if part is None else Verdict.worst((self.bar_verdict, part))

    @property
    def meaning(self) -> str:
        """The plain answer: less than the tolerance on the bar, or not, or not proven."""
        line = self.headline
        answer = (
            f"{self.verdict.name}: {line.measured_mm:.2f} mm measured on {line.nominal_mm:g} mm, "
            f"{line.deviation_mm:+.2f} mm ({line.deviation_percent:+.2f} %) "
            f"+- {line.budget.expanded_mm:.2f} mm; less than {self.tolerance_mm:g} mm: "
            f"{line.decision.words}"
        )
        worse = [one for one in self.lines if one.verdict.rank > line.verdict.rank]
        if worse:
            answer += f"; but {max(worse, key=lambda one: one.verdict.rank).meaning}"
        elif self.projections:
            worst = max(self.projections, key=lambda one: (one.verdict.rank, abs(one.error_mm)))
            answer += f"; on the part: {worst.meaning}"
        return answer

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON."""
        names = ("nominal_mm", "measured_mm", "deviation_mm", "deviation_percent")
        values = {name: getattr(self, name) for name in (*names, "uncertainty_mm")}
        for name in ("scale_percent", "offset_mm", "bar_verdict", "part_verdict", "verdict"):
            values[name] = plain(getattr(self, name))
        return {**values, **Record.to_dict(self), "disclaimer": DISCLAIMER}

    def to_report(self) -> CheckReport:
        """Return the same as findings, for the pages that list all checks."""
        limit = f"less than {self.tolerance_mm:g} mm"
        findings = [
            Finding(
                code="bar_length",
                verdict=line.verdict,
                message=line.meaning,
                measured=line.deviation_mm,
                unit="mm",
                limit=limit,
                source=self.tolerance_source,
                places=(line.bar,) if line.bar else (),
                details={"nominal_mm": line.nominal_mm, "expanded_mm": line.budget.expanded_mm},
            )
            for line in self.lines
        ]
        findings += [
            Finding(
                code="bar_projection",
                verdict=one.verdict,
                message=one.meaning,
                measured=one.error_mm,
                unit="mm",
                limit=limit,
                source=self.tolerance_source,
                places=(one.axis,) if one.axis else (),
            )
            for one in self.projections
        ]
        facts = [
            *(("bar_scale", fit.meaning, fit.scale_percent, "%") for fit in self.fits),
            *(("bar_squareness", one.meaning, one.skew_deg, "deg") for one in self.squareness),
        ]
        findings += [
            Finding(code=code, verdict=Verdict.PASS, message=words, measured=value, unit=unit)
            for code, words, value, unit in facts
        ]
        findings += copies_findings(self.n_copies)
        return CheckReport(subject="reference bar", findings=tuple(findings), profile=self.profile)

    def to_text(self) -> str:
        """Return the answer, the bars, the budget and what follows, for a terminal."""
        parts = [self.meaning, "", *(line.meaning for line in self.lines)]
        for group in (self.fits, self.squareness, self.projections):
            parts += ["", *(one.meaning for one in group)] if group else []
        if self.compensation is not None:
            parts += ["", self.compensation.meaning]
        name = self.headline.bar or f"{self.headline.nominal_mm:g} mm"
        parts += ["", f"budget of {name}:", self.headline.budget.to_text()]
        parts += ["", f"limit {self.tolerance_mm:g} mm: {self.tolerance_source}", *self.notes]
        return "\n".join([*parts, DISCLAIMER]) + "\n"

    def _repr_html_(self) -> str:
        bars = html_table(
            caption=self.meaning,
            header=("verdict", "bar", "axis", "nominal", "measured", "SD", "deviation", "%", "+-"),
            rows=[
                (
                    *(line.verdict.name, line.bar, line.axis, f"{line.nominal_mm:g}"),
                    f"{line.measured_mm:.3f}",
                    "" if line.sd_mm is None else f"{line.sd_mm:.3f}",
                    f"{line.deviation_mm:+.3f}",
                    f"{line.deviation_percent:+.2f}",
                    f"{line.budget.expanded_mm:.3f}",
                )
                for line in self.lines
            ],
            footer=f"mm; limit {self.tolerance_mm:g} mm: {self.tolerance_source}",
        )
        rest = [*self.fits, *self.squareness, *self.projections]
        rest += [] if self.compensation is None else [self.compensation]
        rows = [(one.meaning,) for one in rest] + [(note,) for note in self.notes]
        more = html_table(header=("what follows",), rows=rows, footer=DISCLAIMER)
        return bars + self.headline.budget._repr_html_() + more
