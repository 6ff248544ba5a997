"""The surfaces of masks and label maps, where there are no grey values to tell the place."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from calvaria import _native, _progress
from calvaria._asked import need
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import CalvariaWarning
from calvaria.mesh import Mesh
from calvaria.volume import Mask

__all__ = ["LabelSurface", "extract_label_surfaces", "extract_mask_surface"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelSurface:
    """One label of a map and its surface.

    Parameters
    ----------
    label : int
        The label value; never 0, which is background.
    name : str
        Its name where the mask knows it, else ``"label 3"``.
    mesh : Mesh
        Its surface, facing outwards, LPS mm.
    """

    label: int
    name: str
    mesh: Mesh

    def __repr__(self) -> str:
        return f"LabelSurface({self.label}, {self.name!r}, {plural(len(self.mesh.faces), 'face')})"

    def _repr_html_(self) -> str:
        return html_table(header=("surface", "value"), rows=self.to_dict().items())

    def to_dict(self) -> dict[str, Any]:
        """Return the label and the size of its mesh, ready for JSON."""
        return {
            "label": self.label,
            "name": self.name,
            "n_vertices": len(self.mesh.vertices),
            "n_faces": len(self.mesh.faces),
        }


def extract_mask_surface(
    mask: Mask, *, smoothing_iterations: int = 35, close_border: bool = True
) -> Mesh:
    """Return the smooth surface of a mask.

    For masks without grey values: drawn by hand, or by a network.  Where there is an image,
    :func:`extract_surface` with ``within=mask`` is the better surface.  The terraces of the voxels are
    smoothed away, but no part of the surface leaves the cell between samples where it lies, so that
    the mesh keeps the samples of the mask inside and all others outside.  The volume is kept: within
    1 % where the mask is five voxels thick or more; small parts, threads and sheets, which smoothing
    would draw to nothing, get theirs back and keep nine tenths or more, ragged ones 0.88; a void under
    a wall of a few voxels keeps less.

    Parameters
    ----------
    mask : Mask
        At least two samples along each axis.  Any label that is not 0 counts.
    smoothing_iterations : int
        Iterations of the smoothing; 0 gives the bare net.
    close_border : bool
        Whether to close the surface by flat lids on the outermost samples where the structure leaves
        the image.  Without them the mesh has open edges there, and only there.

    Returns
    -------
    Mesh
        Vertices in LPS mm; ``mesh.kinds`` tells lids (:attr:`FaceKind.CAP`).  An oriented 2-manifold
        for every mask, also after its corners are rounded to float32.  Voxels that touch along an
        edge or at a corner only are kept apart.

    Raises
    ------
    GeometryError
        The mask is flat, or its grid lies so far from the origin that float32 cannot hold it.
    ValueError
        ``smoothing_iterations`` is negative.

    Warns
    -----
    CalvariaWarning
        The mask is empty.

    See Also
    --------
    extract_label_surfaces : all labels at once, with shared borders.

    References
    ----------
    See :func:`extract_label_surfaces`.

    Examples
    --------
    >>> from calvaria import Grid, Mask
    >>> k, j, i = np.indices((20, 20, 20)) - 9.5
    >>> ball = Mask(values=i**2 + j**2 + k**2 < 64, grid=Grid(dims_ijk=(20, 20, 20), lps_from_ijk=np.eye(4)))
    >>> extract_mask_surface(ball).kinds.max()
    np.uint8(0)
    """
    need("mask", mask, Mask)
    is_set = mask.values if mask.values.dtype == bool else mask.values != 0
    values = is_set.view(np.uint8)
    found = _draw(
        values, mask, smoothing_iterations=smoothing_iterations, close_border=close_border
    )
    if not found:
        warnings.warn("mask: no voxel is set, so no surface", CalvariaWarning, stacklevel=2)
        return Mesh(
            vertices=np.zeros((0, 3)), faces=np.zeros((0, 3), np.int32), findings=mask.findings
        )
    return found[0][1]


def extract_label_surfaces(
    mask: Mask, *, smoothing_iterations: int = 35, close_border: bool = True
) -> tuple[LabelSurface, ...]:
    """Return the smooth surface of every label of a map.

    Labels that touch share their border: each triangle between two labels stands in both meshes with
    the same three points, once in each direction.  So parts fit, without gap or overlap.

    Parameters
    ----------
    mask : Mask
        Labels from 1; 0 is background.  At least two samples along each axis.
    smoothing_iterations : int
        Iterations of the smoothing; 0 gives the bare net.
    close_border : bool
        As in :func:`extract_mask_surface`.

    Returns
    -------
    tuple of LabelSurface
        One for each label that occurs, in the order of the labels.

    Raises
    ------
    GeometryError
        The mask is flat, or its grid lies so far from the origin that float32 cannot hold it.
    ValueError
        ``smoothing_iterations`` is negative.

    Warns
    -----
    CalvariaWarning
        No label occurs.

    Notes
    -----
    Surface nets [1]_, [2]_: one node in every cell of eight samples with more than one label, smoothed
    by the windowed sinc filter [3]_ but never out of its cell; a line where three labels meet is
    smoothed as a line.  Every mesh is an oriented 2-manifold by itself.  Where labels touch only along
    an edge or at a corner of voxels the node is divided; in the few cells where no shared point would
    leave both meshes manifold, manifold wins, and the borders part there by about a hundredth of a
    voxel.

    References
    ----------
    .. [1] Gibson, MICCAI 1998, 888, doi:10.1007/BFb0056277
    .. [2] Frisken, SurfaceNets for multi-label segmentations with preservation of sharp boundaries,
       J. Computer Graphics Techniques 11(1) (2022) 34
    .. [3] Taubin, Zhang & Golub, ECCV 1996, 283, doi:10.1007/BFb0015544

    Examples
    --------
    >>> from calvaria import Grid, Mask
    >>> values = np.zeros((12, 12, 12), np.uint8)
    >>> values[2:10, 2:10, 2:6], values[2:10, 2:10, 6:10] = 1, 2
    >>> halves = Mask(values=values, grid=Grid(dims_ijk=(12, 12, 12), lps_from_ijk=np.eye(4)))
    >>> [one.name for one in extract_label_surfaces(halves)]
    ['label 1', 'label 2']
    """
    need("mask", mask, Mask)
    values = mask.values.view(np.uint8) if mask.values.dtype == np.bool_ else mask.values
    found = _draw(
        values, mask, smoothing_iterations=smoothing_iterations, close_border=close_border
    )
    if not found:
        warnings.warn("mask: no label occurs, so no surface", CalvariaWarning, stacklevel=2)
    return tuple(
        LabelSurface(label=label, name=mask.names.get(label, f"label {label}"), mesh=mesh)
        for label, mesh in found
    )


def _draw(
    values: Any, mask: Mask, *, smoothing_iterations: int, close_border: bool
) -> list[tuple[int, Mesh]]:
    if smoothing_iterations < 0:
        msg = f"smoothing_iterations: 0 or more expected, found {smoothing_iterations}"
        raise ValueError(msg)
    found = _progress.run(
        lambda progress: _native.extract_label_surfaces(
            values,
            mask.grid.dims_ijk,
            mask.grid.lps_from_ijk,
            smoothing_iterations,
            close_border,
            progress,
        ),
        title="label surfaces",
    )
    return [
        (label, Mesh(vertices=vertices, faces=faces, kinds=kinds, findings=mask.findings))
        for label, (vertices, faces, kinds) in found
    ]
