"""Anatomy in one line: a preset is a short recipe of the public functions of this room.

What a preset chose stands in the findings of its mask, under the code ``segmentation``; the
docstring says the steps, so that each can be done by hand with other numbers.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from calvaria.errors import SegmentationError
from calvaria.findings import Finding, Verdict
from calvaria.segment._bytes import hu_only
from calvaria.segment._landmarks import coarse_bone, find_braincase
from calvaria.segment._steps import named, step
from calvaria.segment.cut import cut_plane
from calvaria.segment.level import bone_level
from calvaria.segment.levels import threshold
from calvaria.segment.logic import pick, union
from calvaria.segment.parts import keep_largest, remove_small
from calvaria.segment.patient import patient
from calvaria.segment.presets import preset_range
from calvaria.segment.regions import bone_regions, touching_mm2
from calvaria.segment.shapes import margin

if TYPE_CHECKING:
    from calvaria.volume import Mask, Volume

__all__ = ["bone", "calvaria", "mandible", "skull", "teeth", "vertebrae"]

# Smaller crumbs of bone are noise, stones and calcifications.
_MIN_PART_MM3 = 100.0
_MIN_TOOTH_MM3 = 20.0
# How far the surface of a dry bone lies outside of what is surely bone.
_EDGE_MM = 2.0
_EDGE_STEPS = 2.0


def bone(
    volume: Volume, *, lower_hu: float | None = None, min_part_mm3: float = _MIN_PART_MM3
) -> Mask:
    """Outline all bone of the patient: no table, no head holder, no crumbs.

    The recipe: :func:`bone_level`; :func:`threshold`; within :func:`patient`;
    :func:`remove_small`.

    Parameters
    ----------
    volume : Volume
        A CT in HU.
    lower_hu : float, optional
        The level; left out, the `thin_bone_hu` of :func:`bone_level`: the mask says which bone,
        and has to hold all of it; where its surface is, :func:`bone_level` says.
    min_part_mm3 : float
        Smaller parts are left out, mm3.

    Returns
    -------
    Mask
        Boolean; its findings say what was chosen.

    Raises
    ------
    EmptyMaskError
        Nothing is left.
    SegmentationError
        No bone was found.
    ValueError
        The volume is not in HU.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> values = np.full((30, 40, 30), -1000, np.int16)
    >>> values[:, 5:25, 5:25] = 40  # a patient with a bone and a stone, on a table
    >>> values[:, 10:20, 10:20] = 1000
    >>> values[2, 7, 7] = 1000
    >>> values[:, 35, :] = 1000
    >>> grid = Grid(dims_ijk=(30, 40, 30), lps_from_ijk=np.diag([2, 2, 2, 1]))
    >>> volume = Volume(values=values, grid=grid)
    >>> mask = bone(volume, lower_hu=300)
    >>> mask.n_voxels  # 30 x 10 x 10 voxels: neither stone nor table
    3000
    >>> mask.findings[0].message
    'Level 300 HU, as given.'
    """
    hu_only(volume, "bone")
    level, sure, why = _level(volume, lower_hu)
    outline = patient(volume, bone_hu=sure)
    core = remove_small(threshold(volume, lower_hu=sure, within=outline), min_part_mm3=min_part_mm3)
    keep_largest(core)  # says so when nothing is left
    steps = (
        why,
        *_steps_of(outline),
        step(f"Parts below {min_part_mm3:g} mm3 left out.", min_part_mm3, "mm3"),
    )
    if level >= sure:
        return named(core, "bone", steps)
    # A bone in air: its surface lies farther out than where it can be told from soft material.
    # Thick slices blur it farther than thin ones.
    reach = max(_EDGE_MM, _EDGE_STEPS * max(volume.grid.spacing_xyz_mm))
    made = threshold(volume, lower_hu=level, within=margin(core, by_mm=reach))
    return named(made, "bone", steps)


def skull(volume: Volume, *, lower_hu: float | None = None) -> Mask:
    """Outline the skull: cranium, mandible and teeth, without vertebrae.

    The recipe: :func:`bone`; :func:`bone_regions` parts it; cranium and mandible are joined.

    Parameters
    ----------
    volume : Volume
        A CT of the head in HU.
    lower_hu : float, optional
        The level; left out, as for :func:`bone`.  A lower one keeps more thin bone.

    Returns
    -------
    Mask
        Boolean; its findings say what was chosen, and when there was nothing to part.

    Raises
    ------
    SegmentationError
        No bone was found.
    ValueError
        The volume is not in HU.

    Examples
    --------
    >>> from calvaria.phantom import Scanner, head, scan
    >>> settings = Scanner(
    ...     columns=96, rows=96, spacing_xy_mm=(2.5, 2.5), slice_thickness_mm=2.5, slice_increment_mm=2.5
    ... )
    >>> mask = skull(scan(head(), scanner=settings))
    >>> mask.names
    {1: 'skull'}
    """
    regions = bone_regions(volume, bone=bone(volume, lower_hu=lower_hu))
    masks = [pick(regions, label=name) for name in regions.names.values() if name != "vertebrae"]
    if not masks:
        msg = "volume: a skull expected, found nothing but vertebrae"
        raise SegmentationError(msg)
    told: tuple[Finding, ...] = ()
    if "cranium" not in regions.names.values():
        message = "No braincase in the image: all bone but vertebrae was taken for the skull."
        told = (dataclasses.replace(step(message), verdict=Verdict.BORDERLINE),)
    return named(union(*masks), "skull", told)


def calvaria(
    volume: Volume, *, lower_hu: float | None = None, height_mm: float | None = None
) -> Mask:
    """Outline the roof of the skull.

    The recipe: :func:`skull`; everything above a level plane; :func:`keep_largest`.

    Parameters
    ----------
    volume : Volume
        A CT of the head in HU.
    lower_hu : float, optional
        The level; left out, as for :func:`bone`.
    height_mm : float, optional
        Height of the plane, LPS z, mm.  Left out: below the middle of the braincase by a quarter of
        its radius (that of a ball of its volume), which is about the level of the brow.  For a tilted
        plane take :func:`cut_plane`.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    SegmentationError
        No bone, or no braincase, was found.
    ValueError
        The volume is not in HU.

    Examples
    --------
    >>> from calvaria.phantom import Scanner, head, scan
    >>> coarse = Scanner(columns=64, rows=64, spacing_xy_mm=(4, 4), slice_thickness_mm=4, slice_increment_mm=4)
    >>> volume = scan(head(), scanner=coarse)
    >>> roof = calvaria(volume)
    >>> roof.names, round(roof.n_voxels * 4**3 / 1000)  # cm3
    ({1: 'calvaria'}, 198)
    """
    whole = skull(volume, lower_hu=lower_hu)
    height = height_mm
    if height is None:
        found = find_braincase(coarse_bone(volume, whole))
        if found is None:
            msg = "volume: a braincase expected, found none; give height_mm"
            raise SegmentationError(msg)
        height = found.centre_lps_mm[2] - 0.25 * found.radius_mm
    above = cut_plane(whole, point_lps_mm=(0.0, 0.0, height), normal_lps=(0.0, 0.0, 1.0))
    made = keep_largest(above)
    return named(made, "calvaria", (step(f"Cut at z = {height:.1f} mm.", height, "mm"),))


def mandible(volume: Volume, *, lower_hu: float | None = None) -> Mask:
    """Outline the lower jaw with its teeth.

    The recipe: :func:`bone`; :func:`bone_regions`; the part named mandible, its largest piece.  Teeth
    that meet, as they do in coarse slices even where they do not in the mouth, leave nothing to part the
    jaws by: a finding then says over which area they touch.

    Parameters
    ----------
    volume : Volume
        A CT of the head in HU.
    lower_hu : float, optional
        The level; left out, as for :func:`bone`.

    Returns
    -------
    Mask
        Boolean; its findings say what was chosen, and whether the jaws touch.

    Raises
    ------
    SegmentationError
        No mandible was found: the image ends above the chin, or shows no head.
    ValueError
        The volume is not in HU.

    Examples
    --------
    >>> from calvaria.phantom import Scanner, head, scan
    >>> coarse = Scanner(columns=64, rows=64, spacing_xy_mm=(4, 4), slice_thickness_mm=4, slice_increment_mm=4)
    >>> volume = scan(head(), scanner=coarse)
    >>> jaw = mandible(volume)
    >>> jaw.names, round(jaw.n_voxels * 4**3 / 1000)  # cm3
    ({1: 'mandible'}, 82)
    """
    regions = _regions(volume, "mandible", lower_hu)
    made = named(keep_largest(_pick(regions, "mandible")), "mandible", ())
    touching = touching_mm2(regions, "mandible", "cranium")
    if touching == 0:
        return made
    message = (
        f"Mandible and cranium touch over {touching:.0f} mm2, at teeth or in a joint: the border there was "
        "drawn, not seen. Look whether upper teeth are in."
    )
    told = dataclasses.replace(step(message, touching, "mm2"), verdict=Verdict.BORDERLINE)
    return named(made, "mandible", (told,))


def vertebrae(volume: Volume, *, lower_hu: float | None = None) -> Mask:
    """Outline the vertebrae, as one structure.

    The recipe: :func:`bone`; :func:`bone_regions`; the part named vertebrae.

    Parameters
    ----------
    volume : Volume
        A CT in HU with the spinal canal in it.
    lower_hu : float, optional
        The level; left out, as for :func:`bone`.

    Returns
    -------
    Mask
        Boolean.  :func:`split_touching` parts it further.

    Raises
    ------
    SegmentationError
        No spinal canal was found.
    ValueError
        The volume is not in HU.

    Examples
    --------
    >>> from calvaria.phantom import Scanner, head, scan
    >>> coarse = Scanner(columns=64, rows=64, spacing_xy_mm=(4, 4), slice_thickness_mm=4, slice_increment_mm=4)
    >>> volume = scan(head(), scanner=coarse)
    >>> spine = vertebrae(volume)
    >>> spine.names, round(spine.n_voxels * 4**3 / 1000)  # cm3
    ({1: 'vertebrae'}, 19)
    """
    return _region(volume, "vertebrae", lower_hu)


def teeth(volume: Volume, *, lower_hu: float | None = None) -> Mask:
    """Outline the teeth as far as they are denser than bone: the crowns, and roots of dense dentine.

    The recipe: :func:`threshold` at the level of enamel within :func:`skull`, but not in the upper
    half of the braincase; :func:`remove_small`.

    Parameters
    ----------
    volume : Volume
        A CT of the head in HU.
    lower_hu : float, optional
        The level; left out, 1553 HU, where adult enamel begins in the presets of InVesalius.
        Fillings are denser and are in.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    SegmentationError
        No bone was found, or nothing in it is as dense as enamel.
    ValueError
        The volume is not in HU.

    Examples
    --------
    >>> from calvaria.phantom import Scanner, head, scan
    >>> coarse = Scanner(columns=64, rows=64, spacing_xy_mm=(4, 4), slice_thickness_mm=4, slice_increment_mm=4)
    >>> volume = scan(head(), scanner=coarse)
    >>> crowns = teeth(volume)
    >>> crowns.names, round(crowns.n_voxels * 4**3 / 1000)  # cm3
    ({1: 'teeth'}, 15)
    """
    hu_only(volume, "teeth")
    lower = preset_range("enamel-adult").lower_hu if lower_hu is None else float(lower_hu)
    whole = skull(volume)
    made = threshold(volume, lower_hu=lower, within=whole)
    found = find_braincase(coarse_bone(volume, whole))
    if found is not None:
        # The petrous bone is as dense as dentine; it lies at the height of the skull base.
        lowest = found.centre_lps_mm[2] - 1.1 * found.radius_mm
        made = cut_plane(made, point_lps_mm=(0.0, 0.0, lowest), normal_lps=(0.0, 0.0, -1.0))
    made = remove_small(made, min_part_mm3=_MIN_TOOTH_MM3)
    if not made.values.any():
        msg = f"volume: teeth above {lower:.0f} HU expected, found none"
        raise SegmentationError(msg)
    return named(made, "teeth", (step(f"Enamel from {lower:.0f} HU.", lower, "HU"),))


def _region(volume: Volume, name: str, lower_hu: float | None) -> Mask:
    return _pick(_regions(volume, name, lower_hu), name)


def _pick(regions: Mask, name: str) -> Mask:
    return named(remove_small(pick(regions, label=name), min_part_mm3=_MIN_PART_MM3), name, ())


def _regions(volume: Volume, name: str, lower_hu: float | None) -> Mask:
    """Part the bone; the part of this name must be there."""
    regions = bone_regions(volume, bone=bone(volume, lower_hu=lower_hu))
    if name not in regions.names.values():
        told = "; ".join(f.message for f in regions.findings if f.code == "segmentation")
        msg = f"volume: {name} expected, found none ({told})"
        raise SegmentationError(msg)
    return regions


def _level(volume: Volume, lower_hu: float | None) -> tuple[float, float, Finding]:
    """Return where the surface is, from where on it is surely bone, and why."""
    if lower_hu is not None:
        level = float(lower_hu)
        return level, level, step(f"Level {level:.0f} HU, as given.", level, "HU")
    found = bone_level(volume)
    level = found.thin_bone_hu
    sure = found.separate_hu if found.separate_hu > found.level_hu else level
    edge = f"the {found.method} is {found.level_hu:.0f} ± {found.spread_hu:.0f} HU, between bone of"
    beside = f"{found.bone_hu:.0f} HU and {found.surroundings} of {found.surroundings_hu:.0f} HU"
    return (
        level,
        sure,
        step(f"Level {level:.0f} HU, to keep thin bone; {edge} {beside}.", level, "HU"),
    )


def _steps_of(mask: Mask) -> tuple[Finding, ...]:
    return tuple(finding for finding in mask.findings if finding.code == "segmentation")
