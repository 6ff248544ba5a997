"""A model made hollow, with holes for resin or powder to run out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria._record import plural
from calvaria.errors import MeshError
from calvaria.geometry import Grid
from calvaria.mesh import Mesh, combine_meshes, measure_mesh, remove_small_parts, signed_distance_mm
from calvaria.printability._measured import (
    Record,
    Three,
    arrays,
    need_faces,
    positive,
    three,
    unit,
)
from calvaria.printability.blocks import rod_mesh
from calvaria.printability.solids import need_closed
from calvaria.segment import distance_map
from calvaria.surface import extract_surface
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["HollowResult", "hollow_mesh"]

# Voxels along the longest side, left to itself.
_VOXELS = 160
# Cavities smaller than this many balls of the wall are not made.
_LEAST_CAVITY = 1.0
_IDENTITY: tuple[Three, Three, Three] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HollowResult(Record):
    """A hollow model.

    Parameters
    ----------
    mesh : Mesh
        Closed and manifold: outer surface, cavities, and drains that join them.
    wall_mm : float
        What was asked.
    cavity_mm3 : float
        What was taken out, drains not counted.
    saved_percent : float
        Material that is saved.
    drains_lps_mm : tuple of (float, float, float)
        Where the drains leave the model.
    n_cavities : int
        How many there are; each has a drain where it is large enough for one.
    """

    mesh: Mesh
    wall_mm: float
    cavity_mm3: float
    saved_percent: float
    drains_lps_mm: tuple[Three, ...]
    n_cavities: int

    def __repr__(self) -> str:
        return (
            f"HollowResult({self.saved_percent:.0f} % saved, wall {self.wall_mm:g} mm, "
            f"{plural(self.n_cavities, 'cavity', 'cavities')}, "
            f"{plural(len(self.drains_lps_mm), 'drain')})"
        )


def hollow_mesh(
    mesh: Mesh,
    *,
    wall_mm: float,
    up: ArrayLike,
    drain_mm: float,
    n_drains: int = 2,
    voxel_mm: float | None = None,
) -> HollowResult:
    """Take the inside out of a model and leave a wall, with drains at the bottom.

    Parameters
    ----------
    mesh : Mesh
        Closed, manifold, turned outwards.
    wall_mm : float
        Thickness of the wall.
    up : (3,) array_like
        The way the model is printed, LPS; drains go straight down from the lowest places of each cavity.
    drain_mm : float
        Diameter of a drain; the process says how small it may be (``min_escape``).
    n_drains : int
        Drains for each cavity; two let air in while liquid runs out.
    voxel_mm : float, optional
        Steps of the grid that the inner surface is drawn on.  Left out, a 160th of the longest side, at
        most half the wall.

    Returns
    -------
    HollowResult

    Raises
    ------
    MeshError
        Nothing of the model is thicker than two walls and a drain.
    NonManifoldError
        The mesh is not closed and manifold.
    ValueError
        A number is not above 0.
    ImportError
        manifold3d is not installed: ``pip install 'calvaria[mesh]'``.

    Notes
    -----
    The inner surface is the level of the signed distance to the outer one, exact near that level, drawn
    as an isosurface on a grid: between its points it is straight, so the wall is right to a few
    hundredths of a voxel on smooth surfaces and to a voxel at inner corners.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> block = block_mesh(size_mm=(20.0, 20.0, 20.0))
    >>> made = hollow_mesh(block, wall_mm=2.0, up=(0, 0, 1), drain_mm=3.0, voxel_mm=0.5)
    >>> round(made.cavity_mm3), len(made.drains_lps_mm)  # 16 x 16 x 16 mm are taken out
    (4096, 2)
    """
    need_faces(mesh)
    need_closed(mesh)
    wall, drain = positive("wall_mm", wall_mm), positive("drain_mm", drain_mm)
    direction = np.asarray(unit("up", up))
    longest = float(np.ptp(mesh.vertices, axis=0).max())
    step = min(longest / _VOXELS, wall / 2) if voxel_mm is None else positive("voxel_mm", voxel_mm)
    inner = _inner_surface(mesh, wall, step)
    # Where not even a drain goes in, a cavity saves nothing and traps what is in it.
    kept = (
        remove_small_parts(inner, min_part_mm3=_LEAST_CAVITY * drain**3)
        if len(inner.faces)
        else None
    )
    if kept is None or not len(kept.mesh.faces):
        if len(inner.faces):
            msg = (
                f"drain_mm: a cavity that a drain of {drain:g} mm goes into expected, found less within walls "
                f"of {wall:g} mm"
            )
            raise MeshError(msg)
        msg = f"wall_mm: a model thicker than two walls of {wall:g} mm expected, found nothing to take out"
        raise MeshError(msg)
    volume = abs(measure_mesh(kept.mesh).volume_mm3)
    made = combine_meshes(mesh, kept.mesh, method="difference")
    places = _drains(kept.mesh, direction, drain, n_drains)
    low = float((mesh.vertices @ direction).min())
    exits = []
    for place in places:
        depth = float(place @ direction) - low
        rod = rod_mesh(
            start_lps_mm=place + direction * drain / 2,
            end_lps_mm=place - direction * (depth + drain),
            radius_mm=drain / 2,
        )
        made = combine_meshes(made, rod, method="difference")
        exits.append(three(place - direction * wall))
    whole = float(measure_mesh(mesh).volume_mm3)
    return HollowResult(
        mesh=made,
        wall_mm=wall,
        cavity_mm3=volume,
        saved_percent=100 * (1 - float(measure_mesh(made).volume_mm3) / whole),
        drains_lps_mm=tuple(exits),
        n_cavities=kept.n_parts,
    )


def _inner_surface(mesh: Mesh, wall: float, step: float) -> Mesh:
    """Return the surface that lies one wall inside, turned outwards."""
    solid, origin = _native.fill_mesh(**arrays(mesh), turn=_IDENTITY, size_mm=step)
    affine = np.diag([step, step, step, 1.0])
    affine[:3, 3] = origin
    grid = Grid(dims_ijk=solid.shape[::-1], lps_from_ijk=affine)
    if not solid.any():
        return Mesh(vertices=np.empty((0, 3)), faces=np.empty((0, 3), np.int32))
    depth = np.array(distance_map(Mask(values=solid, grid=grid)).values, dtype=np.float32)
    # Distances between voxels are right to a voxel; near the level they are measured on the mesh.
    is_near = np.abs(depth - wall) < 2.5 * step
    kji = np.argwhere(is_near)
    points = kji[:, ::-1] * step + np.asarray(origin)
    depth[is_near] = -signed_distance_mm(mesh, points)
    if not (depth >= wall).any():
        return Mesh(vertices=np.empty((0, 3)), faces=np.empty((0, 3), np.int32))
    return extract_surface(Volume(values=depth, grid=grid, quantity="arbitrary"), iso_hu=wall)


def _drains(
    inner: Mesh, up: NDArray[np.float64], drain: float, n_drains: int
) -> list[NDArray[np.float64]]:
    """Return places low in each cavity, apart from each other."""
    numbers, _volumes = _native.mesh_parts(inner.vertices, inner.faces, inner.kinds)
    found: list[NDArray[np.float64]] = []
    for part in range(int(numbers.max()) + 1):
        points = inner.vertices[np.unique(inner.faces[numbers == part])]
        heights = points @ up
        chosen = [points[np.argmin(heights)]]
        for _ in range(n_drains - 1):
            # The lowest point that is far from the others: a little height is paid for distance.
            apart = np.min([np.linalg.norm(points - one, axis=1) for one in chosen], axis=0)
            far = apart >= 2 * drain
            if not far.any():
                break
            cost = heights - heights.min() - 0.5 * apart
            cost[~far] = np.inf
            chosen.append(points[np.argmin(cost)])
        found += chosen
    return found
