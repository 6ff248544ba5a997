"""Triangle meshes in LPS millimetres."""

from calvaria.mesh.check import check_mesh, find_self_intersections
from calvaria.mesh.decimation import DecimationResult, decimate_mesh
from calvaria.mesh.files import MeshFileInfo, read_mesh, read_mesh_info, write_mesh
from calvaria.mesh.repair import RepairAction, RepairResult, repair_mesh
from calvaria.mesh.smoothing import SmoothingResult, smooth_mesh
from calvaria.mesh.topology import BoundaryLoop, MeshTopology, mesh_topology
from calvaria.mesh.triangles import FaceKind, Mesh

__all__ = [
    "BoundaryLoop",
    "DecimationResult",
    "FaceKind",
    "Mesh",
    "MeshFileInfo",
    "MeshTopology",
    "RepairAction",
    "RepairResult",
    "SmoothingResult",
    "check_mesh",
    "decimate_mesh",
    "find_self_intersections",
    "mesh_topology",
    "read_mesh",
    "read_mesh_info",
    "repair_mesh",
    "smooth_mesh",
    "write_mesh",
]
