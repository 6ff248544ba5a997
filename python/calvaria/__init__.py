"""calvaria: from a patient's CT to a printable model that has been measured against the image.

World frame: LPS, millimetres.  Voxel arrays: ``[k, j, i]``, shape (nz, ny, nx).

calvaria is research and education software, not a medical device.
"""

from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

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

# What is typed after "calvaria." is what is meant for users, and so it is in each room: the files a
# room is made of, and what they import, are nobody's concern.
_ROOMS = tuple(
    room
    for name, room in sorted(globals().items())
    if isinstance(room, ModuleType) and not name.startswith("_") and hasattr(room, "__all__")
)
for _room in _ROOMS:
    setattr(_room, "__dir__", partial(sorted, _room.__all__))  # noqa: B010
del _room


def __dir__() -> list[str]:
    rooms = [room.__name__.removeprefix("calvaria.") for room in _ROOMS]
    return sorted({*__all__, *rooms, "study"})


if TYPE_CHECKING:
    from calvaria import study as study
else:

    def __getattr__(name: str) -> Any:
        """Load the study kit when it is called for: it knows of no voxel, and images know not of it."""
        if name == "study":
            import importlib  # noqa: PLC0415

            return importlib.import_module("calvaria.study")
        msg = f"module 'calvaria' has no attribute {name!r}"
        raise AttributeError(msg)
