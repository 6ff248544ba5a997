"""What all measurements of a mesh on an image ask for, checked."""

from __future__ import annotations

import operator
from typing import Any

from calvaria._asked import above_zero, need
from calvaria.mesh import Mesh
from calvaria.volume import Volume

__all__ = ["mesh_and_image", "sample_count", "search_length"]

_LEAST_SAMPLES = 100
# Farther away the profiles would be too coarse to hold an edge.
_FARTHEST_MM = 50.0


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
    need("mesh", mesh, Mesh)
    need("volume", volume, Volume)
