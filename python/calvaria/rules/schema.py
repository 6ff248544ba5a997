"""What a file of limits may say: each table, row and key is looked at before it counts."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from calvaria.rules.limit import out_of_order

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "ROWS",
    "TOP",
    "checked_table",
    "names_of",
    "need_known",
    "need_member",
    "need_type",
    "read_toml",
]

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
ROWS: dict[str, dict[str, type]] = {
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
TOP = ("version", "profiles", "anatomies", "aliases", "defaults", "profile", "anatomy", "both")

# Sizes, areas, angles and shares, whose limits are not below 0.
_NEVER_NEGATIVE = ("mm", "cm2", "mm2", "deg", "degrees", "%")


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file; ValueError names it where it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path.name}: not TOML: {error}"
        raise ValueError(msg) from error


def need_known(file: str, table: str, found: Mapping[str, Any], known: Any) -> None:
    """Refuse keys that mean nothing."""
    for key in found:
        if key not in known:
            msg = f"{file}: {table}: unknown key {key!r}; known: {', '.join(known)}"
            raise ValueError(msg)


def need_type(file: str, table: str, key: str, value: Any, kind: type) -> Any:
    """Return a value, or refuse one of another type, an empty text and what is not finite."""
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


def names_of(
    file: str, key: str, raw: Mapping[str, Any], default: tuple[str, ...]
) -> tuple[str, ...]:
    """Return a list of names, or the default."""
    names = need_type(file, "top level", key, raw.get(key, list(default) or None), list)
    if not names or not all(isinstance(name, str) and name for name in names):
        msg = f"{file}: top level: {key}: a list of names expected"
        raise ValueError(msg)
    return tuple(names)


def need_member(file: str, where: str, name: Any, known: tuple[str, ...]) -> None:
    """Refuse a name that is not known."""
    if name not in known:
        msg = f"{file}: {where}: one of {', '.join(known[:20])} expected, found {name!r}"
        raise ValueError(msg)


def checked_table(file: str, table: str, rows: Any) -> dict[str, Any]:
    """Return the rows of a table, each complete and in order."""
    need_type(file, "top level", table, rows, dict)
    need_known(file, table, rows, ROWS)
    for name, row in rows.items():
        where = f"{table}.{name}"
        need_type(file, table, name, row, dict)
        keys = ROWS[name]
        need_known(file, where, row, keys)
        if "source" not in row:
            msg = f"{file}: {where}: source: missing; every limit says who set it"
            raise ValueError(msg)
        for key, value in row.items():
            need_type(file, where, key, value, keys[key])
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
