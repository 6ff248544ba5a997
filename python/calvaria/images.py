"""Volumes and masks from files other than DICOM: NIfTI, NRRD, MetaImage, TIFF.

The geometry is what the file states.  A file that states none is refused, not completed; a
caller who knows better says so with ``lps_from_ijk``.
"""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import (
    _image_meta,
    _image_nifti,
    _image_nrrd,
    _image_seg,
    _image_tiff,
    convert,
)
from calvaria._whole_files import write_whole
from calvaria.errors import CalvariaError, CalvariaWarning

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike

    from calvaria.geometry import Grid
    from calvaria.volume import Mask, Volume

__all__ = ["load_image", "load_mask", "write_mask"]


def __dir__() -> list[str]:
    return sorted(__all__)


_READERS: dict[str, Any] = {
    ".nii": _image_nifti,
    ".nii.gz": _image_nifti,
    ".nrrd": _image_nrrd,
    ".nhdr": _image_nrrd,
    ".mha": _image_meta,
    ".mhd": _image_meta,
    ".dcm": _image_seg,
    ".tif": _image_tiff,
    ".tiff": _image_tiff,
}

# A mask is called coarser when its voxels are longer than the image's by more than rounding.
_COARSER = 1.05


def load_image(
    path: str | os.PathLike[str],
    *,
    quantity: str = "arbitrary",
    lps_from_ijk: ArrayLike | None = None,
    form: str | None = None,
) -> Volume:
    """Read a volume from a NIfTI, NRRD, MetaImage or TIFF file.

    Parameters
    ----------
    path : str or path
        A ``.nii``, ``.nii.gz``, ``.nrrd``, ``.nhdr``, ``.mha`` or ``.mhd`` file, or a ``.tif`` stack of
        pages, which states no place: pass ``lps_from_ijk``.
    quantity : {"arbitrary", "HU"}
        What the values are.  None of these formats says; pass "HU" for a CT.
    lps_from_ijk : (4, 4) array_like of float, optional
        The affine to LPS mm, for a file that states none.
    form : {"sform", "qform"}, optional
        NIfTI only: which of the two to believe when they disagree.

    Returns
    -------
    Volume
        int16 where that is exact, else float32; LPS, mm.

    Raises
    ------
    CalvariaError
        The file cannot be read, is not what its header says, or holds NaN or several numbers
        per voxel.
    GeometryError
        The file states no place, no direction, or two that disagree; it is not 3-D.
    ImportError
        The library for this format is not installed.

    See Also
    --------
    load_mask : for label images.
    calvaria.load_invesalius : for projects of InVesalius.

    Examples
    --------
    >>> import tempfile
    >>> from calvaria import Grid, Volume, convert
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> volume = Volume(values=np.full((2, 3, 4), 700, np.int16), grid=grid)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     convert.to_nibabel(volume).to_filename(f"{folder}/skull.nii.gz")
    ...     load_image(f"{folder}/skull.nii.gz", quantity="HU")
    Volume(4 x 3 x 2 int16 HU, 0.5 x 0.5 x 2 mm)
    """
    file, reader = _file_and_reader(path)
    volume: Volume = reader.read_volume(
        file, quantity=quantity, **_given(reader, lps_from_ijk=lps_from_ijk, form=form)
    )
    return volume


def load_mask(
    path: str | os.PathLike[str],
    *,
    image: Volume | None = None,
    segment: str | None = None,
    lps_from_ijk: ArrayLike | None = None,
    form: str | None = None,
) -> Mask:
    """Read a mask or label image from a NIfTI, NRRD, MetaImage or DICOM SEG file.

    Parameters
    ----------
    path : str or path
        As for :func:`load_image`, or a DICOM SEG (``.dcm``); ``.seg.nrrd`` of 3D Slicer and DICOM
        SEG keep the names of their segments.
    image : Volume, optional
        The image the mask was drawn on.  A warning says when the mask is coarser than it, or
        lies elsewhere.
    segment : str, optional
        Name of one segment of a ``.seg.nrrd`` or a DICOM SEG; the mask is then boolean.  Needed where segments
        overlap.
    lps_from_ijk, form
        As for :func:`load_image`.

    Returns
    -------
    Mask
        uint8 or uint16 labels with their names where the file has them, or bool for a segment.

    Raises
    ------
    CalvariaError
        As for :func:`load_image`.
    SegmentationError
        A value is no whole number from 0 to 65535; segments overlap and none was chosen.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from calvaria import Grid, Mask, write_mask
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> mask = Mask(values=np.ones((2, 3, 4), np.uint8), grid=grid, names={1: "mandible"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "jaw.seg.nrrd"
    ...     write_mask(mask, path)
    ...     back = load_mask(path)
    >>> back.names, back.n_voxels
    ({1: 'mandible'}, 24)
    """
    file, reader = _file_and_reader(path)
    mask: Mask = reader.read_mask(
        file, **_given(reader, lps_from_ijk=lps_from_ijk, form=form, segment=segment)
    )
    if image is not None:
        for message in _misfits(mask.grid, image.grid, name=file.name):
            warnings.warn(message, CalvariaWarning, stacklevel=2)
    return mask


def write_mask(mask: Mask, path: str | os.PathLike[str]) -> None:
    """Write a mask or label map, whole or not at all.

    Parameters
    ----------
    mask : Mask
        Boolean or labels; its names and their SNOMED CT codes go into a ``.seg.nrrd``.
    path : str or path
        ``.seg.nrrd`` or ``.nrrd`` (3D Slicer), ``.nii`` or ``.nii.gz``.  For DICOM see
        :func:`calvaria.convert.to_dicom_seg`, which needs the images.

    Raises
    ------
    CalvariaError
        The suffix is none of these.

    See Also
    --------
    load_mask : reads it.

    Examples
    --------
    >>> import tempfile
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(3, 2, 2), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.full((2, 2, 3), 4, np.uint8), grid=grid, names={4: "teeth"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_mask(mask, f"{folder}/jaw.seg.nrrd")
    ...     load_mask(f"{folder}/jaw.seg.nrrd").names
    {4: 'teeth'}
    """
    file = Path(path)
    name = file.name.lower()
    if name.endswith(".nrrd"):
        content = convert.to_seg_nrrd(mask)
    elif name.endswith((".nii", ".nii.gz")):
        content = convert.to_nibabel(mask).to_bytes()
        if name.endswith(".gz"):
            content = gzip.compress(content, mtime=0)
    else:
        msg = f"{file.name}: .seg.nrrd, .nrrd, .nii or .nii.gz expected"
        raise CalvariaError(msg)
    write_whole(file, content)


def stated_spacing_mm(
    path: str | os.PathLike[str],
) -> tuple[bool, tuple[float, float, float] | None]:
    """Say whether a file may state its frame, and the spacing that it states without one.

    Parameters
    ----------
    path : str or path
        As for :func:`load_image`.

    Returns
    -------
    states_frame : bool
        False when the file holds no place and no direction, so that ``lps_from_ijk`` is needed.
    spacing_xyz_mm : tuple of float or None
        Then the spacing along i, j and k, mm, if it holds one.
    """
    file, reader = _file_and_reader(path)
    stated = getattr(reader, "stated_spacing_mm", None)
    return (True, None) if stated is None else stated(file)


def _file_and_reader(path: str | os.PathLike[str]) -> tuple[Path, Any]:
    file = Path(path)
    name = file.name.lower()
    suffix = ".nii.gz" if name.endswith(".nii.gz") else file.suffix.lower()
    if suffix not in _READERS:
        msg = f"{file.name}: one of {', '.join(_READERS)} expected, found {suffix or 'no suffix'}"
        raise CalvariaError(msg)
    if not file.exists():
        msg = f"{file.name}: a file expected, found nothing there"
        raise CalvariaError(msg)
    if not file.is_file():
        msg = f"{file.name}: a regular file expected"
        raise CalvariaError(msg)
    return file, _READERS[suffix]


def _given(reader: Any, **options: Any) -> dict[str, Any]:
    """Return the options that were given; ValueError for one this format does not have."""
    given = {key: value for key, value in options.items() if value is not None}
    for key in given:
        if key not in reader.OPTIONS:
            msg = f"{key}: files of this format have no such choice"
            raise ValueError(msg)
    return given


def _misfits(mask: Grid, image: Grid, *, name: str) -> list[str]:
    """Say where a mask does not suit the image it was drawn on."""
    if mask.is_close(image, tolerance_mm=0.01):
        return []
    per_mm = np.linalg.inv(image.lps_from_ijk[:3, :3])
    found = []
    for axis, length_mm in enumerate(mask.spacing_xyz_mm):
        unit = mask.lps_from_ijk[:3, axis] / length_mm
        image_mm = 1.0 / float(np.linalg.norm(per_mm @ unit))
        if length_mm > _COARSER * image_mm:
            found.append(f"{length_mm:.3g} mm along {'ijk'[axis]} against {image_mm:.3g} mm")
    messages = []
    if found:
        messages.append(
            f"{name}: the mask is coarser than the image ({'; '.join(found)}); "
            "a surface made of it shows its steps"
        )
    low, high = mask.corners_lps_mm().min(axis=0), mask.corners_lps_mm().max(axis=0)
    low_image, high_image = image.corners_lps_mm().min(axis=0), image.corners_lps_mm().max(axis=0)
    if (low > high_image).any() or (high < low_image).any():
        messages.append(
            f"{name}: the mask lies outside the image; is it of the same patient and frame?"
        )
    elif mask.dims_ijk == image.dims_ijk and not found:
        apart = np.linalg.norm(mask.corners_lps_mm() - image.corners_lps_mm(), axis=1).max()
        messages.append(
            f"{name}: the mask has as many voxels as the image, but its corners lie up to "
            f"{apart:.3g} mm elsewhere; is an axis mirrored?"
        )
    return messages
