"""Triangle meshes in LPS millimetres."""

from calvaria.mesh.triangles import FaceKind, Mesh

__all__ = ["FaceKind", "Mesh"]
