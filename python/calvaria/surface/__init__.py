"""From voxels to triangles: where exactly the surface of a structure lies."""

from calvaria.surface.isosurface import extract_surface

__all__ = ["extract_surface"]
