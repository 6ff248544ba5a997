"""Limits of one room's own table: a row of a profile or an anatomy, or the default."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

from calvaria.rules.limit import Limit, limit_of

__all__ = ["limit_in", "tables_of"]


def limit_in(file: str, name: str, *, kind: str, member: str) -> Limit:
    """Return the row of ``kind.member`` in a table of calvaria, or that of its defaults."""
    tables = tables_of(file, kind)
    table = f"{kind}.{member}" if name in tables.get(f"{kind}.{member}", {}) else "defaults"
    return limit_of(tables[table][name], name=name, table=table)


@functools.cache
def tables_of(file: str, kind: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the defaults of a file, and its tables of one kind."""
    path = Path(__file__).parents[1] / "_tables" / file
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    own = {f"{kind}.{name}": rows for name, rows in raw[kind].items()}
    return {"defaults": raw["defaults"], **own}
