"""Pictures a paper would print, of results of the study kit.

They stand here and not in :mod:`calvaria.plot`, because they know of no voxel.  Each returns a
Matplotlib figure and shows nothing by itself.
"""

from calvaria.study.plots.agreement import plot_agreement
from calvaria.study.plots.flow import plot_flow
from calvaria.study.plots.intervals import plot_differences, plot_margins
from calvaria.study.plots.planning import plot_power
from calvaria.study.plots.pooling import plot_forest, plot_funnel
from calvaria.study.plots.practice import plot_costs, plot_learning, plot_revisions
from calvaria.study.plots.scores import plot_likert, plot_pre_post, plot_scores

__all__ = [
    "plot_agreement",
    "plot_costs",
    "plot_differences",
    "plot_flow",
    "plot_forest",
    "plot_funnel",
    "plot_learning",
    "plot_likert",
    "plot_margins",
    "plot_power",
    "plot_pre_post",
    "plot_revisions",
    "plot_scores",
]


def __dir__() -> list[str]:
    return sorted(__all__)
