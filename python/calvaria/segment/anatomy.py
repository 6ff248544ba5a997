"""Anatomy in one line: a preset is a short recipe of the public functions of this room.

What a preset chose stands in the findings of its mask, under the code ``segmentation``.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from calvaria.findings import Finding, Verdict
from calvaria.segment._bytes import hu_only
from calvaria.segment.level import bone_level
from calvaria.segment.levels import threshold
from calvaria.segment.parts import keep_largest

if TYPE_CHECKING:
    from calvaria.volume import Mask, Volume

__all__ = ["skull"]


def skull(volume: Volume, *, lower_hu: float | None = None) -> Mask:
    """Outline the bones of the head.

    Parameters
    ----------
    volume : Volume
        A CT of the head in HU.
    lower_hu : float, optional
        The level; left out, that of :func:`bone_level`.

    Returns
    -------
    Mask
        Boolean; its findings say what was chosen.

    Raises
    ------
    SegmentationError
        No bone was found.
    ValueError
        The volume is not in HU.
    """
    hu_only(volume, "skull")
    level, why = _level(volume, lower_hu)
    mask = keep_largest(threshold(volume, lower_hu=level))
    return _named(mask, "skull", (why,))


def _level(volume: Volume, lower_hu: float | None) -> tuple[float, Finding]:
    if lower_hu is not None:
        return float(lower_hu), _step(f"Level {lower_hu:.0f} HU, as given.", lower_hu, "HU")
    found = bone_level(volume)
    return found.separate_hu, _step(f"Level {found!r}.", found.separate_hu, "HU")


def _step(message: str, measured: float | None = None, unit: str = "") -> Finding:
    return Finding(
        code="segmentation",
        verdict=Verdict.PASS,
        message=message,
        measured=None if measured is None else float(measured),
        unit=unit,
    )


def _named(mask: Mask, name: str, steps: tuple[Finding, ...]) -> Mask:
    return dataclasses.replace(mask, names={1: name}, findings=(*mask.findings, *steps))
