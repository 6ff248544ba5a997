"""From a series to a volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calvaria import _native, _progress
from calvaria.dicom.choice import is_mended, only_stack
from calvaria.dicom.find import MAX_EXTRA_BYTES, find_series
from calvaria.dicom.notes import finding, warn
from calvaria.dicom.series import Series
from calvaria.errors import InconsistentSeriesError
from calvaria.findings import Finding, Verdict
from calvaria.geometry import Grid
from calvaria.resample import resample_slices
from calvaria.volume import Acquisition, Volume

if TYPE_CHECKING:
    import os

__all__ = ["load_series"]


def load_series(
    series_or_path: Series | str | os.PathLike[str],
    *,
    rescale: tuple[float, float] | None = None,
    resample: float | bool | None = None,
    max_gap_mm: float | None = None,
    max_extra_bytes: int = MAX_EXTRA_BYTES,
) -> Volume:
    """Load a series as a volume in Hounsfield units.

    Parameters
    ----------
    series_or_path : Series or path-like
        A series from :func:`find_series`, or a path that holds exactly one that can be loaded.
    rescale : tuple of float, optional
        Slope and intercept to use instead of those in the files: the explicit override for files
        that have none or wrong ones.
    resample : float or True, optional
        Interpolates unevenly spaced slices, on request only: the new distance between slices
        along their normal, mm, or True for the usual one of the series.  The volume then carries
        the finding ``slices_resampled``.
    max_gap_mm : float, optional
        Slices farther apart than this are not interpolated between.  Left out: 2.5 times the
        usual distance, so that a single missing slice can be bridged and a missing slab cannot.
    max_extra_bytes : int
        What the pixels may need beyond 64 times the size of their files.

    Returns
    -------
    Volume
        ``values`` (nz, ny, nx), int16 where that is exact, else float32; ``grid`` from positions
        and orientation alone, a gantry tilt kept as shear; ``findings`` with all that was
        noticed.

    Raises
    ------
    InconsistentSeriesError
        The slices do not form one volume; the message lists gaps with the files either side.
    MissingAttributeError
        A required attribute is absent or malformed; the message names file and tag.
    UnsupportedTransferSyntaxError
        The pixels are stored in a way that is refused; the message names it.
    DicomError
        Anything else that keeps the files from being read, or several series to choose from.

    Warns
    -----
    CalvariaWarning
        A finding that FAILs or is UNPROVEN; the volume still carries it.

    Examples
    --------
    >>> import tempfile
    >>> from calvaria.phantom import Scanner, sphere, write_study
    >>> small = Scanner(columns=32, rows=32, spacing_xy_mm=(2.5, 2.5), n_slices=4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_study(sphere(hu=1000.0), folder, scanner=small)
    ...     volume = load_series(folder)
    >>> volume
    Volume(32 x 32 x 4 int16 HU, 2.5 x 2.5 x 0.8 mm)
    >>> volume.values.dtype, volume.quantity
    (dtype('int16'), 'HU')
    """
    if isinstance(series_or_path, Series):
        series = series_or_path
    else:
        found = find_series(series_or_path, max_extra_bytes=max_extra_bytes)
        series = only_stack(found, has_rescale=rescale is not None, even=bool(resample))
    is_usual = isinstance(resample, (bool, np.bool_)) and bool(resample)
    wants_even = is_usual or (resample is not None and not isinstance(resample, (bool, np.bool_)))
    if series.reason and not is_mended(series, has_rescale=rescale is not None, even=wants_even):
        raise series._error(series.reason)  # noqa: SLF001
    values, notes = _progress.run(
        lambda progress: _native.load_series(
            series._handle,  # noqa: SLF001
            rescale,
            max_extra_bytes,
            progress,
        ),
        title="reading slices",
    )
    findings = series.findings + tuple(finding(*note) for note in notes)
    if rescale is not None:
        kept = (note for note in findings if note.code != "not_hu")
        findings = (*kept, _rescale_note(*rescale))
    if series.grid is None or (wants_even and not is_usual):
        spacing_mm = series.slice_increment_mm if is_usual else resample
        values, grid, note = _even_slices(series, values, spacing_mm, max_gap_mm)
        findings = (*findings, note)
    else:
        grid = series.grid
    warn(findings)
    return Volume(
        values=values,
        grid=grid,
        findings=findings,
        quantity=_quantity(series.acquisition, is_overridden=rescale is not None),
        acquisition=series.acquisition,
    )


def _rescale_note(slope: float, intercept: float) -> Finding:
    return Finding(
        code="rescale_overridden",
        verdict=Verdict.BORDERLINE,
        message=f"Values were made by the caller's rule: {slope:g} x stored {intercept:+g}.",
    )


def _even_slices(
    series: Series, values: NDArray[Any], spacing_mm: Any, max_gap_mm: float | None
) -> tuple[NDArray[Any], Grid, Finding]:
    """Interpolate between neighbouring slices; the first slice stays where it is."""
    normal, directions = series.slice_normal, series.image_orientation_patient
    if normal is None or directions is None:  # a series without directions has a reason, no stack
        raise InconsistentSeriesError(series.reason)
    if series.n_slices < 2:
        msg = "resample: at least two slices expected, found one"
        raise InconsistentSeriesError(msg)
    positions = series.slice_positions_lps_mm
    distances = positions @ normal
    increments = np.diff(distances)
    spacing = _positive("resample", spacing_mm)
    allowed = 2.5 * float(np.median(increments)) if max_gap_mm is None else max_gap_mm
    even = resample_slices(
        values,
        positions_mm=distances,
        spacing_mm=spacing,
        max_gap_mm=_positive("max_gap_mm", allowed),
    )
    even.flags.writeable = False
    # A tilted stack steps along the table: the way from first to last per mm along the normal.
    slope = (positions[-1] - positions[0]) / (distances[-1] - distances[0])
    row, column = np.asarray(directions[:3]), np.asarray(directions[3:])
    x, y = series.pixel_spacing_xy_mm or (1.0, 1.0)
    affine = np.eye(4)
    affine[:3] = np.column_stack([row * x, column * y, slope * spacing, positions[0]])
    nz, ny, nx = even.shape
    note = Finding(
        code="slices_resampled",
        verdict=Verdict.BORDERLINE,
        message="Slices were interpolated on request; what lies in a gap was never imaged.",
        measured=float(increments.max()),
        unit="mm",
        limit=f"gaps up to {allowed:.4g} mm",
    )
    return even, Grid(dims_ijk=(nx, ny, nz), lps_from_ijk=affine), note


def _positive(name: str, value: float) -> float:
    number = float(value)
    if not (np.isfinite(number) and number > 0.0):
        msg = f"{name}: a positive number of mm expected, found {value}"
        raise ValueError(msg)
    return number


def _quantity(acquisition: Acquisition, *, is_overridden: bool) -> str:
    is_hu = is_overridden or acquisition.rescale_type in (None, "HU")
    return "HU" if is_hu and acquisition.modality == "CT" else "arbitrary"
