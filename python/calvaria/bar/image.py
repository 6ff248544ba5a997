"""A bar in a CT: its faces where the sum of each profile says the edge is, far below a voxel."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from calvaria.bar.planes import FittedPlane, fit_plane
from calvaria.bar.scan import FoundBar, find_bars, find_patches
from calvaria.errors import BarNotFoundError, CalvariaWarning
from calvaria.geometry import Grid
from calvaria.mesh import remove_small_parts
from calvaria.resample import resample_to_grid
from calvaria.segment import automatic_level
from calvaria.surface import extract_surface

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from calvaria.volume import Volume

__all__ = ["find_bars_in_volume", "refined"]

_REACH_MM = 3.0  # or so many times the largest voxel edge
_PLATEAU_FRACTION = 0.5
_LEAST_CONTRAST = 0.5  # of the median of the face; weaker profiles cross something else
_LEAST_PROFILES = 20


def find_bars_in_volume(
    volume: Volume,
    *,
    lengths_mm: Sequence[float],
    tolerance_fraction: float | None,
    iso_hu: float | None,
) -> tuple[list[FoundBar], float]:
    """Return the bars whose surface lies at a level, and the level; Otsu's where none is given."""
    level = automatic_level(volume, method="otsu").level if iso_hu is None else float(iso_hu)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalvariaWarning)
        mesh = extract_surface(volume, iso_hu=level)
        mesh = remove_small_parts(mesh, min_part_mm3=50.0).mesh
    if not len(mesh.faces):
        msg = f"volume: a body brighter than {level:g} expected, found none; give iso_hu"
        raise BarNotFoundError(msg)
    patches = find_patches(mesh)
    return (
        find_bars(mesh, patches, lengths_mm=lengths_mm, tolerance_fraction=tolerance_fraction),
        level,
    )


def refined(volume: Volume, plane: FittedPlane, *, reach_mm: float) -> FittedPlane:
    """Return a face anew from profiles across it, each with its own plateaus.

    One level for the whole image is not half-way where the bar darkens towards its middle (beam
    hardening) or where a neighbour brightens it; along a profile both plateaus are local.

    Parameters
    ----------
    volume : Volume
        The image.
    plane : FittedPlane
        The face at a single level.
    reach_mm : float
        Half the side of the square that is sampled, inside the face.

    Returns
    -------
    FittedPlane
        The given plane where fewer than 20 profiles cross an edge.

    References
    ----------
    Tabatabai and Mitchell, Edge location to subpixel values in digital imagery, IEEE PAMI 6, 1984,
    doi:10.1109/TPAMI.1984.4767502 (edges from what a profile holds, not from a threshold).
    """
    step = min(volume.grid.spacing_xyz_mm) / 2
    across = step * np.arange(-int(reach_mm / step), int(reach_mm / step) + 1)
    reach = _REACH_MM * max(1.0, *volume.grid.spacing_xyz_mm)
    n_out = int(np.ceil(reach / (step / 2)))
    along = (step / 2) * np.arange(-n_out, n_out + 1)
    u = np.cross(plane.normal, np.eye(3)[np.argmin(np.abs(plane.normal))])
    u /= np.linalg.norm(u)
    v = np.cross(plane.normal, u)
    affine = np.eye(4)
    affine[:3, :3] = np.stack([step * u, step * v, step / 2 * plane.normal], axis=1)
    affine[:3, 3] = plane.point_lps_mm + u * across[0] + v * across[0] + plane.normal * along[0]
    grid = Grid(dims_ijk=(len(across), len(across), len(along)), lps_from_ijk=affine)
    values = resample_to_grid(volume, grid=grid).values.astype(np.float64)
    profiles = values.reshape(len(along), -1).T
    at = _crossings(profiles, along.astype(np.float64), _PLATEAU_FRACTION * reach)
    j, i = np.divmod(np.arange(len(profiles)), len(across))
    places = plane.point_lps_mm + np.outer(across[i], u) + np.outer(across[j], v)
    points = (places + np.outer(at, plane.normal))[np.isfinite(at)]
    if len(points) < _LEAST_PROFILES:
        return plane
    return fit_plane(points, outwards=plane.normal)


def _crossings(
    profiles: NDArray[np.float64], along: NDArray[np.float64], plateau_mm: float
) -> NDArray[np.float64]:
    """Return where the edge of each profile lies, NaN where there is none.

    The sum of a profile between its plateaus is the same wherever the edge lies among the voxels, as
    long as the blur is symmetric; the place of the half value is not: it is off by up to a seventh of
    a slice that is as thick as its increment.
    """
    inside = np.median(profiles[:, along < -plateau_mm], axis=1)
    outside = np.median(profiles[:, along > plateau_mm], axis=1)
    contrast = inside - outside
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (profiles - outside[:, None]) / contrast[:, None]
    where = along[0] + ((share[:, 1:] + share[:, :-1]) / 2 * np.diff(along)).sum(axis=1)
    is_good = (contrast > 0) & (contrast > _LEAST_CONTRAST * np.median(contrast))
    is_good &= np.abs(where) < plateau_mm
    found: NDArray[np.float64] = np.where(is_good, where, np.nan)
    return found
