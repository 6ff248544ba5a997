"""Ranges of Hounsfield units by name."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calvaria._html import html_table

__all__ = ["HuRange", "hu_presets", "preset_range"]

_TABLE = Path(__file__).parents[1] / "_tables" / "hu_levels.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class HuRange:
    """A range of Hounsfield units, both ends counted in.

    Attributes
    ----------
    name : str
        Its name.
    lower_hu, upper_hu : float
        Its ends.
    source : str
        Who uses it.
    """

    name: str
    lower_hu: float
    upper_hu: float
    source: str

    def __repr__(self) -> str:
        return f"HuRange({self.name}: {self.lower_hu:.0f} to {self.upper_hu:.0f} HU)"

    def _repr_html_(self) -> str:
        return html_table(header=("HuRange", ""), rows=list(self.to_dict().items()))

    def to_dict(self) -> dict[str, Any]:
        """Return the range as plain types, ready for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@functools.cache
def _ranges() -> dict[str, HuRange]:
    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {
        name: HuRange(
            name=name,
            lower_hu=float(row["lower_hu"]),
            upper_hu=float(row["upper_hu"]),
            source=row["source"],
        )
        for name, row in rows.items()
    }


def hu_presets() -> tuple[HuRange, ...]:
    """Return every range in the table.

    Returns
    -------
    tuple of HuRange
        In the order of the table.

    Examples
    --------
    >>> for preset in hu_presets()[:3]:
    ...     print(preset.name, preset.lower_hu, preset.upper_hu)
    bone 226.0 3071.0
    compact-bone-adult 662.0 1988.0
    compact-bone-child 586.0 2198.0
    """
    return tuple(_ranges().values())


def preset_range(name: str) -> HuRange:
    """Return a range of Hounsfield units by name.

    Parameters
    ----------
    name : str
        Such as ``"bone"`` or ``"enamel-adult"``; :func:`hu_presets` lists them.

    Returns
    -------
    HuRange
        The range with its source.

    Raises
    ------
    ValueError
        There is no such range.

    See Also
    --------
    bone_level : measures the level in the image instead.
    threshold : takes the name of a range as well.

    Examples
    --------
    >>> preset_range("bone")
    HuRange(bone: 226 to 3071 HU)
    """
    ranges = _ranges()
    if name not in ranges:
        msg = f"name: one of {', '.join(ranges)} expected, found {name!r}"
        raise ValueError(msg)
    return ranges[name]
