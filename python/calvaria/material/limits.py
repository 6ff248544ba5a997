"""The limits of a process: which rows there are, and what each may say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from calvaria.material.reading import need_type
from calvaria.rules.limit import Limit, limit_of, out_of_order

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LIMITS", "OPTIONAL_LIMITS", "process_limit"]

_NUMBER = (int, float)
_LIMIT_KEYS = {
    **dict.fromkeys(("pass_min", "pass_max", "borderline_min", "borderline_max"), _NUMBER),
    **dict.fromkeys(("no_gain_below", "stroke_mm", "relief_mm"), _NUMBER),
    "unit": str,
    "source": str,
}
LIMITS = (
    "min_wall",
    "min_member",
    "min_gap",
    "min_hole",
    "min_escape",
    "overhang",
    "emboss",
    "layer",
)
OPTIONAL_LIMITS = ("min_escape", "overhang")


def process_limit(file: str, code: str, name: str, row: Any) -> Limit:
    """Return a row of a process as a limit, or refuse it."""
    where = f"{code}.{name}"
    need_type(file, where, name, row, dict)
    for key, value in row.items():
        if key not in _LIMIT_KEYS:
            msg = f"{file}: {where}: unknown key {key!r}; known: {', '.join(_LIMIT_KEYS)}"
            raise ValueError(msg)
        need_type(file, where, key, value, _LIMIT_KEYS[key])
    needed = ("stroke_mm", "relief_mm") if name == "emboss" else ()
    absent = [key for key in (*needed, "source") if key not in row]
    if not needed and not {"pass_min", "pass_max"} & set(row):
        absent.append("pass_min or pass_max")
    if absent:
        msg = f"{file}: {where}: missing: {', '.join(absent)}"
        raise ValueError(msg)
    _sensible(file, where, row, "deg from upright" if name == "overhang" else "mm")
    return limit_of(row, name=name, table=code)


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
