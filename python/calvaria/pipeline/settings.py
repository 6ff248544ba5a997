"""What the main job chooses when nothing is asked: rows of a table, each with its source."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from calvaria.findings import Verdict

__all__ = ["Settings", "settings_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Parameters of a model.

    Attributes
    ----------
    max_error_mm : float
        How far decimation may move the surface; 0 keeps every triangle.
    min_part_mm3 : float
        Islands and closed voids below this go.
    smoothing_iterations : int
        Passes of the windowed sinc; 0 leaves the surface as it was drawn.
    capped : Verdict
        What it means that the structure leaves the image.
    sources : dict of str to str
        Where each value comes from.
    """

    max_error_mm: float
    min_part_mm3: float
    smoothing_iterations: int
    capped: Verdict
    sources: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters as plain types, ready for JSON."""
        return {
            "max_error_mm": self.max_error_mm,
            "min_part_mm3": self.min_part_mm3,
            "smoothing_iterations": self.smoothing_iterations,
            "sources": dict(self.sources),
        }


def settings_for(profile: str, **asked: float | None) -> Settings:
    """Return the parameters of a profile, some of them as the caller asked."""
    text = files("calvaria").joinpath("_tables", "model.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    chosen: dict[str, Any] = {}
    sources = {}
    for name in ("max_error_mm", "min_part_mm3", "smoothing_iterations"):
        value = asked.get(name)
        sources[name] = table[name]["source"] if value is None else "as asked"
        chosen[name] = table[name][profile] if value is None else value
    if not chosen["max_error_mm"] >= 0:
        msg = f"max_error_mm: a number of at least 0 expected, found {chosen['max_error_mm']}"
        raise ValueError(msg)
    if chosen["smoothing_iterations"] < 0:
        msg = f"smoothing_iterations: at least 0 expected, found {chosen['smoothing_iterations']}"
        raise ValueError(msg)
    return Settings(**chosen, capped=Verdict[table["capped"][profile]], sources=sources)
