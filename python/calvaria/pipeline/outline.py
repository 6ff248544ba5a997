"""Which voxels belong to the model, and the level its surface is drawn at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from calvaria import segment
from calvaria.errors import EmptyMaskError, SegmentationError
from calvaria.findings import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from calvaria.volume import Mask, Volume

__all__ = ["Outline", "outline"]

_PRESETS: dict[str, Callable[..., Mask]] = {
    "calvaria": segment.calvaria,
    "mandible": segment.mandible,
    "dental": segment.teeth,
    "airway": segment.airway,
    "spine": segment.vertebrae,
    "soft-tissue": segment.skin,
    "skull": segment.skull,
    "skull-base": segment.skull,
    "temporal-bone": segment.skull,
    "midface": segment.skull,
    "orbit": segment.skull,
}
# Below this, what was taken for bone is none: spongy bone of adults begins at 148 HU, and a half-maximum
# between it and soft tissue would lie in the noise (InVesalius presets).
_LEAST_BONE_HU = 250.0
# Skin against air: midway between -1000 and about 0 HU.
_SKIN_HU = -500.0
# What is drawn at that level, not at the half-maximum of bone.
_BESIDE_AIR = {"soft-tissue": "skin", "airway": "the walls around it"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A mask, a level, and why."""

    mask: Mask
    iso_hu: float
    findings: tuple[Finding, ...]
    is_label_map: bool = False
    is_air: bool = False


def outline(
    volume: Volume,
    *,
    anatomy: str,
    iso_hu: float | None,
    min_part_mm3: float,
    within: Mask | None = None,
    is_label_map: bool = False,
) -> Outline:
    """Outline the anatomy and choose the level: asked for, at half-maximum, or Otsu's."""
    if within is not None and is_label_map:
        return _of_labels(within)
    if not volume.is_hu:
        return _without_hu(volume, iso_hu, min_part_mm3, "the values are not HU", within)
    try:
        mask = within or _PRESETS.get(anatomy, segment.bone)(volume)
        found = None if anatomy in _BESIDE_AIR else segment.bone_level(volume, within=mask)
    except SegmentationError as error:
        return _without_hu(volume, iso_hu, min_part_mm3, str(error), within)
    if iso_hu is not None:
        level = _asked(iso_hu)
    elif found is None:
        why = f"midway between air and {_BESIDE_AIR[anatomy]}"
        iso_hu, level = _SKIN_HU, _told(Verdict.PASS, why, _SKIN_HU)
    else:
        iso_hu = found.level_hu
        level = _told(
            Verdict.PASS if found.bone_hu >= _LEAST_BONE_HU else Verdict.FAIL,
            f"local half-maximum between bone of {found.bone_hu:.0f} and {found.surroundings} of "
            f"{found.surroundings_hu:.0f} HU, spread {found.spread_hu:.0f} HU; bone thinner than the "
            f"blur of the scan is lost above {found.thin_bone_hu:.0f} HU",
            iso_hu,
        )
    is_air = anatomy == "airway"
    return _trimmed(volume, mask, iso_hu, min_part_mm3, (level,), is_air=is_air)


def _of_labels(mask: Mask) -> Outline:
    """Leave a label map as it is: the surface lies between its voxels, not at a level of grey."""
    told = Finding(
        code="model_level",
        verdict=Verdict.PASS,
        message=(
            "The surface is drawn between labelled voxels and others; a label map has no grey values "
            "that could say where within a voxel."
        ),
    )
    return Outline(mask=mask, iso_hu=0.5, findings=(*mask.findings, told), is_label_map=True)


def _without_hu(
    volume: Volume, iso_hu: float | None, min_part_mm3: float, why: str, within: Mask | None
) -> Outline:
    if iso_hu is None:
        found = segment.automatic_level(volume, method="otsu")
        iso_hu = found.level
        level = _told(Verdict.UNPROVEN, f"Otsu's level of the whole image, because {why}", iso_hu)
    else:
        level = _asked(iso_hu)
    mask = within or segment.keep_largest(segment.threshold(volume, lower_hu=iso_hu))
    return _trimmed(volume, mask, iso_hu, min_part_mm3, (level,))


def _trimmed(
    volume: Volume,
    mask: Mask,
    iso_hu: float,
    min_part_mm3: float,
    findings: tuple[Finding, ...],
    *,
    is_air: bool = False,
) -> Outline:
    """Leave out crumbs at the level itself: the mask holds thin bone, the surface may not."""
    lower_hu, upper_hu = (None, iso_hu) if is_air else (iso_hu, None)
    reached = segment.threshold(volume, within=mask, lower_hu=lower_hu, upper_hu=upper_hu)
    kept = segment.remove_small(reached, min_part_mm3=min_part_mm3)
    if reached.n_voxels and not kept.n_voxels:
        msg = f"min_part_mm3: no part of at least {min_part_mm3:g} mm3 reaches {iso_hu:.0f}"
        raise EmptyMaskError(msg)
    told = (*mask.findings, *findings)
    return Outline(mask=kept, iso_hu=iso_hu, findings=told, is_air=is_air)


def _asked(iso_hu: float) -> Finding:
    return _told(Verdict.PASS, "as asked", iso_hu)


def _told(verdict: Verdict, why: str, iso_hu: float) -> Finding:
    return Finding(
        code="model_level",
        verdict=verdict,
        message=f"The surface is drawn at {iso_hu:.0f}: {why}.",
        measured=float(iso_hu),
        unit="HU" if verdict is not Verdict.UNPROVEN else "",
    )
