"""The scanner: how a phantom is imaged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native, _progress
from calvaria._arrays import frozen
from calvaria._asked import above_zero
from calvaria._html import html_table
from calvaria.geometry import Grid
from calvaria.volume import Acquisition, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.phantom.body import Phantom

__all__ = ["KERNELS", "MANUFACTURER", "MODEL", "Scanner", "SlicePlan", "scan"]

MANUFACTURER = "CALVARIA"
MODEL = "Analytic phantom"

# Standard deviation of the narrow Gaussian (mm), share of the wide negative one, and the name that
# goes into the header.  0.5 mm is a resolution of 50 % at 3.7 line pairs per cm.
KERNELS = {"soft": (0.5, 0.0, "STANDARD"), "sharp": (0.35, 0.5, "BONE")}

# Row and column directions of the three standard orientations, as scanners write them.
_ORIENTATIONS = {
    "axial": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "sagittal": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    "coronal": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
}
_MARGIN_MM = 4.0
_LIMITS_HU = (-1024, 3071)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlicePlan:
    """Where each slice lies.

    Parameters
    ----------
    positions_lps_mm : (n, 3) ndarray of float64
        Centre of the first pixel of each slice, LPS mm, in the order of acquisition.
    numbers : tuple of int
        Number of each slice on the regular lattice; a duplicate repeats its number.
    row_direction, column_direction : (3,) ndarray of float64
        Unit vectors along which the column and the row index grow.
    step_lps_mm : (3,) ndarray of float64
        From one slice of the lattice to the next.
    """

    positions_lps_mm: NDArray[np.float64]
    numbers: tuple[int, ...]
    row_direction: NDArray[np.float64]
    column_direction: NDArray[np.float64]
    step_lps_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """Settings of a scan.

    As it stands it is a clinical one, and a head takes seconds and some hundred MB; for a quick try
    name fewer and larger voxels.

    Parameters
    ----------
    columns, rows : int
        Size of a slice in pixels.
    spacing_xy_mm : (float, float)
        Distance of neighbouring columns and of neighbouring rows.
    slice_thickness_mm : float
        Thickness over which each slice is averaged.
    slice_increment_mm : float
        Distance the table moves from slice to slice; below the thickness slices overlap.
    n_slices : int, optional
        Number of slices; None covers the whole phantom and 4 mm more at either end.
    centre_lps_mm : (float, float, float), optional
        Middle of the scanned block; None is the middle of the phantom.
    orientation : str or 6 floats
        ``"axial"``, ``"sagittal"``, ``"coronal"``, or the row and column directions.
    gantry_tilt_deg : float
        Turns the image planes about the row direction, from the column direction towards the
        table's; the table keeps its way, so the grid is sheared.
    is_reversed : bool
        Whether the table moves the other way; the grid becomes left-handed.
    kernel : str
        ``"soft"`` (one Gaussian) or ``"sharp"`` (with a mild overshoot at edges).
    sigma_mm : float, optional
        Standard deviation of the in-plane blur; None is that of the kernel, 0.5 or 0.35 mm.
    noise_hu : float
        Standard deviation of the noise, which is independent in each voxel.
    seed : int
        Seed of the noise and of the identifiers in a written study.
    circle_diameter_mm : float, optional
        Diameter of the reconstruction circle; None reconstructs the whole square.
    padding_hu : int
        Stored value outside of the circle.
    missing : tuple of int
        Slices that are left out, by number from 0.
    duplicated : tuple of int
        Slices that are there twice.
    shifted_mm : tuple of (int, float)
        Slices that lie off the lattice by so much along the table.

    Examples
    --------
    >>> Scanner(slice_increment_mm=0.4).slice_thickness_mm
    0.8
    """

    columns: int = 512
    rows: int = 512
    spacing_xy_mm: tuple[float, float] = (0.5, 0.5)
    slice_thickness_mm: float = 0.8
    slice_increment_mm: float = 0.8
    n_slices: int | None = None
    centre_lps_mm: tuple[float, float, float] | None = None
    orientation: str | tuple[float, ...] = "axial"
    gantry_tilt_deg: float = 0.0
    is_reversed: bool = False
    kernel: str = "soft"
    sigma_mm: float | None = None
    noise_hu: float = 12.0
    seed: int = 0
    circle_diameter_mm: float | None = None
    padding_hu: int = -2000
    missing: tuple[int, ...] = ()
    duplicated: tuple[int, ...] = ()
    shifted_mm: tuple[tuple[int, float], ...] = ()

    def __post_init__(self) -> None:
        for name in ("slice_thickness_mm", "slice_increment_mm", "sigma_mm", "circle_diameter_mm"):
            value = getattr(self, name)
            if value is not None:
                above_zero(name, value)
        for name in ("columns", "rows", "n_slices"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 65535:
                msg = f"{name}: a number from 1 to 65535 expected, found {value}"
                raise ValueError(msg)
        if not abs(self.gantry_tilt_deg) < 60:
            msg = f"gantry_tilt_deg: within ±60 expected, found {self.gantry_tilt_deg}"
            raise ValueError(msg)
        if not (self.noise_hu >= 0 and math.isfinite(self.noise_hu)):
            msg = f"noise_hu: a finite number of at least 0 expected, found {self.noise_hu}"
            raise ValueError(msg)
        if self.kernel not in KERNELS:
            msg = f"kernel: one of {', '.join(KERNELS)} expected, found {self.kernel!r}"
            raise ValueError(msg)
        self._directions()

    def _directions(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return row direction, column direction (before tilt) and table direction."""
        cosines = self.orientation
        if isinstance(cosines, str):
            if cosines not in _ORIENTATIONS:
                msg = f"orientation: {', '.join(_ORIENTATIONS)} or six cosines, found {cosines!r}"
                raise ValueError(msg)
            cosines = _ORIENTATIONS[cosines]
        if len(cosines) != 6:
            msg = f"orientation: six cosines expected, found {len(cosines)}"
            raise ValueError(msg)
        row, column = (
            np.array(cosines[:3], dtype=np.float64),
            np.array(cosines[3:], dtype=np.float64),
        )
        off = max(abs(row @ row - 1), abs(column @ column - 1), abs(row @ column))
        if not off < 1e-6:
            msg = "orientation: two unit vectors at right angles expected"
            raise ValueError(msg)
        return row, column, np.cross(row, column)

    @property
    def convolution_kernel(self) -> str:
        """Name of the kernel as the header gives it."""
        return KERNELS[self.kernel][2]

    @property
    def kernel_terms(self) -> tuple[tuple[float, float], ...]:
        """Weight and standard deviation (mm) of the Gaussians that make up the blur."""
        sigma, share, _name = KERNELS[self.kernel]
        sigma = self.sigma_mm if self.sigma_mm is not None else sigma
        if share == 0.0:
            return ((1.0, sigma),)
        return ((1.0 + share, sigma), (-share, 2.0 * sigma))

    def plan(self, phantom: Phantom) -> SlicePlan:
        """Return where the slices of a scan of this phantom lie.

        Parameters
        ----------
        phantom : Phantom
            What is to be scanned.

        Returns
        -------
        SlicePlan
            Positions and directions.
        """
        row, flat_column, table = self._directions()
        tilt = math.radians(self.gantry_tilt_deg)
        column = flat_column * math.cos(tilt) + table * math.sin(tilt)
        normal = np.cross(row, column)
        low, high = np.asarray(phantom.bounds_lps_mm)
        centre = (low + high) / 2 if self.centre_lps_mm is None else np.asarray(self.centre_lps_mm)
        if self.is_reversed:
            table = -table
        step = table * self.slice_increment_mm
        n = self.n_slices
        if n is None:
            corners = np.array(
                [[(low, high)[bit >> a & 1][a] for a in range(3)] for bit in range(8)]
            )
            reach = np.abs((corners - centre) @ normal / (step @ normal)).max()
            n = 2 * math.ceil(float(reach) + _MARGIN_MM / self.slice_increment_mm)
        numbers = self._numbers(n)
        heights = np.array(numbers) - (n - 1) / 2
        for index, shift in self.shifted_mm:
            heights[np.array(numbers) == index] += shift / self.slice_increment_mm
        corner = (
            centre
            - row * self.spacing_xy_mm[0] * (self.columns - 1) / 2
            - column * self.spacing_xy_mm[1] * (self.rows - 1) / 2
        )
        return SlicePlan(
            positions_lps_mm=corner + heights[:, None] * step,
            numbers=numbers,
            row_direction=row,
            column_direction=column,
            step_lps_mm=step,
        )

    def _numbers(self, n: int) -> tuple[int, ...]:
        for name in ("missing", "duplicated"):
            if any(not 0 <= index < n for index in getattr(self, name)):
                msg = f"{name}: numbers of slices from 0 to {n - 1} expected"
                raise ValueError(msg)
        numbers: list[int] = []
        for index in range(n):
            copies = 1 + self.duplicated.count(index) if index not in self.missing else 0
            numbers += [index] * copies
        return tuple(numbers)

    def expose(self, phantom: Phantom, plan: SlicePlan) -> NDArray[np.int16]:
        """Return the HU of the planned slices, (n, rows, columns) int16.

        Parameters
        ----------
        phantom : Phantom
            What is scanned.
        plan : SlicePlan
            Where, from :meth:`plan`.

        Returns
        -------
        (n, rows, columns) ndarray of int16
            HU, clipped to -1024 to 3071; outside of the circle the padding value.
        """
        circle = None
        if self.circle_diameter_mm is not None:
            circle = (float(self.circle_diameter_mm), int(self.padding_hu))

        def job(progress: _native.Progress) -> NDArray[np.int16]:
            return phantom._body.scan(  # noqa: SLF001 - the two halves of one room
                dims_ij=(self.columns, self.rows),
                spacing_xy_mm=self.spacing_xy_mm,
                row_direction=plan.row_direction.tolist(),
                column_direction=plan.column_direction.tolist(),
                slice_thickness_mm=self.slice_thickness_mm,
                kernel_terms=list(self.kernel_terms),
                noise_hu=self.noise_hu,
                seed=self.seed,
                circle=circle,
                limits_hu=_LIMITS_HU,
                positions_lps_mm=frozen(plan.positions_lps_mm, dtype=np.float64),
                noise_numbers=list(plan.numbers),
                progress=progress,
            )

        return _progress.run(job, title="scan")

    def acquisition(self) -> Acquisition:
        """Return what the header of a scan with these settings says."""
        diameter = max(self.columns * self.spacing_xy_mm[0], self.rows * self.spacing_xy_mm[1])
        return Acquisition(
            modality="CT",
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MODEL,
            convolution_kernel=self.convolution_kernel,
            slice_thickness_mm=self.slice_thickness_mm,
            gantry_detector_tilt_deg=self.gantry_tilt_deg,
            kvp=120.0,
            data_collection_diameter_mm=max(500.0, diameter),
            reconstruction_diameter_mm=self.circle_diameter_mm or diameter,
            patient_position="HFS",
            body_part_examined="HEAD",
            image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
            rescale_type="HU",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain types, ready for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def _repr_html_(self) -> str:
        return html_table(caption="Scanner", header=("", ""), rows=self.to_dict().items())


def scan(phantom: Phantom, *, scanner: Scanner | None = None) -> Volume:
    """Return the volume that a scanner makes of a phantom.

    Parameters
    ----------
    phantom : Phantom
        What is scanned.
    scanner : Scanner, optional
        How; None is a thin, sharp-edged axial scan of 512 x 512 pixels of 0.5 mm.

    Returns
    -------
    Volume
        HU, int16.  The same settings give the same bits, for any number of threads.

    Raises
    ------
    ValueError
        The slices do not lie on a lattice (missing within, duplicated or shifted), so they are
        no volume; :func:`write_study` can write them.

    Examples
    --------
    >>> from calvaria.phantom import sphere
    >>> scanner = Scanner(columns=64, rows=64, spacing_xy_mm=(1.0, 1.0), n_slices=5)
    >>> scan(sphere(), scanner=scanner)
    Volume(64 x 64 x 5 int16 HU, 1 x 1 x 0.8 mm)
    """
    settings = scanner if scanner is not None else Scanner()
    plan = settings.plan(phantom)
    first = plan.numbers[0]
    if settings.shifted_mm or plan.numbers != tuple(range(first, first + len(plan.numbers))):
        msg = "scanner: slices on a lattice expected; write_study writes uneven ones"
        raise ValueError(msg)
    affine = np.eye(4)
    affine[:3, 0] = plan.row_direction * settings.spacing_xy_mm[0]
    affine[:3, 1] = plan.column_direction * settings.spacing_xy_mm[1]
    affine[:3, 2] = plan.step_lps_mm
    affine[:3, 3] = plan.positions_lps_mm[0]
    grid = Grid(dims_ijk=(settings.columns, settings.rows, len(plan.numbers)), lps_from_ijk=affine)
    values = settings.expose(phantom, plan)
    return Volume(values=values, grid=grid, acquisition=settings.acquisition())
