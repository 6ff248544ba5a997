"""Cuts with a plane: the closed half, and the contours."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._asked import need
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import CalvariaWarning
from calvaria.mesh.triangles import FaceKind, Mesh

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Contour", "CutResult", "Section", "cut_mesh", "section_mesh", "section_mesh_at"]

Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutResult:
    """The part of a mesh on one side of a plane.

    Parameters
    ----------
    mesh : Mesh
        The part on the side that the normal points to; its lids have the kind ``CUT``.
    point_lps_mm, normal_lps : tuple of float
        The plane; the normal has length 1.
    lid_area_mm2 : float
        Area of the lids made here.
    n_contours, n_open_contours : int
        Contours in the plane, and those of them that are not closed and got no lid.
    """

    mesh: Mesh
    point_lps_mm: Three
    normal_lps: Three
    lid_area_mm2: float
    n_contours: int
    n_open_contours: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the mesh, ready for JSON."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "mesh"]
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return (
            f"CutResult({plural(len(self.mesh.faces), 'face')}, {plural(self.n_contours, 'contour')}, "
            f"lid {self.lid_area_mm2:.1f} mm2)"
        )

    def _repr_html_(self) -> str:
        return html_table(
            header=("cut", "value"), rows=self.to_dict().items(), caption=repr(self.mesh)
        )


def cut_mesh(
    mesh: Mesh, *, point_lps_mm: ArrayLike, normal_lps: ArrayLike, has_lid: bool = True
) -> CutResult:
    """Return the part of a mesh on the side of a plane that its normal points to.

    Parameters
    ----------
    mesh : Mesh
        Closed or open.
    point_lps_mm : (3,) array_like
        A point of the plane.
    normal_lps : (3,) array_like
        Points to the part that is kept; any length.  Call again with ``-normal_lps`` for the other part.
    has_lid : bool
        Close the cut.  What was closed and manifold then is so again.

    Returns
    -------
    CutResult
        The part, its kinds and findings carried over.

    Raises
    ------
    MeshError
        The surface crosses itself in the plane, so that there is no lid.
    ValueError
        The plane is not three finite numbers each, or the normal has no length.

    Warns
    -----
    CalvariaWarning
        Contours that are open, or run as around a void, get no lid.

    Notes
    -----
    Vertices nearer to the plane than 32 steps of a 32-bit coordinate (about 0.001 mm for a head) are
    moved off it first; so no sliver is made that a file would lose.  Nested contours are told apart
    by their direction: the lid of a skull is a ring.

    Examples
    --------
    >>> tetrahedron = Mesh(
    ...     vertices=[[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> cut_mesh(tetrahedron, point_lps_mm=[0, 0, 1], normal_lps=[0, 0, 1])
    CutResult(4 faces, 1 contour, lid 2.0 mm2)
    """
    need("mesh", mesh, Mesh)
    origin, direction = _plane(point_lps_mm, normal_lps)
    (vertices, faces, kinds), n_contours, n_open = _native.cut_mesh(
        vertices=mesh.vertices,
        faces=mesh.faces,
        kinds=mesh.kinds,
        normal=_three(direction),
        offset_mm=float(origin @ direction),
        has_lid=has_lid,
    )
    for array in (vertices, faces, kinds):
        array.flags.writeable = False
    if has_lid and n_open:
        msg = (
            f"mesh: closed contours expected in the plane, found {n_open} open of {n_contours}: no lid closes "
            "those; repair_mesh and fill_holes first"
        )
        warnings.warn(msg, CalvariaWarning, stacklevel=2)
    part = dataclasses.replace(mesh, vertices=vertices, faces=faces, kinds=kinds)
    corners = vertices[faces[kinds == FaceKind.CUT]]
    in_plane = np.abs(corners @ direction - origin @ direction).max(axis=1, initial=0.0) < 1e-6
    a, b, c = corners[in_plane].transpose(1, 0, 2)
    return CutResult(
        mesh=part,
        point_lps_mm=_three(origin),
        normal_lps=_three(direction),
        lid_area_mm2=float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2),
        n_contours=n_contours,
        n_open_contours=n_open,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contour:
    """A line in which a plane meets a surface.

    Parameters
    ----------
    points_lps_mm : (n, 3) ndarray
        In order, LPS, mm; the first is not repeated at the end.  Seen from where the normal points
        to, the inside lies to the left.
    is_closed : bool
        Whether the last point leads to the first.
    """

    points_lps_mm: NDArray[np.float64]
    is_closed: bool

    @property
    def length_mm(self) -> float:
        """Length along the contour, the closing step included."""
        steps = np.diff(self.points_lps_mm, axis=0)
        if self.is_closed:
            steps = np.vstack([steps, self.points_lps_mm[:1] - self.points_lps_mm[-1:]])
        return float(np.linalg.norm(steps, axis=1).sum())

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {"points_lps_mm": self.points_lps_mm.tolist(), "is_closed": self.is_closed}

    def __repr__(self) -> str:
        state = "closed" if self.is_closed else "open"
        return (
            f"Contour({plural(len(self.points_lps_mm), 'point')}, {state}, {self.length_mm:.2f} mm)"
        )

    def _repr_html_(self) -> str:
        rows = (
            ("points", len(self.points_lps_mm)),
            ("closed", self.is_closed),
            ("length, mm", self.length_mm),
        )
        return html_table(caption="Contour", header=("", ""), rows=rows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Section:
    """All contours in one plane.

    Parameters
    ----------
    point_lps_mm, normal_lps : tuple of float
        The plane; the normal has length 1.
    contours : tuple of Contour
        In a fixed order.
    """

    point_lps_mm: Three
    normal_lps: Three
    contours: tuple[Contour, ...]

    @property
    def area_mm2(self) -> float:
        """Area that the closed contours enclose; holes are taken off."""
        doubled = np.zeros(3)
        for contour in self.contours:
            if contour.is_closed:
                points = contour.points_lps_mm - np.asarray(self.point_lps_mm)
                doubled += np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)
        return float(doubled @ np.asarray(self.normal_lps) / 2)

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "point_lps_mm": self.point_lps_mm,
            "normal_lps": self.normal_lps,
            "area_mm2": self.area_mm2,
            "contours": [contour.to_dict() for contour in self.contours],
        }

    def __repr__(self) -> str:
        return f"Section({plural(len(self.contours), 'contour')}, {self.area_mm2:.2f} mm2)"

    def _repr_html_(self) -> str:
        rows = [
            (len(line.points_lps_mm), line.is_closed, f"{line.length_mm:.2f}")
            for line in self.contours
        ]
        return html_table(header=("points", "closed", "length mm"), rows=rows, caption=repr(self))


def section_mesh(mesh: Mesh, *, point_lps_mm: ArrayLike, normal_lps: ArrayLike) -> Section:
    """Return the contours in which a plane meets a mesh.

    Parameters
    ----------
    mesh : Mesh
        Closed or open.
    point_lps_mm, normal_lps : (3,) array_like
        The plane; the normal may have any length.

    Returns
    -------
    Section
        A closed mesh gives closed contours, without a tolerance: a vertex in the plane counts as
        above it.

    Raises
    ------
    ValueError
        The plane is not three finite numbers each, or the normal has no length.

    Examples
    --------
    >>> tetrahedron = Mesh(
    ...     vertices=[[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> section_mesh(tetrahedron, point_lps_mm=[0, 0, 1], normal_lps=[0, 0, 1])
    Section(1 contour, 2.00 mm2)
    """
    need("mesh", mesh, Mesh)
    return section_mesh_at(
        mesh, point_lps_mm=point_lps_mm, normal_lps=normal_lps, offsets_mm=[0.0]
    )[0]


def section_mesh_at(
    mesh: Mesh, *, point_lps_mm: ArrayLike, normal_lps: ArrayLike, offsets_mm: ArrayLike
) -> tuple[Section, ...]:
    """Return the contours in many parallel planes, found in one sweep.

    Parameters
    ----------
    mesh : Mesh
        Closed or open.
    point_lps_mm, normal_lps : (3,) array_like
        The plane of offset 0.
    offsets_mm : (n,) array_like
        Distance of each plane along the normal, in any order.

    Returns
    -------
    tuple of Section
        In the order of ``offsets_mm``.

    Raises
    ------
    ValueError
        As for :func:`section_mesh`; or the offsets are not finite numbers.

    Examples
    --------
    >>> tetrahedron = Mesh(
    ...     vertices=[[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> section_mesh_at(tetrahedron, point_lps_mm=[0, 0, 0], normal_lps=[0, 0, 1], offsets_mm=[1, 4])
    (Section(1 contour, 2.00 mm2), Section(0 contours, 0.00 mm2))
    """
    need("mesh", mesh, Mesh)
    origin, direction = _plane(point_lps_mm, normal_lps)
    offsets = np.atleast_1d(np.asarray(offsets_mm, dtype=np.float64))
    if offsets.ndim != 1 or not np.isfinite(offsets).all():
        msg = f"offsets_mm: a list of finite numbers expected, found shape {offsets.shape}"
        raise ValueError(msg)
    order = np.argsort(offsets, kind="stable")
    heights = np.ascontiguousarray(offsets[order] + origin @ direction)
    found = _native.section_mesh(mesh.vertices, mesh.faces, mesh.kinds, _three(direction), heights)
    sections: list[Section | None] = [None] * len(offsets)
    for place, lines in zip(order, found, strict=True):
        for points, _ in lines:
            points.flags.writeable = False
        sections[place] = Section(
            point_lps_mm=_three(origin + direction * offsets[place]),
            normal_lps=_three(direction),
            contours=tuple(
                Contour(points_lps_mm=points, is_closed=closed) for points, closed in lines
            ),
        )
    return tuple(section for section in sections if section is not None)


def _plane(point: ArrayLike, normal: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a point and the unit normal."""
    origin, direction = (np.asarray(values, dtype=np.float64) for values in (point, normal))
    for name, values in (("point_lps_mm", origin), ("normal_lps", direction)):
        if values.shape != (3,) or not np.isfinite(values).all():
            msg = f"{name}: three finite numbers expected, found shape {values.shape}"
            raise ValueError(msg)
    length = np.linalg.norm(direction)
    if not length > 0:
        msg = "normal_lps: a length above 0 expected, found 0"
        raise ValueError(msg)
    return origin, direction / length


def _three(values: Any) -> Three:
    x, y, z = (float(value) for value in values)
    return x, y, z
