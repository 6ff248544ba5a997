"""What callers ask for, checked: the message names the argument, what was expected, and what was found."""

from __future__ import annotations

import math
from typing import Any

from calvaria.mesh import Mesh
from calvaria.volume import Mask

__all__ = ["above_zero", "at_least_zero", "need_mask", "need_mesh"]


def at_least_zero(name: str, value: Any) -> float:
    """Return a finite number of at least 0."""
    number = _number(value)
    if not (number >= 0 and math.isfinite(number)):
        msg = f"{name}: a finite number of at least 0 expected, found {value!r}"
        raise ValueError(msg)
    return number


def above_zero(name: str, value: Any) -> float:
    """Return a finite number above 0."""
    number = _number(value)
    if not (number > 0 and math.isfinite(number)):
        msg = f"{name}: a finite number above 0 expected, found {value!r}"
        raise ValueError(msg)
    return number


def need_mesh(name: str, found: Any) -> None:
    """Raise TypeError for what is no mesh."""
    if not isinstance(found, Mesh):
        msg = f"{name}: a Mesh expected, found {type(found).__name__}"
        raise TypeError(msg)


def need_mask(name: str, found: Any) -> None:
    """Raise TypeError for what is no mask."""
    if not isinstance(found, Mask):
        msg = f"{name}: a Mask expected, found {type(found).__name__}"
        raise TypeError(msg)


def _number(value: Any) -> float:
    """Return a number, NaN for what is none."""
    try:
        return math.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
