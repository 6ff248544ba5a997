"""What a certified partner makes an implant from: its shape, a sheet, and sums; the whole or nothing."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._asked import above_zero, need
from calvaria._html import html_table
from calvaria._whole_files import whole_folder, write_whole
from calvaria.errors import MissingRecordError
from calvaria.findings import DISCLAIMER, CheckReport, Finding, Override, Verdict
from calvaria.material import load_processes
from calvaria.mesh import Mesh, check_mesh, write_mesh
from calvaria.printability import check_printability
from calvaria.printability.solids import need_closed
from calvaria.release.doors import metadata_for, need_partner_material
from calvaria.release.sheet import facts_of, sections_of, to_make
from calvaria.release.standing import carried, need_overrides, scan_finding
from calvaria.release.table import load_rows, tolerance_of
from calvaria.report import build_report

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from calvaria.material import Material

__all__ = ["PartnerPackage", "write_partner_package"]

_MESHES = ("part.stl", "part.3mf")
_SHEET, _RECORD, _SUMS = "specification.html", "specification.json", "SHA256SUMS"
_SCAN, _SHAPE, _PRINT = "The scan and the outline", "The surface", "Can it be made"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartnerPackage:
    """A package for a certified partner.

    Parameters
    ----------
    folder : path
        Where it is.
    files : tuple of str
        What is in it.
    sha256 : dict of str to str
        The sum of every file but that of the sums.
    purpose, material, process, partner, reference : str
        What for, of what, how, by whom, and under which code.
    tolerance_mm : float
        How far the made part may be off, either way.
    tolerance_source : str
        Who says so.
    findings : tuple of Finding
        All that the sheet shows.
    overrides : tuple of Override
        What was set aside, by whom and why.
    record : dict
        What ``specification.json`` holds.
    """

    folder: Path
    files: tuple[str, ...]
    sha256: Mapping[str, str]
    purpose: str
    material: str
    process: str
    partner: str
    reference: str
    tolerance_mm: float
    tolerance_source: str
    findings: tuple[Finding, ...]
    overrides: tuple[Override, ...]
    record: Mapping[str, Any]

    @property
    def verdict(self) -> Verdict:
        """The most severe verdict of all findings, set aside or not."""
        return Verdict.worst(finding.verdict for finding in self.findings)

    def __repr__(self) -> str:
        aside = ", ".join(one.code for one in self.overrides) or "nothing"
        return (
            f"PartnerPackage({self.purpose} of {self.material}, {self.verdict.name}, within "
            f"{self.tolerance_mm:g} mm, set aside: {aside})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the record and the sums, ready for JSON; the folder is left out."""
        return {**self.record, "sha256": dict(self.sha256)}

    def _repr_html_(self) -> str:
        rows = [
            ("verdict", self.verdict.name),
            ("for", self.purpose),
            ("of", f"{self.material}, {self.process}"),
            ("by", self.partner),
            ("tolerance", f"{self.tolerance_mm:g} mm"),
            ("set aside", ", ".join(one.code for one in self.overrides) or "nothing"),
            *self.sha256.items(),
        ]
        return html_table(header=("package", ""), rows=rows, footer=DISCLAIMER)


def write_partner_package(
    mesh: Mesh,
    folder: str | os.PathLike[str],
    *,
    purpose: str,
    material: str,
    partner: str,
    process: str | None = None,
    reference: str = "",
    tolerance_mm: float | None = None,
    checks: Iterable[CheckReport] = (),
    overrides: Sequence[Override] = (),
) -> PartnerPackage:
    """Write what a certified partner makes an implant or guide from, as a new folder, whole or not at all.

    ``part.stl`` and ``part.3mf``; ``specification.html``, one page to read and print, and
    ``specification.json``, the same for machines: dimensions, material and standard, tolerance, questions,
    what the manufacturer brings, every finding, what was set aside; ``SHA256SUMS``.  The same input gives
    the same bytes.  There is no file for a printer of one's own in it.

    Parameters
    ----------
    mesh : Mesh
        The part: closed, manifold, turned outwards, LPS mm.
    folder : path
        A new one.
    purpose : str
        ``"implant"``, ``"guide"``, ``"loaded_guide"``, or another use that the material is printed for by
        certified partners.
    material : str
        Code of a material that certified partners print for this purpose, such as ``"titanium"``.
    partner : str
        The manufacturer who answers for the part.
    process : str, optional
        Code of the process; needed where the material is printed in more than one.
    reference : str
        A code of your own that stands on the sheet.  Name no person.
    tolerance_mm : float, optional
        How far the made part may be off, either way; left out, that of the purpose with its source.
    checks : iterable of CheckReport
        What was found of the scan, the outline and the comparison with the image.  What the mesh carries
        is there anyhow.
    overrides : sequence of Override
        A recorded decision for every code that is FAIL or UNPROVEN; all are printed on the sheet.

    Returns
    -------
    PartnerPackage

    Raises
    ------
    FailedChecksError
        A finding is FAIL or UNPROVEN, and nobody has set it aside.
    MissingRecordError
        Nobody is named as the manufacturer.
    ReleaseError
        The material is not one that certified partners print for this purpose, or the purpose needs none.
    NonManifoldError
        The mesh is not closed and manifold.
    FileExistsError
        The folder is there already.
    ValueError
        An unknown code, a number out of range, or an override of what does not stand in the way.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from calvaria import Override
    >>> from calvaria.printability import block_mesh
    >>> plate = block_mesh(size_mm=(60.0, 40.0, 4.0))
    >>> known = Override(code="release_scan", name="Head of laboratory", reason="A shape for trying this out.")
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     made = write_partner_package(
    ...         plate, Path(parent) / "package", purpose="implant", material="titanium",
    ...         partner="Example Implants Ltd", overrides=[known],
    ...     )
    >>> made
    PartnerPackage(implant of titanium, UNPROVEN, within 0.25 mm, set aside: release_scan)
    >>> made.files
    ('SHA256SUMS', 'part.3mf', 'part.stl', 'specification.html', 'specification.json')
    """
    need("mesh", mesh, Mesh)
    need("reference", reference, str)
    need("overrides", overrides, list, tuple)
    need("checks", checks, Iterable)
    choice, answer = need_partner_material(purpose, material)
    stuff, use = answer.material, choice.purpose
    way = load_processes()[_process(stuff, process)]
    if not isinstance(partner, str) or not partner.strip():
        msg = (
            "partner: the manufacturer who answers for the part expected, found none; who that is has to be said "
            "before anything is made"
        )
        raise MissingRecordError(msg)
    if tolerance_mm is None:
        tolerance = tolerance_of(use.code)
    else:
        tolerance = (above_zero("tolerance_mm", tolerance_mm), "given with the order")
    need_closed(mesh)
    bare = dataclasses.replace(mesh, findings=())
    on_mesh, handed = carried(mesh.findings, checks)
    scan = (scan_finding((*on_mesh, *handed)), *on_mesh, *handed)
    findings = {
        _SCAN: scan,
        _SHAPE: check_mesh(bare).findings,
        _PRINT: check_printability(
            bare, process=way.code, material=stuff.code, profile=use.code
        ).findings,
    }
    every = tuple(one for some in findings.values() for one in some)
    aside = need_overrides(every, overrides)
    facts, made_of = facts_of(bare, stuff), to_make(stuff, way)
    target = Path(folder)
    with whole_folder(target) as work:
        _write_meshes(bare, work, use.name, reference)
        sums = {name: _sha256(work / name) for name in _MESHES}
        page = build_report(
            title=f"Specification: {use.name}{f', {reference}' if reference else ''}",
            sections=sections_of(
                bare,
                use=use,
                partner=partner,
                reference=reference,
                facts=facts,
                made_of=made_of,
                tolerance=tolerance,
                findings=findings,
                overrides=aside,
                checksums=sums,
            ),
        )
        page.write_html(work / _SHEET)
        record = {
            "schema": "calvaria partner package 1",
            "purpose": use.code,
            "partner": partner,
            "reference": reference,
            "part": facts,
            "material": made_of,
            "tolerance": {"tolerance_mm": tolerance[0], "source": tolerance[1]},
            "questions": [{"text": text, "source": source} for text, source in load_rows("question")],
            "manufacturer_brings": [{"text": text, "source": source} for text, source in load_rows("document")],
            "verdict": page.verdict.name,
            "findings": {title: [one.to_dict() for one in some] for title, some in findings.items()},
            "overrides": [one.to_dict() for one in aside],
            "files": sums,
            "disclaimer": DISCLAIMER,
        }  # fmt: skip
        text = json.dumps(record, indent=2, allow_nan=False, ensure_ascii=False)
        write_whole(work / _RECORD, f"{text}\n".encode())
        sums |= {name: _sha256(work / name) for name in (_SHEET, _RECORD)}
        lines = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
        write_whole(work / _SUMS, lines.encode())
    return PartnerPackage(
        folder=target,
        files=tuple(sorted((*sums, _SUMS))),
        sha256=sums,
        purpose=use.code,
        material=stuff.code,
        process=way.code,
        partner=partner,
        reference=reference,
        tolerance_mm=tolerance[0],
        tolerance_source=tolerance[1],
        findings=every,
        overrides=aside,
        record=record,
    )


def _process(material: Material, process: str | None) -> str:
    asked = material.processes[0] if process is None and len(material.processes) == 1 else process
    if asked not in material.processes:
        msg = f"process: one of {', '.join(material.processes)} expected for {material.name}, found {process!r}"
        raise ValueError(msg)
    return asked


def _write_meshes(mesh: Mesh, folder: Path, use: str, reference: str) -> None:
    text = f"For a certified manufacturer; not to be printed in-house. {DISCLAIMER}"
    title = f"{use}: {reference}" if reference else use
    for name in _MESHES:
        write_mesh(mesh, folder / name, metadata=metadata_for(name, title, text))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
