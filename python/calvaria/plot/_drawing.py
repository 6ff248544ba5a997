"""What every picture of an image has: grey values, letters, a scale bar, the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._optional import neighbour

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.volume import Volume

__all__ = ["draw_image", "draw_letters", "draw_scale_bar", "window_text"]

# Outside the imaged region: neither air nor bone.
_OUTSIDE_GREY = 0.82


def window_text(volume: Volume, window: tuple[float, float]) -> str:
    """Return level and width in words."""
    unit = "HU" if volume.is_hu else "(arbitrary)"
    level, width = window
    return f"level {level:g} {unit}, width {width:g} {unit}"


def draw_image(
    axes: Any,
    plane: NDArray[np.float64],
    is_inside: NDArray[np.bool_],
    *,
    window: tuple[float, float],
    span: tuple[float, float],
) -> None:
    """Draw grey values over so many millimetres, from the upper left corner on."""
    level, width = window
    across, down = span
    grey = np.clip((plane - (level - width / 2)) / width, 0.0, 1.0)
    grey[~is_inside] = _OUTSIDE_GREY
    axes.imshow(
        grey, cmap="gray", vmin=0, vmax=1, extent=(0, across, down, 0), interpolation="nearest"
    )
    axes.set_xlim(0, across)
    axes.set_ylim(down, 0)
    axes.set_xticks([])
    axes.set_yticks([])


def draw_letters(axes: Any, letters: tuple[str, str, str, str], *, size: float = 12) -> None:
    """Write which way is left, right, up and down in the picture."""
    style = {"color": "white", "fontsize": size, "weight": "bold", "path_effects": [_outline()]}
    places = (
        (0.015, 0.5, "left", "center"),
        (0.985, 0.5, "right", "center"),
        (0.5, 0.985, "center", "top"),
        (0.5, 0.015, "center", "bottom"),
    )
    for letter, (x, y, side, upright) in zip(letters, places, strict=True):
        axes.text(x, y, letter, ha=side, va=upright, transform=axes.transAxes, **style)


def draw_scale_bar(axes: Any, across: float, down: float, *, size: float = 9) -> None:
    """Draw the longest bar of 1, 2 or 5 times a power of ten below a third of the width."""
    decade = 10.0 ** np.floor(np.log10(across / 3))
    length = max(step * decade for step in (1, 2, 5) if step * decade <= across / 3)
    left, level = 0.04 * across, down * 0.955
    for color, width in (("black", 5.0), ("white", 3.0)):
        axes.plot(
            [left, left + length],
            [level, level],
            linewidth=width,
            solid_capstyle="butt",
            color=color,
        )
    text = {"color": "white", "path_effects": [_outline()], "fontsize": size}
    axes.text(left, level - 0.02 * down, f"{length:g} mm", va="bottom", **text)
    axes.set_xlim(0, across)
    axes.set_ylim(down, 0)


def _outline() -> Any:
    return neighbour("matplotlib.patheffects").withStroke(linewidth=2.5, foreground="black")
