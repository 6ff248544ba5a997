"""calvaria: from a patient's CT to a printable model that has been measured against the image.

World frame: LPS, millimetres.  Voxel arrays: ``[k, j, i]``, shape (nz, ny, nx).

calvaria is research and education software, not a medical device.
"""

import ast
import importlib
from pathlib import Path
from typing import Any


def _rooms_and_names() -> tuple[set[str], dict[str, str]]:
    """Return the rooms, and the room of each name, as the stub beside this file lists them."""
    rooms: set[str] = set()
    room_of: dict[str, str] = {}
    for line in ast.parse(Path(__file__).with_suffix(".pyi").read_text("utf-8")).body:
        if isinstance(line, ast.ImportFrom) and line.module == "calvaria":
            rooms.update(entry.name for entry in line.names)
        elif isinstance(line, ast.ImportFrom):
            room_of.update((entry.name, str(line.module)) for entry in line.names)
    return rooms, room_of
from calvaria import (
    checks,
    convert,
    errors,
    material,
    mesh,
    phantom,
    plot,
    printability,
    report,
    segment,
    surface,
    view,
)
from calvaria.bar import BarReading, check_bars, make_bar, measure_bar
from calvaria.checks import ImagingPlan, check_series, check_volume, plan_imaging
from calvaria.comparison import (
    DeviationMap,
    MaskComparison,
    MeshComparison,
    compare_masks,
    compare_meshes,
    error_budget,
    measure_deviation,
)
from calvaria.dicom import Series, SeriesList, find_series, load_series
from calvaria.errors import CalvariaError, CalvariaWarning
from calvaria.findings import CheckReport, Finding, Override, Verdict
from calvaria.geometry import Grid
from calvaria.images import load_image, load_mask, write_mask
from calvaria.invesalius import load_invesalius
from calvaria.material import choose_material
from calvaria.mesh import (
    BoundaryLoop,
    FaceKind,
    Mesh,
    MeshFileInfo,
    MeshTopology,
    RepairAction,
    RepairResult,
    check_mesh,
    decimate_mesh,
    find_self_intersections,
    mesh_topology,
    read_mesh,
    read_mesh_info,
    remesh_mesh,
    repair_mesh,
    smooth_mesh,
    write_mesh,
)
from calvaria.overlay import OverlayMetrics, compare_to_image
from calvaria.pipeline import ModelResult, build_model
from calvaria.printability import check_printability
from calvaria.resample import resample_slices, resample_to_grid, resample_to_orthogonal
from calvaria.rules import Rules, load_rules
from calvaria.surface import extract_surface
from calvaria.total_segmentator import load_total_segmentator
from calvaria.volume import Acquisition, Mask, Volume

__all__ = [
    "Acquisition",
    "BarReading",
    "BoundaryLoop",
    "CalvariaError",
    "CalvariaWarning",
    "CheckReport",
    "DeviationMap",
    "FaceKind",
    "Finding",
    "Grid",
    "ImagingPlan",
    "Mask",
    "MaskComparison",
    "Mesh",
    "MeshComparison",
    "MeshFileInfo",
    "MeshTopology",
    "ModelResult",
    "OverlayMetrics",
    "Override",
    "RepairAction",
    "RepairResult",
    "Rules",
    "Series",
    "SeriesList",
    "Verdict",
    "Volume",
    "build_model",
    "check_bars",
    "check_mesh",
    "check_printability",
    "check_series",
    "check_volume",
    "checks",
    "choose_material",
    "compare_masks",
    "compare_meshes",
    "compare_to_image",
    "convert",
    "decimate_mesh",
    "error_budget",
    "errors",
    "extract_surface",
    "find_self_intersections",
    "find_series",
    "load_image",
    "load_invesalius",
    "load_mask",
    "load_rules",
    "load_series",
    "load_total_segmentator",
    "make_bar",
    "material",
    "measure_bar",
    "measure_deviation",
    "mesh",
    "mesh_topology",
    "phantom",
    "plan_imaging",
    "plot",
    "printability",
    "read_mesh",
    "read_mesh_info",
    "remesh_mesh",
    "repair_mesh",
    "report",
    "resample_slices",
    "resample_to_grid",
    "resample_to_orthogonal",
    "segment",
    "smooth_mesh",
    "surface",
    "view",
    "write_mask",
    "write_mesh",
]


# A room is opened when it is called for: "import calvaria" costs next to nothing, and whoever wants
# a bar does not wait for the statistics of trials.
_ROOMS, _ROOM_OF = _rooms_and_names()

__all__ = [*sorted(_ROOM_OF), *sorted(_ROOMS)]  # noqa: PLE0604 - text, all of it


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"calvaria.{name}")
    if name in _ROOM_OF:
        found = getattr(importlib.import_module(_ROOM_OF[name]), name)
    elif name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - it reads the disk

        found = version("calvaria")
    else:
        msg = f"module 'calvaria' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
