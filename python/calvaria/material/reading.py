"""Rows of a file, looked at key by key before they become records."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["made_of", "need_known", "need_type", "read_table", "read_toml"]

_NUMBER = (int, float)
_TYPES: dict[str, Any] = {
    "str": str,
    "bool": bool,
    "float": _NUMBER,
    "tuple[str, ...]": list,
    "tuple[float, float]": list,
    "tuple[float, float, float]": list,
}


def made_of(kind: Any, file: str, code: str | None, row: dict[str, Any]) -> Any:
    """Return a row as a record, every key looked at."""
    where = code or kind.__name__
    need_type(file, where, where, row, dict)
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
        need_type(file, where, key, value, _TYPES[written])
        if isinstance(value, list):
            inner = str if "str" in written else _NUMBER
            for one in value:
                need_type(file, where, key, one, inner)
            n = written.count("float")
            if n and len(value) != n:
                msg = f"{file}: {where}: {key}: {n} numbers expected, found {len(value)}"
                raise ValueError(msg)
            values[key] = tuple(value) if inner is str else tuple(float(x) for x in value)
        else:
            values[key] = float(value) if written == "float" else value
    return kind(**values)


def need_type(file: str, where: str, key: str, value: Any, kind: Any) -> None:
    """Refuse a value of another type."""
    is_bool = isinstance(value, bool)
    if not isinstance(value, kind) or (is_bool and kind is not bool):
        names = kind.__name__ if isinstance(kind, type) else "number"
        word = "nothing" if value is None else type(value).__name__
        msg = f"{file}: {where}: {key}: {names} expected, found {word}"
        raise ValueError(msg)


def need_known(file: str, where: str, key: str, found: Any, known: Any) -> None:
    """Refuse names that are not in a list."""
    for one in found:
        if one not in known:
            msg = f"{file}: {where}: {key}: one of {', '.join(known)} expected, found {one!r}"
            raise ValueError(msg)


def read_toml(path: Path) -> dict[str, Any]:
    """Return a table of calvaria."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def read_table(path: Path) -> dict[str, Any]:
    """Return a file of one's own, TOML or JSON."""
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
