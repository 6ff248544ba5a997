"""How the main job asks whether its model can be printed: by the row of the profile."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

from calvaria.printability import PrintabilityReport, check_printability

if TYPE_CHECKING:
    from calvaria.mesh import Mesh

__all__ = ["judge_print"]


def judge_print(mesh: Mesh, *, profile: str, printer: str | None = None) -> PrintabilityReport:
    """Judge a model for the process and material that its profile is mostly printed with."""
    from calvaria.material import load_printers  # noqa: PLC0415 - the one row that is asked for

    text = files("calvaria").joinpath("_tables", "model.toml").read_text(encoding="utf-8")
    row = tomllib.loads(text)["printing"][profile]
    process, material, usual = row["process"], row["material"], row["printer"]
    if printer is not None:
        known = load_printers()
        if printer not in known:
            msg = f"printer: one of {', '.join(known)} expected, found {printer!r}"
            raise ValueError(msg)
        machine = known[printer]
        process, usual = machine.process, printer
        if material not in machine.materials:
            material = machine.materials[0]
    return check_printability(
        mesh, process=process, material=material, printer=usual, profile=profile
    )
