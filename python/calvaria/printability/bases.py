"""A base that a model stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from calvaria.mesh import Mesh, combine_meshes, transform_mesh
from calvaria.printability._measured import (
    Record,
    Three,
    need_faces,
    positive,
    three,
    turn_to,
    unit,
)
from calvaria.printability.blocks import block_mesh, rod_mesh

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["BaseResult", "add_base"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaseResult(Record):
    """A model on a base.

    Parameters
    ----------
    mesh : Mesh
        Closed and manifold; one body where the model reaches into the base.
    up : tuple of float
        Away from the base.
    size_mm : tuple of float
        Width and depth of the base, and its thickness.
    front_lps_mm : tuple of float
        Middle of its front side: a place for a label.
    front_normal : tuple of float
        Out of its front side.
    """

    mesh: Mesh
    up: Three
    size_mm: Three
    front_lps_mm: Three
    front_normal: Three

    def __repr__(self) -> str:
        wide, deep, thick = self.size_mm
        return f"BaseResult({wide:.1f} x {deep:.1f} mm, {thick:g} mm thick)"


def add_base(
    mesh: Mesh,
    *,
    up: ArrayLike,
    thickness_mm: float,
    sink_mm: float,
    margin_mm: float = 3.0,
    shape: Literal["box", "disc"] = "box",
) -> BaseResult:
    """Put a model on a base.

    Parameters
    ----------
    mesh : Mesh
        Closed, manifold, turned outwards.
    up : (3,) array_like
        Away from the base, LPS.
    thickness_mm : float
        Of the base.
    sink_mm : float
        How far the lowest point reaches into it; less than the thickness.
    margin_mm : float
        How far the base reaches beyond the model.
    shape : {"box", "disc"}
        Outline of the base.

    Returns
    -------
    BaseResult

    Raises
    ------
    NonManifoldError
        The mesh is not closed and manifold.
    ValueError
        A number out of range, or an unknown shape.
    ImportError
        manifold3d is not installed: ``pip install 'calvaria[mesh]'``.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> stood = add_base(
    ...     block_mesh(size_mm=(20, 12, 8)), up=(0, 0, 1), thickness_mm=4, sink_mm=1
    ... )
    >>> stood
    BaseResult(26.0 x 18.0 mm, 4 mm thick)
    """
    need_faces(mesh)
    thick, sink = positive("thickness_mm", thickness_mm), positive("sink_mm", sink_mm)
    if sink >= thick:
        msg = f"sink_mm: less than thickness_mm = {thick:g} expected, found {sink:g}"
        raise ValueError(msg)
    if shape not in {"box", "disc"}:
        msg = f"shape: box or disc expected, found {shape!r}"
        raise ValueError(msg)
    direction = unit("up", up)
    turn = turn_to(direction)
    points = mesh.vertices @ turn.T
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    top = low[2] + sink
    size = high[:2] - low[:2] + 2 * max(float(margin_mm), 0.0)
    if shape == "box":
        centre = (middle[0], middle[1], top - thick / 2)
        base = block_mesh(size_mm=(*size, thick), centre_lps_mm=centre)
    else:
        radius = float(np.linalg.norm(points[:, :2] - middle[:2], axis=1).max()) + max(
            margin_mm, 0.0
        )
        size = np.array([2 * radius, 2 * radius])
        base = rod_mesh(
            start_lps_mm=(middle[0], middle[1], top - thick),
            end_lps_mm=(middle[0], middle[1], top),
            radius_mm=radius,
            n_sides=96,
        )
    matrix = np.eye(4)
    matrix[:3, :3] = turn.T
    made = combine_meshes(mesh, transform_mesh(base, matrix=matrix), method="union")
    front = np.array([middle[0], middle[1] - size[1] / 2, top - thick / 2])
    return BaseResult(
        mesh=made,
        up=direction,
        size_mm=three((*size, thick)),
        front_lps_mm=three(front @ turn),
        front_normal=three(-turn[1]),
    )
