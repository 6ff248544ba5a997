"""Two masks, or two meshes, of the same thing held against each other."""

from calvaria.comparison.distances import SurfaceDistances
from calvaria.comparison.masks import MaskComparison, compare_masks

__all__ = [
    "MaskComparison",
    "SurfaceDistances",
    "compare_masks",
]
