"""The colours of offsets: blue inside, grey at zero, yellow outside; the lighter, the farther out.

Lightness grows all the way, so that a print in grey still tells inside from outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._optional import neighbour

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["UNKNOWN_RGB", "colour_map", "draw_colour_bar", "rgb_of"]

# From -1 to 1: inside, zero, outside.
_STOPS = (
    (-1.0, (0.04, 0.20, 0.66)),
    (-0.5, (0.20, 0.46, 0.82)),
    (0.0, (0.66, 0.66, 0.64)),
    (0.5, (0.94, 0.72, 0.30)),
    (1.0, (1.00, 0.93, 0.30)),
)
# Not measured: a colour that the scale does not have.
UNKNOWN_RGB = (0.62, 0.40, 0.58)


def rgb_of(values: NDArray[np.float64], limit_mm: float) -> NDArray[np.float64]:
    """Return red, green and blue, 0 to 1, of offsets, (n, 3)."""
    at = np.clip(values / limit_mm, -1.0, 1.0)
    places = [stop[0] for stop in _STOPS]
    channels = [np.interp(at, places, [stop[1][n] for stop in _STOPS]) for n in range(3)]
    colours = np.stack(channels, axis=-1)
    colours[np.isnan(values)] = UNKNOWN_RGB
    return colours


def colour_map() -> Any:
    """Return the scale as a Matplotlib colour map."""
    stops = [((place + 1) / 2, colour) for place, colour in _STOPS]
    maps = neighbour("matplotlib.colors").LinearSegmentedColormap
    return maps.from_list("offset", stops, N=256)


def draw_colour_bar(figure: Any, box: tuple[float, float, float, float], limit_mm: float) -> None:
    """Draw the scale, lying, with its unit, into a box of the figure (left, bottom, width, height)."""
    axes = figure.add_axes(box)
    ramp = np.linspace(-limit_mm, limit_mm, 256)[None]
    axes.imshow(
        ramp, cmap=colour_map(), aspect="auto", extent=(-limit_mm, limit_mm, 0, 1), vmin=-limit_mm,
        vmax=limit_mm,
    )  # fmt: skip
    axes.set_yticks([])
    axes.set_xticks([-limit_mm, -limit_mm / 2, 0, limit_mm / 2, limit_mm])
    axes.tick_params(labelsize=8)
    axes.set_xlabel("offset of the mesh, mm: inside (-) to outside (+)", fontsize=9)
