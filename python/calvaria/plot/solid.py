"""Offsets as colour on the surface itself, from four sides; no display and no graphics card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._offsets import Offsets, limit_of, vertex_offsets
from calvaria._optional import neighbour
from calvaria.plot._colours import draw_colour_bar, rgb_of
from calvaria.plot._frames import letters_of

if TYPE_CHECKING:
    from calvaria.mesh import Mesh

__all__ = ["plot_surface"]

# From where the mesh is looked at: name, what runs right in the picture, what runs up.  LPS.
_SIDES = (
    ("from the front", (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    ("from the left", (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    ("from behind", (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    ("from the right", (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    ("from above", (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
    ("from below", (1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
)
_PIXELS = 400
_PAPER = (255, 255, 255)


def plot_surface(
    mesh: Mesh,
    *,
    offsets: Offsets,
    limit_mm: float | None = None,
    title: str = "",
) -> Any:
    """Draw a mesh from six sides, coloured by its offsets.

    Parameters
    ----------
    mesh : Mesh
        LPS mm.
    offsets : (n_vertices,) array_like, or a result with offsets
        As in :func:`plot_contours`; purple where nothing was measured.
    limit_mm : float, optional
        The end of the colours; left out, what all but 2 % of the offsets stay below, rounded up.
    title : str
        Written above the pictures.

    Returns
    -------
    matplotlib.figure.Figure
        All sides to one scale, drawn by calvaria itself: the same pixels on every machine.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        The mesh has no faces, offsets do not fit it, or a number is out of range.

    Examples
    --------
    >>> from calvaria import Mesh
    >>> mesh = Mesh(vertices=10 * np.eye(3), faces=[[0, 1, 2]])
    >>> figure = plot_surface(mesh, offsets=[0.0, 0.5, -0.5])
    >>> [axes.get_title(loc="left") for axes in figure.axes][:3]
    ['from the front', 'from the left', 'from behind']
    """
    if not len(mesh.faces):
        msg = "mesh: at least one face expected, found none"
        raise ValueError(msg)
    values = vertex_offsets(mesh, offsets)
    limit = limit_of(values, limit_mm)
    colours = np.round(255 * rgb_of(values, limit)).astype(np.uint8)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    extent = 1.22 * float(max(high - low)) or 1.0
    figure = neighbour("matplotlib.figure").Figure(figsize=(12.0, 9.3), dpi=100)
    for number, (name, right, up) in enumerate(_SIDES):
        pixels = _native.draw_mesh(
            vertices=mesh.vertices,
            faces=mesh.faces,
            kinds=mesh.kinds,
            right=right,
            up=up,
            centre_lps_mm=tuple(((low + high) / 2).tolist()),
            mm_per_pixel=extent / _PIXELS,
            size=(_PIXELS, _PIXELS),
            colours=(_PAPER,) * 4,
            background=_PAPER,
            vertex_colours=colours,
        )
        column, row = number % 3, number // 3
        axes = figure.add_axes((column / 3 + 0.005, 0.53 - 0.43 * row, 0.323, 0.417))
        _draw_side(axes, pixels, extent=extent, right=np.array(right), up=np.array(up))
        axes.set_title(name, fontsize=10, loc="left", y=0.93)
    draw_colour_bar(figure, (0.3, 0.055, 0.4, 0.018), limit)
    figure.text(0.73, 0.055, "purple: not measured", fontsize=9)
    if title:
        figure.text(0.5, 0.975, title, ha="center", fontsize=12)
    return figure


def _draw_side(axes: Any, pixels: Any, *, extent: float, right: Any, up: Any) -> None:
    axes.imshow(pixels, extent=(0, extent, extent, 0), interpolation="nearest")
    axes.set_axis_off()
    places = ((0.01, 0.5), (0.99, 0.5), (0.5, 0.955), (0.5, 0.02))
    sides = (("left", "center"), ("right", "center"), ("center", "top"), ("center", "bottom"))
    for way, (x, y), (across, upright) in zip((-right, right, up, -up), places, sides, strict=True):
        axes.text(
            x, y, letters_of(way), transform=axes.transAxes, ha=across, va=upright, fontsize=11,
            weight="bold",
        )  # fmt: skip
    decade = 10.0 ** np.floor(np.log10(extent / 4))
    length = max(step * decade for step in (1, 2, 5) if step * decade <= extent / 4)
    axes.plot(
        [0.03 * extent, 0.03 * extent + length], [0.97 * extent] * 2, color="black", linewidth=3
    )
    axes.text(0.03 * extent, 0.955 * extent, f"{length:g} mm", fontsize=9, va="bottom")
    axes.set_xlim(0, extent)
    axes.set_ylim(extent, 0)
