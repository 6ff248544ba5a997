"""Bone of a head or trunk parted into cranium, mandible, vertebrae and the rest."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from calvaria._asked import need
from calvaria._record import plural
from calvaria.segment._bytes import check_grids
from calvaria.segment._landmarks import (
    coarse_bone,
    find_braincase,
    find_canal,
    places_lps_mm,
)
from calvaria.segment._steps import step
from calvaria.segment.crop import crop_to_mask
from calvaria.segment.grow import grow_from_seeds
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.findings import Finding
    from calvaria.segment._landmarks import Braincase, Canal

__all__ = ["bone_regions", "touching_mm2"]

_NAMES = {1: "cranium", 2: "mandible", 3: "vertebrae", 4: "other bone"}
# The chin lies farther below the middle of the braincase than this, in radii of the braincase.
_CHIN_RADII = 1.75
_CHIN_SEED_MM = 12.0
# Vertebrae reach this far from the middle of the canal, and no other bone comes nearer.
_VERTEBRA_SEED_MM = 18.0
_NO_VERTEBRA_MM = 75.0
_BELOW_TOP_MM = 2.0
# What a millimetre of way through bone costs, HU: so that noise does not decide.
_PER_MM = 20.0
_COMPACT_HU = 1500


def bone_regions(volume: Volume, *, bone: Mask) -> Mask:
    """Part the bone of an image into cranium, mandible, vertebrae and other bone.

    Parameters
    ----------
    volume : Volume
        The image.
    bone : Mask
        Its bone, on the same grid.

    Returns
    -------
    Mask
        Labels with the names of what was found.  With a braincase in the image: cranium, and
        mandible and vertebrae where they are there.  Without one: vertebrae and other bone.

    Raises
    ------
    GeometryError
        The grids differ.

    Notes
    -----
    Seeds are placed on a coarse copy: the cranium around the
    braincase, the mandible at the chin, vertebrae around the spinal canal, which is a row of rings
    of bone above each other.  From there the labels grow through the bone with
    :func:`grow_from_seeds`, so that they meet where the way is dear: in a joint space, or where two
    bones touch.  This is geometry, not learning: look at the result, and give seeds of your own to
    :func:`grow_from_seeds` where it is wrong.

    Examples
    --------
    >>> from calvaria.segment import bone
    >>> from calvaria.phantom import Scanner, head, scan
    >>> coarse = Scanner(columns=64, rows=64, spacing_xy_mm=(4, 4), slice_thickness_mm=4, slice_increment_mm=4)
    >>> volume = scan(head(), scanner=coarse)
    >>> bone_regions(volume, bone=bone(volume)).names
    {1: 'cranium', 2: 'mandible', 3: 'vertebrae'}
    """
    need("volume", volume, Volume)
    check_grids("bone", bone, volume)
    coarse = coarse_bone(volume, bone)
    braincase = find_braincase(coarse)
    canal = find_canal(coarse, braincase)
    places = places_lps_mm(bone)
    labels, told = _seeds(places, braincase, canal)
    seeds = np.zeros(volume.grid.shape_kji, np.uint8)
    seeds[bone.values != 0] = labels
    values = seeds
    if len(np.unique(labels[labels > 0])) > 1:
        values = _grown(volume, bone, seeds)
    # Loose pieces that no seed reaches.
    inside = values[bone.values != 0]
    values[bone.values != 0] = np.where(inside == 0, _by_place(places, braincase, canal), inside)
    values.flags.writeable = False
    used = np.unique(values)
    return dataclasses.replace(
        bone,
        values=values,
        names={n: name for n, name in _NAMES.items() if n in used},
        findings=(*bone.findings, *told),
    )


def touching_mm2(regions: Mask, one: str, other: str) -> float:
    """Return the area over which voxels of two named regions lie side by side, mm2."""
    numbers = {name: number for number, name in regions.names.items()}
    if one not in numbers or other not in numbers:
        return 0.0
    is_one, is_other = (regions.values == numbers[name] for name in (one, other))
    steps = regions.grid.lps_from_ijk[:3, :3].T
    total = 0.0
    for axis in range(3):
        area = float(np.linalg.norm(np.cross(steps[(axis + 1) % 3], steps[(axis + 2) % 3])))
        before, after = [slice(None)] * 3, [slice(None)] * 3
        before[2 - axis], after[2 - axis] = slice(None, -1), slice(1, None)
        low, high = tuple(before), tuple(after)
        n = np.count_nonzero(is_one[low] & is_other[high])
        n += np.count_nonzero(is_other[low] & is_one[high])
        total += n * area
    return total


def _grown(volume: Volume, bone: Mask, seeds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grow the seeds through the bone, in the box around it."""
    part = crop_to_mask(bone, mask=bone)
    offset = np.rint(bone.grid.ijk_from_lps_mm([part.grid.origin_lps_mm])[0]).astype(int)[::-1]
    box = tuple(slice(o, o + n) for o, n in zip(offset, part.values.shape, strict=True))
    # Teeth are denser than the jaw that holds them, and touch those of the other one: what is denser
    # than compact bone counts as compact bone.
    image = crop_to_mask(volume, mask=bone)
    image = dataclasses.replace(image, values=np.minimum(image.values, _COMPACT_HU))
    grown = grow_from_seeds(
        image,
        seeds=Mask(values=seeds[box], grid=part.grid),
        within=part,
        per_mm=_PER_MM,
    )
    values = np.zeros_like(seeds)
    values[box] = grown.values
    return values


def _seeds(
    places: NDArray[np.float64], braincase: Braincase | None, canal: Canal | None
) -> tuple[NDArray[np.uint8], tuple[Finding, ...]]:
    """Label the voxels of the bone that are surely one thing; 0 for the others."""
    _, y, z = places.T
    labels = np.zeros(len(places), np.uint8)
    told = []
    if braincase is None:
        told.append(step("No braincase in the image."))
    else:
        _, cy, cz = braincase.centre_lps_mm
        radius = braincase.radius_mm
        # Below that lie the jaw in front, and behind only the occiput until the neck begins.
        labels[z > cz - 0.6 * radius] = 1
        labels[(z > cz - radius) & (y > cy - 0.1 * radius)] = 1
        told.append(step(f"Braincase: as large as a ball of {radius:.0f} mm.", radius, "mm"))
        front = (z < cz - _CHIN_RADII * radius) & (y < cy - 0.2 * radius)
        if front.any():
            labels[front & (z < z[front].min() + _CHIN_SEED_MM)] = 2
            told.append(step("Mandible: grown from the chin."))
        else:
            told.append(step("No chin below the braincase: no mandible."))
    if canal is None:
        told.append(step("No spinal canal found: no vertebrae."))
        return labels, tuple(told)
    heights = canal.centres_lps_mm[:, 2]
    top = canal.top_mm - (_BELOW_TOP_MM if braincase is not None else 0.0)
    apart = _from_canal(places, canal)
    # Without a head the spine goes on where its rings could not be followed.
    below, above = (4.0, 0.0) if braincase is not None else (15.0, 15.0)
    near = (apart < _VERTEBRA_SEED_MM) & (z >= heights[0] - below) & (z <= top + above)
    labels[near & (labels == 0)] = 3
    if braincase is None:
        labels[apart > _NO_VERTEBRA_MM] = 4
    told.append(
        step(f"Spinal canal: {plural(len(heights), 'ring')}, up to z = {canal.top_mm:.0f} mm.")
    )
    return labels, tuple(told)


def _from_canal(places: NDArray[np.float64], canal: Canal) -> NDArray[np.float64]:
    """Return the distance of points to the middle of the canal at their height, mm."""
    x, y, z = places.T
    heights = canal.centres_lps_mm[:, 2]
    middle_x = np.interp(z, heights, canal.centres_lps_mm[:, 0])
    middle_y = np.interp(z, heights, canal.centres_lps_mm[:, 1])
    return np.asarray(np.hypot(x - middle_x, y - middle_y))


def _by_place(
    places: NDArray[np.float64], braincase: Braincase | None, canal: Canal | None
) -> NDArray[np.uint8]:
    """Label by place alone: near the canal vertebra, else the main bone."""
    labels = np.full(len(places), 1 if braincase is not None else 4, np.uint8)
    if canal is not None:
        labels[(_from_canal(places, canal) < 40.0) & (places[:, 2] <= canal.top_mm)] = 3
    return labels
