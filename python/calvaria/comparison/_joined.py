"""Meshes as they are compared: corners at one place are one vertex, and faces have an area."""

from __future__ import annotations

import dataclasses

import numpy as np

from calvaria.mesh import Mesh
from calvaria.mesh.measures import n_boundary_edges

__all__ = ["has_area", "joined"]


def joined(mesh: Mesh) -> Mesh:
    """Return the mesh with corners at exactly the same place made one vertex.

    Files such as STL hold triangles that do not know of each other: each would be all rim.  A mesh
    without a rim is returned as it is.
    """
    if not len(mesh.faces) or not n_boundary_edges(mesh):
        return mesh
    points = mesh.vertices + 0.0  # -0 is 0
    order = np.lexsort(points.T)
    is_new = np.ones(len(points), dtype=np.bool_)
    is_new[1:] = (points[order[1:]] != points[order[:-1]]).any(axis=1)
    if is_new.all():
        return mesh
    number = np.empty(len(points), dtype=np.int32)
    number[order] = np.cumsum(is_new) - 1
    return dataclasses.replace(mesh, vertices=points[order[is_new]], faces=number[mesh.faces])


def has_area(mesh: Mesh) -> bool:
    """Whether any face has an area."""
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    return bool(np.cross(b - a, c - a).any())
