"""Power against the number of students."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.study.planning import plan_trial
from calvaria.study.plots.canvas import COLOURS, GREY, make_axes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calvaria.study.planning import TrialPlan

__all__ = ["plot_power"]


def plot_power(plans: Mapping[str, TrialPlan], *, title: str = "") -> Any:
    """Draw how power grows with the number of participants, for one or more plans.

    Parameters
    ----------
    plans : mapping of str to TrialPlan
        A curve for each, through the plan itself.
    title : str
        Above the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import plan_trial
    >>> plan = plan_trial(
    ...     "superiority", design="parallel", sd=1, difference=0.8, alpha=0.05, power=0.8
    ... )
    >>> figure = plot_power({"g 0.8": plan})
    >>> figure.axes[0].get_xlabel()
    'participants analysed, both arms'
    """
    figure, axes = make_axes(7.0, 4.2, title=title)
    for i, (name, plan) in enumerate(plans.items()):
        counts, power = _curve(plan)
        colour = COLOURS[i % len(COLOURS)]
        axes.plot(counts, 100 * power, color=colour, lw=1.8, label=name)
        axes.plot([sum(plan.n)], [100 * plan.power], "o", color=colour, ms=7)
        axes.annotate(
            str(sum(plan.n)), (sum(plan.n), 100 * plan.power), xytext=(6, -12),
            textcoords="offset points", fontsize=9, color=colour,
        )  # fmt: skip
        if plan.target_power is not None:
            axes.axhline(100 * plan.target_power, color=GREY, lw=0.8, ls=":")
    axes.set_ylim(0, 101)
    axes.set_xlim(left=0)
    axes.set_xlabel("participants analysed, both arms", fontsize=9)
    axes.set_ylabel("power, %", fontsize=9)
    axes.legend(fontsize=9, frameon=False, loc="lower right")
    return figure


def _curve(plan: TrialPlan) -> tuple[Any, Any]:
    first = plan.n_clusters[0] if plan.n_clusters else plan.n[0]
    second = plan.n_clusters[1] if plan.n_clusters else plan.n[1]
    steps = np.unique(np.linspace(3, max(12, 1.8 * first), 40).astype(int))
    plans = [
        plan_trial(
            plan.goal,  # type: ignore[arg-type]
            design=plan.design,  # type: ignore[arg-type]
            sd=plan.sd,
            difference=plan.difference,
            alpha=plan.alpha,
            n_per_arm=int(n),
            margin=plan.margin,
            ratio=second / first,
            correlation=plan.correlation,
            cluster_size=plan.cluster_size,
            icc=plan.icc,
        )
        for n in steps
    ]
    return np.array([sum(p.n) for p in plans]), np.array([p.power for p in plans])
