"""DICOM Segmentation files, through pydicom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calvaria import convert
from calvaria._optional import neighbour
from calvaria.errors import CalvariaError, NotDicomError

if TYPE_CHECKING:
    from pathlib import Path

    from calvaria.volume import Mask, Volume

__all__ = ["OPTIONS", "read_mask", "read_volume"]

OPTIONS = ("segment",)


def read_volume(file: Path, **options: Any) -> Volume:
    """Refuse: a DICOM image is one slice of a series."""
    del options
    msg = f"{file.name}: find_series and load_series read DICOM images; load_mask reads a DICOM SEG"
    raise CalvariaError(msg)


def read_mask(file: Path, *, segment: str | None = None) -> Mask:
    """Read a DICOM Segmentation; see :func:`calvaria.load_mask`."""
    pydicom = neighbour("pydicom")
    try:
        dataset = pydicom.dcmread(file)
    except Exception as error:  # whatever a foreign parser raises on a damaged file
        msg = f"{file.name}: a DICOM file expected: {error}"
        raise NotDicomError(msg) from error
    return convert.mask_from_dicom_seg(dataset, segment=segment, name=file.name)
