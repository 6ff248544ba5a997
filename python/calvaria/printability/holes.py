"""Round holes, and how much material stands between them and the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria.mesh import Mesh, closest_points
from calvaria.printability._measured import Record, Three, arrays, need_faces, positive, three

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HoleDistance", "RoundHole", "find_round_holes", "measure_hole_distance"]

# Points along the axis of a hole that the distance to something is measured from.
_ALONG = 33


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoundHole(Record):
    """A round hole, such as that for a screw or a sleeve.

    Parameters
    ----------
    diameter_mm : float
        Of the circle through the corners of its wall.
    centre_lps_mm, axis : tuple of float
        Middle and direction of its axis; the largest component of the direction is positive.
    depth_mm : float
        Extent of its wall along the axis.
    is_through : bool
        Whether it is open at both ends.
    rms_mm : float
        How far from round it is.
    edge_distance_mm, edge_place_lps_mm : float and tuple of float, or None
        Material between its wall and the nearest outer side of the part, across the axis, and where.
    hole_distance_mm, hole_place_lps_mm : float and tuple of float, or None
        Material between its wall and that of the nearest other hole, and where.
    faces : (n,) ndarray of int32
        Its faces.
    """

    diameter_mm: float
    centre_lps_mm: Three
    axis: Three
    depth_mm: float
    is_through: bool
    rms_mm: float
    edge_distance_mm: float | None
    edge_place_lps_mm: Three | None
    hole_distance_mm: float | None
    hole_place_lps_mm: Three | None
    faces: NDArray[np.int32]

    @property
    def least_distance_mm(self) -> float:
        """Material to whatever is nearest; infinity where there is nothing."""
        known = [d for d in (self.edge_distance_mm, self.hole_distance_mm) if d is not None]
        return min(known, default=float("inf"))

    def __repr__(self) -> str:
        x, y, z = self.centre_lps_mm
        edge = "none" if self.edge_distance_mm is None else f"{self.edge_distance_mm:.2f} mm"
        return f"RoundHole({self.diameter_mm:.2f} mm at ({x:.1f}, {y:.1f}, {z:.1f}), edge {edge})"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoleDistance(Record):
    """How near a hole comes to a structure that is to be spared.

    Parameters
    ----------
    distance_mm : float
        Negative where the cylinder of the hole reaches into the structure.
    nearest_lps_mm : tuple of float
        The point of the structure that is nearest.
    """

    distance_mm: float
    nearest_lps_mm: Three

    def __repr__(self) -> str:
        x, y, z = self.nearest_lps_mm
        return f"HoleDistance({self.distance_mm:.2f} mm to ({x:.1f}, {y:.1f}, {z:.1f}))"


def find_round_holes(mesh: Mesh, *, widest_mm: float = 12.0) -> tuple[RoundHole, ...]:
    """Find the round holes of a part, and the material beside them.

    Parameters
    ----------
    mesh : Mesh
        Closed, turned outwards.
    widest_mm : float
        Largest diameter that is looked for.

    Returns
    -------
    tuple of RoundHole
        In the order of their first faces.

    Raises
    ------
    MeshError
        The mesh has no face.
    ValueError
        ``widest_mm`` is not above 0.

    Notes
    -----
    Faces that look at each other across a gap are grouped where they turn gently; a group is a hole when
    its normals lie in a plane, go all the way round and look inwards, and its corners lie on a circle
    (algebraic least squares).  The distance to an edge is exact: every face that looks away from the axis
    is clipped to the depth of the hole and seen along the axis.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> find_round_holes(block_mesh(size_mm=(20, 12, 2)))
    ()
    """
    need_faces(mesh)
    rows = _native.round_holes(**arrays(mesh), widest_mm=positive("widest_mm", widest_mm))
    return tuple(
        RoundHole(
            diameter_mm=row["diameter_mm"],
            centre_lps_mm=three(row["centre_lps_mm"]),
            axis=three(row["axis"]),
            depth_mm=row["depth_mm"],
            is_through=row["is_through"],
            rms_mm=row["rms_mm"],
            edge_distance_mm=row["edge_distance_mm"],
            edge_place_lps_mm=row["edge_place_lps_mm"],
            hole_distance_mm=row["hole_distance_mm"],
            hole_place_lps_mm=row["hole_place_lps_mm"],
            faces=row["faces"],
        )
        for row in rows
    )


def measure_hole_distance(
    hole: RoundHole, *, structure: Mesh, reach_mm: float = 0.0
) -> HoleDistance:
    """Measure how near a hole comes to a structure that is to be spared.

    Parameters
    ----------
    hole : RoundHole
        From :func:`find_round_holes`.
    structure : Mesh
        A nerve, a root or a vessel, in the same frame.
    reach_mm : float
        How far a drill goes beyond the hole, at both ends.

    Returns
    -------
    HoleDistance
        From the cylinder of the hole, lengthened by ``reach_mm``, to the surface of the structure, and
        where that is nearest.

    Examples
    --------
    >>> from calvaria.mesh import combine_meshes
    >>> from calvaria.printability import block_mesh, find_round_holes, rod_mesh
    >>> drill = rod_mesh(start_lps_mm=(0, 0, -9), end_lps_mm=(0, 0, 9), radius_mm=1.0)
    >>> guide = combine_meshes(block_mesh(size_mm=(12, 12, 6)), drill, method="difference")
    >>> (hole,) = find_round_holes(guide)
    >>> nerve = rod_mesh(start_lps_mm=(3, -9, 0), end_lps_mm=(3, 9, 0), radius_mm=0.5)
    >>> round(measure_hole_distance(hole, structure=nerve).distance_mm, 2)
    1.5
    """
    need_faces(structure)
    half = hole.depth_mm / 2 + max(float(reach_mm), 0.0)
    steps = np.linspace(-half, half, _ALONG)[:, None]
    axis = np.asarray(hole.axis)
    points = np.asarray(hole.centre_lps_mm) + steps * axis
    found = closest_points(structure, points)
    nearest = int(np.argmin(found.distances_mm))
    place = found.points_lps_mm[nearest]
    # Past its ends the hole is a disc, between them a line, thickened by its radius.
    out = place - np.asarray(hole.centre_lps_mm)
    along = float(out @ axis)
    across = float(np.linalg.norm(out - along * axis)) - hole.diameter_mm / 2
    beyond = max(abs(along) - half, 0.0)
    if across <= 0:
        distance = beyond if beyond > 0 else across
    else:
        distance = float(np.hypot(across, beyond))
    return HoleDistance(distance_mm=distance, nearest_lps_mm=three(place))
