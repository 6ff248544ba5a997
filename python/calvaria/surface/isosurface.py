"""The surface of a volume at a level."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native, _progress
from calvaria._asked import need
from calvaria.errors import CalvariaWarning, GeometryError
from calvaria.mesh import FaceKind, Mesh
from calvaria.volume import Volume

if TYPE_CHECKING:
    from calvaria.volume import Mask

__all__ = ["extract_surface"]

# A mask that ends inside the structure on more than this share of the surface is not what is meant.
_MUCH_CUT_FRACTION = 0.05


def extract_surface(
    volume: Volume,
    *,
    iso_hu: float,
    within: Mask | None = None,
    close_border: bool = True,
) -> Mesh:
    """Return the surface of a volume at a level, as triangles.

    The mask says which structure, the grey values say exactly where: between a sample that reaches
    the level and one that does not, the surface lies where the trilinear interpolant crosses it.  The
    mesh is an oriented 2-manifold that faces outwards, and has the topology of the interpolant, for
    every input; no triangle vanishes when a file rounds its corners to float32.

    Parameters
    ----------
    volume : Volume
        The image, int16 or float32, at least two samples along each axis.  Any affine grid: oblique,
        sheared, left-handed.  NaN means that there is no image at that place.
    iso_hu : float
        The level, in the units of the volume.  A sample that equals it is inside.
    within : Mask, optional
        Where the structure is.  Any label that is not 0 counts.  Where the mask ends inside the
        structure the surface is cut half way to the next sample.  Where the mask is wider than the
        structure it changes nothing.
    close_border : bool
        Whether to close the surface by flat lids on the outermost samples where the structure leaves
        the image.  Without them the mesh has open edges there, and only there.

    Returns
    -------
    Mesh
        Vertices in LPS mm.  ``mesh.kinds`` tells imaged faces from lids (:attr:`FaceKind.CAP`) and
        from cuts of the mask (:attr:`FaceKind.CUT`).  Empty, with a warning, when no sample reaches
        the level or all do and the border is open.

    Raises
    ------
    GeometryError
        The volume is flat, or the grid of ``within`` is another one.
    ValueError
        ``iso_hu`` is not a finite number.

    Warns
    -----
    CalvariaWarning
        Nothing crosses the level; or the mask, not the image, decides more than 5 % of the surface.

    See Also
    --------
    calvaria.segment.bone_level : finds a level that can be defended.

    Notes
    -----
    Crossings keep a ten-thousandth of a step away from the samples (more, where float32 is coarser
    than that), so that samples on the level make no holes.  Faces of a cell are decided by the
    asymptotes of the bilinear interpolant [2]_, tunnels through a cell by its interior [3]_, [4]_.

    References
    ----------
    .. [1] Lorensen & Cline, Computer Graphics 21 (1987) 163, doi:10.1145/37402.37422
    .. [2] Nielson & Hamann, IEEE Visualization 1991, 83, doi:10.1109/VISUAL.1991.175782
    .. [3] Chernyaev, Marching Cubes 33, CERN CN 95-17 (1995)
    .. [4] Custodio et al., J. Braz. Comput. Soc. 25 (2019) 6, doi:10.1186/s13173-019-0086-6

    Examples
    --------
    >>> from calvaria import mesh, phantom
    >>> scanner = phantom.Scanner(columns=48, rows=48, spacing_xy_mm=(0.6, 0.6))
    >>> ball = phantom.scan(phantom.sphere(radius_mm=10.0, hu=1000.0), scanner=scanner)
    >>> surface = extract_surface(ball, iso_hu=0.0)  # half-way between air and the ball
    >>> round(mesh.measure_mesh(surface).volume_mm3, -1)  # 4189 on paper, less what blur takes
    4150.0
    """
    need("volume", volume, Volume)
    if within is not None and not within.grid.is_close(volume.grid):
        msg = f"within: the grid of the volume expected, {volume.grid}, found {within.grid}"
        raise GeometryError(msg)
    mask = None if within is None else within.values.astype(bool, copy=False)
    vertices, faces, kinds = _progress.run(
        lambda progress: _native.extract_surface(
            volume.values,
            volume.grid.dims_ijk,
            volume.grid.lps_from_ijk,
            float(iso_hu),
            mask,
            close_border,
            progress,
        ),
        title="surface",
    )
    mesh = Mesh(vertices=vertices, faces=faces, kinds=kinds, findings=volume.findings)
    _warn(mesh, volume, iso_hu)
    return mesh


def _warn(mesh: Mesh, volume: Volume, iso_hu: float) -> None:
    if not len(mesh.faces):
        low, high = np.nanmin(volume.values), np.nanmax(volume.values)
        msg = f"no surface: iso_hu={iso_hu:g}, values from {low:g} to {high:g}"
        warnings.warn(msg, CalvariaWarning, stacklevel=3)
        return
    share = float(np.mean(mesh.kinds == FaceKind.CUT))
    if share > _MUCH_CUT_FRACTION:
        msg = (
            f"within: the mask, not the image, decides {100 * share:.0f} % of the surface; "
            "a mask that ends inside the structure leaves steps: widen it, or raise iso_hu"
        )
        warnings.warn(msg, CalvariaWarning, stacklevel=3)
