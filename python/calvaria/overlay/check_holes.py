"""Holes that are faults of image or mesh, and those where the level loses bone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria._record import plural
from calvaria.overlay.causes import HoleCause
from calvaria.overlay.judging import judged

if TYPE_CHECKING:
    from calvaria.findings import Finding
    from calvaria.overlay.holes import BoneHole

__all__ = ["hole_findings"]

_MOST_HOLES = 20
_OF_THE_LEVEL = (HoleCause.THIN_BONE, HoleCause.WRONG_LEVEL)


def hole_findings(holes: tuple[BoneHole, ...], profile: str) -> list[Finding]:
    """Judge holes that are faults of image or mesh, and those where the level loses bone."""
    # What the image cuts off is a fault of the scan: `bone_cut` and `model_capped` judge it.
    cut = [hole for hole in holes if hole.cause is HoleCause.FIELD_OF_VIEW]
    thin = [hole for hole in holes if hole.cause in _OF_THE_LEVEL]
    openings = [hole for hole in holes if not hole.cause.is_fault]
    told = {id(hole) for hole in (*cut, *thin, *openings)}
    faults = [hole for hole in holes if id(hole) not in told]
    beside = (
        f" Listed besides: {plural(len(openings), 'opening')} of soft tissue or air."
        if openings
        else ""
    )
    beside += f" At the border of the image: {len(cut)}." if cut else ""
    message = "No hole through the bone is an artefact of the image." + beside
    if faults:
        message = (
            f"{plural(len(faults), 'hole')} up to {faults[0].diameter_mm:.1f} mm wide, likely no opening of "
            f"the bone; the widest, at {_told(faults[0])}, {faults[0].why}.{beside}"
        )
    lost = "The level loses no bone in holes."
    if thin:
        lost = (
            f"In {plural(len(thin), 'hole')} up to {thin[0].diameter_mm:.1f} mm wide there is bone that the level "
            f"loses; the widest, at {_told(thin[0])}, {thin[0].why}. A lower level keeps it, and makes "
            "compact bone thicker."
        )
    return [
        judged(
            "overlay_holes",
            faults[0].diameter_mm if faults else 0.0,
            profile,
            message,
            places=_listed([*faults, *cut, *openings]),
            n_faults=len(faults),
            n_openings=len(openings),
            n_cut=len(cut),
            n_closed=sum(not hole.is_open for hole in holes),
        ),
        judged(
            "overlay_thin_holes",
            thin[0].diameter_mm if thin else 0.0,
            profile,
            lost,
            places=_listed(thin),
            n_thin=sum(hole.cause is HoleCause.THIN_BONE for hole in thin),
            n_wrong_level=sum(hole.cause is HoleCause.WRONG_LEVEL for hole in thin),
        ),
    ]


def _told(hole: BoneHole) -> str:
    return f"{hole.where}: {hole.cause.value}"


def _listed(holes: list[BoneHole]) -> tuple[str, ...]:
    return tuple(
        f"{hole.diameter_mm:.1f} mm at {_told(hole)}"
        + ("" if hole.is_open else "; closed in the mesh")
        for hole in holes[:_MOST_HOLES]
    )
