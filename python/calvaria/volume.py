"""Voxels on a grid, with what was found while they were read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calvaria._arrays import frozen, voxels
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import GeometryError
from calvaria.findings import Finding, Verdict

if TYPE_CHECKING:
    from calvaria.geometry import Grid

__all__ = ["Acquisition", "Mask", "Volume"]


def __dir__() -> list[str]:
    return sorted(__all__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """How an image was made, as far as its headers say.  Holds no patient-identifying value.

    Attributes are DICOM keywords in snake case; ``None`` where the header is silent or where the
    slices do not agree.

    Attributes
    ----------
    modality : str or None
        CT, MR ...
    manufacturer, manufacturer_model_name : str or None
        Of the scanner.
    convolution_kernel : str or None
        As the manufacturer calls it.
    slice_thickness_mm : float or None
        What the header says a slice was averaged over.
    gantry_detector_tilt_deg : float or None
        Tilt of the gantry, as the header says.
    kvp : float or None
        Tube voltage, kV.
    data_collection_diameter_mm, reconstruction_diameter_mm : float or None
        Circle that was measured, and circle that was reconstructed.
    patient_position : str or None
        Such as HFS: head first, supine.
    body_part_examined : str or None
        As written at the scanner.
    image_type : tuple of str
        Such as ORIGINAL, PRIMARY, AXIAL.
    rescale_type : str or None
        What the values are said to be, such as HU.

    Examples
    --------
    >>> Acquisition(modality="CT", slice_thickness_mm=0.6).to_dict()["slice_thickness_mm"]
    0.6
    """

    modality: str | None = None
    manufacturer: str | None = None
    manufacturer_model_name: str | None = None
    convolution_kernel: str | None = None
    slice_thickness_mm: float | None = None
    gantry_detector_tilt_deg: float | None = None
    kvp: float | None = None
    data_collection_diameter_mm: float | None = None
    reconstruction_diameter_mm: float | None = None
    patient_position: str | None = None
    body_part_examined: str | None = None
    image_type: tuple[str, ...] = ()
    rescale_type: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain types, ready for JSON."""
        names = self.__dataclass_fields__
        values = {name: getattr(self, name) for name in names}
        values["image_type"] = list(self.image_type)
        return values

    def _repr_html_(self) -> str:
        known = [(name, value) for name, value in self.to_dict().items() if value not in (None, [])]
        return html_table(caption="Acquisition", header=("", ""), rows=known)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Volume:
    """A 3-D image.

    Parameters
    ----------
    values : (nz, ny, nx) ndarray of int16 or float32
        Voxel values, read-only; HU for CT.  Other integers and floats are converted.
    grid : Grid
        Where the voxels are, LPS mm.
    findings : tuple of Finding
        What was found while the volume was read; derived results carry it on.
    quantity : str
        ``"HU"`` for CT values in Hounsfield units, ``"arbitrary"`` for anything else (MR, maps,
        label values).
    acquisition : Acquisition
        How the image was made.

    Raises
    ------
    GeometryError
        The shape of ``values`` is not ``grid.shape_kji``.

    Examples
    --------
    >>> from calvaria import Grid
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.eye(4))
    >>> Volume(values=np.zeros((2, 3, 4), np.int16), grid=grid)
    Volume(4 x 3 x 2 int16 HU, 1 x 1 x 1 mm)
    """

    values: NDArray[Any]
    grid: Grid
    findings: tuple[Finding, ...] = ()
    quantity: str = "HU"
    acquisition: Acquisition = field(default_factory=Acquisition)

    def __post_init__(self) -> None:
        values = voxels(self.values)
        _check_shape("values", values, self.grid)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "findings", tuple(self.findings))

    @property
    def is_hu(self) -> bool:
        """Whether the values are Hounsfield units."""
        return self.quantity == "HU"

    @property
    def verdict(self) -> Verdict:
        """The most severe verdict among the findings carried."""
        return Verdict.worst(finding.verdict for finding in self.findings)

    def __repr__(self) -> str:
        nx, ny, nz = self.grid.dims_ijk
        dx, dy, dz = self.grid.spacing_xyz_mm
        shear = f", sheared {self.grid.shear_deg:.2f} deg" if self.grid.is_sheared else ""
        bad = sum(finding.verdict is not Verdict.PASS for finding in self.findings)
        notes = f", {plural(bad, 'finding')} above PASS" if bad else ""
        return (
            f"Volume({nx} x {ny} x {nz} {self.values.dtype} {self.quantity}, "
            f"{dx:.4g} x {dy:.4g} x {dz:.4g} mm{shear}{notes})"
        )

    def _repr_html_(self) -> str:
        dx, dy, dz = self.grid.spacing_xyz_mm
        rows: list[tuple[object, ...]] = [
            ("size (i, j, k)", " x ".join(map(str, self.grid.dims_ijk))),
            ("spacing (x, y, z)", f"{dx:.4g} x {dy:.4g} x {dz:.4g} mm"),
            ("values", f"{self.values.dtype}, {self.quantity}"),
        ]
        if self.grid.is_sheared:
            rows.append(("shear", f"{self.grid.shear_deg:.2f} deg"))
        rows += [(f.verdict.name, f.message) for f in self.findings]
        return html_table(header=("Volume", ""), rows=rows)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the voxels as plain types, ready for JSON."""
        return {
            "grid": self.grid.to_dict(),
            "dtype": str(self.values.dtype),
            "quantity": self.quantity,
            "acquisition": self.acquisition.to_dict(),
            "findings": [finding.to_dict() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mask:
    """Which voxels belong to a structure, or which label each voxel has.

    Parameters
    ----------
    values : (nz, ny, nx) ndarray of bool, uint8 or uint16
        True where the structure is, or the label value; 0 is background.  Read-only.
    grid : Grid
        Where the voxels are, LPS mm.
    names : dict of int to str
        Names of the labels, where known.
    findings : tuple of Finding
        Carried from the volume it was made from.

    Raises
    ------
    GeometryError
        The shape of ``values`` is not ``grid.shape_kji``.

    Examples
    --------
    >>> from calvaria import Grid
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> labels = np.zeros((2, 3, 4), np.uint8)
    >>> labels[0, :, :2] = 1
    >>> mask = Mask(values=labels, grid=grid, names={1: "mandible"})
    >>> mask.n_voxels, mask.volume_mm3
    (6, 3.0)
    """

    values: NDArray[Any]
    grid: Grid
    names: dict[int, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        raw = np.asarray(self.values)
        if raw.dtype == np.bool_:
            values = frozen(raw, dtype=np.bool_)
        elif raw.dtype.kind in "iu" and (raw.size == 0 or (raw.min() >= 0 and raw.max() <= 65535)):
            narrow = np.uint8 if raw.size == 0 or raw.max() <= 255 else np.uint16
            values = frozen(raw, dtype=narrow)
        else:
            msg = f"values: bool or labels from 0 to 65535 expected, found dtype {raw.dtype}"
            raise TypeError(msg)
        _check_shape("values", values, self.grid)
        object.__setattr__(self, "values", values)

    @property
    def n_voxels(self) -> int:
        """Number of voxels that are not background."""
        return int(np.count_nonzero(self.values))

    @property
    def volume_mm3(self) -> float:
        """Volume of the voxels that are not background, mm3."""
        return self.n_voxels * self.grid.voxel_volume_mm3

    def __repr__(self) -> str:
        nx, ny, nz = self.grid.dims_ijk
        return f"Mask({nx} x {ny} x {nz} {self.values.dtype}, {plural(self.n_voxels, 'voxel')} set)"

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the voxels as plain types, ready for JSON."""
        return {
            "grid": self.grid.to_dict(),
            "dtype": str(self.values.dtype),
            "n_voxels": self.n_voxels,
            "names": {str(label): name for label, name in self.names.items()},
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def _repr_html_(self) -> str:
        volume_cm3 = self.volume_mm3 / 1000
        rows: list[tuple[object, ...]] = [
            ("size (i, j, k)", " x ".join(map(str, self.grid.dims_ijk))),
            ("voxels set", f"{self.n_voxels}, {volume_cm3:.4g} cm3"),
        ]
        rows += [(f"label {label}", name) for label, name in self.names.items()]
        rows += [(f.verdict.name, f.message) for f in self.findings]
        return html_table(header=("Mask", ""), rows=rows)


def _check_shape(name: str, values: NDArray[Any], grid: Grid) -> None:
    if values.shape != grid.shape_kji:
        msg = f"{name}: shape {grid.shape_kji} (nz, ny, nx) expected, found {values.shape}"
        raise GeometryError(msg)
