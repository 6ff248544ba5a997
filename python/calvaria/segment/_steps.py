"""What a preset chose, as findings of its mask."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from calvaria.findings import Finding, Verdict

if TYPE_CHECKING:
    from calvaria.volume import Mask

__all__ = ["named", "step"]


def step(message: str, measured: float | None = None, unit: str = "") -> Finding:
    """Return one step of a recipe as a finding."""
    return Finding(
        code="segmentation",
        verdict=Verdict.PASS,
        message=message,
        measured=None if measured is None else float(measured),
        unit=unit,
    )


def named(mask: Mask, name: str, steps: tuple[Finding, ...]) -> Mask:
    """Return a mask with a name and the steps that led to it."""
    new = tuple(step for step in steps if step not in mask.findings)
    return dataclasses.replace(mask, names={1: name}, findings=(*mask.findings, *new))
