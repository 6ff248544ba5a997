"""Triangle meshes in LPS millimetres."""

from calvaria.mesh.check import check_mesh, find_self_intersections
from calvaria.mesh.files import MeshFileInfo, read_mesh, read_mesh_info, write_mesh
from calvaria.mesh.topology import BoundaryLoop, MeshTopology, mesh_topology
from calvaria.mesh.triangles import FaceKind, Mesh

__all__ = [
    "BoundaryLoop",
    "FaceKind",
    "Mesh",
    "MeshFileInfo",
    "MeshTopology",
    "check_mesh",
    "find_self_intersections",
    "mesh_topology",
    "read_mesh",
    "read_mesh_info",
    "write_mesh",
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
