"""Masks by value: threshold and hysteresis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from calvaria import _native
from calvaria._asked import need
from calvaria.segment._bytes import bytes_of, check_grids, hu_only, mask_of
from calvaria.segment.parts import keep_connected
from calvaria.segment.presets import preset_range
from calvaria.volume import Volume

if TYPE_CHECKING:
    from calvaria.volume import Mask

__all__ = ["hysteresis", "threshold"]


def threshold(
    volume: Volume,
    *,
    lower_hu: float | None = None,
    upper_hu: float | None = None,
    preset: str | None = None,
    within: Mask | None = None,
) -> Mask:
    """Return the voxels whose value lies between two bounds, both counted in.

    Parameters
    ----------
    volume : Volume
        The image.  For an image that is not in HU the bounds are in its own values.
    lower_hu, upper_hu : float, optional
        The bounds; at least one must be given, or a preset.
    preset : str, optional
        Instead: a range by name, see :func:`preset_range`.  HU only.
    within : Mask, optional
        Only voxels of this mask are taken.

    Returns
    -------
    Mask
        Boolean, on the grid of ``volume``.

    Raises
    ------
    ValueError
        No bound was given, a bound is NaN, or the lower one is above the upper one; a preset was
        asked of an image that is not in HU.

    See Also
    --------
    bone_level : finds a defensible lower bound for bone.
    preset_range : bounds by name, such as ``"bone"``.

    Examples
    --------
    >>> import math
    >>> from calvaria.phantom import Scanner, scan, sphere
    >>> volume = scan(sphere(), scanner=Scanner(columns=80, rows=80, spacing_xy_mm=(1.0, 1.0)))
    >>> mask = threshold(volume, lower_hu=0)
    >>> abs(mask.n_voxels * 0.8 / (4 / 3 * math.pi * 30**3) - 1) < 0.01
    True
    """
    need("volume", volume, Volume)
    if preset is not None:
        if lower_hu is not None or upper_hu is not None:
            msg = "preset: no bounds beside it expected, found both"
            raise ValueError(msg)
        hu_only(volume, f"preset {preset!r}")
        chosen = preset_range(preset)
        lower_hu, upper_hu = chosen.lower_hu, chosen.upper_hu
    lower, upper = _bounds(lower_hu, upper_hu)
    mask = mask_of(_native.threshold(volume.values, lower, upper), volume)
    if within is None:
        return mask
    check_grids("within", within, volume)
    return mask_of(bytes_of(mask) & (bytes_of(within) != 0), volume)


def hysteresis(volume: Volume, *, lower_hu: float, upper_hu: float, connectivity: int = 26) -> Mask:
    """Return the parts at or above ``lower_hu`` that reach ``upper_hu`` somewhere.

    Thin bone hangs on to thick bone; noise and stray voxels that never reach the upper bound go.

    Parameters
    ----------
    volume : Volume
        The image.
    lower_hu, upper_hu : float
        Every voxel returned is at or above the lower one; every part has a voxel at or above the
        upper one.
    connectivity : {26, 18, 6}
        Which voxels are neighbours.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    ValueError
        The lower bound is above the upper one.

    References
    ----------
    J. Canny, A computational approach to edge detection, doi 10.1109/TPAMI.1986.4767851, section
    VI.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> values = np.array([[[0, 180, 320, 170, 0, 190, 0]]], np.int16)
    >>> volume = Volume(values=values, grid=Grid(dims_ijk=(7, 1, 1), lps_from_ijk=np.eye(4)))
    >>> hysteresis(volume, lower_hu=150, upper_hu=300).values[0, 0].astype(int)
    array([0, 1, 1, 1, 0, 0, 0])
    """
    need("volume", volume, Volume)
    lower, upper = _bounds(lower_hu, upper_hu)
    weak = mask_of(_native.threshold(volume.values, lower, math.inf), volume)
    strong = mask_of(_native.threshold(volume.values, upper, math.inf), volume)
    return keep_connected(weak, seeds=strong, connectivity=connectivity)


def _bounds(lower_hu: float | None, upper_hu: float | None) -> tuple[float, float]:
    if lower_hu is None and upper_hu is None:
        msg = "lower_hu or upper_hu: at least one bound expected, found none"
        raise ValueError(msg)
    lower = -math.inf if lower_hu is None else _number("lower_hu", lower_hu)
    upper = math.inf if upper_hu is None else _number("upper_hu", upper_hu)
    if not lower <= upper:
        msg = f"lower_hu, upper_hu: numbers in ascending order expected, found {lower} and {upper}"
        raise ValueError(msg)
    return lower, upper


def _number(name: str, value: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        msg = f"{name}: a number expected, found {value!r}"
        raise ValueError(msg) from None
