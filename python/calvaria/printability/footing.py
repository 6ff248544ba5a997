"""What a text stands on: where the part begins and ends below every dot of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria.printability.solids import DOT_HALF, dot_middles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Mesh

__all__ = ["Footing", "find_footing"]

# Rays of a dot, along each side; the outermost run along its edges.
_RAYS = 5
# A ray through an edge or a corner meets the faces on both sides of it.
_TOUCH = 1e-9
# A face that leans along the rays is none that they enter or leave by.
_STEEP = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Footing:
    """Where rays against the way out enter and leave the part, mm above the middle of the text.

    Parameters
    ----------
    front_mm : (dots, rays) ndarray
        The surface that the text is put on; NaN where there is none.
    back_mm : (dots, rays) ndarray
        Where the part first ends behind it; NaN where there is no front.
    behind_mm : (dots,) ndarray
        Where it begins again behind that, a second wall, at the highest; minus infinity where it does not.
    """

    front_mm: NDArray[np.float64]
    back_mm: NDArray[np.float64]
    behind_mm: NDArray[np.float64]

    @property
    def has_surface(self) -> NDArray[np.bool_]:
        """Which dots have any surface under them."""
        return np.asarray(np.isfinite(self.front_mm).any(axis=1))

    @property
    def thinnest_mm(self) -> float:
        """The least depth of the part below the text."""
        return float(np.nanmin(self.front_mm - self.back_mm))


def find_footing(
    mesh: Mesh,
    dots: NDArray[np.bool_],
    *,
    dot_mm: float,
    axes: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    origin: NDArray[np.float64],
    near_mm: NDArray[np.float64],
) -> Footing:
    """Look at the part below the dots of a text; of many layers, take that nearest to ``near_mm``."""
    placed = (mesh.vertices - origin) @ np.stack(axes).T
    corners = placed[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(normals, axis=1)
    half = dot_mm * DOT_HALF
    middles = np.stack(dot_middles(dots, dot_mm=dot_mm), axis=1)
    low, high = corners[..., :2].min(axis=1), corners[..., :2].max(axis=1)
    kept = (
        (np.abs(normals[:, 2]) > _STEEP * size)
        & (low <= middles.max(axis=0) + half).all(axis=1)
        & (high >= middles.min(axis=0) - half).all(axis=1)
    )
    corners, normals, low, high = corners[kept], normals[kept], low[kept], high[kept]
    line = np.linspace(-half, half, _RAYS)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    front = np.full((len(middles), len(grid)), np.nan)
    back = front.copy()
    behind = np.full(len(middles), -np.inf)
    for number, middle in enumerate(middles):
        some = (low <= middle + half).all(axis=1) & (high >= middle - half).all(axis=1)
        heights = _heights(corners[some], normals[some, 2], middle + grid)
        up = np.where(normals[some, 2] > 0, heights, np.nan)
        down = np.where(normals[some, 2] < 0, heights, np.nan)
        front[number], back[number] = _first_layer(up, down, float(near_mm[number]))
        is_behind = up < back[number][:, None]
        behind[number] = up[is_behind].max(initial=-np.inf)
    return Footing(front_mm=front, back_mm=back, behind_mm=behind)


def _heights(
    corners: NDArray[np.float64], doubled: NDArray[np.float64], rays: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return where rays along z meet triangles, ray by ray; NaN where they miss."""
    heights = np.zeros((len(rays), len(corners)))
    is_in = np.ones(heights.shape, dtype=bool)
    for one in range(3):
        a, b = corners[:, (one + 1) % 3], corners[:, (one + 2) % 3]
        cross = (a[:, 0] - rays[:, :1]) * (b[:, 1] - rays[:, 1:]) - (a[:, 1] - rays[:, 1:]) * (
            b[:, 0] - rays[:, :1]
        )
        share = cross / doubled
        is_in &= share >= -_TOUCH
        heights += share * corners[:, one, 2]
    return np.where(is_in, heights, np.nan)


def _first_layer(
    up: NDArray[np.float64], down: NDArray[np.float64], near: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return front and back of the layer whose front is nearest to a height."""
    front = np.full(len(up), np.nan)
    back = front.copy()
    for ray in np.flatnonzero(np.isfinite(up).any(axis=1) & np.isfinite(down).any(axis=1)):
        ups, downs = up[ray], down[ray]
        top = ups[np.nanargmin(np.abs(ups - near))]
        below = downs[downs < top]
        if len(below):
            front[ray], back[ray] = top, below.max()
    return front, back
