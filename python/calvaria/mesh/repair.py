"""Repair of the usual dirt in a mesh, each step recorded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._html import html_table
from calvaria._optional import neighbour
from calvaria._progress import run
from calvaria.errors import MeshError
from calvaria.mesh._fresh import fresh_mesh
from calvaria.mesh.check import find_self_intersections
from calvaria.mesh.topology import MeshTopology, measure_topology
from calvaria.mesh.triangles import Mesh

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RepairAction", "RepairResult", "repair_mesh"]

_WORDS = {
    "vertices_joined": "vertices in the same place became one",
    "collapsed_faces_dropped": "faces that name a vertex twice were left out",
    "duplicate_faces_dropped": "faces with the corners of another were left out",
    "crack_vertices_joined": "vertices on either side of a crack were brought together",
    "junctions_split": "sides of faces got the corner that lay on them",
    "flat_faces_removed": "faces without area were turned away",
    "faces_turned": "faces were turned to agree with their neighbours",
    "vertices_split": "vertices got a twin, where bodies touched or sheets met",
    "pieces_turned": "pieces were turned as a whole: bodies outwards, voids inwards",
    "overlaps_united": "pieces that overlapped were united",
    "islands_removed": "pieces were left out as too small",
    "unused_vertices_dropped": "vertices that no face used were left out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairAction:
    """One kind of repair and how often it was done.

    Attributes
    ----------
    code : str
        Stable name.
    n : int
        How often.
    message : str
        One sentence.
    """

    code: str
    n: int
    message: str

    def __repr__(self) -> str:
        return f"RepairAction({self.message}: {self.n})"

    def to_dict(self) -> dict[str, Any]:
        """Return the action as plain types, ready for JSON."""
        return {"code": self.code, "n": self.n, "message": self.message}

    def _repr_html_(self) -> str:
        return html_table(caption="Repair action", header=("", ""), rows=self.to_dict().items())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RepairResult:
    """A repaired mesh and what was done to it.

    Attributes
    ----------
    mesh : Mesh
        The repaired mesh.
    actions : tuple of RepairAction
        What was done, in order; empty when there was nothing to do.
    before, after : MeshTopology
        How the mesh hung together before and after.
    n_self_intersections : int
        Pairs of faces that still pass through one another.
    tolerance_mm : float
        Largest distance that a rim was moved.
    min_part_mm3 : float or None
        Volume below which pieces were left out.
    """

    mesh: Mesh
    actions: tuple[RepairAction, ...]
    before: MeshTopology
    after: MeshTopology
    n_self_intersections: int
    tolerance_mm: float
    min_part_mm3: float | None

    def __repr__(self) -> str:
        done = ", ".join(f"{action.n} {action.code}" for action in self.actions) or "nothing to do"
        return f"RepairResult({self.mesh!r}; {done})"

    def _repr_html_(self) -> str:
        rows = [(action.code, action.n, action.message) for action in self.actions]
        return html_table(caption="Repair", header=("step", "times", "meaning"), rows=rows)

    def to_dict(self) -> dict[str, Any]:
        """Return what was done as plain types, ready for JSON; the mesh is left out."""
        return {
            "actions": [action.to_dict() for action in self.actions],
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "n_self_intersections": self.n_self_intersections,
            "tolerance_mm": self.tolerance_mm,
            "min_part_mm3": self.min_part_mm3,
        }


def repair_mesh(
    mesh: Mesh,
    *,
    tolerance_mm: float = 0.01,
    min_part_mm3: float | None = None,
    unite_overlaps: bool = False,
) -> RepairResult:
    """Repair the usual dirt: doubles, cracks, flat and flipped faces, edges with too many faces.

    In order: vertices in the same place become one; faces that are collapsed or repeated go; rims
    closer than the tolerance are brought together, and a corner on the side of another face is put
    into that side; faces without area are turned away; neighbours are wound alike; bodies that touch
    along an edge or in a point come apart, each with vertices of its own; closed pieces are wound
    as their place asks for, bodies outwards and voids inside them inwards.  Nothing but rims moves,
    and no hole is filled.  A mesh without dirt comes back as it was.

    A piece inside another counts as a void.  Where it is meant as a second body, such as a tooth
    modelled inside a jaw, keep the two apart.

    Parameters
    ----------
    mesh : Mesh
    tolerance_mm : float
        Largest distance over which rims are brought together.
    min_part_mm3 : float, optional
        Closed pieces that enclose less than this are left out.
    unite_overlaps : bool
        Unite pieces that overlap into one body, with manifold3d, which must be installed.  Every
        piece must be closed and manifold after the other steps.  It mends self-intersections
        between pieces, not those of a piece with itself.

    Returns
    -------
    RepairResult

    Raises
    ------
    MeshError
        ``unite_overlaps`` was asked for and the pieces are not closed and manifold.
    TypeError, ValueError
        Not a mesh; a tolerance or volume that is negative or not finite.

    Examples
    --------
    A face of a solid is turned, another one is there twice:

    >>> from calvaria import Mesh, repair_mesh
    >>> corners = [[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]]
    >>> faces = [[0, 2, 1], [0, 3, 1], [1, 2, 3], [2, 0, 3], [1, 2, 3]]
    >>> result = repair_mesh(Mesh(vertices=corners, faces=faces))
    >>> result.actions
    (RepairAction(faces with the corners of another were left out: 1),
     RepairAction(faces were turned to agree with their neighbours: 1))
    >>> result.after
    MeshTopology(closed, manifold, oriented, 1 component)
    """
    if not isinstance(mesh, Mesh):
        msg = f"mesh: Mesh expected, found {type(mesh).__name__}"
        raise TypeError(msg)
    for name, value in (("tolerance_mm", tolerance_mm), ("min_part_mm3", min_part_mm3)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            msg = f"{name}: a finite number of at least 0 expected, found {value!r}"
            raise ValueError(msg)
    done, actions = _repaired(mesh, tolerance_mm, min_part_mm3)
    if unite_overlaps:
        done, n_united = _united(done)
        if n_united:
            done, more = _repaired(done, tolerance_mm, min_part_mm3)
            actions = [*actions, ("overlaps_united", n_united), *more]
    return RepairResult(
        mesh=done,
        actions=tuple(RepairAction(code=code, n=n, message=_WORDS[code]) for code, n in actions),
        before=measure_topology(mesh),
        after=measure_topology(done),
        n_self_intersections=len(find_self_intersections(done)),
        tolerance_mm=tolerance_mm,
        min_part_mm3=min_part_mm3,
    )


def _repaired(
    mesh: Mesh, tolerance_mm: float, min_part_mm3: float | None
) -> tuple[Mesh, list[tuple[str, int]]]:
    arrays, actions = run(
        lambda progress: _native.repair_mesh(
            mesh.vertices,
            mesh.faces,
            mesh.kinds,
            float(tolerance_mm),
            None if min_part_mm3 is None else float(min_part_mm3),
            progress,
        ),
        title="repairing the mesh",
    )
    return fresh_mesh(*arrays, findings=mesh.findings), actions


def _united(mesh: Mesh) -> tuple[Mesh, int]:
    """Unite the pieces of a mesh that overlap; the kinds follow their faces."""
    manifold3d = neighbour("manifold3d")
    pairs = find_self_intersections(mesh)
    topology = measure_topology(mesh)
    pieces = topology.component_of_face
    apart = pieces[pairs[:, 0]] != pieces[pairs[:, 1]]
    crossing = np.unique(pieces[pairs[apart]])
    if len(crossing) == 0:
        return mesh, 0
    bodies = [_body(manifold3d, mesh, np.flatnonzero(pieces == piece)) for piece in crossing]
    whole = manifold3d.Manifold.batch_boolean(bodies, manifold3d.OpType.Add).to_mesh64()
    made = np.asarray(whole.vert_properties)[:, :3], np.asarray(whole.tri_verts)
    kinds = mesh.kinds[np.asarray(whole.face_id, np.int64)]
    rest = ~np.isin(pieces, crossing)
    return Mesh(
        vertices=np.vstack([mesh.vertices, made[0]]),
        faces=np.vstack([mesh.faces[rest], made[1].astype(np.int32) + len(mesh.vertices)]),
        kinds=np.concatenate([mesh.kinds[rest], kinds]),
        findings=mesh.findings,
    ), len(crossing)


def _body(manifold3d: Any, mesh: Mesh, faces: NDArray[np.intp]) -> Any:
    used, numbers = np.unique(mesh.faces[faces], return_inverse=True)
    body = manifold3d.Manifold(
        manifold3d.Mesh64(
            vert_properties=np.ascontiguousarray(mesh.vertices[used]),
            tri_verts=numbers.reshape(-1, 3).astype(np.uint64),
            face_id=faces.astype(np.uint64),
        )
    )
    if body.status() != manifold3d.Error.NoError:
        msg = (
            "unite_overlaps: closed, manifold pieces expected, found one that is not; "
            f"manifold3d says {body.status().name}"
        )
        raise MeshError(msg)
    return body
