"""An error budget: what imaging, segmentation, editing and printing add up to, and what a bar sees."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from calvaria._asked import above_zero
from calvaria._html import html_table
from calvaria._record import Record, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ErrorBudget", "ErrorPart", "StageError", "error_budget"]

Stage = Literal["imaging", "segmentation", "editing", "printing"]
Bar = Literal["printed", "scanned and printed", "none"]

_STAGES = ("imaging", "segmentation", "editing", "printing")

# What a bar of known length says of each stage.  A bar that is printed beside the part goes through
# the printer only; one that lay in the scanner with the patient goes through everything but the
# editing, yet its edges are not those of bone.
_SEEN: dict[str, dict[str, str]] = {
    "none": dict.fromkeys(_STAGES, ""),
    "printed": {**dict.fromkeys(_STAGES, ""), "printing": "scale and offset, and how they scatter"},
    "scanned and printed": {
        "imaging": "scale and spacing, not the blur at the edge of bone",
        "segmentation": "",
        "editing": "",
        "printing": "scale and offset, and how they scatter",
    },
}
_BLIND = {
    "imaging": "a wrong spacing, blur, noise and movement are the same in the plan and in the print",
    "segmentation": "a level that thickens or thins the wall changes the bone, not the bar",
    "editing": "smoothing, decimation and repair are not done to the bar",
    "printing": "without a bar nothing says how large the printer prints",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPart:
    """One contribution.

    Parameters
    ----------
    name : str
        What it is: "slice increment", "half-maximum level", "layer height".
    stage : {"imaging", "segmentation", "editing", "printing"}
        Where it arises.
    systematic_mm : float
        The same every time, with its sign: positive makes the part larger.
    random_sd_mm : float
        Standard deviation of what differs each time.
    scale_percent : float
        Systematic error that grows with length, with its sign.
    source : str
        Where the numbers come from: a measurement, a paper, a data sheet.

    Examples
    --------
    >>> ErrorPart(name="layer height", stage="printing", systematic_mm=0.05, random_sd_mm=0.03)
    ErrorPart(name='layer height', stage='printing', systematic_mm=0.05, random_sd_mm=0.03, scale_percent=0.0, source='')
    """

    name: str
    stage: Stage
    systematic_mm: float = 0.0
    random_sd_mm: float = 0.0
    scale_percent: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        if self.stage not in _STAGES:
            msg = f"stage: one of {_STAGES} expected, found {self.stage!r}"
            raise ValueError(msg)
        numbers = (self.systematic_mm, self.random_sd_mm, self.scale_percent)
        if not all(math.isfinite(number) for number in numbers) or self.random_sd_mm < 0:
            msg = f"{self.name}: finite numbers, random_sd_mm at least 0 expected, found {numbers}"
            raise ValueError(msg)

    def systematic_at(self, length_mm: float) -> float:
        """Return the systematic error over a length, mm."""
        return self.systematic_mm + self.scale_percent / 100 * length_mm

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return dataclasses.asdict(self)

    def _repr_html_(self) -> str:
        return html_table(header=("ErrorPart", ""), rows=self.to_dict().items())


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StageError(Record):
    """What one stage of the way to the print adds up to.

    Attributes
    ----------
    stage : {"imaging", "segmentation", "editing", "printing"}
        Where it arises.
    systematic_mm : float
        Sum of what is the same every time, with its sign.
    random_sd_mm : float
        Root of the sum of squares of what differs each time.
    """

    stage: Stage
    systematic_mm: float
    random_sd_mm: float

    @property
    def meaning(self) -> str:
        """Both in one line."""
        return f"{self.stage}: {self.systematic_mm:+.3f} mm, SD {self.random_sd_mm:.3f} mm"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBudget:
    """What the contributions add up to over a length.

    Parameters
    ----------
    parts : tuple of ErrorPart
        As they were given.
    length_mm : float
        The length over which scale errors count.
    coverage : float
        So many standard deviations of the random errors are counted.
    bar : str
        Which bar there is: "none", "printed", or "scanned and printed".
    systematic_mm : float
        Sum of the systematic errors, with their signs.
    random_sd_mm : float
        Root of the sum of the squares of the random ones.
    rss_mm : float
        Root of the sum of the squares of all, systematic and random: what to expect when the signs
        of the systematic ones are not known.
    expanded_mm : float
        ``|systematic_mm| + coverage * random_sd_mm``.
    worst_case_mm : float
        Everything at its worst and the same way.
    """

    parts: tuple[ErrorPart, ...]
    length_mm: float
    coverage: float
    bar: Bar
    systematic_mm: float
    random_sd_mm: float
    rss_mm: float
    expanded_mm: float
    worst_case_mm: float

    def at_stage(self, stage: Stage) -> StageError:
        """Return what one stage adds up to."""
        if stage not in _STAGES:
            msg = f"stage: one of {_STAGES} expected, found {stage!r}"
            raise ValueError(msg)
        own = [part for part in self.parts if part.stage == stage]
        systematic, random = _sums(own, self.length_mm)
        return StageError(stage=stage, systematic_mm=systematic, random_sd_mm=random)

    @property
    def share_of_variance(self) -> dict[str, float]:
        """Part of ``rss_mm`` squared that each stage has: where work pays most."""
        total = self.rss_mm or 1.0
        sizes = {
            stage: math.hypot(*self._sizes(part for part in self.parts if part.stage == stage))
            for stage in _STAGES
        }
        return {stage: (size / total) ** 2 for stage, size in sizes.items()}

    @property
    def seen_by_bar(self) -> dict[str, str]:
        """For each stage what the bar says of it; empty where it says nothing."""
        return dict(_SEEN[self.bar])

    @property
    def blind_rss_mm(self) -> float:
        """Root of the sum of squares of all that a bar cannot see: it stays when the bar is right."""
        seen = _SEEN[self.bar]
        return math.hypot(*self._sizes(part for part in self.parts if not seen[part.stage]))

    def _sizes(self, parts: Iterable[ErrorPart]) -> list[float]:
        found = [(part.systematic_at(self.length_mm), part.random_sd_mm) for part in parts]
        return [size for both in found for size in both]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the bar can and cannot see, in sentences."""
        seen = [
            f"The bar sees of {stage}: {what}." for stage, what in self.seen_by_bar.items() if what
        ]
        stages = {part.stage for part in self.parts}
        blind = [
            f"The bar does not see {stage}: {_BLIND[stage]}."
            for stage, what in self.seen_by_bar.items()
            if not what and (stage in stages)
        ]
        missing = [f"Nothing is stated for {stage}." for stage in _STAGES if stage not in stages]
        return (*seen, *blind, *missing)

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            **values,
            "parts": [part.to_dict() for part in self.parts],
            "share_of_variance": self.share_of_variance,
            "blind_rss_mm": self.blind_rss_mm,
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        return (
            f"ErrorBudget({plural(len(self.parts), 'part')} over {self.length_mm:g} mm: "
            f"rss {self.rss_mm:.3f} mm, worst case {self.worst_case_mm:.3f} mm, "
            f"unseen by the bar {self.blind_rss_mm:.3f} mm)"
        )

    def _repr_html_(self) -> str:
        rows: list[tuple[object, ...]] = [
            (
                part.stage,
                part.name,
                f"{part.systematic_at(self.length_mm):+.3f}",
                f"{part.random_sd_mm:.3f}",
                part.source,
            )
            for part in self.parts
        ]
        rows += [
            (
                "all",
                "sum, root of squares",
                f"{self.systematic_mm:+.3f}",
                f"{self.random_sd_mm:.3f}",
                "",
            ),
            ("all", "root of all squares", f"{self.rss_mm:.3f}", "", ""),
            ("all", "worst case", f"{self.worst_case_mm:.3f}", "", ""),
        ]
        header = ("stage", "contribution", "systematic mm", "random SD mm", "source")
        return html_table(header=header, rows=rows, footer=" ".join(self.notes))


def error_budget(
    parts: Sequence[ErrorPart], *, length_mm: float, bar: Bar, coverage: float = 2.0
) -> ErrorBudget:
    """Add up the errors of a part from the scan to the print.

    Parameters
    ----------
    parts : sequence of ErrorPart
        The contributions; they are taken as independent of each other.
    length_mm : float
        Over which length, for errors of scale.
    bar : {"none", "printed", "scanned and printed"}
        Which bar of known length there is: printed beside the part, or in the scanner too.
    coverage : float
        So many standard deviations of the random errors are counted; 2 covers 95 % of them.

    Returns
    -------
    ErrorBudget
        Sums, worst case, and what the bar can and cannot see.

    Raises
    ------
    ValueError
        No parts, a number out of range, or an unknown bar.

    References
    ----------
    JCGM 100:2008, Evaluation of measurement data: guide to the expression of uncertainty in
    measurement, 5.1.2, https://doi.org/10.59161/JCGM100-2008E.

    Examples
    --------
    >>> budget = error_budget(
    ...     [ErrorPart(name="level", stage="segmentation", systematic_mm=0.3),
    ...      ErrorPart(name="printer", stage="printing", random_sd_mm=0.1, scale_percent=-0.2)],
    ...     length_mm=150, bar="printed",
    ... )
    >>> budget.systematic_mm, round(budget.worst_case_mm, 3), budget.blind_rss_mm
    (0.0, 0.8, 0.3)
    """
    made = tuple(parts)
    if not made:
        msg = "parts: at least one contribution expected, found none"
        raise ValueError(msg)
    for part in made:
        if not isinstance(part, ErrorPart):
            msg = f"parts: ErrorPart expected, found {type(part).__name__}"
            raise TypeError(msg)
    length_mm, coverage = above_zero("length_mm", length_mm), above_zero("coverage", coverage)
    if bar not in _SEEN:
        msg = f"bar: one of {tuple(_SEEN)} expected, found {bar!r}"
        raise ValueError(msg)
    systematic, random = _sums(made, length_mm)
    sizes = [part.systematic_at(length_mm) for part in made]
    return ErrorBudget(
        parts=made,
        length_mm=float(length_mm),
        coverage=float(coverage),
        bar=bar,
        systematic_mm=systematic,
        random_sd_mm=random,
        rss_mm=math.hypot(*sizes, random),
        expanded_mm=abs(systematic) + coverage * random,
        worst_case_mm=sum(map(abs, sizes)) + coverage * sum(part.random_sd_mm for part in made),
    )


def _sums(parts: Sequence[ErrorPart], length_mm: float) -> tuple[float, float]:
    systematic = math.fsum(part.systematic_at(length_mm) for part in parts)
    return systematic, math.hypot(*(part.random_sd_mm for part in parts))
