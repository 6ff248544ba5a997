"""Union, intersection and difference of closed meshes, by manifold3d."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from calvaria._asked import need
from calvaria._optional import neighbour
from calvaria.errors import NonManifoldError
from calvaria.mesh.triangles import Mesh

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["combine_meshes"]

METHODS = {"union": "__add__", "intersection": "__xor__", "difference": "__sub__"}


def combine_meshes(
    first: Mesh,
    second: Mesh,
    *,
    method: Literal["union", "intersection", "difference"],
) -> Mesh:
    """Return the union, intersection or difference of two closed bodies.

    Parameters
    ----------
    first, second : Mesh
        Closed, manifold, turned outwards.
    method : {"union", "intersection", "difference"}
        ``difference`` is the part of ``first`` that is not in ``second``.

    Returns
    -------
    Mesh
        Closed and manifold; without a face where nothing is left.  Each face keeps the kind of the
        face that it is a part of, and the findings of both meshes are carried.

    Raises
    ------
    NonManifoldError
        A mesh is not closed and manifold, or is turned inside out.
    ValueError
        ``method`` is unknown.
    ImportError
        manifold3d is not installed: ``pip install 'calvaria[mesh]'``.

    Notes
    -----
    manifold3d guarantees a manifold result for manifold bodies; it is checked here as well.

    References
    ----------
    Smith, Robust boolean operations on geometric objects, PhD thesis, 2003; manifold3d, Apache-2.0.

    Examples
    --------
    >>> from calvaria.mesh import measure_mesh
    >>> from calvaria.printability import block_mesh
    >>> block = block_mesh(size_mm=(10.0, 10.0, 10.0), centre_lps_mm=(0.0, 0.0, 0.0))
    >>> hole = block_mesh(size_mm=(2.0, 2.0, 20.0), centre_lps_mm=(0.0, 0.0, 0.0))
    >>> drilled = combine_meshes(block, hole, method="difference")
    >>> round(measure_mesh(drilled).volume_mm3, 6)  # 1000 - 40
    960.0
    """
    need("first", first, Mesh)
    if method not in METHODS:
        msg = f"method: one of {', '.join(METHODS)} expected, found {method!r}"
        raise ValueError(msg)
    manifold3d = neighbour("manifold3d")
    first_id = manifold3d.Manifold.reserve_ids(2)
    bodies = [
        _body(manifold3d, "first", first, number=first_id),
        _body(manifold3d, "second", second, number=first_id + 1),
    ]
    made = getattr(bodies[0], METHODS[method])(bodies[1])
    raw = made.to_mesh64()
    vertices = np.asarray(raw.vert_properties, dtype=np.float64)[:, :3]
    faces = np.asarray(raw.tri_verts).astype(np.int64)
    merged = np.arange(len(vertices))
    merged[np.asarray(raw.merge_from_vert, dtype=np.int64)] = np.asarray(raw.merge_to_vert)
    used, numbers = np.unique(merged[faces], return_inverse=True)
    findings = dict.fromkeys((*first.findings, *second.findings))
    return Mesh(
        vertices=vertices[used],
        faces=numbers.reshape(-1, 3).astype(np.int32),
        kinds=_kinds(raw, {first_id: first, first_id + 1: second}, len(faces)),
        findings=tuple(findings),
    )


def _body(manifold3d: Any, name: str, mesh: Mesh, *, number: int) -> Any:
    """Return a manifold3d body whose faces remember their numbers."""
    raw = manifold3d.Mesh64(
        vert_properties=mesh.vertices.copy(),  # manifold3d asks for memory it could write to
        tri_verts=mesh.faces.astype(np.uint64),
        run_index=np.array([0, 3 * len(mesh.faces)], dtype=np.uint64),
        run_original_id=np.array([number], dtype=np.uint32),
        face_id=np.arange(len(mesh.faces), dtype=np.uint64),
    )
    body = manifold3d.Manifold(raw)
    if body.status() != manifold3d.Error.NoError:
        msg = f"{name}: a closed manifold mesh expected, found {body.status().name}"
        raise NonManifoldError(msg)
    if len(mesh.faces) and body.volume() <= 0:
        msg = f"{name}: faces turned outwards expected, found a volume of {body.volume():.3g} mm3"
        raise NonManifoldError(msg)
    return body


def _kinds(raw: Any, meshes: dict[int, Mesh], n_faces: int) -> NDArray[np.uint8]:
    """Return the kind of the face that each new face is a part of."""
    kinds = np.zeros(n_faces, dtype=np.uint8)
    starts = np.asarray(raw.run_index, dtype=np.int64) // 3
    sources = np.asarray(raw.face_id, dtype=np.int64)
    for run, number in enumerate(np.asarray(raw.run_original_id).tolist()):
        span = slice(starts[run], starts[run + 1])
        kinds[span] = meshes[number].kinds[sources[span]]
    return kinds
