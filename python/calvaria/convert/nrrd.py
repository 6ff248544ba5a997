"""NRRD headers: the named space, directions per axis, the segments of 3D Slicer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.errors import GeometryError
from calvaria.geometry import Grid

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Segment", "grid_from_nrrd", "segments_from_nrrd"]

# Only frames of the patient; "scanner-xyz" and "3D-right-handed" do not say which side is left.
_LPS_FROM_SPACE = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}

_MM_PER_UNIT = {
    "mm": 1.0,
    "millimeter": 1.0,
    "millimetre": 1.0,
    "cm": 10.0,
    "m": 1000.0,
    "um": 0.001,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One segment of a ``.seg.nrrd``: its name, its label, and the layer it lies in."""

    name: str
    label: int
    layer: int


def grid_from_nrrd(header: Mapping[str, Any], *, dims_ijk: tuple[int, ...], name: str) -> Grid:
    """Return the grid an NRRD header states, in LPS mm.

    Parameters
    ----------
    header : mapping
        As pynrrd reads it.
    dims_ijk : tuple of int
        Sizes of the three axes in space.
    name : str
        What messages call the file.

    Raises
    ------
    GeometryError
        No space, no directions or no origin; a space that is not one of the patient; a unit
        other than mm, cm, m, um.
    """
    space = str(header.get("space", "")).strip().lower()
    if space not in _LPS_FROM_SPACE:
        found = f"space {space}" if space else "no space"
        msg = (
            f"{name}: space left-posterior-superior, right-anterior-superior or "
            f"left-anterior-superior expected, found {found}: nothing says which side is left; "
            "pass lps_from_ijk= if you know"
        )
        raise GeometryError(msg)
    for field in ("space directions", "space origin"):
        if header.get(field) is None:
            msg = f"{name}: {field} expected, found none; pass lps_from_ijk= if you know"
            raise GeometryError(msg)
    rows = np.asarray([row for row in header["space directions"] if row is not None], np.float64)
    rows = rows[~np.isnan(rows).all(axis=1)]
    origin = np.asarray(header["space origin"], np.float64)
    if rows.shape != (3, 3) or origin.shape != (3,):
        msg = f"{name}: three space directions and an origin in space expected, found {rows.shape}"
        raise GeometryError(msg)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = rows.T, origin
    lps_from_space = np.diag([*_LPS_FROM_SPACE[space], 1.0])
    scale = np.diag([*_scale(header, name=name), 1.0])
    try:
        return Grid(dims_ijk=dims_ijk, lps_from_ijk=lps_from_space @ scale @ affine)  # type: ignore[arg-type]
    except GeometryError as error:
        msg = f"{name}: {error}"
        raise GeometryError(msg) from None


def _scale(header: Mapping[str, Any], *, name: str) -> list[float]:
    units = [str(unit).strip().lower() for unit in header.get("space units") or ("mm",) * 3]
    if len(units) != 3 or not set(units) <= set(_MM_PER_UNIT):
        msg = f"{name}: space units of mm, cm, m or um expected, found {', '.join(units)}"
        raise GeometryError(msg)
    return [_MM_PER_UNIT[unit] for unit in units]


def segments_from_nrrd(header: Mapping[str, Any]) -> list[Segment]:
    """Return the segments of a ``.seg.nrrd`` in the order of their numbers."""
    fields: dict[int, dict[str, str]] = {}
    for key, value in header.items():
        match = re.fullmatch(r"Segment(\d{1,6})_(Name|LabelValue|Layer)", key)
        if match:
            fields.setdefault(int(match[1]), {})[match[2]] = str(value)
    return [
        Segment(
            name=found.get("Name", f"Segment{number}"),
            label=_whole(found.get("LabelValue", "1")),
            layer=_whole(found.get("Layer", "0")),
        )
        for number, found in sorted(fields.items())
    ]


def _whole(text: str) -> int:
    if not re.fullmatch(r"\s*\d{1,5}\s*", text):
        msg = f"a whole number from 0 to 99999 expected for a segment, found {text[:20]!r}"
        raise GeometryError(msg)
    return int(text)
