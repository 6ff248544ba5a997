"""The lines of a mesh in a picture, coloured by offset and told apart without colour too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._offsets import at_points
from calvaria._optional import neighbour
from calvaria.plot._colours import UNKNOWN_RGB, rgb_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Mesh
    from calvaria.plot._frames import Frame

__all__ = ["LEGEND", "draw_lines", "draw_plain_lines"]

# A line inside the edge is broken: so long is a dash, and so long a gap, as parts of the picture.
_DASH = 0.022
# Widths in points: within the tolerance, beyond it, not measured.
_WITHIN, _BEYOND, _UNKNOWN = 0.9, 2.0, 0.9
_RIM = 1.0
_PLAIN_RGB = (0.90, 0.62, 0.0)

LEGEND = (
    "thin: within {tolerance:g} mm; thick: outside by more; thick and broken: inside by more; "
    "purple: not measured"
)


def draw_plain_lines(axes: Any, mesh: Mesh, frame: Frame) -> None:
    """Draw the lines of a mesh in one colour."""
    pieces = [
        _closed(frame.on_plane(line.points_lps_mm), line.is_closed) for line in frame.contours(mesh)
    ]
    _add(axes, pieces, colours=_PLAIN_RGB, width=1.2)


def draw_lines(
    axes: Any,
    mesh: Mesh,
    frame: Frame,
    per_vertex: NDArray[np.float64],
    *,
    limit_mm: float,
    tolerance_mm: float,
) -> None:
    """Draw the lines of a mesh in the colours of its offsets."""
    pieces, middles, lengths = [], [], []
    dash = _DASH * max(frame.span)
    for line in frame.contours(mesh):
        points, along = _finer(_closed(line.points_lps_mm, line.is_closed), dash / 3)
        flat = frame.on_plane(points)
        pieces.append(np.stack([flat[:-1], flat[1:]], axis=1))
        middles.append((points[:-1] + points[1:]) / 2)
        lengths.append((along[:-1] + along[1:]) / 2)
    if not pieces:
        return
    offsets = at_points(mesh, per_vertex, np.concatenate(middles))
    segments, along = np.concatenate(pieces), np.concatenate(lengths)
    colours = rgb_of(offsets, limit_mm)
    is_unknown = np.isnan(offsets)
    is_out, is_in = offsets > tolerance_mm, offsets < -tolerance_mm
    is_dash = (along / dash) % 2 < 1.1
    for chosen, width in (
        (is_unknown, _UNKNOWN),
        (~(is_unknown | is_out | is_in), _WITHIN),
        (is_in & is_dash, _BEYOND),
        (is_out, _BEYOND),
    ):
        if chosen.any():
            color = UNKNOWN_RGB if chosen is is_unknown else colours[chosen]
            _add(axes, segments[chosen], colours=color, width=width)


def _closed(points: NDArray[np.float64], is_closed: bool) -> NDArray[np.float64]:  # noqa: FBT001
    return np.concatenate([points, points[:1]]) if is_closed else points


def _finer(
    points: NDArray[np.float64], step_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a line with points no farther apart than a step, and how far along it each is."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.union1d(along, np.arange(0.0, along[-1], step_mm))
    return np.stack([np.interp(places, along, points[:, n]) for n in range(3)], axis=1), places


def _add(axes: Any, segments: Any, *, colours: Any, width: float) -> None:
    """Draw lines with a black rim, so that they stand out on bone and on air."""
    collection = neighbour("matplotlib.collections").LineCollection
    rim = collection(segments, colors=[(0, 0, 0)], linewidths=width + _RIM, capstyle="butt")
    axes.add_collection(rim, autolim=False)
    line = collection(segments, colors=colours, linewidths=width, capstyle="round")
    axes.add_collection(line, autolim=False)
