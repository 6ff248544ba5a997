"""Named, versioned limits with their sources, and the grades they give.

A check measures; a row of these tables says what the number must be held against and who says so.
The tables that come with calvaria may be replaced by a TOML file of one's own.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table
from calvaria.findings import Verdict

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["Kernel", "Limit", "Rules", "classify_kernel", "load_rules"]


def __dir__() -> list[str]:
    return sorted(__all__)


# 1.0 mm written as 1.0000001 is 1.0 mm; 1.01 mm is not.
_RELATIVE_TOLERANCE = 1e-4

_LEVELS = ("pass_max", "pass_min", "borderline_max", "borderline_min")
_LIMIT_KEYS: dict[str, type] = {
    **dict.fromkeys(_LEVELS, float),
    "no_gain_below": float,
    "pass_max_fraction": float,
    "threshold_hu": float,
    "unit": str,
    "source": str,
}
_WORD_KEYS: dict[str, type] = {
    **dict.fromkeys(("pass", "borderline", "fail", "unproven"), list),
    "source": str,
}
_CUT_KEYS = {**_LIMIT_KEYS, "open": list, "neck": list}
_SYMMETRY_KEYS = {**_LIMIT_KEYS, "parts": list}
_NECK_KEYS: dict[str, type] = {
    **dict.fromkeys(("lateral_max_mm", "front_fraction_min", "area_max_cm2"), float),
    "source": str,
}
_PLAN_NUMBERS = (
    "slice_thickness_mm",
    "slice_increment_mm",
    "field_of_view_mm",
    "margin_mm",
    "coverage_mm",
)
_PLAN_KEYS: dict[str, type] = {
    **dict.fromkeys(_PLAN_NUMBERS, float),
    "matrix": int,
    "modality": str,
    "coverage": str,
    "source": str,
}
# Which keys a row may have, by the name of the row.
_ROWS: dict[str, dict[str, type]] = {
    **dict.fromkeys(
        (
            *("slice_thickness", "slice_increment", "slab_gap", "slice_spacing", "slice_gaps"),
            *("duplicate_slices", "slice_count", "coverage", "pixel_spacing", "anisotropy"),
            *("field_of_view", "tilt", "tilt_tag", "orientation", "hu_air", "hu_soft_tissue"),
            *("metal", "streaks", "metal_distance", "sharpness_in_plane"),
            *("sharpness_through_plane", "double_edges", "noise", "contrast_to_noise", "motion"),
            *("brightness", "repeated_slices", "constant_slices", "lost_rows"),
        ),
        _LIMIT_KEYS,
    ),
    **dict.fromkeys(("image_type", "modality", "rescale_type", "kernel"), _WORD_KEYS),
    "bone_cut": _CUT_KEYS,
    "symmetry": _SYMMETRY_KEYS,
    "neck": _NECK_KEYS,
    "plan": _PLAN_KEYS,
}
_FACES = ("right", "left", "anterior", "posterior", "superior", "inferior")
_LISTS = {"open": _FACES, "neck": _FACES, "parts": ("vault", "jaw")}
_TOP = ("version", "profiles", "anatomies", "aliases", "defaults", "profile", "anatomy", "both")

# Sizes, areas, angles and shares, whose limits are not below 0.
_NEVER_NEGATIVE = ("mm", "cm2", "mm2", "deg", "degrees", "%")
# A row that ends so high has no end: it cannot become worse than this level.
_NO_END = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One row of the tables: what a measured value is held against.

    Attributes
    ----------
    name : str
        Name of the row, which is the code of the finding.
    values : mapping
        The keys of the row as written.
    source : str
        Who says so.
    table : str
        The table the row was taken from, for example ``"anatomy.spine"``.
    """

    name: str
    values: Mapping[str, Any]
    source: str
    table: str

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of ``key``, or ``default`` where the row has none."""
        return self.values.get(key, default)

    @property
    def unit(self) -> str:
        """Unit of the limit; empty for a pure number."""
        return str(self.values.get("unit", ""))

    def grade(self, measured: float, *, error: float = 0.0) -> Verdict:
        """Hold a measured value against the row.

        Parameters
        ----------
        measured : float
            The value, in the unit of the row.
        error : float
            Half-width of the measuring error.  Where it reaches across a limit the answer is
            BORDERLINE between PASS and BORDERLINE, and UNPROVEN where it reaches into FAIL.

        Returns
        -------
        Verdict

        Examples
        --------
        >>> limit = load_rules().limit("slice_thickness", profile="guide", anatomy="skull")
        >>> limit.grade(1.0000001).name, limit.grade(1.05).name, limit.grade(1.3).name
        ('PASS', 'BORDERLINE', 'FAIL')
        >>> limit.grade(0.98, error=0.05).name
        'BORDERLINE'
        """
        answers = {self._grade(value) for value in (measured - error, measured, measured + error)}
        if len(answers) == 1:
            return answers.pop()
        return Verdict.UNPROVEN if Verdict.FAIL in answers else Verdict.BORDERLINE

    def _grade(self, value: float) -> Verdict:
        if self._within(value, "pass"):
            return Verdict.PASS
        if any(key.startswith("borderline") for key in self.values) and self._within(
            value, "borderline"
        ):
            return Verdict.BORDERLINE
        return Verdict.FAIL

    def _within(self, value: float, level: str) -> bool:
        # A level that names one side only leaves the other as the level above it has it.
        high = self.values.get(f"{level}_max", self.values.get("pass_max"))
        low = self.values.get(f"{level}_min", self.values.get("pass_min"))
        above = high is None or value <= high + _RELATIVE_TOLERANCE * abs(high)
        below = low is None or value >= low - _RELATIVE_TOLERANCE * abs(low)
        return above and below and value == value  # noqa: PLR0124 - NaN is never within

    def grade_word(self, word: str) -> Verdict | None:
        """Return the verdict that the row gives to a word, or None where it is not listed."""
        for level in ("fail", "unproven", "borderline", "pass"):
            if word.upper() in (str(known).upper() for known in self.values.get(level, ())):
                return Verdict[level.upper()]
        return None

    def text(self) -> str:
        """Return the limit in words, ready to print."""
        parts = []
        for level in ("pass", "borderline"):
            low, high = self.values.get(f"{level}_min"), self.values.get(f"{level}_max")
            listed = self.values.get(level)
            if listed:
                parts.append(f"{level.upper()}: {', '.join(map(str, listed))}")
            elif low is not None and high is not None:
                parts.append(f"{level.upper()} {low:g} to {high:g}{self._unit}")
            elif high is not None and high >= _NO_END:
                parts.append(f"{level.upper()} above")
            elif high is not None:
                parts.append(f"{level.upper()} up to {high:g}{self._unit}")
            elif low is not None:
                parts.append(f"{level.upper()} from {low:g}{self._unit}")
        return ", ".join(parts)

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain types, ready for JSON."""
        told = {"name": self.name, "table": self.table, "source": self.source}
        return {**told, "values": dict(self.values)}

    def _repr_html_(self) -> str:
        rows = (*self.values.items(), ("source", self.source))
        return html_table(caption=f"{self.table}.{self.name}", header=("", ""), rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The limits of one file.

    Attributes
    ----------
    version : str
        Version that the file gives itself.
    origin : str
        Name of the file, without its folder.
    profiles, anatomies : tuple of str
        What limits may be asked for.
    """

    version: str
    origin: str
    profiles: tuple[str, ...]
    anatomies: tuple[str, ...]
    _aliases: Mapping[str, str] = field(default_factory=dict, repr=False)
    _tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def profile(self, name: str) -> str:
        """Return the name of a profile as the tables write it; ValueError when it is unknown."""
        return self._known("profile", name, self.profiles)

    def anatomy(self, name: str) -> str:
        """Return the name of an anatomy as the tables write it; ValueError when it is unknown."""
        return self._known("anatomy", name, self.anatomies)

    def _known(self, what: str, name: str, known: tuple[str, ...]) -> str:
        if not isinstance(name, str):
            msg = f"{what}: a name expected, found {type(name).__name__}"
            raise TypeError(msg)
        written = re.sub(r"[\s_]+", "-", name.strip().lower())
        written = self._aliases.get(written, written) if what == "anatomy" else written
        if written not in known:
            msg = f"{what}: one of {', '.join(known)} expected, found {name!r}"
            raise ValueError(msg)
        return written

    def limit(self, name: str, *, profile: str, anatomy: str) -> Limit:
        """Return the row that counts for a profile and an anatomy.

        Parameters
        ----------
        name : str
            Name of the row, for example ``"slice_thickness"``.
        profile, anatomy : str
            What the limit is for.

        Returns
        -------
        Limit

        Raises
        ------
        ValueError
            Unknown profile or anatomy.
        KeyError
            No such row.

        Examples
        --------
        >>> rules = load_rules()
        >>> rules.limit("slice_thickness", profile="guide", anatomy="skull_base").table
        'anatomy.skull-base'
        """
        profile, anatomy = self.profile(profile), self.anatomy(anatomy)
        for table in (f"both.{profile}/{anatomy}", f"anatomy.{anatomy}", f"profile.{profile}"):
            if name in self._tables.get(table, {}):
                return self._row(table, name)
        return self._row("defaults", name)

    def _row(self, table: str, name: str) -> Limit:
        row = self._tables[table][name]
        values = MappingProxyType({key: value for key, value in row.items() if key != "source"})
        return Limit(name=name, values=values, source=row["source"], table=table)

    def to_dict(self) -> dict[str, Any]:
        """Return all tables as plain types, ready for JSON."""
        tables = {
            name: {row: dict(keys) for row, keys in t.items()} for name, t in self._tables.items()
        }
        return {"version": self.version, "origin": self.origin, "tables": tables}

    def _repr_html_(self) -> str:
        rows = (
            ("version", self.version),
            ("origin", self.origin),
            ("profiles", ", ".join(self.profiles)),
            ("anatomies", ", ".join(self.anatomies)),
        )
        return html_table(caption="Rules", header=("", ""), rows=rows)


def load_rules(path: str | os.PathLike[str] | None = None) -> Rules:
    """Read limits from a TOML file.

    A file of one's own need not repeat everything.  A row in its ``[defaults]`` replaces every row
    of that name that comes with calvaria; a row in one of its other tables replaces the row in that
    table.  What it does not mention stays.

    Parameters
    ----------
    path : path or None
        The file; the limits that come with calvaria when it is None.

    Returns
    -------
    Rules

    Raises
    ------
    ValueError
        The file is not TOML, or a table, row or key is unknown, missing or of the wrong type.  The
        message names the file, the table and the key.

    Examples
    --------
    >>> load_rules().profiles
    ('education', 'planning', 'guide', 'implant')
    """
    return _own_rules() if path is None else _read(Path(path), _own_rules())


@functools.cache
def _own_rules() -> Rules:
    return _read(Path(__file__).parent / "_tables" / "imaging.toml")


def _read(path: Path, base: Rules | None = None) -> Rules:
    raw, file = _toml(path), path.name
    _only(file, "top level", raw, _TOP)
    version = _typed(file, "top level", "version", raw.get("version"), str)
    profiles = _names(file, "profiles", raw, base.profiles if base else ())
    anatomies = _names(file, "anatomies", raw, base.anatomies if base else ())
    tables = {"defaults": _table(file, "defaults", raw.get("defaults", {}))}
    pairs = tuple(f"{profile}/{anatomy}" for profile in profiles for anatomy in anatomies)
    for kind, known in (("profile", profiles), ("anatomy", anatomies), ("both", pairs)):
        for name, rows in _typed(file, "top level", kind, raw.get(kind, {}), dict).items():
            _member(file, f"{kind}.{name}", name, known)
            tables[f"{kind}.{name}"] = _table(file, f"{kind}.{name}", rows)
    if base:
        _same_units(file, tables, base)
        tables = _laid_over(base._tables, tables)  # noqa: SLF001 - the same class
    missing = sorted(set(_ROWS) - set(tables["defaults"]))
    if missing:
        msg = f"{file}: defaults: rows missing: {', '.join(missing)}"
        raise ValueError(msg)
    own_aliases = _typed(file, "top level", "aliases", raw.get("aliases", {}), dict)
    for alias, name in own_aliases.items():
        _member(file, f"aliases: {alias}", name, anatomies)
    aliases = {**(base._aliases if base else {}), **own_aliases}  # noqa: SLF001
    origin = f"{file} over {base.origin} {base.version}" if base else file
    return Rules(
        version=version,
        origin=origin,
        profiles=profiles,
        anatomies=anatomies,
        _aliases={alias: name for alias, name in aliases.items() if name in anatomies},
        _tables=tables,
    )


def _laid_over(
    below: Mapping[str, Mapping[str, Any]], above: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    # A default of one's own must not be overruled by a special case one has not written.
    replaced = set(above["defaults"])
    tables = {
        table: {name: row for name, row in rows.items() if name not in replaced}
        for table, rows in below.items()
    }
    for table, rows in above.items():
        tables.setdefault(table, {}).update(rows)
    return tables


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path.name}: not TOML: {error}"
        raise ValueError(msg) from error


def _only(file: str, table: str, found: Mapping[str, Any], known: Any) -> None:
    for key in found:
        if key not in known:
            msg = f"{file}: {table}: unknown key {key!r}; known: {', '.join(known)}"
            raise ValueError(msg)


def _typed(file: str, table: str, key: str, value: Any, kind: type) -> Any:
    # TOML writes 1 and 1.0 as different types; a limit may be either.  A bool is no number.
    accepted = (int, float) if kind is float else (kind,)
    if isinstance(value, bool) or not isinstance(value, accepted):
        word = "nothing" if value is None else type(value).__name__
        msg = f"{file}: {table}: {key}: {kind.__name__} expected, found {word}"
        raise ValueError(msg)
    if isinstance(value, (int, float)) and not abs(value) < float("inf"):
        msg = f"{file}: {table}: {key}: a finite number expected, found {value}"
        raise ValueError(msg)
    if isinstance(value, str) and not value.strip() and key != "unit":
        msg = f"{file}: {table}: {key}: text expected, found nothing"
        raise ValueError(msg)
    return value


def _names(
    file: str, key: str, raw: Mapping[str, Any], default: tuple[str, ...]
) -> tuple[str, ...]:
    names = _typed(file, "top level", key, raw.get(key, list(default) or None), list)
    if not names or not all(isinstance(name, str) and name for name in names):
        msg = f"{file}: top level: {key}: a list of names expected"
        raise ValueError(msg)
    return tuple(names)


def _member(file: str, where: str, name: Any, known: tuple[str, ...]) -> None:
    if name not in known:
        msg = f"{file}: {where}: one of {', '.join(known[:20])} expected, found {name!r}"
        raise ValueError(msg)


def _table(file: str, table: str, rows: Any) -> dict[str, Any]:
    _typed(file, "top level", table, rows, dict)
    _only(file, table, rows, _ROWS)
    for name, row in rows.items():
        where = f"{table}.{name}"
        _typed(file, table, name, row, dict)
        keys = _ROWS[name]
        _only(file, where, row, keys)
        if "source" not in row:
            msg = f"{file}: {where}: source: missing; every limit says who set it"
            raise ValueError(msg)
        for key, value in row.items():
            _typed(file, where, key, value, keys[key])
            _listed(file, where, key, value)
        _complete(file, where, row, keys)
    return dict(rows)


def _listed(file: str, where: str, key: str, value: Any) -> None:
    if not isinstance(value, list):
        return
    known = _LISTS.get(key)
    for word in value:
        if not isinstance(word, str) or (known is not None and word not in known):
            msg = (
                f"{file}: {where}: {key}: {', '.join(known or ('names',))} expected, found {word!r}"
            )
            raise ValueError(msg)


def _complete(file: str, where: str, row: Mapping[str, Any], keys: Mapping[str, type]) -> None:
    if keys is _PLAN_KEYS or keys is _NECK_KEYS:
        absent = [key for key in keys if key not in row]
    elif keys is _WORD_KEYS:
        absent = [] if "pass" in row else ["pass"]
    else:
        absent = [] if {"pass_max", "pass_min"} & set(row) else ["pass_max or pass_min"]
    if absent:
        msg = f"{file}: {where}: missing: {', '.join(absent)}"
        raise ValueError(msg)
    if (fault := out_of_order(row)) is not None:
        msg = f"{file}: {where}: {fault}"
        raise ValueError(msg)
    if str(row.get("unit", "")).split(" ")[0] in _NEVER_NEGATIVE:
        for key in _LEVELS:
            if row.get(key, 0) < 0:
                msg = f"{file}: {where}: {key}: at least 0 {row['unit']} expected, found {row[key]}"
                raise ValueError(msg)


def out_of_order(row: Mapping[str, Any]) -> str | None:
    """Return which limits of a row contradict each other, or None where none do."""
    for side, sign in (("max", 1), ("min", -1)):
        inner, outer = row.get(f"pass_{side}"), row.get(f"borderline_{side}")
        if inner is not None and outer is not None and sign * (outer - inner) < 0:
            return f"borderline_{side} {outer:g} lies inside pass_{side} {inner:g}"
    for level in ("pass", "borderline"):
        low, high = row.get(f"{level}_min"), row.get(f"{level}_max")
        if low is not None and high is not None and low > high:
            return f"{level}_min {low:g} lies above {level}_max {high:g}"
    return None


def _same_units(file: str, tables: Mapping[str, Mapping[str, Any]], base: Rules) -> None:
    """Refuse a row in another unit than that in which its value is measured."""
    known = base._tables["defaults"]  # noqa: SLF001 - the same class
    for table, rows in tables.items():
        for name, row in rows.items():
            unit = known[name].get("unit", "")
            if row.get("unit", unit) != unit:
                msg = f"{file}: {table}.{name}: unit: {unit!r} expected, found {row['unit']!r}"
                raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What the table of reconstruction kernels says about a name.

    Attributes
    ----------
    name : str
        The name as the header has it.
    kind : str
        ``"soft"``, ``"bone"``, ``"sharp"`` or ``"unknown"``.
    source : str
        Who says so.
    """

    name: str
    kind: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain types, ready for JSON."""
        return {"name": self.name, "kind": self.kind, "source": self.source}

    def _repr_html_(self) -> str:
        return html_table(caption="Kernel", header=("", ""), rows=self.to_dict().items())


def classify_kernel(name: str | None, *, manufacturer: str | None) -> Kernel:
    r"""Look a reconstruction kernel up in the table of vendors' names.

    A name that is not in the table of its vendor is ``"unknown"``; nothing is guessed.

    Parameters
    ----------
    name : str or None
        ConvolutionKernel (0018,1210); of several values the first counts, the others are strengths
        of iterative reconstruction.
    manufacturer : str or None
        Manufacturer (0008,0070), which says whose names they are.

    Returns
    -------
    Kernel

    Examples
    --------
    >>> classify_kernel("H60s", manufacturer="SIEMENS").kind
    'bone'
    >>> classify_kernel("Hr40f\\3", manufacturer="Siemens Healthineers").kind
    'soft'
    >>> classify_kernel("BONE", manufacturer="Nobody").kind
    'unknown'
    """
    written = name or ""
    for row in _kernel_table():
        if any(word in (manufacturer or "").lower() for word in row["vendor"]) and _named(
            written, row
        ):
            return Kernel(name=written, kind=row["class"], source=row["source"])
    return Kernel(name=written, kind="unknown", source="python/calvaria/_tables/kernels.toml")


@functools.cache
def _kernel_table() -> tuple[Mapping[str, Any], ...]:
    raw = _toml(Path(__file__).parent / "_tables" / "kernels.toml")
    return tuple(raw["kernels"])


def _named(written: str, row: Mapping[str, Any]) -> bool:
    first = re.split(r"[\\,;\[\]']+", written.strip("[]' "))[0].strip()
    if first.upper() in (name.upper() for name in row.get("names", ())):
        return True
    # Siemens: marker, two-digit index, and an ending for the rotation time.
    found = re.fullmatch(r"([A-Z][a-z]?)(\d{2})[a-z]?", first)
    return bool(
        found
        and found[1] in row.get("family", ())
        and row["index_min"] <= int(found[2]) <= row["index_max"]
    )
