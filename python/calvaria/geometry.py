"""Where things are: the voxel grid in LPS millimetres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calvaria._arrays import frozen
from calvaria._html import html_table
from calvaria.errors import GeometryError

__all__ = ["Grid"]


def __dir__() -> list[str]:
    return sorted(__all__)


# A direction that is off a right angle by less than this (radians) is called orthogonal: 0.001
# degrees, 5 micrometres over a head of 300 mm.
_ORTHOGONAL_TOLERANCE = 1.75e-5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """A regular lattice of voxels, which may be oblique, sheared or left-handed.

    Parameters
    ----------
    dims_ijk : tuple of int
        Number of voxels along i (columns), j (rows) and k (slices).
    lps_from_ijk : (4, 4) ndarray of float64
        Affine from a voxel index (i, j, k) to LPS millimetres.  An integer index is the centre
        of a voxel; the image reaches half a voxel further.

    Raises
    ------
    GeometryError
        The affine is not finite, not affine, or singular; a dimension is below 1.

    Examples
    --------
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> grid.spacing_xyz_mm
    (0.5, 0.5, 2.0)
    >>> grid.lps_mm_from_ijk([[1, 1, 1]])
    array([[0.5, 0.5, 2. ]])
    """

    dims_ijk: tuple[int, int, int]
    lps_from_ijk: NDArray[np.float64]

    def __post_init__(self) -> None:
        dims = tuple(int(n) for n in self.dims_ijk)
        if len(dims) != 3 or min(dims) < 1 or any(int(n) != n for n in self.dims_ijk):
            msg = f"dims_ijk: three whole numbers of at least 1 expected, found {self.dims_ijk}"
            raise GeometryError(msg)
        affine = frozen(self.lps_from_ijk, dtype=np.float64)
        _check_affine(affine)
        object.__setattr__(self, "dims_ijk", dims)
        object.__setattr__(self, "lps_from_ijk", affine)

    @property
    def shape_kji(self) -> tuple[int, int, int]:
        """Shape of the voxel array: (nz, ny, nx)."""
        return self.dims_ijk[::-1]

    @property
    def origin_lps_mm(self) -> tuple[float, float, float]:
        """LPS position of the centre of voxel (0, 0, 0), mm."""
        x, y, z = self.lps_from_ijk[:3, 3].tolist()
        return (x, y, z)

    @property
    def spacing_xyz_mm(self) -> tuple[float, float, float]:
        """Length of one step along i, j and k, mm.  On a sheared grid k is the slanted step."""
        x, y, z = np.linalg.norm(self.lps_from_ijk[:3, :3], axis=0).tolist()
        return (x, y, z)

    @property
    def spacing_zyx_mm(self) -> tuple[float, float, float]:
        """The same in array order, for the NumPy family."""
        return self.spacing_xyz_mm[::-1]

    @property
    def slice_distance_mm(self) -> float:
        """Distance between neighbouring slice planes along their normal, mm."""
        return self.voxel_volume_mm3 / float(
            np.linalg.norm(np.cross(self.lps_from_ijk[:3, 0], self.lps_from_ijk[:3, 1]))
        )

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel, mm3."""
        return abs(float(np.linalg.det(self.lps_from_ijk[:3, :3])))

    @property
    def is_left_handed(self) -> bool:
        """Whether (i, j, k) is a left-handed system in space."""
        return bool(np.linalg.det(self.lps_from_ijk[:3, :3]) < 0)

    @property
    def shear_deg(self) -> float:
        """Largest deviation of two grid axes from a right angle, degrees; 0 when orthogonal."""
        axes = self.lps_from_ijk[:3, :3] / np.asarray(self.spacing_xyz_mm)
        cosines = [abs(float(axes[:, a] @ axes[:, b])) for a, b in ((0, 1), (0, 2), (1, 2))]
        return float(np.degrees(np.arcsin(min(1.0, max(cosines)))))

    @property
    def is_sheared(self) -> bool:
        """Whether the grid axes are not at right angles, as after a gantry tilt."""
        return self.shear_deg > math.degrees(_ORTHOGONAL_TOLERANCE)

    @property
    def direction(self) -> NDArray[np.float64]:
        """Direction cosines, (3, 3): columns are the unit steps along i, j, k in LPS.

        Raises
        ------
        GeometryError
            The grid is sheared and has no direction cosines; use
            :func:`calvaria.resample_to_orthogonal` first.
        """
        if self.is_sheared:
            msg = (
                f"a grid sheared by {self.shear_deg:.2f} degrees has no direction cosines; "
                "resample_to_orthogonal(volume) makes one that has"
            )
            raise GeometryError(msg)
        steps: NDArray[np.float64] = self.lps_from_ijk[:3, :3] / np.asarray(self.spacing_xyz_mm)
        return steps

    def lps_mm_from_ijk(self, points_ijk: ArrayLike) -> NDArray[np.float64]:
        """Return LPS positions, mm, of (fractional) voxel indices (n, 3) in i, j, k order."""
        points = np.asarray(points_ijk, dtype=np.float64)
        moved: NDArray[np.float64] = points @ self.lps_from_ijk[:3, :3].T + self.lps_from_ijk[:3, 3]
        return moved

    def ijk_from_lps_mm(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return fractional voxel indices (n, 3) in i, j, k order of LPS positions in mm."""
        points = np.asarray(points_lps_mm, dtype=np.float64)
        inverse = np.linalg.inv(self.lps_from_ijk)
        moved: NDArray[np.float64] = points @ inverse[:3, :3].T + inverse[:3, 3]
        return moved

    def corners_lps_mm(self) -> NDArray[np.float64]:
        """Return the eight corners of the image box, half a voxel outside the outer centres."""
        low, high = -0.5, np.asarray(self.dims_ijk) - 0.5
        index = [[high[a] if bit >> a & 1 else low for a in range(3)] for bit in range(8)]
        return self.lps_mm_from_ijk(index)

    def is_close(self, other: Grid, *, tolerance_mm: float = 1e-4) -> bool:
        """Whether both grids have the same size and no corner differs by more than the tolerance."""
        if self.dims_ijk != other.dims_ijk:
            return False
        apart = np.linalg.norm(self.corners_lps_mm() - other.corners_lps_mm(), axis=1)
        return bool(apart.max() <= tolerance_mm)

    def __repr__(self) -> str:
        nx, ny, nz = self.dims_ijk
        dx, dy, dz = self.spacing_xyz_mm
        shear = f", sheared {self.shear_deg:.2f} deg" if self.is_sheared else ""
        return f"Grid({nx} x {ny} x {nz}, {dx:.4g} x {dy:.4g} x {dz:.4g} mm{shear})"

    def to_dict(self) -> dict[str, Any]:
        """Return the grid as plain types, ready for JSON."""
        return {
            "dims_ijk": list(self.dims_ijk),
            "lps_from_ijk": self.lps_from_ijk.tolist(),
            "spacing_xyz_mm": list(self.spacing_xyz_mm),
        }

    def _repr_html_(self) -> str:
        return html_table(caption="Grid", header=("", ""), rows=self.to_dict().items())


def _check_affine(affine: NDArray[np.float64]) -> None:
    if affine.shape != (4, 4):
        msg = f"lps_from_ijk: shape (4, 4) expected, found {affine.shape}"
        raise GeometryError(msg)
    if not np.isfinite(affine).all():
        msg = "lps_from_ijk: finite numbers expected, found NaN or infinity"
        raise GeometryError(msg)
    if not np.array_equal(affine[3], (0.0, 0.0, 0.0, 1.0)):
        msg = f"lps_from_ijk: last row (0, 0, 0, 1) expected, found {affine[3].tolist()}"
        raise GeometryError(msg)
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    box = float(np.prod(steps))
    # Relative to the box of the three steps, so that micrometre voxels are not called singular.
    if box == 0.0 or abs(float(np.linalg.det(affine[:3, :3]))) < 1e-6 * box:
        msg = "lps_from_ijk: three independent steps expected, found a singular matrix"
        raise GeometryError(msg)
