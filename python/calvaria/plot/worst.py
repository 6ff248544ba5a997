"""Where a mesh is farthest off: a montage of the worst places, or of the worst slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from calvaria._offsets import Offsets
from calvaria._planes import VIEWS
from calvaria.plot._frames import Frame, frame_at, view_of
from calvaria.plot._profile import profile_of
from calvaria.plot.slices import Painting, box_corners, draw_frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Mesh
    from calvaria.volume import Volume

__all__ = ["plot_worst_places", "plot_worst_slices"]

# Beyond the mesh, in the pictures of whole slices.
_MARGIN_MM = 15.0


def plot_worst_places(
    volume: Volume,
    mesh: Mesh,
    *,
    offsets: Offsets,
    n_places: int = 6,
    size_mm: float = 40.0,
    apart_mm: float = 15.0,
    tolerance_mm: float | None = None,
    limit_mm: float | None = None,
    window: tuple[float, float] | None = None,
    title: str = "",
) -> Any:
    """Draw the places where a mesh is farthest off, the worst first.

    Each is drawn in the axial, coronal or sagittal plane that cuts the surface there most squarely,
    with a ring around the place.

    Parameters
    ----------
    volume, mesh, offsets, tolerance_mm, limit_mm, window, title
        As in :func:`plot_contours`.
    n_places : int
        How many; fewer are drawn when there are no more.
    size_mm : float
        Side of each picture.
    apart_mm : float
        No two places are closer.

    Returns
    -------
    matplotlib.figure.Figure
        Three pictures in a row, all to one scale.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        Nothing was measured, offsets do not fit the mesh, or a number is out of range.

    Examples
    --------
    >>> from calvaria import Grid, Mesh, Volume
    >>> grid = Grid(dims_ijk=(40, 30, 20), lps_from_ijk=np.diag([1.0, 1.0, 2.0, 1.0]))
    >>> mesh = Mesh(
    ...     vertices=[[9, 9, 9], [29, 9, 9], [9, 20, 9], [9, 9, 30]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> volume = Volume(values=np.zeros((20, 30, 40), np.int16), grid=grid)
    >>> figure = plot_worst_places(volume, mesh, offsets=[0, -2.0, 0.1, 0], tolerance_mm=0.5, n_places=1)
    >>> figure.axes[0].get_title()
    '1: -2.00 mm, axial, z = 9.0 mm'
    """
    if n_places < 1 or not size_mm > 0 or not apart_mm >= 0:
        msg = "n_places, size_mm, apart_mm: at least 1, above 0 and at least 0 expected"
        raise ValueError(msg)
    painting = Painting(mesh, offsets, limit_mm=limit_mm, tolerance_mm=tolerance_mm)
    values = _known(painting)
    chosen = _apart(mesh.vertices, np.abs(values), n=n_places, apart_mm=apart_mm)
    frames = []
    for number, vertex in enumerate(chosen, start=1):
        place = mesh.vertices[vertex]
        around = box_corners(place - size_mm / 2, place + size_mm / 2)
        frame = frame_at(place, _squarest(mesh, vertex), around=around)
        frames.append(_retitled(frame, f"{number}: {values[vertex]:+.2f} mm, {frame.title}"))
    return draw_frames(
        volume,
        frames,
        painting,
        n_columns=min(3, len(frames)),
        window=window,
        title=title,
        rings=[mesh.vertices[vertex] for vertex in chosen],
    )


def plot_worst_slices(
    volume: Volume,
    mesh: Mesh,
    *,
    offsets: Offsets,
    view: Literal["axial", "coronal", "sagittal"] = "axial",
    n_slices: int = 6,
    step_mm: float = 1.0,
    apart_mm: float = 5.0,
    tolerance_mm: float | None = None,
    limit_mm: float | None = None,
    window: tuple[float, float] | None = None,
    title: str = "",
) -> Any:
    """Draw the slices in which the mesh is farthest off, the worst first.

    Parameters
    ----------
    volume, mesh, offsets, tolerance_mm, limit_mm, window, title
        As in :func:`plot_contours`.
    view : {"axial", "coronal", "sagittal"}
        Which slices.
    n_slices : int
        How many; fewer are drawn when there are no more.
    step_mm : float
        Vertices within so many millimetres are judged together, by the 95th percentile of their
        offsets without sign.
    apart_mm : float
        No two slices are closer.

    Returns
    -------
    matplotlib.figure.Figure
        Three pictures in a row, all to one scale.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        Nothing was measured, offsets do not fit the mesh, or a number is out of range.

    Examples
    --------
    >>> from calvaria import Grid, Mesh, Volume
    >>> grid = Grid(dims_ijk=(40, 30, 20), lps_from_ijk=np.diag([1.0, 1.0, 2.0, 1.0]))
    >>> mesh = Mesh(
    ...     vertices=[[9, 9, 9], [29, 9, 9], [9, 20, 9], [9, 9, 30]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> volume = Volume(values=np.zeros((20, 30, 40), np.int16), grid=grid)
    >>> figure = plot_worst_slices(volume, mesh, offsets=[0, 2.0, 0.1, 0], tolerance_mm=0.5)
    >>> figure.axes[1].get_title()
    '2: p95 0.00 mm, axial, z = 30.5 mm'
    """
    if n_slices < 1 or not step_mm > 0 or not apart_mm >= 0:
        msg = "n_slices, step_mm, apart_mm: at least 1, above 0 and at least 0 expected"
        raise ValueError(msg)
    axis = "xyz".index(view_of(view).cut)
    painting = Painting(mesh, offsets, limit_mm=limit_mm, tolerance_mm=tolerance_mm)
    found = profile_of(mesh.vertices[:, axis], _known(painting), step_mm=step_mm)
    places = np.zeros((len(found.middles_mm), 3))
    places[:, 0] = found.middles_mm
    chosen = _apart(places, found.p95_absolute_mm, n=n_slices, apart_mm=apart_mm)
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    around = box_corners(low, high)
    frames = []
    for number, at in enumerate(chosen, start=1):
        center = (low + high) / 2
        center[axis] = found.middles_mm[at]
        frame = frame_at(center, np.eye(3)[axis], around=around, margin_mm=_MARGIN_MM)
        title_of = f"{number}: p95 {found.p95_absolute_mm[at]:.2f} mm, {frame.title}"
        frames.append(_retitled(frame, title_of))
    return draw_frames(
        volume, frames, painting, n_columns=min(3, len(frames)), window=window, title=title
    )


def _known(painting: Painting) -> NDArray[np.float64]:
    values = painting.per_vertex
    if values is None or not np.isfinite(values).any():
        msg = "offsets: at least one that was measured expected, found none"
        raise ValueError(msg)
    return values


def _apart(
    places: NDArray[np.float64], sizes: NDArray[np.float64], *, n: int, apart_mm: float
) -> list[int]:
    """Return the places of the largest sizes, none closer to a larger one than allowed."""
    left = np.where(np.isfinite(sizes), sizes, -1.0)
    chosen: list[int] = []
    while len(chosen) < n and left.max(initial=-1.0) >= 0:
        at = int(left.argmax())
        chosen.append(at)
        left[np.linalg.norm(places - places[at], axis=1) < apart_mm] = -1.0
        left[at] = -1.0
    return chosen


def _squarest(mesh: Mesh, vertex: int) -> NDArray[np.float64]:
    """Return the axis most nearly in the surface at a vertex; planes across it cut it squarely."""
    own = mesh.faces[(mesh.faces == vertex).any(axis=1)]
    a, b, c = mesh.vertices[own].transpose(1, 0, 2)
    normal = np.abs(np.cross(b - a, c - a).sum(axis=0))
    # Of equals the axial plane, then the coronal.
    order = [2, 1, 0]
    axis = min(order, key=lambda axis: (round(float(normal[axis]), 6), order.index(axis)))
    return np.asarray(np.eye(3)["xyz".index(VIEWS[order.index(axis)].cut)])


def _retitled(frame: Frame, title: str) -> Frame:
    return Frame(
        title=title,
        corner=frame.corner,
        right=frame.right,
        down=frame.down,
        across_mm=frame.across_mm,
        down_mm=frame.down_mm,
    )
