"""Pictures for a page: slices with the contour of the mesh on them, and the mesh itself.

Drawn without a display and without a plotting library, so that every installation can.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria._asked import need
from calvaria._planes import VIEWS, View, box_of, image_on, span_mm
from calvaria.mesh import FaceKind, Mesh, section_mesh
from calvaria.report.png import png_uri
from calvaria.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


__all__ = ["COLOURS", "draw_slices", "draw_solid"]

# One colour for each kind of face, the same as in a 3MF file.
COLOURS = tuple(kind.colour_rgb for kind in FaceKind)
_PAPER = (255, 255, 255)

# From where a model is looked at: name, what runs right in the picture, what runs up.  LPS.
_SIDES = (
    ("from the front", (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    ("from the left", (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    ("from above", (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
    ("from below", (1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
)
_SOLID_PIXELS = 520
_WIDTH_PIXELS = 400
_OUTSIDE_GREY = 210


def draw_solid(
    mesh: Mesh,
    *,
    n_pixels: int = _SOLID_PIXELS,
    colours: tuple[tuple[int, int, int], ...] = COLOURS,
    sides: tuple[str, ...] | None = None,
) -> dict[str, NDArray[np.uint8]]:
    """Draw a mesh from four sides, in one scale.

    Parameters
    ----------
    mesh : Mesh
        In LPS mm; lids and fillings have a colour of their own.
    n_pixels : int
        Rows and columns of each picture.
    colours : tuple of (int, int, int)
        One for each kind of face.
    sides : tuple of str
        Which sides; all four, left out.

    Returns
    -------
    dict of str to (n_pixels, n_pixels, 3) ndarray of uint8
        Red, green, blue, by the side looked from.

    Examples
    --------
    >>> from calvaria import Mesh
    >>> mesh = Mesh(vertices=10 * np.eye(3), faces=[[0, 1, 2]])
    >>> list(draw_solid(mesh, n_pixels=32))
    ['from the front', 'from the left', 'from above', 'from below']
    """
    need("mesh", mesh, Mesh)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    largest = float(max(high - low)) or 1.0
    return {
        name: _native.draw_mesh(
            vertices=mesh.vertices,
            faces=mesh.faces,
            kinds=mesh.kinds,
            right=right,
            up=up,
            centre_lps_mm=tuple(((low + high) / 2).tolist()),
            mm_per_pixel=1.06 * largest / n_pixels,
            size=(n_pixels, n_pixels),
            colours=colours,
            background=_PAPER,
        )
        for name, right, up in _SIDES
        if sides is None or name in sides
    }


def draw_slices(
    volume: Volume, mesh: Mesh, *, centre_lps_mm: ArrayLike, window: tuple[float, float]
) -> dict[str, str]:
    """Draw the image in three planes with the contour of a mesh on it.

    Parameters
    ----------
    volume : Volume
        The image; any grid.
    mesh : Mesh
        What is to be compared with it.
    centre_lps_mm : (3,) array_like of float
        The point that all planes go through, LPS, mm.
    window : (float, float)
        Level and width of the grey values.

    Returns
    -------
    dict of str to str
        SVG by the name of the plane; the contour is drawn as lines, not as pixels.

    Examples
    --------
    >>> from calvaria import extract_surface
    >>> from calvaria.phantom import Scanner, scan, sphere
    >>> small = Scanner(columns=32, rows=32, spacing_xy_mm=(1.0, 1.0), slice_increment_mm=2.0)
    >>> volume = scan(sphere(radius_mm=10.0), scanner=small)
    >>> mesh = extract_surface(volume, iso_hu=0.0)
    >>> pictures = draw_slices(volume, mesh, centre_lps_mm=(0.0, 0.0, 0.0), window=(0.0, 2000.0))
    >>> list(pictures)
    ['axial', 'coronal', 'sagittal']
    """
    need("volume", volume, Volume)
    center = np.asarray(centre_lps_mm, np.float64)
    return {view.name: _slice(volume, mesh, view, center, window) for view in VIEWS}


def _slice(
    volume: Volume,
    mesh: Mesh,
    view: View,
    center: NDArray[np.float64],
    window: tuple[float, float],
) -> str:
    low, high = box_of(volume.grid)
    across, down = span_mm(view, high - low)
    plane, is_inside = image_on(volume, view, center, (low, high))
    level, width = window
    grey = np.clip(255 * (plane - (level - width / 2)) / width, 0, 255).astype(np.uint8)
    grey[~is_inside] = _OUTSIDE_GREY
    lines = _contours(mesh, view, center, low, high)
    place = "xyz".index(view.cut)
    title = f"{view.name}, {view.cut} = {center[place]:.1f} mm"
    left, right, top, bottom = view.letters
    letters = (
        (left, 0.02, 0.5, "start"),
        (right, 0.98, 0.5, "end"),
        (top, 0.5, 0.06, "middle"),
        (bottom, 0.5, 0.98, "middle"),
    )
    texts = "".join(
        f'<text x="{x * across:.1f}" y="{y * down:.1f}" text-anchor="{anchor}">{letter}</text>'
        for letter, x, y, anchor in letters
    )
    return (
        f'<svg class="slice" xmlns="http://www.w3.org/2000/svg" width="{_WIDTH_PIXELS}" '
        f'viewBox="0 0 {across:.2f} {down:.2f}" font-size="{max(across, down) / 18:.1f}">'
        f"<title>{escape(title)}</title>"
        f'<image href="{png_uri(grey)}" width="{across:.2f}" height="{down:.2f}" '
        f'preserveAspectRatio="none"/><path d="{lines}"/>{texts}</svg>'
    )


def _contours(
    mesh: Mesh,
    view: View,
    center: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> str:
    """Return the path of the mesh in a plane, in millimetres from the upper left corner."""
    right, down = np.array(view.right, float), np.array(view.down, float)
    corner = np.where(right + down < 0, high, low)
    section = section_mesh(mesh, point_lps_mm=center, normal_lps=np.cross(right, down))
    parts = []
    for contour in section.contours:
        points = np.stack(
            [(contour.points_lps_mm - corner) @ right, (contour.points_lps_mm - corner) @ down],
            axis=1,
        )
        steps = " ".join(f"{x:.2f} {y:.2f}" for x, y in points)
        parts.append(f"M{steps}" + ("Z" if contour.is_closed else ""))
    return "".join(parts)
