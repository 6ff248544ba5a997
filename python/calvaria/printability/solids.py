"""Many plain bodies put together to one, and checked to be closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import NonManifoldError
from calvaria.mesh import Mesh, measure_topology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["DOT_HALF", "dot_middles", "extrude_dots", "need_closed"]

# Dots overlap by this part of their size, so that those that touch at a corner are joined.
_OVERLAP = 0.04
# Half a dot as it is made, in dots.
DOT_HALF = 0.5 + _OVERLAP


def dot_middles(
    dots: NDArray[np.bool_], *, dot_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where set dots lie, right and up from the middle of the text, row by row."""
    rows, columns = dots.shape
    row, column = np.nonzero(dots)
    return (column - (columns - 1) / 2) * dot_mm, ((rows - 1) / 2 - row) * dot_mm


def extrude_dots(
    dots: NDArray[np.bool_],
    *,
    dot_mm: float,
    heights_mm: tuple[float, float],
    axes: Sequence[NDArray[np.float64]],
    origin: NDArray[np.float64],
    lows_mm: NDArray[np.float64] | None = None,
) -> Mesh:
    """Return set dots as a body from one height to another.

    ``axes`` are right, up and out; ``origin`` is the middle of the text.  ``lows_mm``, one for each dot,
    are the heights that dots start from where that differs.
    """
    manifold3d = neighbour("manifold3d")
    half = dot_mm * DOT_HALF
    middles = np.stack(dot_middles(dots, dot_mm=dot_mm), axis=1)
    low, high = heights_mm
    lows = np.full(len(middles), low) if lows_mm is None else lows_mm
    bodies = []
    for start in np.unique(lows):
        squares = [
            manifold3d.CrossSection(
                [[(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]]
            )
            for x, y in middles[lows == start].tolist()
        ]  # fmt: skip
        outline = manifold3d.CrossSection.batch_boolean(squares, manifold3d.OpType.Add)
        bodies.append(outline.extrude(high - start).translate((0.0, 0.0, start)))
    body = manifold3d.Manifold.batch_boolean(bodies, manifold3d.OpType.Add)
    raw = body.to_mesh64()
    points = np.asarray(raw.vert_properties, dtype=np.float64)[:, :3]
    placed = points @ np.stack(axes) + origin
    return Mesh(vertices=placed, faces=np.asarray(raw.tri_verts).astype(np.int32))


def need_closed(mesh: Mesh, name: str = "mesh") -> None:
    """Refuse a mesh that is not closed and manifold."""
    topology = measure_topology(mesh)
    if not (topology.is_closed and topology.is_manifold):
        msg = (
            f"{name}: a closed manifold mesh expected, found {len(topology.open_edges)} open and "
            f"{len(topology.non_manifold_edges)} non-manifold edges; repair_mesh or fill_holes may help"
        )
        raise NonManifoldError(msg)
