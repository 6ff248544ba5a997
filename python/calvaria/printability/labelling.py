"""A label raised from a part, or sunk into it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from calvaria.errors import MeshError
from calvaria.material import load_processes
from calvaria.mesh import Mesh, closest_points, combine_meshes
from calvaria.printability._measured import Record, need_faces, positive, unit
from calvaria.printability.footing import Footing, find_footing
from calvaria.printability.glyphs import dots_of
from calvaria.printability.solids import dot_middles, extrude_dots

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    _Axes = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

__all__ = ["LabelResult", "emboss_label"]

# How far a raised letter is rooted in the part, in reliefs, and how far one that is sunk in is cut free.
_ROOT = 3.0
# Of the depth of a thin part, how deep a letter is rooted; and how far it is moved at once.
_ROOT_SHARE, _STEP_SHARE = 0.5, 0.8
# Heights of dots that differ by less than rounding are one.
_DIGITS = 6
# In more steps than this no text is raised from a part.
_MOST_STEPS = 20
# A text that follows the surface is part of it, and needs less.
_FOLLOWING_ROOT = 1.5
# How far from the surface the middle of the text may be.
_OFF_MM = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelResult(Record):
    """A labelled part.

    Parameters
    ----------
    mesh : Mesh
        Closed and manifold.
    text : str
        As it stands on the part.
    stroke_mm, relief_mm : float
        How wide the lines are, and how far they stand out or sink in.
    width_mm, height_mm : float
        Of the text.
    is_sunk : bool
        Whether it was sunk in.
    """

    mesh: Mesh
    text: str
    stroke_mm: float
    relief_mm: float
    width_mm: float
    height_mm: float
    is_sunk: bool

    def __repr__(self) -> str:
        way = "sunk" if self.is_sunk else "raised"
        return f"LabelResult({self.text!r}, {way} by {self.relief_mm:g} mm, lines of {self.stroke_mm:g} mm)"


def emboss_label(
    mesh: Mesh,
    *,
    text: str,
    point_lps_mm: ArrayLike,
    normal_lps: ArrayLike,
    up: ArrayLike,
    process: str,
    stroke_mm: float | None = None,
    relief_mm: float | None = None,
    sink: bool = False,
    follow: bool = False,
) -> LabelResult:
    """Raise a text from a part, or sink it in.

    Parameters
    ----------
    mesh : Mesh
        Closed, manifold, turned outwards.
    text : str
        Letters, digits and plain signs; letters are written in capitals.  Name no person.
    point_lps_mm : (3,) array_like
        The middle of the text, on the surface.
    normal_lps, up : (3,) array_like
        Out of the surface, and the way the text stands up.
    process : str
        Code of the process; lines narrower than it prints are refused.
    stroke_mm, relief_mm : float, optional
        Width and height of the lines; left out, the least that the process prints.
    sink : bool
        Sink the text in instead.
    follow : bool
        Bend the text with the surface, so that it stands out equally far everywhere, measured along
        ``normal_lps``; left out, its face is flat.

    Returns
    -------
    LabelResult

    Raises
    ------
    MeshError
        The point is not on the surface; a letter has no surface under it, or is buried in it; or the part
        is too thin for a text that is sunk in.
    NonManifoldError
        The mesh is not closed and manifold.
    ValueError
        Unknown process or letter, lines that the process does not print, or directions without length.
    ImportError
        manifold3d is not installed: ``pip install 'calvaria[mesh]'``.

    Notes
    -----
    Letters are seven dots high and five wide.  They are rooted in the part by three times the relief, so
    that a gently curved surface carries them as well, and never by more than the part has there: its depth
    below every dot is measured along ``normal_lps``.  Below a text that is sunk in, the least wall that the
    process prints must be left.  A text that follows is cut out of the part itself, moved by the relief:
    its face is the surface once more, with every bump.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> plate = block_mesh(size_mm=(40.0, 20.0, 5.0), centre_lps_mm=(0.0, 0.0, 2.5))
    >>> made = emboss_label(
    ...     plate, text="L", point_lps_mm=(0, 0, 5), normal_lps=(0, 0, 1), up=(0, 1, 0), process="fdm"
    ... )
    >>> made
    LabelResult('L', raised by 0.6 mm, lines of 1 mm)
    """
    need_faces(mesh)
    stroke, relief = _lines(process, stroke_mm, relief_mm)
    axes = _axes(normal_lps, up)
    place = np.asarray(point_lps_mm, dtype=np.float64)
    if place.shape != (3,) or not np.isfinite(place).all():
        msg = f"point_lps_mm: three finite numbers expected, found {point_lps_mm!r}"
        raise ValueError(msg)
    off = float(closest_points(mesh, place.reshape(1, 3)).distances_mm[0])
    if off > max(relief, _OFF_MM):
        msg = f"point_lps_mm: a point on the surface expected, found it {off:.1f} mm off"
        raise MeshError(msg)
    dots = dots_of(text)
    make = _following if follow else _flat
    wall = _least_wall(process)
    made = make(mesh, dots, stroke, relief, axes, place, wall=wall, sink=sink)
    rows, columns = dots.shape
    return LabelResult(
        mesh=made,
        text=text.upper(),
        stroke_mm=stroke,
        relief_mm=relief,
        width_mm=columns * stroke,
        height_mm=rows * stroke,
        is_sunk=sink,
    )


def _flat(
    mesh: Mesh,
    dots: NDArray[np.bool_],
    stroke: float,
    relief: float,
    axes: _Axes,
    place: NDArray[np.float64],
    *,
    wall: float,
    sink: bool,
) -> Mesh:
    """Raise or sink letters whose face is flat."""
    near = np.zeros(int(dots.sum()))
    under = find_footing(mesh, dots, dot_mm=stroke, axes=axes, origin=place, near_mm=near)
    _need_surface(under)
    high, low = np.nanmax(under.front_mm, axis=1), np.nanmin(under.front_mm, axis=1)
    top, bottom = (_ROOT * relief, -relief) if sink else (relief, -_ROOT * relief)
    if (deepest := float(high.min())) <= bottom or float(low.max()) >= top:
        found = (
            f"{-deepest:.1f} mm below" if deepest <= bottom else f"{float(low.max()):.1f} mm above"
        )
        msg = (
            f"text: a surface between {-bottom:g} mm below and {top:g} mm above the flat face expected, "
            f"found it {found}; follow=True bends the text with it"
        )
        raise MeshError(msg)
    if sink:
        _need_wall(float(-np.nanmax(under.back_mm)), relief, wall)
        letters = extrude_dots(
            dots, dot_mm=stroke, heights_mm=(bottom, top), axes=axes, origin=place
        )
        return combine_meshes(mesh, letters, method="difference")
    letters = extrude_dots(
        dots,
        dot_mm=stroke,
        heights_mm=(bottom, top),
        axes=axes,
        origin=place,
        lows_mm=_lows(under, bottom, relief),
    )
    return combine_meshes(mesh, letters, method="union")


def _lows(under: Footing, bottom: float, relief: float) -> NDArray[np.float64]:
    """Return how deep each dot goes: never to the back of the part, which is not to be touched."""
    back = np.nanmax(under.back_mm, axis=1)
    front = np.nanmin(np.where(under.front_mm > back[:, None], under.front_mm, np.inf), axis=1)
    skin = np.minimum(relief, _ROOT_SHARE * (front - back))
    return np.asarray(np.round(np.maximum(bottom, back + skin), _DIGITS))


def _following(
    mesh: Mesh,
    dots: NDArray[np.bool_],
    stroke: float,
    relief: float,
    axes: _Axes,
    place: NDArray[np.float64],
    *,
    wall: float,
    sink: bool,
) -> Mesh:
    """Raise or sink letters whose face is the surface itself, moved by the relief."""
    right, stand, out = axes
    x, y = dot_middles(dots, dot_mm=stroke)
    flat = place + x[:, None] * right + y[:, None] * stand
    way = closest_points(mesh, flat).points_lps_mm - flat
    along = way @ out
    aside = np.linalg.norm(way - along[:, None] * out, axis=1)
    if (worst := float((aside - np.abs(along)).max())) > stroke / 2:
        msg = f"text: room on the surface expected, found it {worst:.1f} mm past the edge"
        raise MeshError(msg)
    under = find_footing(mesh, dots, dot_mm=stroke, axes=axes, origin=place, near_mm=along)
    _need_surface(under)
    bottom = float(along.min()) - _FOLLOWING_ROOT * relief
    letters = extrude_dots(
        dots,
        dot_mm=stroke,
        heights_mm=(bottom, float(along.max()) + relief + stroke),
        axes=axes,
        origin=place,
        lows_mm=_following_lows(under, bottom, relief, sink=sink),
    )
    if sink:
        _need_wall(under.thinnest_mm, relief, wall)
        cut = combine_meshes(letters, _moved(mesh, -relief * out), method="difference")
        return combine_meshes(mesh, cut, method="difference")
    # A thin part is moved in steps, so that the letters hang together with it.
    steps = int(np.ceil(relief / (_STEP_SHARE * under.thinnest_mm)))
    if steps > _MOST_STEPS:
        msg = f"mesh: a part thicker than {under.thinnest_mm:.2g} mm expected under a text raised by {relief:g} mm"
        raise MeshError(msg)
    made = mesh
    for step in range(1, steps + 1):
        moved = _moved(mesh, step / steps * relief * out)
        face = combine_meshes(moved, letters, method="intersection")
        made = combine_meshes(made, face, method="union")
    return made


def _following_lows(
    under: Footing, bottom: float, relief: float, *, sink: bool
) -> NDArray[np.float64]:
    """Return how deep each dot goes: where a second wall lies behind, not to the back of the first."""
    back, front = np.nanmax(under.back_mm, axis=1), np.nanmin(under.front_mm, axis=1)
    skin, depth, risen = (0.0, relief, 0.0) if sink else (_ROOT_SHARE * (front - back), 0.0, relief)
    # A dot without a level between its back and its face, where the surface leans much, is left as it is.
    cut = (under.behind_mm + risen > bottom) & (back < front - depth)
    lows: NDArray[np.float64] = np.where(cut, np.maximum(bottom, back + skin), bottom)
    return np.round(lows, _DIGITS)


def _moved(mesh: Mesh, way: NDArray[np.float64]) -> Mesh:
    return replace(mesh, vertices=mesh.vertices + way, findings=())


def _need_surface(under: Footing) -> None:
    """Refuse a text with a dot that hangs in the air."""
    is_there = under.has_surface
    if not is_there.all():
        msg = (
            f"text: room on the surface expected, found {int((~is_there).sum())} of its {len(is_there)} dots "
            "past the edge"
        )
        raise MeshError(msg)


def _need_wall(depth: float, relief: float, wall: float) -> None:
    """Refuse to sink a text into a part that it would pierce, or leave too thin to print."""
    if depth < (relief + wall) * (1 - 1e-9):
        msg = (
            f"mesh: at least {relief + wall:g} mm of the part expected below a text sunk by {relief:g} mm, since "
            f"{wall:g} mm must be left to print, found {depth:.2f} mm"
        )
        raise MeshError(msg)


def _least_wall(process: str) -> float:
    """Return the thinnest wall of the process that is no FAIL."""
    limit = load_processes()[process].limits["min_wall"].values
    return float(limit.get("borderline_min", limit["pass_min"]))


def _lines(process: str, stroke_mm: float | None, relief_mm: float | None) -> tuple[float, float]:
    """Return width and height of the lines; refuse those narrower than the process prints."""
    processes = load_processes()
    if process not in processes:
        msg = f"process: one of {', '.join(processes)} expected, found {process!r}"
        raise ValueError(msg)
    least = processes[process].limits["emboss"]
    stroke = positive("stroke_mm", least["stroke_mm"] if stroke_mm is None else stroke_mm)
    relief = positive("relief_mm", least["relief_mm"] if relief_mm is None else relief_mm)
    if stroke < least["stroke_mm"] * (1 - 1e-9):
        msg = (
            f"stroke_mm: at least {least['stroke_mm']:g} expected for {process}, found {stroke:g} "
            f"(source: {least.source})"
        )
        raise ValueError(msg)
    return stroke, relief


def _axes(normal_lps: ArrayLike, up: ArrayLike) -> _Axes:
    """Return the way the text runs, the way it stands, and out of the surface."""
    out = np.asarray(unit("normal_lps", normal_lps))
    stand = np.asarray(unit("up", up))
    if np.linalg.norm(np.cross(out, stand)) < 1e-6:
        msg = (
            f"up: a direction along the surface expected, found {up!r}, which runs along the normal"
        )
        raise ValueError(msg)
    stand = np.asarray(unit("up", stand - out * (stand @ out)))
    return np.cross(stand, out), stand, out
