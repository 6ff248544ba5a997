"""Does the mesh match the image?  Edges in the image against a surface, with numbers and causes."""

from calvaria.overlay.bias import ThresholdBias, measure_threshold_bias
from calvaria.overlay.causes import HoleCause
from calvaria.overlay.check import check_overlay
from calvaria.overlay.edges import compare_to_image
from calvaria.overlay.frames import FrameMatch, identify_frame
from calvaria.overlay.holes import BoneHole, find_holes
from calvaria.overlay.losses import LostCause, LostPlace
from calvaria.overlay.lost import LostSurface, find_lost_surface
from calvaria.overlay.metrics import EdgeStatus, OffsetSummary, OverlayMetrics, SliceOffset
from calvaria.overlay.places import Place
from calvaria.overlay.pose import Pose, fit_pose
from calvaria.overlay.stairs import Stairs, measure_stairs
from calvaria.overlay.whole import Overlay, measure_overlay

__all__ = [
    "BoneHole",
    "EdgeStatus",
    "FrameMatch",
    "HoleCause",
    "LostCause",
    "LostPlace",
    "LostSurface",
    "OffsetSummary",
    "Overlay",
    "OverlayMetrics",
    "Place",
    "Pose",
    "SliceOffset",
    "Stairs",
    "ThresholdBias",
    "check_overlay",
    "compare_to_image",
    "find_holes",
    "find_lost_surface",
    "fit_pose",
    "identify_frame",
    "measure_overlay",
    "measure_stairs",
    "measure_threshold_bias",
]


def __dir__() -> list[str]:
    return sorted(__all__)
