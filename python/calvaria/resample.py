"""A volume on another grid: trilinear, inside the imaged region only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native, _progress
from calvaria._asked import need
from calvaria.findings import Finding, Verdict
from calvaria.geometry import Grid
from calvaria.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["resample_slices", "resample_to_grid", "resample_to_orthogonal"]


def __dir__() -> list[str]:
    return sorted(__all__)


AIR_HU = -1000


def resample_to_orthogonal(
    volume: Volume,
    *,
    spacing_xyz_mm: tuple[float, float, float] | None = None,
    fill: float | None = None,
) -> Volume:
    """Return the volume on a grid at right angles that bounds the whole image.

    A gantry tilt shears a grid: its slices step along the table, not along their normal.  The
    new grid shares the in-plane frame, and its third axis is the normal of the slices.

    Parameters
    ----------
    volume : Volume
        On any grid: sheared, oblique, left-handed.
    spacing_xyz_mm : tuple of float, optional
        Distance between voxels along the new i, j and k, mm.  Left out, the in-plane spacing and
        the distance between slices along their normal are kept: the new slices then lie in the
        planes of the old ones, and nothing is blurred from one slice to the next.
    fill : float, optional
        Value where there was no image; air (-1000) for HU, else the smallest value.

    Returns
    -------
    Volume
        Same dtype; int16 values are rounded to the nearest, ties away from zero.  Carries the
        findings of ``volume`` and a finding ``resampled``.

    Raises
    ------
    GeometryError
        The spacing is not positive, or asks for more than 2^32 voxels.
    ValueError
        ``fill`` is not a value of the volume's dtype.

    See Also
    --------
    resample_to_grid : onto a grid of your own.

    Notes
    -----
    Places outside the lattice of voxel centres are filled, not extrapolated: the image does not
    grow by half a voxel.  The result is the same, bit for bit, for any number of threads.

    Examples
    --------
    >>> tilted = np.diag([0.5, 0.5, 2.0, 1.0])
    >>> tilted[1, 2] = 0.7  # every slice steps 0.7 mm along y
    >>> grid = Grid(dims_ijk=(40, 30, 20), lps_from_ijk=tilted)
    >>> volume = Volume(values=np.zeros((20, 30, 40), np.int16), grid=grid)
    >>> resample_to_orthogonal(volume)
    Volume(40 x 57 x 20 int16 HU, 0.5 x 0.5 x 2 mm)
    """
    need("volume", volume, Volume)
    dims_ijk, lps_from_ijk = _native.orthogonal_grid(
        volume.grid.dims_ijk, volume.grid.lps_from_ijk, _three(spacing_xyz_mm)
    )
    return resample_to_grid(
        volume, grid=Grid(dims_ijk=dims_ijk, lps_from_ijk=lps_from_ijk), fill=fill
    )


def resample_to_grid(volume: Volume, *, grid: Grid, fill: float | None = None) -> Volume:
    """Return the values of a volume at the voxel centres of another grid.

    Parameters
    ----------
    volume : Volume
        Where the values come from.
    grid : Grid
        Where they are wanted; any orientation, LPS mm.
    fill : float, optional
        As for :func:`resample_to_orthogonal`.

    Returns
    -------
    Volume
        On ``grid``; same dtype.

    Raises
    ------
    ValueError
        ``fill`` is not a value of the volume's dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> grid = Grid(dims_ijk=(4, 1, 1), lps_from_ijk=np.eye(4))
    >>> volume = Volume(values=np.array([[[0, 100, 200, 300]]], np.int16), grid=grid)
    >>> half = np.eye(4)
    >>> half[0, 3] = 0.5  # the same voxels, half a millimetre to the left
    >>> resample_to_grid(volume, grid=Grid(dims_ijk=(3, 1, 1), lps_from_ijk=half)).values[0, 0]
    array([ 50, 150, 250], dtype=int16)
    """
    need("volume", volume, Volume)
    native: Any = (
        _native.resample_to_grid_i16
        if volume.values.dtype == np.int16
        else _native.resample_to_grid_f32
    )
    filled = _fill(volume, fill)
    values = _progress.run(
        lambda progress: native(
            volume.values,
            volume.grid.lps_from_ijk,
            grid.dims_ijk,
            grid.lps_from_ijk,
            filled,
            progress,
        ),
        title="resampling",
    )
    note = Finding(
        code="resampled",
        verdict=Verdict.PASS,
        message="The voxels were interpolated from those of the scan.",
    )
    values.flags.writeable = False
    return Volume(
        values=values,
        grid=grid,
        findings=(*volume.findings, note),
        quantity=volume.quantity,
        acquisition=volume.acquisition,
    )


def resample_slices(
    values: NDArray[Any], *, positions_mm: ArrayLike, spacing_mm: float, max_gap_mm: float
) -> NDArray[Any]:
    """Return evenly spaced slices from unevenly spaced ones, linear between neighbours.

    Parameters
    ----------
    values : (n, ny, nx) ndarray of int16 or float32
        The slices.
    positions_mm : (n,) array_like of float
        Position of each slice along the normal, ascending, mm.
    spacing_mm : float
        Distance between the new slices; the first lies at ``positions_mm[0]``.
    max_gap_mm : float
        Neighbours farther apart than this are not interpolated between.

    Returns
    -------
    (m, ny, nx) ndarray
        Same dtype; a new slice at the place of an old one is that slice, untouched.

    Raises
    ------
    GeometryError
        A gap is larger than ``max_gap_mm``, the positions do not ascend, or the spacing is not
        positive.

    Examples
    --------
    >>> slices = np.zeros((3, 1, 1), np.int16)
    >>> slices[:, 0, 0] = [0, 100, 400]
    >>> even = resample_slices(slices, positions_mm=[0, 1, 4], spacing_mm=2.0, max_gap_mm=3.0)
    >>> even[:, 0, 0].tolist()
    [0, 200, 400]
    """
    native: Any = (
        _native.resample_slices_i16 if values.dtype == np.int16 else _native.resample_slices_f32
    )
    made: NDArray[Any] = _progress.run(
        lambda progress: native(
            np.ascontiguousarray(values),
            np.ascontiguousarray(positions_mm, dtype=np.float64),
            spacing_mm,
            max_gap_mm,
            progress,
        ),
        title="resampling slices",
    )
    return made


def _three(spacing_xyz_mm: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
    if spacing_xyz_mm is None:
        return None
    numbers = tuple(float(s) for s in spacing_xyz_mm)
    if len(numbers) != 3:
        msg = f"spacing_xyz_mm: three numbers expected, found {spacing_xyz_mm}"
        raise ValueError(msg)
    return numbers


def _fill(volume: Volume, fill: float | None) -> float | int:
    if fill is None:
        fill = AIR_HU if volume.is_hu else volume.values.min().item()
    if volume.values.dtype == np.int16:
        if fill != int(fill) or not -32768 <= fill <= 32767:
            msg = f"fill: a whole number from -32768 to 32767 expected, found {fill}"
            raise ValueError(msg)
        return int(fill)
    return float(fill)
