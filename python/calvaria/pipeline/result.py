"""What the main job returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calvaria._record import plural

if TYPE_CHECKING:
    from calvaria.findings import CheckReport, Finding, Verdict
    from calvaria.mesh import Mesh
    from calvaria.report import Report
    from calvaria.volume import Mask, Volume

__all__ = ["ModelResult"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelResult:
    """A model, and everything it rests on.

    Attributes
    ----------
    mesh : Mesh
        Closed, oriented, LPS mm.
    volume : Volume
        The image.
    mask : Mask
        Which voxels the model holds.
    iso_hu : float
        The level its surface was drawn at.
    findings : tuple of Finding
        What was chosen and what each step did.
    checks : tuple of CheckReport
        Scan, mesh and print.
    record : dict
        Parameters, versions and hashes; the same input gives the same record.
    files : tuple of str
        Names of the files written; empty when nothing was.
    report : Report
        The page with all of it.
    """

    mesh: Mesh
    volume: Volume
    mask: Mask
    iso_hu: float
    findings: tuple[Finding, ...]
    checks: tuple[CheckReport, ...]
    record: dict[str, Any]
    report: Report
    files: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The most severe verdict of all findings."""
        return self.report.verdict

    def __repr__(self) -> str:
        return (
            f"ModelResult({self.verdict.name}, {plural(len(self.mesh.faces), 'triangle')} at "
            f"{self.iso_hu:.0f}, {', '.join(self.files) or 'nothing written'})"
        )

    def _repr_html_(self) -> str:
        return self.report._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Return the record, ready for JSON."""
        return dict(self.record)
