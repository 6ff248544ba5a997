"""What a result can do: say what it shows in one sentence, print itself, become JSON."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from calvaria._html import html_table

__all__ = ["Record", "interval_text", "number", "p_text", "plain", "plural"]


class Record:
    """Base of the results: one plain sentence, a dictionary, a table for Jupyter."""

    __slots__ = ()

    @property
    def meaning(self) -> str:
        """One plain sentence: what the result shows, and what it does not."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Return every field and the sentence as plain types, ready for JSON."""
        values = {field.name: plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]
        return {**values, "meaning": self.meaning}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.meaning})"

    def _repr_html_(self) -> str:
        values = ((field.name, getattr(self, field.name)) for field in fields(self))  # type: ignore[arg-type]
        return html_table(
            caption=type(self).__name__,
            header=("", "value"),
            rows=[(name, _cell(value)) for name, value in values],
            footer=self.meaning,
        )


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """Return ``value`` as plain types; what is not finite becomes a word, JSON has no other way."""
    if not isinstance(value, type) and callable(getattr(value, "to_dict", None)):
        return value.to_dict()
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return "infinity" if value > 0 else "-infinity" if value < 0 else "undefined"
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value


def number(value: float) -> str:
    """Return a number with three digits that count, without an exponent in the usual range.

    Examples
    --------
    >>> number(3.8), number(0.01234), number(1234.56), number(-0.0), number(float("inf"))
    ('3.8', '0.0123', '1235', '0', 'infinity')
    """
    if not math.isfinite(value):
        return str(plain(float(value)))
    text = f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return "0" if text in {"-0", "0"} else text


def p_text(p: float) -> str:
    """Return a p value as it is printed: two digits that count, never 0.

    Examples
    --------
    >>> p_text(0.2666), p_text(0.036), p_text(0.000012)
    ('p = 0.27', 'p = 0.036', 'p < 0.0001')
    """
    return "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"


def plural(count: int, noun: str, many: str = "") -> str:
    """Return a count with its noun; ``many`` where its plural takes more than an s.

    Examples
    --------
    >>> plural(1, "slice"), plural(3, "slice"), plural(0, "vertex", "vertices")
    ('1 slice', '3 slices', '0 vertices')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {many or noun + 's'}"


def interval_text(low: float, high: float, level: float) -> str:
    """Return an interval with its level: ``95 % CI -2.9 to 10.5``."""
    return f"{100 * level:g} % CI {number(low)} to {number(high)}"


def _cell(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return number(float(value))
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, Record):
        return value.meaning
    if isinstance(value, tuple) and value and isinstance(value[0], Record):
        return "; ".join(entry.meaning for entry in value)
    if isinstance(value, tuple | list):
        return ", ".join(_cell(entry) for entry in value)
    return str(value)
