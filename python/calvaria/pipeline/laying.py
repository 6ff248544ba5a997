"""The model laid over its own image: offsets, and the holes of the bone under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calvaria.errors import MeshError
from calvaria.overlay import check_overlay, compare_to_image, find_holes
from calvaria.pipeline.comparing import holes_section, overlay_section

if TYPE_CHECKING:
    from calvaria.findings import CheckReport
    from calvaria.mesh import Mesh
    from calvaria.overlay import BoneHole, OverlayMetrics
    from calvaria.pipeline.source import Source
    from calvaria.report import Section
    from calvaria.rules import Rules

__all__ = ["Laid", "lay_over"]

_OVERLAY_SAMPLES = 40_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laid:
    """What was measured of a model on its image.

    Attributes
    ----------
    metrics : OverlayMetrics or None
        None where there is no image to lie on, or all of the model was cut or filled.
    holes : tuple of BoneHole or None
        None in an image without room for them.
    """

    metrics: OverlayMetrics | None = None
    holes: tuple[BoneHole, ...] | None = None

    def judged(self, *, profile: str, anatomy: str, rules: Rules | None) -> tuple[CheckReport, ...]:
        """Return the report of the overlay, where there is one."""
        if self.metrics is None:
            return ()
        return (
            check_overlay(
                self.metrics, profile=profile, anatomy=anatomy, rules=rules, holes=self.holes
            ),
        )

    def sections(self, *, is_hu: bool) -> list[Section]:
        """Return what was measured, as sections of the report."""
        if self.metrics is None:
            return []
        return [overlay_section(self.metrics, is_hu=is_hu), *holes_section(self.holes or ())]

    def facts(self) -> dict[str, Any]:
        """Return what was measured, as entries of the record."""
        if self.metrics is None:
            return {}
        overlay = {
            "edge": self.metrics.edge,
            "summary": self.metrics.summary.to_dict(),
            "status_fractions": self.metrics.status_fractions,
            "blur_in_plane_mm": self.metrics.blur_in_plane_mm,
            "blur_through_plane_mm": self.metrics.blur_through_plane_mm,
        }
        return {"overlay": overlay, "holes": [hole.to_dict() for hole in self.holes or ()]}


def lay_over(mesh: Mesh, source: Source, *, iso_hu: float) -> Laid:
    """Measure a model against the image it was made from; a label map has no edges of its own."""
    if source.is_label_map:
        return Laid()
    try:
        metrics = compare_to_image(mesh, source.volume, n_samples=_OVERLAY_SAMPLES)
    except MeshError:
        return Laid()
    has_room = min(source.volume.grid.dims_ijk) > 1
    return Laid(
        metrics=metrics,
        holes=find_holes(mesh, source.volume, iso_hu=iso_hu) if has_room else None,
    )
