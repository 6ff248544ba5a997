"""`calvaria demo`: a phantom study, made, read, judged, and made into a model.

Everything is written beside the output folder first and moved there when it is whole, so that an
interrupted demo leaves nothing behind.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from calvaria import _terminal, phantom, pipeline
from calvaria.dicom import find_series, load_series
from calvaria.errors import CalvariaError

if TYPE_CHECKING:
    from calvaria.findings import CheckReport
    from calvaria.volume import Volume

__all__ = ["run"]

# Tells a folder that a demo wrote, and may replace, from one that holds somebody's work.
_MARKER = ".calvaria-demo"

_PROFILE, _ANATOMY = "guide", "skull-base"

# Fine enough for a guide, and not finer: the demo should not take long.
_COLUMNS, _PIXEL_MM, _SLICE_MM = 420, 0.6, 0.8


def run(output: Path) -> None:
    """Write the demo to a folder."""
    _check_may_replace(output)
    parent = output.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=parent))
    try:
        lines = _steps(work, shown=output)
        (work / _MARKER).write_text("A folder of `calvaria demo`; the next demo replaces it.\n")
        work.chmod(0o755)
        if output.exists():
            shutil.rmtree(output)
        work.replace(output)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _say("", "Where to look:", *lines)


def _check_may_replace(output: Path) -> None:
    if output.exists() and not (output / _MARKER).is_file() and any(output.iterdir()):
        msg = f"{output.name}: an empty folder or an older demo expected; it holds something else"
        raise CalvariaError(msg)


def _steps(work: Path, *, shown: Path) -> list[str]:
    started = time.perf_counter()
    study = work / "study"
    _say(
        "1. A phantom head is scanned and written as DICOM, with a localizer and a screen capture."
    )
    _write_study(study)
    _say(f"   {sum(p.is_file() for p in study.rglob('*'))} files, {_since(started)}")
    _say("2. calvaria scan: what is in the folder")
    found = find_series(study)
    _terminal.print_series(found, all_files=False)
    _say(f"3. calvaria check: good enough for a {_PROFILE} of the {_ANATOMY}?")
    number = _longest(found)
    report = pipeline.check_source(study, series=number, profile=_PROFILE, anatomy=_ANATOMY)
    _terminal.print_report(report)
    _write_report(work, report)
    _say("4. calvaria model: the skull, closed and in its place")
    made = pipeline.build_model(
        study, profile="education", anatomy="skull", series=number, output=work / "model"
    )
    _terminal.print_model(made, shown / "model")
    lines = [
        f"  {shown / 'model' / 'report.html'}  what was made, how far it can be trusted, with pictures",
        f"  {shown / 'model' / 'model.stl'}  the skull, and model.3mf; record.json says how",
        f"  {shown / 'study'}  the DICOM files; try: calvaria scan {shown / 'study'}",
        f"  {shown / 'check.json'}  the findings for machines, and check.html to read",
    ]
    if _draw(work / "planes.png", load_series(found[number - 1])):
        lines.append(f"  {shown / 'planes.png'}  three cuts through the head")
    _say(f"Done in {_since(started)}.")
    return lines


def _write_study(study: Path) -> None:
    scanner = phantom.Scanner(
        columns=_COLUMNS,
        rows=_COLUMNS,
        spacing_xy_mm=(_PIXEL_MM, _PIXEL_MM),
        slice_thickness_mm=_SLICE_MM,
        slice_increment_mm=_SLICE_MM,
    )
    phantom.write_study(
        phantom.head(metal_radius_mm=2.0, has_table=True),
        study,  # as in life
        scanner=scanner,
        has_localizer=True,
        has_secondary_capture=True,
    )


def _longest(found: tuple[object, ...]) -> int:
    """Return the number of the series with most slices, counted as `scan` does."""
    sizes = [getattr(series, "n_slices", 0) for series in found]
    return sizes.index(max(sizes)) + 1


def _write_report(work: Path, report: CheckReport) -> None:
    text = json.dumps(report.to_dict(), indent=2, allow_nan=False)
    (work / "check.json").write_text(text + "\n", encoding="utf-8")
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>calvaria check</title>'
        f"</head><body>{report._repr_html_()}</body></html>\n"
    )
    (work / "check.html").write_text(page, encoding="utf-8")


def _draw(path: Path, volume: Volume) -> bool:
    from calvaria import plot  # noqa: PLC0415 - Matplotlib may be missing

    try:
        figure = plot.plot_planes(volume, centre_lps_mm=(-30.0, -20.0, -10.0), title="phantom head")
    except ImportError:
        _say("   no picture: pip install 'calvaria[plot]' brings Matplotlib")
        return False
    figure.savefig(path)
    return True


def _since(started: float) -> str:
    return f"{time.perf_counter() - started:.1f} s"


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
