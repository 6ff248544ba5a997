"""Does the mesh match the image?  Edges in the image against a surface, with numbers and causes."""

from calvaria.overlay.bias import ThresholdBias, measure_threshold_bias
from calvaria.overlay.edges import compare_to_image
from calvaria.overlay.lost import LostSurface, find_lost_surface
from calvaria.overlay.metrics import EdgeStatus, OffsetSummary, OverlayMetrics, SliceOffset
from calvaria.overlay.places import Place

__all__ = [
    "EdgeStatus",
    "LostSurface",
    "OffsetSummary",
    "OverlayMetrics",
    "Place",
    "SliceOffset",
    "ThresholdBias",
    "compare_to_image",
    "find_lost_surface",
    "measure_threshold_bias",
]
