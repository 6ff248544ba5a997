"""Pictures: an image, a mesh on it, and how far they are apart.  Matplotlib, no display."""

from calvaria.plot.charts import plot_offset_histogram, plot_slice_profile
from calvaria.plot.planes import show_planes
from calvaria.plot.slices import show_contours
from calvaria.plot.solid import show_surface
from calvaria.plot.worst import show_worst_places, show_worst_slices

__all__ = [
    "plot_offset_histogram",
    "plot_slice_profile",
    "show_contours",
    "show_planes",
    "show_surface",
    "show_worst_places",
    "show_worst_slices",
]


def __dir__() -> list[str]:
    return sorted(__all__)
