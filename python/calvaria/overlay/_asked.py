"""What callers ask for, checked: the message names the argument, what was expected, and what was found."""

from __future__ import annotations

import math
import operator
from typing import Any

from calvaria.mesh import Mesh
from calvaria.volume import Volume

__all__ = ["above_zero", "finite", "mesh_and_image", "sample_count", "search_length"]

_LEAST_SAMPLES = 100
# Farther away the profiles would be too coarse to hold an edge.
_FARTHEST_MM = 50.0


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


def search_length(value: Any) -> float:
    """Return how far an edge is looked for, mm."""
    number = above_zero("search_mm", value)
    if number > _FARTHEST_MM:
        msg = f"search_mm: at most {_FARTHEST_MM:g} mm expected, found {value!r}"
        raise ValueError(msg)
    return number


def sample_count(value: Any) -> int:
    """Return a whole number of samples that is enough."""
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < _LEAST_SAMPLES:
        msg = f"n_samples: a whole number of at least {_LEAST_SAMPLES} expected, found {value!r}"
        raise ValueError(msg)
    return number


def mesh_and_image(mesh: Any, volume: Any) -> None:
    """Raise TypeError unless these are a mesh and an image, in this order."""
    for name, found, kind in (("mesh", mesh, Mesh), ("volume", volume, Volume)):
        if not isinstance(found, kind):
            msg = f"{name}: a {kind.__name__} expected, found {type(found).__name__}"
            raise TypeError(msg)


def _number(value: Any) -> float:
    """Return a number, NaN for what is none."""
    try:
        return math.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
