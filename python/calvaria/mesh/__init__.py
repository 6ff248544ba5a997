"""Triangle meshes in LPS millimetres."""

from calvaria.mesh.smoothing import SmoothingResult, smooth_mesh
from calvaria.mesh.triangles import FaceKind, Mesh

__all__ = ["FaceKind", "Mesh", "SmoothingResult", "smooth_mesh"]
