"""All that is measured of a mesh before it is judged for a printer."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._html import html_table
from calvaria._record import plural
from calvaria.mesh import Mesh, measure_mesh
from calvaria.printability._measured import Record, unit
from calvaria.printability.holes import RoundHole, find_round_holes
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
    from numpy.typing import ArrayLike, NDArray

    from calvaria.material import Material, Printer, Process
    from calvaria.mesh import MeshMeasures

__all__ = ["PrintabilityMeasures", "measure_printability"]

# A part of few, large faces is measured between its corners too: edges up to a 120th of its longest side.
_SAMPLES = 120
_SHORTEST_MM = 0.4
_MOST_FACES = 1_500_000
_FEWEST_FACES = 100_000
_FACES_PER_STEP = 16.0
# Walls and gaps are measured up to this many times the limit; what is beyond it is good.
_REACH = 1.25
_WIDEST_HOLE_MM = 12.0


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


def measure_printability(
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
    """Measure walls, gaps, members, holes, overhangs, pools, layers, time and cost."""
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
    facts: MeshMeasures,
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
