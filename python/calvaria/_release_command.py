"""``calvaria release package|test|print``: thin, over :mod:`calvaria.release`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calvaria._exit_status import EXIT_OF, Exit, asked
from calvaria._terminal import complain
from calvaria.errors import ReleaseError

if TYPE_CHECKING:
    from calvaria.findings import CheckReport, Override
    from calvaria.mesh import Mesh

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What leaves the house: a partner's package, a fit test marked TEST, a print.",
)

MeshFile = Annotated[
    Path, typer.Argument(help="STL, 3MF, PLY, OBJ or GLB, in mm.", show_default=False)
]
Unit = Annotated[
    str | None, typer.Option(help="Unit of a file that does not say it.", show_default=False)
]
Purpose = Annotated[
    str, typer.Option(help="What for: teaching, planning, guide, implant …", show_default=False)
]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="File to write: .stl, .3mf …", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command()
@asked
def package(
    mesh: MeshFile,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A new folder.", show_default=False)
    ],
    purpose: Purpose,
    material: Annotated[str, typer.Option(help="titanium, peek, pekk …", show_default=False)],
    partner: Annotated[
        str, typer.Option(help="The manufacturer who answers for it.", show_default=False)
    ],
    process: Annotated[
        str | None, typer.Option(help="lpbf, sls …; where there is a choice.", show_default=False)
    ] = None,
    reference: Annotated[str, typer.Option(help="A code of your own; no name.")] = "",
    tolerance_mm: Annotated[
        float | None, typer.Option(help="Left out, that of the purpose.", show_default=False)
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(help="The scan it was made from; its check goes along.", show_default=False),
    ] = None,
    anatomy: Annotated[str, typer.Option(help="What the scan shows.")] = "generic",
    override: Annotated[
        list[str] | None,
        typer.Option(
            help='Set a finding aside: "CODE: NAME: REASON". Again for more.', show_default=False
        ),
    ] = None,
    unit: Unit = None,
    as_json: AsJson = False,
) -> None:
    """Write what a certified partner makes an implant or guide from; the exit status is the verdict."""
    from calvaria.release import write_partner_package

    try:
        made = write_partner_package(
            _read(mesh, unit),
            output,
            purpose=purpose,
            material=material,
            process=process,
            partner=partner,
            reference=reference,
            tolerance_mm=tolerance_mm,
            checks=_checks(study, purpose, anatomy),
            overrides=[_override(one) for one in override or ()],
        )
    except ReleaseError as error:
        raise _refused(error) from None
    _print(made.to_dict() if as_json else f"{made!r}\n{'  '.join(made.files)}\n")
    raise typer.Exit(EXIT_OF[made.verdict])


@app.command(name="test")
@asked
def fit_test(
    mesh: MeshFile,
    *,
    output: Output,
    process: Annotated[str, typer.Option(help="What it is printed with: fdm, sla, sls …")] = "fdm",
    mark: Annotated[str, typer.Option(help="What stands on it; TEST is always in it.")] = "TEST",
    unit: Unit = None,
    as_json: AsJson = False,
) -> None:
    """Write the in-house copy of an implant, for trying the fit: TEST is raised from it."""
    from calvaria.release import write_fit_test

    try:
        made = write_fit_test(_read(mesh, unit), output, process=process, mark=mark)
    except ReleaseError as error:
        raise _refused(error) from None
    _print(made.to_dict() if as_json else f"{made!r}\n")


@app.command(name="print")
@asked
def print_file(
    mesh: MeshFile,
    *,
    output: Output,
    purpose: Purpose,
    material: Annotated[str | None, typer.Option(help="pla, resin …", show_default=False)] = None,
    printer: Annotated[
        str | None, typer.Option(help="desktop-fdm, desktop-resin …", show_default=False)
    ] = None,
    unit: Unit = None,
) -> None:
    """Write the file of what may be printed in-house; an implant is refused."""
    from calvaria.release import write_print

    try:
        write_print(_read(mesh, unit), output, purpose=purpose, material=material, printer=printer)
    except ReleaseError as error:
        raise _refused(error) from None


def _read(path: Path, unit: str | None) -> Mesh:
    from calvaria.mesh import read_mesh

    return read_mesh(path, unit=unit)


def _checks(study: Path | None, purpose: str, anatomy: str) -> tuple[CheckReport, ...]:
    if study is None:
        return ()
    from calvaria import pipeline

    profile = "implant" if purpose == "implant" else "guide"
    return (pipeline.check_source(study, profile=profile, anatomy=anatomy),)


def _override(text: str) -> Override:
    from calvaria.findings import Override

    parts = [part.strip() for part in text.split(":", 2)]
    if len(parts) != 3:
        msg = f"--override: CODE: NAME: REASON expected, found {text!r}"
        raise typer.BadParameter(msg)
    code, name, reason = parts
    return Override(code=code, name=name, reason=reason)


def _refused(error: ReleaseError) -> typer.Exit:
    complain(str(error))
    return typer.Exit(Exit.FAIL)


def _print(value: Any) -> None:
    if isinstance(value, str):
        sys.stdout.write(value)
    else:
        sys.stdout.write(json.dumps(value, indent=2, allow_nan=False, ensure_ascii=True) + "\n")
