"""Every question at once: whether a mesh can be printed by a process, of a material."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._record import plural
from calvaria.findings import CheckReport, Finding, Verdict
from calvaria.material import (
    Material,
    Printer,
    Process,
    choose_material,
    load_materials,
    load_printers,
    load_processes,
    load_uses,
)
from calvaria.printability._measured import closure, faces_that_matter, need_faces, positive
from calvaria.printability.judging import Judge
from calvaria.printability.measuring import PrintabilityMeasures, measure_printability

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from calvaria.mesh import Mesh

__all__ = ["PrintabilityReport", "check_printability"]

# Pieces below this volume are crumbs.
_LEAST_PIECE_MM3 = 1.0
# Findings whose FAIL leaves nothing to be measured.
_NOT_MEASURED = ("print_closed", "print_outwards", "print_size")
_USE_OF_PROFILE = {
    "education": "teaching",
    "planning": "planning",
    "guide": "guide",
    "implant": "implant",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintabilityReport(CheckReport):
    """A report that knows what was measured; ``measures`` is None where nothing could be.

    Attributes
    ----------
    subject, findings, profile, anatomy : str, tuple of Finding, str, str
        As for :class:`~calvaria.CheckReport`.
    measures : PrintabilityMeasures or None
        What was measured; None where nothing could be.
    """

    measures: PrintabilityMeasures | None = dataclasses.field(default=None, repr=False)

    def __repr__(self) -> str:
        return CheckReport.__repr__(self)


def check_printability(
    mesh: Mesh,
    *,
    process: str,
    material: str,
    profile: str = "education",
    printer: str | Printer | None = None,
    up: ArrayLike | None = None,
    matters: ArrayLike | None = None,
    min_edge_distance_mm: float | None = None,
    layer_mm: float | None = None,
    min_area_mm2: float = 1.0,
    price_per_kg: float | None = None,
    price_per_h: float | None = None,
    calibration: CheckReport | None = None,
    processes: Mapping[str, Process] | None = None,
    printers: Mapping[str, Printer] | None = None,
) -> PrintabilityReport:
    """Judge whether a mesh can be printed by a process, of a material, for a purpose.

    Parameters
    ----------
    mesh : Mesh
        Closed, turned outwards, in mm.
    process, material : str
        Codes of :func:`calvaria.material.load_processes` and :func:`calvaria.material.load_materials`.
    profile : str
        What the part is for: ``"education"``, ``"planning"``, ``"guide"`` or ``"implant"``, or the code of
        a use in :func:`calvaria.material.load_uses`.  Left out, a part is taken for a teaching model, the
        one use that needs nobody's release: whether it prints depends on process and material, and a plain
        question gets an answer.  For education some limits are BORDERLINE at worst, and each finding says
        so: name the profile of whatever goes near a patient.
    printer : str or Printer, optional
        A profile, or its code: build volume, layers, time and cost follow from it.
    up : (3,) array_like, optional
        Away from the plate, LPS; left out, the best way up that is found.
    matters : (m,) array_like of bool, optional
        Faces that no support may touch.
    min_edge_distance_mm : float, optional
        Material that must stand beside a hole.  There is no number to cite for it: left out, it is held
        against the least wall of the process.
    layer_mm : float, optional
        Layer height; left out, that of the printer.
    min_area_mm2 : float
        Thin places with less area are noise.
    price_per_kg, price_per_h : float, optional
        Prices of material and machine; calvaria knows none.
    calibration : CheckReport, optional
        What the reference bars of the printer say, such as the ``report`` of
        :func:`calvaria.bar.check_printer`: a bar that is too old or out of its limit is a finding here.
    processes, printers : mapping, optional
        Limits and profiles of your own.

    Returns
    -------
    PrintabilityReport
        A :class:`~calvaria.CheckReport` with everything that was measured in ``measures``.  Codes are
        explained in ``docs/checks.md``; limits and sources come from the tables.

    Raises
    ------
    MeshError
        The mesh has no face.
    ValueError
        An unknown code, or a number out of range.
    TypeError
        A price that is no number.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> plate = block_mesh(size_mm=(30, 20, 3))
    >>> check_printability(plate, process="fdm", material="pla", printer="desktop-fdm")
    CheckReport(PASS: ...; nothing found)
    >>> refused = check_printability(plate, process="fdm", material="titanium")
    >>> refused["print_material"].verdict.name
    'FAIL'
    """
    need_faces(mesh)
    way = _code("process", process, load_processes() if processes is None else processes)
    stuff = _code("material", material, load_materials())
    machine = _machine(printer, printers)
    use = _USE_OF_PROFILE.get(profile, profile)
    _code("profile", use, load_uses())
    judge = Judge(way, is_strict=load_uses()[use].body)
    judge.material(_material_finding(stuff, way, machine, use))
    judge.calibration(calibration)
    # Asked before anything is measured, with a printer or without.
    for name, price in (("price_per_kg", price_per_kg), ("price_per_h", price_per_h)):
        if price is not None and price != 0:
            positive(name, price)
    flags = faces_that_matter(matters, len(mesh.faces))
    subject = f"{way.name}, {stuff.name}: mesh of {plural(len(mesh.faces), 'face')}"
    found = closure(mesh)
    if not found.is_closed:
        judge.open_mesh()
    elif found.volume_mm3 <= 0:
        judge.inside_out()
    judge.size(float(np.ptp(mesh.vertices[np.unique(mesh.faces)], axis=0).max()))
    if any(
        finding.code in _NOT_MEASURED
        for finding in judge.findings
        if finding.verdict is Verdict.FAIL
    ):
        return PrintabilityReport(subject=subject, findings=tuple(judge.findings), profile=profile)
    measures = measure_printability(
        mesh, way, stuff, machine, up=up, matters=flags, layer_mm=layer_mm,
        min_area_mm2=positive("min_area_mm2", min_area_mm2),
        prices=(price_per_kg, price_per_h),
    )  # fmt: skip
    edge = None
    if min_edge_distance_mm is not None:
        edge = positive("min_edge_distance_mm", min_edge_distance_mm)
    judge.walls(measures.walls, measures.thin_walls)
    judge.gaps(measures.gaps, measures.narrow_gaps)
    judge.members(measures.members)
    judge.holes(measures.holes, edge)
    judge.overhangs(measures.overhangs, has_matters=matters is not None)
    judge.pools(measures.pools)
    judge.pieces(_piece_volumes(mesh))
    judge.orientation(measures.orientations, measures.overhangs, machine)
    height = layer_mm if layer_mm is not None else machine.layer_mm if machine else None
    if height is not None:
        judge.layers(positive("layer_mm", height), measures.overhangs, measures.layers)
    if measures.estimate is not None:
        judge.estimate(measures.estimate, stuff)
    return PrintabilityReport(
        subject=subject, findings=tuple(judge.findings), profile=profile, measures=measures
    )


def _machine(
    printer: str | Printer | None, printers: Mapping[str, Printer] | None
) -> Printer | None:
    if printer is None or isinstance(printer, Printer):
        return printer
    found: Printer = _code("printer", printer, load_printers() if printers is None else printers)
    return found


def _code(name: str, code: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(code, str) and code not in known:
        code = {one.lower(): one for one in known}.get(code.strip().lower(), code)
    if not isinstance(code, str) or code not in known:
        msg = f"{name}: one of {', '.join(known)} expected, found {code!r}"
        raise ValueError(msg)
    return known[code]


def _piece_volumes(mesh: Mesh) -> list[float]:
    """Return the volumes of the bodies, largest first; crumbs and voids are left out."""
    _numbers, volumes = _native.mesh_parts(mesh.vertices, mesh.faces, mesh.kinds)
    return sorted((float(v) for v in volumes if v > _LEAST_PIECE_MM3), reverse=True)


def _material_finding(
    material: Material, process: Process, printer: Printer | None, use: str
) -> Finding:
    answer = choose_material(purpose=use, material=material.code, printer=printer)[material.code]
    verdict, reasons = answer.verdict, list(answer.reasons)
    if process.code not in material.processes:
        verdict = Verdict.FAIL
        reasons.append(f"{material.name} is not printed by {process.name}.")
    if printer is not None and printer.process != process.code:
        verdict = Verdict.FAIL
        reasons.append(f"The {printer.name} prints otherwise: {printer.process}.")
    return Finding(
        code="print_material",
        verdict=verdict,
        message=" ".join(reasons),
        measured=material.name,
        limit=f"for {load_uses()[use].name}",
        source=material.source,
        details={"route": answer.route, "needs": list(material.needs)},
    )
