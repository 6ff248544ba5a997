"""Judges a volume: its lattice, and what its voxels show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria._asked import need
from calvaria.checks import acquisition as scan
from calvaria.checks.artefacts import check_metal, check_motion, check_slices, region_points
from calvaria.checks.completeness import check_circle, check_faces, check_symmetry
from calvaria.checks.coverage import check_extent, check_orientation, check_tilt
from calvaria.checks.judge import Judge
from calvaria.checks.spacing import Stack, check_planes, check_stack, check_thickness
from calvaria.checks.survey import measure
from calvaria.checks.values import check_noise, check_scale, check_sharpness
from calvaria.findings import CheckReport, Finding
from calvaria.rules import Rules, load_rules
from calvaria.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from calvaria.volume import Mask

__all__ = ["check_volume"]

_HU_CODES = (
    *("hu_air", "hu_soft_tissue", "bone_cut", "circle_cut", "symmetry", "metal", "streaks"),
    *("metal_distance", "sharpness_in_plane", "sharpness_through_plane", "double_edges"),
    *("noise", "contrast_to_noise", "motion", "brightness"),
)


def check_volume(
    volume: Volume,
    *,
    profile: str,
    anatomy: str,
    rules: Rules | None = None,
    region: Mask | ArrayLike | None = None,
) -> CheckReport:
    """Judge a volume by its lattice and by what its voxels show.

    Every check gives a finding, PASS included; UNPROVEN is the answer to what the data cannot show.

    Parameters
    ----------
    volume : Volume
        The image; checks that need HU are not run on other quantities.
    profile : str
        What the model is for: ``"education"``, ``"planning"``, ``"guide"`` or ``"implant"``.
    anatomy : str
        What is imaged, for example ``"skull"`` or ``"mandible"``.
    rules : Rules or None
        The limits; those that come with calvaria when None.
    region : Mask or (n, 3) array of float64 or None
        The part of interest, LPS, mm, to which the distance of metal is measured.

    Returns
    -------
    CheckReport
        All findings; those that the volume was loaded with come last.

    Raises
    ------
    ValueError
        Unknown profile or anatomy, or a region that is neither a mask nor points.

    See Also
    --------
    check_series : what the headers tell, before a voxel is read.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> k, j, i = np.mgrid[:40, :80, :80]
    >>> radius = np.hypot(i - 40, j - 40)
    >>> values = np.where(radius < 30, 40, -1000) + np.where(abs(radius - 24) < 3, 900, 0)
    >>> grid = Grid(dims_ijk=(80, 80, 40), lps_from_ijk=np.eye(4))
    >>> report = check_volume(Volume(values=values, grid=grid), profile="guide", anatomy="generic")
    >>> [f.details["face"] for f in report if f.code == "bone_cut" and f.verdict.name == "FAIL"]
    ['superior', 'inferior']
    """
    need("volume", volume, Volume)
    rules = load_rules() if rules is None else rules
    judge = Judge(rules=rules, profile=rules.profile(profile), anatomy=rules.anatomy(anatomy))
    points = region_points(region)
    stack, acquisition = Stack.of_grid(volume.grid), volume.acquisition
    step = volume.grid.slice_distance_mm if volume.grid.dims_ijk[2] > 1 else None
    found = [
        scan.check_modality(judge, acquisition, quantity=volume.quantity),
        scan.check_kernel(judge, acquisition),
        *check_thickness(judge, acquisition, increment_mm=step),
        *check_planes(judge, stack),
        *check_stack(judge, stack),
        *check_tilt(judge, stack, acquisition),
        check_orientation(judge, stack),
        *check_extent(judge, stack, acquisition),
    ]
    survey = measure(volume, metal_hu=judge.limit("metal")["threshold_hu"])
    found += check_slices(judge, survey, is_hu=volume.is_hu)
    if volume.is_hu:
        found += [
            *check_scale(judge, survey),
            *check_faces(judge, volume, survey),
            check_circle(judge, survey),
            *check_symmetry(judge, volume, survey),
            *check_metal(judge, volume, survey, region=points),
            *check_sharpness(judge, survey),
            *check_noise(judge, survey, acquisition),
            *check_motion(judge, survey, slice_mm=step or 1.0),
        ]
    else:
        found += _without_hu(judge)
    nx, ny, nz = volume.grid.dims_ijk
    return CheckReport(
        subject=f"volume of {nx} x {ny} x {nz} voxels",
        findings=(*found, *volume.findings),
        profile=judge.profile,
        anatomy=judge.anatomy,
    )


def _without_hu(judge: Judge) -> list[Finding]:
    text = "The values are not HU, so this cannot be measured."
    limits = {"circle_cut": "bone_cut"}
    return [
        judge.unproven(code, text, limit=judge.limit(limits.get(code, code))) for code in _HU_CODES
    ]
