"""Forest and funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._optional import neighbour
from calvaria.study.plots.canvas import COLOURS, GREY, make_axes
from calvaria.study.record import number

if TYPE_CHECKING:
    from calvaria.study.pooling import Pooled

__all__ = ["plot_forest", "plot_funnel"]


def plot_forest(pooled: Pooled, *, title: str = "", label: str = "Hedges g") -> Any:
    """Draw a forest plot: each trial with its weight, the pooled effect, the prediction.

    Parameters
    ----------
    pooled : Pooled
        From :func:`~calvaria.study.pool_effects`.
    title, label : str
        Above the rows, and below the axis: which way is better belongs there.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import TrialEffect, pool_effects
    >>> trials = [
    ...     TrialEffect(label=name, value=value, se=0.3, participants=name)
    ...     for name, value in (("A", 0.9), ("B", 0.5), ("C", 0.4))
    ... ]
    >>> figure = plot_forest(pool_effects(trials, estimator="REML", interval="normal"))
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['REML, normal', 'C', 'B', 'A']
    """
    count = len(pooled.effects)
    figure, axes = make_axes(9.0, 1.4 + 0.36 * (count + 1), title=title)
    z = float(neighbour("scipy.stats").norm.ppf((1 + pooled.level) / 2))
    rows = list(zip(pooled.effects, pooled.weights_percent, strict=True))[::-1]
    for row, (effect, weight) in enumerate(rows, start=1):
        ends = effect.value - z * effect.se, effect.value + z * effect.se
        axes.plot(ends, [row, row], color="black", lw=1.2)
        axes.plot([effect.value], [row], "s", color=COLOURS[0], ms=4 + 0.9 * np.sqrt(weight))
        _beside(axes, row, effect.value, *ends, f"{weight:.0f} %")
    axes.fill(
        [pooled.low, pooled.value, pooled.high, pooled.value], [0, 0.28, 0, -0.28], color=COLOURS[1]
    )
    _beside(axes, 0, pooled.value, pooled.low, pooled.high, "100 %")
    if pooled.prediction_low is not None and pooled.prediction_high is not None:
        axes.plot([pooled.prediction_low, pooled.prediction_high], [-0.5, -0.5], color=GREY, lw=3)
        axes.annotate(
            "where a new trial may lie", (1.01, -0.5), xycoords=("axes fraction", "data"),
            va="center", fontsize=8, color=GREY,
        )  # fmt: skip
    axes.axvline(0, color="black", lw=0.8, ls=":")
    names = [f"{pooled.estimator}, {pooled.interval}", *(effect.label for effect, _ in rows)]
    axes.set_yticks(range(count + 1), labels=names, fontsize=9)
    axes.set_ylim(-0.9, count + 0.8)
    axes.annotate(
        "effect (interval)    weight", (1.01, count + 0.65), xycoords=("axes fraction", "data"),
        va="center", fontsize=8, color=GREY,
    )  # fmt: skip
    spread = (
        f"tau2 {number(pooled.tau2)}, I2 {pooled.i2_percent:.0f} % "
        f"({pooled.i2_low_percent:.0f} to {pooled.i2_high_percent:.0f}), Q {number(pooled.q)}"
    )
    axes.set_xlabel(f"{label}; {100 * pooled.level:g} % intervals\n{spread}", fontsize=9)
    return figure


def plot_funnel(pooled: Pooled, *, title: str = "", label: str = "Hedges g") -> Any:
    """Draw a funnel plot: effect against standard error, with the pooled effect.

    With few trials an even funnel shows nothing, and an uneven one may have other reasons than
    unpublished trials.

    Parameters
    ----------
    pooled : Pooled
        From :func:`~calvaria.study.pool_effects`.
    title, label : str
        Above the picture, and below the axis.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import TrialEffect, pool_effects
    >>> trials = [
    ...     TrialEffect(label=name, value=value, se=0.3, participants=name)
    ...     for name, value in (("A", 0.9), ("B", 0.5), ("C", 0.4))
    ... ]
    >>> figure = plot_funnel(pool_effects(trials, estimator="REML", interval="normal"))
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('Hedges g', 'standard error')
    """
    figure, axes = make_axes(6.0, 4.2, title=title)
    z = float(neighbour("scipy.stats").norm.ppf((1 + pooled.level) / 2))
    top = 1.15 * max(effect.se for effect in pooled.effects)
    axes.fill(
        [pooled.value, pooled.value - z * top, pooled.value + z * top], [0, top, top],
        color="#EEEEEE", lw=0,
    )  # fmt: skip
    axes.axvline(pooled.value, color=COLOURS[1], lw=1.2)
    for effect in pooled.effects:
        axes.plot([effect.value], [effect.se], "o", color=COLOURS[0], ms=7)
        axes.annotate(
            effect.label, (effect.value, effect.se), xytext=(6, 3), textcoords="offset points",
            fontsize=8,
        )  # fmt: skip
    axes.set_ylim(top, 0)
    axes.set_xlabel(label, fontsize=9)
    axes.set_ylabel("standard error", fontsize=9)
    return figure


def _beside(axes: Any, row: float, value: float, low: float, high: float, weight: str) -> None:
    text = f"{value:5.2f} ({low:5.2f} to {high:5.2f})  {weight:>5}"
    axes.annotate(
        text, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=8,
        family="monospace",
    )  # fmt: skip
