"""What the command prints.  Whatever comes from a file is cleaned: a name may hold anything."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from calvaria._record import plural
from calvaria.findings import DISCLAIMER, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from calvaria.dicom import LeftOut, SeriesList
    from calvaria.findings import CheckReport, Finding
    from calvaria.pipeline import ComparisonResult, ModelResult

__all__ = [
    "clean",
    "complain",
    "facts",
    "print_comparison",
    "print_model",
    "print_report",
    "print_series",
]

_STYLE_OF = {
    Verdict.PASS: "green",
    Verdict.BORDERLINE: "yellow",
    Verdict.UNPROVEN: "blue",
    Verdict.FAIL: "bold red",
}

# Where output goes to a file there is no window to fit.
_WIDTH_OF_A_FILE = 150
# Longer lines are hard to follow, however wide the window is.
_WIDTH_TO_READ = 100

_NEIGHBOURS = ("SimpleITK", "nibabel", "pynrrd", "pydicom", "xarray", "matplotlib")


def clean(text: str) -> str:
    r"""Return text without control characters, which a terminal might obey.

    Examples
    --------
    >>> clean("name\x1b[2J")
    'name?[2J'
    """
    return "".join(c if c.isprintable() else "?" for c in text)


def _console(*, to_stderr: bool = False) -> Console:
    console = Console(stderr=to_stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    return console


def complain(message: str) -> None:
    """Print one line on stderr."""
    line = " ".join(clean(message.replace("\n", " ")).split())
    _console(to_stderr=True).print(Text.assemble(("calvaria: ", "bold red"), line), soft_wrap=True)


def print_series(found: SeriesList, *, all_files: bool) -> None:
    """Print the series of a study and the files that are in none."""
    console = _console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    # "no." is the number the scanner gave; "#" counts what is listed, for `check --series`.
    for name in ("#", *found.HEADER[:-1]):
        table.add_column(name, overflow="fold")
    for n, series in enumerate(found, 1):
        cells = (Text(clean(cell)) for cell in series.row()[:-1])
        table.add_row(str(n), *cells, style="" if series.is_loadable else "dim")
    if found:
        console.print(table)
    # Reasons name files and tags: they need a line of their own.
    for n, series in enumerate(found, 1):
        if not series.is_loadable:
            console.print(Text(clean(f"  #{n} does not load: {series.reason}")), soft_wrap=True)
    n_loadable = sum(series.is_loadable for series in found)
    console.print(
        f"{len(found)} series, {n_loadable} of them can be loaded; "
        f"{plural(len(found.left_out), 'file')} left out"
    )
    _print_left_out(console, found.left_out, all_files=all_files)


def _print_left_out(console: Console, left_out: tuple[LeftOut, ...], *, all_files: bool) -> None:
    names_of: dict[str, list[str]] = defaultdict(list)
    for file in left_out:
        names_of[file.reason].append(file.file)
    for reason, names in sorted(names_of.items()):
        shown = names if all_files else names[:3]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        line = f"  {len(names)} left out, {reason}: {', '.join(shown)}{more}"
        console.print(Text(clean(line)), soft_wrap=True)


def print_report(report: CheckReport, *, all_sources: bool = False) -> None:
    """Print every finding, worst first, then the verdict.

    What passed is said in one sentence unless all sources are asked for.
    """
    console = _console()
    passed = [finding for finding in report.findings if finding.verdict is Verdict.PASS]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("check", no_wrap=True)
    table.add_column("meaning", overflow="fold", max_width=_WIDTH_TO_READ)
    for finding in report.above_pass():
        _add_finding(table, finding, _in_full(finding))
        table.add_row()
    for finding in passed:
        _add_finding(table, finding, _in_full(finding) if all_sources else _in_short(finding))
    console.print(table)
    console.print(
        Text.assemble(
            (report.verdict.name, _STYLE_OF[report.verdict]),
            f"  {clean(report.subject)}, for {report.profile}"
            + (f" of {report.anatomy}" if report.anatomy else ""),
        )
    )
    console.print(DISCLAIMER)


def print_model(made: ModelResult, folder: Path) -> None:
    """Print what was chosen and done, what the checks found, and where the files are."""
    console = _console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("step or check", no_wrap=True)
    table.add_column("meaning", overflow="fold", max_width=_WIDTH_TO_READ)
    for finding in made.findings:
        _add_finding(table, finding, _in_short(finding))
    table.add_row()
    # What the volume was loaded with stands in several reports.
    said = {(f.code, f.message): f for check in made.checks for f in check.above_pass()}
    for finding in said.values():
        _add_finding(table, finding, _in_full(finding))
    console.print(table)
    for name in made.files:
        console.print(Text(clean(f"  {folder / name}")), soft_wrap=True)
    console.print(
        Text.assemble(
            (made.verdict.name, _STYLE_OF[made.verdict]),
            f"  {plural(len(made.mesh.faces), 'triangle')}",
        )
    )
    console.print(DISCLAIMER)


def print_comparison(made: ComparisonResult, folder: Path | None) -> None:
    """Print what the mesh is, how far it lies from the image, and where the files are."""
    print_report(made.check)
    console = _console()
    for name in made.files:
        if folder is not None:
            console.print(Text(clean(f"  {folder / name}")), soft_wrap=True)


def _add_finding(table: Table, finding: Finding, meaning: Text) -> None:
    verdict = Text(finding.verdict.name, style=_STYLE_OF[finding.verdict])
    table.add_row(verdict, Text(clean(finding.code)), meaning)


def _in_short(finding: Finding) -> Text:
    """Return the sentence, with the measured value where it does not say it already."""
    measured = finding.measured_text
    number = measured.split()[0] if isinstance(finding.measured, float) else measured
    is_told = not measured or re.search(rf"(?<![\w.]){re.escape(number)}(?![\w.])", finding.message)
    return Text(clean(finding.message if is_told else f"{finding.message} [{measured}]"))


def _in_full(finding: Finding) -> Text:
    """Return the sentence, then what was measured and allowed, then who says so."""
    text = Text(clean(finding.message))
    held = [finding.measured_text and f"measured {finding.measured_text}", finding.limit or ""]
    line = "; ".join(part for part in held if part)
    if line:
        text.append(f"\n{clean(line)}")
    return text.append(f"\nsource: {clean(finding.source)}", style="dim")


def facts() -> dict[str, str]:
    """Return the versions at work, without a path of this machine."""
    versions = {
        "calvaria": importlib.metadata.version("calvaria"),
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "processors": str(os.cpu_count()),
    }
    for name in _NEIGHBOURS:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions
