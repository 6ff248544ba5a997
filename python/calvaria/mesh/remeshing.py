"""The same surface in triangles of one size."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from calvaria import _native, _progress
from calvaria._asked import need
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.mesh._fresh import fresh_mesh
from calvaria.mesh.triangles import Mesh

__all__ = ["RemeshingResult", "remesh_mesh"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RemeshingResult:
    """A mesh of even triangles and how far it is from the first.

    Parameters
    ----------
    mesh : Mesh
        The new mesh.
    edge_length_mm, feature_angle_deg : float
        What was asked.
    bound_mm : float or None
        The distance that was allowed; None without a bound.
    passes : int
        How often edges were halved, collapsed and flipped.
    n_faces, n_faces_before : int
        How many faces there are and were.
    mean_edge_mm, mean_edge_before_mm : float
        Mean length of an edge.
    even_fraction, even_fraction_before : float
        Fraction of the edges that are between 4/5 and 4/3 of ``edge_length_mm``.
    min_angle_deg, min_angle_before_deg : float
        The smallest angle of all faces.
    mean_min_angle_deg, mean_min_angle_before_deg : float
        Mean over the faces of their smallest angle; 60 of equilateral triangles.
    max_error_mm : float
        The largest distance found between the surfaces, both ways.
    rms_error_mm, mean_error_mm : float
        Of the distances of the old vertices from the new surface.
    volume_drift_percent : float or None
        Change of the enclosed volume; None of an open mesh, or of one that encloses nothing.
    n_crossings : int
        Pairs of faces of the new mesh that pass through one another.
    reached : bool
        Whether the bound is kept; True without one.
    """

    mesh: Mesh
    edge_length_mm: float
    bound_mm: float | None
    passes: int
    feature_angle_deg: float
    n_faces: int
    n_faces_before: int
    mean_edge_mm: float
    mean_edge_before_mm: float
    even_fraction: float
    even_fraction_before: float
    min_angle_deg: float
    min_angle_before_deg: float
    mean_min_angle_deg: float
    mean_min_angle_before_deg: float
    max_error_mm: float
    rms_error_mm: float
    mean_error_mm: float
    volume_drift_percent: float | None
    n_crossings: int
    reached: bool

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the mesh, ready for JSON."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "mesh"]
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return (
            f"RemeshingResult({self.n_faces_before} to {plural(self.n_faces, 'face')}, "
            f"{100 * self.even_fraction:.0f} % of the edges near {self.edge_length_mm:g} mm, "
            f"at most {self.max_error_mm:.3f} mm apart)"
        )

    def _repr_html_(self) -> str:
        return html_table(
            header=("remeshing", "value"), rows=self.to_dict().items(), caption=repr(self.mesh)
        )


def remesh_mesh(
    mesh: Mesh,
    *,
    edge_length_mm: float,
    max_error_mm: float | None = None,
    passes: int = 10,
    feature_angle_deg: float = 60.0,
    max_faces: int = 20_000_000,
) -> RemeshingResult:
    """Return the same surface in nearly equilateral triangles of one size.

    Parameters
    ----------
    mesh : Mesh
        A manifold mesh, open or closed.  Where it is closed, so is the result.
    edge_length_mm : float
        How long edges should be.  A surface of ``A`` mm2 becomes about ``2.3 A / edge_length_mm**2``
        faces.
    max_error_mm : float, optional
        No point of either surface should be farther than this from the other.  Where it would be,
        edges are made shorter, down to 1/32 of ``edge_length_mm``, and longer again with the distance
        from there.  ``reached`` says whether that was enough.
    passes : int
        How often everything is done, 1 to 100.
    feature_angle_deg : float
        Edges at which the surface turns by more are creases and stay, above 0 to 180; 180 keeps none.
        So do vertices where a crease or a rim turns by more.
    max_faces : int
        More faces are refused.

    Returns
    -------
    RemeshingResult
        The mesh with the kinds and findings of the input, its edges and angles, and its distance from
        the input.

    Raises
    ------
    ValueError
        An argument is out of range, or the edges are so short that there would be more than
        ``max_faces`` faces; the message says how many.
    MeshError
        More than two faces meet at an edge, two are not turned alike, or a vertex has several fans;
        :func:`repair_mesh` mends that.

    Notes
    -----
    Each pass halves edges longer than 4/3 of ``edge_length_mm``, collapses those shorter than 4/5,
    flips edges so that six meet at a vertex (four on a boundary), and moves vertices along the surface
    towards the middle of their neighbours and on to the closest point of the input.  No step makes a
    face turn over, or an edge or vertex that is not manifold.

    Boundaries, the rims of lids and other borders between kinds, and creases stay where they are: their
    vertices move along them only.  Between those vertices edges are straight, so that a rim of radius r
    is cut short by ``edge_length_mm**2 / (8 r)``.  Creases that hang together and are in all shorter than
    two edges are not kept: on the stairs and the noise of a scan they would hold the surface fast.

    ``max_error_mm`` of the result is looked for at all vertices of both surfaces, and between them in
    pieces of 1/8 of ``edge_length_mm``, or 1/8 of the bound.  With a bound, ``reached`` is said only if
    what such a piece may still hide is within it too.  What is much narrower than an edge cannot be
    followed without a bound; faces that cross there are counted.  Faces that name a vertex twice and
    vertices that no face names are left out.  The result is the same, bit for bit, for any number of
    threads.

    References
    ----------
    Botsch and Kobbelt, A remeshing approach to multiresolution modeling, SGP 2004,
    doi:10.2312/SGP/SGP04/189-196.

    Examples
    --------
    >>> plate = Mesh(vertices=[[0, 0, 0], [8, 0, 0], [8, 8, 0], [0, 8, 0]], faces=[[0, 1, 2], [0, 2, 3]])
    >>> made = remesh_mesh(plate, edge_length_mm=1.0)
    >>> made.even_fraction > 0.9, made.min_angle_deg > 30, made.max_error_mm < 1e-9
    (True, True, True)
    """
    need("mesh", mesh, Mesh)
    _check(edge_length_mm, max_error_mm, passes, feature_angle_deg, max_faces)
    arrays, facts = _progress.run(
        lambda progress: _native.remesh_mesh(
            vertices=mesh.vertices,
            faces=mesh.faces,
            kinds=mesh.kinds,
            edge_length_mm=edge_length_mm,
            bound_mm=math.inf if max_error_mm is None else max_error_mm,
            n_passes=passes,
            crease_deg=feature_angle_deg,
            most_faces=max_faces,
            progress=progress,
        ),
        title="remeshing",
    )
    made = fresh_mesh(*arrays, findings=mesh.findings)
    old, new = facts["shapes"]
    before, after = facts["volumes_mm3"] or (None, None)
    return RemeshingResult(
        mesh=made,
        edge_length_mm=edge_length_mm,
        bound_mm=max_error_mm,
        passes=passes,
        feature_angle_deg=feature_angle_deg,
        n_faces=len(made.faces),
        n_faces_before=len(mesh.faces),
        mean_edge_mm=new[0],
        mean_edge_before_mm=old[0],
        even_fraction=new[1],
        even_fraction_before=old[1],
        min_angle_deg=new[2],
        min_angle_before_deg=old[2],
        mean_min_angle_deg=new[3],
        mean_min_angle_before_deg=old[3],
        max_error_mm=facts["max_error_mm"],
        rms_error_mm=facts["rms_error_mm"],
        mean_error_mm=facts["mean_error_mm"],
        volume_drift_percent=100 * (after / before - 1) if before else None,
        n_crossings=facts["n_crossings"],
        reached=facts["is_within"],
    )


def _check(
    edge_length_mm: float,
    max_error_mm: float | None,
    passes: int,
    feature_angle_deg: float,
    max_faces: int,
) -> None:
    """Refuse what is out of range, by name."""
    for name, value in (("edge_length_mm", edge_length_mm), ("max_error_mm", max_error_mm)):
        if value is not None and not (math.isfinite(value) and value > 0):
            msg = f"{name}: a finite number above 0 expected, found {value}"
            raise ValueError(msg)
    if not 1 <= passes <= 100:
        msg = f"passes: 1 to 100 expected, found {passes}"
        raise ValueError(msg)
    if not 0 < feature_angle_deg <= 180:
        msg = f"feature_angle_deg: above 0 and at most 180 expected, found {feature_angle_deg}"
        raise ValueError(msg)
    if not 1 <= max_faces <= 300_000_000:
        msg = f"max_faces: 1 to 300000000 expected, found {max_faces}"
        raise ValueError(msg)
