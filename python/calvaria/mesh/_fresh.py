"""Arrays that the native module has just made become a mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria.mesh.triangles import Mesh

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from calvaria.findings import Finding

__all__ = ["fresh_mesh"]


def fresh_mesh(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    kinds: NDArray[np.uint8],
    *,
    findings: tuple[Finding, ...],
) -> Mesh:
    """Return the mesh of arrays that nobody else knows: read-only, they need no copy."""
    for array in (vertices, faces, kinds):
        array.flags.writeable = False
    return Mesh(vertices=vertices, faces=faces, kinds=kinds, findings=findings)
