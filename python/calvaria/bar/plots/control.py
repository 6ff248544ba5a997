"""Shewhart's picture of a printer: values over limits, ranges below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._optional import neighbour
from calvaria.study.plots.canvas import COLOURS, GREY, tidy

if TYPE_CHECKING:
    from calvaria.bar.chart import ControlChart

__all__ = ["plot_control_chart"]


def plot_control_chart(
    chart: ControlChart, *, tolerance_mm: float | None = None, title: str = ""
) -> Any:
    """Draw the individuals and the moving ranges of a bar over time.

    Parameters
    ----------
    chart : ControlChart
        From :func:`~calvaria.bar.make_control_chart`.
    tolerance_mm : float, optional
        Drawn as well; it is not a control limit.
    title : str
        Above the picture; left out, the name of the bar.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.bar import BarReading, make_control_chart
    >>> days = [
    ...     BarReading(nominal_mm=50, reading_mm=49.9 + 0.01 * (n % 3), date=f"2026-01-{n + 1:02d}")
    ...     for n in range(9)
    ... ]
    >>> len(plot_control_chart(make_control_chart(days)).axes)
    2
    """
    figure = neighbour("matplotlib.figure").Figure(
        figsize=(8.0, 5.2), dpi=100, layout="constrained"
    )
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    for axes in (top, bottom):
        tidy(axes)
    days = np.array(chart.days, dtype="datetime64[D]")
    values = np.array(chart.values_mm)
    bad = sorted({*chart.beyond, *chart.runs})
    top.plot(days, values, "o-", color=GREY, ms=5, lw=1)
    top.plot(days[bad], values[bad], "o", color=COLOURS[1], ms=8, label="out of control")
    for level, name in (
        (chart.upper_mm, "upper limit"),
        (chart.mean_mm, "mean"),
        (chart.lower_mm, "lower limit"),
    ):
        is_mean = name == "mean"
        top.axhline(level, color=COLOURS[0], lw=1.4 if is_mean else 1, ls="-" if is_mean else "--")
        top.annotate(
            f"{name} {level:+.3f}", (1.01, level), xycoords=("axes fraction", "data"),
            va="center", fontsize=8, color=COLOURS[0],
        )  # fmt: skip
    if tolerance_mm is not None:
        for sign in (1, -1):
            top.axhline(sign * tolerance_mm, color=COLOURS[1], lw=1.2)
        top.annotate(
            "tolerance", (1.01, tolerance_mm), xycoords=("axes fraction", "data"),
            va="center", fontsize=8, color=COLOURS[1],
        )  # fmt: skip
    ranges = np.abs(np.diff(values))
    bottom.plot(days[1:], ranges, "o-", color=GREY, ms=4, lw=1)
    over = [n - 1 for n in chart.ranges_beyond]
    bottom.plot(days[1:][over], ranges[over], "o", color=COLOURS[1], ms=7)
    bottom.axhline(chart.mean_range_mm, color=COLOURS[0], lw=1.4)
    bottom.axhline(chart.upper_range_mm, color=COLOURS[0], lw=1, ls="--")
    top.set_ylabel("deviation (mm)", fontsize=9)
    bottom.set_ylabel("moving range (mm)", fontsize=9)
    bottom.tick_params(axis="x", labelrotation=30)
    state = "in control" if chart.is_in_control else "out of control"
    top.set_title(title or f"{chart.label}: {state}", fontsize=11, loc="left")
    return figure
