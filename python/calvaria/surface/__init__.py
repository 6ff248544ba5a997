"""From voxels to triangles: where exactly the surface of a structure lies."""

from calvaria.surface.isosurface import extract_surface
from calvaria.surface.label_surfaces import (
    LabelSurface,
    extract_label_surfaces,
    extract_mask_surface,
)

__all__ = ["LabelSurface", "extract_label_surfaces", "extract_mask_surface", "extract_surface"]


def __dir__() -> list[str]:
    return sorted(__all__)
