"""Connected parts of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native, _progress
from calvaria._arrays import frozen
from calvaria._asked import need, whole
from calvaria._html import html_table
from calvaria.errors import EmptyMaskError, SegmentationError
from calvaria.segment._bytes import bytes_of, check_grids, mask_of, neighbours, voxel_count
from calvaria.volume import Mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Part", "Parts", "find_parts", "keep_connected", "keep_largest", "remove_small"]

_MOST_LABELS = 65535
_MOST = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One connected part of a mask.

    Attributes
    ----------
    label : int
        Its value in the label map; 1 is the largest part.
    n_voxels : int
        Its size in voxels.
    volume_mm3 : float
        Its size, mm3.
    centre_lps_mm : (float, float, float)
        Mean position of its voxels, LPS, mm.
    low_ijk, high_ijk : (int, int, int)
        First and last index along i, j, k.
    """

    label: int
    n_voxels: int
    volume_mm3: float
    centre_lps_mm: tuple[float, float, float]
    low_ijk: tuple[int, int, int]
    high_ijk: tuple[int, int, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the part as plain types, ready for JSON."""
        return {
            name: list(value) if isinstance(value := getattr(self, name), tuple) else value
            for name in self.__dataclass_fields__
        }

    def _repr_html_(self) -> str:
        return html_table(caption="Part", header=("", ""), rows=self.to_dict().items())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """The connected parts of a mask, the largest first.

    Attributes
    ----------
    parts : tuple of Part
        The parts; label n is ``parts[n - 1]``.
    mask : Mask
        Label map.  Parts beyond the 65535th are background.
    connectivity : int
        Which voxels were neighbours: 6, 18 or 26.
    """

    parts: tuple[Part, ...]
    mask: Mask
    connectivity: int

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, index: int) -> Part:
        return self.parts[index]

    def __repr__(self) -> str:
        largest = f", largest {self.parts[0].volume_mm3:.4g} mm3" if self.parts else ""
        return f"Parts({len(self.parts)} by {self.connectivity} neighbours{largest})"

    def _repr_html_(self) -> str:
        rows = [
            (
                p.label,
                p.n_voxels,
                f"{p.volume_mm3:.4g}",
                ", ".join(f"{x:.1f}" for x in p.centre_lps_mm),
            )
            for p in self.parts[:20]
        ]
        return html_table(
            header=("label", "voxels", "mm3", "centre LPS mm"),
            rows=rows,
            caption=repr(self),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the parts as plain types, ready for JSON."""
        return {
            "connectivity": self.connectivity,
            "parts": [part.to_dict() for part in self.parts],
        }


def find_parts(mask: Mask, *, connectivity: int = 26) -> Parts:
    """Find the connected parts of a mask.

    Parameters
    ----------
    mask : Mask
        The mask; labels are taken as one structure.
    connectivity : {26, 18, 6}
        Whether voxels that share a corner, an edge or only a face are neighbours.

    Returns
    -------
    Parts
        Sizes, places and a label map; the largest part has label 1, equals come in the order of
        their first voxels.

    Raises
    ------
    ValueError
        ``connectivity`` is none of the three.

    Examples
    --------
    >>> from calvaria import Grid
    >>> values = np.zeros((1, 2, 6), bool)
    >>> values[0, 0, :2] = values[0, 1, 3:] = True
    >>> parts = find_parts(Mask(values=values, grid=Grid(dims_ijk=(6, 2, 1), lps_from_ijk=np.eye(4))))
    >>> parts
    Parts(2 by 26 neighbours, largest 3 mm3)
    >>> parts.mask.values[0].tolist()
    [[2, 2, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1]]
    """
    labels, sizes, bounds, middles = _components(mask, connectivity, with_labels=True)
    assert labels is not None
    if len(sizes) > _MOST_LABELS:
        labels[labels > _MOST_LABELS] = 0
    places = mask.grid.lps_mm_from_ijk(middles)
    one = mask.grid.voxel_volume_mm3
    parts = tuple(
        Part(
            label=n + 1,
            n_voxels=int(size),
            volume_mm3=float(size) * one,
            centre_lps_mm=tuple(places[n].tolist()),
            low_ijk=tuple(bounds[n, ::2].tolist()),
            high_ijk=tuple(bounds[n, 1::2].tolist()),
        )
        for n, size in enumerate(sizes.tolist())
    )
    return Parts(parts=parts, mask=_label_mask(labels, mask), connectivity=connectivity)


def keep_largest(mask: Mask, *, n: int = 1, connectivity: int = 26) -> Mask:
    """Return the largest connected parts of a mask.

    Parameters
    ----------
    mask : Mask
        The mask.
    n : int
        How many parts; of equals the one whose first voxel comes first.
    connectivity : {26, 18, 6}
        Which voxels are neighbours.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    EmptyMaskError
        The mask has no voxel.
    ValueError
        ``n`` is below 1 or ``connectivity`` is none of the three.

    See Also
    --------
    remove_small : by size instead of by number.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(6, 1, 1), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.array([[[True, True, True, False, True, True]]]), grid=grid)
    >>> keep_largest(mask).values[0, 0].astype(int)
    array([1, 1, 1, 0, 0, 0])
    """
    most = min(whole("n", n, 1), _MOST)
    kept = _keep(mask, connectivity, most=most, least=1)
    if not kept.values.any():
        msg = "mask: at least one voxel expected, found none; is the threshold too high?"
        raise EmptyMaskError(msg)
    return kept


def remove_small(mask: Mask, *, min_part_mm3: float, connectivity: int = 26) -> Mask:
    """Return a mask without its parts that are smaller than a volume.

    Parameters
    ----------
    mask : Mask
        The mask.
    min_part_mm3 : float
        Parts of at least this volume stay, mm3.
    connectivity : {26, 18, 6}
        Which voxels are neighbours.

    Returns
    -------
    Mask
        Boolean; may be empty.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(6, 1, 1), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> mask = Mask(values=np.array([[[True, True, True, False, True, True]]]), grid=grid)
    >>> remove_small(mask, min_part_mm3=1.5).values[0, 0].astype(int)  # 3 voxels of 0.5 mm3 stay, 2 go
    array([1, 1, 1, 0, 0, 0])
    """
    need("mask", mask, Mask)
    least = voxel_count(mask, min_part_mm3, name="min_part_mm3")
    return _keep(mask, connectivity, most=_MOST, least=least)


def keep_connected(
    mask: Mask,
    *,
    seeds: Mask | None = None,
    seeds_lps_mm: Sequence[Sequence[float]] | None = None,
    connectivity: int = 26,
) -> Mask:
    """Return the parts of a mask that hold a seed.

    Parameters
    ----------
    mask : Mask
        The mask.
    seeds : Mask, optional
        A part that shares a voxel with it stays.
    seeds_lps_mm : sequence of (x, y, z), optional
        A part that holds one of these points stays; LPS, mm.
    connectivity : {26, 18, 6}
        Which voxels are neighbours.

    Returns
    -------
    Mask
        Boolean.

    Raises
    ------
    SegmentationError
        A point lies outside of the image.
    ValueError
        No seed was given.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(6, 1, 1), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.array([[[True, True, True, False, True, True]]]), grid=grid)
    >>> keep_connected(mask, seeds_lps_mm=[(5, 0, 0)]).values[0, 0].astype(int)
    array([0, 0, 0, 0, 1, 1])
    """
    need("mask", mask, Mask)
    marked = np.zeros(mask.grid.shape_kji, np.uint8)
    if seeds is None and seeds_lps_mm is None:
        msg = "seeds or seeds_lps_mm: at least one expected, found none"
        raise ValueError(msg)
    if seeds is not None:
        check_grids("seeds", seeds, mask)
        marked |= bytes_of(seeds)
    for i, j, k in seed_indices(mask, seeds_lps_mm if seeds_lps_mm is not None else ()):
        marked[k, j, i] = 1
    marked.flags.writeable = False
    made = _progress.run(
        lambda progress: _native.keep_connected(
            bytes_of(mask), marked, neighbours(connectivity), progress
        ),
        title="connected parts",
    )
    return mask_of(made, mask)


def seed_indices(
    subject: Any, seeds_lps_mm: Sequence[Sequence[float]]
) -> list[tuple[int, int, int]]:
    """Return the voxels (i, j, k) that hold some points; SegmentationError for one outside."""
    try:
        points = np.asarray(seeds_lps_mm, dtype=np.float64).reshape(-1, 3)
    except (TypeError, ValueError):
        msg = f"seeds_lps_mm: points (x, y, z) expected, found {seeds_lps_mm!r}"
        raise ValueError(msg) from None
    if not np.isfinite(points).all():
        msg = f"seeds_lps_mm: finite numbers expected, found {points.tolist()}"
        raise SegmentationError(msg)
    indices = np.floor(subject.grid.ijk_from_lps_mm(points) + 0.5)
    for point, index in zip(points.tolist(), indices, strict=True):
        if not ((index >= 0).all() and (index < subject.grid.dims_ijk).all()):
            msg = f"seeds_lps_mm: points within the image expected, found {tuple(point)}"
            raise SegmentationError(msg)
    return [(int(i), int(j), int(k)) for i, j, k in indices]


def _components(
    mask: Mask, connectivity: int, *, with_labels: bool
) -> tuple[NDArray[np.uint32] | None, NDArray[np.uint64], NDArray[np.uint32], NDArray[np.float64]]:
    count = neighbours(connectivity)
    return _progress.run(
        lambda progress: _native.components(bytes_of(mask), count, with_labels, progress),
        title="connected parts",
    )


def _keep(mask: Mask, connectivity: int, *, most: int, least: int) -> Mask:
    count = neighbours(connectivity)
    made = _progress.run(
        lambda progress: _native.keep_parts(bytes_of(mask), count, most, least, progress),
        title="connected parts",
    )
    return mask_of(made, mask)


def _label_mask(labels: NDArray[Any], like: Mask) -> Mask:
    highest = int(labels.max()) if labels.size else 0
    narrow = frozen(labels, dtype=np.uint8 if highest <= 255 else np.uint16)
    return Mask(values=narrow, grid=like.grid, findings=like.findings)
