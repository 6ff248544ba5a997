"""From an image to a mesh that lies on it: outlined, drawn, shaped, measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from calvaria.pipeline.laying import Laid, lay_over
from calvaria.pipeline.outline import outline
from calvaria.pipeline.shaping import shape

if TYPE_CHECKING:
    from calvaria.findings import Finding
    from calvaria.mesh import Mesh
    from calvaria.pipeline.settings import Settings
    from calvaria.pipeline.source import Source
    from calvaria.volume import Mask

__all__ = ["Made", "make"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """A mesh, and what it was made from and how.

    Attributes
    ----------
    mesh : Mesh
        Shaped.
    mask : Mask
        Which voxels it holds.
    iso_hu : float
        The level it was drawn at.
    findings : tuple of Finding
        What was chosen, then what each step did.
    laid : Laid
        How it lies on its image.
    """

    mesh: Mesh
    mask: Mask
    iso_hu: float
    findings: tuple[Finding, ...]
    laid: Laid


def make(source: Source, settings: Settings, *, anatomy: str, iso_hu: float | None) -> Made:
    """Outline an anatomy in an image, draw and shape its surface, and lay that over the image."""
    chosen = outline(
        source.volume,
        anatomy=anatomy,
        iso_hu=iso_hu,
        min_part_mm3=settings.min_part_mm3,
        within=source.mask,
        is_label_map=source.is_label_map,
    )
    mesh, steps = shape(source.volume, chosen, settings)
    return Made(
        mesh=mesh,
        mask=chosen.mask,
        iso_hu=chosen.iso_hu,
        findings=(*chosen.findings, *steps),
        # An overlay looks for edges of what is brighter than its surroundings.
        laid=Laid() if chosen.is_air else lay_over(mesh, source, iso_hu=chosen.iso_hu),
    )
