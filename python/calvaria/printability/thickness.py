"""How thick the walls are at every vertex, and how wide the gaps between them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from calvaria import _native
from calvaria._progress import run
from calvaria._record import plural
from calvaria.errors import CalvariaWarning
from calvaria.mesh import Mesh
from calvaria.printability._measured import Record, Three, arrays, need_outwards, positive, three
from calvaria.printability.sampling import refine_mesh

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ThinRegion", "WallThickness", "find_thin_regions", "measure_thickness"]

# Smaller than this, a thin place is a bump of the surface, not a wall: house rule.
_MIN_AREA_MM2 = 1.0
# Faces whose normals differ by less than this many degrees are not the two sides of one wall.
_ACROSS_DEG = 120.0
# Edges longer than this part of the whole leave too few vertices to measure at.
_COARSE = 0.2
# Such a mesh is measured on a finer one, of so many edges along its longest side.
_FINE = 60
_MOST_FACES = 200_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WallThickness(Record):
    """Thickness at every vertex of a mesh.

    Parameters
    ----------
    mesh : Mesh
        What was measured.
    mm : (n,) ndarray of float64
        Thickness at each vertex, mm; infinity where nothing lies across within ``longest_mm``.
    method : str
        ``"sphere"``, ``"ray"`` or ``"both"``.
    side : str
        ``"inside"`` for walls, ``"outside"`` for gaps.
    longest_mm : float
        What is thicker counts as endless.
    min_area_mm2 : float
        Patches smaller than this do not set the minimum.
    min_mm : float or None
        The thickness that a connected patch of at least ``min_area_mm2`` does not exceed; None where
        there is none.
    min_place_lps_mm : tuple of float or None
        The thinnest point of that patch.
    """

    mesh: Mesh
    mm: NDArray[np.float64]
    method: str
    side: str
    longest_mm: float
    min_area_mm2: float
    min_mm: float | None
    min_place_lps_mm: Three | None

    def __repr__(self) -> str:
        least = "nothing across" if self.min_mm is None else f"at least {self.min_mm:.2f} mm"
        return f"WallThickness({least}, {self.side}, by {self.method}, {plural(len(self.mm), 'vertex', 'vertices')})"


def measure_thickness(
    mesh: Mesh,
    *,
    method: Literal["sphere", "ray", "both"] = "sphere",
    side: Literal["inside", "outside"] = "inside",
    longest_mm: float | None = None,
    min_area_mm2: float = _MIN_AREA_MM2,
) -> WallThickness:
    """Measure how thick a body is under each vertex of its surface, or how wide the gap above it.

    Parameters
    ----------
    mesh : Mesh
        Closed, turned outwards.  Where its edges are long, :func:`refine_mesh` first.
    method : {"sphere", "ray", "both"}
        ``"sphere"``: the diameter of the largest ball that touches at the vertex and holds nothing of
        the surface across.  ``"ray"``: how far it is along the normal to the first face that looks the
        other way.  ``"both"``: the larger of the two, so that a place is thin only where both say so: a
        ball feels a pit from beside it, and a ray is led astray by noise of the normals.
    side : {"inside", "outside"}
        The wall, or the gap.
    longest_mm : float, optional
        What is thicker counts as endless; the search is shorter for it.  Left out, the whole mesh.
    min_area_mm2 : float
        Patches smaller than this do not set the minimum.

    Returns
    -------
    WallThickness
        One number for each vertex, in the order of the vertices; the same for any number of threads.

    Warns
    -----
    CalvariaWarning
        The mesh is open, or its edges are longer than its walls are thick.

    Raises
    ------
    MeshError
        The mesh has no face, or is closed and inside out.
    ValueError
        An unknown method or side, or a number that is not above 0.

    Notes
    -----
    A ball is held only by faces whose normals differ by at least 120 degrees from the normal at the
    vertex.  So a plate is as thick beside its rim as in its middle, and noise of the surface is no wall.
    On a wedge of angle a, at distance s from its edge, a ball measures 2 s tan(a / 2) and a ray
    s tan(a).

    Where edges are longer than half of what was measured and than a fifth of the whole, ``mm`` holds little
    but corners; the minimum is then that of a finer mesh, without them.

    The minimum is no single vertex: vertices are taken from the thinnest up, and the first connected
    patch of ``min_area_mm2`` sets it.

    References
    ----------
    Ma, Bae and Choi, Visual Computer 28 (2012) 7, doi:10.1007/s00371-011-0594-7.
    Inui, Umezu and Shimane, Computer-Aided Design and Applications 13 (2016) 199,
    doi:10.1080/16864360.2015.1084186.

    Examples
    --------
    >>> from calvaria.printability import block_mesh, refine_mesh
    >>> plate = refine_mesh(block_mesh(size_mm=(20, 12, 2)), longest_mm=1.0).mesh
    >>> measure_thickness(plate).min_mm
    2.0
    """
    longest_edge_mm = need_outwards(mesh).longest_edge_mm
    _one_of("method", method, ("sphere", "ray", "both"))
    _one_of("side", side, ("inside", "outside"))
    extent = float(np.linalg.norm(np.ptp(mesh.vertices, axis=0)))
    longest = max(extent, 1e-6) if longest_mm is None else positive("longest_mm", longest_mm)
    area = positive("min_area_mm2", min_area_mm2)
    found = _measured(mesh, "ray" if method == "ray" else "sphere", side, longest)
    if method == "both":
        found = np.maximum(found, _measured(mesh, "ray", side, longest))
    found.flags.writeable = False
    least = _native.least_over_patch(**arrays(mesh), values=found, min_area_mm2=area)
    # Corners are most of what there is, and along a diagonal a body looks up to sqrt(3) times as thick.
    if least is not None and longest_edge_mm > max(least[0] / 2, _COARSE * extent):
        msg = (
            "mesh: edges shorter than the wall expected, found longer ones: corners are most of what was "
            "measured, so the least thickness is that of a finer mesh; refine_mesh first"
        )
        warnings.warn(msg, CalvariaWarning, stacklevel=2)
        least = _least_on_finer(mesh, method, side, longest, area)
    return WallThickness(
        mesh=mesh,
        mm=found,
        method=method,
        side=side,
        longest_mm=longest,
        min_area_mm2=area,
        min_mm=None if least is None else round(least[0], 6),
        min_place_lps_mm=None if least is None else least[1],
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThinRegion(Record):
    """A connected patch of the surface where a wall is thin or a gap narrow.

    Parameters
    ----------
    area_mm2 : float
        Its area.
    min_mm, mean_mm : float
        Thinnest point, and mean over the area.
    place_lps_mm : tuple of float
        The thinnest point.
    centre_lps_mm : tuple of float
        Mean position.
    vertices : (n,) ndarray of int32
        Its vertices.
    """

    area_mm2: float
    min_mm: float
    mean_mm: float
    place_lps_mm: Three
    centre_lps_mm: Three
    vertices: NDArray[np.int32]

    @property
    def area_cm2(self) -> float:
        """Area in cm2."""
        return self.area_mm2 / 100.0

    def __repr__(self) -> str:
        x, y, z = self.place_lps_mm
        return f"ThinRegion({self.area_mm2:.1f} mm2, {self.min_mm:.2f} mm at ({x:.1f}, {y:.1f}, {z:.1f}))"


def find_thin_regions(
    thickness: WallThickness, *, below_mm: float, min_area_mm2: float = _MIN_AREA_MM2
) -> tuple[ThinRegion, ...]:
    """Find the connected patches where a wall is thinner, or a gap narrower, than a limit.

    Parameters
    ----------
    thickness : WallThickness
        From :func:`measure_thickness`.
    below_mm : float
        The limit; a wall of exactly this thickness is not thin.
    min_area_mm2 : float
        Smaller patches are noise.

    Returns
    -------
    tuple of ThinRegion
        Largest area first.

    Raises
    ------
    ValueError
        A number is not above 0.

    Examples
    --------
    >>> from calvaria.printability import block_mesh, refine_mesh
    >>> plate = refine_mesh(block_mesh(size_mm=(20, 12, 2)), longest_mm=1.0).mesh
    >>> find_thin_regions(measure_thickness(plate), below_mm=2.0)
    ()
    """
    limit = positive("below_mm", below_mm)
    rows = _native.low_patches(
        **arrays(thickness.mesh),
        values=thickness.mm,
        below=limit * (1 - 1e-5),
        min_area_mm2=positive("min_area_mm2", min_area_mm2),
    )
    return tuple(
        ThinRegion(
            area_mm2=row["area_mm2"],
            min_mm=row["least_mm"],
            mean_mm=row["mean_mm"],
            place_lps_mm=three(row["place_lps_mm"]),
            centre_lps_mm=three(row["centre_lps_mm"]),
            vertices=row["vertices"],
        )
        for row in rows
    )


def _measured(mesh: Mesh, method: str, side: str, longest_mm: float) -> NDArray[np.float64]:
    return run(
        lambda progress: _native.mesh_thickness(
            **arrays(mesh),
            is_ray=method == "ray",
            is_outside=side == "outside",
            longest_mm=longest_mm,
            across=float(np.cos(np.radians(_ACROSS_DEG))),
            progress=progress,
        ),
        title="thickness",
    )


def _least_on_finer(
    mesh: Mesh, method: str, side: str, longest_mm: float, min_area_mm2: float
) -> tuple[float, Three] | None:
    """Return the least thickness over an area, and where, with vertices all over the faces."""
    step = float(np.ptp(mesh.vertices, axis=0).max()) / _FINE
    fine = refine_mesh(mesh, longest_mm=max(step, 1e-6), most_faces=_MOST_FACES).mesh
    found = _measured(fine, "ray" if method == "ray" else "sphere", side, longest_mm)
    if method == "both":
        found = np.maximum(found, _measured(fine, "ray", side, longest_mm))
    found[: len(mesh.vertices)] = np.inf  # the corners, which mislead
    least: tuple[float, Three] | None = _native.least_over_patch(
        **arrays(fine), values=found, min_area_mm2=min_area_mm2
    )
    return least


def _one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        msg = f"{name}: one of {', '.join(known)} expected, found {value!r}"
        raise ValueError(msg)
