"""Which series of a study is judged, and both checks in one report."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from calvaria.checks import check_series, check_volume
from calvaria.dicom import find_series, load_series
from calvaria.errors import CalvariaWarning, InconsistentSeriesError, NotDicomError
from calvaria.findings import CheckReport

if TYPE_CHECKING:
    import os

    from calvaria.dicom import Series, SeriesList
    from calvaria.findings import Finding
    from calvaria.rules import Rules

__all__ = ["check_source"]


def check_source(
    path: str | os.PathLike[str],
    *,
    profile: str,
    anatomy: str,
    series: int | None = None,
    rules: Rules | None = None,
) -> CheckReport:
    """Check the headers of a series and, where it can be loaded, its voxels.

    Parameters
    ----------
    path : path
        A folder, file, DICOMDIR or zip archive of DICOM.
    profile, anatomy : str
        What the model is for, and what it shows.
    series : int, optional
        Which series, counted as :func:`calvaria.find_series` lists them from 1.  Left out, the only
        one that can be loaded; when none can, the headers of the largest are judged.
    rules : Rules, optional
        Limits of your own.

    Returns
    -------
    CheckReport
        Findings from headers and voxels; what both say is said once.

    Raises
    ------
    InconsistentSeriesError
        Several series can be loaded and none was chosen, or there is none of that number.
    NotDicomError
        There is no series.

    See Also
    --------
    open_source : takes the best of several and keeps the volume.

    Examples
    --------
    >>> import tempfile
    >>> from calvaria.phantom import Scanner, sphere, write_study
    >>> small = Scanner(columns=64, rows=64, spacing_xy_mm=(1.0, 1.0), missing=(40,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_study(sphere(), folder, scanner=small)
    ...     report = check_source(folder, profile="education", anatomy="generic")
    >>> report["slice_gaps"].verdict.name
    'FAIL'
    """
    chosen = _chosen(find_series(path), series)
    report = check_series(chosen, profile=profile, anatomy=anatomy, rules=rules)
    if not chosen.is_loadable:
        return report
    with warnings.catch_warnings():
        # Each of these is a finding of the report.
        warnings.simplefilter("ignore", CalvariaWarning)
        volume = load_series(chosen)
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
            msg = f"series: 1 to {len(found)} expected, found {number}"
            raise InconsistentSeriesError(msg)
        return found[number - 1]
    stacks = [series for series in found if series.n_slices > 1] or list(found)
    loadable = [series for series in stacks if series.is_loadable]
    if len(loadable) > 1:
        numbers = ", ".join(str(found.index(series) + 1) for series in loadable)
        msg = f"{len(loadable)} series can be judged: choose series {numbers}"
        raise InconsistentSeriesError(msg)
    # With none to load the largest is what was meant, and its headers are judged.
    return loadable[0] if loadable else max(stacks, key=lambda series: series.n_slices)


def _joined(first: tuple[Finding, ...], second: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Join two lists of findings; what headers and voxels both say is said once."""
    said = {(finding.code, finding.verdict, finding.message) for finding in first}
    new = (f for f in second if (f.code, f.verdict, f.message) not in said)
    return first + tuple(new)
