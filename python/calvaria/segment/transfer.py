"""Masks brought onto the grid of an image."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np

from calvaria._asked import need
from calvaria.errors import CalvariaWarning, GeometryError
from calvaria.geometry import Grid
from calvaria.resample import resample_to_grid
from calvaria.segment.levels import threshold
from calvaria.volume import Mask, Volume

__all__ = ["resample_mask"]

# A mask is called coarser when its voxels are longer than the image's by more than rounding.
_COARSER = 1.05


def resample_mask(mask: Mask, *, grid: Grid, is_smooth: bool = False) -> Mask:
    """Return a mask or label map on another grid, such as that of the image.

    Parameters
    ----------
    mask : Mask
        The mask; any orientation.
    grid : Grid
        Where it is wanted, LPS, mm.
    is_smooth : bool
        False: every voxel takes the label at its centre.  True, for a mask of one structure: a
        voxel is in when the interpolated share of the mask there is at least half, which rounds
        the steps of a coarse mask.

    Returns
    -------
    Mask
        On `grid`, with the same names; background where the mask does not reach.

    Raises
    ------
    GeometryError
        The mask and the grid have no place in common.
    ValueError
        `is_smooth` with several labels.

    Warns
    -----
    CalvariaWarning
        The voxels of the mask are longer than those of the grid: its steps stay.  Let the grey
        values decide within it: :func:`threshold` with ``within=margin(mask, by_mm=...)``.

    Examples
    --------
    >>> coarse = Mask(values=np.ones((1, 1, 2), bool), grid=Grid(dims_ijk=(2, 1, 1), lps_from_ijk=np.eye(4)))
    >>> same = Grid(dims_ijk=(4, 1, 1), lps_from_ijk=np.eye(4))
    >>> resample_mask(coarse, grid=same).values[0, 0].tolist()
    [True, True, False, False]
    """
    need("mask", mask, Mask)
    if mask.grid.is_close(grid, tolerance_mm=1e-4):
        return dataclasses.replace(mask, grid=grid)
    _check_reach(mask.grid, grid)
    coarser = _coarser(mask.grid, grid)
    if coarser:
        warnings.warn(
            f"the mask is coarser than the grid ({coarser}); a surface made of it shows its steps",
            CalvariaWarning,
            stacklevel=2,
        )
    if is_smooth:
        labels = np.unique(mask.values)
        if labels[labels != 0].size > 1:
            msg = f"is_smooth: a mask of one structure expected, found {labels.size - 1} labels"
            raise ValueError(msg)
        share = Volume(
            values=(mask.values != 0).astype(np.int16) * np.int16(1000),
            grid=mask.grid,
            quantity="arbitrary",
        )
        made = threshold(resample_to_grid(share, grid=grid, fill=0), lower_hu=500)
        return dataclasses.replace(made, names=dict(mask.names), findings=mask.findings)
    values = _nearest(mask, grid)
    values.flags.writeable = False
    return dataclasses.replace(mask, values=values, grid=grid)


def _nearest(mask: Mask, grid: Grid) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """Take the label at every voxel centre, slice by slice."""
    nx, ny, nz = grid.dims_ijk
    made = np.zeros(grid.shape_kji, mask.values.dtype)
    source_from_target = np.linalg.inv(mask.grid.lps_from_ijk) @ grid.lps_from_ijk
    i, j = np.arange(nx, dtype=np.float64), np.arange(ny, dtype=np.float64)[:, None]
    for k in range(nz):
        inside = np.ones((ny, nx), bool)
        index = []
        for axis, n in enumerate(mask.grid.dims_ijk):
            a, b, c, d = source_from_target[axis].tolist()
            # Halves go up on both sides, so that neither rounding nor a flip makes two rules.
            at = np.floor(a * i + b * j + (c * k + d) + 0.5 + 1e-9).astype(np.int64)
            inside &= (at >= 0) & (at < n)
            index.append(np.clip(at, 0, n - 1))
        made[k] = np.where(inside, mask.values[index[2], index[1], index[0]], 0)
    return made


def _check_reach(mask: Grid, grid: Grid) -> None:
    ours, theirs = mask.corners_lps_mm(), grid.corners_lps_mm()
    if (ours.min(axis=0) > theirs.max(axis=0)).any() or (
        ours.max(axis=0) < theirs.min(axis=0)
    ).any():
        msg = "mask: a mask that overlaps the grid expected, found one that lies elsewhere"
        raise GeometryError(msg)


def _coarser(mask: Grid, grid: Grid) -> str:
    """Say along which axes the mask is coarser; empty when along none."""
    per_mm = np.linalg.inv(grid.lps_from_ijk[:3, :3])
    found = []
    for axis, length_mm in enumerate(mask.spacing_xyz_mm):
        unit = mask.lps_from_ijk[:3, axis] / length_mm
        grid_mm = 1.0 / float(np.linalg.norm(per_mm @ unit))
        if length_mm > _COARSER * grid_mm:
            found.append(f"{length_mm:.3g} mm along {'ijk'[axis]} against {grid_mm:.3g} mm")
    return "; ".join(found)
