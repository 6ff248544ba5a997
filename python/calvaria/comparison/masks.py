"""Two masks of the same thing: how much they share, and how far their surfaces are apart."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from calvaria import _native, _progress
from calvaria._arrays import frozen
from calvaria._asked import above_zero, at_least_zero, need
from calvaria._html import html_table
from calvaria.comparison.distances import SurfaceDistances, measures_of, plain
from calvaria.errors import GeometryError
from calvaria.segment._bytes import bytes_of
from calvaria.volume import Mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.geometry import Grid

__all__ = ["MaskComparison", "compare_masks"]

Elements = Literal["disk", "voxel"]
Three = tuple[float, float, float]

_ELEMENTS = ("disk", "voxel")
# Corners of two grids that are called the same lie no farther apart.
_SAME_MM = 0.01
_MOST_LABEL = 65535


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MaskComparison:
    """How well a mask agrees with a reference.  Every formula is in ``docs/metrics_comparison.md``.

    Parameters
    ----------
    elements : {"disk", "voxel"}
        What the surfaces were made of.
    tolerance_mm : float
        Up to here surfaces count as the same.
    n_reference, n_mask, n_both : int
        Voxels of the reference, of the mask, and in common.
    reference_volume_mm3, volume_mm3 : float
        Volumes of the two.
    dice, jaccard : float
        2 |A and B| / (|A| + |B|), and |A and B| / |A or B|.
    volumetric_similarity : float
        1 - ||A| - |B|| / (|A| + |B|): sizes alone, wherever the masks lie.
    sensitivity, precision : float
        Part of the reference that the mask has, and part of the mask that is in the reference.
    hausdorff_mm : float
        Largest distance from either surface to the other.
    hd95_directed_mm : float
        The larger of the two directed 95th percentiles (surface-distance, MONAI).
    hd95_pooled_mm : float
        The 95th percentile of both directions in one list (MedPy, AutoImplant).
    assd_mm : float
        Mean of both directions in one list.
    masd_mm : float
        Mean of the two directed means.
    surface_dice : float
        Part of both surfaces that is no farther than the tolerance (NSD).
    reference_overlap, overlap : float
        The same for the surface of the reference and for that of the mask alone.
    border_dice : float or None
        Dice of what lies no farther than ``border_mm`` from a third mask; None without one.
    border_mm : float
        How far the border reaches.
    farthest_lps_mm : tuple of float or None
        The place on either surface that is farthest from the other.
    from_reference, to_reference : SurfaceDistances
        All distances, from the reference to the mask and back.
    """

    elements: Elements
    tolerance_mm: float
    n_reference: int
    n_mask: int
    n_both: int
    reference_volume_mm3: float
    volume_mm3: float
    dice: float
    jaccard: float
    volumetric_similarity: float
    sensitivity: float
    precision: float
    hausdorff_mm: float
    hd95_directed_mm: float
    hd95_pooled_mm: float
    assd_mm: float
    masd_mm: float
    surface_dice: float
    reference_overlap: float
    overlap: float
    border_dice: float | None
    border_mm: float
    farthest_lps_mm: Three | None
    from_reference: SurfaceDistances
    to_reference: SurfaceDistances

    @property
    def volume_difference_mm3(self) -> float:
        """Volume of the mask less that of the reference."""
        return self.volume_mm3 - self.reference_volume_mm3

    @property
    def volume_difference_percent(self) -> float:
        """The same in percent of the reference; NaN for an empty reference."""
        if not self.n_reference:
            return math.nan
        return 100 * self.volume_difference_mm3 / self.reference_volume_mm3

    def surface_dice_at(self, tolerance_mm: float) -> float:
        """Return the surface Dice at another tolerance."""
        both = measures_of(self.from_reference, self.to_reference, tolerance_mm=tolerance_mm)
        return both["surface_dice"]

    def to_dict(self) -> dict[str, Any]:
        """Return everything, the distances summarised, ready for JSON."""
        kept = ("from_reference", "to_reference")
        names = [field.name for field in dataclasses.fields(self) if field.name not in kept]
        return {
            **{name: plain(getattr(self, name)) for name in names},
            "volume_difference_mm3": self.volume_difference_mm3,
            "volume_difference_percent": plain(self.volume_difference_percent),
            **{name: getattr(self, name).to_dict() for name in kept},
        }

    def __repr__(self) -> str:
        return (
            f"MaskComparison(dice {self.dice:.4f}, hausdorff {self.hausdorff_mm:.3f} mm, "
            f"assd {self.assd_mm:.4f} mm, surface dice {self.surface_dice:.4f} "
            f"at {self.tolerance_mm:g} mm)"
        )

    def _repr_html_(self) -> str:
        rows = [(k, v) for k, v in self.to_dict().items() if not isinstance(v, dict)]
        return html_table(header=("mask against reference", "value"), rows=rows)


def compare_masks(
    mask: Mask,
    *,
    reference: Mask,
    tolerance_mm: float,
    label: int | None = None,
    elements: Elements = "disk",
    border_of: Mask | None = None,
    border_mm: float = 10.0,
) -> MaskComparison:
    """Hold a mask against a reference on the same grid.

    Parameters
    ----------
    mask, reference : Mask
        On one grid, at right angles.
    tolerance_mm : float
        Up to here surfaces count as the same, for the surface Dice and the overlaps.
    label : int, optional
        Compare the voxels of this label; left out, all that are not background.
    elements : {"disk", "voxel"}
        ``"disk"``: corners between set and unset voxels, each weighted with the area of the surface
        there, as the surface-distance package has it.  ``"voxel"``: the set voxels with an unset
        side neighbour, counted alike, as MONAI, MedPy and SimpleITK's label contour have it.  In
        both, nothing is set outside the image.
    border_of : Mask, optional
        For the border Dice: the defective skull an implant has to fit, say.
    border_mm : float
        How far the border reaches from it; the challenge that defined it uses 10 mm.

    Returns
    -------
    MaskComparison
        Without one of the masks: Dice and its like 0, distances infinite; without both: NaN.

    Raises
    ------
    GeometryError
        The grids differ (the message says in what), or are sheared.
    ValueError
        A number is out of range, or the elements are unknown.

    References
    ----------
    Nikolov et al., Clinically applicable segmentation of head and neck anatomy for radiotherapy,
    2021, doi:10.2196/26151 (disks, surface Dice).
    Taha and Hanbury, Metrics for evaluating 3D medical image segmentation, 2015,
    doi:10.1186/s12880-015-0068-x.
    Li et al., AutoImplant 2020, IEEE TMI 40, 2021, doi:10.1109/TMI.2021.3077047 (border Dice).

    Examples
    --------
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(12, 12, 12), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> values = np.zeros((12, 12, 12), bool)
    >>> values[3:8, 3:8, 3:8] = True
    >>> moved = Mask(values=np.roll(values, 1, axis=0), grid=grid)
    >>> found = compare_masks(moved, reference=Mask(values=values, grid=grid), tolerance_mm=0.5)
    >>> found.dice, found.hausdorff_mm
    (0.8, 2.0)
    """
    if elements not in _ELEMENTS:
        msg = f"elements: one of {_ELEMENTS} expected, found {elements!r}"
        raise ValueError(msg)
    tolerance_mm = at_least_zero("tolerance_mm", tolerance_mm)
    border_mm = above_zero("border_mm", border_mm)
    grid = _one_grid(mask, reference, border_of)
    first, second = (_chosen(one, label) for one in (reference, mask))
    third = None if border_of is None else bytes_of(border_of)
    counts, near, ways = _progress.run(
        lambda progress: _native.compare_masks(
            first=first,
            second=second,
            border_of=third,
            border_mm=border_mm,
            spacing_xyz_mm=grid.spacing_xyz_mm,
            is_disk=elements == "disk",
            progress=progress,
        ),
        title="comparing",
    )
    there, back = (_distances(way, elements) for way in ways)
    n_reference, n_mask, n_both = counts
    return MaskComparison(
        elements=elements,
        tolerance_mm=float(tolerance_mm),
        n_reference=n_reference,
        n_mask=n_mask,
        n_both=n_both,
        reference_volume_mm3=n_reference * grid.voxel_volume_mm3,
        volume_mm3=n_mask * grid.voxel_volume_mm3,
        **_shares(n_reference, n_mask, n_both),
        border_dice=None if near is None else _ratio(2 * near[2], near[0] + near[1]),
        border_mm=float(border_mm),
        farthest_lps_mm=_farthest(grid, ways, elements) if n_reference and n_mask else None,
        from_reference=there,
        to_reference=back,
        **measures_of(there, back, tolerance_mm=tolerance_mm),
    )


def _one_grid(mask: Mask, reference: Mask, border_of: Mask | None) -> Grid:
    """Return the grid that all of them lie on; refuse others, and one that is sheared."""
    for name, one in (("mask", mask), ("reference", reference), ("border_of", border_of)):
        if one is not None or name != "border_of":
            need(name, one, Mask)
    grid = reference.grid
    for name, other in (("mask", mask), ("border_of", border_of)):
        if other is not None:
            _need_same_grid(name, other.grid, grid)
    if grid.is_sheared:
        msg = (
            f"reference: a grid at right angles expected, found one sheared by "
            f"{grid.shear_deg:.2f} degrees; resample_mask(mask, grid=grid) brings both to one that is"
        )
        raise GeometryError(msg)
    return grid


def _shares(n_reference: int, n_mask: int, n_both: int) -> dict[str, float]:
    """Return what follows from the numbers of voxels alone."""
    return {
        "dice": _ratio(2 * n_both, n_reference + n_mask),
        "jaccard": _ratio(n_both, n_reference + n_mask - n_both),
        "volumetric_similarity": _ratio(2 * min(n_reference, n_mask), n_reference + n_mask),
        "sensitivity": _ratio(n_both, n_reference),
        "precision": _ratio(n_both, n_mask),
    }


def _chosen(mask: Mask, label: int | None) -> NDArray[np.uint8]:
    if label is None:
        return bytes_of(mask)
    if not isinstance(label, (int, np.integer)) or not 1 <= label <= _MOST_LABEL:
        msg = f"label: a whole number from 1 to {_MOST_LABEL} expected, found {label!r}"
        raise ValueError(msg)
    return frozen(np.equal(mask.values, label), dtype=np.bool_).view(np.uint8)


def _distances(way: tuple[Any, ...], elements: Elements) -> SurfaceDistances:
    for array in way[:3]:
        array.flags.writeable = False
    distances, weights, counts, _ = way
    return SurfaceDistances(
        distances_mm=distances, weights=weights, counts=counts, is_by_area=elements == "disk"
    )


def _farthest(grid: Grid, ways: tuple[Any, Any], elements: Elements) -> Three:
    """Return the place of the element that is farthest from the other surface."""
    index = max(ways, key=lambda way: float(way[0][-1]))[3]
    # The corner of an index lies half a voxel before the voxel.
    shift = 0.5 if elements == "disk" else 0.0
    x, y, z = grid.lps_mm_from_ijk([[n - shift for n in index]])[0].tolist()
    return x, y, z


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _need_same_grid(name: str, grid: Grid, reference: Grid) -> None:
    if grid.is_close(reference, tolerance_mm=_SAME_MM):
        return
    found = "; ".join(_differences(grid, reference))
    msg = (
        f"{name}: the grid of the reference expected, found another: {found}; "
        "resample_mask(mask, grid=grid) brings it there"
    )
    raise GeometryError(msg)


def _differences(grid: Grid, reference: Grid) -> list[str]:
    """Return in what two grids differ, in words."""
    found = []
    if grid.dims_ijk != reference.dims_ijk:
        found.append(f"{grid.dims_ijk} voxels (i, j, k) against {reference.dims_ijk}")
    ours, theirs = (np.array(one.spacing_xyz_mm) for one in (grid, reference))
    if not np.allclose(ours, theirs, rtol=1e-5, atol=0):
        numbers = [" x ".join(f"{mm:.6g}" for mm in spacing) for spacing in (ours, theirs)]
        found.append(f"spacing {numbers[0]} mm against {numbers[1]} mm")
    axes = [one.lps_from_ijk[:3, :3] / np.array(one.spacing_xyz_mm) for one in (grid, reference)]
    cosine = float(np.clip((axes[0] * axes[1]).sum(axis=0).min(), -1, 1))
    angle = math.degrees(math.acos(cosine))
    if angle > 1e-3:
        found.append(f"axes turned by {angle:.4g} degrees")
    shift = grid.lps_from_ijk[:3, 3] - reference.lps_from_ijk[:3, 3]
    if np.linalg.norm(shift) > _SAME_MM / 2:
        found.append("origin off by ({:.4g}, {:.4g}, {:.4g}) mm".format(*shift))
    return found or [f"corners more than {_SAME_MM} mm apart"]
