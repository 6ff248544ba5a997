"""Two masks, or two meshes, of the same thing held against each other."""

from calvaria.comparison.budget import ErrorBudget, ErrorPart, StageError, error_budget
from calvaria.comparison.deviation import (
    DeviationMap,
    DeviationStatus,
    WorstPlace,
    measure_deviation,
)
from calvaria.comparison.distances import SurfaceDistances
from calvaria.comparison.masks import MaskComparison, compare_masks
from calvaria.comparison.meshes import MeshComparison, compare_meshes

__all__ = [
    "DeviationMap",
    "DeviationStatus",
    "ErrorBudget",
    "ErrorPart",
    "MaskComparison",
    "MeshComparison",
    "StageError",
    "SurfaceDistances",
    "WorstPlace",
    "compare_masks",
    "compare_meshes",
    "error_budget",
    "measure_deviation",
]


def __dir__() -> list[str]:
    return sorted(__all__)
