"""``calvaria bar make|check|history``: thin, over :mod:`calvaria.bar`."""

from __future__ import annotations

import datetime as dt
import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calvaria._exit_status import EXIT_OF, asked
from calvaria._terminal import complain
from calvaria.errors import BarError, CalvariaWarning

if TYPE_CHECKING:
    from calvaria.bar import BarReading

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The reference bar: make one to print, judge what was measured, keep a printer's record.",
)

_SCANS = {".stl", ".ply", ".obj", ".3mf", ".glb"}

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Profile = Annotated[
    str | None,
    typer.Option(help="What the print is for: education, planning, guide or implant."),
]
Tolerance = Annotated[
    float | None, typer.Option(help="A limit of your own instead, mm.", show_default=False)
]
Record = Annotated[
    Path | None,
    typer.Option("--record", help="Append the readings to this printer's record."),
]


@app.command()
@asked
def make(
    output: Annotated[Path, typer.Argument(help="File to write: .stl, .3mf, .ply or .obj.")],
    length: Annotated[
        list[float] | None,
        typer.Option("--length", help="Length, mm; several make a set. [default: 50]"),
    ] = None,
    axis: Annotated[
        list[str] | None,
        typer.Option("--axis", help="Axis of the printer; several make a set. [default: x]"),
    ] = None,
    full_set: Annotated[
        bool,
        typer.Option(
            "--set", help="20, 50 and 100 mm along x, y, z, both diagonals, fine features."
        ),
    ] = False,
    plate: Annotated[
        bool, typer.Option("--plate", help="All on one plate, for a scan in one piece.")
    ] = False,
    bed: Annotated[
        tuple[float, float] | None,
        typer.Option("--bed", help="Width and depth of the printer's bed, mm, for a set."),
    ] = None,
    form: Annotated[
        Path | None,
        typer.Option("--form", help="Write a calliper form beside it, a .csv to fill in."),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Readings of each bar in the form.")] = 3,
) -> None:
    """Write bars to print, and the form to fill in after printing."""
    from calvaria.bar import make_bar, make_bar_set, write_readings_form
    from calvaria.mesh import write_mesh

    lengths = tuple(length or ((20.0, 50.0, 100.0) if full_set else (50.0,)))
    axes = tuple(axis or (("x", "y", "z") if full_set else ("x",)))
    if len(lengths) == len(axes) == 1 and not (full_set or plate):
        made = make_bar(length_mm=lengths[0], axis=axes[0])
    else:
        made = make_bar_set(
            lengths_mm=lengths,
            axes=axes,
            with_diagonals=full_set,
            with_features=full_set,
            on_plate=plate,
            bed_mm=bed,
        )
    write_mesh(made.mesh, output)
    sys.stdout.write(f"{output.name}: {made.meaning}\n")
    if form is not None:
        write_readings_form(form, lengths_mm=lengths, axes=axes, repeats=repeats)
        sys.stdout.write(f"{form.name}: fill in reading_mm, then: calvaria bar check {form.name}\n")


@app.command()
@asked
def check(
    readings: Annotated[
        Path,
        typer.Argument(
            help="A calliper table (.csv), a scan of the bars (.stl, .ply, .obj, .3mf), or a CT of "
            "them (folder, zip).",
            show_default=False,
        ),
    ],
    profile: Profile = None,
    tolerance_mm: Tolerance = None,
    part: Annotated[
        float | None, typer.Option(help="Size of the part, mm: what the error is there.")
    ] = None,
    length: Annotated[
        list[float] | None,
        typer.Option("--length", help="Lengths to look for in a scan. [default: 20 50 100]"),
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of the scan: mm, cm, m, inch or um.")
    ] = None,
    calliper_mpe_mm: Annotated[
        float | None, typer.Option(help="Largest permissible error, from the certificate, mm.")
    ] = None,
    record: Record = None,
    date: Annotated[
        str | None, typer.Option(help="Day of readings without one; left out, today.")
    ] = None,
    printer: Annotated[str, typer.Option(help="Name of the printer, for the record.")] = "",
    as_json: AsJson = False,
) -> None:
    """Judge printed bars; the exit status is the verdict."""
    from calvaria.bar import append_readings, check_bars

    rows = _readings(readings, length, unit, printer)
    profile = profile or (None if tolerance_mm is not None else "planning")
    found = check_bars(
        rows,
        profile=profile,
        tolerance_mm=tolerance_mm,
        part_size_mm=part,
        calliper_mpe_mm=calliper_mpe_mm,
    )
    if record is not None:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", CalvariaWarning)
            append_readings(rows, record, date=date or dt.date.today().isoformat())  # noqa: DTZ011 - a day at the printer
        for one in said:
            complain(f"{record.name}: {one.message}")
    _print(found.to_dict() if as_json else found.to_text())
    raise typer.Exit(EXIT_OF[found.verdict])


@app.command()
@asked
def history(
    record: Annotated[Path, typer.Argument(help="A printer's record.", show_default=False)],
    profile: Profile = None,
    tolerance_mm: Tolerance = None,
    printer: Annotated[
        str | None, typer.Option(help="Which printer, where the record has several.")
    ] = None,
    max_age_days: Annotated[
        float | None, typer.Option(help="How old the last bar may be. [default: 30]")
    ] = None,
    today: Annotated[str | None, typer.Option(help="Day of judgement; left out, today.")] = None,
    chart: Annotated[
        Path | None, typer.Option(help="Write the control chart of each bar here, a .png or .svg.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a printer is in order: last bar, its age, control limits, drift."""
    from calvaria.bar import check_history

    profile = profile or (None if tolerance_mm is not None else "planning")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalvariaWarning)  # said in the output
        found = check_history(
            record,
            today=today or dt.date.today(),  # noqa: DTZ011 - a day at the printer
            profile=profile,
            tolerance_mm=tolerance_mm,
            max_age_days=max_age_days,
            printer=printer,
        )
    if chart is not None:
        from calvaria.bar.plots import plot_control_chart

        if not found.charts:
            msg = f"{record.name}: a bar read on three days for a chart expected, found none"
            raise BarError(msg)
        for number, one in enumerate(found.charts):
            more = f"_{number + 1}" if number else ""
            plot_control_chart(one).savefig(chart.with_stem(chart.stem + more))
    if as_json:
        _print(found.to_dict() | {"report": found.report.to_dict()})
    else:
        lines = [f"{one.verdict.name:<10} {one.message}" for one in found.report]
        _print("\n".join([found.meaning, "", *lines]) + "\n")
    raise typer.Exit(EXIT_OF[found.verdict])


def _readings(
    path: Path, lengths: list[float] | None, unit: str | None, printer: str
) -> list[BarReading]:
    from dataclasses import replace

    from calvaria.bar import load_readings, measure_bars
    from calvaria.mesh import read_mesh

    if not path.exists():
        msg = f"{path.name or path}: a table, scan or CT expected, found nothing there"
        raise typer.BadParameter(msg)
    asked = tuple(lengths or (20.0, 50.0, 100.0))
    if path.suffix.lower() in {".csv", ".tsv", ".txt"}:
        rows = load_readings(path)
    elif path.suffix.lower() in _SCANS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CalvariaWarning)
            mesh = read_mesh(path)
        rows = measure_bars(mesh, lengths_mm=asked, unit=unit)
    else:
        from calvaria.dicom import load_series

        rows = measure_bars(load_series(path), lengths_mm=asked)
    return [replace(row, printer=row.printer or printer) for row in rows]


def _print(value: Any) -> None:
    if isinstance(value, str):
        sys.stdout.write(value)
    else:
        sys.stdout.write(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=True) + "\n")
