"""Triangle meshes in LPS millimetres."""

from calvaria.mesh.decimation import DecimationResult, decimate_mesh
from calvaria.mesh.smoothing import SmoothingResult, smooth_mesh
from calvaria.mesh.triangles import FaceKind, Mesh

__all__ = [
    "DecimationResult",
    "FaceKind",
    "Mesh",
    "SmoothingResult",
    "decimate_mesh",
    "smooth_mesh",
]
