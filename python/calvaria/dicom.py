"""From a folder of DICOM files to series, and from a series to a volume."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calvaria import _native, _progress, errors
from calvaria._html import html_table
from calvaria.errors import CalvariaWarning, DicomError, NotDicomError
from calvaria.findings import Finding, Verdict
from calvaria.geometry import Grid
from calvaria.resample import resample_slices
from calvaria.volume import Acquisition, Volume

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

__all__ = ["LeftOut", "Series", "SeriesList", "find_series", "load_series"]

# What a file may claim beyond 64 times its own size before calvaria stops believing it.
_MAX_EXTRA_BYTES = 64 * 1024 * 1024

# The verdict on what the loader noticed; the codes are explained in docs/checks.md.
_VERDICTS = {
    "duplicate_slices": Verdict.BORDERLINE,
    "executable_preamble": Verdict.BORDERLINE,
    "lossy_compression": Verdict.BORDERLINE,
    "mixed_series": Verdict.PASS,
    "monochrome1": Verdict.PASS,
    "no_preamble": Verdict.PASS,
    "not_hu": Verdict.FAIL,
    "one_of_several": Verdict.BORDERLINE,
    "other_encoding": Verdict.BORDERLINE,
    "padding_masked": Verdict.PASS,
    "pixel_spacing_plausible": Verdict.FAIL,
    "rescale_varies": Verdict.BORDERLINE,
    "single_slice": Verdict.FAIL,
    "slice_increment_plausible": Verdict.FAIL,
    "unreadable_file": Verdict.FAIL,
    "unusable_beside": Verdict.FAIL,
    "unused_bits": Verdict.PASS,
    "unusable_sibling": Verdict.FAIL,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Image planes that belong together, in space order, and whether they form a volume.

    Attributes
    ----------
    acquisition : Acquisition
        How the images were made, as far as the headers say.
    series_number : int or None
        The number the scanner gave the series.
    files : tuple of str
        The files, relative to the folder that was searched, in the order of their planes.
    n_slices : int
        Number of image planes (frames of a multi-frame file count one by one).
    columns, rows : int
        Size of every plane.
    pixel_spacing_xy_mm : tuple of float or None
        Distance between neighbouring columns (x) and between rows (y), mm.
    image_orientation_patient : tuple of float or None
        Direction of increasing column and of increasing row, LPS.
    slice_positions_lps_mm : (n_slices, 3) ndarray of float64
        Centre of the first pixel of every plane, LPS, mm; NaN where a plane has none.
    grid : Grid or None
        The lattice of the stack; None when the planes do not lie on one.
    reason : str
        Why it cannot be loaded; empty when it can.
    sop_class : str
        The standard's name of the kind of object.
    is_stack : bool
        Whether it is measured images, loadable or not; False for localizers, pictures, plans.
    findings : tuple of Finding
        What was found while the headers were read.
    """

    acquisition: Acquisition = field(default_factory=Acquisition)
    series_number: int | None = None
    files: tuple[str, ...] = ()
    n_slices: int = 0
    columns: int = 0
    rows: int = 0
    pixel_spacing_xy_mm: tuple[float, float] | None = None
    image_orientation_patient: tuple[float, ...] | None = None
    slice_positions_lps_mm: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    grid: Grid | None = None
    reason: str = ""
    sop_class: str = ""
    is_stack: bool = True
    findings: tuple[Finding, ...] = ()
    _handle: Any = field(default=None, repr=False)
    _error: type[Exception] = field(default=DicomError, repr=False)

    @property
    def is_loadable(self) -> bool:
        """Whether :func:`load_series` can make a volume of it."""
        return not self.reason

    @property
    def slice_normal(self) -> NDArray[np.float64] | None:
        """Unit normal of the planes, LPS; None without an orientation."""
        if self.image_orientation_patient is None:
            return None
        row, column = np.reshape(self.image_orientation_patient, (2, 3))
        normal: NDArray[np.float64] = np.cross(row, column)
        return normal / np.linalg.norm(normal)

    @property
    def slice_increments_mm(self) -> NDArray[np.float64]:
        """Distance from each plane to the next along the normal, mm, (n_slices - 1,)."""
        if self.slice_normal is None:
            return np.empty(0)
        distances: NDArray[np.float64] = np.diff(self.slice_positions_lps_mm @ self.slice_normal)
        return distances

    @property
    def slice_increment_mm(self) -> float | None:
        """The usual (median) distance between neighbouring planes, mm; None below two planes."""
        increments = self.slice_increments_mm
        return float(np.median(increments)) if len(increments) else None

    @property
    def orientation(self) -> str:
        """Axial, coronal or sagittal, by the axis nearest to the normal; oblique beyond 10 deg."""
        normal = self.slice_normal
        if normal is None:
            return ""
        axis = int(np.argmax(np.abs(normal)))
        name = ("sagittal", "coronal", "axial")[axis]
        return name if abs(normal[axis]) >= np.cos(np.radians(10.0)) else f"oblique ({name})"

    def __repr__(self) -> str:
        state = "can be loaded" if self.is_loadable else f"cannot be loaded: {self.reason}"
        return f"Series({self._summary()}; {state})"

    def _summary(self) -> str:
        parts = [self.acquisition.modality or "?", self.orientation]
        size = f"{self.n_slices} x {self.rows} x {self.columns}"
        parts.append(size if self.n_slices else self.sop_class)
        if self.pixel_spacing_xy_mm and self.slice_increment_mm:
            x, y = self.pixel_spacing_xy_mm
            parts.append(f"{x:.4g} x {y:.4g} x {self.slice_increment_mm:.4g} mm")
        return ", ".join(part for part in parts if part)

    def row(self) -> tuple[str, ...]:
        """Return the cells of this series in the table of :class:`SeriesList`."""
        spacing = self.pixel_spacing_xy_mm
        thickness = self.acquisition.slice_thickness_mm
        increment = self.slice_increment_mm
        return (
            "" if self.series_number is None else str(self.series_number),
            self.acquisition.modality or "?",
            self.orientation or self.sop_class,
            f"{self.n_slices} x {self.rows} x {self.columns}" if self.n_slices else "",
            f"{spacing[0]:.3f} x {spacing[1]:.3f}" if spacing else "",
            f"{thickness:.4g}" if thickness else "",
            f"{increment:.4g}" if increment else "",
            self.acquisition.convolution_kernel or "",
            "yes" if self.is_loadable else "no",
            self.reason,
        )

    def _repr_html_(self) -> str:
        return SeriesList((self,))._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Return the series as plain types, ready for JSON."""
        return {
            "acquisition": self.acquisition.to_dict(),
            "series_number": self.series_number,
            "sop_class": self.sop_class,
            "files": list(self.files),
            "n_slices": self.n_slices,
            "columns": self.columns,
            "rows": self.rows,
            "pixel_spacing_xy_mm": self.pixel_spacing_xy_mm,
            "image_orientation_patient": self.image_orientation_patient,
            "slice_increment_mm": self.slice_increment_mm,
            "grid": self.grid.to_dict() if self.grid else None,
            "is_loadable": self.is_loadable,
            "reason": self.reason,
            "findings": [finding.to_dict() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that is in no series, and why."""

    file: str
    reason: str
    is_suspicious: bool = False


class SeriesList(tuple[Series, ...]):
    """The series at a path; a tuple that also knows which files are in none of them.

    Attributes
    ----------
    left_out : tuple of LeftOut
        Every file that is in no series, with the reason.
    """

    left_out: tuple[LeftOut, ...]

    HEADER = (
        "no.",
        "modality",
        "what",
        "slices x rows x columns",
        "pixel (mm)",
        "thickness (mm)",
        "increment (mm)",
        "kernel",
        "loads",
        "why not",
    )

    def __new__(
        cls, series: Iterable[Series] = (), *, left_out: Iterable[LeftOut] = ()
    ) -> SeriesList:
        """Make a list of series and of the files that are in none."""
        made = super().__new__(cls, series)
        made.left_out = tuple(left_out)
        return made

    def __repr__(self) -> str:
        lines = [f"{len(self)} series, {len(self.left_out)} files left out"]
        lines += [f"  {series!r}" for series in self]
        lines += [f"  {file.file}: {file.reason}" for file in self.left_out]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        table = html_table(header=self.HEADER, rows=[series.row() for series in self])
        if not self.left_out:
            return table
        rows = [(file.file, file.reason) for file in self.left_out]
        return table + html_table(header=("file left out", "why"), rows=rows)


def find_series(
    path: str | os.PathLike[str], *, max_extra_bytes: int = _MAX_EXTRA_BYTES
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
        for finding in one.findings
        if finding.code == "duplicate_slices"
        for file in finding.places
    ]
    return SeriesList(series, left_out=sorted(files, key=lambda file: file.file))


def load_series(
    series_or_path: Series | str | os.PathLike[str],
    *,
    rescale: tuple[float, float] | None = None,
    resample: float | bool | None = None,
    max_gap_mm: float | None = None,
    max_extra_bytes: int = _MAX_EXTRA_BYTES,
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
        A finding that FAILs; the volume still carries it.
    """
    if isinstance(series_or_path, Series):
        series = series_or_path
    else:
        found = find_series(series_or_path, max_extra_bytes=max_extra_bytes)
        series = _only(found, has_rescale=rescale is not None, even=bool(resample))
    wants_even = resample is not None and resample is not False
    if series.reason and not _is_mended(series, has_rescale=rescale is not None, even=wants_even):
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
    findings = series.findings + tuple(_finding(*note) for note in notes)
    if rescale is not None:
        findings = (*findings, _rescale_note(*rescale))
    if series.grid is None or (wants_even and resample is not True):
        spacing_mm = series.slice_increment_mm if resample is True else resample
        values, grid, note = _even_slices(series, values, spacing_mm, max_gap_mm)
        findings = (*findings, note)
    else:
        grid = series.grid
    _warn(findings)
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


def _is_mended(series: Series, *, has_rescale: bool, even: bool) -> bool:
    """Whether what keeps a series from being loaded is what the caller has dealt with."""
    about = series._handle.describe()  # noqa: SLF001
    lattice_ok = series.grid is not None or (even and about["can_resample"])
    return lattice_ok and (has_rescale or not about["has_value_problem"])


def _even_slices(
    series: Series, values: NDArray[Any], spacing_mm: Any, max_gap_mm: float | None
) -> tuple[NDArray[Any], Grid, Finding]:
    """Interpolate between neighbouring slices; the first slice stays where it is."""
    positions = series.slice_positions_lps_mm
    distances = positions @ series.slice_normal
    increments = np.diff(distances)
    spacing = _positive("resample", spacing_mm)
    allowed = 2.5 * float(np.median(increments)) if max_gap_mm is None else max_gap_mm
    even = resample_slices(
        values, positions_mm=distances, spacing_mm=spacing, max_gap_mm=_positive("max_gap_mm", allowed)
    )
    even.flags.writeable = False
    # A tilted stack steps along the table: the way from first to last per mm along the normal.
    slope = (positions[-1] - positions[0]) / (distances[-1] - distances[0])
    row, column = np.reshape(series.image_orientation_patient, (2, 3))
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


def _only(found: SeriesList, *, has_rescale: bool, even: bool) -> Series:
    """Return the one stack at a path that can be loaded, or say why there is no such choice."""
    stacks = [series for series in found if series.is_stack]
    stacks.sort(key=lambda series: -series.n_slices)
    chosen = _without_stray_slices(stacks)
    usable = [s for s in chosen if _is_mended(s, has_rescale=has_rescale, even=even)]
    if len(chosen) == 1 and (usable or not chosen[0].is_loadable):
        return chosen[0]
    large = [series for series in usable if series.n_slices > 1]
    if len(large) == len(usable) == 1 and not _shares_series(large[0]):
        beside = [series for series in chosen if series is not large[0]]
        return dataclasses.replace(large[0], findings=(*large[0].findings, _beside_note(beside)))
    if len(usable) > 1:
        choice = "; ".join(f"{series!r} from {series.files[0]}" for series in usable)
        msg = (
            f"{len(usable)} series can be loaded, choose one of find_series(path) "
            f"({_difference(usable)}): {choice}"
        )
        raise errors.InconsistentSeriesError(msg)
    broken = [series for series in chosen if series not in usable]
    if broken:
        reasons = "; ".join(series.reason for series in broken)
        if len(chosen) > 1:
            reasons += f"; there are {len(chosen)} stacks: {_difference(chosen)}"
        others = f"; another stack could be loaded: {usable[0]!r}" if usable else ""
        raise broken[0]._error(reasons + others)  # noqa: SLF001
    reasons = [series.reason for series in found]
    reasons += [f"{file.file}: {file.reason}" for file in found.left_out]
    text = "; ".join(reasons[:10]) or "no files"
    if found or any("not DICOM" not in file.reason for file in found.left_out):
        raise DicomError(f"nothing here can be loaded as a volume: {text}")
    raise NotDicomError(f"no DICOM image found: {text}")


def _shares_series(series: Series) -> bool:
    return any(finding.code == "mixed_series" for finding in series.findings)


def _beside_note(beside: list[Series]) -> Finding:
    return _finding(
        "unusable_beside",
        f"another series at this path cannot be loaded: {beside[0].reason}",
        float(len(beside)),
        [series.files[0] for series in beside],
    )


def _without_stray_slices(stacks: list[Series]) -> list[Series]:
    """Drop single images beside a stack, unless one looks like a slice that the stack has lost."""
    if sum(series.n_slices > 1 for series in stacks) != 1:
        return stacks
    stack = stacks[0]

    def is_like(series: Series) -> bool:
        has_same_size = (series.rows, series.columns) == (stack.rows, stack.columns)
        return _shares_series(series) or (has_same_size and series.orientation == stack.orientation)

    return [series for series in stacks if series is stack or is_like(series)]


def _difference(series: list[Series]) -> str:
    """Say what tells several series apart, in the words of the standard."""
    notes = [f.message for one in series for f in one.findings if f.code == "one_of_several"]
    if notes:
        return notes[0]
    if len({(one.rows, one.columns) for one in series}) > 1:
        return "they differ in Rows (0028,0010) and Columns (0028,0011)"
    directions = {one.image_orientation_patient for one in series}
    if len(directions) > 1 and any(_shares_series(one) for one in series):
        return "they differ in ImageOrientationPatient (0020,0037)"
    return "they differ in SeriesInstanceUID (0020,000E)"


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
        findings=tuple(_finding(*note) for note in about["notes"]),
        _handle=handle,
        _error=getattr(errors, problem[0]) if problem else DicomError,
    )


def _finding(code: str, message: str, measured: float | None, places: list[str]) -> Finding:
    return Finding(
        code=code,
        verdict=_VERDICTS[code],
        message=message,
        measured=measured,
        places=tuple(places),
    )


def _quantity(acquisition: Acquisition, *, is_overridden: bool) -> str:
    is_hu = is_overridden or acquisition.rescale_type in (None, "HU")
    return "HU" if is_hu and acquisition.modality == "CT" else "arbitrary"


def _warn(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        if finding.verdict is Verdict.FAIL:
            names = ", ".join(finding.places[:3])
            more = f" ({names})" if names and finding.places[0] not in finding.message else ""
            warnings.warn(f"{finding.code}: {finding.message}{more}", CalvariaWarning, stacklevel=3)
