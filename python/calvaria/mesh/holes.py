"""Holes filled so that the patch continues the surface around it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from calvaria import _native, _progress
from calvaria._asked import need
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.mesh.triangles import Mesh

__all__ = ["FillingResult", "Hole", "fill_holes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A hole that was found.

    Parameters
    ----------
    diameter_mm : float
        Largest distance between two vertices of its rim.
    n_edges : int
        Edges of its rim.
    centre_lps_mm : tuple of float
        Mean of the vertices of its rim.
    area_mm2 : float
        Area of the patch; 0 where the hole was left open.
    is_filled : bool
        Whether it was filled: not where it is wider than asked, nor where the patch would be the
        back of the faces that are there, as on a lone triangle or a flat sheet.
    """

    diameter_mm: float
    n_edges: int
    centre_lps_mm: tuple[float, float, float]
    area_mm2: float
    is_filled: bool

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return dataclasses.asdict(self)

    def _repr_html_(self) -> str:
        return html_table(caption="Hole", header=("", ""), rows=self.to_dict().items())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FillingResult:
    """A mesh with its smaller holes filled, and a record of all holes.

    Parameters
    ----------
    mesh : Mesh
        The faces of the input, then the patches with the kind ``FILLED``.
    max_diameter_mm : float
        What was asked.
    holes : tuple of Hole
        Every hole that was found, filled or not.
    """

    mesh: Mesh
    max_diameter_mm: float
    holes: tuple[Hole, ...]

    @property
    def n_filled(self) -> int:
        """How many holes were filled."""
        return sum(hole.is_filled for hole in self.holes)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the mesh, ready for JSON."""
        return {
            "max_diameter_mm": self.max_diameter_mm,
            "n_filled": self.n_filled,
            "holes": [hole.to_dict() for hole in self.holes],
        }

    def __repr__(self) -> str:
        area = sum(hole.area_mm2 for hole in self.holes)
        return (
            f"FillingResult({self.n_filled} of {plural(len(self.holes), 'hole')}, {area:.1f} mm2)"
        )

    def _repr_html_(self) -> str:
        rows = [
            (f"{hole.diameter_mm:.2f}", hole.n_edges, f"{hole.area_mm2:.2f}", hole.is_filled)
            for hole in self.holes
        ]
        header = ("diameter mm", "edges", "area mm2", "filled")
        return html_table(header=header, rows=rows, caption=repr(self))


def fill_holes(mesh: Mesh, *, max_diameter_mm: float) -> FillingResult:
    """Return the mesh with every hole up to a diameter filled.

    Parameters
    ----------
    mesh : Mesh
        Its holes are the closed boundaries: edges with one face.
    max_diameter_mm : float
        Holes that are wider anywhere are left open; ``math.inf`` fills all.

    Returns
    -------
    FillingResult
        The mesh, and a record of every hole.

    Raises
    ------
    ValueError
        ``max_diameter_mm`` is not above 0.

    Notes
    -----
    The triangulation with the gentlest bends, then the least area, is refined to the density of the
    surface around the hole and faired until it bends as that does: a hole in a sphere gets a cap, not
    a drum skin.  No edge is made that is there already, so what becomes closed is manifold.  No patch
    is made that would lie on the faces it starts from: a flat sheet has an outline, not a hole, and
    stays open.

    References
    ----------
    Liepa, Filling holes in meshes, Symposium on Geometry Processing 2003,
    doi:10.2312/SGP/SGP03/200-206.

    Examples
    --------
    >>> open_box = Mesh(
    ...     vertices=[[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3]],
    ... )
    >>> fill_holes(open_box, max_diameter_mm=5)
    FillingResult(1 of 1 hole, 4.5 mm2)
    """
    need("mesh", mesh, Mesh)
    if not max_diameter_mm > 0:
        msg = f"max_diameter_mm: a number above 0 expected, found {max_diameter_mm}"
        raise ValueError(msg)
    (vertices, faces, kinds), rows = _progress.run(
        lambda progress: _native.fill_mesh_holes(
            vertices=mesh.vertices,
            faces=mesh.faces,
            kinds=mesh.kinds,
            max_diameter_mm=max_diameter_mm,
            progress=progress,
        ),
        title="filling holes",
    )
    for array in (vertices, faces, kinds):
        array.flags.writeable = False
    holes = tuple(
        Hole(
            diameter_mm=diameter,
            n_edges=n_edges,
            centre_lps_mm=centre,
            area_mm2=area,
            is_filled=is_filled,
        )
        for diameter, n_edges, centre, area, is_filled in rows
    )
    return FillingResult(
        mesh=dataclasses.replace(mesh, vertices=vertices, faces=faces, kinds=kinds),
        max_diameter_mm=max_diameter_mm,
        holes=holes,
    )
