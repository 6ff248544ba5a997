"""Which voxels belong to a structure: levels, parts, shapes and anatomical presets.

Every function takes a volume or a mask and returns a new mask on the same grid; nothing is changed
in place.  Lengths are in millimetres whatever the voxels, and ties of distances count as inside
up to 1e-6 mm.
"""

from calvaria.segment.anatomy import (
    skull,
)
from calvaria.segment.automatic import (
    AutomaticLevel,
    automatic_level,
    multi_otsu_levels,
)
from calvaria.segment.crop import (
    crop,
    crop_to_mask,
)
from calvaria.segment.distances import (
    distance_map,
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
from calvaria.segment.presets import (
    HuRange,
    hu_presets,
    preset_range,
)
from calvaria.segment.shapes import (
    closing,
    dilate,
    erode,
    hollow,
    margin,
    opening,
)

__all__ = [
    "AutomaticLevel",
    "BoneLevel",
    "HuRange",
    "Part",
    "Parts",
    "automatic_level",
    "bone_level",
    "closing",
    "crop",
    "crop_to_mask",
    "difference",
    "dilate",
    "distance_map",
    "erode",
    "fill_holes",
    "find_parts",
    "hollow",
    "hu_presets",
    "hysteresis",
    "intersection",
    "invert",
    "keep_connected",
    "keep_largest",
    "label_map",
    "margin",
    "multi_otsu_levels",
    "opening",
    "pick",
    "preset_range",
    "remove_small",
    "skull",
    "soft_tissue_hu",
    "threshold",
    "union",
]
