"""SimpleITK: the same frame (LPS, mm), the same array order, no sheared grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._asked import need
from calvaria._optional import neighbour
from calvaria.convert._made import made_mask, made_volume
from calvaria.errors import GeometryError
from calvaria.geometry import Grid
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["from_sitk", "grid_from_sitk", "mask_from_sitk", "to_sitk"]


def to_sitk(image: Volume | Mask) -> Any:
    """Return a volume or mask as an image of SimpleITK.

    Parameters
    ----------
    image : Volume or Mask
        On a grid without shear; a mask of booleans becomes 0 and 1 of uint8.

    Returns
    -------
    SimpleITK.Image
        With its own copy of the voxels; the same LPS position for every voxel.

    Raises
    ------
    GeometryError
        The grid is sheared: ITK keeps direction cosines, which a sheared grid has not.
        ``resample_to_orthogonal(volume)`` makes a grid that has.
    ImportError
        SimpleITK is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> to_sitk(Volume(values=np.zeros((2, 3, 4), np.int16), grid=grid)).GetSpacing()
    (0.5, 0.5, 2.0)
    """
    need("image", image, Volume, Mask)
    direction = image.grid.direction
    sitk = neighbour("SimpleITK")
    values = image.values.view(np.uint8) if image.values.dtype == np.bool_ else image.values
    made = sitk.GetImageFromArray(values)
    made.SetOrigin(image.grid.origin_lps_mm)
    made.SetSpacing(image.grid.spacing_xyz_mm)
    made.SetDirection(direction.ravel().tolist())
    return made


def from_sitk(image: Any, *, quantity: str | None = None, like: Volume | None = None) -> Volume:
    """Return an image of SimpleITK as a volume.

    Parameters
    ----------
    image : SimpleITK.Image
        3-D, one number per voxel.
    quantity : {"HU", "arbitrary"}, optional
        What the values are; an image of SimpleITK does not say, so "arbitrary" unless given.
    like : Volume, optional
        The volume the image was made from: its quantity, findings and acquisition are kept.

    Returns
    -------
    Volume
        int16 where that is exact, else float32; LPS, mm.

    Raises
    ------
    GeometryError
        The image is not 3-D.
    CalvariaError
        A value is NaN or infinite, or a voxel has several components.
    ImportError
        SimpleITK is not installed.

    Examples
    --------
    >>> import SimpleITK as sitk
    >>> image = sitk.Image(4, 3, 2, sitk.sitkInt16)
    >>> image.SetSpacing((0.5, 0.5, 2.0))
    >>> from_sitk(image, quantity="HU")
    Volume(4 x 3 x 2 int16 HU, 0.5 x 0.5 x 2 mm)
    """
    return made_volume(_values(image), grid_from_sitk(image), quantity=quantity, like=like)


def mask_from_sitk(image: Any, *, names: Mapping[int, str] | None = None) -> Mask:
    """Return a label image of SimpleITK as a mask; labels 0 to 65535, 0 is background.

    Parameters
    ----------
    image : SimpleITK.Image
        3-D, whole numbers.
    names : mapping of int to str, optional
        Names of the labels.

    Returns
    -------
    Mask
        At the same places.

    Raises
    ------
    GeometryError
        The image is not 3-D.
    SegmentationError
        A value is not a whole number from 0 to 65535.

    Examples
    --------
    >>> import SimpleITK as sitk
    >>> labels = sitk.Image(4, 3, 2, sitk.sitkUInt8)
    >>> labels[1, 2, 0] = 7
    >>> mask = mask_from_sitk(labels, names={7: "mandible"})
    >>> mask.values[0, 2, 1].item(), mask.names
    (7, {7: 'mandible'})
    """
    return made_mask(_values(image), grid_from_sitk(image), names=names)


def grid_from_sitk(image: Any) -> Grid:
    """Return the grid of a 3-D SimpleITK image."""
    if image.GetDimension() != 3:
        msg = f"image: 3 dimensions expected, found {image.GetDimension()}"
        raise GeometryError(msg)
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.asarray(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return Grid(dims_ijk=image.GetSize(), lps_from_ijk=affine)


def _values(image: Any) -> NDArray[Any]:
    if image.GetNumberOfComponentsPerPixel() != 1:
        n = image.GetNumberOfComponentsPerPixel()
        msg = f"image: one number per voxel expected, found {n}"
        raise GeometryError(msg)
    array: NDArray[Any] = neighbour("SimpleITK").GetArrayFromImage(image)
    return array
