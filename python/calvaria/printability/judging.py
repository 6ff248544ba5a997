"""What was measured, held against the limits of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calvaria._record import plural
from calvaria.findings import CheckReport, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calvaria.material import Material, Printer, Process
    from calvaria.printability.holes import RoundHole
    from calvaria.printability.layers import LayerPlan, PrintEstimate
    from calvaria.printability.members import SlenderMember
    from calvaria.printability.orientation import Orientation
    from calvaria.printability.overhangs import Overhangs
    from calvaria.printability.thickness import ThinRegion, WallThickness
    from calvaria.printability.trapped import Pool

__all__ = ["Judge"]

_MOST_PLACES = 5
_CM2 = 100.0
# A skull in metres is 0.2 long, a bar in metres 0.05.
_LEAST_SIDE_MM, _MOST_SIDE_MM = 1.0, 2000.0


class Judge:
    """Collects findings; one method for each question."""

    def __init__(self, process: Process, *, is_strict: bool) -> None:
        self.process = process
        # A wall that does not print is a hole in a model, and the end of a guide or an implant.
        self.worst = Verdict.FAIL if is_strict else Verdict.BORDERLINE
        self.findings: list[Finding] = []

    def material(self, finding: Finding) -> None:
        """Take over the finding about the material."""
        self.findings.append(finding)

    def calibration(self, report: CheckReport | None) -> None:
        """Take over what the bars of the printer say."""
        if report is None:
            return
        if not isinstance(report, CheckReport):
            msg = f"calibration: CheckReport expected, found {type(report).__name__}"
            raise TypeError(msg)
        self.findings.extend(report.findings)

    def open_mesh(self) -> None:
        """Say that an open mesh has no inside."""
        self.findings.append(
            Finding(
                code="print_closed",
                verdict=Verdict.FAIL,
                message="The surface is open, so it has no walls: close it first "
                "(repair_mesh, fill_holes).",
                limit="closed",
            )
        )

    def inside_out(self) -> None:
        """Say that the faces look inwards."""
        self.findings.append(
            Finding(
                code="print_outwards",
                verdict=Verdict.FAIL,
                message="The faces look inwards, so that inside and outside are confused: turn them "
                "(repair_mesh).",
                limit="turned outwards",
            )
        )

    def size(self, longest_mm: float) -> None:
        """Say that a part so small or large is hardly in mm."""
        verdict = Verdict.PASS
        message = f"The longest side has {longest_mm:.3g} mm."
        if not _LEAST_SIDE_MM <= longest_mm <= _MOST_SIDE_MM:
            verdict = Verdict.FAIL
            message += " Coordinates are taken as mm: scale those in another unit first."
        self.findings.append(
            Finding(
                code="print_size",
                verdict=verdict,
                message=message,
                measured=longest_mm,
                unit="mm",
                limit=f"{_LEAST_SIDE_MM:g} to {_MOST_SIDE_MM:g} mm",
                source="house rule: what is smaller or larger is in metres or micrometres, not in mm",
            )
        )

    def walls(self, walls: WallThickness, thin: Sequence[ThinRegion]) -> None:
        """Walls too thin, by area."""
        area = sum(region.area_mm2 for region in thin)
        message = "No wall is too thin."
        if thin:
            message = (
                f"{area / _CM2:.2f} cm2 of wall in {plural(len(thin), 'place')} are thinner than the process "
                f"prints well; the thinnest has {walls.min_mm or 0:.2f} mm."
            )
        self._add(
            "print_walls",
            "min_wall",
            walls.min_mm,
            message,
            regions=thin,
            details={"area_mm2": area},
        )

    def gaps(self, gaps: WallThickness, narrow: Sequence[ThinRegion]) -> None:
        """Gaps and channels that would fuse or stay full."""
        area = sum(region.area_mm2 for region in narrow)
        message = "No gap is too narrow."
        if narrow:
            message = (
                f"{area / _CM2:.2f} cm2 of surface in {plural(len(narrow), 'place')} face a gap that may close; "
                f"the narrowest has {gaps.min_mm or 0:.2f} mm."
            )
        self._add(
            "print_gaps", "min_gap", gaps.min_mm, message, regions=narrow, details={"area_mm2": area},
        )  # fmt: skip

    def members(self, members: Sequence[SlenderMember]) -> None:
        """Bridges and pins that break when supports come off."""
        for kind, code in (("bridge", "print_bridges"), ("pin", "print_pins")):
            own = [one for one in members if one.kind == kind]
            message = f"No {kind} is too slender."
            if own:
                message = (
                    f"{plural(len(own), kind)} may break when supports come off; "
                    f"{'it' if len(own) == 1 else 'the most slender'} is {own[0].width_mm:.2f} mm wide and {own[0].length_mm:.1f} mm long."
                )
            places = tuple(
                f"{one.width_mm:.2f} mm wide, {one.length_mm:.1f} mm long at {_at(one.place_lps_mm)}"
                for one in own[:_MOST_PLACES]
            )
            self._add(code, "min_member", own[0].width_mm if own else None, message, places=places)

    def holes(self, holes: Sequence[RoundHole], min_edge_mm: float | None) -> None:
        """Holes too small, and too near to an edge."""
        least = min(holes, key=lambda hole: hole.diameter_mm, default=None)
        message = "No round hole was found."
        if least is not None:
            message = (
                f"{plural(len(holes), 'round hole')}; "
                f"{'it' if len(holes) == 1 else 'the smallest'} has {least.diameter_mm:.2f} mm."
            )
        places = tuple(f"{h.diameter_mm:.2f} mm at {_at(h.centre_lps_mm)}" for h in holes)
        self._add(
            "print_holes", "min_hole", None if least is None else least.diameter_mm, message,
            places=places[:_MOST_PLACES],
        )  # fmt: skip
        self._hole_edges(holes, min_edge_mm)

    def _hole_edges(self, holes: Sequence[RoundHole], min_edge_mm: float | None) -> None:
        near = sorted(holes, key=lambda hole: hole.least_distance_mm)
        if not near or near[0].least_distance_mm == float("inf"):
            return
        places = tuple(
            f"{hole.least_distance_mm:.2f} mm beside the hole at {_at(hole.centre_lps_mm)}"
            for hole in near[:_MOST_PLACES]
        )
        found = near[0].least_distance_mm
        message = f"At least {found:.2f} mm of material stand beside every hole."
        if min_edge_mm is None:
            self._add("print_hole_edges", "min_wall", found, message, places=places)
            return
        n_bad = sum(hole.least_distance_mm < min_edge_mm * (1 - 1e-4) for hole in near)
        if n_bad:
            message = (
                "The hole is too near to an edge."
                if len(near) == 1
                else f"{n_bad} of {len(near)} holes {'is' if n_bad == 1 else 'are'} too near to an edge or to "
                "another."
            )
        self.findings.append(
            Finding(
                code="print_hole_edges",
                verdict=Verdict.FAIL if n_bad else Verdict.PASS,
                message=message,
                measured=found,
                limit=f"PASS from {min_edge_mm:g} mm",
                unit="mm",
                source="as asked",
                places=places,
            )
        )

    def overhangs(self, found: Overhangs, *, has_matters: bool) -> None:
        """Overhangs, and supports on faces that matter."""
        limit = self.process.limits.get("overhang")
        if limit is None or not self.process.needs_support:
            return
        share = found.shadow_mm2 + found.on_plate_mm2
        part = 100 * found.shadow_mm2 / share if share else 0.0
        self.findings.append(
            Finding(
                code="print_overhangs",
                verdict=Verdict.PASS,
                message=(
                    f"{found.area_mm2 / _CM2:.2f} cm2 hang over by more than {found.steepest_deg:g} degrees "
                    f"from upright ({part:.0f} % of what is seen from below): about "
                    f"{found.volume_mm3 / 1000:.1f} cm3 to be filled with supports; "
                    f"{found.on_part_mm2 / _CM2:.2f} cm2 of them stand on the part."
                ),
                measured=found.area_mm2 / _CM2,
                unit="cm2",
                limit=f"no support {limit.text().removeprefix('PASS ')}",
                source=limit.source,
                details={
                    "volume_mm3": found.volume_mm3,
                    "on_part_mm2": found.on_part_mm2,
                    "on_plate_mm2": found.on_plate_mm2,
                },
            )
        )
        if has_matters:
            touched = found.touched_mm2
            self.findings.append(
                Finding(
                    code="print_support_contact",
                    verdict=Verdict.BORDERLINE if touched > 0 else Verdict.PASS,
                    message=(
                        f"Supports touch {touched / _CM2:.2f} cm2 of the surfaces that matter."
                        if touched > 0
                        else "No support touches a surface that matters."
                    ),
                    measured=touched / _CM2,
                    unit="cm2",
                    limit="PASS 0 cm2",
                    source="house rule: a support leaves marks, and what fits must not have any",
                )
            )

    def pools(self, pools: Sequence[Pool]) -> None:
        """Resin or powder that stays inside."""
        traps = self.process.traps
        if traps == "nothing":
            return
        for code, is_closed, name in (
            ("print_trapped", True, "void"),
            ("print_cups", False, "cup"),
        ):
            if code == "print_cups" and traps != "resin":
                continue
            own = [pool for pool in pools if pool.is_closed == is_closed]
            volume = sum(pool.volume_mm3 for pool in own) / 1000
            escape = self.process.limits.get("min_escape")
            advice = f"; holes of at least {escape['pass_min']:g} mm let it out" if escape else ""
            message = f"No {name} holds {traps}."
            if own:
                message = (
                    f"{plural(len(own), name)} {'keeps' if len(own) == 1 else 'keep'} {volume:.2f} cm3 of "
                    f"{traps}{advice}."
                )
            bad = self.worst if is_closed else Verdict.BORDERLINE
            self.findings.append(
                Finding(
                    code=code,
                    verdict=bad if own else Verdict.PASS,
                    message=message,
                    measured=volume,
                    unit="cm3",
                    limit="PASS 0 cm3",
                    source=escape.source if escape else "house rule: nothing may stay inside",
                    places=tuple(_at(pool.centre_lps_mm) for pool in own[:_MOST_PLACES]),
                )
            )

    def pieces(self, volumes_mm3: Sequence[float]) -> None:
        """Loose parts."""
        n = len(volumes_mm3)
        loose = sum(volumes_mm3[1:]) / 1000
        self.findings.append(
            Finding(
                code="print_loose",
                verdict=Verdict.PASS if n <= 1 else Verdict.BORDERLINE,
                message=(
                    "The print is one piece."
                    if n <= 1
                    else f"The print falls into {plural(n, 'piece')}; {loose:.2f} cm3 are not of the largest."
                ),
                measured=float(n),
                unit="piece" if n == 1 else "pieces",
                limit="PASS up to 1 piece",
                source="house rule: loose pieces fall off; whether they belong to it is for you to say",
            )
        )

    def orientation(
        self, ways: Sequence[Orientation], overhangs: Overhangs, printer: Printer | None
    ) -> None:
        """The way up, and whether it fits."""
        way = ways[0]
        up = _at(overhangs.up).replace(" LPS mm", " LPS")
        long, short = way.footprint_mm
        if printer is not None:
            size = " x ".join(f"{mm:g}" for mm in printer.build_mm)
            self.findings.append(
                Finding(
                    code="print_build_volume",
                    verdict=Verdict.PASS if way.fits else Verdict.FAIL,
                    message=(
                        f"Laid down so, the part takes {long:.1f} x {short:.1f} mm and is "
                        f"{way.height_mm:.1f} mm high"
                        + ("." if way.fits else ": too large; cut it with part_mesh.")
                    ),
                    measured=f"{long:.1f} x {short:.1f} x {way.height_mm:.1f} mm",
                    limit=f"{size} mm",
                    source=f"profile {printer.code}: {printer.source}",
                )
            )
        best = min(ways, key=lambda one: (one.fits is False, one.score))
        is_much_better = best.score < 0.7 * way.score
        self.findings.append(
            Finding(
                code="print_orientation",
                verdict=Verdict.BORDERLINE if is_much_better else Verdict.PASS,
                message=(
                    f"Up is {up}"
                    + (
                        "; another way up needs much less support: "
                        + _at(best.up).replace(" LPS mm", " LPS.")
                        if is_much_better
                        else ", and nothing much better was found."
                    )
                ),
                measured=way.score,
                limit="1 is the mean of all ways up that were tried",
                details={"best_up": list(best.up), "best_score": best.score},
            )
        )

    def layers(self, layer_mm: float, overhangs: Overhangs, plan: LayerPlan | None) -> None:
        """Layer height against stairs."""
        from calvaria.printability.layers import cusp_rms_mm  # noqa: PLC0415 - layers judges by tables too

        limit = self.process.limits["layer"]
        worst = cusp_rms_mm(layer_mm)
        mean = cusp_rms_mm(layer_mm, cosine=overhangs.cusp_factor)
        message = (
            f"Layers of {layer_mm:g} mm leave stairs of {worst:.3f} mm rms on a flat slope, {mean:.3f} mm over "
            "this part"
        )
        if layer_mm < limit.get("no_gain_below", 0.0) * (1 - 1e-9):
            message += "; finer than needed"
        chosen = None if plan is None or plan.chosen is None else plan.chosen.layer_mm
        self.findings.append(
            Finding(
                code="print_layers",
                verdict=limit.grade(layer_mm),
                message=f"{message}.",
                measured=layer_mm,
                unit="mm",
                limit=limit.text(),
                source=limit.source,
                details={
                    "worst_cusp_mm": worst,
                    "mean_cusp_mm": mean,
                    "thickest_that_passes_mm": chosen,
                },
            )
        )

    def estimate(self, estimate: PrintEstimate, material: Material) -> None:
        """Mass, time and cost."""
        low, high = material.density_range
        cost = "" if estimate.cost is None else f"; cost {estimate.cost:.2f}"
        self.findings.append(
            Finding(
                code="print_estimate",
                verdict=Verdict.PASS,
                message=(
                    f"About {estimate.mass_g:.0f} g ({plural(estimate.layers, 'layer')}, roughly {estimate.time_h:.1f} h"
                    f"{cost}); for comparing, not for planning."
                ),
                measured=estimate.mass_g,
                unit="g",
                source=f"density {low:g} to {high:g} g/cm3: {material.density_source}",
                details=estimate.to_dict(),
            )
        )

    def _add(
        self,
        code: str,
        row: str,
        measured: float | None,
        message: str,
        *,
        regions: Sequence[ThinRegion] = (),
        places: tuple[str, ...] = (),
        details: dict[str, Any] | None = None,
    ) -> None:
        limit = self.process.limits[row]
        verdict = Verdict.PASS if measured is None else limit.grade(measured)
        text = limit.text()
        if self.worst is not Verdict.FAIL:
            text += "; below, BORDERLINE at worst for this use"
        if verdict is Verdict.FAIL:
            verdict = self.worst
        where = places or tuple(
            f"{r.area_mm2:.1f} mm2, {r.mean_mm:.2f} mm on the mean, at {_at(r.place_lps_mm)}"
            for r in regions[:_MOST_PLACES]
        )
        self.findings.append(
            Finding(
                code=code,
                verdict=verdict,
                message=message,
                measured=measured,
                unit=limit.unit if measured is not None else "",
                limit=text,
                source=limit.source,
                places=where,
                details=details or {},
            )
        )


def _at(place: tuple[float, float, float]) -> str:
    x, y, z = (round(value, 2) + 0.0 for value in place)  # 0 instead of -0
    return f"({x:.2f}, {y:.2f}, {z:.2f}) LPS mm"
