"""What callers ask for, checked: the message names the argument, what was expected, and what was found."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["above_zero", "at_least_zero", "finite", "need", "whole"]


def finite(name: str, value: Any) -> float:
    """Return a finite number."""
    number = _number(value)
    if not math.isfinite(number):
        msg = f"{name}: a finite number expected, found {value!r}"
        raise ValueError(msg)
    return number


def above_zero(name: str, value: Any) -> float:
    """Return a finite number above 0."""
    number = _number(value)
    if not (number > 0 and math.isfinite(number)):
        msg = f"{name}: a finite number above 0 expected, found {value!r}"
        raise ValueError(msg)
    return number


def at_least_zero(name: str, value: Any) -> float:
    """Return a finite number of at least 0."""
    number = _number(value)
    if not (number >= 0 and math.isfinite(number)):
        msg = f"{name}: a finite number of at least 0 expected, found {value!r}"
        raise ValueError(msg)
    return number


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return a whole number of at least `least` and, where there is one, at most `most`."""
    number = value if isinstance(value, int) else _number(value)
    is_whole = isinstance(number, int) or number.is_integer()
    if not (is_whole and number >= least and (most is None or number <= most)):
        told = f"of at least {least}" if most is None else f"from {least} to {most}"
        msg = f"{name}: a whole number {told} expected, found {value!r}"
        raise ValueError(msg)
    return int(number)


def need(name: str, found: Any, *kinds: type) -> None:
    """Raise TypeError for what is of none of the kinds.

    Examples
    --------
    >>> need("mesh", 4.0, str, list)
    Traceback (most recent call last):
        ...
    TypeError: mesh: a str or list expected, found float
    """
    if not isinstance(found, kinds):
        names = " or ".join(kind.__name__ for kind in kinds)
        msg = f"{name}: a {names} expected, found {type(found).__name__}"
        raise TypeError(msg)


def _number(value: Any) -> float:
    """Return a number, NaN for what is none."""
    try:
        return math.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
