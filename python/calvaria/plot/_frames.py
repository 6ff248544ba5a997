"""A plane with an upper left corner and a size: the image on it, and the lines of a mesh in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria._planes import MOST_PIXELS, VIEWS, View, values_on
from calvaria.geometry import Grid
from calvaria.mesh import section_mesh

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Contour, Mesh
    from calvaria.volume import Volume

__all__ = ["Frame", "frame_at", "letters_of", "view_of"]

# The letters at the end of each axis, LPS.
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))
# Shorter components of a direction than this have no letter.
_LEAST_COMPONENT = 0.38


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """A rectangle in space.  Directions have length 1 and are at right angles."""

    title: str
    corner: NDArray[np.float64]
    right: NDArray[np.float64]
    down: NDArray[np.float64]
    across_mm: float
    down_mm: float

    @property
    def span(self) -> tuple[float, float]:
        """How far it reaches across and down, mm."""
        return self.across_mm, self.down_mm

    @property
    def normal(self) -> NDArray[np.float64]:
        """Direction that leads into the picture."""
        return np.cross(self.right, self.down)

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """Where left, right, top and bottom of the picture lead."""
        return tuple(  # type: ignore[return-value] # four of them
            letters_of(way) for way in (-self.right, self.right, -self.down, self.down)
        )

    def on_plane(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return millimetres from the upper left corner, across and down, (n, 2)."""
        offset = points_lps_mm - self.corner
        return np.stack([offset @ self.right, offset @ self.down], axis=-1)

    def image(self, volume: Volume) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the values of a volume in the frame, and where there are any."""
        pitch = max(min(volume.grid.spacing_xyz_mm) / 2, max(self.span) / MOST_PIXELS)
        n_across, n_down = (max(1, round(mm / pitch)) for mm in self.span)
        affine = np.eye(4)
        affine[:3, 0] = self.right * self.across_mm / n_across
        affine[:3, 1] = self.down * self.down_mm / n_down
        affine[:3, 2] = self.normal
        # An integer index is the middle of a pixel.
        affine[:3, 3] = self.corner + (affine[:3, 0] + affine[:3, 1]) / 2
        return values_on(volume, Grid(dims_ijk=(n_across, n_down, 1), lps_from_ijk=affine))

    def contours(self, mesh: Mesh) -> tuple[Contour, ...]:
        """Return the lines of a mesh in the plane of the frame."""
        return section_mesh(mesh, point_lps_mm=self.corner, normal_lps=self.normal).contours


def view_of(name: str) -> View:
    """Return the view of this name."""
    for view in VIEWS:
        if view.name == name:
            return view
    msg = f"view: one of {tuple(view.name for view in VIEWS)} expected, found {name!r}"
    raise ValueError(msg)


def frame_at(
    center: NDArray[np.float64],
    normal: NDArray[np.float64],
    *,
    around: NDArray[np.float64],
    margin_mm: float = 0.0,
    title: str = "",
) -> Frame:
    """Return the frame through a point that shows all of some points, seen as radiologists see it.

    ``around`` are points (n, 3) whose places in the plane the frame shall hold, and a margin.  The view is that of
    the patient's plane nearest to it: turned in it as little as possible.
    """
    unit = normal / np.linalg.norm(normal)
    axis = int(np.argmax(np.abs(unit)))
    view = next(view for view in VIEWS if view.cut == "xyz"[axis])
    into = np.cross(view.right, view.down).astype(float)
    unit = unit if unit @ into > 0 else -unit
    right = np.array(view.right, float)
    right -= (right @ unit) * unit
    right /= np.linalg.norm(right)
    down = np.cross(unit, right)
    offsets = around - center
    across, along = offsets @ right, offsets @ down
    corner = center + (across.min() - margin_mm) * right + (along.min() - margin_mm) * down
    straight = abs(unit[axis]) > 1 - 1e-9
    place = f"{view.cut} = {center[axis]:.1f} mm"
    leaning = "oblique, across ({:.2f}, {:.2f}, {:.2f})".format(*(unit * np.sign(unit[axis])))
    return Frame(
        title=title or (f"{view.name}, {place}" if straight else leaning),
        corner=corner,
        right=right,
        down=down,
        across_mm=float(np.ptp(across)) + 2 * margin_mm or 1.0,
        down_mm=float(np.ptp(along)) + 2 * margin_mm or 1.0,
    )


def letters_of(direction: NDArray[np.float64]) -> str:
    """Return the letters of a direction, the largest component first."""
    order = np.argsort(-np.abs(direction), kind="stable")
    chosen = [axis for axis in order if abs(direction[axis]) >= _LEAST_COMPONENT]
    return "".join(_LETTERS[axis][int(direction[axis] > 0)] for axis in chosen)
