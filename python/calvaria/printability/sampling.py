"""A mesh with points all over it, so that every place can be measured."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calvaria import _native
from calvaria._record import plural
from calvaria.mesh import Mesh
from calvaria.printability._measured import Record, arrays, need_faces, positive

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["RefinedMesh", "refine_mesh"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RefinedMesh(Record):
    """A mesh without long edges.

    Parameters
    ----------
    mesh : Mesh
        The same surface; its first vertices are those it was made from.
    parents : (m,) ndarray of int32
        For each face the face that it is a part of.
    longest_mm : float
        What was asked.
    is_complete : bool
        Whether every edge is as short as asked; else the number of faces set an end to it.
    """

    mesh: Mesh
    parents: NDArray[np.int32]
    longest_mm: float
    is_complete: bool

    def __repr__(self) -> str:
        up_to = f"edges up to {self.longest_mm:g} mm"
        if not self.is_complete:
            up_to = f"edges longer than {self.longest_mm:g} mm left"
        return f"RefinedMesh({plural(len(self.mesh.faces), 'face')}, {up_to})"


def refine_mesh(mesh: Mesh, *, longest_mm: float, most_faces: int = 4_000_000) -> RefinedMesh:
    """Halve the edges of a mesh until none is longer than asked; the surface stays as it is.

    Parameters
    ----------
    mesh : Mesh
        Any mesh.
    longest_mm : float
        Longest edge that stays.
    most_faces : int
        Never exceeded: where a round would, ``longest_mm`` is doubled until it does not.

    Returns
    -------
    RefinedMesh
        What was closed and manifold is so again; kinds and findings are carried over.

    Raises
    ------
    MeshError
        The mesh has no face.
    ValueError
        ``longest_mm`` is not above 0.

    Examples
    --------
    >>> body = Mesh(vertices=[[0, 0, 0], [4, 0, 0], [0, 4, 0]], faces=[[0, 1, 2]])
    >>> refine_mesh(body, longest_mm=3.0)
    RefinedMesh(4 faces, edges up to 3 mm)
    """
    need_faces(mesh)
    asked = used = positive("longest_mm", longest_mm)
    most = int(positive("most_faces", most_faces))
    while True:
        (vertices, faces, kinds), parents, is_complete = _native.refine_mesh(
            **arrays(mesh), longest_mm=used, most_faces=most
        )
        # Rounds multiply faces by up to four, and slivers by far more than their area asks for.
        if len(faces) <= max(most, len(mesh.faces)):
            break
        used *= 2
    for array in (vertices, faces, kinds, parents):
        array.flags.writeable = False
    made = dataclasses.replace(mesh, vertices=vertices, faces=faces, kinds=kinds)
    return RefinedMesh(
        mesh=made, parents=parents, longest_mm=asked, is_complete=is_complete and used == asked
    )
