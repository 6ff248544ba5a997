"""The main job: from what is at a path to a model, its report and its record."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from calvaria.errors import CalvariaWarning
from calvaria.mesh import check_mesh
from calvaria.pipeline.files import need_folder, record_of, write_model
from calvaria.pipeline.making import make
from calvaria.pipeline.pages import model_sections
from calvaria.pipeline.printing import judge_print
from calvaria.pipeline.result import ModelResult
from calvaria.pipeline.settings import settings_for
from calvaria.pipeline.source import open_source
from calvaria.report import build_report, printability_section
from calvaria.rules import load_rules

if TYPE_CHECKING:
    import datetime as dt
    import os

    from calvaria.material import Printer
    from calvaria.rules import Rules

__all__ = ["build_model"]


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
    show_file_names: bool = False,
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
    show_file_names : bool
        Let report and record name files of the study.  Left out, they say "slice 17 of series 1": a
        file may be named after a patient.

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
    OSError
        The output folder cannot be written; found before the work begins.
    ValueError
        An unknown profile or anatomy, or a number out of range.

    Examples
    --------
    >>> import tempfile
    >>> from calvaria import phantom
    >>> from calvaria.mesh import measure_mesh
    >>> scanner = phantom.Scanner(columns=64, rows=64, spacing_xy_mm=(1.5, 1.5), noise_hu=5.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = phantom.write_study(phantom.sphere(radius_mm=20), f"{folder}/study", scanner=scanner)
    ...     made = build_model(f"{folder}/study", profile="education", anatomy="generic")
    >>> abs(measure_mesh(made.mesh).volume_mm3 / 33510 - 1) < 0.01
    True
    """
    limits = load_rules() if rules is None else rules
    profile, anatomy = limits.profile(profile), limits.anatomy(anatomy)
    if output is not None:
        need_folder(Path(output))
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
            show_file_names=show_file_names,
        )
        made = make(source, settings, anatomy=anatomy, iso_hu=iso_hu)
        mesh_report = check_mesh(made.mesh, anatomy=anatomy)
        print_report = judge_print(
            made.mesh, profile=profile, printer=printer, printer_record=printer_record, today=today
        )
    matched = made.laid.judged(profile=profile, anatomy=anatomy, rules=rules)
    checks = (*source.checks, mesh_report, *matched)
    report = build_report(
        title=f"Model: {anatomy}, for {profile}",
        sections=[*model_sections(made, source, settings), printability_section(print_report)],
        checks=checks,
    )
    asked = {
        "profile": profile,
        "anatomy": anatomy,
        "series": series,
        "has_mask": mask is not None,
        "label": label,
        "spacing_xyz_mm": None if spacing_xyz_mm is None else list(spacing_xyz_mm),
        "asked_iso_hu": iso_hu,
        "iso_hu": made.iso_hu,
        **settings.to_dict(),
        "printer": getattr(printer, "code", printer),
        "has_printer_record": printer_record is not None,
        # Without readings of a printer the day does not count.
        "today": None if printer_record is None else str(today),
        "has_own_rules": rules is not None,
        "show_file_names": show_file_names,
    }
    result = ModelResult(
        mesh=made.mesh,
        volume=source.volume,
        mask=made.mask,
        iso_hu=made.iso_hu,
        findings=made.findings,
        checks=(*checks, print_report),
        record={**record_of(source, asked, made.findings, report), **made.laid.facts()},
        report=report,
    )
    return result if output is None else write_model(result, Path(output))
