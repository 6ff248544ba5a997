"""A mesh that somebody brings, held against a study; and the section of a report that says so."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._record import plural
from calvaria._whole_files import write_whole
from calvaria.errors import CalvariaWarning
from calvaria.findings import DISCLAIMER, CheckReport, Verdict
from calvaria.mesh import read_mesh
from calvaria.overlay import check_overlay, measure_overlay
from calvaria.overlay.metrics import in_mm
from calvaria.pipeline.source import open_source
from calvaria.report import Report, Section, build_report

if TYPE_CHECKING:
    import os

    from calvaria.overlay import BoneHole, LostPlace, Overlay, OverlayMetrics
    from calvaria.rules import Rules

__all__ = ["ComparisonResult", "compare_model", "holes_section", "overlay_section"]

_MOST_ROWS = 8
_MOST_HOLES = 20
# Mucosa, muscle and fat lie between air and the marrow of spongy bone.
_FACED_HU = (
    ("air", -math.inf, -300.0),
    ("soft tissue", -300.0, 150.0),
    ("spongy or other bone", 150.0, math.inf),
)
# Less than half a thousandth would read as 0.0 %.
_LEAST_SHARE = 0.0005

_WORDS = {
    "found": "an edge",
    "thin": "an edge of a wall thinner than twice the blur",
    "flat": "no edge: nothing falls off enough",
    "outside": "no edge: the image ends",
    "ambiguous": "no edge: two are as likely",
    "saturated": "no edge: metal, at the end of the scale",
    "reversed": "no edge: brighter outside than inside",
    "oblique": "no edge along the surface",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparisonResult:
    """A mesh held against a study.

    Attributes
    ----------
    overlay : Overlay
        What was measured.
    check : CheckReport
        What it was held against.
    choice : str
        Which image was taken.
    report : Report
        The page.
    files : tuple of str
        Names of the files written; empty when nothing was.
    """

    overlay: Overlay
    check: CheckReport
    choice: str
    report: Report
    files: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The most severe verdict of the comparison; the scan itself is judged by ``check``."""
        return self.check.verdict

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the samples, ready for JSON."""
        return {
            "disclaimer": DISCLAIMER,
            "image": self.choice,
            "verdict": self.verdict.name,
            "check": self.check.to_dict(),
            "overlay": self.overlay.to_dict(),
        }

    def __repr__(self) -> str:
        return f"ComparisonResult({self.verdict.name}, {self.overlay!r})"

    def _repr_html_(self) -> str:
        return self.report._repr_html_()


def compare_model(
    mesh: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    profile: str,
    anatomy: str = "generic",
    output: str | os.PathLike[str] | None = None,
    series: int | None = None,
    iso_hu: float | None = None,
    unit: str | None = None,
    rules: Rules | None = None,
) -> ComparisonResult:
    """Hold a mesh file of any program against the study it was made from.

    Parameters
    ----------
    mesh : path
        STL, PLY, OBJ or 3MF; LPS or RAS, in millimetres or not: which it is, is found and said.
    path : path
        What :func:`build_model` takes.
    profile, anatomy : str
        What the limits are taken for.
    output : path, optional
        A folder for ``comparison.json`` and ``comparison.html``.
    series : int, optional
        Which series, counted from 1; left out, the best one.
    iso_hu : float, optional
        The level at which lost bone is looked for; left out, that of the mesh.
    unit : str, optional
        Unit of the file, as for :func:`read_mesh`; left out, what it says, else millimetres.
    rules : Rules, optional
        Limits of your own for the scan.

    Returns
    -------
    ComparisonResult

    Raises
    ------
    MeshError
        The file holds no mesh.
    DicomError
        Nothing there can be loaded.

    Examples
    --------
    >>> import tempfile
    >>> from calvaria import extract_surface, load_series, find_series, phantom, write_mesh
    >>> scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = phantom.write_study(phantom.sphere(radius_mm=12), f"{folder}/study", scanner=scanner)
    ...     volume = load_series(find_series(f"{folder}/study")[0])
    ...     write_mesh(extract_surface(volume, iso_hu=0.0), f"{folder}/ball.stl")
    ...     made = compare_model(f"{folder}/ball.stl", f"{folder}/study", profile="education")
    >>> made.overlay.frame.name, made.overlay.metrics.summary.p95_mm < 0.2
    ('LPS mm', True)
    """
    with warnings.catch_warnings():
        # What the readers warn of is in the findings of what they return.
        warnings.simplefilter("ignore", CalvariaWarning)
        source = open_source(path, profile=profile, anatomy=anatomy, series=series, rules=rules)
        body = read_mesh(mesh, unit=unit)
        overlay = measure_overlay(body, source.volume, iso_hu=iso_hu)
    check = check_overlay(overlay, profile=profile, anatomy=anatomy, rules=rules)
    sections = [
        Section(
            title="What was compared",
            rows=(
                ("image", source.choice),
                ("grid", repr(source.volume)),
                ("triangles", len(body.faces)),
                ("frame of the mesh", overlay.frame.name),
                ("why", overlay.frame.why),
                ("as a whole", repr(overlay.pose)),
            ),
        ),
        overlay_section(overlay.metrics, is_hu=source.volume.is_hu),
        _lost(overlay),
        *holes_section(overlay.holes),
    ]
    page = build_report(title="Mesh against image", sections=sections, checks=(check,))
    result = ComparisonResult(overlay=overlay, check=check, choice=source.choice, report=page)
    return result if output is None else _written(result, Path(output))


def _written(result: ComparisonResult, folder: Path) -> ComparisonResult:
    folder.mkdir(parents=True, exist_ok=True)
    result.report.write_html(folder / "comparison.html")
    text = json.dumps(result.to_dict(), indent=2, sort_keys=True, allow_nan=False)
    write_whole(folder / "comparison.json", (text + "\n").encode("utf-8"))
    return ComparisonResult(
        overlay=result.overlay,
        check=result.check,
        choice=result.choice,
        report=result.report,
        files=("comparison.html", "comparison.json"),
    )


def _lost(overlay: Overlay) -> Section:
    """Return what the mesh lacks, where and why, as a section of the report."""
    lost = overlay.lost
    rows: list[tuple[str, object]] = [
        (
            f"lost at {lost.iso_hu:.0f}" if math.isfinite(lost.iso_hu) else "lost",
            f"{lost.lost_mm2 / 100:.1f} cm2 in {plural(len(lost.places), 'place')}"
            if lost.structure_mm2
            else "not known: the mesh lies along too little of the image",
        )
    ]
    rows += [(cause, f"{mm2 / 100:.1f} cm2") for cause, mm2 in lost.by_cause_mm2.items()]
    rows += [_lost_row(place) for place in lost.places[:_MOST_ROWS]]
    thin = overlay.thin
    if thin is not None and overlay.thin_places:
        area = sum(place.area_mm2 for place in overlay.thin_places) / 100
        rows.append((f"besides, at {thin.iso_hu:.0f}", f"{area:.1f} cm2 of bone under the level"))
        rows += [_lost_row(place) for place in overlay.thin_places[:_MOST_ROWS]]
    rows.append(("parts that it does not touch", f"{lost.other_mm2 / 100:.1f} cm2"))
    rows += [_lost_row(place) for place in lost.others[:_MOST_ROWS]]
    return Section(
        title="What the mesh lacks",
        text="Surface in the image with no mesh near, the largest places first, and why. Parts that "
        "it does not touch may be other bones, the table, or what was removed.",
        rows=tuple(rows),
    )


def _lost_row(place: LostPlace) -> tuple[str, object]:
    return (f"{place.area_mm2:.0f} mm2 at {place.where}", f"{place.cause.value}: {place.why}")


def holes_section(holes: tuple[BoneHole, ...]) -> list[Section]:
    """Return the holes as a section of a report, where there are any."""
    rows = [
        (
            f"{hole.diameter_mm:.1f} mm at {hole.where}",
            f"{hole.cause.value}: {hole.why}" + ("" if hole.is_open else "; closed in the mesh"),
        )
        for hole in holes[:_MOST_HOLES]
    ]
    text = (
        "Holes of 1.5 to 16 mm through the bone, and open rims of the mesh, the widest first. Wider openings "
        "are not listed. One that the mesh closes is marked."
    )
    if len(holes) > _MOST_HOLES:
        text += f" {len(holes) - _MOST_HOLES} narrower ones stand in the record only."
    return [Section(title="Holes in the bone", text=text, rows=tuple(rows))] if rows else []


def _by_what_it_faces(metrics: OverlayMetrics) -> list[tuple[str, object]]:
    """Return the offset by what lies outside: one level cannot be midway against all of it."""
    rows: list[tuple[str, object]] = []
    for name, low, high in _FACED_HU:
        is_here = metrics.is_measured & (metrics.outside >= low) & (metrics.outside < high)
        share = is_here.mean()
        if share > _LEAST_SHARE:
            mean = metrics.offset_mm[is_here].mean()
            rows.append((f"facing {name}", f"{mean:+.3f} mm on {100 * share:.0f} % of the surface"))
    return rows


def overlay_section(metrics: OverlayMetrics, *, is_hu: bool) -> Section:
    """Return the numbers of a comparison as a section of a report."""
    one = metrics.summary
    rows: list[tuple[str, object]] = [
        ("edge", metrics.edge.replace("_", " ")),
        ("samples, each of the same area", one.n_samples),
        ("mean offset (bias), outside positive", in_mm(one.mean_mm, "+.3f")),
        ("standard deviation", in_mm(one.sd_mm)),
        ("95 % of the surface within", in_mm(one.p95_mm)),
        ("largest", in_mm(one.max_mm, ".2f")),
        ("blur of the scan in a slice", f"{metrics.blur_in_plane_mm:.2f} mm (standard deviation)"),
        ("blur across the slices", f"{metrics.blur_through_plane_mm:.2f} mm"),
    ]
    rows += _by_what_it_faces(metrics) if is_hu else []
    rows += [
        (_WORDS[name], f"{100 * share:.1f} % of the surface")
        for name, share in metrics.status_fractions.items()
        if share > _LEAST_SHARE
    ]
    rows += [
        (f"{name}, not measured", f"{area / 100:.1f} cm2")
        for name, area in metrics.excluded_mm2.items()
    ]
    rows += [
        (f"worst place {n}", f"{place.worst_mm:+.2f} mm at {place.where}, {place.area_mm2:.0f} mm2")
        for n, place in enumerate(metrics.worst_places(beyond_mm=max(one.p95_mm, 0.1)), 1)
        if one.n_measured
    ]
    return Section(
        title="Does the mesh match the image?",
        text="How far the mesh lies from the edges in the image, midway between the values on both "
        "sides, at points spread evenly over it. Lids and cuts are not measured.",
        rows=tuple(rows),
    )
