"""Triangle meshes in LPS millimetres."""

from calvaria.mesh.alignment import Alignment, align_icp, align_landmarks
from calvaria.mesh.booleans import combine_meshes
from calvaria.mesh.check import check_mesh, find_self_intersections
from calvaria.mesh.cutting import (
    Contour,
    CutResult,
    Section,
    cut_mesh,
    section_mesh,
    section_mesh_at,
)
from calvaria.mesh.decimation import DecimationResult, decimate_mesh
from calvaria.mesh.files import MeshFileInfo, read_mesh, read_mesh_info, write_mesh
from calvaria.mesh.holes import FillingResult, Hole, fill_holes
from calvaria.mesh.measures import (
    ClosestPoints,
    Curvature,
    MeshMeasures,
    closest_points,
    measure_curvature,
    measure_mesh,
    signed_distance_mm,
)
from calvaria.mesh.placing import (
    PartsResult,
    flip_mesh,
    keep_largest_part,
    mirror_mesh,
    remove_small_parts,
    split_mesh,
    transform_mesh,
)
from calvaria.mesh.remeshing import RemeshingResult, remesh_mesh
from calvaria.mesh.repair import RepairAction, RepairResult, repair_mesh
from calvaria.mesh.smoothing import SmoothingResult, smooth_mesh
from calvaria.mesh.topology import BoundaryLoop, MeshTopology, measure_topology
from calvaria.mesh.triangles import FaceKind, Mesh

__all__ = [
    "Alignment",
    "BoundaryLoop",
    "ClosestPoints",
    "Contour",
    "Curvature",
    "CutResult",
    "DecimationResult",
    "FaceKind",
    "FillingResult",
    "Hole",
    "Mesh",
    "MeshFileInfo",
    "MeshMeasures",
    "MeshTopology",
    "PartsResult",
    "RemeshingResult",
    "RepairAction",
    "RepairResult",
    "Section",
    "SmoothingResult",
    "align_icp",
    "align_landmarks",
    "check_mesh",
    "closest_points",
    "combine_meshes",
    "cut_mesh",
    "decimate_mesh",
    "fill_holes",
    "find_self_intersections",
    "flip_mesh",
    "keep_largest_part",
    "measure_curvature",
    "measure_mesh",
    "measure_topology",
    "mirror_mesh",
    "read_mesh",
    "read_mesh_info",
    "remesh_mesh",
    "remove_small_parts",
    "repair_mesh",
    "section_mesh",
    "section_mesh_at",
    "signed_distance_mm",
    "smooth_mesh",
    "split_mesh",
    "transform_mesh",
    "write_mesh",
]


def __dir__() -> list[str]:
    return sorted(__all__)
