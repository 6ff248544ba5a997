"""Where the braincase, the spinal canal and the chin are, on a coarse copy of the image.

The copy has voxels of 2 mm along Left, Posterior and Superior, so nothing here depends on how the
image was acquired.  What is found are seeds; where exactly a bone ends is decided on the image.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria.geometry import Grid
from calvaria.resample import resample_to_grid
from calvaria.segment.holes import fill_holes
from calvaria.segment.levels import threshold
from calvaria.segment.parts import find_parts
from calvaria.segment.shapes import closing, opening
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.segment.parts import Part

__all__ = [
    "Braincase",
    "Canal",
    "coarse_bone",
    "find_braincase",
    "find_canal",
    "places_lps_mm",
]

_STEP_MM = 2.0
# A newborn's braincase has the volume of a ball of 44 mm; part of one in the image is enough.
_LEAST_RADIUS_MM = 35.0
_SEAL_MM = 4.0
# Orbits, nose and the rooms between jaw and spine are narrower than twice this.
_ROOM_MM = 20.0
# Cross-section of a spinal canal with its ring of bone closed; the foramen magnum is larger.
_CANAL_MM2 = (100.0, 750.0)
_CANAL_SHIFT_MM = 12.0
# The foramen magnum lies about 1.15 radii of the braincase below its middle; the neck begins there.
_NECK_RADII = 1.25
# How far arches may gape, and how far a spine may bend to the side.
_RING_MM = 5.0
_ASIDE_MM = 30.0
_CANAL_SLICES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Braincase:
    """Where the braincase is, and how large.

    Attributes
    ----------
    centre_lps_mm : (float, float, float)
        Its middle, LPS, mm.
    radius_mm : float
        Radius of a ball of its volume.
    """

    centre_lps_mm: tuple[float, float, float]
    radius_mm: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canal:
    """The spinal canal, slice by slice.

    Attributes
    ----------
    centres_lps_mm : (n, 3) ndarray of float64
        Its middle in every slice where a ring of bone encloses it, from below upwards.
    """

    centres_lps_mm: NDArray[np.float64]

    @property
    def top_mm(self) -> float:
        """Height at which it ends above, mm."""
        return float(self.centres_lps_mm[-1, 2])


def coarse_bone(volume: Volume, bone: Mask) -> Mask:
    """Return a mask on a grid of 2 mm along the axes of the patient; half full counts as full."""
    corners = volume.grid.corners_lps_mm()
    low, high = corners.min(axis=0), corners.max(axis=0)
    affine = np.diag([_STEP_MM] * 3 + [1.0])
    affine[:3, 3] = low + _STEP_MM / 2
    n = np.maximum(np.ceil((high - low) / _STEP_MM), 1).astype(int)
    grid = Grid(dims_ijk=tuple(n.tolist()), lps_from_ijk=affine)
    share = Volume(
        values=bone.values.astype(np.int16) * np.int16(100), grid=bone.grid, quantity="arbitrary"
    )
    return threshold(resample_to_grid(share, grid=grid, fill=0), lower_hu=35)


def find_braincase(bone: Mask) -> Braincase | None:
    """Find the braincase in a coarse mask; None where the image holds none."""
    if not bone.values.any():
        return None
    sealed = closing(bone, radius_mm=_SEAL_MM)
    seen = np.zeros(sealed.values.shape, np.uint8)
    # Bone to the right, left, front, back and above; one side may be open, as after a craniectomy.
    for axis, way in ((2, 1), (2, -1), (1, 1), (1, -1), (0, -1)):
        along = np.flip(sealed.values, axis) if way < 0 else sealed.values
        hit = np.logical_or.accumulate(along, axis=axis)
        seen += np.flip(hit, axis) if way < 0 else hit
    enclosed = (seen >= 4) & ~sealed.values
    room = opening(Mask(values=enclosed, grid=bone.grid), radius_mm=_ROOM_MM)
    parts = find_parts(room).parts
    if not parts:
        return None
    radius = (parts[0].volume_mm3 * 0.75 / math.pi) ** (1 / 3)
    if radius < _LEAST_RADIUS_MM:
        return None
    return Braincase(centre_lps_mm=parts[0].centre_lps_mm, radius_mm=radius)


def find_canal(bone: Mask, braincase: Braincase | None) -> Canal | None:
    """Find the spinal canal in a coarse mask: rings of bone above each other, from below upwards."""
    sealed = closing(bone, radius_mm=_RING_MM)
    middle_x = float(np.median(places_lps_mm(bone)[:, 0])) if bone.values.any() else 0.0
    holes = fill_holes(sealed, by_slice="k").values & ~sealed.values
    best: list[NDArray[np.float64]] = []
    path: list[NDArray[np.float64]] = []
    missed = 0
    for k in range(bone.grid.dims_ijk[2]):
        found = _ring(holes[k], bone, k, path[-1] if path else None, braincase, middle_x)
        if found is None:
            missed += 1
            # Between two arches the ring may be open for a whole disc.
            if missed > 8:
                best, path = max(best, path, key=len), []
            continue
        missed = 0
        path.append(found)
    best = max(best, path, key=len)
    return Canal(centres_lps_mm=np.array(best)) if len(best) >= _CANAL_SLICES else None


def _ring(
    holes: NDArray[np.bool_],
    bone: Mask,
    k: int,
    last: NDArray[np.float64] | None,
    braincase: Braincase | None,
    middle_x: float,
) -> NDArray[np.float64] | None:
    """Return the middle of the hole in one slice that is the canal, if one is."""
    if not holes.any():
        return None
    grid = Grid(dims_ijk=(*bone.grid.dims_ijk[:2], 1), lps_from_ijk=_slice_affine(bone, k))
    candidates: list[tuple[float, float, NDArray[np.float64]]] = []
    for part in find_parts(Mask(values=holes[None], grid=grid), connectivity=6).parts:
        place = np.asarray(part.centre_lps_mm)
        is_there = abs(place[0] - middle_x) <= _ASIDE_MM
        if braincase is not None:
            is_there &= _below(place, braincase)
        apart = 0.0 if last is None else float(np.linalg.norm((place - last)[:2]))
        if is_there and apart <= _CANAL_SHIFT_MM and _is_canal(part):
            candidates.append((apart, -part.volume_mm3, place))
    return min(candidates, key=lambda c: c[:2])[2] if candidates else None


def _is_canal(part: Part) -> bool:
    """Whether a hole in a slice has the size of a canal and is round, no slit between two bones."""
    area = part.n_voxels * _STEP_MM**2
    width, depth = (
        (h - low + 1) * _STEP_MM for h, low in zip(part.high_ijk[:2], part.low_ijk[:2], strict=True)
    )
    is_round = area >= 0.5 * width * depth and max(width, depth) <= 2.2 * min(width, depth)
    return is_round and _CANAL_MM2[0] <= area <= _CANAL_MM2[1]


def _below(place: NDArray[np.float64], braincase: Braincase) -> bool:
    """Whether a place lies where the neck joins a braincase: below, near the middle, not in front."""
    x, y, z = (place - np.asarray(braincase.centre_lps_mm)).tolist()
    radius = braincase.radius_mm
    return bool(abs(x) < 0.4 * radius and -0.5 * radius < y < radius and z < -_NECK_RADII * radius)


def _slice_affine(bone: Mask, k: int) -> NDArray[np.float64]:
    affine = bone.grid.lps_from_ijk.copy()
    affine[2, 3] += k * _STEP_MM
    return affine


def places_lps_mm(mask: Mask) -> NDArray[np.float64]:
    """Return the LPS positions (n, 3) of the voxels of a mask, in their order in the array."""
    k, j, i = np.nonzero(mask.values)
    return mask.grid.lps_mm_from_ijk(np.stack([i, j, k], axis=1))
