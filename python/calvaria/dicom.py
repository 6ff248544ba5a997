"""From a folder of DICOM files to series, and from a series to a volume."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calvaria.volume import Acquisition

if TYPE_CHECKING:
    from calvaria.findings import Finding
    from calvaria.geometry import Grid

__all__ = ["Series"]


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
    findings: tuple[Finding, ...] = ()
    _native: Any = field(default=None, repr=False)

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
