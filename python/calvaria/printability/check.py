"""Every question at once: whether a mesh can be printed by a process, of a material."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._html import html_table
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
from calvaria.mesh import Mesh, measure_mesh
from calvaria.printability._measured import (
    Record,
    closure,
    faces_that_matter,
    need_faces,
    positive,
    unit,
)
from calvaria.printability.holes import RoundHole, find_round_holes
from calvaria.printability.judging import Judge
from calvaria.printability.layers import LayerPlan, PrintEstimate, estimate_print, plan_layers
from calvaria.printability.members import SlenderMember, find_slender_members
from calvaria.printability.orientation import (
    Orientation,
    find_orientations,
    orientation_of,
)
from calvaria.printability.overhangs import Overhangs, measure_overhangs
from calvaria.printability.sampling import refine_mesh
from calvaria.printability.thickness import (
    ThinRegion,
    WallThickness,
    find_thin_regions,
    measure_thickness,
)
from calvaria.printability.trapped import Pool, find_pools

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = ["PrintabilityMeasures", "PrintabilityReport", "check_printability"]

# A part of few, large faces is measured between its corners too: edges up to a 120th of its longest side.
_SAMPLES = 120
_SHORTEST_MM = 0.4
_MOST_FACES = 1_500_000
_FEWEST_FACES = 100_000
_FACES_PER_STEP = 16.0
# Walls and gaps are measured up to this many times the limit; what is beyond it is good.
_REACH = 1.25
_WIDEST_HOLE_MM = 12.0
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrintabilityMeasures(Record):
    """All that was measured for a report; places and pictures come from it.

    Parameters
    ----------
    mesh : Mesh
        What was measured: the mesh, with long edges halved.
    process, material, printer : Process, Material, Printer or None
        What for.
    walls, gaps : WallThickness
        Inside and outside.
    thin_walls, narrow_gaps : tuple of ThinRegion
        Below the lower limit of the process.
    members : tuple of SlenderMember
        Bridges and pins below the upper limit.
    holes : tuple of RoundHole
        Up to 12 mm.
    overhangs : Overhangs
        For the way up that was asked for, or the best.
    orientations : tuple of Orientation
        The best ways up.
    pools : tuple of Pool
        What stays inside.
    layers : LayerPlan or None
        Detail against time; None without a printer.
    estimate : PrintEstimate or None
        Mass, time, cost; None without a printer.
    """

    mesh: Mesh
    process: Process
    material: Material
    printer: Printer | None
    walls: WallThickness
    gaps: WallThickness
    thin_walls: tuple[ThinRegion, ...]
    narrow_gaps: tuple[ThinRegion, ...]
    members: tuple[SlenderMember, ...]
    holes: tuple[RoundHole, ...]
    overhangs: Overhangs
    orientations: tuple[Orientation, ...]
    pools: tuple[Pool, ...]
    layers: LayerPlan | None
    estimate: PrintEstimate | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the mesh and its vertices' values, ready for JSON."""
        return {
            field.name: _plain(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name != "mesh"
        }

    def __repr__(self) -> str:
        return (
            f"PrintabilityMeasures({self.process.code}: {plural(len(self.thin_walls), 'thin wall')}, "
            f"{plural(len(self.narrow_gaps), 'narrow gap')}, "
            f"{plural(len(self.members), 'bridge or pin', 'bridges or pins')}, "
            f"{plural(len(self.holes), 'round hole')}, {plural(len(self.pools), 'pool')})"
        )

    def _repr_html_(self) -> str:
        rows = [
            (name.replace("_", " "), len(value) if isinstance(value, tuple) else repr(value))
            for name, value in ((f.name, getattr(self, f.name)) for f in dataclasses.fields(self))
            if name not in ("mesh", "process", "material", "printer")
        ]
        return html_table(header=("measured", self.process.name), rows=rows)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [one.to_dict() for one in value]
    return None if value is None else value.to_dict()


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
        a use in :func:`calvaria.material.load_uses`.
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
    measures = _measured(
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


def _measured(
    mesh: Mesh,
    process: Process,
    material: Material,
    printer: Printer | None,
    *,
    up: ArrayLike | None,
    matters: NDArray[np.bool_] | None,
    layer_mm: float | None,
    min_area_mm2: float,
    prices: tuple[float | None, float | None],
) -> PrintabilityMeasures:
    longest = float(np.ptp(mesh.vertices, axis=0).max())
    step = max(longest / _SAMPLES, _SHORTEST_MM)
    facts = measure_mesh(mesh)
    # Slivers would be divided far more often than their area asks for.
    enough = int(_FACES_PER_STEP * facts.area_mm2 / step**2)
    most_faces = min(max(enough, _FEWEST_FACES), _MOST_FACES)
    refined = refine_mesh(mesh, longest_mm=step, most_faces=most_faces)
    fine = refined.mesh
    limits = process.limits
    wall, member, gap = (limits[name]["pass_min"] for name in ("min_wall", "min_member", "min_gap"))
    walls = measure_thickness(
        fine, method="both", longest_mm=_REACH * max(wall, member), min_area_mm2=min_area_mm2
    )
    gaps = measure_thickness(
        fine, method="both", side="outside", longest_mm=_REACH * gap, min_area_mm2=min_area_mm2
    )
    steepest = float(limits["overhang"]["pass_max"]) if "overhang" in limits else 45.0
    build = None if printer is None else printer.build_mm
    if up is None:
        orientations = find_orientations(mesh, build_mm=build, steepest_deg=steepest)
    else:
        own, best = orientation_of(mesh, up=unit("up", up), build_mm=build, steepest_deg=steepest)
        orientations = (own, *best)
    direction = orientations[0].up
    flags = None if matters is None else matters[refined.parents]
    overhangs = measure_overhangs(fine, up=direction, steepest_deg=steepest, matters=flags)
    pools: tuple[Pool, ...] = ()
    if process.traps != "nothing":
        # Resin printers draw the part out of the vat with the plate above: cups hang upside down.
        pools = find_pools(mesh, up=direction)
    plan, estimate = _costs(facts, overhangs, printer, material, layer_mm, prices)
    return PrintabilityMeasures(
        mesh=fine,
        process=process,
        material=material,
        printer=printer,
        walls=walls,
        gaps=gaps,
        thin_walls=find_thin_regions(walls, below_mm=wall, min_area_mm2=min_area_mm2),
        narrow_gaps=find_thin_regions(gaps, below_mm=gap, min_area_mm2=min_area_mm2),
        members=find_slender_members(walls, below_mm=member, min_area_mm2=min_area_mm2),
        holes=find_round_holes(mesh, widest_mm=_WIDEST_HOLE_MM),
        overhangs=overhangs,
        orientations=orientations,
        pools=pools,
        layers=plan,
        estimate=estimate,
    )


def _costs(
    facts: Any,
    overhangs: Overhangs,
    printer: Printer | None,
    material: Material,
    layer_mm: float | None,
    prices: tuple[float | None, float | None],
) -> tuple[LayerPlan | None, PrintEstimate | None]:
    if printer is None or facts.volume_mm3 <= 0:
        return None, None
    plan = plan_layers(
        overhangs, volume_mm3=facts.volume_mm3, area_mm2=facts.area_mm2, printer=printer
    )
    estimate = estimate_print(
        volume_mm3=facts.volume_mm3,
        area_mm2=facts.area_mm2,
        height_mm=overhangs.height_mm,
        printer=printer,
        density_g_cm3=material.density_g_cm3,
        layer_mm=layer_mm,
        support_mm3=overhangs.volume_mm3 if printer.process != "sls" else 0.0,
        price_per_kg=prices[0],
        price_per_h=prices[1],
    )
    return plan, estimate


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
