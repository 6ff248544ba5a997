"""Practice, revisions and money over a year of teaching."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.study.costs import compare_costs
from calvaria.study.plots.canvas import COLOURS, GREY, make_axes
from calvaria.study.record import number
from calvaria.study.sample import as_labels, as_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from calvaria.study.costs import PrintCosts, SpecimenCosts
    from calvaria.study.learning import LearningCurve
    from calvaria.study.revisions import RevisionComparison

__all__ = ["plot_costs", "plot_learning", "plot_revisions"]


def plot_learning(
    curve: LearningCurve,
    *,
    value: ArrayLike,
    attempt: ArrayLike,
    participant: Sequence[Any] | NDArray[Any],
    title: str = "",
    label: str = "time (min)",
) -> Any:
    """Draw the attempts of every participant and the fitted curve.

    Parameters
    ----------
    curve : LearningCurve
        Fitted to these values.
    value, attempt, participant : (n,)
        As given to :func:`~calvaria.study.fit_learning_curve`.
    title, label : str
        Above the picture, and beside the axis.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import fit_learning_curve
    >>> attempts = {
    ...     "value": [20, 16, 13, 25, 19, 17, 22, 17, 15],
    ...     "attempt": [1, 2, 4] * 3,
    ...     "participant": list("aaabbbccc"),
    ... }
    >>> curve = fit_learning_curve(
    ...     attempts["value"], attempt=attempts["attempt"], participant=attempts["participant"]
    ... )
    >>> figure = plot_learning(curve, **attempts)
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('attempt; 81.9 % (78.5 to 85.4) of the value is left with each doubling', 'time (min)')
    """
    rows, _ = as_rows({"value": value, "attempt": attempt}, missing="drop", who=participant)
    figure, axes = make_axes(7.0, 4.2, title=title)
    for name in dict.fromkeys(as_labels(rows["who"], name="participant").tolist()):
        own = rows["who"] == name
        order = np.argsort(rows["attempt"][own])
        axes.plot(
            rows["attempt"][own][order], rows["value"][own][order], color=GREY, lw=0.7, alpha=0.5
        )
    steps = np.linspace(1, curve.n_attempts, 200)
    axes.plot(steps, curve.at(steps), color=COLOURS[1], lw=2.5, label="typical participant")
    axes.set_xlabel(
        f"attempt; {number(curve.kept_per_doubling_percent)} % "
        f"({number(curve.kept_low_percent)} to {number(curve.kept_high_percent)}) "
        "of the value is left with each doubling",
        fontsize=9,
    )
    axes.set_ylabel(label, fontsize=9)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=9, frameon=False)
    return figure


def plot_revisions(
    comparison: RevisionComparison, *, title: str = "", label: str = "rating"
) -> Any:
    r"""Draw the ratings of each rater over the revisions of a model.

    Parameters
    ----------
    comparison : RevisionComparison
        From :func:`~calvaria.study.compare_revisions`.
    title, label : str
        Above the picture, and beside the axis.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import Revision, compare_revisions
    >>> soft = Revision(
    ...     name="A", material="soft resin", wall_mm=0.8, ratings={"r1": 2, "r2": 3, "r3": 2, "r4": 1}
    ... )
    >>> hard = Revision(
    ...     name="B", material="hard resin", wall_mm=1.2, ratings={"r1": 4, "r2": 4, "r3": 5, "r4": 4}
    ... )
    >>> figure = plot_revisions(compare_revisions([soft, hard]))
    >>> [label.get_text() for label in figure.axes[0].get_xticklabels()]
    ['A\nsoft resin\nwall 0.8 mm', 'B\nhard resin\nwall 1.2 mm']
    """
    revisions = comparison.revisions
    figure, axes = make_axes(2.2 + 1.9 * len(revisions), 4.4, title=title)
    places = np.arange(len(revisions))
    for i, rater in enumerate(comparison.raters):
        # Raters who agree would hide each other: each is moved by a hair.
        hair = 0.05 * np.sin(2.399963 * i)
        ratings = np.array([revision.ratings[rater] for revision in revisions])
        axes.plot(places, ratings + hair, "o-", color=GREY, lw=0.8, ms=4, alpha=0.5)
    means = [np.mean([r.ratings[who] for who in comparison.raters]) for r in revisions]
    axes.plot(places, means, "s-", color=COLOURS[1], lw=2.2, ms=8, label="mean")
    names = [f"{r.name}\n{r.material}\nwall {number(r.wall_mm)} mm" for r in revisions]
    axes.set_xticks(places, labels=names, fontsize=9)
    axes.set_xlim(-0.4, len(revisions) - 0.6)
    axes.set_ylabel(label, fontsize=9)
    axes.legend(fontsize=9, frameon=False, loc="upper left")
    return figure


def plot_costs(
    prints: PrintCosts,
    specimens: SpecimenCosts,
    *,
    most_uses: int,
    currency: str,
    title: str = "",
) -> Any:
    """Draw the cost of a year against the number of uses.

    Parameters
    ----------
    prints, specimens : PrintCosts, SpecimenCosts
        Prices of one's own.
    most_uses : int
        End of the axis.
    currency : str
        On the axis.
    title : str
        Above the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import PrintCosts, SpecimenCosts
    >>> prints = PrintCosts(
    ...     setup=1000, material_each=12, machine_each=8, labour_each=10, failed_fraction=0.25,
    ...     uses_each=1,
    ... )
    >>> specimens = SpecimenCosts(
    ...     each=900, storage_per_year=100, disposal_each=200, fixed_per_year=2000, uses_each=10,
    ...     available_per_year=4,
    ... )
    >>> figure = plot_costs(prints, specimens, most_uses=50, currency="EUR")
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('uses in a year (one group, one session, one model)', 'cost of the year (EUR)')
    """
    figure, axes = make_axes(7.0, 4.2, title=title)
    uses = np.unique(np.linspace(1, most_uses, 200).astype(int))
    costs = [
        compare_costs(
            prints, specimens, n_students=int(n), group_size=1, n_sessions=1, currency=currency
        )
        for n in uses
    ]
    axes.step(uses, [c.print_total for c in costs], color=COLOURS[0], lw=1.8, label="prints")
    axes.step(uses, [c.specimen_total for c in costs], color=COLOURS[1], lw=1.8, label="specimens")
    short = [int(n) for n, c in zip(uses, costs, strict=True) if c.n_specimens_short]
    if short:
        axes.axvspan(
            short[0], most_uses, color="#EEEEEE", lw=0, label="more specimens than there are"
        )
    axes.set_xlim(0, most_uses)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("uses in a year (one group, one session, one model)", fontsize=9)
    axes.set_ylabel(f"cost of the year ({currency})", fontsize=9)
    axes.legend(fontsize=9, frameon=False, loc="upper left")
    return figure
