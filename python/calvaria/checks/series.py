"""Judges what the headers of a series say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calvaria._record import plural
from calvaria.checks import acquisition as scan
from calvaria.checks.coverage import check_extent, check_orientation, check_tilt
from calvaria.checks.judge import Judge
from calvaria.checks.spacing import Stack, check_planes, check_stack, check_thickness, usual_step
from calvaria.findings import CheckReport, Finding, Verdict
from calvaria.rules import Rules, load_rules

if TYPE_CHECKING:
    from calvaria.dicom import Series

__all__ = ["check_series"]

_GEOMETRY = (
    *("slice_thickness", "slice_increment", "slab_gap", "pixel_spacing", "anisotropy"),
    *("slice_count", "slice_gaps", "duplicate_slices", "slice_spacing", "tilt", "tilt_tag"),
    *("orientation", "field_of_view", "coverage"),
)


def check_series(
    series: Series, *, profile: str, anatomy: str, rules: Rules | None = None
) -> CheckReport:
    """Judge a series by its headers, before a voxel is read.

    Every check gives a finding, PASS included, so that the report shows what was looked at.

    Parameters
    ----------
    series : Series
        What :func:`calvaria.find_series` found.
    profile : str
        What the model is for: ``"education"``, ``"planning"``, ``"guide"`` or ``"implant"``.
    anatomy : str
        What is imaged, for example ``"skull"`` or ``"skull-base"``.
    rules : Rules or None
        The limits; those that come with calvaria when None.

    Returns
    -------
    CheckReport
        All findings; those that the loader attached to the series come last.

    Raises
    ------
    ValueError
        Unknown profile or anatomy.

    See Also
    --------
    check_volume : the same for a volume, with what the voxels show.
    plan_imaging : the protocol that would pass.

    Examples
    --------
    >>> from calvaria.dicom import Series
    >>> from calvaria.volume import Acquisition
    >>> positions = np.column_stack([np.zeros((2, 200)).T, 0.8 * np.arange(200)])
    >>> series = Series(
    ...     acquisition=Acquisition(modality="CT", slice_thickness_mm=1.05),
    ...     n_slices=200, columns=512, rows=512, pixel_spacing_xy_mm=(0.5, 0.5),
    ...     image_orientation_patient=(1, 0, 0, 0, 1, 0), slice_positions_lps_mm=positions)
    >>> check_series(series, profile="guide", anatomy="calvaria")["slice_thickness"].verdict.name
    'BORDERLINE'
    >>> check_series(series, profile="guide", anatomy="skull-base")["slice_thickness"].verdict.name
    'FAIL'
    """
    rules = load_rules() if rules is None else rules
    judge = Judge(rules=rules, profile=rules.profile(profile), anatomy=rules.anatomy(anatomy))
    found = [
        _loadable(series),
        scan.check_modality(judge, series.acquisition, quantity=None),
        scan.check_rescale_type(judge, series.acquisition),
        scan.check_image_type(judge, series.acquisition),
        scan.check_kernel(judge, series.acquisition),
        *_geometry(judge, series),
        *series.findings,
    ]
    number = "" if series.series_number is None else f" {series.series_number}"
    return CheckReport(
        subject=f"series{number}: {plural(series.n_slices, 'slice')} of {series.columns} x {series.rows}",
        findings=tuple(found),
        profile=judge.profile,
        anatomy=judge.anatomy,
    )


def _loadable(series: Series) -> Finding:
    return Finding(
        code="loadable",
        verdict=Verdict.PASS if series.is_loadable else Verdict.FAIL,
        message="The series can be loaded."
        if series.is_loadable
        else f"It cannot be loaded: {series.reason}.",
        measured="yes" if series.is_loadable else "no",
        limit="PASS: a stack of planes that can be decoded",
        source="house rule: what cannot be loaded cannot be judged",
    )


def _geometry(judge: Judge, series: Series) -> list[Finding]:
    stack = stack_of(series)
    if stack is None:
        text = "The headers do not say where the planes lie or how large their pixels are."
        return [judge.unproven(code, text) for code in _GEOMETRY]
    steps, _ = stack.steps()
    step = usual_step(steps) if len(steps) else 0.0
    return [
        *check_thickness(judge, series.acquisition, increment_mm=step or None),
        *check_planes(judge, stack),
        *check_stack(judge, stack),
        *check_tilt(judge, stack, series.acquisition),
        check_orientation(judge, stack),
        *check_extent(judge, stack, series.acquisition),
    ]


def stack_of(series: Series) -> Stack | None:
    """Return the planes of a series, or None where the headers do not place them."""
    spacing, directions = series.pixel_spacing_xy_mm, series.image_orientation_patient
    positions = np.asarray(series.slice_positions_lps_mm, dtype=np.float64)
    if spacing is None or directions is None or len(directions) != 6:
        return None
    axes = np.reshape(np.asarray(directions, dtype=np.float64), (2, 3))
    lengths = np.linalg.norm(axes, axis=1)
    placed = positions.ndim == 2 and len(positions) > 0 and bool(np.isfinite(positions).all())
    if not placed or not (lengths > 0.5).all() or not min(spacing) > 0:
        return None
    if np.linalg.norm(np.cross(*axes)) < 0.5:
        return None
    # One file may hold many planes; then its name does not tell them apart.
    named = len(series.files) == len(positions)
    return Stack(
        positions_lps_mm=positions,
        names=tuple(series.files) if named else (),
        row=axes[0] / lengths[0],
        column=axes[1] / lengths[1],
        pixel_spacing_xy_mm=(float(spacing[0]), float(spacing[1])),
        columns=series.columns,
        rows=series.rows,
    )
