"""The catalogue: what the tables say, checked against their schema."""

from __future__ import annotations

import dataclasses
import functools
import math
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from calvaria.material.limits import LIMITS, OPTIONAL_LIMITS, process_limit
from calvaria.material.reading import made_of, need_known, need_type, read_table, read_toml
from calvaria.material.records import Comparison, Material, Printer, Process, Use

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = [
    "compare_uses",
    "load_materials",
    "load_printers",
    "load_processes",
    "load_uses",
    "printer_of",
]

_TABLES = Path(__file__).parents[1] / "_tables"
_ROUTES = ("in-house", "partner", "research")
_STERILISE = ("yes", "no", "supplier")
_TRAPS = ("nothing", "resin", "powder")


def load_materials() -> Mapping[str, Material]:
    """Return every material by its code.

    Returns
    -------
    mapping of str to Material
        In the order of preference, as in ``_tables/materials.toml``.

    Examples
    --------
    >>> load_materials()["titanium"].route
    'partner'
    """
    return _materials()


def load_uses() -> Mapping[str, Use]:
    """Return what parts are printed for, by code.

    Returns
    -------
    mapping of str to Use
        The codes are the ``purpose`` of :func:`choose_material`.

    Examples
    --------
    >>> load_uses()["implant"].body
    True
    """
    rows = read_toml(_TABLES / "materials.toml")["uses"]
    return MappingProxyType(
        {code: made_of(Use, "materials.toml", code, row) for code, row in rows.items()}
    )


def compare_uses() -> tuple[Comparison, ...]:
    """Return the quick comparison of materials by use: three rows.

    Returns
    -------
    tuple of Comparison
        Models, planning, implants: with typical materials and what to know of each.

    Examples
    --------
    >>> [row.materials for row in compare_uses()]
    [('pla', 'petg'), ('resin', 'technical_plastic'), ('titanium', 'peek', 'pekk')]
    """
    rows = read_toml(_TABLES / "materials.toml")["comparison"]
    return tuple(made_of(Comparison, "materials.toml", None, row) for row in rows)


def load_processes(path: str | os.PathLike[str] | None = None) -> Mapping[str, Process]:
    """Return every process by its code.

    Parameters
    ----------
    path : path, optional
        A TOML file of your own: a row in it replaces the row of that process and name, a whole new
        process needs all rows.  What it does not mention stays.

    Returns
    -------
    mapping of str to Process
        Each with its limits and their sources.

    Raises
    ------
    ValueError
        A row or key is unknown, missing or of the wrong type; the message names it.

    Examples
    --------
    >>> load_processes()["fdm"].limits["min_wall"].text()
    'PASS from 1 mm, BORDERLINE from 0.8 mm'
    """
    if path is None:
        return _processes()
    own = read_table(Path(path))
    own.pop("version", None)
    merged = read_toml(_TABLES / "processes.toml")
    merged.pop("version")
    for code, rows in own.items():
        if not isinstance(rows, dict):
            msg = f"{Path(path).name}: {code}: a table expected, found {type(rows).__name__}"
            raise ValueError(msg)
        merged[code] = {**merged.get(code, {}), **rows}
    return _processes_of(Path(path).name, merged)


def load_printers(path: str | os.PathLike[str] | None = None) -> Mapping[str, Printer]:
    """Return printers by their code.

    Parameters
    ----------
    path : path, optional
        Profiles of your own, TOML or JSON: ``printers`` holds a table for each.  They are added to
        those that come with calvaria.  A ``record`` is looked for beside the file.

    Returns
    -------
    mapping of str to Printer
        Those that come with calvaria, and yours.

    Raises
    ------
    ValueError
        A key is unknown, missing or of the wrong type, or a process or material is not in the
        catalogue; the message names it.

    Examples
    --------
    >>> load_printers()["desktop-resin"].process
    'sla'
    """
    found = dict(_printers())
    if path is not None:
        own = _printers_of(Path(path).name, read_table(Path(path)))
        for code, printer in own.items():
            record = str(Path(path).parent / printer.record) if printer.record else ""
            found[code] = dataclasses.replace(printer, record=record)
    return MappingProxyType(found)


def printer_of(printer: Printer | str) -> Printer:
    """Return a profile, or that of a code; ValueError where the code is unknown."""
    if isinstance(printer, Printer):
        return printer
    known = load_printers()
    if not isinstance(printer, str) or printer not in known:
        msg = f"printer: one of {', '.join(known)} expected, found {printer!r}"
        raise ValueError(msg)
    return known[printer]


@functools.cache
def _materials() -> Mapping[str, Material]:
    rows = read_toml(_TABLES / "materials.toml")["materials"]
    made = {code: made_of(Material, "materials.toml", code, row) for code, row in rows.items()}
    for material in made.values():
        need_known("materials.toml", material.code, "route", (material.route,), _ROUTES)
        need_known("materials.toml", material.code, "sterilise", (material.sterilise,), _STERILISE)
        need_known("materials.toml", material.code, "uses", material.uses, load_uses())
        need_known("materials.toml", material.code, "processes", material.processes, _processes())
    return MappingProxyType(made)


@functools.cache
def _processes() -> Mapping[str, Process]:
    rows = read_toml(_TABLES / "processes.toml")
    rows.pop("version")
    return _processes_of("processes.toml", rows)


@functools.cache
def _printers() -> Mapping[str, Printer]:
    return MappingProxyType(_printers_of("printers.toml", read_toml(_TABLES / "printers.toml")))


def _printers_of(file: str, raw: dict[str, Any]) -> dict[str, Printer]:
    unknown = set(raw) - {"version", "printers"}
    if unknown or not isinstance(raw.get("printers"), dict):
        msg = (
            f"{file}: top level: version and printers expected, found {', '.join(raw) or 'nothing'}"
        )
        raise ValueError(msg)
    made = {}
    for code, row in raw["printers"].items():
        printer = made_of(Printer, file, code, row)
        need_known(file, code, "process", (printer.process,), _processes())
        need_known(file, code, "materials", printer.materials, _materials())
        _sizes(file, printer)
        made[code] = printer
    return made


def _sizes(file: str, printer: Printer) -> None:
    """Refuse sizes, rates and shares that no printer has."""
    shares = {f"build_mm {n}": size for n, size in enumerate(printer.build_mm)}
    shares |= {name: getattr(printer, name) for name in ("layer_mm", "calibration_days")}
    for name, value in shares.items():
        if not 0 < value < math.inf:
            msg = f"{file}: {printer.code}: {name}: sizes above 0 expected, found {value}"
            raise ValueError(msg)
    most = {
        "rate_mm3_per_s": math.inf,
        "s_per_layer": math.inf,
        "shell_mm": math.inf,
        "infill_fraction": 1.0,
    }
    for name, limit in most.items():
        value = getattr(printer, name)
        if not 0 <= value <= limit or value == math.inf:
            up_to = "" if limit == math.inf else f" up to {limit:g}"
            msg = f"{file}: {printer.code}: {name}: at least 0{up_to} expected, found {value}"
            raise ValueError(msg)


def _processes_of(file: str, raw: dict[str, Any]) -> Mapping[str, Process]:
    made = {}
    for code, rows in raw.items():
        limits = {
            name: process_limit(file, code, name, rows[name]) for name in LIMITS if name in rows
        }
        missing = set(LIMITS) - set(limits) - set(OPTIONAL_LIMITS)
        unknown = set(rows) - set(LIMITS) - {"name", "traps", "needs_support"}
        if missing or unknown:
            found = ", ".join(sorted(missing or unknown))
            msg = f"{file}: {code}: {'missing' if missing else 'unknown'}: {found}"
            raise ValueError(msg)
        for key, kind in (("name", str), ("traps", str), ("needs_support", bool)):
            need_type(file, code, key, rows.get(key), kind)
        need_known(file, code, "traps", (rows["traps"],), _TRAPS)
        made[code] = Process(
            code=code,
            name=rows["name"],
            traps=rows["traps"],
            needs_support=rows["needs_support"],
            limits=MappingProxyType(limits),
        )
    return MappingProxyType(made)
