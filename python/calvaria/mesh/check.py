"""Whether a mesh can be printed and measured as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._asked import need
from calvaria._progress import run
from calvaria._record import plural
from calvaria.findings import CheckReport, Finding, Verdict
from calvaria.mesh.topology import MeshTopology, measure_topology
from calvaria.mesh.triangles import FaceKind, Mesh
from calvaria.rules import Limit, load_rules
from calvaria.rules.defaults import finding_of, limit_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_mesh", "find_self_intersections"]

_MM2_PER_CM2 = 100.0
# What the numbers of a mesh may have been meant in, and were not read in.
_UNIT_GUESSES = (
    ("inches read as millimetres", 25.4),
    ("metres read as millimetres", 1000.0),
    ("centimetres read as millimetres", 10.0),
    ("millimetres read as metres", 1e-3),
    ("millimetres read as inches", 1 / 25.4),
    ("millimetres read as centimetres", 0.1),
)
_MOST_PLACES = 5


def check_mesh(mesh: Mesh, *, anatomy: str | None = None) -> CheckReport:
    """Judge a mesh: closed, manifold, wound outwards, free of self-intersections, of plausible size.

    Limits stand in ``_tables/mesh.toml``, each with its source.  The findings that the mesh carries
    from its file or its volume come last.

    Parameters
    ----------
    mesh : Mesh
        In LPS mm.
    anatomy : str, optional
        What the mesh shows, such as ``"skull"``; the plausible size and number of pieces follow
        from it.  Without it the size is held against what a body has at all.

    Returns
    -------
    CheckReport
        Codes are explained in ``docs/checks.md``.

    Raises
    ------
    TypeError, ValueError
        Not a mesh; unknown anatomy.

    Examples
    --------
    A skull in inches:

    >>> from calvaria import Mesh, check_mesh
    >>> corners = [[0, 0, 0], [7, 0, 0], [0, 7, 0], [0, 0, 7]]
    >>> small = Mesh(vertices=corners, faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
    >>> check_mesh(small, anatomy="skull")["mesh_size"].message
    'the mesh is 7 mm long; 177.8 mm if it was inches read as millimetres'
    """
    if not isinstance(mesh, Mesh):
        msg = f"mesh: Mesh expected, found {type(mesh).__name__}"
        raise TypeError(msg)
    name = "generic" if anatomy is None else load_rules().anatomy(anatomy)
    if len(mesh.faces) == 0:
        findings = [Finding(code="mesh_closed", verdict=Verdict.FAIL, message="there is no face")]
    else:
        findings = [
            *_topology_findings(measure_topology(mesh), mesh, name),
            *_shape_findings(mesh, name),
            _crossings(mesh, name),
            _size(mesh, name),
        ]
    return CheckReport(
        subject=f"mesh of {plural(len(mesh.vertices), 'vertex', 'vertices')} and {plural(len(mesh.faces), 'face')}",
        findings=(*findings, *mesh.findings),
        anatomy=None if anatomy is None else name,
    )


def find_self_intersections(mesh: Mesh) -> NDArray[np.int32]:
    """Return the pairs of faces that pass through or onto one another.

    Neighbours may meet at their common corner or edge and nowhere else.  Corners at the same place
    count as common, whatever their numbers.  Signs are exact [1]_, so that nothing depends on a
    tolerance; faces without area are passed over.

    Parameters
    ----------
    mesh : Mesh

    Returns
    -------
    (n, 2) ndarray of int32
        Pairs of face numbers, lower first, in order.

    References
    ----------
    .. [1] Shewchuk, Adaptive precision floating-point arithmetic and fast robust geometric
       predicates, Discrete Comput. Geom. 18 (1997), doi:10.1007/PL00009321.

    Examples
    --------
    >>> from calvaria import Mesh
    >>> corners = [[0, 0, 0], [4, 0, 0], [0, 4, 0], [1, 1, -1], [1, 1, 1], [9, 9, 0]]
    >>> find_self_intersections(Mesh(vertices=corners, faces=[[0, 1, 2], [3, 4, 5]]))
    array([[0, 1]], dtype=int32)
    """
    need("mesh", mesh, Mesh)
    found = run(
        lambda progress: _native.mesh_self_intersections(
            mesh.vertices, mesh.faces, mesh.kinds, progress
        ),
        title="looking for self-intersections",
    )
    found.flags.writeable = False
    return found


def _topology_findings(topology: MeshTopology, mesh: Mesh, anatomy: str) -> list[Finding]:
    n_loops = len(topology.loops)
    longest = sorted(topology.loops, key=lambda loop: -loop.length_mm)[:_MOST_PLACES]
    closed = _judged(
        "mesh_closed",
        len(topology.open_edges),
        anatomy,
        "every edge has a face on either side"
        if topology.is_closed
        else f"{plural(len(topology.open_edges), 'open edge')} in {plural(n_loops, 'hole')}",
        places=tuple(
            f"rim of {loop.length_mm:.4g} mm at {_place(loop.centre_lps_mm)}" for loop in longest
        ),
    )
    edges, vertices = topology.non_manifold_edges, topology.non_manifold_vertices
    return [
        closed,
        _judged(
            "mesh_manifold",
            len(edges),
            anatomy,
            f"{plural(len(edges), 'edge')} with more than two faces"
            if len(edges)
            else "no edge has more than two faces",
            places=_vertex_places(mesh, edges[:, 0]),
        ),
        _judged(
            "mesh_vertices",
            len(vertices),
            anatomy,
            f"at {plural(len(vertices), 'vertex', 'vertices')} sheets touch in a point"
            if len(vertices)
            else "no two sheets touch in a point",
            places=_vertex_places(mesh, vertices),
        ),
        _judged(
            "mesh_oriented",
            len(topology.misoriented_edges),
            anatomy,
            "neighbours agree on what is outside"
            if topology.is_oriented
            else f"at {plural(len(topology.misoriented_edges), 'edge')} neighbours disagree on what is outside",
            places=_vertex_places(mesh, topology.misoriented_edges[:, 0]),
        ),
        _judged(
            "mesh_duplicate_faces",
            len(topology.duplicate_faces),
            anatomy,
            f"{plural(len(topology.duplicate_faces), 'face')} with the corners of another",
        ),
    ]


def _shape_findings(mesh: Mesh, anatomy: str) -> list[Finding]:
    sliver_limit = _limit("mesh_slivers", anatomy)
    quality = _native.mesh_quality(
        mesh.vertices, mesh.faces, mesh.kinds, float(sliver_limit["height_fraction"])
    )
    n_inside_out, n_degenerate = sum(quality["is_inside_out"]), len(quality["degenerate_faces"])
    n_slivers = len(quality["sliver_faces"])
    cap_cm2 = quality["area_by_kind_mm2"][FaceKind.CAP] / _MM2_PER_CM2
    # A closed piece within another bounds a void: it does not fall off.
    inner = zip(quality["is_closed"], quality["depth"], strict=True)
    # Pieces that touch or cross lie neither within nor beside each other.
    n_voids = sum(is_closed and depth is not None and depth % 2 == 1 for is_closed, depth in inner)
    n_bodies = len(quality["is_closed"]) - n_voids
    holding = f", with {plural(n_voids, 'closed void')} in them" if n_voids else ""
    findings = [
        _judged(
            "mesh_components",
            n_bodies,
            anatomy,
            f"the mesh has {plural(n_bodies, 'piece')}{holding}",
        ),
        _judged(
            "mesh_inside_out",
            n_inside_out,
            anatomy,
            f"{n_inside_out} of {plural(len(quality['is_closed']), 'piece')} wound inside out",
        ),
        _judged(
            "mesh_degenerate_faces",
            n_degenerate,
            anatomy,
            f"{plural(n_degenerate, 'face')} without area",
            places=_vertex_places(mesh, mesh.faces[quality["degenerate_faces"], 0]),
        ),
        _judged(
            "mesh_slivers",
            100.0 * n_slivers / len(mesh.faces),
            anatomy,
            f"{plural(n_slivers, 'face')} lower than {sliver_limit['height_fraction']:g} of the longest side",
        ),
    ]
    if (mesh.kinds == FaceKind.CAP).any():
        message = f"{cap_cm2:.3g} cm2 of the surface are lids where the image ended"
        findings.append(_judged("mesh_caps", cap_cm2, anatomy, message))
    return findings


def _crossings(mesh: Mesh, anatomy: str) -> Finding:
    pairs = find_self_intersections(mesh)
    message = f"{plural(len(pairs), 'pair')} of faces that cross or lie on one another"
    places = _vertex_places(mesh, mesh.faces[pairs[:, 0], 0])
    return _judged("mesh_self_intersections", len(pairs), anatomy, message, places=places)


def _size(mesh: Mesh, anatomy: str) -> Finding:
    used = mesh.vertices[np.unique(mesh.faces)]
    length_mm = float((used.max(axis=0) - used.min(axis=0)).max())
    limit = _limit("mesh_size", anatomy)
    message = f"the mesh is {length_mm:.4g} mm long"
    if limit.grade(length_mm) is not Verdict.PASS:
        hits = [
            f"{length_mm * factor:.4g} mm if it was {guess}"
            for guess, factor in _UNIT_GUESSES
            if limit.grade(length_mm * factor) is Verdict.PASS
        ]
        message += "; " + (", or ".join(hits) if hits else "no mistaken unit explains it")
    return _judged("mesh_size", length_mm, anatomy, message)


def _judged(
    code: str, measured: float, anatomy: str, message: str, *, places: tuple[str, ...] = ()
) -> Finding:
    limit = _limit(code, anatomy)
    return finding_of(limit, code=code, measured=measured, message=message, places=places)


def _vertex_places(mesh: Mesh, vertices: NDArray[np.int32]) -> tuple[str, ...]:
    return tuple(_place(mesh.vertices[vertex]) for vertex in vertices[:_MOST_PLACES])


def _place(point_lps_mm: Any) -> str:
    x, y, z = (float(x) for x in point_lps_mm)
    return f"({x:.2f}, {y:.2f}, {z:.2f}) LPS mm"


def _limit(name: str, anatomy: str) -> Limit:
    return limit_in("mesh.toml", name, kind="anatomy", member=anatomy)
