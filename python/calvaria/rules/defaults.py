"""Limits of one room's own table: a row of a profile or an anatomy, or the default."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any

from calvaria.findings import Finding
from calvaria.rules.limit import Limit, limit_of

__all__ = ["finding_of", "limit_in", "tables_of"]


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


def finding_of(
    limit: Limit,
    *,
    code: str,
    measured: float,
    message: str,
    error: float = 0.0,
    places: tuple[str, ...] = (),
    **details: Any,
) -> Finding:
    """Return the finding of a measurement held against a row."""
    return Finding(
        code=code,
        verdict=limit.grade(measured, error=error),
        message=message,
        measured=float(measured),
        limit=limit.text(),
        unit=limit.unit,
        source=limit.source,
        places=places,
        details=details,
    )
