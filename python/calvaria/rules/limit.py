"""One row of the tables: what a measured value is held against, and the grade it gives."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table
from calvaria.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Limit", "limit_of", "out_of_order"]

# 1.0 mm written as 1.0000001 is 1.0 mm; 1.01 mm is not.
_RELATIVE_TOLERANCE = 1e-4
# A row that ends so high has no end: it cannot become worse than this level.
_NO_END = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One row of the tables: what a measured value is held against.

    Attributes
    ----------
    name : str
        Name of the row, which is the code of the finding.
    values : mapping
        The keys of the row as written.
    source : str
        Who says so.
    table : str
        The table the row was taken from, for example ``"anatomy.spine"``.
    """

    name: str
    values: Mapping[str, Any]
    source: str
    table: str

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of ``key``, or ``default`` where the row has none."""
        return self.values.get(key, default)

    @property
    def unit(self) -> str:
        """Unit of the limit; empty for a pure number."""
        return str(self.values.get("unit", ""))

    def grade(self, measured: float, *, error: float = 0.0) -> Verdict:
        """Hold a measured value against the row.

        Parameters
        ----------
        measured : float
            The value, in the unit of the row.
        error : float
            Half-width of the measuring error.  Where it reaches across a limit the answer is
            BORDERLINE between PASS and BORDERLINE, and UNPROVEN where it reaches into FAIL.

        Returns
        -------
        Verdict

        Examples
        --------
        >>> from calvaria.rules import load_rules
        >>> limit = load_rules().limit("slice_thickness", profile="guide", anatomy="skull")
        >>> limit.grade(1.0000001).name, limit.grade(1.05).name, limit.grade(1.3).name
        ('PASS', 'BORDERLINE', 'FAIL')
        >>> limit.grade(0.98, error=0.05).name
        'BORDERLINE'
        """
        answers = {self._grade(value) for value in (measured - error, measured, measured + error)}
        if len(answers) == 1:
            return answers.pop()
        return Verdict.UNPROVEN if Verdict.FAIL in answers else Verdict.BORDERLINE

    def _grade(self, value: float) -> Verdict:
        if self._within(value, "pass"):
            return Verdict.PASS
        if any(key.startswith("borderline") for key in self.values) and self._within(
            value, "borderline"
        ):
            return Verdict.BORDERLINE
        return Verdict.FAIL

    def _within(self, value: float, level: str) -> bool:
        # A level that names one side only leaves the other as the level above it has it.
        high = self.values.get(f"{level}_max", self.values.get("pass_max"))
        low = self.values.get(f"{level}_min", self.values.get("pass_min"))
        above = high is None or value <= high + _RELATIVE_TOLERANCE * abs(high)
        below = low is None or value >= low - _RELATIVE_TOLERANCE * abs(low)
        return above and below and value == value  # noqa: PLR0124 - NaN is never within

    def grade_word(self, word: str) -> Verdict | None:
        """Return the verdict that the row gives to a word, or None where it is not listed."""
        for level in ("fail", "unproven", "borderline", "pass"):
            if word.upper() in (str(known).upper() for known in self.values.get(level, ())):
                return Verdict[level.upper()]
        return None

    def text(self) -> str:
        """Return the limit in words, ready to print."""
        parts = []
        for level in ("pass", "borderline"):
            low, high = self.values.get(f"{level}_min"), self.values.get(f"{level}_max")
            listed = self.values.get(level)
            if listed:
                parts.append(f"{level.upper()}: {', '.join(map(str, listed))}")
            elif low is not None and high is not None:
                parts.append(f"{level.upper()} {low:g} to {high:g}{self._unit}")
            elif high is not None and high >= _NO_END:
                parts.append(f"{level.upper()} above")
            elif high is not None:
                parts.append(f"{level.upper()} up to {high:g}{self._unit}")
            elif low is not None:
                parts.append(f"{level.upper()} from {low:g}{self._unit}")
        return ", ".join(parts)

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain types, ready for JSON."""
        told = {"name": self.name, "table": self.table, "source": self.source}
        return {**told, "values": dict(self.values)}

    def _repr_html_(self) -> str:
        rows = (*self.values.items(), ("source", self.source))
        return html_table(caption=f"{self.table}.{self.name}", header=("", ""), rows=rows)


def limit_of(row: Mapping[str, Any], *, name: str, table: str) -> Limit:
    """Return a row of a table as a limit."""
    values = MappingProxyType({key: value for key, value in row.items() if key != "source"})
    return Limit(name=name, values=values, source=row["source"], table=table)


def out_of_order(row: Mapping[str, Any]) -> str | None:
    """Return which limits of a row contradict each other, or None where none do."""
    for side, sign in (("max", 1), ("min", -1)):
        inner, outer = row.get(f"pass_{side}"), row.get(f"borderline_{side}")
        if inner is not None and outer is not None and sign * (outer - inner) < 0:
            return f"borderline_{side} {outer:g} lies inside pass_{side} {inner:g}"
    for level in ("pass", "borderline"):
        low, high = row.get(f"{level}_min"), row.get(f"{level}_max")
        if low is not None and high is not None and low > high:
            return f"{level}_min {low:g} lies above {level}_max {high:g}"
    return None
