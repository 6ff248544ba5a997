"""How triangles hang together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calvaria import _native
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.mesh.triangles import Mesh

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BoundaryLoop", "MeshTopology", "measure_topology"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoundaryLoop:
    """One way along open edges: the rim of a hole.

    Attributes
    ----------
    vertices : (n,) ndarray of int32
        Vertices in the order in which a patch would pass them.  Read-only.
    length_mm : float
        Length of the rim.
    centre_lps_mm : tuple of float
        Its middle.
    is_closed : bool
        Whether it comes back to its start; only a surface that is not manifold has others.
    """

    vertices: NDArray[np.int32]
    length_mm: float
    centre_lps_mm: tuple[float, float, float]
    is_closed: bool

    def __repr__(self) -> str:
        x, y, z = self.centre_lps_mm
        return (
            f"BoundaryLoop({plural(len(self.vertices), 'vertex', 'vertices')}, {self.length_mm:.4g} mm, "
            f"at {x:.4g}, {y:.4g}, {z:.4g})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the loop as plain types, ready for JSON."""
        return {
            "n_vertices": len(self.vertices),
            "length_mm": self.length_mm,
            "centre_lps_mm": list(self.centre_lps_mm),
            "is_closed": self.is_closed,
        }

    def _repr_html_(self) -> str:
        return html_table(caption="Boundary loop", header=("", ""), rows=self.to_dict().items())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeshTopology:
    """What :func:`measure_topology` found.

    Attributes
    ----------
    n_vertices, n_faces, n_edges : int
        Vertices that a face uses, faces, distinct edges.
    open_edges : (n, 2) ndarray of int32
        Edges with one face.
    non_manifold_edges : (n, 2) ndarray of int32
        Edges with three or more faces.
    misoriented_edges : (n, 2) ndarray of int32
        Edges whose two faces disagree on what is outside.
    non_manifold_vertices : (n,) ndarray of int32
        Vertices where more than one fan of faces meets.
    component_of_face : (m,) ndarray of int32
        Number of the piece each face belongs to; pieces hang together by edges.
    n_components : int
        How many pieces there are.
    loops : tuple of BoundaryLoop
        The rims of the holes.
    duplicate_faces, collapsed_faces : (n,) ndarray of int32
        Faces that repeat the vertices of an earlier one; faces that name a vertex twice.
    euler_characteristic : int
        Vertices - edges + faces, all pieces together.
    genus : int or None
        Handles, all pieces together; None unless closed, manifold and consistently wound.
    """

    n_vertices: int
    n_faces: int
    n_edges: int
    open_edges: NDArray[np.int32]
    non_manifold_edges: NDArray[np.int32]
    misoriented_edges: NDArray[np.int32]
    non_manifold_vertices: NDArray[np.int32]
    component_of_face: NDArray[np.int32]
    n_components: int
    loops: tuple[BoundaryLoop, ...]
    duplicate_faces: NDArray[np.int32]
    collapsed_faces: NDArray[np.int32]
    euler_characteristic: int
    genus: int | None

    @property
    def is_closed(self) -> bool:
        """Whether no edge is open, in a mesh that has edges."""
        return self.n_edges > 0 and len(self.open_edges) == 0

    @property
    def is_manifold(self) -> bool:
        """Whether no edge has more than two faces and no vertex more than one fan."""
        return len(self.non_manifold_edges) == 0 and len(self.non_manifold_vertices) == 0

    @property
    def is_oriented(self) -> bool:
        """Whether all neighbours agree on what is outside."""
        return len(self.misoriented_edges) == 0

    def __repr__(self) -> str:
        words = [
            "closed" if self.is_closed else plural(len(self.open_edges), "open edge"),
            "manifold"
            if self.is_manifold
            else plural(len(self.non_manifold_edges), "non-manifold edge"),
            "oriented"
            if self.is_oriented
            else plural(len(self.misoriented_edges), "misoriented edge"),
            plural(self.n_components, "component"),
        ]
        return f"MeshTopology({', '.join(words)})"

    def _repr_html_(self) -> str:
        rows = [(key, str(value)) for key, value in self.to_dict().items() if key != "loops"]
        return html_table(caption="Mesh topology", header=("", ""), rows=rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain types, ready for JSON."""
        return {
            "n_vertices": self.n_vertices,
            "n_faces": self.n_faces,
            "n_edges": self.n_edges,
            "n_open_edges": len(self.open_edges),
            "n_non_manifold_edges": len(self.non_manifold_edges),
            "n_misoriented_edges": len(self.misoriented_edges),
            "n_non_manifold_vertices": len(self.non_manifold_vertices),
            "n_components": self.n_components,
            "n_loops": len(self.loops),
            "n_duplicate_faces": len(self.duplicate_faces),
            "n_collapsed_faces": len(self.collapsed_faces),
            "euler_characteristic": self.euler_characteristic,
            "genus": self.genus,
            "loops": [loop.to_dict() for loop in self.loops],
        }


def measure_topology(mesh: Mesh) -> MeshTopology:
    """Return how the triangles of a mesh hang together: what is open, doubled, or in pieces.

    Vertices are taken by their numbers, not by their places: two sheets that touch without sharing
    vertices are apart.

    Parameters
    ----------
    mesh : Mesh

    Returns
    -------
    MeshTopology

    Examples
    --------
    >>> from calvaria import Mesh
    >>> corners = [[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]]
    >>> measure_topology(Mesh(vertices=corners, faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]))
    MeshTopology(closed, manifold, oriented, 1 component)
    """
    if not isinstance(mesh, Mesh):
        msg = f"mesh: Mesh expected, found {type(mesh).__name__}"
        raise TypeError(msg)
    found = _native.mesh_topology(mesh.vertices, mesh.faces, mesh.kinds)
    loops = tuple(BoundaryLoop(**_frozen(loop)) for loop in found.pop("loops"))
    return MeshTopology(
        n_vertices=found.pop("n_used_vertices"),
        n_faces=len(mesh.faces),
        loops=loops,
        **_frozen(found),
    )


def _frozen(values: dict[str, Any]) -> dict[str, Any]:
    for value in values.values():
        if hasattr(value, "flags"):
            value.flags.writeable = False
    return values
