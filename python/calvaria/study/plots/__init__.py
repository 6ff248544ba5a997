"""Pictures a paper would print, of results of the study kit.

They stand here and not in :mod:`calvaria.plot`, because they know of no voxel.  Each returns a
Matplotlib figure and shows nothing by itself.
"""

from calvaria.study.plots.agreement import show_agreement
from calvaria.study.plots.flow import show_flow
from calvaria.study.plots.intervals import show_differences, show_margins
from calvaria.study.plots.planning import show_power
from calvaria.study.plots.pooling import show_forest, show_funnel
from calvaria.study.plots.practice import show_costs, show_learning, show_revisions
from calvaria.study.plots.scores import show_likert, show_pre_post, show_scores

__all__ = [
    "show_agreement",
    "show_costs",
    "show_differences",
    "show_flow",
    "show_forest",
    "show_funnel",
    "show_learning",
    "show_likert",
    "show_margins",
    "show_power",
    "show_pre_post",
    "show_revisions",
    "show_scores",
]


def __dir__() -> list[str]:
    return sorted(__all__)
