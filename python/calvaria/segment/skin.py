"""The patient up to the skin, and the air inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria.segment._bytes import hu_only
from calvaria.segment._steps import named, step
from calvaria.segment.holes import fill_holes
from calvaria.segment.levels import threshold
from calvaria.segment.parts import keep_largest
from calvaria.segment.patient import patient
from calvaria.segment.presets import preset_range
from calvaria.segment.shapes import closing, margin

if TYPE_CHECKING:
    from calvaria.volume import Mask, Volume

__all__ = ["airway", "skin"]


def skin(volume: Volume, *, lower_hu: float | None = None) -> Mask:
    """Outline the whole patient up to the skin, with everything inside filled.

    The recipe: :func:`patient`; :func:`closing` by 2 mm; :func:`fill_holes` in three dimensions and
    in every slice along all three axes.

    Parameters
    ----------
    volume : Volume
        A CT in HU.
    lower_hu : float, optional
        Where tissue begins; left out, -300 HU.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    SegmentationError
        Nothing is as dense as tissue.
    ValueError
        The volume is not in HU.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> values = np.full((20, 30, 30), -1000, np.int16)
    >>> values[:, 5:25, 5:25] = 40
    >>> values[:, 12:18, 12:18] = -1000  # an airway
    >>> grid = Grid(dims_ijk=(30, 30, 20), lps_from_ijk=np.diag([2, 2, 2, 1]))
    >>> volume = Volume(values=values, grid=grid)
    >>> mask = skin(volume)
    >>> mask.values[10, 15, 15].item()  # what it encloses is filled
    True
    >>> mask.values[10, 2, 15].item()
    False
    """
    outline = keep_largest(patient(volume, lower_hu=lower_hu))
    filled = fill_holes(closing(outline, radius_mm=2.0))
    for axis in "kji":
        filled = fill_holes(filled, by_slice=axis)
    return named(filled, "skin", (step("Closed by 2 mm and filled along all axes."),))


def airway(volume: Volume, *, upper_hu: float | None = None, skin_mm: float = 1.0) -> Mask:
    """Outline the largest connected air space inside the patient.

    In a head these are nose, pharynx and the sinuses that open into them; in a chest the lungs are
    part of it.  The recipe: :func:`threshold` below -400 HU within :func:`skin`, shrunk a little;
    :func:`keep_largest` by faces.

    Parameters
    ----------
    volume : Volume
        A CT in HU.
    upper_hu : float, optional
        Where air ends; left out, -400 HU, the preset ``"air"``.
    skin_mm : float
        How far from the skin it ends, mm.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    EmptyMaskError
        There is no air inside.
    ValueError
        The volume is not in HU.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> values = np.full((20, 30, 30), -1000, np.int16)
    >>> values[:, 5:25, 5:25] = 40
    >>> values[2:18, 12:18, 12:18] = -1000
    >>> grid = Grid(dims_ijk=(30, 30, 20), lps_from_ijk=np.diag([2, 2, 2, 1]))
    >>> volume = Volume(values=values, grid=grid)
    >>> airway(volume).n_voxels  # 16 x 6 x 6 voxels
    576
    """
    hu_only(volume, "airway")
    upper = preset_range("air").upper_hu if upper_hu is None else float(upper_hu)
    inside = margin(skin(volume), by_mm=-skin_mm)
    made = keep_largest(threshold(volume, upper_hu=upper, within=inside), connectivity=6)
    return named(made, "airway", (step(f"Air up to {upper:.0f} HU.", upper, "HU"),))
