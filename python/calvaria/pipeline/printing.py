"""How the main job asks whether its model can be printed: by the row of the profile."""

from __future__ import annotations

import tomllib
import warnings
from importlib.resources import files
from typing import TYPE_CHECKING

from calvaria.bar import check_printer
from calvaria.errors import CalvariaWarning
from calvaria.material.catalogue import printer_of
from calvaria.printability import PrintabilityReport, check_printability

if TYPE_CHECKING:
    import datetime as dt
    import os

    from calvaria.findings import CheckReport
    from calvaria.material import Printer
    from calvaria.mesh import Mesh

__all__ = ["judge_print"]


def judge_print(
    mesh: Mesh,
    *,
    profile: str,
    printer: str | Printer | None = None,
    printer_record: str | os.PathLike[str] | None = None,
    today: str | dt.date | None = None,
) -> PrintabilityReport:
    """Judge a model for the process and material that its profile is mostly printed with."""
    text = files("calvaria").joinpath("_tables", "model.toml").read_text(encoding="utf-8")
    row = tomllib.loads(text)["printing"][profile]
    process, material = row["process"], row["material"]
    machine = printer_of(row["printer"] if printer is None else printer)
    if printer is not None:
        process = machine.process
        if material not in machine.materials:
            material = machine.materials[0]
    return check_printability(
        mesh,
        process=process,
        material=material,
        printer=machine,
        profile=profile,
        calibration=_calibration(machine, printer_record, today, profile),
    )


def _calibration(
    printer: Printer,
    record: str | os.PathLike[str] | None,
    today: str | dt.date | None,
    profile: str,
) -> CheckReport | None:
    """Return what the record of a printer says, where there is one."""
    if record is None and not printer.record:
        return None
    if today is None:
        msg = "today: the day of judgement expected beside a printer's record, found none"
        raise ValueError(msg)
    with warnings.catch_warnings():
        # What it warns of is a finding of the report.
        warnings.simplefilter("ignore", CalvariaWarning)
        return check_printer(printer, record=record, today=today, profile=profile).report
