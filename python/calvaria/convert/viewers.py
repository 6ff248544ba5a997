"""PyVista and NiiVue: other viewers, each in the frame it thinks in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._asked import need
from calvaria._optional import neighbour
from calvaria.convert.nifti import to_nibabel
from calvaria.mesh import Mesh
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["mesh_from_pyvista", "to_niivue", "to_pyvista"]

# A record of binary STL: normal, three corners, two bytes that mean nothing.
_STL = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("rest", "<u2")])


def to_pyvista(thing: Volume | Mask | Mesh) -> Any:
    """Return a mesh, a volume or a mask as an object of PyVista.

    Parameters
    ----------
    thing : Mesh, Volume or Mask
        A volume or mask on a grid without shear.

    Returns
    -------
    pyvista.PolyData or pyvista.ImageData
        In LPS mm: PyVista has no frame of its own.  Faces carry ``"kind"``
        (:class:`~calvaria.FaceKind`), voxels ``"values"`` as point data at the same places.

    Raises
    ------
    GeometryError
        The grid is sheared; ``resample_to_orthogonal(volume)`` makes one that is not.
    ImportError
        PyVista is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Mesh
    >>> made = to_pyvista(Mesh(vertices=np.eye(3), faces=[[0, 1, 2]]))
    >>> made.n_points, made.n_cells
    (3, 1)
    """
    need("thing", thing, Volume, Mask, Mesh)
    pyvista = neighbour("pyvista")
    if isinstance(thing, Mesh):
        made = pyvista.PolyData.from_regular_faces(thing.vertices.copy(), thing.faces)
        made.cell_data["kind"] = thing.kinds.copy()
        return made
    image = pyvista.ImageData(
        dimensions=thing.grid.dims_ijk,
        spacing=thing.grid.spacing_xyz_mm,
        origin=thing.grid.origin_lps_mm,
        direction_matrix=thing.grid.direction,
    )
    values = thing.values.view(np.uint8) if thing.values.dtype == np.bool_ else thing.values
    image.point_data["values"] = values.ravel().copy()
    return image


def mesh_from_pyvista(surface: Any) -> Mesh:
    """Return a surface of PyVista as a mesh.

    Parameters
    ----------
    surface : pyvista.PolyData
        Triangles, in LPS mm.  ``"kind"`` of the faces is taken where it is there.

    Returns
    -------
    Mesh
        The same triangles.

    Raises
    ------
    ValueError
        Faces with more than three corners; ``surface.triangulate()`` makes triangles.

    Examples
    --------
    >>> from calvaria.convert import to_pyvista
    >>> from calvaria.printability import block_mesh
    >>> mesh_from_pyvista(to_pyvista(block_mesh(size_mm=(2, 3, 4))))
    Mesh(8 vertices, 12 faces)
    """
    if not surface.is_all_triangles:
        msg = (
            "surface: triangles expected, found other faces; surface.triangulate() makes triangles"
        )
        raise ValueError(msg)
    kinds = np.array(surface.cell_data["kind"]) if "kind" in surface.cell_data else None
    return Mesh(
        vertices=np.array(surface.points, np.float64),
        faces=np.array(surface.regular_faces, np.int32),
        kinds=kinds,  # type: ignore[arg-type]  # an array once it is made
    )


def to_niivue(volume: Volume, *, meshes: Mapping[str, Mesh] | None = None) -> Any:
    """Return a widget of NiiVue for Jupyter that shows a volume, with meshes on it.

    Parameters
    ----------
    volume : Volume
        Any grid.
    meshes : mapping of str to Mesh, optional
        In LPS mm, by name.

    Returns
    -------
    ipyniivue.NiiVue
        A live widget.  NiiVue thinks in RAS: the image goes as NIfTI, vertices have x and y turned.

    Raises
    ------
    ImportError
        ipyniivue or nibabel is not installed.

    See Also
    --------
    calvaria.view.view_volume : stays alive when the notebook becomes a page; a widget does not.

    Examples
    --------
    >>> from calvaria.phantom import Scanner, scan, sphere
    >>> small = Scanner(columns=32, rows=32, spacing_xy_mm=(2.5, 2.5), n_slices=4)
    >>> widget = to_niivue(scan(sphere(), scanner=small))
    >>> len(widget.volumes)
    1
    """
    niivue = neighbour("ipyniivue")
    widget = niivue.NiiVue()
    widget.load_volumes([{"name": "image.nii", "data": to_nibabel(volume).to_bytes()}])
    if meshes:
        widget.load_meshes(
            [{"name": f"{name}.stl", "data": _stl_ras(mesh)} for name, mesh in meshes.items()]
        )
    return widget


def _stl_ras(mesh: Mesh) -> bytes:
    """Return a binary STL in RAS; turning two axes keeps the winding."""
    records = np.zeros(len(mesh.faces), _STL)
    records["corners"] = (mesh.vertices * (-1.0, -1.0, 1.0))[mesh.faces]
    header = b"SPACE=RAS;UNIT=mm".ljust(80) + np.uint32(len(records)).tobytes()
    return header + records.tobytes()
