"""Scores of arms: every student, the mean, and its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._optional import neighbour
from calvaria.study.plots.canvas import colour_of, make_axes
from calvaria.study.sample import as_labels, as_rows, as_sample

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from calvaria.study.ratings import LikertSummary

__all__ = ["plot_likert", "plot_pre_post", "plot_scores"]


def plot_scores(
    arms: Mapping[str, ArrayLike], *, level: float = 0.95, title: str = "", label: str = "score"
) -> Any:
    r"""Draw every value of each arm with mean and interval; missing values are counted below.

    Parameters
    ----------
    arms : mapping of str to (n,) array_like of float
        Name and raw values of each arm.
    level : float
        Of the t interval of the mean.
    title, label : str
        Above the picture, and beside the axis.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = plot_scores({"print": [60, 64, 71], "cadaver": [58, None, 66]})
    >>> [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    ['print\nn 3', 'cadaver\nn 2, 1 missing']
    """
    figure, axes = make_axes(1.6 + 1.6 * len(arms), 4.2, title=title)
    names, colours = [], colour_of(arms)
    for place, (name, values) in enumerate(arms.items()):
        sample, gone = as_sample(values, name=name, missing="drop")
        # A fixed spread from side to side, so that the same data give the same picture.
        side = 0.16 * np.sin(np.arange(len(sample)) * 2.399963)
        axes.plot(place + side, sample, "o", color=colours[name], ms=5, alpha=0.45, mew=0)
        half = float(neighbour("scipy.stats").t.ppf((1 + level) / 2, len(sample) - 1))
        half *= sample.std(ddof=1) / np.sqrt(len(sample))
        axes.errorbar(
            [place + 0.32], [sample.mean()], yerr=[half], fmt="s", color=colours[name], ms=7,
            capsize=5, lw=1.8,
        )  # fmt: skip
        names.append(f"{name}\nn {len(sample)}" + (f", {gone} missing" if gone else ""))
    axes.set_xticks(range(len(names)), labels=names, fontsize=9)
    axes.set_xlim(-0.5, len(names) - 0.3)
    axes.set_ylabel(label, fontsize=9)
    axes.set_xlabel(f"square: mean with {100 * level:g} % interval", fontsize=9)
    return figure


def plot_pre_post(
    post: ArrayLike,
    *,
    pre: ArrayLike,
    arm: Sequence[Any] | NDArray[Any],
    title: str = "",
    label: str = "score",
) -> Any:
    """Draw post-test against pre-test with a straight line for each arm.

    Parameters
    ----------
    post, pre : (n,) array_like of float
        Scores; rows that lack one are left out and counted in the picture.
    arm : (n,) sequence
        Arm of each row.
    title, label : str
        Above the picture, and on both axes.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> figure = plot_pre_post(
    ...     [62, 70, None, 58, 55, 66], pre=[40, 50, 45, 41, 39, 52], arm=["print"] * 3 + ["bone"] * 3
    ... )
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['print, n 2', 'bone, n 3']
    """
    rows, gone = as_rows({"post": post, "pre": pre}, missing="drop", arm=arm)
    figure, axes = make_axes(6.2, 4.6, title=title)
    for name, colour in colour_of(as_labels(rows["arm"], name="arm").tolist()).items():
        own = rows["arm"] == name
        x, y = rows["pre"][own], rows["post"][own]
        axes.plot(x, y, "o", color=colour, ms=5, alpha=0.6, mew=0, label=f"{name}, n {len(x)}")
        if np.ptp(x) > 0:
            slope, start = np.polyfit(x, y, 1)
            ends = np.array([x.min(), x.max()])
            axes.plot(ends, start + slope * ends, color=colour, lw=1.8)
    axes.legend(fontsize=9, frameon=False)
    lost = f"; {gone} left out as missing" if gone else ""
    axes.set_xlabel(f"{label} before{lost}", fontsize=9)
    axes.set_ylabel(f"{label} after", fontsize=9)
    return figure


def plot_likert(items: Sequence[LikertSummary], *, title: str = "") -> Any:
    """Draw the answers to several items on one scale as bars of shares.

    Parameters
    ----------
    items : sequence of LikertSummary
        From :func:`~calvaria.study.summarise_likert`, all on one scale.
    title : str
        Above the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import summarise_likert
    >>> item = summarise_likert(
    ...     [4, 5, 3, 4, 5, 2], lowest=1, highest=5, agree_from=4, item="The print feels like bone."
    ... )
    >>> figure = plot_likert([item])
    >>> figure.axes[0].get_xlabel()
    'share of answers, %; from 1 (left) to 5'
    """
    scales = {tuple(item.counts) for item in items}
    if len(scales) != 1:
        msg = f"items: one scale expected, found {sorted(scales)}"
        raise ValueError(msg)
    steps = scales.pop()
    figure, axes = make_axes(8.0, 1.5 + 0.45 * len(items), title=title)
    shades = neighbour("matplotlib").colormaps["RdYlBu"](np.linspace(0.12, 0.88, len(steps)))
    for row, item in enumerate(items[::-1]):
        left = 0.0
        for step, shade in zip(steps, shades, strict=True):
            share = 100 * item.counts[step] / item.n
            axes.barh(row, share, left=left, color=shade, edgecolor="white", height=0.7)
            if share >= 6:
                axes.text(
                    left + share / 2, row, f"{share:.0f}", ha="center", va="center", fontsize=8
                )
            left += share
    axes.set_yticks(
        range(len(items)), labels=[f"{i.item} (n {i.n})" for i in items[::-1]], fontsize=9
    )
    axes.set_xlim(0, 100)
    axes.set_xlabel(f"share of answers, %; from {steps[0]} (left) to {steps[-1]}", fontsize=9)
    return figure
