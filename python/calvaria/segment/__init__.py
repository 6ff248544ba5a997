"""Which voxels belong to a structure: levels, parts, shapes and anatomical presets.

Every function takes a volume or a mask and returns a new mask on the same grid; nothing is changed
in place.  Lengths are in millimetres whatever the voxels, and ties of distances count as inside
up to 1e-6 mm.
"""

from calvaria.segment.anatomy import bone, calvaria, mandible, skull, teeth, vertebrae
from calvaria.segment.automatic import (
    AutomaticLevel,
    automatic_level,
    multi_otsu_levels,
)
from calvaria.segment.crop import (
    crop,
    crop_to_mask,
)
from calvaria.segment.cut import (
    cut_box,
    cut_cylinder,
    cut_plane,
    cut_polygon,
    cut_sphere,
)
from calvaria.segment.distances import (
    distance_map,
)
from calvaria.segment.grow import (
    grow_confident,
    grow_from_seeds,
    grow_region,
    split_touching,
    watershed,
)
from calvaria.segment.holes import (
    fill_holes,
)
from calvaria.segment.level import (
    BoneLevel,
    bone_level,
    soft_tissue_hu,
)
from calvaria.segment.levels import (
    hysteresis,
    threshold,
)
from calvaria.segment.logic import (
    difference,
    intersection,
    invert,
    label_map,
    pick,
    union,
)
from calvaria.segment.parts import (
    Part,
    Parts,
    find_parts,
    keep_connected,
    keep_largest,
    remove_small,
)
from calvaria.segment.patient import (
    metal,
    patient,
    remove_table,
)
from calvaria.segment.presets import (
    HuRange,
    hu_presets,
    preset_range,
)
from calvaria.segment.regions import (
    bone_regions,
)
from calvaria.segment.shapes import (
    closing,
    dilate,
    erode,
    hollow,
    margin,
    opening,
)
from calvaria.segment.skin import airway, skin
from calvaria.segment.slices import (
    fill_between_slices,
)
from calvaria.segment.smoothing import (
    gaussian,
    median,
    smooth_within_edges,
)
from calvaria.segment.terminology import AnatomyCode, anatomy_code, anatomy_codes
from calvaria.segment.transfer import (
    resample_mask,
)

__all__ = [
    "AnatomyCode",
    "AutomaticLevel",
    "BoneLevel",
    "HuRange",
    "Part",
    "Parts",
    "airway",
    "anatomy_code",
    "anatomy_codes",
    "automatic_level",
    "bone",
    "bone_level",
    "bone_regions",
    "calvaria",
    "closing",
    "crop",
    "crop_to_mask",
    "cut_box",
    "cut_cylinder",
    "cut_plane",
    "cut_polygon",
    "cut_sphere",
    "difference",
    "dilate",
    "distance_map",
    "erode",
    "fill_between_slices",
    "fill_holes",
    "find_parts",
    "gaussian",
    "grow_confident",
    "grow_from_seeds",
    "grow_region",
    "hollow",
    "hu_presets",
    "hysteresis",
    "intersection",
    "invert",
    "keep_connected",
    "keep_largest",
    "label_map",
    "mandible",
    "margin",
    "median",
    "metal",
    "multi_otsu_levels",
    "opening",
    "patient",
    "pick",
    "preset_range",
    "remove_small",
    "remove_table",
    "resample_mask",
    "skin",
    "skull",
    "smooth_within_edges",
    "soft_tissue_hu",
    "split_touching",
    "teeth",
    "threshold",
    "union",
    "vertebrae",
    "watershed",
]


def __dir__() -> list[str]:
    return sorted(__all__)
