"""A figure with room for its words; Matplotlib is imported when a picture is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calvaria._optional import neighbour

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["COLOURS", "GREY", "colour_of", "make_axes", "tidy"]

# Okabe and Ito's colours, told apart by most eyes and in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
GREY = "#666666"


def make_axes(width_inch: float, height_inch: float, *, title: str = "") -> tuple[Any, Any]:
    """Return a figure and its axes, laid out so that no word is cut off."""
    figure = neighbour("matplotlib.figure").Figure(
        figsize=(width_inch, height_inch), dpi=100, layout="constrained"
    )
    axes = figure.add_subplot()
    tidy(axes)
    if title:
        axes.set_title(title, fontsize=11, loc="left")
    return figure, axes


def tidy(axes: Any) -> None:
    """Take away the lines that say nothing, and set readable letters."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=9)


def colour_of(names: Iterable[str]) -> dict[str, str]:
    """Return a colour for each name, in order."""
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(dict.fromkeys(names))}
