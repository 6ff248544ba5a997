"""What a folder holds: series, and the files that are in none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import DicomError
from calvaria.findings import Finding
from calvaria.geometry import Grid
from calvaria.volume import Acquisition

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LeftOut", "Series", "SeriesList"]


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
        row, column = self.image_orientation_patient[:3], self.image_orientation_patient[3:]
        normal: NDArray[np.float64] = np.cross(row, column)
        unit: NDArray[np.float64] = normal / np.linalg.norm(normal)
        return unit

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
    """A file that is in no series, and why.

    Attributes
    ----------
    file : str
        Name of the file, relative to the folder that was looked through.
    reason : str
        Why it is in no series.
    is_suspicious : bool
        Whether it looks like an image that could not be read, rather than like another kind of file.
    """

    file: str
    reason: str
    is_suspicious: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return file and reason as plain types, ready for JSON."""
        return {"file": self.file, "reason": self.reason, "is_suspicious": self.is_suspicious}

    def _repr_html_(self) -> str:
        return html_table(header=("file left out", "why"), rows=[(self.file, self.reason)])


class SeriesList(tuple[Series, ...]):  # noqa: SLOT001 - it has an attribute of its own
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

    def __new__(cls, series: Iterable[Series] = (), *, left_out: Iterable[LeftOut] = ()) -> Self:
        """Make a list of series and of the files that are in none."""
        made = super().__new__(cls, series)
        made.left_out = tuple(left_out)
        return made

    def __repr__(self) -> str:
        lines = [f"{len(self)} series, {plural(len(self.left_out), 'file')} left out"]
        lines += [f"  {series!r}" for series in self]
        lines += [f"  {file.file}: {file.reason}" for file in self.left_out]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        table = html_table(header=self.HEADER, rows=[series.row() for series in self])
        if not self.left_out:
            return table
        rows = [(file.file, file.reason) for file in self.left_out]
        return table + html_table(header=("file left out", "why"), rows=rows)
