"""The rules of the room, from a table in which every row has its source."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from calvaria.bar import load_bar_rules

__all__ = ["MarkRules", "load_mark_rules", "load_rows", "tolerance_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRules:
    """How a mark is made."""

    word: str
    stroke_factors: tuple[float, ...]
    min_letter_mm: float
    max_tilt_deg: float
    margin_mm: float
    clearance_mm: float


def load_mark_rules() -> MarkRules:
    """Return the rules of the mark."""
    row = _table()["mark"]
    return MarkRules(
        word=row["word"],
        stroke_factors=tuple(row["stroke_factors"]["values"]),
        **{
            name: float(row[name]["value"])
            for name in ("min_letter_mm", "max_tilt_deg", "margin_mm", "clearance_mm")
        },
    )


def load_rows(name: str) -> tuple[tuple[str, str], ...]:
    """Return the texts of a list, ``"question"`` or ``"document"``, each with its source."""
    return tuple((row["text"], row["source"]) for row in _table()[name])


def tolerance_of(purpose: str) -> tuple[float, str]:
    """Return the tolerance of a purpose, mm, and who says so."""
    rules = load_bar_rules()
    row = _table()["tolerance"][purpose]
    return rules.tolerance_mm[row], rules.tolerance_source[row]


@functools.cache
def _table() -> dict[str, Any]:
    text = files("calvaria").joinpath("_tables", "release.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
