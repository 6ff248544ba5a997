"""The main job: from what is at a path to a model, its report and its record."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._record import plural
from calvaria._whole_files import write_whole
from calvaria.errors import CalvariaWarning, MeshError
from calvaria.findings import DISCLAIMER, Finding, Verdict
from calvaria.mesh import check_mesh, measure_mesh, write_mesh
from calvaria.overlay import check_overlay, compare_to_image, find_holes
from calvaria.pipeline.comparing import holes_section, overlay_section
from calvaria.pipeline.outline import outline
from calvaria.pipeline.printing import judge_print
from calvaria.pipeline.settings import settings_for
from calvaria.pipeline.shaping import shape
from calvaria.pipeline.source import open_source
from calvaria.report import (
    Report,
    Section,
    build_report,
    draw_slices,
    draw_solid,
    printability_section,
)
from calvaria.report.png import png_uri
from calvaria.rules import load_rules

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Sequence

    from calvaria.findings import CheckReport
    from calvaria.material import Printer
    from calvaria.mesh import Mesh
    from calvaria.overlay import BoneHole, OverlayMetrics
    from calvaria.pipeline.settings import Settings
    from calvaria.pipeline.source import Source
    from calvaria.rules import Rules
    from calvaria.volume import Mask, Volume

__all__ = ["ModelResult", "build_model"]

_MESH_FILES = ("model.stl", "model.3mf")
_SMALLEST_WINDOW = 200.0
_OVERLAY_SAMPLES = 40_000


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


def build_model(
    path: str | os.PathLike[str],
    *,
    profile: str,
    anatomy: str,
    output: str | os.PathLike[str] | None = None,
    series: int | None = None,
    mask: str | os.PathLike[str] | None = None,
    label: str | int | None = None,
    spacing_xyz_mm: tuple[float, float, float] | None = None,
    iso_hu: float | None = None,
    max_error_mm: float | None = None,
    min_part_mm3: float | None = None,
    smoothing_iterations: int | None = None,
    printer: str | Printer | None = None,
    printer_record: str | os.PathLike[str] | None = None,
    today: str | dt.date | None = None,
    rules: Rules | None = None,
) -> ModelResult:
    """Make a printable model of what is at a path, and say how far it can be trusted.

    The best series is found and checked; the anatomy is outlined; the surface is drawn at the local
    half-maximum, freed of crumbs, smoothed, decimated within a bound, and checked.  A poor scan does
    not stop the job: its findings are in the report.

    Parameters
    ----------
    path : path
        A folder, file, DICOMDIR or zip archive of DICOM; an image or label map in NIfTI, NRRD, MetaImage
        or TIFF; a project of InVesalius.
    profile : str
        What the model is for: ``"education"``, ``"planning"``, ``"guide"`` or ``"implant"``.
    anatomy : str
        What it shows, such as ``"skull"``; ``"generic"`` is all bone.
    output : path, optional
        A folder for ``model.stl``, ``model.3mf``, ``report.html`` and ``record.json``; made when it is
        not there.  Left out, nothing is written.
    series : int, optional
        Which series, counted from 1; left out, the best one.
    mask : path, optional
        A file that says which voxels the model holds: NIfTI, NRRD, MetaImage or DICOM SEG.  The grey
        values still say where its surface is.
    label : str or int, optional
        Which label of the mask or label map, by name or number; left out, all of them as one body.
    spacing_xyz_mm : tuple of float, optional
        Size of the voxels along columns, rows and slices, for an image file that states no place.
        Such a file gives a model all the same, with findings that say what is not known.
    iso_hu : float, optional
        The level; left out, the local half-maximum of bone against what is around it.
    max_error_mm, min_part_mm3, smoothing_iterations : optional
        Left out, those of the profile (``_tables/model.toml``).  ``max_error_mm`` is the bound of the
        decimation, which is verified; 0 keeps every triangle.
    printer : str or Printer, optional
        The printer the model is judged for, or its code; left out, that of the profile.
    printer_record : path, optional
        Readings of that printer's reference bars, from :func:`calvaria.bar.append_readings`; left out,
        those that its profile names.  A last bar that is too old or out of its limit is a finding.
    today : str or date, optional
        The day of judgement, needed beside a record: nothing here reads a clock.
    rules : Rules, optional
        Limits of your own for the scan.

    Returns
    -------
    ModelResult
        Mesh, mask, volume, checks, report and record.

    Raises
    ------
    DicomError
        Nothing there can be loaded.
    SegmentationError
        Nothing reaches the level.
    ValueError
        An unknown profile or anatomy, or a number out of range.

    Examples
    --------
    >>> import tempfile
    >>> from calvaria import phantom
    >>> scanner = phantom.Scanner(columns=64, rows=64, spacing_xy_mm=(1.5, 1.5), noise_hu=5.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = phantom.write_study(phantom.sphere(radius_mm=20), f"{folder}/study", scanner=scanner)
    ...     made = build_model(f"{folder}/study", profile="education", anatomy="generic")
    >>> abs(measure_mesh(made.mesh).volume_mm3 / 33510 - 1) < 0.01
    True
    """
    limits = load_rules() if rules is None else rules
    profile, anatomy = limits.profile(profile), limits.anatomy(anatomy)
    settings = settings_for(
        profile,
        max_error_mm=max_error_mm,
        min_part_mm3=min_part_mm3,
        smoothing_iterations=smoothing_iterations,
    )
    with warnings.catch_warnings():
        # Each of these is a finding of the report.
        warnings.simplefilter("ignore", CalvariaWarning)
        source = open_source(
            path,
            profile=profile,
            anatomy=anatomy,
            series=series,
            mask=mask,
            label=label,
            spacing_xyz_mm=spacing_xyz_mm,
            rules=rules,
        )
        chosen = outline(
            source.volume,
            anatomy=anatomy,
            iso_hu=iso_hu,
            min_part_mm3=settings.min_part_mm3,
            within=source.mask,
            is_label_map=source.is_label_map,
        )
        mesh, steps = shape(source.volume, chosen, settings)
        mesh_report = check_mesh(mesh, anatomy=anatomy)
        print_report = judge_print(
            mesh, profile=profile, printer=printer, printer_record=printer_record, today=today
        )
        overlay = None if source.is_label_map else _overlay(mesh, source.volume)
        holes = () if overlay is None else _holes(mesh, source.volume, chosen.iso_hu)
    findings = (*chosen.findings, *steps)
    checks = (*source.checks, mesh_report)
    if overlay is not None:
        matched = check_overlay(overlay, profile=profile, anatomy=anatomy, rules=rules, holes=holes)
        checks += (matched,)
    checks += (print_report,)
    title = f"Model: {anatomy}, for {profile}"
    sections = [
        _made(mesh, chosen.iso_hu, source, settings),
        Section(title="What was chosen, and what each step did", findings=findings),
        *([] if overlay is None else [overlay_section(overlay, is_hu=source.volume.is_hu)]),
        *holes_section(holes or ()),
        *_pictures(source.volume, mesh, chosen.iso_hu),
        printability_section(print_report),
    ]
    report = build_report(title=title, sections=sections, checks=checks[:-1])
    record = _record(source, settings, profile, anatomy, chosen.iso_hu, findings, report)
    if overlay is not None:
        record["overlay"] = _facts(overlay)
        record["holes"] = [hole.to_dict() for hole in holes or ()]
    result = ModelResult(
        mesh=mesh,
        volume=source.volume,
        mask=chosen.mask,
        iso_hu=chosen.iso_hu,
        findings=findings,
        checks=checks,
        record=record,
        report=report,
    )
    return result if output is None else _written(result, Path(output))


def _overlay(mesh: Mesh, volume: Volume) -> OverlayMetrics | None:
    """Measure the model against its image; None where all of it was cut or filled."""
    try:
        return compare_to_image(mesh, volume, n_samples=_OVERLAY_SAMPLES)
    except MeshError:
        return None


def _holes(mesh: Mesh, volume: Volume, iso_hu: float) -> tuple[BoneHole, ...] | None:
    """Find the holes of the bone under the model; None in an image without room for them."""
    return find_holes(mesh, volume, iso_hu=iso_hu) if min(volume.grid.dims_ijk) > 1 else None


def _facts(overlay: OverlayMetrics) -> dict[str, Any]:
    return {
        "edge": overlay.edge,
        "summary": overlay.summary.to_dict(),
        "status_fractions": overlay.status_fractions,
        "blur_in_plane_mm": overlay.blur_in_plane_mm,
        "blur_through_plane_mm": overlay.blur_through_plane_mm,
    }


def _made(mesh: Mesh, iso_hu: float, source: Source, settings: Settings) -> Section:
    facts = measure_mesh(mesh)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    size = " x ".join(f"{mm:.1f}" for mm in high - low)
    rows = (
        ("image", source.choice),
        ("grid", _grid_text(source.volume)),
        ("level", f"{iso_hu:.0f} HU" if source.volume.is_hu else f"{iso_hu:g}"),
        ("triangles", f"{len(mesh.faces):,}".replace(",", " ")),
        ("size, left-right x front-back x head-foot", f"{size} mm"),
        ("enclosed volume", f"{(facts.volume_mm3 or 0) / 1000:.1f} cm3"),
        ("surface", f"{facts.area_mm2 / 100:.0f} cm2"),
        ("decimated within", f"{settings.max_error_mm:g} mm" if settings.max_error_mm else "not"),
        ("frame", "LPS, millimetres: where the scanner saw it"),
    )
    return Section(title="What was made", rows=rows)


def _grid_text(volume: Volume) -> str:
    dims = " x ".join(map(str, volume.grid.dims_ijk))
    return f"{dims} voxels of {' x '.join(f'{mm:.3g}' for mm in volume.grid.spacing_xyz_mm)} mm"


def _pictures(volume: Volume, mesh: Mesh, iso_hu: float) -> list[Section]:
    solid = tuple((side, _img("solid", pixels)) for side, pixels in draw_solid(mesh).items())
    low, high = (float(x) for x in np.percentile(volume.values.reshape(-1)[::7], (0.5, 99.8)))
    width = max(high - low, _SMALLEST_WINDOW)
    window = (500.0, 2500.0) if volume.is_hu else ((low + high) / 2, width)
    middle = mesh.vertices.min(axis=0) / 2 + mesh.vertices.max(axis=0) / 2
    slices = draw_slices(volume, mesh, centre_lps_mm=middle, window=window)
    on_image = tuple(
        (f"{name}: the image, and the contour of the model on it", markup)
        for name, markup in slices.items()
    )
    level = f"{iso_hu:.0f} HU" if volume.is_hu else f"{iso_hu:g}"
    return [
        Section(
            title="The model",
            text="Lids where the image ends are vermilion, cuts blue, filled holes green.",
            figures=solid,
        ),
        Section(
            title="The model on the image",
            text=f"The contour is that of the finished mesh; the level is {level}.",
            figures=on_image,
        ),
    ]


def _img(kind: str, pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> str:
    return f'<img class="{kind}" alt="" src="{png_uri(pixels)}">'


def _record(
    source: Source,
    settings: Settings,
    profile: str,
    anatomy: str,
    iso_hu: float,
    findings: Sequence[Finding],
    report: Report,
) -> dict[str, Any]:
    from importlib.metadata import version  # noqa: PLC0415 - only a record needs it

    return {
        "disclaimer": DISCLAIMER,
        "versions": {name: version(name) for name in ("calvaria", "numpy")},
        "input": {"choice": source.choice, "sha256": list(source.sha256)},
        "grid": source.volume.grid.to_dict(),
        "parameters": {
            "profile": profile,
            "anatomy": anatomy,
            "iso_hu": iso_hu,
            **settings.to_dict(),
        },
        "steps": [finding.to_dict() for finding in findings],
        "verdict": report.verdict.name,
    }


def _written(result: ModelResult, folder: Path) -> ModelResult:
    """Write all files; the record, written last, holds the hashes of the others."""
    folder.mkdir(parents=True, exist_ok=True)
    sha256: dict[str, str] = {}
    refused: list[Finding] = []
    for name in _MESH_FILES:
        try:
            write_mesh(result.mesh, folder / name)
        except MeshError as error:
            (folder / name).unlink(missing_ok=True)  # that of an earlier run says something else
            refused.append(_refusal(name, str(error)))
            continue
        sha256[name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    report = result.report
    if refused:
        more = Section(title="Files that could not be written", findings=tuple(refused))
        report = build_report(title=report.title, sections=(*report.sections, more))
    report.write_html(folder / "report.html")
    sha256["report.html"] = hashlib.sha256((folder / "report.html").read_bytes()).hexdigest()
    record = {**result.record, "verdict": report.verdict.name, "outputs_sha256": sha256}
    text = json.dumps(record, indent=2, sort_keys=True, allow_nan=False, default=str)
    write_whole(folder / "record.json", (text + "\n").encode("utf-8"))
    return ModelResult(
        **{
            name: getattr(result, name)
            for name in result.__dataclass_fields__
            if name not in {"record", "report", "files"}
        },
        record=record,
        report=report,
        files=(*sha256, "record.json"),
    )


def _refusal(name: str, why: str) -> Finding:
    return Finding(
        code="model_file",
        verdict=Verdict.FAIL,
        message=f"{name} was not written: {why}.",
        measured=name,
    )
