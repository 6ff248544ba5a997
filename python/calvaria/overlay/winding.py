"""Where a mesh does not agree with itself on what is outside, and what is said of that."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria._record import plural
from calvaria.findings import Finding
from calvaria.rules.defaults import limit_in

if TYPE_CHECKING:
    from calvaria.mesh import Mesh

__all__ = ["WINDING_CODE", "wound_alike"]

WINDING_CODE = "overlay_orientation"


def wound_alike(mesh: Mesh) -> Mesh:
    """Return the mesh with faces that look another way than their neighbours turned over.

    Offsets have a sign and are read along normals: where neighbours disagree on what is outside, both are
    worth nothing.  What had to be turned is said in a finding that the mesh carries; a mesh whose faces
    agree comes back as it is.
    """
    turned, n_against = _native.mesh_winding(mesh.vertices, mesh.faces, mesh.kinds)
    if not len(turned):
        return mesh
    corners = mesh.vertices[mesh.faces]
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    share = 100 * float(areas[turned].sum() / max(float(areas.sum()), 1e-300))
    faces = mesh.faces.copy()
    faces[turned] = faces[turned][:, ::-1]
    # The same for every profile: a surface has one outside.
    limit = limit_in("overlay.toml", WINDING_CODE, kind="profile", member="education")
    finding = Finding(
        code=WINDING_CODE,
        verdict=limit.grade(share),
        message=(
            f"The mesh has an inconsistent orientation: {share:.2g} % of the surface look inwards, in "
            f"{plural(len(turned), 'face')}, and neighbours disagree on what is outside at "
            f"{plural(n_against, 'edge')}. For the comparison they were turned outwards; the file needs "
            "repair_mesh."
        ),
        measured=share,
        limit=limit.text(),
        unit=limit.unit,
        source=limit.source,
        details={"n_turned_faces": len(turned), "n_edges": n_against},
    )
    return dataclasses.replace(mesh, faces=faces, findings=(*mesh.findings, finding))
