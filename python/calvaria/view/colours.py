"""Colours of meshes and of values, told apart by colour-blind eyes too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from calvaria.mesh import FaceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["KIND_COLOURS", "KIND_NAMES", "MAPS", "colour_of", "colours_along", "line_of", "rgb"]

# Bone first; then the colours of Okabe and Ito, last those that lids and patches have.
_PALETTE = ("#e6dac0", "#56b4e9", "#e69f00", "#cc79a7", "#f0e442", "#009e73", "#d55e00", "#0072b2")

# A contour the colour of bone would vanish on bone.
_LINE_ON_BONE = "#ff9d1c"

# What closes a surface is never mistaken for what was imaged.  What was imaged has the colour of its mesh.
KIND_NAMES = ("", "lid where the image ends", "lid of a cut", "filled hole")
KIND_COLOURS = ("", *("#{:02x}{:02x}{:02x}".format(*kind.colour_rgb) for kind in FaceKind if kind))

# Stops at equal distances.  Signed: ColorBrewer RdBu, the middle lighter; one way: viridis.
MAPS = {
    "signed": (
        "#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f4f1ea",
        "#fddbc7", "#f4a582", "#d6604d", "#b2182b", "#67001f",
    ),
    "one way": (
        "#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89",
        "#35b779", "#6ece58", "#b5de2b", "#fde725",
    ),
}  # fmt: skip

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def colour_of(name: str, place: int, colours: Mapping[str, str] | None) -> str:
    """Return the colour a mesh was given, or that of its place in the palette."""
    if colours is None or name not in colours:
        return _PALETTE[place % len(_PALETTE)]
    colour = colours[name]
    if not _COLOUR.fullmatch(colour):
        msg = f"colours: '#rrggbb' expected for {name!r}, found {colour!r}"
        raise ValueError(msg)
    return colour


def line_of(name: str, place: int, colours: Mapping[str, str] | None) -> str:
    """Return the colour of the contours of a mesh: its own, but for the one the colour of bone."""
    colour = colour_of(name, place, colours)
    return _LINE_ON_BONE if colour == _PALETTE[0] else colour


def rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of ``'#rrggbb'``, 0 to 255.

    Examples
    --------
    >>> rgb("#ff8000")
    (255, 128, 0)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def colours_along(name: str, fractions: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the colours of a map at fractions from 0 to 1, (n, 3)."""
    stops = np.array([rgb(stop) for stop in MAPS[name]], np.float64)
    places = np.clip(fractions, 0.0, 1.0) * (len(stops) - 1)
    columns = [np.interp(places, np.arange(len(stops)), stops[:, c]) for c in range(3)]
    return np.rint(np.stack(columns, axis=1)).astype(np.uint8)
