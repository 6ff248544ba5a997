"""Bridges and pins: slender members that break when supports come off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria.printability._measured import Record, Three, arrays, positive, three

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.printability.thickness import WallThickness

__all__ = ["SlenderMember", "find_slender_members"]

# What is broader than this many times its thickness, all along, is a sheet: a wall, not a member.
_BROADEST = 4.0
# A section that is not seen quite along the member is broader by up to this factor.
_LEANING = 1.2
# So is what is flat and nearly as broad as long, as the corner of a plate: thicknesses, lengths.
_FLAT, _PLUMP = 1.5, 0.4
# A pin that is no longer than this many times its width is a knob or a corner: it does not break.
_SLENDER = 4.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlenderMember(Record):
    """A bridge between two bodies, a neck, or a pin.

    Parameters
    ----------
    kind : str
        ``"bridge"`` when it leads into something thicker at both ends, else ``"pin"``.
    width_mm : float
        Least width of its narrowest cross-section.
    breadth_mm : float
        Extent of that section at right angles to the width.
    section_mm2 : float
        Area of that section.
    length_mm : float
        From end to end, along its middle.
    place_lps_mm : tuple of float
        Middle of the narrowest section.
    faces : (n,) ndarray of int32
        Its faces.
    """

    kind: str
    width_mm: float
    breadth_mm: float
    section_mm2: float
    length_mm: float
    place_lps_mm: Three
    faces: NDArray[np.int32]

    def __repr__(self) -> str:
        x, y, z = self.place_lps_mm
        return (
            f"SlenderMember({self.kind}, {self.width_mm:.2f} mm wide, {self.length_mm:.1f} mm long, "
            f"at ({x:.1f}, {y:.1f}, {z:.1f}))"
        )


def find_slender_members(
    thickness: WallThickness, *, below_mm: float, min_area_mm2: float = 1.0
) -> tuple[SlenderMember, ...]:
    """Find bridges, necks and pins narrower than a limit.

    Parameters
    ----------
    thickness : WallThickness
        Of the walls, from :func:`measure_thickness`.
    below_mm : float
        The limit.
    min_area_mm2 : float
        Members with less surface are noise.

    Returns
    -------
    tuple of SlenderMember
        The narrowest first.

    Raises
    ------
    ValueError
        ``thickness`` was measured outside, or a number is not above 0.

    Notes
    -----
    Thin faces are grouped; on each group lines of equal distance along the surface are drawn from one
    end.  Where a line closes round material it shows a cross-section; its least width is that of its
    convex hull, seen along the member.  A thin sheet is no member: what is, on the mean over its
    length, more than 4 times as broad as thick, or flat and more than 0.4 times as broad as long, is
    left to the walls; a pin no longer than 4 times its width is none (house rules).

    Examples
    --------
    >>> from calvaria.printability import measure_thickness, refine_mesh, rod_mesh
    >>> rod = rod_mesh(start_lps_mm=(0, 0, 0), end_lps_mm=(0, 0, 8), radius_mm=0.5)
    >>> thickness = measure_thickness(refine_mesh(rod, longest_mm=0.4).mesh)
    >>> [(one.kind, round(one.width_mm, 1)) for one in find_slender_members(thickness, below_mm=2)]
    [('pin', 1.0)]
    """
    if thickness.side != "inside":
        msg = f"thickness: measured inside expected, found {thickness.side}"
        raise ValueError(msg)
    rows = _native.slender_members(
        **arrays(thickness.mesh),
        thickness_mm=thickness.mm,
        below_mm=positive("below_mm", below_mm),
        min_area_mm2=positive("min_area_mm2", min_area_mm2),
    )
    return tuple(
        SlenderMember(
            kind="bridge" if row["is_bridge"] else "pin",
            width_mm=row["width_mm"],
            breadth_mm=row["breadth_mm"],
            section_mm2=row["section_mm2"],
            length_mm=row["length_mm"],
            place_lps_mm=three(row["place_lps_mm"]),
            faces=row["faces"],
        )
        for row in rows
        if row["width_mm"] < below_mm
        and (row["is_bridge"] or row["length_mm"] > _SLENDER * row["width_mm"])
        and row["breadth_mm"] <= _LEANING * _BROADEST * row["width_mm"]
        and not _is_sheet(thickness, row["faces"], row["length_mm"], below_mm)
    )


def _is_sheet(
    thickness: WallThickness, members: NDArray[np.int32], length_mm: float, below_mm: float
) -> bool:
    """Say whether a part of the surface, of a length, is of a sheet: its girth shows the breadth."""
    faces = thickness.mesh.faces[members]
    a, b, c = thickness.mesh.vertices[faces].transpose(1, 0, 2)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    thick = thickness.mm[faces]
    # At its rim a sheet looks as thick as it is broad, or has no thickness at all.
    is_thin = thick < below_mm
    shares = np.where(is_thin, np.maximum(areas, 1e-12)[:, None], 0.0)
    if not is_thin.any():
        return False
    mean = float(np.average(np.where(is_thin, thick, 0.0), weights=shares))
    breadth = float(areas.sum()) / (2 * max(length_mm, 1e-9)) - mean
    is_plump = breadth > _FLAT * mean and breadth > _PLUMP * length_mm
    return breadth > _BROADEST * mean or is_plump
