"""How much of the bone a mesh does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calvaria.findings import Finding, Verdict
from calvaria.overlay.judging import MOST_PLACES, judged, limit_of

if TYPE_CHECKING:
    from calvaria.overlay.lost import LostSurface
    from calvaria.overlay.places import Place
    from calvaria.overlay.whole import Overlay

__all__ = ["lost_finding"]

# Less bone than that between two levels is their edge.
_TOLD_CM2 = 0.5
_WORDS = (("right", "left"), ("in front", "behind"), ("low", "high"))


def lost_finding(overlay: Overlay, profile: str) -> Finding:
    """Judge the bone of the image that the mesh lacks, and tell of that which is thin."""
    lost = overlay.lost
    if not lost.structure_mm2:
        return _nothing_seen(lost, profile)
    area = lost.lost_mm2 / 100
    message = f"The mesh has all of the bone that it lies on, but for {area:.1f} cm2 of surface."
    if lost.places:
        place = lost.places[0]
        message = (
            f"The image shows {area:.1f} cm2 of the same bone with no mesh near; the largest piece, "
            f"{place.area_mm2 / 100:.1f} cm2 over {place.extent_mm:.0f} mm, lies "
            f"{_side(place, overlay)} at {place.where}: {place.cause.value}, {place.why}."
        )
    thin = sum(place.area_mm2 for place in overlay.thin_places) / 100
    if thin >= _TOLD_CM2 and overlay.thin is not None:
        message += (
            f" At {overlay.thin.iso_hu:.0f} HU there are {thin:.1f} cm2 of bone besides that the mesh "
            "does not have: thin, or less dense than its level."
        )
    return judged(
        "overlay_lost",
        area,
        profile,
        message,
        places=tuple(
            f"{place.area_mm2:.0f} mm2 at {place.where}: {place.cause.value}"
            for place in lost.places[:MOST_PLACES]
        ),
        iso_hu=lost.iso_hu,
        distance_mm=lost.distance_mm,
        other_cm2=lost.other_mm2 / 100,
        thin_bone_cm2=thin,
        by_cause_cm2={cause: mm2 / 100 for cause, mm2 in lost.by_cause_mm2.items()},
    )


def _nothing_seen(lost: LostSurface, profile: str) -> Finding:
    limit = limit_of("overlay_lost", profile)
    return Finding(
        code="overlay_lost",
        verdict=Verdict.UNPROVEN,
        message="So little of the mesh lies along surfaces in the image that whether it lost any is not known.",
        limit=limit.text(),
        unit=limit.unit,
        source=limit.source,
        details={"other_cm2": lost.other_mm2 / 100},
    )


def _side(place: Place, overlay: Overlay) -> str:
    points = overlay.metrics.points_lps_mm
    low, high = points.min(axis=0), points.max(axis=0)
    part = (np.array(place.centre_lps_mm) - (low + high) / 2) / np.maximum(high - low, 1e-9)
    words = [_WORDS[axis][int(part[axis] > 0)] for axis in range(3) if abs(part[axis]) > 0.12]
    return " and ".join(words) if words else "in the middle"
