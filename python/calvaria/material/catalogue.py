"""The catalogue: what the tables say, checked against their schema."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table
from calvaria.rules import Limit, out_of_order

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = [
    "Comparison",
    "Material",
    "Printer",
    "Process",
    "Use",
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
_NUMBER = (int, float)
_LIMIT_KEYS = {
    **dict.fromkeys(("pass_min", "pass_max", "borderline_min", "borderline_max"), _NUMBER),
    **dict.fromkeys(("no_gain_below", "stroke_mm", "relief_mm"), _NUMBER),
    "unit": str,
    "source": str,
}
_LIMITS = (
    "min_wall",
    "min_member",
    "min_gap",
    "min_hole",
    "min_escape",
    "overhang",
    "emboss",
    "layer",
)
_OPTIONAL_LIMITS = ("min_escape", "overhang")


class _Row:
    """A row of a table that prints and exports itself."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain types, ready for JSON."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}  # type: ignore[arg-type]
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}

    def _repr_html_(self) -> str:
        return html_table(header=("", ""), rows=self.to_dict().items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Use(_Row):
    """What a printed part is for.

    Parameters
    ----------
    code, name : str
        How the tables and how people call it.
    body : bool
        Whether it touches or enters a patient.
    """

    code: str
    name: str
    body: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Material(_Row):
    """One material.

    Parameters
    ----------
    code, name, kind : str
        How the tables and how people call it, and what it is.
    processes : tuple of str
        Codes of the processes that print it.
    route : str
        ``"in-house"``, ``"partner"`` (certified manufacturer only) or ``"research"``.
    uses : tuple of str
        Codes of what it is for.
    also_in_house : tuple of str
        Uses for which it may be printed in-house although its route is another.
    density_g_cm3 : float
        Typical density; ``density_range`` and ``density_source`` say how sure that is.
    sterilise : str
        ``"yes"``, ``"no"`` or ``"supplier"``: as the supplier has validated.
    storage, after_printing, comment : str
        What to know.
    needs : tuple of str
        What has to be on record before the part may be used.
    source : str
        Who says so.
    density_range : (float, float)
        Lowest and highest density that is sold under this name, g/cm3.
    density_source : str
        Who says so.
    sterilise_note, sterilise_source : str
        How, and who says so.
    """

    code: str
    name: str
    kind: str
    processes: tuple[str, ...]
    route: str
    uses: tuple[str, ...]
    density_g_cm3: float
    density_range: tuple[float, float]
    density_source: str
    sterilise: str
    sterilise_note: str
    sterilise_source: str
    storage: str
    after_printing: str
    comment: str
    source: str
    also_in_house: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One way of printing and what it can make.

    Parameters
    ----------
    code, name : str
        How the tables and how people call it.
    traps : str
        What stays in closed voids: ``"nothing"``, ``"resin"`` or ``"powder"``.
    needs_support : bool
        Whether overhangs need support.
    limits : mapping of str to Limit
        ``min_wall``, ``min_member``, ``min_gap``, ``min_hole``, ``emboss`` and ``layer``; ``min_escape``
        and ``overhang`` where they apply.
    """

    code: str
    name: str
    traps: str
    needs_support: bool
    limits: Mapping[str, Limit] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the process as plain types, ready for JSON."""
        return {
            "code": self.code,
            "name": self.name,
            "traps": self.traps,
            "needs_support": self.needs_support,
            "limits": {
                name: {**limit.values, "source": limit.source}
                for name, limit in self.limits.items()
            },
        }

    def _repr_html_(self) -> str:
        rows = [(n, limit.text(), limit.source) for n, limit in self.limits.items()]
        return html_table(header=("limit", "", "source"), rows=rows, caption=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer(_Row):
    """One printer.

    Parameters
    ----------
    code, name : str
        How the profile and how people call it.
    process : str
        Code of its process.
    is_desktop : bool
        Whether it stands in a workshop; no implant comes from it.
    materials : tuple of str
        Codes of what it prints.
    build_mm : tuple of float
        Width, depth and height of what fits.
    layer_mm : float
        Usual layer height.
    rate_mm3_per_s, s_per_layer : float
        What the rough time is made of.
    infill_fraction, shell_mm : float
        How full the inside is, and how thick the full shell around it.
    calibration_days : float
        How long a calibration is good for.
    source : str
        Who says so.
    record : str
        File with the readings of its reference bars, for :func:`calvaria.bar.check_printer`; in a profile
        beside it.  Empty where there is none.

    Examples
    --------
    >>> own = Printer(
    ...     code="ours", name="the one by the window", process="fdm", is_desktop=True,
    ...     materials=("pla",), build_mm=(220.0, 220.0, 250.0), layer_mm=0.2, rate_mm3_per_s=5.0,
    ...     s_per_layer=4.0, infill_fraction=0.2, shell_mm=1.2, calibration_days=30.0,
    ...     source="own measurements",
    ... )
    >>> own.process, own.build_mm
    ('fdm', (220.0, 220.0, 250.0))
    """

    code: str
    name: str
    process: str
    is_desktop: bool
    materials: tuple[str, ...]
    build_mm: tuple[float, float, float]
    layer_mm: float
    rate_mm3_per_s: float
    s_per_layer: float
    infill_fraction: float
    shell_mm: float
    calibration_days: float
    source: str
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(_Row):
    """One row of the quick comparison: what for, of what, what to know.

    Attributes
    ----------
    uses : tuple of str
        What for, in words.
    materials : tuple of str
        Of what, in words.
    comment : str
        What to know.
    source : str
        Who says so.
    """

    uses: tuple[str, ...]
    materials: tuple[str, ...]
    comment: str
    source: str


_TYPES: dict[str, Any] = {
    "str": str,
    "bool": bool,
    "float": _NUMBER,
    "tuple[str, ...]": list,
    "tuple[float, float]": list,
    "tuple[float, float, float]": list,
}


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
    rows = _toml(_TABLES / "materials.toml")["uses"]
    return MappingProxyType(
        {code: _made(Use, "materials.toml", code, row) for code, row in rows.items()}
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
    rows = _toml(_TABLES / "materials.toml")["comparison"]
    return tuple(_made(Comparison, "materials.toml", None, row) for row in rows)


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
    own = _table(Path(path))
    own.pop("version", None)
    merged = _toml(_TABLES / "processes.toml")
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
        own = _printers_of(Path(path).name, _table(Path(path)))
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
    rows = _toml(_TABLES / "materials.toml")["materials"]
    made = {code: _made(Material, "materials.toml", code, row) for code, row in rows.items()}
    for material in made.values():
        _known("materials.toml", material.code, "route", (material.route,), _ROUTES)
        _known("materials.toml", material.code, "sterilise", (material.sterilise,), _STERILISE)
        _known("materials.toml", material.code, "uses", material.uses, load_uses())
        _known("materials.toml", material.code, "processes", material.processes, _processes())
    return MappingProxyType(made)


@functools.cache
def _processes() -> Mapping[str, Process]:
    rows = _toml(_TABLES / "processes.toml")
    rows.pop("version")
    return _processes_of("processes.toml", rows)


@functools.cache
def _printers() -> Mapping[str, Printer]:
    return MappingProxyType(_printers_of("printers.toml", _toml(_TABLES / "printers.toml")))


def _printers_of(file: str, raw: dict[str, Any]) -> dict[str, Printer]:
    unknown = set(raw) - {"version", "printers"}
    if unknown or not isinstance(raw.get("printers"), dict):
        msg = (
            f"{file}: top level: version and printers expected, found {', '.join(raw) or 'nothing'}"
        )
        raise ValueError(msg)
    made = {}
    for code, row in raw["printers"].items():
        printer = _made(Printer, file, code, row)
        _known(file, code, "process", (printer.process,), _processes())
        _known(file, code, "materials", printer.materials, _materials())
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
        limits = {name: _limit(file, code, name, rows[name]) for name in _LIMITS if name in rows}
        missing = set(_LIMITS) - set(limits) - set(_OPTIONAL_LIMITS)
        unknown = set(rows) - set(_LIMITS) - {"name", "traps", "needs_support"}
        if missing or unknown:
            found = ", ".join(sorted(missing or unknown))
            msg = f"{file}: {code}: {'missing' if missing else 'unknown'}: {found}"
            raise ValueError(msg)
        for key, kind in (("name", str), ("traps", str), ("needs_support", bool)):
            _typed(file, code, key, rows.get(key), kind)
        _known(file, code, "traps", (rows["traps"],), _TRAPS)
        made[code] = Process(
            code=code,
            name=rows["name"],
            traps=rows["traps"],
            needs_support=rows["needs_support"],
            limits=MappingProxyType(limits),
        )
    return MappingProxyType(made)


def _limit(file: str, code: str, name: str, row: Any) -> Limit:
    where = f"{code}.{name}"
    _typed(file, where, name, row, dict)
    for key, value in row.items():
        if key not in _LIMIT_KEYS:
            msg = f"{file}: {where}: unknown key {key!r}; known: {', '.join(_LIMIT_KEYS)}"
            raise ValueError(msg)
        _typed(file, where, key, value, _LIMIT_KEYS[key])
    needed = ("stroke_mm", "relief_mm") if name == "emboss" else ()
    absent = [key for key in (*needed, "source") if key not in row]
    if not needed and not {"pass_min", "pass_max"} & set(row):
        absent.append("pass_min or pass_max")
    if absent:
        msg = f"{file}: {where}: missing: {', '.join(absent)}"
        raise ValueError(msg)
    _sensible(file, where, row, "deg from upright" if name == "overhang" else "mm")
    values = {key: value for key, value in row.items() if key != "source"}
    return Limit(name=name, values=MappingProxyType(values), source=row["source"], table=code)


def _sensible(file: str, where: str, row: Mapping[str, Any], unit: str) -> None:
    """Refuse another unit, negative limits, and limits in the wrong order."""
    if row.get("unit", unit) != unit:
        msg = f"{file}: {where}: unit: {unit!r} expected, found {row['unit']!r}"
        raise ValueError(msg)
    for key, value in row.items():
        if isinstance(value, _NUMBER) and not 0 <= value < math.inf:
            msg = f"{file}: {where}: {key}: a finite number of at least 0 expected, found {value}"
            raise ValueError(msg)
    if (fault := out_of_order(row)) is not None:
        msg = f"{file}: {where}: {fault}"
        raise ValueError(msg)


def _made(kind: Any, file: str, code: str | None, row: dict[str, Any]) -> Any:
    where = code or kind.__name__
    _typed(file, where, where, row, dict)
    fields = {f.name: f for f in dataclasses.fields(kind) if f.name != "code"}
    unknown = set(row) - set(fields)
    missing = {
        name for name, f in fields.items() if f.default is dataclasses.MISSING and name not in row
    }
    if unknown or missing:
        found = ", ".join(sorted(unknown or missing))
        msg = f"{file}: {where}: {'unknown' if unknown else 'missing'}: {found}"
        raise ValueError(msg)
    values: dict[str, Any] = {} if code is None else {"code": code}
    for key, value in row.items():
        written = str(fields[key].type)
        _typed(file, where, key, value, _TYPES[written])
        if isinstance(value, list):
            inner = str if "str" in written else _NUMBER
            for one in value:
                _typed(file, where, key, one, inner)
            n = written.count("float")
            if n and len(value) != n:
                msg = f"{file}: {where}: {key}: {n} numbers expected, found {len(value)}"
                raise ValueError(msg)
            values[key] = tuple(value) if inner is str else tuple(float(x) for x in value)
        else:
            values[key] = float(value) if written == "float" else value
    return kind(**values)


def _typed(file: str, where: str, key: str, value: Any, kind: Any) -> None:
    is_bool = isinstance(value, bool)
    if not isinstance(value, kind) or (is_bool and kind is not bool):
        names = kind.__name__ if isinstance(kind, type) else "number"
        word = "nothing" if value is None else type(value).__name__
        msg = f"{file}: {where}: {key}: {names} expected, found {word}"
        raise ValueError(msg)


def _known(file: str, where: str, key: str, found: Any, known: Any) -> None:
    for one in found:
        if one not in known:
            msg = f"{file}: {where}: {key}: one of {', '.join(known)} expected, found {one!r}"
            raise ValueError(msg)


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _table(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        raw = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, UnicodeDecodeError) as error:
        msg = f"{path.name}: neither TOML nor JSON: {error}"
        raise ValueError(msg) from error
    if not isinstance(raw, dict):
        msg = f"{path.name}: a table expected, found {type(raw).__name__}"
        raise ValueError(msg)
    return raw
