"""Which voxels belong to a structure: levels, parts, shapes and anatomical presets.

Every function takes a volume or a mask and returns a new mask on the same grid; nothing is changed
in place.  Lengths are in millimetres whatever the voxels, and ties of distances count as inside
up to 1e-6 mm.
"""

from calvaria.segment.anatomy import skull
from calvaria.segment.level import BoneLevel, bone_level, soft_tissue_hu
from calvaria.segment.levels import hysteresis, threshold
from calvaria.segment.parts import (
    Part,
    Parts,
    find_parts,
    keep_connected,
    keep_largest,
    remove_small,
)

__all__ = [
    "BoneLevel",
    "Part",
    "Parts",
    "bone_level",
    "find_parts",
    "hysteresis",
    "keep_connected",
    "keep_largest",
    "remove_small",
    "skull",
    "soft_tissue_hu",
    "threshold",
]
