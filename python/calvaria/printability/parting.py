"""A model cut in two, with pegs that put it together again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._record import plural
from calvaria.errors import MeshError
from calvaria.mesh import Mesh, combine_meshes, cut_mesh
from calvaria.printability._measured import (
    Record,
    Three,
    need_faces,
    positive,
    three,
    turn_to,
    unit,
)
from calvaria.printability.blocks import rod_mesh

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Parting", "part_mesh"]

# Points of the cut that are tried for a peg.
_TRIED = 48


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parting(Record):
    """A model in two parts.

    Parameters
    ----------
    upper : Mesh
        The part on the side of the normal; it carries the pegs.
    lower : Mesh
        The other part; it has the sockets.
    pegs_lps_mm : tuple of (float, float, float)
        Middles of the pegs, in the plane of the cut.
    peg_radius_mm, clearance_mm, peg_length_mm : float
        A peg, the play around it, and how far it reaches into the lower part.
    """

    upper: Mesh
    lower: Mesh
    pegs_lps_mm: tuple[Three, ...]
    peg_radius_mm: float
    clearance_mm: float
    peg_length_mm: float

    def __repr__(self) -> str:
        return (
            f"Parting({plural(len(self.upper.faces), 'face')} and {plural(len(self.lower.faces), 'face')}, "
            f"{plural(len(self.pegs_lps_mm), 'peg')} of {2 * self.peg_radius_mm:g} mm)"
        )


def part_mesh(
    mesh: Mesh,
    *,
    point_lps_mm: ArrayLike,
    normal_lps: ArrayLike,
    n_pegs: int = 2,
    peg_radius_mm: float = 2.0,
    peg_length_mm: float = 5.0,
    clearance_mm: float = 0.2,
    wall_mm: float = 1.0,
) -> Parting:
    """Cut a model along a plane and give it pegs and sockets.

    Parameters
    ----------
    mesh : Mesh
        Closed, manifold, turned outwards.
    point_lps_mm, normal_lps : (3,) array_like
        The plane; the part that the normal points to carries the pegs.
    n_pegs : int
        How many; two or more keep the parts from turning.
    peg_radius_mm, peg_length_mm : float
        Of a peg; it reaches as far into both parts.
    clearance_mm : float
        Play around a peg and at its end.
    wall_mm : float
        Material that must stay around a socket.

    Returns
    -------
    Parting
        Both parts closed and manifold.

    Raises
    ------
    MeshError
        The plane misses the model, or there is no room for so many pegs: thinner ones may fit.
    ValueError
        A number is not above 0.
    ImportError
        manifold3d is not installed: ``pip install 'calvaria[mesh]'``.

    Notes
    -----
    A peg stands where the largest ball fits between the walls of the cut; the next ones as far from it as
    the walls allow.  The same model gives the same pegs.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> body = block_mesh(size_mm=(40, 12, 20))
    >>> len(part_mesh(body, point_lps_mm=(0, 0, 0), normal_lps=(0, 0, 1)).pegs_lps_mm)
    2
    """
    need_faces(mesh)
    radius, length = (
        positive("peg_radius_mm", peg_radius_mm),
        positive("peg_length_mm", peg_length_mm),
    )
    play, wall = positive("clearance_mm", clearance_mm), positive("wall_mm", wall_mm)
    direction = np.asarray(unit("normal_lps", normal_lps))
    point = np.asarray(point_lps_mm, dtype=np.float64)
    upper = cut_mesh(mesh, point_lps_mm=point, normal_lps=direction)
    lower = cut_mesh(mesh, point_lps_mm=point, normal_lps=-direction)
    if not len(upper.mesh.faces) or not len(lower.mesh.faces):
        msg = "point_lps_mm: a plane through the model expected, found one that misses it"
        raise MeshError(msg)
    places = _places(
        mesh, point, direction, need_mm=radius + play + wall, reach_mm=length + play + wall
    )
    if len(places) < n_pegs:
        msg = (
            f"n_pegs: room for at most {plural(len(places), 'peg')} of {2 * radius:g} mm with {wall:g} mm around "
            f"them, found {n_pegs} asked for"
        )
        raise MeshError(msg)
    chosen = places[_spread(places, n_pegs)] if n_pegs else places[:0]
    made_upper, made_lower = upper.mesh, lower.mesh
    for place in chosen:
        peg = rod_mesh(
            start_lps_mm=place + direction * length,
            end_lps_mm=place - direction * length,
            radius_mm=radius,
        )
        socket = rod_mesh(
            start_lps_mm=place + direction * (play + 1.0),
            end_lps_mm=place - direction * (length + play),
            radius_mm=radius + play,
        )
        made_upper = combine_meshes(made_upper, peg, method="union")
        made_lower = combine_meshes(made_lower, socket, method="difference")
    return Parting(
        upper=made_upper,
        lower=made_lower,
        pegs_lps_mm=tuple(three(place) for place in chosen),
        peg_radius_mm=radius,
        clearance_mm=play,
        peg_length_mm=length,
    )


def _places(
    mesh: Mesh,
    point: NDArray[np.float64],
    normal: NDArray[np.float64],
    *,
    need_mm: float,
    reach_mm: float,
) -> NDArray[np.float64]:
    """Return points of the cut with room for a peg, the roomiest first."""
    from calvaria.mesh import signed_distance_mm  # noqa: PLC0415 - a name of its own elsewhere here

    turn = turn_to(three(normal))
    flat = mesh.vertices @ turn.T
    low, high = flat.min(axis=0)[:2], flat.max(axis=0)[:2]
    xs, ys = (np.linspace(low[k], high[k], _TRIED + 2)[1:-1] for k in range(2))
    grid = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)
    level = np.full((len(grid), 1), point @ normal)
    points = np.hstack([grid, level]) @ turn
    room = -signed_distance_mm(mesh, points)
    ends = [-signed_distance_mm(mesh, points + sign * reach_mm * normal) for sign in (1, -1)]
    # Half way and at its ends the peg is inside as well.
    has_room = (room >= need_mm) & (ends[0] >= 0) & (ends[1] >= 0)
    found = points[has_room]
    order = np.lexsort((np.arange(len(found)), -room[has_room].round(6)))
    return found[order]


def _spread(places: NDArray[np.float64], n: int) -> list[int]:
    """Choose the roomiest place, then those farthest from what is chosen."""
    chosen = [0]
    nearest = np.linalg.norm(places - places[0], axis=1)
    while len(chosen) < n:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(places - places[chosen[-1]], axis=1))
    return chosen
