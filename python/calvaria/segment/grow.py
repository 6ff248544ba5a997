"""Regions that grow from seeds, and parts that are split where they touch."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native, _progress
from calvaria._arrays import frozen
from calvaria._asked import above_zero, at_least_zero, need, whole
from calvaria.errors import EmptyMaskError, SegmentationError
from calvaria.segment._bytes import bytes_of, check_grids
from calvaria.segment.distances import distance_map
from calvaria.segment.levels import threshold
from calvaria.segment.parts import find_parts, keep_connected, seed_indices
from calvaria.segment.shapes import erode
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


__all__ = ["grow_confident", "grow_from_seeds", "grow_region", "split_touching", "watershed"]

# The boxes around the seeds are held in memory, and a region that has not settled by then circles.
_MOST_RADIUS = 64
_MOST_ROUNDS = 1000
_MOST_LABELS = 65535


def grow_region(
    volume: Volume,
    *,
    seeds_lps_mm: Sequence[Sequence[float]],
    lower_hu: float | None = None,
    upper_hu: float | None = None,
    connectivity: int = 6,
) -> Mask:
    """Return what is connected with seeds by values between two bounds.

    Parameters
    ----------
    volume : Volume
        The image; where it is not in HU the bounds are in its own values.
    seeds_lps_mm : sequence of (x, y, z)
        Points, LPS, mm; a seed whose own value lies outside of the bounds grows nothing.
    lower_hu, upper_hu : float, optional
        The bounds, both counted in; at least one.
    connectivity : {6, 18, 26}
        Which voxels are neighbours.

    Returns
    -------
    Mask
        Boolean; may be empty.

    Raises
    ------
    SegmentationError
        A seed lies outside of the image.
    ValueError
        No bound was given.

    See Also
    --------
    grow_confident : finds the bounds from the values around the seeds.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> values = np.array([[[300, 400, 0, 500, 600]]], np.int16)
    >>> volume = Volume(values=values, grid=Grid(dims_ijk=(5, 1, 1), lps_from_ijk=np.eye(4)))
    >>> grow_region(volume, seeds_lps_mm=[(0, 0, 0)], lower_hu=250).values[0, 0].tolist()
    [True, True, False, False, False]
    """
    need("volume", volume, Volume)
    within = threshold(volume, lower_hu=lower_hu, upper_hu=upper_hu)
    return keep_connected(within, seeds_lps_mm=seeds_lps_mm, connectivity=connectivity)


def grow_confident(
    volume: Volume,
    *,
    seeds_lps_mm: Sequence[Sequence[float]],
    n_sigma: float = 2.5,
    n_rounds: int = 4,
    radius_voxels: int = 1,
) -> Mask:
    """Return what is connected with seeds by values like those around them.

    The bounds are the mean plus and minus so many standard deviations, first of the boxes around
    the seeds, then of the region found, again and again.

    Parameters
    ----------
    volume : Volume
        Any image.
    seeds_lps_mm : sequence of (x, y, z)
        Points, LPS, mm.
    n_sigma : float
        How many standard deviations.
    n_rounds : int
        How often the bounds are found anew, up to 1000; 0: only from the boxes.
    radius_voxels : int
        The boxes reach this many voxels to every side, up to 64.

    Returns
    -------
    Mask
        Boolean, connected by faces.

    Raises
    ------
    SegmentationError
        A seed lies outside of the image.

    Notes
    -----
    As `ConfidenceConnected` of SimpleITK: the bounds always take in the seeds' own values.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> values = np.array([[[40, 42, 41, 39, 43, 900, 910]]], np.int16)
    >>> volume = Volume(values=values, grid=Grid(dims_ijk=(7, 1, 1), lps_from_ijk=np.eye(4)))
    >>> grow_confident(volume, seeds_lps_mm=[(1, 0, 0)]).values[0, 0].astype(int)
    array([1, 1, 1, 1, 1, 0, 0])
    """
    need("volume", volume, Volume)
    indices = seed_indices(volume, seeds_lps_mm)
    if not indices:
        msg = "seeds_lps_mm: at least one point expected, found none"
        raise ValueError(msg)
    n_sigma = above_zero("n_sigma", n_sigma)
    n_rounds = whole("n_rounds", n_rounds, 0, _MOST_ROUNDS)
    r = whole("radius_voxels", radius_voxels, 0, _MOST_RADIUS)
    # Beyond the border the outermost values count again, as in ITK.
    at = [
        np.ix_(
            *(
                np.clip(np.arange(c - r, c + r + 1), 0, n - 1)
                for c, n in zip(seed[::-1], volume.values.shape, strict=True)
            )
        )
        for seed in indices
    ]
    boxes = [volume.values[box].astype(np.float64).ravel() for box in at]
    if not all(np.isfinite(box).all() for box in boxes):
        msg = "volume: finite values around the seeds expected, found others"
        raise SegmentationError(msg)
    own = [float(volume.values[k, j, i]) for i, j, k in indices]
    mean = float(np.mean([box.mean() for box in boxes]))
    sigma = float(np.sqrt(np.mean([box.var(ddof=1) if box.size > 1 else 0.0 for box in boxes])))
    for n in range(n_rounds + 1):
        made = grow_region(
            volume,
            seeds_lps_mm=seeds_lps_mm,
            lower_hu=min(mean - n_sigma * sigma, *own),
            upper_hu=max(mean + n_sigma * sigma, *own),
            connectivity=6,
        )
        inside = volume.values[made.values].astype(np.float64)
        before = mean, sigma
        mean, sigma = float(inside.mean()), float(inside.std(ddof=1)) if inside.size > 1 else 0.0
        if n == n_rounds or (mean, sigma) == before:
            break
    return made


def grow_from_seeds(
    volume: Volume, *, seeds: Mask, within: Mask | None = None, per_mm: float = 1.0
) -> Mask:
    """Grow several labels from seeds at once, until they meet.

    Every voxel gets the label of the seed that is nearest along a path, where a step costs the
    difference of its two values, and its length.  So labels meet at edges.

    Parameters
    ----------
    volume : Volume
        Any image: CT, MR.
    seeds : Mask
        Labels drawn by hand, say a few strokes for each structure and one for the background;
        0 where nothing is known.
    within : Mask, optional
        Only these voxels are entered.
    per_mm : float
        What a millimetre of way costs, in values of the image.  0: only differences count.

    Returns
    -------
    Mask
        Labels, with the names of `seeds`; 0 where no seed reaches.

    Raises
    ------
    EmptyMaskError
        There is no seed.
    GeometryError
        The grids differ.
    ValueError
        `per_mm` is negative.

    Notes
    -----
    What 3D Slicer calls grow from seeds (fast GrowCut), on six neighbours; the shortest paths are
    exact.  Of two seeds equally near the lower label wins, so the result is always the same.

    References
    ----------
    L. Zhu, I. Kolesov, Y. Gao, R. Kikinis, A. Tannenbaum, An effective interactive medical image
    segmentation method using fast GrowCut, MICCAI workshop on interactive medical image computing,
    2014.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask, Volume
    >>> grid = Grid(dims_ijk=(7, 1, 1), lps_from_ijk=np.eye(4))
    >>> volume = Volume(values=np.array([[[0, 0, 0, 0, 0, 90, 90]]], np.int16), grid=grid)
    >>> strokes = np.array([[[1, 0, 0, 0, 0, 0, 2]]], np.uint8)
    >>> seeds = Mask(values=strokes, grid=grid, names={1: "air", 2: "bone"})
    >>> grow_from_seeds(volume, seeds=seeds).values[0, 0]  # they meet at the edge, not half way
    array([1, 1, 1, 1, 1, 2, 2], dtype=uint8)
    """
    need("volume", volume, Volume)
    check_grids("seeds", seeds, volume)
    per_mm = at_least_zero("per_mm", per_mm)
    if not seeds.values.any():
        msg = "seeds: at least one labelled voxel expected, found none"
        raise EmptyMaskError(msg)
    inside = None
    if within is not None:
        check_grids("within", within, volume)
        inside = bytes_of(within)
    labels: Any = _progress.run(
        lambda progress: _native.grow_from_seeds(
            volume.values,
            frozen(seeds.values, dtype=np.uint32),
            inside,
            volume.grid.spacing_xyz_mm,
            per_mm,
            progress,
        ),
        title="growing from seeds",
    )
    return _labels(labels, seeds, names=dict(seeds.names) or None)


def watershed(depth: Volume, *, markers: Mask, within: Mask) -> Mask:
    """Grow markers downhill over a map of depths until they meet.

    Parameters
    ----------
    depth : Volume
        Depth of every voxel, 0 or more: the deepest are flooded first.  A distance map, or for a
        landscape the highest value minus the height.
    markers : Mask
        Labels from which the water comes.
    within : Mask
        Only these voxels are entered.

    Returns
    -------
    Mask
        Labels.

    Raises
    ------
    GeometryError
        The grids differ.

    References
    ----------
    F. Meyer, S. Beucher, Morphological segmentation, doi 10.1016/1047-3203(90)90014-M.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask, Volume
    >>> grid = Grid(dims_ijk=(7, 1, 1), lps_from_ijk=np.eye(4))
    >>> depth = Volume(values=np.array([[[3, 2, 1, 2, 3, 4, 3]]], np.int16), grid=grid)
    >>> markers = Mask(values=np.array([[[1, 0, 0, 0, 0, 2, 0]]], np.uint8), grid=grid)
    >>> everywhere = Mask(values=np.ones((1, 1, 7), bool), grid=grid)
    >>> watershed(depth, markers=markers, within=everywhere).values[0, 0]
    array([1, 1, 1, 2, 2, 2, 2], dtype=uint8)
    """
    need("depth", depth, Volume)
    check_grids("markers", markers, depth)
    check_grids("within", within, depth)
    labels: Any = _progress.run(
        lambda progress: _native.watershed(
            frozen(depth.values, dtype=np.float32),
            frozen(markers.values, dtype=np.uint32),
            bytes_of(within),
            progress,
        ),
        title="watershed",
    )
    return _labels(labels, markers, names=dict(markers.names) or None)


def split_touching(mask: Mask, *, neck_mm: float, min_core_mm3: float = 0.0) -> Mask:
    """Split parts that touch at necks.

    Parameters
    ----------
    mask : Mask
        The mask; labels are taken as one structure.
    neck_mm : float
        What is joined by less than this is split, mm: the parts that remain when the mask is
        shrunk by half of it become labels, and a watershed over the distance to the surface
        gives every other voxel to one of them.
    min_core_mm3 : float
        Cores smaller than this make no part of their own, mm3.

    Returns
    -------
    Mask
        Labels, the largest core first; pieces thinner than the neck that hang on to no core keep
        a label of their own.

    Raises
    ------
    EmptyMaskError
        The mask is empty.
    GeometryError
        The grid is sheared.
    SegmentationError
        The mask has more than 65535 parts.
    ValueError
        `neck_mm` is not above 0.

    Examples
    --------
    >>> from calvaria import Grid
    >>> i = np.indices((1, 21, 41))[1:]
    >>> ball = lambda x: np.hypot(i[0] - 10, i[1] - x) <= 9
    >>> two = Mask(values=ball(11) | ball(28), grid=Grid(dims_ijk=(41, 21, 1), lps_from_ijk=np.eye(4)))
    >>> split_touching(two, neck_mm=10.0).values[0, 10, [5, 15, 25, 35]].tolist()
    [1, 1, 2, 2]
    """
    need("mask", mask, Mask)
    neck_mm = above_zero("neck_mm", neck_mm)
    min_core_mm3 = at_least_zero("min_core_mm3", min_core_mm3)
    if not mask.values.any():
        msg = "mask: at least one voxel expected, found none"
        raise EmptyMaskError(msg)
    cores = find_parts(erode(mask, radius_mm=neck_mm / 2))
    kept = sum(part.volume_mm3 >= min_core_mm3 for part in cores.parts)
    values = np.array(cores.mask.values, dtype=np.uint32)
    values[values > kept] = 0
    # Thin pieces without a core.
    labels = find_parts(mask)
    if max(len(cores), len(labels)) > _MOST_LABELS:
        msg = (
            f"mask: at most {_MOST_LABELS} parts expected, found {max(len(cores), len(labels))}; "
            "remove_small(mask, min_part_mm3=...) takes specks away"
        )
        raise SegmentationError(msg)
    has_core = np.zeros(len(labels) + 1, bool)
    has_core[labels.mask.values[values > 0]] = True
    thin = ~has_core[labels.mask.values] & (labels.mask.values > 0)
    if thin.any():
        values[thin] = kept + labels.mask.values[thin]
    if mask.values.all():
        return _labels(values, mask, names=None)
    _, numbers = np.unique(values, return_inverse=True)
    markers = _labels(numbers.reshape(values.shape), mask, names=None)
    made = watershed(distance_map(mask), markers=markers, within=mask)
    joined = np.array(made.values)
    _join_by_corners(joined, mask.values != 0)
    joined.flags.writeable = False
    return dataclasses.replace(made, values=joined)


def _join_by_corners(labels: NDArray[Any], inside: NDArray[np.bool_]) -> None:
    """Label what no path from face to face reaches as the lowest label that touches it."""
    rest = np.argwhere(inside & (labels == 0))
    most = np.iinfo(labels.dtype).max
    while len(rest):
        lowest = np.full(len(rest), most, labels.dtype)
        for step in itertools.product((-1, 0, 1), repeat=3):
            beside = np.clip(rest + np.array(step), 0, np.array(labels.shape) - 1)
            found = labels[tuple(beside.T)]
            np.minimum(lowest, np.where(found == 0, most, found), out=lowest)
        is_new = lowest < most
        if not is_new.any():
            break
        labels[tuple(rest[is_new].T)] = lowest[is_new]
        rest = rest[~is_new]


def _labels(labels: NDArray[Any], like: Mask, *, names: dict[int, str] | None) -> Mask:
    highest = int(labels.max()) if labels.size else 0
    if highest > _MOST_LABELS:
        msg = f"mask or seeds: at most {_MOST_LABELS} labels expected, found {highest}"
        raise SegmentationError(msg)
    narrow = frozen(labels, dtype=np.uint8 if highest <= 255 else np.uint16)
    return Mask(values=narrow, grid=like.grid, names=names or {}, findings=like.findings)
