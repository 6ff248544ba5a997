"""Does the mesh match the image?  Edges in the image against a surface, with numbers and causes."""

from calvaria.overlay.edges import compare_to_image
from calvaria.overlay.metrics import EdgeStatus, OffsetSummary, OverlayMetrics, SliceOffset
from calvaria.overlay.places import Place

__all__ = [
    "EdgeStatus",
    "OffsetSummary",
    "OverlayMetrics",
    "Place",
    "SliceOffset",
    "compare_to_image",
]
