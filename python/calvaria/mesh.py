"""Triangle meshes in LPS millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._arrays import frozen
from calvaria.errors import MeshError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.findings import Finding

__all__ = ["Mesh"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """A triangle surface.

    Parameters
    ----------
    vertices : (n, 3) ndarray of float64
        Vertex positions, LPS, mm.  Read-only.
    faces : (m, 3) ndarray of int32
        Vertex indices of each triangle, counter-clockwise seen from outside.  Read-only.
    findings : tuple of Finding
        Carried from the volume the mesh was made from.

    Raises
    ------
    MeshError
        Wrong shape, a coordinate that is not finite, or an index out of range.

    Examples
    --------
    >>> Mesh(vertices=np.eye(3), faces=[[0, 1, 2]])
    Mesh(3 vertices, 1 faces)
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        vertices = frozen(_as_rows("vertices", self.vertices), dtype=np.float64)
        raw_faces = _as_rows("faces", self.faces)
        if raw_faces.size and raw_faces.dtype.kind not in "iu":
            msg = f"faces: whole numbers expected, found dtype {raw_faces.dtype}"
            raise MeshError(msg)
        if not np.isfinite(vertices).all():
            msg = "vertices: finite coordinates expected, found NaN or infinity"
            raise MeshError(msg)
        if raw_faces.size and (raw_faces.min() < 0 or raw_faces.max() >= len(vertices)):
            msg = (
                f"faces: indices 0 to {len(vertices) - 1} expected, "
                f"found {raw_faces.min()} to {raw_faces.max()}"
            )
            raise MeshError(msg)
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(self, "faces", frozen(raw_faces, dtype=np.int32))

    def __repr__(self) -> str:
        return f"Mesh({len(self.vertices)} vertices, {len(self.faces)} faces)"


def _as_rows(name: str, values: Any) -> NDArray[Any]:
    array = np.asarray(values)
    if array.size == 0:
        return array.reshape(0, 3)
    if array.ndim != 2 or array.shape[1] != 3:
        msg = f"{name}: shape (n, 3) expected, found {array.shape}"
        raise MeshError(msg)
    return array
