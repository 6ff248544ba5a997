"""Pictures: an image, a mesh on it, and how far they are apart.  Matplotlib, no display."""

from calvaria.plot.charts import plot_offset_histogram, plot_slice_profile
from calvaria.plot.planes import plot_planes
from calvaria.plot.slices import plot_contours
from calvaria.plot.solid import plot_surface
from calvaria.plot.worst import plot_worst_places, plot_worst_slices

__all__ = [
    "plot_contours",
    "plot_offset_histogram",
    "plot_planes",
    "plot_slice_profile",
    "plot_surface",
    "plot_worst_places",
    "plot_worst_slices",
]


def __dir__() -> list[str]:
    return sorted(__all__)
