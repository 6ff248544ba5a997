"""Can it be printed?  Walls, gaps, bridges, holes, supports, layers, and edits for teaching models."""

from calvaria.printability.bases import BaseResult, add_base
from calvaria.printability.blocks import block_mesh, rod_mesh
from calvaria.printability.check import PrintabilityReport, check_printability
from calvaria.printability.holes import (
    HoleDistance,
    RoundHole,
    find_round_holes,
    measure_hole_distance,
)
from calvaria.printability.hollowing import HollowResult, hollow_mesh
from calvaria.printability.insertion import Insertion, find_insertion
from calvaria.printability.labelling import LabelResult, emboss_label
from calvaria.printability.layers import (
    LayerOption,
    LayerPlan,
    PrintEstimate,
    cusp_rms_mm,
    estimate_print,
    plan_layers,
)
from calvaria.printability.measuring import PrintabilityMeasures
from calvaria.printability.members import SlenderMember, find_slender_members
from calvaria.printability.orientation import Orientation, find_orientations
from calvaria.printability.overhangs import Overhangs, measure_overhangs
from calvaria.printability.parting import Parting, part_mesh
from calvaria.printability.sampling import RefinedMesh, refine_mesh
from calvaria.printability.thickness import (
    ThinRegion,
    WallThickness,
    find_thin_regions,
    measure_thickness,
)
from calvaria.printability.trapped import Pool, find_pools

__all__ = [
    "BaseResult",
    "HoleDistance",
    "HollowResult",
    "Insertion",
    "LabelResult",
    "LayerOption",
    "LayerPlan",
    "Orientation",
    "Overhangs",
    "Parting",
    "Pool",
    "PrintEstimate",
    "PrintabilityMeasures",
    "PrintabilityReport",
    "RefinedMesh",
    "RoundHole",
    "SlenderMember",
    "ThinRegion",
    "WallThickness",
    "add_base",
    "block_mesh",
    "check_printability",
    "cusp_rms_mm",
    "emboss_label",
    "estimate_print",
    "find_insertion",
    "find_orientations",
    "find_pools",
    "find_round_holes",
    "find_slender_members",
    "find_thin_regions",
    "hollow_mesh",
    "measure_hole_distance",
    "measure_overhangs",
    "measure_thickness",
    "part_mesh",
    "plan_layers",
    "refine_mesh",
    "rod_mesh",
]


def __dir__() -> list[str]:
    return sorted(__all__)
