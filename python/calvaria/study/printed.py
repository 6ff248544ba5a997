"""A number as it was printed: its value, and what rounding may hide behind it."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from calvaria.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Printed", "as_printed", "as_printed_p", "as_printed_value", "extremes"]

_NUMBER = re.compile(r"(?P<sign>[<>=]?)\s*(?P<value>[-+\u2212]?\d*\.?\d+)")
_CLOCK = re.compile(r"(?P<minutes>\d+):(?P<seconds>[0-5]\d)")


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number with the half unit of its last digit.

    Attributes
    ----------
    text : str
        As printed.
    value : float
        The number; minutes for a clock time.
    half : float
        Half a unit of the last digit.
    relation : {"=", "<", ">"}
        "<" and ">" for p values that were only bounded.
    """

    text: str
    value: float
    half: float
    relation: str = "="

    @property
    def low(self) -> float:
        """The least value that would have been printed like this."""
        return float("-inf") if self.relation == "<" else self.value - self.half

    @property
    def high(self) -> float:
        """The greatest value that would have been printed like this."""
        return float("inf") if self.relation == ">" else self.value + self.half

    def holds(self, low: float, high: float) -> bool:
        """Say whether a range of computed values meets the range behind the printed one."""
        dust = 1e-9 * (1 + abs(self.value))
        top = self.value if self.relation == "<" else self.high + dust
        bottom = self.value if self.relation == ">" else self.low - dust
        return low <= top and high >= bottom


def as_printed(text: Printed | str | float) -> Printed:
    """Read a printed number; text keeps the zeros that a float forgets.

    Examples
    --------
    >>> as_printed("60.80").half, as_printed("< .001").relation, as_printed("21:30").value
    (0.005, '<', 21.5)
    """
    if isinstance(text, Printed):
        return text
    word = str(text).strip()
    if clock := _CLOCK.fullmatch(word):
        minutes = int(clock["minutes"]) + int(clock["seconds"]) / 60
        return Printed(word, minutes, 0.5 / 60)
    found = _NUMBER.fullmatch(word)
    if not found:
        msg = f"a printed number such as '60.8', '<.001' or '21:29' expected, found {word!r}"
        raise StudyError(msg)
    number = Decimal(found["value"].replace("\u2212", "-"))
    exponent = number.as_tuple().exponent
    half = 0.5 * 10.0 ** (exponent if isinstance(exponent, int) else 0)
    return Printed(word, float(number), half, found["sign"] or "=")


def as_printed_value(
    text: Printed | str | float, *, name: str, least: float = -math.inf, most: float = math.inf
) -> Printed:
    """Read a printed number that is a value, not a bound, and lies within its range."""
    printed = as_printed(text)
    if printed.relation != "=" or not math.isfinite(printed.value):
        msg = f"{name}: a finite number expected, found {printed.text}"
        raise StudyError(msg)
    if not least <= printed.value <= most:
        msg = f"{name}: a number from {least:g} to {most:g} expected, found {printed.text}"
        raise StudyError(msg)
    return printed


def as_printed_p(text: Printed | str | float) -> Printed:
    """Read a printed p; one below 0 or above 1 is none."""
    printed = as_printed(text)
    edge = {"<": 0.0, ">": 1.0}.get(printed.relation)
    if not 0 <= printed.value <= 1 or printed.value == edge:
        msg = f"p: a number from 0 to 1 expected, found {printed.text}"
        raise StudyError(msg)
    return printed


def extremes(
    function: Callable[..., float], *numbers: Printed, least: float | None = None
) -> tuple[float, float]:
    """Return the least and greatest value of a function over the corners of the rounding box.

    ``least`` bounds the arguments from below (an SD is not negative).
    """
    sides = [(n.low if least is None else max(n.low, least), n.value, n.high) for n in numbers]
    values = [function(*corner) for corner in itertools.product(*sides)]
    return min(values), max(values)
