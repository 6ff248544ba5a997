"""A mesh on the image it came from: three planes through a point, and any other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._offsets import limit_of, tolerance_of, vertex_offsets
from calvaria._optional import neighbour
from calvaria._planes import VIEWS, window_of
from calvaria.plot._colours import draw_colour_bar
from calvaria.plot._drawing import (
    draw_image,
    draw_letters,
    draw_scale_bar,
    window_text,
)
from calvaria.plot._frames import Frame, frame_at
from calvaria.plot._lines import LEGEND, draw_lines, draw_plain_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from calvaria._offsets import Offsets
    from calvaria.mesh import Mesh
    from calvaria.volume import Volume

__all__ = ["Painting", "draw_frames", "plot_contours"]

_WIDTH_INCH = 12.0
_GAP_INCH = 0.3
_TITLE_INCH = 0.3
_FOOT_INCH = 0.85
_PLAIN_FOOT_INCH = 0.4


class Painting:
    """How the lines of a mesh are drawn: plain, or in the colours of its offsets."""

    def __init__(
        self,
        mesh: Mesh,
        offsets: Offsets | None,
        *,
        limit_mm: float | None,
        tolerance_mm: float | None,
    ) -> None:
        self.mesh = mesh
        self.per_vertex: NDArray[np.float64] | None = None
        self.limit_mm = self.tolerance_mm = 0.0
        if offsets is not None:
            self.per_vertex = vertex_offsets(mesh, offsets)
            self.limit_mm = limit_of(self.per_vertex, limit_mm)
            self.tolerance_mm = tolerance_of(offsets, tolerance_mm)

    def draw(self, axes: Any, frame: Frame) -> None:
        """Draw the lines of the mesh in a frame."""
        if self.per_vertex is None:
            draw_plain_lines(axes, self.mesh, frame)
            return
        draw_lines(
            axes,
            self.mesh,
            frame,
            self.per_vertex,
            limit_mm=self.limit_mm,
            tolerance_mm=self.tolerance_mm,
        )


def plot_contours(
    volume: Volume,
    mesh: Mesh,
    *,
    offsets: Offsets | None = None,
    centre_lps_mm: ArrayLike | None = None,
    normal_lps: ArrayLike | None = None,
    tolerance_mm: float | None = None,
    limit_mm: float | None = None,
    window: tuple[float, float] | None = None,
    margin_mm: float = 15.0,
    title: str = "",
) -> Any:
    """Draw the lines in which planes meet a mesh on the image in those planes.

    Parameters
    ----------
    volume : Volume
        The image; any grid, sheared ones too.  It is sampled along the planes, in true proportion.
    mesh : Mesh
        LPS mm.
    offsets : (n_vertices,) array_like, or a result with offsets, optional
        How far each vertex lies outside (+) or inside (-) of where it should, mm; NaN where that is
        not known.  A result is anything with ``points_lps_mm`` (n, 3) and ``offset_mm`` (n,), such
        as a :class:`~calvaria.comparison.DeviationMap`.  Left out, the lines have one colour.
    centre_lps_mm : (3,) array_like, optional
        The point that all planes go through; the middle of the mesh if left out.
    normal_lps : (3,) array_like, optional
        A fourth plane through the point, at right angles to this direction.
    tolerance_mm : float, optional
        Lines farther off are thick, and broken where they are inside; left out, what ``offsets``
        carries.
    limit_mm : float, optional
        The end of the colours; left out, what all but 2 % of the offsets stay below, rounded up.
    window : (float, float), optional
        Level and width of the grey values, as in :func:`plot_planes`.
    margin_mm : float
        How far the pictures reach beyond the mesh.
    title : str
        Written above the pictures.  Nothing else in them tells one study from another.

    Returns
    -------
    matplotlib.figure.Figure
        ``savefig`` writes the same bytes for the same input.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        The mesh has no faces, offsets do not fit it, or a number is out of range.

    Examples
    --------
    >>> from calvaria import Grid, Mesh, Volume
    >>> grid = Grid(dims_ijk=(40, 30, 20), lps_from_ijk=np.diag([1.0, 1.0, 2.0, 1.0]))
    >>> mesh = Mesh(
    ...     vertices=[[9, 9, 9], [29, 9, 9], [9, 20, 9], [9, 9, 30]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> volume = Volume(values=np.zeros((20, 30, 40), np.int16), grid=grid)
    >>> figure = plot_contours(volume, mesh, normal_lps=[1, 1, 0])
    >>> [axes.get_title() for axes in figure.axes]
    ['axial, z = 19.5 mm', 'coronal, y = 14.5 mm', 'sagittal, x = 19.0 mm', 'oblique, across (0.71, 0.71, 0.00)']
    """
    if not len(mesh.faces):
        msg = "mesh: at least one face expected, found none"
        raise ValueError(msg)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    center = (low + high) / 2 if centre_lps_mm is None else np.asarray(centre_lps_mm, np.float64)
    if center.shape != (3,) or not np.isfinite(center).all():
        msg = f"centre_lps_mm: three finite numbers expected, found {center.tolist()}"
        raise ValueError(msg)
    normals = [np.eye(3)["xyz".index(view.cut)] for view in VIEWS]
    if normal_lps is not None:
        extra = np.asarray(normal_lps, np.float64)
        if extra.shape != (3,) or not np.isfinite(extra).all() or not np.linalg.norm(extra) > 0:
            msg = f"normal_lps: three finite numbers, not all 0, expected, found {extra.tolist()}"
            raise ValueError(msg)
        normals.append(extra)
    around = mesh.vertices[np.unique(mesh.faces)]
    if not (margin_mm >= 0 and math.isfinite(margin_mm)):
        msg = f"margin_mm: a finite number of at least 0 expected, found {margin_mm}"
        raise ValueError(msg)
    frames = [frame_at(center, one, around=around, margin_mm=margin_mm) for one in normals]
    painting = Painting(mesh, offsets, limit_mm=limit_mm, tolerance_mm=tolerance_mm)
    n_columns = 3 if normal_lps is None else 2
    return draw_frames(volume, frames, painting, n_columns=n_columns, window=window, title=title)


def box_corners(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the eight corners of a box, (8, 3)."""
    ends = np.stack([low, high])
    return np.array(
        [[ends[a, 0], ends[b, 1], ends[c, 2]] for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    )


def draw_frames(
    volume: Volume,
    frames: Sequence[Frame],
    painting: Painting,
    *,
    n_columns: int,
    window: tuple[float, float] | None,
    title: str,
    rings: Sequence[NDArray[np.float64]] = (),
) -> Any:
    """Draw frames in rows, all to one scale, with the window, the scale of colours and the legend."""
    level_width = window_of(volume, window)
    rows = [frames[n : n + n_columns] for n in range(0, len(frames), n_columns)]
    widest = max(sum(f.across_mm for f in row) + 1e-9 for row in rows)
    scale = (_WIDTH_INCH - _GAP_INCH * (n_columns + 1)) / widest
    tallest = [max(f.down_mm for f in row) * scale for row in rows]
    head = 0.35 if title else 0.05
    foot = _PLAIN_FOOT_INCH if painting.per_vertex is None else _FOOT_INCH
    height = head + sum(tallest) + (_TITLE_INCH + _GAP_INCH / 2) * len(rows) + foot
    figure = neighbour("matplotlib.figure").Figure(figsize=(_WIDTH_INCH, height), dpi=100)
    top = height - head
    for number, row in enumerate(rows):
        top -= _TITLE_INCH
        left = (_WIDTH_INCH - sum(f.across_mm * scale + _GAP_INCH for f in row) + _GAP_INCH) / 2
        for place, frame in enumerate(row):
            wide, tall = frame.across_mm * scale, frame.down_mm * scale
            bottom = top - (tallest[number] + tall) / 2
            box = (left / _WIDTH_INCH, bottom / height, wide / _WIDTH_INCH, tall / height)
            axes = figure.add_axes(box)
            _draw(axes, volume, frame, painting, window=level_width)
            for ring in rings[number * n_columns + place : number * n_columns + place + 1]:
                _draw_ring(axes, frame, ring)
            left += wide + _GAP_INCH
        top -= tallest[number] + _GAP_INCH / 2
    caption = f"{window_text(volume, level_width)}; {volume.grid!r}"
    if painting.per_vertex is None:
        figure.text(0.5, 0.15 / height, caption, ha="center", fontsize=9)
    else:
        draw_colour_bar(figure, (0.04, 0.5 / height, 0.34, 0.16 / height), painting.limit_mm)
        legend = LEGEND.format(tolerance=painting.tolerance_mm)
        figure.text(0.42, 0.52 / height, legend, fontsize=9)
        figure.text(0.42, 0.24 / height, caption, fontsize=9)
    if title:
        figure.text(0.5, 1 - 0.25 / height, title, ha="center", fontsize=12)
    return figure


def _draw(
    axes: Any, volume: Volume, frame: Frame, painting: Painting, *, window: tuple[float, float]
) -> None:
    plane, is_inside = frame.image(volume)
    draw_image(axes, plane, is_inside, window=window, span=frame.span)
    painting.draw(axes, frame)
    axes.set_title(frame.title, fontsize=9)
    draw_letters(axes, frame.letters)
    draw_scale_bar(axes, *frame.span)


def _draw_ring(axes: Any, frame: Frame, point: NDArray[np.float64]) -> None:
    """Draw a ring around a place; white in black, to be seen on anything."""
    x, y = frame.on_plane(point[None])[0]
    circle = neighbour("matplotlib.patches").Circle
    radius = 0.09 * max(frame.span)
    for color, width in (("black", 3.0), ("white", 1.4)):
        axes.add_patch(circle((x, y), radius, fill=False, edgecolor=color, linewidth=width))
