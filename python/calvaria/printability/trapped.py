"""Resin and powder that cannot leave a part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria.mesh import Mesh
from calvaria.printability._measured import (
    Record,
    Three,
    arrays,
    need_outwards,
    positive,
    three,
    turn_to,
    unit,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Pool", "find_pools"]

# Voxels along the longest side, left to itself.
_VOXELS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(Record):
    """Something that stays in a part.

    Parameters
    ----------
    volume_mm3 : float
        How much, to about a voxel's depth of its surface.
    centre_lps_mm : tuple of float
        Its middle.
    is_closed : bool
        Whether it has no way out at all; else it is a cup.
    """

    volume_mm3: float
    centre_lps_mm: Three
    is_closed: bool

    def __repr__(self) -> str:
        x, y, z = self.centre_lps_mm
        kind = "void" if self.is_closed else "cup"
        return f"Pool({kind} of {self.volume_mm3:.0f} mm3 at ({x:.1f}, {y:.1f}, {z:.1f}))"


def find_pools(
    mesh: Mesh, *, up: ArrayLike, voxel_mm: float | None = None, min_mm3: float = 20.0
) -> tuple[Pool, ...]:
    """Find what cannot run out of a part when it stands one way up: closed voids and cups.

    Parameters
    ----------
    mesh : Mesh
        Closed, turned outwards.
    up : (3,) array_like
        Up, LPS.  For cups that suck at the film of a resin printer ask with the opposite direction.
    voxel_mm : float, optional
        Size of the voxels; ways out narrower than one may be missed.  Left out, a 160th of the longest
        side.
    min_mm3 : float
        Smaller pools are left out.

    Returns
    -------
    tuple of Pool
        Largest first.

    Raises
    ------
    MeshError
        The mesh has no face, or is closed and inside out.
    ValueError
        A number is not above 0.

    Notes
    -----
    The part is filled with voxels and layers are added from below.  What is empty and hangs together
    with the outside within the layers so far has run out; the rest would have to rise first.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> find_pools(block_mesh(size_mm=(20, 12, 8)), up=(0, 0, 1))
    ()
    """
    need_outwards(mesh)
    turn = turn_to(unit("up", up))
    extent = float(np.ptp(mesh.vertices @ turn.T, axis=0).max())
    size = extent / _VOXELS if voxel_mm is None else positive("voxel_mm", voxel_mm)
    rows = _native.mesh_pools(
        **arrays(mesh),
        turn=(three(turn[0]), three(turn[1]), three(turn[2])),
        size_mm=max(size, 1e-6),
        min_mm3=positive("min_mm3", min_mm3),
    )
    return tuple(
        Pool(volume_mm3=volume, centre_lps_mm=three(centre), is_closed=is_closed)
        for volume, centre, is_closed in rows
    )
