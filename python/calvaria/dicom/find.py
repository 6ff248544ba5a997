"""From a path to series: only headers are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native, _progress, errors
from calvaria.dicom.notes import finding
from calvaria.dicom.series import LeftOut, Series, SeriesList
from calvaria.errors import DicomError
from calvaria.geometry import Grid
from calvaria.volume import Acquisition

if TYPE_CHECKING:
    import os

__all__ = ["MAX_EXTRA_BYTES", "find_series"]

# What a file may claim beyond 64 times its own size before calvaria stops believing it.
MAX_EXTRA_BYTES = 64 * 1024 * 1024


def find_series(
    path: str | os.PathLike[str], *, max_extra_bytes: int = MAX_EXTRA_BYTES
) -> SeriesList:
    """Find the DICOM series at a path; only headers are read, in parallel.

    Parameters
    ----------
    path : path-like
        A file, a folder (searched recursively), a DICOMDIR or a zip archive.  Only regular files
        inside the folder are opened; symbolic links are not followed.
    max_extra_bytes : int
        What a file may claim beyond 64 times its own size before it is left out as dishonest.

    Returns
    -------
    SeriesList
        A tuple of :class:`Series`; its ``left_out`` accounts for every other file.

    Raises
    ------
    DicomError
        The path itself cannot be read.

    See Also
    --------
    load_series : make a volume of one of them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     find_series(folder)
    0 series, 0 files left out
    """
    handles, left_out = _progress.run(
        lambda progress: _native.find_series(path, max_extra_bytes, progress),
        title="reading headers",
    )
    series = [_series(handle) for handle in handles]
    files = [LeftOut(file=file, reason=reason, is_suspicious=odd) for file, reason, odd in left_out]
    files += [
        LeftOut(file=file, reason="a copy of a slice that is there already")
        for one in series
        for note in one.findings
        if note.code == "duplicate_slices"
        for file in note.places
    ]
    return SeriesList(series, left_out=sorted(files, key=lambda file: file.file))


def _series(handle: _native.SeriesHandle) -> Series:
    about = handle.describe()
    names = Acquisition.__dataclass_fields__
    known = {name: about[name] for name in names if name in about}
    known["image_type"] = tuple(about.get("image_type", ()))
    problem = about["problem"]
    affine = about["lps_from_ijk"]
    n_slices = len(about["slice_positions_lps_mm"])
    dims = (about["columns"], about["rows"], n_slices)
    directions = about["image_orientation_patient"]
    return Series(
        acquisition=Acquisition(**known),
        series_number=about["series_number"],
        files=tuple(about["files"]),
        n_slices=n_slices,
        columns=about["columns"],
        rows=about["rows"],
        pixel_spacing_xy_mm=about["pixel_spacing_xy_mm"],
        image_orientation_patient=tuple(directions) if directions else None,
        slice_positions_lps_mm=np.asarray(about["slice_positions_lps_mm"]).reshape(-1, 3),
        grid=Grid(dims_ijk=dims, lps_from_ijk=np.asarray(affine)) if affine else None,
        reason=problem[1] if problem else "",
        sop_class=about["sop_class"],
        is_stack=about["is_stack"],
        findings=tuple(finding(*note) for note in about["notes"]),
        _handle=handle,
        _error=getattr(errors, problem[0]) if problem else DicomError,
    )
