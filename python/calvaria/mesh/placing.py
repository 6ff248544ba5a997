"""Meshes moved, mirrored, turned inside out, and taken apart."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._asked import need
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.mesh.triangles import Mesh

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "PartsResult",
    "flip_mesh",
    "keep_largest_part",
    "mirror_mesh",
    "remove_small_parts",
    "split_mesh",
    "transform_mesh",
]


def transform_mesh(mesh: Mesh, *, matrix: ArrayLike) -> Mesh:
    """Return the mesh with an affine transform applied to its vertices.

    Parameters
    ----------
    mesh : Mesh
        Any mesh.
    matrix : (4, 4) array_like
        Acts on column vectors (x, y, z, 1) in LPS mm.  Where it mirrors, the faces are turned so
        that outside stays outside.

    Returns
    -------
    Mesh
        Same faces, kinds and findings.

    Raises
    ------
    ValueError
        The matrix has another shape, is singular, or its last row is not (0, 0, 0, 1).

    Examples
    --------
    >>> triangle = Mesh(vertices=[[0, 0, 0], [4, 0, 0], [0, 4, 0]], faces=[[0, 1, 2]])
    >>> transform_mesh(triangle, matrix=np.diag([2, 1, 1, 1])).vertices[1]
    array([8., 0., 0.])
    """
    need("mesh", mesh, Mesh)
    affine = np.asarray(matrix, dtype=np.float64)
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        msg = f"matrix: finite numbers of shape (4, 4) expected, found shape {affine.shape}"
        raise ValueError(msg)
    if not np.array_equal(affine[3], [0, 0, 0, 1]):
        msg = f"matrix: last row (0, 0, 0, 1) expected, found {tuple(affine[3].tolist())}"
        raise ValueError(msg)
    determinant = np.linalg.det(affine[:3, :3])
    if determinant == 0:
        msg = "matrix: an invertible matrix expected, found determinant 0"
        raise ValueError(msg)
    vertices = mesh.vertices @ affine[:3, :3].T + affine[:3, 3]
    faces = mesh.faces[:, ::-1] if determinant < 0 else mesh.faces
    return dataclasses.replace(mesh, vertices=vertices, faces=faces)


def mirror_mesh(mesh: Mesh, *, point_lps_mm: ArrayLike, normal_lps: ArrayLike) -> Mesh:
    """Return the mirror image of a mesh in a plane, its faces still turned outwards.

    Parameters
    ----------
    mesh : Mesh
        Any mesh.
    point_lps_mm, normal_lps : (3,) array_like
        The plane; the normal may have any length.

    Returns
    -------
    Mesh
        Same kinds and findings.

    Raises
    ------
    ValueError
        The plane is not three finite numbers each, or the normal has no length.

    Examples
    --------
    >>> triangle = Mesh(vertices=[[1, 0, 0], [4, 0, 0], [1, 4, 0]], faces=[[0, 1, 2]])
    >>> mirror_mesh(triangle, point_lps_mm=[0, 0, 0], normal_lps=[1, 0, 0]).vertices[:, 0]
    array([-1., -4., -1.])
    """
    need("mesh", mesh, Mesh)
    point, direction = (
        np.asarray(values, dtype=np.float64) for values in (point_lps_mm, normal_lps)
    )
    length = np.linalg.norm(direction)
    if point.shape != (3,) or direction.shape != (3,) or not 0 < length < np.inf:
        msg = f"normal_lps: three finite numbers, not all 0, expected, found {direction.tolist()}"
        raise ValueError(msg)
    direction = direction / length
    matrix = np.eye(4)
    matrix[:3, :3] -= 2 * np.outer(direction, direction)
    matrix[:3, 3] = 2 * direction * (point @ direction)
    return transform_mesh(mesh, matrix=matrix)


def flip_mesh(mesh: Mesh) -> Mesh:
    """Return the mesh with every face turned over: the inside becomes the outside.

    Parameters
    ----------
    mesh : Mesh
        Any.

    Returns
    -------
    Mesh
        The same vertices; corners of each face in the other order.

    Examples
    --------
    >>> flip_mesh(Mesh(vertices=np.eye(3), faces=[[0, 1, 2]])).faces
    array([[2, 1, 0]], dtype=int32)
    """
    need("mesh", mesh, Mesh)
    return dataclasses.replace(mesh, faces=mesh.faces[:, ::-1])


def split_mesh(mesh: Mesh) -> tuple[Mesh, ...]:
    """Return the parts of a mesh that share no vertex, those with most faces first.

    Parts of as many faces stand in the order of their first faces.  A hollow body is two parts: its
    outer and its inner surface.

    Parameters
    ----------
    mesh : Mesh
        Any.

    Returns
    -------
    tuple of Mesh
        Each with its own vertices; together all faces.

    Examples
    --------
    >>> two = Mesh(vertices=np.vstack([np.eye(3), np.eye(3) + 5]), faces=[[0, 1, 2], [3, 4, 5]])
    >>> split_mesh(two)
    (Mesh(3 vertices, 1 face), Mesh(3 vertices, 1 face))
    """
    need("mesh", mesh, Mesh)
    numbers, _volumes = _native.mesh_parts(mesh.vertices, mesh.faces, mesh.kinds)
    sizes = np.bincount(numbers)
    by_part = np.argsort(numbers, kind="stable")
    ends = np.cumsum(sizes)
    order = np.argsort(-sizes, kind="stable")
    return tuple(_taken(mesh, by_part[ends[part] - sizes[part] : ends[part]]) for part in order)


def keep_largest_part(mesh: Mesh) -> Mesh:
    """Return the part of a mesh with most faces.

    Parameters
    ----------
    mesh : Mesh
        Any.

    Returns
    -------
    Mesh
        One part; of several as large, the one with the first face.

    Examples
    --------
    >>> two = Mesh(vertices=np.vstack([np.eye(3), np.eye(3) + 5]), faces=[[0, 1, 2], [3, 4, 5]])
    >>> keep_largest_part(two)
    Mesh(3 vertices, 1 face)
    """
    need("mesh", mesh, Mesh)
    if not len(mesh.faces):
        return mesh
    numbers, _volumes = _native.mesh_parts(mesh.vertices, mesh.faces, mesh.kinds)
    return _taken(mesh, np.flatnonzero(numbers == np.argmax(np.bincount(numbers))))


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsResult:
    """A mesh without its small parts, and what went.

    Parameters
    ----------
    mesh : Mesh
        What is left, faces and vertices in their old order.
    n_parts : int
        Parts that are left.
    n_bodies : int
        Bodies among them; the others bound voids.
    n_islands, n_voids : int
        Bodies and voids that went.
    islands_mm3, voids_mm3 : float
        What they enclosed together.
    min_part_mm3 : float
        What was asked.
    """

    mesh: Mesh
    n_parts: int
    n_bodies: int
    n_islands: int
    n_voids: int
    islands_mm3: float
    voids_mm3: float
    min_part_mm3: float

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the mesh, ready for JSON."""
        names = [name for name in self.__dataclass_fields__ if name != "mesh"]
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return (
            f"PartsResult({plural(self.n_parts, 'part')} left; {plural(self.n_islands, 'island')} of "
            f"{self.islands_mm3:.1f} mm3 and {plural(self.n_voids, 'void')} of {self.voids_mm3:.1f} mm3 gone)"
        )

    def _repr_html_(self) -> str:
        return html_table(header=("parts", "value"), rows=self.to_dict().items())


def remove_small_parts(mesh: Mesh, *, min_part_mm3: float) -> PartsResult:
    """Remove islands and closed voids that enclose less than a volume.

    Parameters
    ----------
    mesh : Mesh
        A closed mesh that faces outwards.
    min_part_mm3 : float
        The least volume that a part encloses to stay; a void counts like a body.

    Returns
    -------
    PartsResult
        The mesh, and how many islands and voids went.

    Raises
    ------
    ValueError
        ``min_part_mm3`` is negative or no number.

    Examples
    --------
    >>> small = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    >>> faces = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
    >>> large = 10 * np.array(small) + 5
    >>> two = Mesh(vertices=np.vstack([small, large]), faces=np.vstack([faces, faces + 4]))
    >>> remove_small_parts(two, min_part_mm3=1.0)
    PartsResult(1 part left; 1 island of 0.2 mm3 and 0 voids of 0.0 mm3 gone)
    """
    need("mesh", mesh, Mesh)
    if not min_part_mm3 >= 0:
        msg = f"min_part_mm3: a number of at least 0 expected, found {min_part_mm3}"
        raise ValueError(msg)
    numbers, volumes = _native.mesh_parts(mesh.vertices, mesh.faces, mesh.kinds)
    stays = np.abs(volumes) >= min_part_mm3
    gone = volumes[~stays]
    kept = mesh if stays.all() else _taken(mesh, np.flatnonzero(stays[numbers]))
    return PartsResult(
        mesh=kept,
        n_parts=int(stays.sum()),
        n_bodies=int((volumes[stays] >= 0).sum()),
        n_islands=int((gone >= 0).sum()),
        n_voids=int((gone < 0).sum()),
        islands_mm3=float(gone[gone >= 0].sum()),
        voids_mm3=float(np.abs(gone[gone < 0]).sum()),
        min_part_mm3=float(min_part_mm3),
    )


def _taken(mesh: Mesh, places: NDArray[np.intp]) -> Mesh:
    """Return some faces with the vertices they need, both in their old order."""
    faces = mesh.faces[places]
    is_used = np.zeros(len(mesh.vertices), dtype=bool)
    is_used[faces.ravel()] = True
    numbers = np.cumsum(is_used) - 1
    return dataclasses.replace(
        mesh, vertices=mesh.vertices[is_used], faces=numbers[faces], kinds=mesh.kinds[places]
    )
