"""pydicom: one data set per slice, with invented identifiers and no patient."""

from __future__ import annotations

import copy
import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import dicom
from calvaria._asked import need
from calvaria._optional import neighbour
from calvaria.errors import CalvariaError, GeometryError
from calvaria.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Iterable


__all__ = ["from_pydicom", "to_pydicom"]


def to_pydicom(
    volume: Volume,
    *,
    study_instance_uid: str | None = None,
    series_instance_uid: str | None = None,
    frame_of_reference_uid: str | None = None,
) -> list[Any]:
    """Return a volume as CT (or MR) images of pydicom.

    Parameters
    ----------
    volume : Volume
        int16 values; HU, or MR values whose acquisition says so.  The grid may be oblique,
        left-handed, or sheared from slice to slice, as every slice carries its own position.
    study_instance_uid, series_instance_uid, frame_of_reference_uid : str, optional
        Identifiers to use.  Left out, they are made of a hash of the voxels and the grid: the
        same volume gives the same identifiers.

    Returns
    -------
    list of pydicom.Dataset
        One per slice in the order of k, ready for ``save_as(path, enforce_file_format=True)``.
        Every attribute that could name a patient is empty.

    Raises
    ------
    CalvariaError
        The values are float32, or are neither HU nor MR.
    GeometryError
        Rows and columns are not at right angles, which DICOM cannot say.

    Examples
    --------
    >>> from calvaria import Grid, Volume
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.25, 2.0, 1.0]))
    >>> slices = to_pydicom(Volume(values=np.zeros((2, 3, 4), np.int16), grid=grid))
    >>> [list(map(float, s.ImagePositionPatient)) for s in slices]
    [[0.0, 0.0, 0.0], [0.0, 0.0, 2.0]]
    >>> slices[0].PixelSpacing  # between rows (y), then between columns (x)
    [0.25, 0.5]
    """
    need("volume", volume, Volume)
    _check_fit_for_dicom(volume)
    uid = _Uids(volume)
    shared = {
        "StudyInstanceUID": study_instance_uid or uid("study"),
        "SeriesInstanceUID": series_instance_uid or uid("series"),
        "FrameOfReferenceUID": frame_of_reference_uid or uid("frame of reference"),
    }
    return [
        _slice(volume, k, shared=shared, sop_instance_uid=uid(f"slice {k}"))
        for k in range(volume.grid.dims_ijk[2])
    ]


class _Uids:
    """Makes identifiers that depend on the volume alone."""

    def __init__(self, volume: Volume) -> None:
        digest = hashlib.sha256(volume.values.data)
        digest.update(volume.grid.lps_from_ijk.tobytes())
        self._entropy = digest.hexdigest()

    def __call__(self, what: str) -> str:
        made: str = neighbour("pydicom").uid.generate_uid(entropy_srcs=[self._entropy, what])
        return made


def _check_fit_for_dicom(volume: Volume) -> None:
    if volume.values.dtype != np.int16:
        msg = (
            f"volume: int16 values expected, found {volume.values.dtype}; a CT image keeps whole "
            "numbers, so round the values first"
        )
        raise CalvariaError(msg)
    if not volume.is_hu and volume.acquisition.modality != "MR":
        msg = f"volume: HU or MR values expected, found quantity {volume.quantity!r}"
        raise CalvariaError(msg)
    right_angle = abs(float(_unit_axis(volume, 0) @ _unit_axis(volume, 1)))
    if right_angle > 1e-5:
        msg = "volume: rows and columns at right angles expected; DICOM cannot say anything else"
        raise GeometryError(msg)


def _unit_axis(volume: Volume, axis: int) -> Any:
    step = volume.grid.lps_from_ijk[:3, axis]
    return step / np.linalg.norm(step)


def _slice(volume: Volume, k: int, *, shared: dict[str, str], sop_instance_uid: str) -> Any:
    pydicom = neighbour("pydicom")
    made = pydicom.Dataset()
    modality = "CT" if volume.is_hu else "MR"
    made.SOPClassUID = pydicom.uid.CTImageStorage if volume.is_hu else pydicom.uid.MRImageStorage
    made.SOPInstanceUID = sop_instance_uid
    made.ImageType = ["DERIVED", "SECONDARY", "AXIAL" if volume.is_hu else "OTHER"]
    for keyword in _EMPTY:
        setattr(made, keyword, "")
    for keyword, value in shared.items():
        setattr(made, keyword, value)
    made.Modality = modality
    made.SeriesNumber, made.InstanceNumber = 1, k + 1
    _set_plane(made, volume, k)
    _set_pixels(made, volume, k)
    made.preamble = b"\0" * 128
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    return made


# Type 2 attributes: they must be there and may be empty.
_EMPTY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"),
    *("ReferringPhysicianName", "StudyID", "AccessionNumber", "PositionReferenceIndicator"),
    *("Manufacturer", "PatientPosition", "KVP", "AcquisitionNumber", "SliceThickness"),
)


def _set_plane(made: Any, volume: Volume, k: int) -> None:
    decimal = neighbour("pydicom").valuerep.DSfloat
    affine = volume.grid.lps_from_ijk
    position = affine[:3, 3] + k * affine[:3, 2]
    cosines = np.concatenate([_unit_axis(volume, 0), _unit_axis(volume, 1)])
    dx, dy, _ = volume.grid.spacing_xyz_mm
    made.ImagePositionPatient = [decimal(float(x), auto_format=True) for x in position]
    made.ImageOrientationPatient = [decimal(float(x), auto_format=True) for x in cosines]
    made.PixelSpacing = [decimal(dy, auto_format=True), decimal(dx, auto_format=True)]
    if volume.acquisition.slice_thickness_mm is not None:
        made.SliceThickness = decimal(volume.acquisition.slice_thickness_mm, auto_format=True)


def _set_pixels(made: Any, volume: Volume, k: int) -> None:
    made.Columns, made.Rows, _ = volume.grid.dims_ijk
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 16, 15
    made.PixelRepresentation = 1
    if volume.is_hu:
        made.RescaleIntercept, made.RescaleSlope, made.RescaleType = 0, 1, "HU"
    made.PixelData = volume.values[k].astype("<i2").tobytes()
    made["PixelData"].VR = "OW"


def from_pydicom(datasets: Iterable[Any]) -> Volume:
    """Return the data sets of one series as a volume.

    Parameters
    ----------
    datasets : iterable of pydicom.Dataset
        In any order, with pixel data.  They are written to a temporary folder that only this
        user can read, loaded by :func:`calvaria.load_series`, and removed: one set of rules for
        what forms a volume, wherever it came from.

    Returns
    -------
    Volume
        As :func:`calvaria.load_series` makes it.

    Raises
    ------
    DicomError
        As for :func:`calvaria.load_series`.

    Examples
    --------
    >>> from calvaria.convert import to_pydicom
    >>> from calvaria.phantom import Scanner, scan, sphere
    >>> small = Scanner(columns=32, rows=32, spacing_xy_mm=(2.5, 2.5), n_slices=4)
    >>> volume = scan(sphere(), scanner=small)
    >>> back = from_pydicom(reversed(to_pydicom(volume)))  # in any order
    >>> back, bool((back.values == volume.values).all())
    (Volume(32 x 32 x 4 int16 HU, 2.5 x 2.5 x 0.8 mm), True)
    """
    with tempfile.TemporaryDirectory(prefix="calvaria-") as folder:
        for n, dataset in enumerate(datasets):
            _written(dataset).save_as(Path(folder, f"{n:06d}.dcm"), enforce_file_format=True)
        return dicom.load_series(folder)


def _written(dataset: Any) -> Any:
    """Return a data set that can be written; one made in memory lacks the file's own header."""
    pydicom = neighbour("pydicom")
    if "TransferSyntaxUID" in getattr(dataset, "file_meta", ()):
        return dataset
    made = copy.copy(dataset)
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    return made
