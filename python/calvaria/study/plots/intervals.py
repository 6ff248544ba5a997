"""Intervals in rows: against zero, and against the margin that was named before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calvaria.findings import Verdict
from calvaria.study.plots.canvas import COLOURS, GREY, make_axes
from calvaria.study.record import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calvaria.study.difference import Difference
    from calvaria.study.equivalence import Equivalence

__all__ = ["plot_differences", "plot_margins"]

_ROW_INCH = 0.42
_VERDICTS = {
    Verdict.PASS: (COLOURS[2], "equivalent"),
    Verdict.FAIL: (COLOURS[1], "not equivalent"),
    Verdict.UNPROVEN: (GREY, "not decided"),
}


def plot_margins(checks: Mapping[str, Equivalence], *, title: str = "", label: str = "") -> Any:
    """Draw intervals of differences against their margins.

    Parameters
    ----------
    checks : mapping of str to Equivalence
        A row for each; every row shows its own margin.
    title, label : str
        Above the rows, and below the axis.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import Summary, check_equivalence, compare_means
    >>> heart = compare_means(Summary(n=31, mean=60.8, sd=13.6), Summary(n=32, mean=57.0, sd=13.3))
    >>> figure = plot_margins({"5 points": check_equivalence(heart, margin=5)})
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['not decided']
    """
    if not checks:
        msg = "checks: at least one expected, found none"
        raise ValueError(msg)
    figure, axes = make_axes(8.0, 1.1 + _ROW_INCH * len(checks), title=title)
    names = list(checks)
    reach = max(
        max(abs(end) for end in (*check.margin, check.low, check.high)) for check in checks.values()
    )
    for row, check in enumerate(reversed(list(checks.values()))):
        colour, word = _VERDICTS[check.verdict]
        axes.fill_betweenx((row - 0.36, row + 0.36), *check.margin, color="#DDDDDD", lw=0)
        axes.plot([check.low, check.high], [row, row], color=colour, lw=2.5, solid_capstyle="butt")
        axes.plot([check.difference], [row], "o", color=colour, ms=7)
        axes.text(1.22 * reach, row, word, va="center", fontsize=9, color=colour)
    axes.axvline(0, color="black", lw=0.8, ls=":")
    axes.set_xlim(-1.15 * reach, 1.85 * reach)
    axes.set_yticks(range(len(names)), labels=names[::-1], fontsize=9)
    axes.set_ylim(-0.7, len(names) - 0.3)
    first = next(iter(checks.values()))
    unit = f" ({first.unit})" if first.unit else ""
    level = f"{100 * (1 - 2 * first.alpha):g} % interval, margin in grey"
    axes.set_xlabel(f"{label or first.label}{unit}; {level}", fontsize=9)
    return figure


def plot_differences(
    differences: Mapping[str, Difference], *, title: str = "", label: str = ""
) -> Any:
    """Draw differences with their intervals, a row for each, against zero.

    Parameters
    ----------
    differences : mapping of str to Difference
        A row for each.
    title, label : str
        Above the rows, and below the axis.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import Summary, compare_means
    >>> heart = compare_means(Summary(n=31, mean=60.8, sd=13.6), Summary(n=32, mean=57.0, sd=13.3))
    >>> figure = plot_differences({"heart": heart}, label="points")
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['heart']
    """
    if not differences:
        msg = "differences: at least one expected, found none"
        raise ValueError(msg)
    figure, axes = make_axes(8.0, 1.1 + _ROW_INCH * len(differences), title=title)
    rows = list(differences.items())[::-1]
    for row, (_, found) in enumerate(rows):
        axes.plot([found.low, found.high], [row, row], color=COLOURS[0], lw=2.5)
        axes.plot([found.difference], [row], "o", color=COLOURS[0], ms=7)
        text = f"{number(found.difference)} ({number(found.low)} to {number(found.high)})"
        axes.annotate(
            text, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=9
        )
    axes.axvline(0, color="black", lw=0.8, ls=":")
    axes.set_yticks(range(len(rows)), labels=[name for name, _ in rows], fontsize=9)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    first = rows[-1][1]
    unit = f" ({first.unit})" if first.unit else ""
    axes.set_xlabel(f"{label or first.label}{unit}; {100 * first.level:g} % interval", fontsize=9)
    return figure
