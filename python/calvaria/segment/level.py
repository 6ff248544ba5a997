"""The level at which bone begins: the local half-maximum, found in the image itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._asked import need
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import SegmentationError
from calvaria.segment._bytes import bytes_of, check_grids, hu_only
from calvaria.segment.levels import threshold
from calvaria.segment.parts import keep_largest
from calvaria.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.volume import Mask

__all__ = ["BoneLevel", "bone_level", "soft_tissue_hu"]

# Where the mode of soft tissue is looked for: above fat, below contrast-filled vessels.
_SOFT_HU = (-50, 200)
# Bone is looked for from this far above soft tissue on; trabecular bone begins there.
_ABOVE_SOFT_HU = 200.0
# Surroundings count as soft tissue within this of its mode, and as one thing within this range.
_NEAR_HU = 100.0
_EVEN_HU = 150.0
# Vessels with contrast and calcified cartilage lie below this above soft tissue.
_THIN_ABOVE_SOFT_HU = 150.0
_AIR_HU = -700.0
_MOST_PROFILES = 40_000
_LEAST_PROFILES = 50
_ROUNDS = 8
_SETTLED_HU = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoneLevel:
    """A level for bone, and what it rests on.

    Attributes
    ----------
    level_hu : float
        Midway between bone and what surrounds it: the value that a blurred edge has where the
        edge is.  Median over the profiles.
    spread_hu : float
        Half the distance between the quartiles of the levels of the single profiles.
    bone_hu : float
        Median of the highest value within 3 mm inside the surface.
    surroundings_hu : float
        Median value 1.5 to 3 mm outside.
    surroundings : {"soft tissue", "air", "other"}
        What that is.
    separate_hu : float
        The level that parts bone from soft tissue.  It is `level_hu`, unless the bone lies in air
        (a dry skull, a plastic phantom) while something of the value of soft tissue is there
        too: then midway between bone and that.
    thin_bone_hu : float
        A lower level that keeps thin bone whole: a quarter of the way from the surroundings to
        bone, but at least 150 HU above soft tissue and never above `level_hu`.  The thin walls of
        orbit and sinuses do not reach `level_hu` in a blurred image; at this level they do, and
        compact bone comes out thicker.
    n_profiles : int
        Number of profiles across the surface that were used.
    method : str
        How it was found, in one line.
    """

    level_hu: float
    spread_hu: float
    bone_hu: float
    surroundings_hu: float
    surroundings: str
    separate_hu: float
    thin_bone_hu: float
    n_profiles: int
    method: str = "local half-maximum"

    def __repr__(self) -> str:
        return (
            f"BoneLevel({self.level_hu:.0f} ± {self.spread_hu:.0f} HU, {self.method} between bone of "
            f"{self.bone_hu:.0f} and {self.surroundings} of {self.surroundings_hu:.0f} HU, "
            f"{plural(self.n_profiles, 'profile')})"
        )

    def _repr_html_(self) -> str:
        return html_table(header=("BoneLevel", ""), rows=list(self.to_dict().items()))

    def to_dict(self) -> dict[str, Any]:
        """Return the level as plain types, ready for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def bone_level(volume: Volume, *, within: Mask | None = None) -> BoneLevel:
    """Find the level of bone: the local half-maximum between bone and the tissue around it.

    A scanner blurs an edge symmetrically, so the surface of a bone lies where the value is midway
    between bone and surroundings.  A level below that makes a thicker wall, a level above it a
    thinner one; with 1 mm slices 226 HU adds 0.6 mm to a wall of compact bone in soft tissue.

    Parameters
    ----------
    volume : Volume
        A CT in HU.
    within : Mask, optional
        Look at the bone in this region only, for instance one jaw.

    Returns
    -------
    BoneLevel
        The level, its spread, and what it rests on.

    Raises
    ------
    SegmentationError
        There is no bone, or too little of it lies free enough to be measured.
    ValueError
        The volume is not in HU.

    See Also
    --------
    automatic_level : Otsu's and other levels from the histogram alone.

    Notes
    -----
    Profiles are taken at up to 40,000 voxels on the surface of the largest bone, along the
    gradient, in millimetres.  A profile counts when what lies 1.5 to 3 mm outside is even, and is
    the kind of surroundings that most profiles have.  The bone is then outlined at the median
    level and measured again until the level stays within 2 HU.

    Thin bone never reaches the value of thick bone in a blurred image, so its own half-maximum is
    lower, and at one level for all it comes out thinner or full of holes.  `spread_hu` says how
    different the levels are.

    References
    ----------
    S. Prevrhal and others, Accuracy limits for the determination of cortical width and density,
    doi 10.1088/0031-9155/44/3/017.

    Examples
    --------
    >>> from calvaria.phantom import Scanner, scan, sphere
    >>> volume = scan(sphere(hu=1000.0), scanner=Scanner(columns=96, rows=96, spacing_xy_mm=(0.8, 0.8)))
    >>> found = bone_level(volume)
    >>> bool(abs(found.level_hu) < 15), found.surroundings
    (True, 'air')
    """
    hu_only(volume, "bone_level")
    if within is not None:
        check_grids("within", within, volume)
    soft = soft_tissue_hu(volume)
    level = (soft if soft is not None else 0.0) + _ABOVE_SOFT_HU
    found = None
    for _ in range(_ROUNDS):
        found = _measure(volume, level, within, soft)
        if abs(found.level_hu - level) <= _SETTLED_HU:
            break
        level = found.level_hu
    assert found is not None
    return found


def soft_tissue_hu(volume: Volume) -> float | None:
    """Return the most frequent value of soft tissue, HU; None where there is next to none.

    Parameters
    ----------
    volume : Volume
        A CT in HU.

    Returns
    -------
    float or None
        The mode between -50 and 200 HU, smoothed over 41 HU.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> rng = np.random.default_rng(7)
    >>> values = rng.normal(40, 15, (20, 20, 20)).astype(np.int16)
    >>> values[:, :, :8] = 1000  # bone beside it
    >>> volume = Volume(values=values, grid=Grid(dims_ijk=(20, 20, 20), lps_from_ijk=np.eye(4)))
    >>> soft_tissue_hu(volume)
    38.0
    """
    need("volume", volume, Volume)
    low, high = _SOFT_HU
    counts = _native.count_values(volume.values, None, low - 21.0, 1.0, high - low + 42)
    # Outsiders are counted in the outermost bins, which lie beyond the smoothing.
    smooth = np.convolve(counts[1:-1].astype(np.float64), np.ones(41), mode="valid")
    if counts[1:-1].sum() < 0.005 * volume.values.size:
        return None
    return float(low + np.argmax(smooth))


def _measure(volume: Volume, level: float, within: Mask | None, soft: float | None) -> BoneLevel:
    bright = threshold(volume, lower_hu=level, within=within)
    if not bright.values.any():
        msg = f"volume: bone above {level:.0f} HU expected, found none"
        raise SegmentationError(msg)
    mask = keep_largest(bright)
    inside, outside, ranges = _native.edge_profiles(
        volume.values, bytes_of(mask), volume.grid.lps_from_ijk, _MOST_PROFILES
    )
    even = (ranges < _EVEN_HU) & (inside > outside + _EVEN_HU)
    chosen = even & _around(outside, even, soft)
    if chosen.sum() < _LEAST_PROFILES:
        msg = (
            f"volume: at least {_LEAST_PROFILES} places where bone borders on something even "
            f"expected, found {int(chosen.sum())}; give lower_hu yourself, or use automatic_level"
        )
        raise SegmentationError(msg)
    bone, beside = inside[chosen].astype(np.float64), outside[chosen].astype(np.float64)
    low, middle, high = np.quantile((bone + beside) / 2, (0.25, 0.5, 0.75)).tolist()
    surroundings_hu, bone_hu = float(np.median(beside)), float(np.median(bone))
    apart = middle if soft is None else max(middle, (bone_hu + soft) / 2)
    quarter = surroundings_hu + (bone_hu - surroundings_hu) / 4
    thin = min(middle, max(quarter, -1000.0 if soft is None else soft + _THIN_ABOVE_SOFT_HU))
    is_dry = surroundings_hu < -_NEAR_HU - 50.0
    return BoneLevel(
        level_hu=middle,
        spread_hu=(high - low) / 2,
        bone_hu=bone_hu,
        surroundings_hu=surroundings_hu,
        surroundings=_name(surroundings_hu),
        separate_hu=apart if is_dry else middle,
        thin_bone_hu=middle if is_dry else thin,
        n_profiles=int(chosen.sum()),
    )


def _around(
    outside: NDArray[np.float32], even: NDArray[np.bool_], soft: float | None
) -> NDArray[np.bool_]:
    """Choose the profiles that border on soft tissue, or on air where more do; else the commonest.

    Marrow lies beside bone as well, but it is bone.
    """
    near_air = outside < _AIR_HU
    near_soft = np.zeros_like(even) if soft is None else np.abs(outside - soft) < _NEAR_HU
    n_air, n_soft = int((near_air & even).sum()), int((near_soft & even).sum())
    if max(n_air, n_soft) >= _LEAST_PROFILES:
        return np.asarray(near_air if n_air > n_soft else near_soft)
    counts, edges = np.histogram(outside[even], bins=np.arange(-1200.0, 3100.0, _NEAR_HU))
    most = int(np.argmax(counts))
    centre = (edges[most] + edges[most + 1]) / 2
    return np.asarray(np.abs(outside - centre) < _NEAR_HU)


def _name(hu: float) -> str:
    if hu < _AIR_HU:
        return "air"
    return "soft tissue" if -150.0 <= hu <= 200.0 else "other"
