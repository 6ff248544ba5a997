"""The ``calvaria`` command.

Exit status: 0 all is well (PASS), 1 look before you go on (BORDERLINE or UNPROVEN), 2 the command
was not understood, 3 the scan FAILs, 4 the study could not be read, 130 interrupted.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calvaria import _bar_command, _release_command, _terminal
from calvaria._exit_status import EXIT_OF as _EXIT_OF
from calvaria._exit_status import Exit
from calvaria._exit_status import reported as _reported
from calvaria.errors import CalvariaWarning
from calvaria.findings import DISCLAIMER

if TYPE_CHECKING:
    from calvaria.findings import CheckReport

__all__ = ["Exit", "app", "main"]


app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From a patient's CT to a printable model that has been measured against the image.",
    epilog=(
        "Exit status: 0 PASS, 1 BORDERLINE or UNPROVEN, 2 usage, 3 FAIL, 4 unreadable. "
        + DISCLAIMER
    ),
)

app.add_typer(_bar_command.app, name="bar")
app.add_typer(_release_command.app, name="release")

Study = Annotated[
    Path, typer.Argument(help="A folder, a file, a DICOMDIR or a zip archive.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Anatomy = Annotated[
    str, typer.Option(help="What is imaged, for example skull-base.", show_default=False)
]
Profile = Annotated[
    str,
    typer.Option(help="What for: education, planning, guide or implant.", show_default=False),
]
PrinterRecord = Annotated[
    Path | None,
    typer.Option(
        help="Readings of the printer's bars, from bar check --record: is it in order today?",
        show_default=False,
    ),
]
RulesFile = Annotated[
    Path | None,
    typer.Option("--rules", help="Limits of your own, a TOML file.", show_default=False),
]


def main() -> None:
    """Run the command."""
    try:
        app()
    finally:
        _let_go()


def _let_go() -> None:
    """Drop what nobody reads any more: Python would complain of it at its end."""
    stream = sys.__stdout__
    if stream is None:
        return
    try:
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _print_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"calvaria {version('calvaria')}\n")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


@app.command()
@_reported
def scan(
    folder: Study,
    as_json: AsJson = False,
    all_files: Annotated[
        bool, typer.Option("--all-files", help="Name every file that is in no series.")
    ] = False,
) -> None:
    """List the series of a study: what each is, whether it can be loaded, why not."""
    from calvaria.dicom import find_series

    found = find_series(_existing(folder))
    if as_json:
        _print_json(
            {
                "series": [{"number": n, **one.to_dict()} for n, one in enumerate(found, 1)],
                "left_out": [{"file": f.file, "reason": f.reason} for f in found.left_out],
            }
        )
    else:
        _terminal.print_series(found, all_files=all_files)
    if not found:
        _terminal.complain("no DICOM series found")
        raise typer.Exit(Exit.UNREADABLE)


@app.command()
@_reported
def check(
    folder: Study,
    *,
    profile: Profile,
    anatomy: Anatomy,
    rules: RulesFile = None,
    series: Annotated[
        int | None,
        typer.Option(min=1, help="Which series, as [bold]scan[/] counts them.", show_default=False),
    ] = None,
    all_sources: Annotated[
        bool, typer.Option("--sources", help="Print limit and source of what passed, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge a scan for what it shall become; the exit status is the verdict."""
    from calvaria import pipeline

    limits = _limits(rules, profile=profile, anatomy=anatomy)
    report = pipeline.check_source(
        _existing(folder), series=series, profile=profile, anatomy=anatomy, rules=limits
    )
    if as_json:
        _print_json(report.to_dict())
    else:
        _terminal.print_report(report, all_sources=all_sources)
    raise typer.Exit(_EXIT_OF[report.verdict])


@app.command()
@_reported
def model(
    folder: Annotated[
        Path,
        typer.Argument(
            help="DICOM (folder, file, DICOMDIR, zip), NIfTI, NRRD, MetaImage, TIFF or .inv3.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for model, report and record.")
    ] = Path("model"),
    profile: Annotated[
        str, typer.Option(help="What for: education, planning, guide or implant.")
    ] = "education",
    anatomy: Annotated[
        str, typer.Option(help="What is to be made: skull, mandible, spine …; generic is all bone.")
    ] = "generic",
    series: Annotated[
        int | None,
        typer.Option(min=1, help="Which series; left out, the best one.", show_default=False),
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(help="A file that says which voxels the model holds.", show_default=False),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(help="Which label of the mask, by name or number.", show_default=False),
    ] = None,
    spacing_mm: Annotated[
        tuple[float, float, float] | None,
        typer.Option(
            help="Voxel size X Y Z of an image file that states no place.", show_default=False
        ),
    ] = None,
    iso_hu: Annotated[
        float | None,
        typer.Option(help="Level of the surface; left out, half-maximum.", show_default=False),
    ] = None,
    max_error_mm: Annotated[
        float | None,
        typer.Option(
            help="Decimate within this bound; 0 keeps every triangle; left out, the profile's.",
            show_default=False,
        ),
    ] = None,
    printer: Annotated[
        str | None,
        typer.Option(help="Judge it for this printer; see printable.", show_default=False),
    ] = None,
    printer_record: PrinterRecord = None,
    rules: RulesFile = None,
    show_file_names: Annotated[
        bool,
        typer.Option(
            "--show-file-names", help="Let report and record name files; a name may be a patient's."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a printable model, its report and its record; the exit status is the verdict."""
    from calvaria.pipeline import build_model

    limits = _limits(rules, profile=profile, anatomy=anatomy)
    _known_printer(printer)
    made = build_model(
        _existing(folder),
        output=output,
        profile=profile,
        anatomy=anatomy,
        series=series,
        mask=None if mask is None else _existing(mask),
        label=label,
        spacing_xyz_mm=spacing_mm,
        iso_hu=iso_hu,
        max_error_mm=max_error_mm,
        printer=printer,
        printer_record=None if printer_record is None else _existing(printer_record),
        today=dt.date.today(),  # noqa: DTZ011 - a day at the printer
        rules=None if rules is None else limits,
        show_file_names=show_file_names,
    )
    if as_json:
        _print_json(made.record)
    else:
        _terminal.print_model(made, output)
    raise typer.Exit(_EXIT_OF[made.verdict])


@app.command()
@_reported
def repeat(
    record: Annotated[Path, typer.Argument(help="record.json of a model.", show_default=False)],
    folder: Annotated[Path, typer.Argument(help="The study it was made from.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Keep the files here.", show_default=False),
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(help="The mask, if it was made with one.", show_default=False),
    ] = None,
    printer_record: PrinterRecord = None,
    rules: RulesFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a model once more as its record says; PASS when every file is the same, byte for byte."""
    from calvaria.pipeline import repeat_model
    from calvaria.rules import load_rules

    made = repeat_model(
        _existing(record),
        _existing(folder),
        output=output,
        mask=None if mask is None else _existing(mask),
        printer_record=None if printer_record is None else _existing(printer_record),
        rules=None if rules is None else load_rules(rules),
    )
    if as_json:
        _print_json(made.report.to_dict())
    else:
        _terminal.print_report(made.report)
    raise typer.Exit(_EXIT_OF[made.verdict])


@app.command()
@_reported
def compare(
    mesh: Annotated[
        Path,
        typer.Argument(help="STL, PLY, OBJ or 3MF; LPS or RAS, mm or not.", show_default=False),
    ],
    folder: Study,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for page and numbers.", show_default=False),
    ] = None,
    profile: Annotated[
        str, typer.Option(help="What for: education, planning, guide or implant.")
    ] = "education",
    anatomy: Annotated[str, typer.Option(help="What the mesh shows.")] = "generic",
    series: Annotated[
        int | None,
        typer.Option(min=1, help="Which series; left out, the best one.", show_default=False),
    ] = None,
    iso_hu: Annotated[
        float | None,
        typer.Option(help="Level at which lost bone is looked for.", show_default=False),
    ] = None,
    rules: RulesFile = None,
    as_json: AsJson = False,
) -> None:
    """Hold a mesh of any program against the study it was made from; the exit status is the verdict."""
    from calvaria.pipeline import compare_model

    limits = _limits(rules, profile=profile, anatomy=anatomy)
    made = compare_model(
        _existing(mesh),
        _existing(folder),
        profile=profile,
        anatomy=anatomy,
        output=output,
        series=series,
        iso_hu=iso_hu,
        rules=limits,
    )
    if as_json:
        _print_json(made.to_dict())
    else:
        _terminal.print_comparison(made, output)
    raise typer.Exit(_EXIT_OF[made.verdict])


@app.command()
@_reported
def printable(
    mesh: Annotated[
        Path, typer.Argument(help="STL, 3MF, PLY, OBJ or GLB, in mm.", show_default=False)
    ],
    process: Annotated[str, typer.Option(help="fdm, sla, sls, lpbf …")] = "fdm",
    material: Annotated[str, typer.Option(help="pla, petg, resin, titanium …")] = "pla",
    printer: Annotated[
        str | None, typer.Option(help="desktop-fdm, desktop-resin …", show_default=False)
    ] = None,
    printer_record: PrinterRecord = None,
    profile: Annotated[
        str, typer.Option(help="What for: education, planning, guide or implant.")
    ] = "education",
    unit: Annotated[
        str | None, typer.Option(help="Unit of a file that does not say it.", show_default=False)
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a page with pictures there (.html).", show_default=False),
    ] = None,
    all_sources: Annotated[
        bool, typer.Option("--sources", help="Print limit and source of what passed, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Judge whether a mesh can be printed; the exit status is the verdict."""
    from calvaria.mesh import read_mesh
    from calvaria.printability import check_printability
    from calvaria.report import build_report, printability_section

    _known_printer(printer)
    options = {} if unit is None else {"unit": unit}
    try:
        body = read_mesh(_existing(mesh), **options)
        found = check_printability(
            body,
            process=process,
            material=material,
            printer=printer,
            profile=profile,
            calibration=_calibration(printer, printer_record, profile),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if report is not None:
        page = build_report(title="Can it be printed", sections=[printability_section(found)])
        page.write_html(report)
    if as_json:
        _print_json(found.to_dict())
    else:
        _terminal.print_report(found, all_sources=all_sources)
    raise typer.Exit(_EXIT_OF[found.verdict])


@app.command()
@_reported
def plan(
    anatomy: Anatomy, profile: Profile, rules: RulesFile = None, as_json: AsJson = False
) -> None:
    """Write the imaging protocol that would pass the check."""
    from calvaria.checks import plan_imaging

    limits = _limits(rules, profile=profile, anatomy=anatomy)
    made = plan_imaging(anatomy=anatomy, profile=profile, rules=limits)
    if as_json:
        _print_json(made.to_dict())
    else:
        sys.stdout.write(made.to_text())


@app.command()
@_reported
def demo(
    output: Annotated[
        Path, typer.Option(help="Folder to write; replaced if it is an older demo.")
    ] = Path("demo"),
) -> None:
    """Make a phantom study, read it, judge it, and draw it."""
    from calvaria import _demo

    _demo.run(output)


@app.command()
@_reported
def info(as_json: AsJson = False) -> None:
    """Say which versions are at work."""
    facts = _terminal.facts()
    if as_json:
        _print_json(facts)
    else:
        sys.stdout.write("".join(f"{name:<14} {value}\n" for name, value in facts.items()))
        sys.stdout.write(f"\n{DISCLAIMER}\n")


def _existing(path: Path) -> Path:
    if not path.exists():
        msg = f"{path.name or path}: a folder or file expected, found nothing there"
        raise typer.BadParameter(msg)
    return path


def _calibration(printer: str | None, record: Path | None, profile: str) -> CheckReport | None:
    """Return what the bars on a printer's record say today."""
    from calvaria.bar import check_printer

    if record is None:
        return None
    if printer is None:
        msg = "--printer: the printer whose record it is expected, found none"
        raise typer.BadParameter(msg)
    today = dt.date.today()  # noqa: DTZ011 - a day at the printer
    with warnings.catch_warnings():
        # What it warns of is a finding.
        warnings.simplefilter("ignore", CalvariaWarning)
        return check_printer(printer, record=_existing(record), today=today, profile=profile).report


def _known_printer(code: str | None) -> None:
    from calvaria.material import load_printers

    if code is not None and code not in load_printers():
        msg = f"--printer: one of {', '.join(load_printers())} expected, found {code}"
        raise typer.BadParameter(msg)


def _limits(file: Path | None, *, profile: str, anatomy: str) -> Any:
    """Return the rules; a name they do not know is a mistake in the command."""
    from calvaria.rules import load_rules

    try:
        rules = load_rules(file)
        rules.profile(profile)
        rules.anatomy(anatomy)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return rules


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
