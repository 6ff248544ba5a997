"""Why a bone has a hole: the cause that the image speaks for, and the evidence in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Clues", "HoleCause", "explain_hole"]

# So much of the way from soft tissue to the level, and what fills a hole is no soft tissue.
_FILLED_FRACTION = 0.2
_DARKER_HU = 100.0
# Air in a sinus is as dark as the darkest void; only metal this near makes it one.
_AIR_HU = -850.0
_AIR_REACH_MM = 15.0
# A place counts when all eight voxels around it are at the very end of the scale. Noise of 1 HU about a
# value at the end leaves a voxel there with a chance below 0.5, and all eight with one below 0.004: what is
# more than this share has no noise, as only values beyond the scale have.
_SATURATED_SHARE = 0.05
# A hole about as narrow as the blur has no such places; but freed of the blur it is darker than air, which
# nothing in a patient is: the image would have gone on below its scale.
_BEYOND_HU = -1050.0


class HoleCause(Enum):
    """What made a hole.  Values go into reports as they are."""

    METAL_VOID = "metal-artefact-reduction void"
    SATURATION = "saturation"
    THIN_BONE = "thin bone under the level"
    FIELD_OF_VIEW = "cut field of view"
    WRONG_LEVEL = "wrong level"
    OPENING = "opening"
    UNKNOWN = "unknown"

    @property
    def is_fault(self) -> bool:
        """Whether the bone has no hole there as far as the image can tell."""
        return self is not HoleCause.OPENING


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What the image has in a hole and around it.

    ``is_clipped``: the highest value of the image is met often, as where a scale ends.
    """

    value_hu: float | None
    wall_hu: float | None
    metal_mm: float | None
    closed_fraction: float
    extreme_fraction: float
    roundness: float
    at_border: bool
    is_clipped: bool
    is_hu: bool


def explain_hole(clues: Clues, *, iso_hu: float, soft_hu: float) -> tuple[HoleCause, str]:
    """Return the first cause that the clues speak for, and why."""
    if clues.at_border:
        return HoleCause.FIELD_OF_VIEW, "it runs into the border of the image"
    value, wall = clues.value_hu, clues.wall_hu
    if value is None or wall is None or not clues.is_hu:
        return HoleCause.UNKNOWN, "the image has no HU there"
    near = "" if clues.metal_mm is None else f", metal {clues.metal_mm:.0f} mm away"
    half = (soft_hu + wall) / 2
    middle = f"{value:.0f} HU in its middle"
    rows = (
        (
            clues.is_clipped and clues.extreme_fraction >= _SATURATED_SHARE,
            HoleCause.SATURATION,
            f"{100 * clues.extreme_fraction:.0f} % of it lie at the end of the range of values, and so "
            f"does the brightest of the image{near}",
        ),
        (
            clues.is_clipped and value <= _BEYOND_HU,
            HoleCause.SATURATION,
            f"{middle} once freed of blur, darker than air; the brightest of the image lies at the end of "
            f"the range of values{near}",
        ),
        (
            half <= value < iso_hu,
            HoleCause.WRONG_LEVEL,
            f"{middle}, above the {half:.0f} HU halfway from soft tissue to the wall around; a level "
            f"there closes it, {iso_hu:.0f} HU does not",
        ),
        (
            value >= iso_hu,
            HoleCause.UNKNOWN,
            f"{middle}: the image has bone there, and the mesh was cut",
        ),
        (
            value >= soft_hu + _FILLED_FRACTION * (iso_hu - soft_hu),
            HoleCause.THIN_BONE,
            f"{middle}, between soft tissue and the level of {iso_hu:.0f} HU",
        ),
        (
            _is_void(value, clues.metal_mm, soft_hu),
            HoleCause.METAL_VOID,
            f"{middle}, darker than soft tissue{near}",
        ),
    )
    for is_so, cause, why in rows:
        if is_so:
            return cause, why
    why = f"{middle}, soft tissue or air: a foramen, a suture or a hole that is there"
    return HoleCause.OPENING, why


def _is_void(value: float, metal_mm: float | None, soft_hu: float) -> bool:
    if metal_mm is None or value >= soft_hu - _DARKER_HU:
        return False
    return value >= _AIR_HU or metal_mm <= _AIR_REACH_MM
