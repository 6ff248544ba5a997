"""Trimesh: triangles without a frame; they stay in LPS millimetres."""

from __future__ import annotations

from typing import Any

import numpy as np

from calvaria._asked import need
from calvaria._optional import neighbour
from calvaria.mesh import Mesh

__all__ = ["mesh_from_trimesh", "to_trimesh"]


def to_trimesh(mesh: Mesh) -> Any:
    """Return a mesh as a Trimesh of trimesh.

    Parameters
    ----------
    mesh : Mesh
        In LPS mm.

    Returns
    -------
    trimesh.Trimesh
        The same vertices and faces in the same order, nothing merged or left out; ``units`` is
        ``"mm"``, and ``face_attributes["kind"]`` holds the :class:`~calvaria.FaceKind` numbers.

    Raises
    ------
    ImportError
        trimesh is not installed.

    Examples
    --------
    >>> from calvaria import Mesh
    >>> to_trimesh(Mesh(vertices=np.eye(3), faces=[[0, 1, 2]])).units
    'mm'
    """
    need("mesh", mesh, Mesh)
    made = neighbour("trimesh").Trimesh(
        vertices=mesh.vertices.copy(),
        faces=mesh.faces.copy(),
        process=False,
        face_attributes={"kind": mesh.kinds.copy()},
    )
    made.units = "mm"
    return made


def mesh_from_trimesh(surface: Any, *, unit: str | None = None) -> Mesh:
    """Return a Trimesh of trimesh as a mesh.

    Parameters
    ----------
    surface : trimesh.Trimesh
        Triangles in LPS.
    unit : str, optional
        What its numbers are, where ``surface.units`` does not say; only ``"mm"`` is taken.

    Returns
    -------
    Mesh
        The same triangles.

    Raises
    ------
    ValueError
        Nothing says that the numbers are millimetres: trimesh would guess from the size.

    Examples
    --------
    >>> from calvaria import Mesh
    >>> mesh_from_trimesh(to_trimesh(Mesh(vertices=np.eye(3), faces=[[0, 1, 2]])))
    Mesh(3 vertices, 1 face)
    """
    said = surface.units or unit
    if said not in {"mm", "millimeter", "millimeters"}:
        msg = f"unit: 'mm' expected, found {said!r}; surface.convert_units('mm') makes it so"
        raise ValueError(msg)
    kinds = surface.face_attributes.get("kind")
    return Mesh(
        vertices=np.array(surface.vertices, np.float64),
        faces=np.array(surface.faces, np.int32),
        kinds=None if kinds is None else np.array(kinds),  # type: ignore[arg-type] # made an array
    )
