"""Limits and assumptions for the reference bar, from a table in which every number has its source."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._record import Record

if TYPE_CHECKING:
    import os

__all__ = ["BarRules", "BarTolerance", "load_bar_rules"]

_ASSUMED = (
    *("calliper_mpe_mm", "scanner_mpe_mm", "resolution_mm", "repeatability_mm"),
    *("expansion_per_k", "temperature_half_width_k", "confidence"),
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BarTolerance(Record):
    """How far a bar may be off, and who says so.

    Attributes
    ----------
    tolerance_mm : float
        Either way.
    source : str
        Where it comes from.
    """

    tolerance_mm: float
    source: str

    @property
    def meaning(self) -> str:
        """Both in one line."""
        return f"{self.tolerance_mm:g} mm ({self.source})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BarRules(Record):
    """Tolerances by use, and what is assumed of a reading.

    Attributes
    ----------
    tolerance_mm : dict of str to float
        By use: education, planning, guide, implant, or a name of one's own.
    tolerance_source : dict of str to str
        Who says so.
    assumed : dict of str to float
        Calliper, resolution, repeatability, expansion, temperature, confidence.
    assumed_source : str
        Who says so.
    max_age_days : float
        After how many days the last bar of a printer counts no more.
    max_age_source : str
        Who says so.
    version : str
        Of the table.
    """

    tolerance_mm: dict[str, float]
    tolerance_source: dict[str, str]
    assumed: dict[str, float]
    assumed_source: str
    max_age_days: float
    max_age_source: str
    version: str

    @property
    def meaning(self) -> str:
        """The limits in one line."""
        limits = ", ".join(f"{name} {limit:g} mm" for name, limit in self.tolerance_mm.items())
        return f"bar rules {self.version}: {limits}"

    def limit(self, profile: str) -> BarTolerance:
        """Return the tolerance for a use, and its source.

        Raises
        ------
        ValueError
            The table has no such use.
        """
        if profile not in self.tolerance_mm:
            msg = f"profile: one of {', '.join(self.tolerance_mm)} expected, found {profile!r}"
            raise ValueError(msg)
        return BarTolerance(
            tolerance_mm=self.tolerance_mm[profile], source=self.tolerance_source[profile]
        )


def load_bar_rules(path: str | os.PathLike[str] | None = None) -> BarRules:
    """Return the rules for bars: those that come with calvaria, or a TOML file of one's own.

    Parameters
    ----------
    path : path, optional
        A file with the tables ``tolerance.<use>``, ``assumed`` and ``calibration``; each with a
        ``source``.

    Returns
    -------
    BarRules

    Raises
    ------
    ValueError
        A table or number is missing, negative, or has no source.

    Examples
    --------
    >>> load_bar_rules().limit("guide").tolerance_mm
    0.5
    """
    return _own() if path is None else _read(Path(path).read_text(encoding="utf-8"))


@functools.cache
def _own() -> BarRules:
    table = files("calvaria").joinpath("_tables", "bar.toml")
    return _read(table.read_text(encoding="utf-8"))


def _read(text: str) -> BarRules:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"rules: TOML expected, found {error}"
        raise ValueError(msg) from None
    uses = _part(raw, "tolerance")
    if not uses:
        msg = "tolerance: at least one use expected, found none"
        raise ValueError(msg)
    assumed, calibration = _part(raw, "assumed"), _part(raw, "calibration")
    _only("rules", raw, ("version", "tolerance", "assumed", "calibration"))
    _only("assumed", assumed, (*_ASSUMED, "source"))
    _only("calibration", calibration, ("max_age_days", "source"))
    for name in uses:
        _only(f"tolerance.{name}", _part(uses, name), ("limit_mm", "source"))
    confidence = _number(assumed, "confidence", "assumed")
    if not 0.5 <= confidence < 1:
        msg = f"assumed.confidence: from 0.5 to below 1 expected, found {confidence}"
        raise ValueError(msg)
    return BarRules(
        tolerance_mm={name: _number(_part(uses, name), "limit_mm", name) for name in uses},
        tolerance_source={name: _source(_part(uses, name), name) for name in uses},
        assumed={key: _number(assumed, key, "assumed") for key in _ASSUMED},
        assumed_source=_source(assumed, "assumed"),
        max_age_days=_number(calibration, "max_age_days", "calibration"),
        max_age_source=_source(calibration, "calibration"),
        version=str(raw.get("version", "")),
    )


def _part(raw: dict[str, Any], name: str) -> dict[str, Any]:
    part = raw.get(name)
    if not isinstance(part, dict):
        msg = f"{name}: a table expected, found {part!r}"
        raise ValueError(msg)
    return part


def _only(name: str, part: dict[str, Any], known: tuple[str, ...]) -> None:
    for key in part:
        if key not in known:
            msg = f"{name}: {', '.join(known)} expected, found {key!r}"
            raise ValueError(msg)


def _number(part: dict[str, Any], key: str, name: str) -> float:
    value = part.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        msg = f"{name}.{key}: a number above 0 expected, found {value!r}"
        raise ValueError(msg)
    return float(value)


def _source(part: dict[str, Any], name: str) -> str:
    source = part.get("source")
    if not isinstance(source, str) or not source.strip():
        msg = f"{name}.source: who says so, or 'house rule', expected, found {source!r}"
        raise ValueError(msg)
    return source
