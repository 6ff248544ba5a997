"""Deviation over length: a slope is scale, what is left at length 0 is offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.study.plots.canvas import COLOURS, GREY, make_axes

if TYPE_CHECKING:
    from calvaria.bar.deviation import BarDeviation

__all__ = ["plot_deviation"]


def plot_deviation(found: BarDeviation, *, title: str = "") -> Any:
    """Draw the deviation of every bar over its length, with the fit of each axis and the tolerance.

    Parameters
    ----------
    found : BarDeviation
        From :func:`~calvaria.bar.check_bars`.
    title : str
        Above the picture; left out, the answer.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.bar import BarReading, check_bars
    >>> bars = [
    ...     BarReading(nominal_mm=n, reading_mm=0.996 * n, axis=a) for a in "xy" for n in (20, 50, 100)
    ... ]
    >>> len(plot_deviation(check_bars(bars, profile="planning")).axes)
    1
    """
    words = title or found.meaning.split(";")[0]
    figure, axes = make_axes(8.0, 4.4, title=words)
    sizes = [one.size_mm for one in found.projections]
    longest = 1.08 * max([*(line.nominal_mm for line in found.lines), *sizes])
    for sign in (1, -1):
        axes.axhline(sign * found.tolerance_mm, color=COLOURS[1], lw=1.2)
    axes.axhline(0, color="black", lw=0.8, ls=":")
    names = list(dict.fromkeys(line.axis for line in found.lines))
    fits = {fit.axis: fit for fit in found.fits}
    for n, name in enumerate(names):
        colour = COLOURS[(0, 2, 3, 4, 5)[n % 5]]
        own = [line for line in found.lines if line.axis == name]
        axes.errorbar(
            [line.nominal_mm + 0.006 * longest * (n - (len(names) - 1) / 2) for line in own],
            [line.deviation_mm for line in own],
            yerr=[line.budget.expanded_mm for line in own],
            fmt="o", color=colour, ms=5, capsize=3, lw=1.2, label=name or "axis not known",
        )  # fmt: skip
        if name in fits:
            at = np.linspace(0, longest, 60)
            errors = [fits[name].error_at(float(length)) for length in at]
            both = np.array([(one.error_mm, one.uncertainty_mm) for one in errors])
            axes.plot(at, both[:, 0], color=colour, lw=1.4)
            axes.fill_between(
                at, both[:, 0] - 2 * both[:, 1], both[:, 0] + 2 * both[:, 1],
                color=colour, alpha=0.12, lw=0,
            )  # fmt: skip
    for size in dict.fromkeys(sizes):
        axes.axvline(size, color=GREY, lw=1, ls="--")
        axes.annotate(
            "size of the part", (size, 0.98), xycoords=("data", "axes fraction"),
            rotation=90, va="top", ha="right", fontsize=8, color=GREY,
        )  # fmt: skip
    axes.set_xlim(0, longest)
    axes.set_xlabel("nominal length (mm)", fontsize=9)
    axes.set_ylabel("measured - nominal (mm)", fontsize=9)
    axes.legend(fontsize=9, frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0.0, 0.93))
    return figure
