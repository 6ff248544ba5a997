"""Which series of a study is judged, and both checks in one report."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from calvaria.checks import check_series, check_volume
from calvaria.dicom import find_series, load_series
from calvaria.errors import CalvariaWarning, InconsistentSeriesError, NotDicomError
from calvaria.findings import CheckReport

if TYPE_CHECKING:
    from pathlib import Path

    from calvaria.dicom import Series, SeriesList
    from calvaria.findings import Finding
    from calvaria.rules import Rules

__all__ = ["judged"]


def judged(
    path: Path, *, number: int | None, profile: str, anatomy: str, rules: Rules | None
) -> CheckReport:
    """Check the headers and, where the series can be loaded, the voxels.

    Parameters
    ----------
    path : path
        A folder, file or archive.
    number : int, optional
        Which series, counted from 1; left out, the only one or the best.
    profile, anatomy : str
        What the model is for, and what it shows.
    rules : Rules, optional
        Limits of your own.

    Returns
    -------
    CheckReport
        Findings from headers and voxels.
    """
    series = _chosen(find_series(path), number)
    report = check_series(series, profile=profile, anatomy=anatomy, rules=rules)
    if not series.is_loadable:
        return report
    with warnings.catch_warnings():
        # Each of these is a finding of the report.
        warnings.simplefilter("ignore", CalvariaWarning)
        volume = load_series(series)
    more = check_volume(volume, profile=profile, anatomy=anatomy, rules=rules)
    return CheckReport(
        subject=report.subject,
        findings=_joined(report.findings, more.findings),
        profile=report.profile,
        anatomy=report.anatomy,
    )


def _chosen(found: SeriesList, number: int | None) -> Series:
    if not found:
        raise NotDicomError("no DICOM series found")
    if number is not None:
        if number > len(found):
            msg = f"--series: 1 to {len(found)} expected, found {number}"
            raise InconsistentSeriesError(msg)
        return found[number - 1]
    stacks = [series for series in found if series.n_slices > 1] or list(found)
    loadable = [series for series in stacks if series.is_loadable]
    if len(loadable) > 1:
        numbers = ", ".join(str(found.index(series) + 1) for series in loadable)
        msg = f"{len(loadable)} series can be judged: choose with --series {numbers}"
        raise InconsistentSeriesError(msg)
    # With none to load the largest is what was meant, and its headers are judged.
    return loadable[0] if loadable else max(stacks, key=lambda series: series.n_slices)


def _joined(first: tuple[Finding, ...], second: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Join two lists of findings; what headers and voxels both say is said once."""
    said = {(finding.code, finding.verdict, finding.message) for finding in first}
    new = (f for f in second if (f.code, f.verdict, f.message) not in said)
    return first + tuple(new)
