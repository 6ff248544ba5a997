"""The limits of one file, by profile and anatomy; a file of one's own is laid over it."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table
from calvaria.rules.limit import Limit, limit_of
from calvaria.rules.schema import (
    ROWS,
    TOP,
    checked_table,
    names_of,
    need_known,
    need_member,
    need_type,
    read_toml,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["Rules", "load_rules"]


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
                return limit_of(self._tables[table][name], name=name, table=table)
        return limit_of(self._tables["defaults"][name], name=name, table="defaults")

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
    return _read(Path(__file__).parents[1] / "_tables" / "imaging.toml")


def _read(path: Path, base: Rules | None = None) -> Rules:
    raw, file = read_toml(path), path.name
    need_known(file, "top level", raw, TOP)
    version = need_type(file, "top level", "version", raw.get("version"), str)
    profiles = names_of(file, "profiles", raw, base.profiles if base else ())
    anatomies = names_of(file, "anatomies", raw, base.anatomies if base else ())
    tables = {"defaults": checked_table(file, "defaults", raw.get("defaults", {}))}
    pairs = tuple(f"{profile}/{anatomy}" for profile in profiles for anatomy in anatomies)
    for kind, known in (("profile", profiles), ("anatomy", anatomies), ("both", pairs)):
        for name, rows in need_type(file, "top level", kind, raw.get(kind, {}), dict).items():
            need_member(file, f"{kind}.{name}", name, known)
            tables[f"{kind}.{name}"] = checked_table(file, f"{kind}.{name}", rows)
    if base:
        _same_units(file, tables, base)
        tables = _laid_over(base._tables, tables)  # noqa: SLF001 - the same class
    missing = sorted(set(ROWS) - set(tables["defaults"]))
    if missing:
        msg = f"{file}: defaults: rows missing: {', '.join(missing)}"
        raise ValueError(msg)
    own_aliases = need_type(file, "top level", "aliases", raw.get("aliases", {}), dict)
    for alias, name in own_aliases.items():
        need_member(file, f"aliases: {alias}", name, anatomies)
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


def _same_units(file: str, tables: Mapping[str, Mapping[str, Any]], base: Rules) -> None:
    """Refuse a row in another unit than that in which its value is measured."""
    known = base._tables["defaults"]  # noqa: SLF001 - the same class
    for table, rows in tables.items():
        for name, row in rows.items():
            unit = known[name].get("unit", "")
            if row.get("unit", unit) != unit:
                msg = f"{file}: {table}.{name}: unit: {unit!r} expected, found {row['unit']!r}"
                raise ValueError(msg)
