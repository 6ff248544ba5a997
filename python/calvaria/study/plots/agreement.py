"""Bland and Altman's picture, with the intervals it is often printed without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calvaria.study.plots.canvas import COLOURS, GREY, make_axes
from calvaria.study.record import number

if TYPE_CHECKING:
    from calvaria.study.agreement import Agreement

__all__ = ["plot_agreement"]


def plot_agreement(agreement: Agreement, *, title: str = "") -> Any:
    """Draw differences against means, with bias, limits, and the interval of each.

    Parameters
    ----------
    agreement : Agreement
        From :func:`~calvaria.study.compare_methods`.
    title : str
        Above the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import compare_methods
    >>> figure = plot_agreement(compare_methods([50.0, 48.3, 52.2, 60.7], [50.1, 48.7, 52.3, 61.0]))
    >>> len(figure.axes[0].lines[-1].get_xdata())
    4
    """
    figure, axes = make_axes(8.0, 4.4, title=title)
    a = agreement
    bands = (
        (a.upper, a.upper_low, a.upper_high, "upper limit", COLOURS[1]),
        (a.bias, a.bias_low, a.bias_high, "bias", COLOURS[0]),
        (a.lower, a.lower_low, a.lower_high, "lower limit", COLOURS[1]),
    )
    for value, low, high, name, colour in bands:
        axes.axhspan(low, high, color=colour, alpha=0.15, lw=0)
        axes.axhline(value, color=colour, lw=1.4)
        axes.annotate(
            f"{name} {number(value)}\n({number(low)} to {number(high)})", (1.01, value),
            xycoords=("axes fraction", "data"), va="center", fontsize=8, color=colour,
        )  # fmt: skip
    axes.axhline(0, color="black", lw=0.8, ls=":")
    axes.plot(a.means, a.differences, "o", color=GREY, ms=5, alpha=0.8)
    axes.set_xlabel(f"mean of both ({a.unit})", fontsize=9)
    axes.set_ylabel(f"{a.label} ({a.unit})", fontsize=9)
    return figure
