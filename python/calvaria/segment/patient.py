"""The patient without table, cushions and head holder; and metal."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from calvaria._arrays import frozen
from calvaria.errors import SegmentationError
from calvaria.segment._bytes import hu_only, mask_of
from calvaria.segment._steps import named, step
from calvaria.segment.levels import threshold
from calvaria.segment.logic import intersection
from calvaria.segment.parts import find_parts, keep_connected, keep_largest, remove_small
from calvaria.segment.presets import preset_range
from calvaria.segment.shapes import margin, opening

if TYPE_CHECKING:
    from calvaria.volume import Mask, Volume

__all__ = ["metal", "patient", "remove_table"]

# Tables and head holders are shells: thinner than twice this.  So are cushions, once the foam,
# which is as light as air, has gone.
_SHELL_MM = 6.0
# A body is thicker than a shell all over; a dry skull is not.
_BODY_SHARE = 0.3
_DRY_PART_MM3 = 500.0
_DRY_REACH_MM = 15.0


def patient(volume: Volume, *, lower_hu: float | None = None, bone_hu: float = 300.0) -> Mask:
    """Outline the patient, without table, cushions and head holder.

    Parameters
    ----------
    volume : Volume
        A CT in HU.
    lower_hu : float, optional
        Where tissue begins; left out, -300 HU, the preset ``"patient"``.
    bone_hu : float
        For a dry skull or a plastic phantom: where its material begins, HU.

    Returns
    -------
    Mask
        Boolean; what the patient encloses (airways, lungs) is not filled.

    Raises
    ------
    SegmentationError
        Nothing is as dense as tissue.
    ValueError
        The volume is not in HU.

    See Also
    --------
    skin : the same with everything inside filled.
    remove_table : the volume with the rest made air.

    Notes
    -----
    The table is a shell and the patient is not: what survives an opening by 6 mm is the patient,
    and what lies within 7 mm of that.  A dry skull is itself a shell; when next to nothing survives
    the opening, the largest part denser than bone is taken, with the parts that lie beside it.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> values = np.full((30, 40, 30), -1000, np.int16)
    >>> values[:, 5:25, 5:25] = 40  # a patient, 20 voxels across
    >>> values[:, 35, :] = 200  # a table, one voxel thin
    >>> grid = Grid(dims_ijk=(30, 40, 30), lps_from_ijk=np.diag([2, 2, 2, 1]))
    >>> volume = Volume(values=values, grid=grid)
    >>> outline = patient(volume)
    >>> outline.values[15, 15, 15].item(), outline.values[15, 35, 15].item()
    (True, False)
    """
    hu_only(volume, "patient")
    lower = preset_range("patient").lower_hu if lower_hu is None else float(lower_hu)
    tissue = threshold(volume, lower_hu=lower)
    if not tissue.values.any():
        msg = f"volume: tissue above {lower:.0f} HU expected, found none"
        raise SegmentationError(msg)
    thick = opening(tissue, radius_mm=_SHELL_MM)
    if thick.n_voxels >= _BODY_SHARE * tissue.n_voxels:
        body = keep_largest(thick)
        made = keep_connected(intersection(tissue, margin(body, by_mm=_SHELL_MM + 1.0)), seeds=body)
        why = step("Patient: what is thicker than 12 mm, and what hangs on to it.", lower, "HU")
        return named(made, "patient", (why,))
    made = keep_connected(tissue, seeds=_dry(volume, bone_hu), connectivity=6)
    why = step("Patient: nothing thick found, so a dry skull or a phantom in air.", bone_hu, "HU")
    return named(made, "patient", (why,))


def _dry(volume: Volume, bone_hu: float) -> Mask:
    """Find the largest dense part, and the dense parts that lie beside it and are no table."""
    parts = find_parts(threshold(volume, lower_hu=bone_hu))
    if not len(parts):
        msg = f"volume: something denser than {bone_hu:.0f} HU expected, found nothing"
        raise SegmentationError(msg)
    steps = np.asarray(volume.grid.spacing_xyz_mm)
    low = np.asarray(parts[0].low_ijk) - _DRY_REACH_MM / steps
    high = np.asarray(parts[0].high_ijk) + _DRY_REACH_MM / steps
    kept = [
        part.label
        for part in parts.parts
        if part.volume_mm3 >= _DRY_PART_MM3
        and (np.asarray(part.low_ijk) >= low).all()
        and (np.asarray(part.high_ijk) <= high).all()
    ]
    return mask_of(np.isin(parts.mask.values, kept or [1]), volume)


def remove_table(volume: Volume, *, margin_mm: float = 3.0) -> Volume:
    """Return a volume in which everything but the patient is air.

    Parameters
    ----------
    volume : Volume
        A CT in HU.
    margin_mm : float
        Values this close to the patient stay, so that the skin keeps its edge, mm.

    Returns
    -------
    Volume
        Same grid and dtype; -1000 HU away from the patient.

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
    >>> values = np.full((30, 40, 30), -1000, np.int16)
    >>> values[:, 5:25, 5:25] = 40  # a patient, 20 voxels across
    >>> values[:, 35, :] = 200  # a table, one voxel thin
    >>> grid = Grid(dims_ijk=(30, 40, 30), lps_from_ijk=np.diag([2, 2, 2, 1]))
    >>> volume = Volume(values=values, grid=grid)
    >>> remove_table(volume).values[15, [15, 35], 15].tolist()
    [40, -1000]
    """
    outline = patient(volume)
    near = margin(outline, by_mm=margin_mm)
    values = np.where(near.values, volume.values, volume.values.dtype.type(-1000))
    why = step(f"Away from the patient by more than {margin_mm:g} mm the values were made air.")
    return dataclasses.replace(
        volume,
        values=frozen(values, dtype=volume.values.dtype),
        findings=(*volume.findings, why),
    )


def metal(volume: Volume, *, lower_hu: float | None = None, min_part_mm3: float = 1.0) -> Mask:
    """Outline metal: implants, screws, fillings.

    Parameters
    ----------
    volume : Volume
        A CT in HU.
    lower_hu : float, optional
        Where metal begins; left out, above adult enamel (the preset ``"metal"``), or the highest
        value of the image where its scale ends below that.
    min_part_mm3 : float
        Smaller spots are left out, mm3.

    Returns
    -------
    Mask
        Boolean; empty where there is none.

    Raises
    ------
    ValueError
        The volume is not in HU.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> values = np.full((10, 10, 10), 1200, np.int16)
    >>> values[4:6, 4:6, 4:6] = 3071  # a screw in bone
    >>> volume = Volume(values=values, grid=Grid(dims_ijk=(10, 10, 10), lps_from_ijk=np.eye(4)))
    >>> metal(volume).n_voxels
    8
    """
    hu_only(volume, "metal")
    lower = preset_range("metal").lower_hu if lower_hu is None else float(lower_hu)
    found = threshold(volume, lower_hu=lower)
    why = step(f"Metal from {lower:.0f} HU.", lower, "HU")
    return named(remove_small(found, min_part_mm3=min_part_mm3), "metal", (why,))
