"""The education study kit: whether printed models teach as well as cadavers.

Design, analysis, pooling and checking of teaching trials, and the measuring of printed against
original bones.  Statistics need ``pip install 'calvaria[study]'``.

"Not significant" is never called "comparable" here: that two teachings are alike is a claim of
its own, held against a margin that was named before the data.
"""

import importlib
from typing import TYPE_CHECKING, Any

from calvaria.study.adjusted import (
    AdjustedComparison,
    compare_adjusted,
)
from calvaria.study.agreement import (
    Agreement,
    compare_methods,
)
from calvaria.study.attempts import (
    AttemptTally,
    CountComparison,
    compare_counts,
    tally_attempts,
)
from calvaria.study.catalogue import (
    Catalogue,
    CatalogueEntry,
    hash_file,
    load_catalogue,
)
from calvaria.study.checklists import (
    Checklist,
    ChecklistItem,
    load_checklist,
)
from calvaria.study.costs import (
    CostComparison,
    PrintCosts,
    SpecimenCosts,
    compare_costs,
)
from calvaria.study.crossover import (
    CrossoverComparison,
    analyse_crossover,
)
from calvaria.study.dictionary import (
    Column,
    DataDictionary,
    load_dictionary,
)
from calvaria.study.difference import (
    Difference,
)
from calvaria.study.dominance import (
    cliffs_delta,
)
from calvaria.study.effects import (
    EffectSize,
    hedges_correction,
    hedges_g,
    hedges_g_from_d,
    hedges_g_from_p,
    hedges_g_paired,
)
from calvaria.study.equivalence import (
    Equivalence,
    NonInferiority,
    check_equivalence,
    check_noninferiority,
)
from calvaria.study.flow import (
    ArmFlow,
    ParticipantFlow,
)
from calvaria.study.grouped import (
    ClusterComparison,
    RepeatedComparison,
    analyse_clusters,
    analyse_repeated,
)
from calvaria.study.icc import (
    ICC_FORMS,
    IntraclassCorrelation,
    measure_icc,
)
from calvaria.study.learning import (
    LearningCurve,
    Retention,
    compare_retention,
    fit_learning_curve,
)
from calvaria.study.means import (
    GroupComparison,
    compare_means,
    compare_paired,
    compare_several_means,
)
from calvaria.study.measurement_error import (
    TechnicalError,
    measure_technical_error,
)
from calvaria.study.morphometry import (
    DimensionCheck,
    check_dimensions,
    measure_distances,
)
from calvaria.study.multiplicity import (
    AdjustedPValues,
    adjust_p_values,
)
from calvaria.study.planning import (
    TrialPlan,
    plan_trial,
)
from calvaria.study.pooling import (
    Pooled,
    TrialEffect,
    leave_one_out,
    pool_effects,
)
from calvaria.study.published import (
    check_correlation,
    check_effect_size,
    check_paired_means,
    check_two_means,
)
from calvaria.study.published_interval import check_interval, p_from_interval
from calvaria.study.published_mean import check_mean_of_integers
from calvaria.study.randomise import (
    Allocation,
    minimise,
    randomise,
)
from calvaria.study.ranks import (
    RankComparison,
    compare_paired_ranks,
    compare_ranks,
    compare_several_ranks,
)
from calvaria.study.ratings import (
    CronbachAlpha,
    LikertSummary,
    OsatsScores,
    measure_alpha,
    score_osats,
    summarise_likert,
)
from calvaria.study.ratios import (
    RatioComparison,
    odds_ratio,
    rate_ratio,
    risk_difference,
    risk_ratio,
)
from calvaria.study.revisions import (
    Revision,
    RevisionComparison,
    compare_revisions,
)
from calvaria.study.simulate import (
    simulate_attempts,
    simulate_clusters,
    simulate_crossover,
    simulate_parallel,
    simulate_specimens,
)
from calvaria.study.summaries import (
    PairedSummary,
    Summary,
    pooled_sd_from_p,
)
from calvaria.study.table import (
    StudyTable,
    TableFault,
    check_table,
    load_table,
)
from calvaria.study.trials import (
    Claim,
    Figure,
    Trial,
    check_trial,
    load_trial,
    load_trials,
)

if TYPE_CHECKING:
    from calvaria.study import plots

__all__ = [
    "ICC_FORMS",
    "AdjustedComparison",
    "AdjustedPValues",
    "Agreement",
    "Allocation",
    "ArmFlow",
    "AttemptTally",
    "Catalogue",
    "CatalogueEntry",
    "Checklist",
    "ChecklistItem",
    "Claim",
    "ClusterComparison",
    "Column",
    "CostComparison",
    "CountComparison",
    "CronbachAlpha",
    "CrossoverComparison",
    "DataDictionary",
    "Difference",
    "DimensionCheck",
    "EffectSize",
    "Equivalence",
    "Figure",
    "GroupComparison",
    "IntraclassCorrelation",
    "LearningCurve",
    "LikertSummary",
    "NonInferiority",
    "OsatsScores",
    "PairedSummary",
    "ParticipantFlow",
    "Pooled",
    "PrintCosts",
    "RankComparison",
    "RatioComparison",
    "RepeatedComparison",
    "Retention",
    "Revision",
    "RevisionComparison",
    "SpecimenCosts",
    "StudyTable",
    "Summary",
    "TableFault",
    "TechnicalError",
    "Trial",
    "TrialEffect",
    "TrialPlan",
    "adjust_p_values",
    "analyse_clusters",
    "analyse_crossover",
    "analyse_repeated",
    "check_correlation",
    "check_dimensions",
    "check_effect_size",
    "check_equivalence",
    "check_interval",
    "check_mean_of_integers",
    "check_noninferiority",
    "check_paired_means",
    "check_table",
    "check_trial",
    "check_two_means",
    "cliffs_delta",
    "compare_adjusted",
    "compare_costs",
    "compare_counts",
    "compare_means",
    "compare_methods",
    "compare_paired",
    "compare_paired_ranks",
    "compare_ranks",
    "compare_retention",
    "compare_revisions",
    "compare_several_means",
    "compare_several_ranks",
    "fit_learning_curve",
    "hash_file",
    "hedges_correction",
    "hedges_g",
    "hedges_g_from_d",
    "hedges_g_from_p",
    "hedges_g_paired",
    "leave_one_out",
    "load_catalogue",
    "load_checklist",
    "load_dictionary",
    "load_table",
    "load_trial",
    "load_trials",
    "measure_alpha",
    "measure_distances",
    "measure_icc",
    "measure_technical_error",
    "minimise",
    "odds_ratio",
    "p_from_interval",
    "plan_trial",
    "plots",
    "pool_effects",
    "pooled_sd_from_p",
    "randomise",
    "rate_ratio",
    "risk_difference",
    "risk_ratio",
    "score_osats",
    "simulate_attempts",
    "simulate_clusters",
    "simulate_crossover",
    "simulate_parallel",
    "simulate_specimens",
    "summarise_likert",
    "tally_attempts",
]


def __getattr__(name: str) -> Any:
    if name == "plots":  # opened when it is called for: statistics do not wait for pictures
        return importlib.import_module("calvaria.study.plots")
    msg = f"module 'calvaria.study' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
