"""nibabel and NIfTI: RAS millimetres, arrays ``[i, j, k]``.

A NIfTI file may state its place twice (qform and sform), in several units, or not at all.  What
it states is held against the rules below; nothing is made up.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._asked import need
from calvaria._optional import neighbour
from calvaria.convert._made import made_mask, made_volume
from calvaria.errors import CalvariaError, GeometryError
from calvaria.findings import Finding, Verdict
from calvaria.geometry import Grid
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = ["from_nibabel", "mask_from_nibabel", "to_nibabel"]

_LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

# Both forms are float32 and one is a quaternion: 0.02 mm apart is rounding, 0.1 mm is not.
_FORMS_AGREE_MM = 0.1

_LABEL = re.compile(r'<Label Key="(\d{1,5})"[^<>]*>(?:<!\[CDATA\[)?([^<>\]]*)')

_MM_PER_UNIT = {"mm": 1.0, "meter": 1000.0, "micron": 0.001}


def to_nibabel(image: Volume | Mask) -> Any:
    """Return a volume or mask as an image of nibabel.

    Parameters
    ----------
    image : Volume or Mask
        Any grid, sheared or left-handed too.  Booleans become uint8.

    Returns
    -------
    nibabel.Nifti1Image
        Affine in RAS, mm.  The sform is always set; the qform only where the grid has no shear,
        because a quaternion cannot hold one.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> grid = Grid(dims_ijk=(4, 3, 2), lps_from_ijk=np.diag([0.5, 0.5, 2.0, 1.0]))
    >>> image = to_nibabel(Volume(values=np.zeros((2, 3, 4), np.int16), grid=grid))
    >>> image.shape, image.affine[0, 0].item()
    ((4, 3, 2), -0.5)
    """
    need("image", image, Volume, Mask)
    nib = neighbour("nibabel")
    values = image.values.view(np.uint8) if image.values.dtype == np.bool_ else image.values
    ras_from_ijk = _LPS_FROM_RAS @ image.grid.lps_from_ijk
    made = nib.Nifti1Image(values.T, ras_from_ijk)
    # Without an update the affine beside the header keeps its float64.
    made.set_sform(ras_from_ijk, code="scanner", update_affine=False)
    if not image.grid.is_sheared:
        made.set_qform(ras_from_ijk, code="scanner", update_affine=False)
    made.header.set_xyzt_units(xyz="mm")
    return made


def from_nibabel(
    image: Any,
    *,
    quantity: str | None = None,
    like: Volume | None = None,
    form: str | None = None,
    lps_from_ijk: ArrayLike | None = None,
    name: str = "image",
) -> Volume:
    """Return an image of nibabel as a volume.

    Parameters
    ----------
    image : nibabel.Nifti1Image or nibabel.Nifti2Image
        3-D; a fourth dimension of one time point is accepted.
    quantity : {"HU", "arbitrary"}, optional
        What the values are.  NIfTI does not say, so "arbitrary" unless given.
    like : Volume, optional
        The volume the image was made from: its quantity, findings and acquisition are kept.
    form : {"sform", "qform"}, optional
        Which of the two to believe when they disagree.
    lps_from_ijk : (4, 4) array_like of float, optional
        The affine to LPS mm, for an image that states none.
    name : str
        What messages call the image.

    Returns
    -------
    Volume
        scl_slope and scl_inter applied; int16 where that is exact, else float32.

    Raises
    ------
    GeometryError
        Neither qform nor sform is set; both are set and lie more than 0.1 mm apart; the unit of
        length is none of mm, m and um; the image is not 3-D.
    CalvariaError
        A value is NaN or infinite.

    Examples
    --------
    >>> import nibabel as nib
    >>> import numpy as np
    >>> image = nib.Nifti1Image(np.zeros((4, 3, 2), np.int16), np.diag([-0.5, -0.5, 2.0, 1.0]))
    >>> volume = from_nibabel(image, quantity="HU")
    >>> volume.values.shape, volume.grid.spacing_xyz_mm
    ((2, 3, 4), (0.5, 0.5, 2.0))
    """
    grid, findings = _grid(image, form=form, lps_from_ijk=lps_from_ijk, name=name)
    values = _values(image, name=name)
    return made_volume(values, grid, quantity=quantity, like=like, findings=findings, name=name)


def mask_from_nibabel(
    image: Any,
    *,
    names: Mapping[int, str] | None = None,
    form: str | None = None,
    lps_from_ijk: ArrayLike | None = None,
    name: str = "image",
) -> Mask:
    """Return a label image of nibabel as a mask, by the same rules of place as `from_nibabel`.

    Names of the labels come from ``names``, else from the label table in the header, if it has one.

    Parameters
    ----------
    image : nibabel.Nifti1Image or other
        3-D, whole numbers; 0 is background.
    names : mapping of int to str, optional
        Names of the labels.
    form, lps_from_ijk, name : optional
        As for :func:`from_nibabel`.

    Returns
    -------
    Mask
        At the same places, in LPS.

    Raises
    ------
    GeometryError
        As for :func:`from_nibabel`.
    SegmentationError
        A value is not a whole number from 0 to 65535.

    Examples
    --------
    >>> import nibabel as nib
    >>> import numpy as np
    >>> labels = np.zeros((4, 3, 2), np.uint8)
    >>> labels[3, 2, 1] = 1  # i, j, k
    >>> image = nib.Nifti1Image(labels, np.diag([-0.5, -0.5, 2.0, 1.0]))
    >>> mask = mask_from_nibabel(image, names={1: "skull"})
    >>> mask.values[1, 2, 3].item(), mask.names  # k, j, i
    (1, {1: 'skull'})
    """
    grid, findings = _grid(image, form=form, lps_from_ijk=lps_from_ijk, name=name)
    if names is None:
        names = _label_names(image.header)
    return made_mask(_values(image, name=name), grid, names=names, findings=findings, name=name)


def _label_names(header: Any) -> dict[int, str]:
    """Return the label table that TotalSegmentator and Connectome Workbench write, if any."""
    names: dict[int, str] = {}
    for extension in getattr(header, "extensions", ()):
        content = extension.get_content()
        text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
        # A pattern, not an XML parser: nothing in a foreign file can make it expand.
        for key, name in _LABEL.findall(text):
            names[int(key)] = unescape(name)
    return names


def _values(image: Any, *, name: str) -> NDArray[Any]:
    """Return the scaled voxels as ``[k, j, i]``, integers where the scale keeps them whole."""
    proxy = image.dataobj
    raw: NDArray[Any] = np.asanyarray(
        proxy.get_unscaled() if hasattr(proxy, "get_unscaled") else proxy
    )
    if raw.dtype.kind not in "iuf":
        msg = f"{name}: one number per voxel expected, found dtype {raw.dtype}"
        raise CalvariaError(msg)
    raw = raw.reshape(raw.shape[:3]).T
    slope, inter = (
        float(getattr(proxy, key, default)) for key, default in (("slope", 1), ("inter", 0))
    )
    if (slope, inter) == (1.0, 0.0):
        return raw
    if raw.dtype.kind in "iu" and slope.is_integer() and inter.is_integer() and raw.size:
        ends = [int(raw.min()) * int(slope) + int(inter), int(raw.max()) * int(slope) + int(inter)]
        if max(map(abs, ends)) < 1 << 31:
            scaled_int: NDArray[Any] = raw.astype(np.int64) * int(slope) + int(inter)
            return scaled_int
    scaled = np.empty(raw.shape, np.float64)
    for k, plane in enumerate(raw):
        scaled[k] = np.float64(slope) * plane + inter
    return scaled


def _grid(
    image: Any, *, form: str | None, lps_from_ijk: ArrayLike | None, name: str
) -> tuple[Grid, tuple[Finding, ...]]:
    shape = tuple(image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3:
        msg = f"{name}: 3 dimensions expected, found {len(shape)} of sizes {shape}"
        raise GeometryError(msg)
    header = image.header
    stated = _stated_forms(header, name=name)
    if lps_from_ijk is not None:
        if stated:
            msg = f"lps_from_ijk: only for an image that states no place; {name} states one"
            raise ValueError(msg)
        return Grid(dims_ijk=shape, lps_from_ijk=np.asarray(lps_from_ijk, np.float64)), ()
    ras_from_ijk = _chosen_form(stated, shape, form=form, name=name)
    # nibabel keeps the affine in float64 beside the float32 of the header: the same, but finer.
    if image.affine is not None and np.allclose(image.affine, ras_from_ijk, rtol=1e-6, atol=1e-4):
        ras_from_ijk = image.affine
    scale, findings = _unit(header, name=name)
    affine = _LPS_FROM_RAS @ np.diag([scale, scale, scale, 1.0]) @ ras_from_ijk
    try:
        return Grid(dims_ijk=shape, lps_from_ijk=affine), findings
    except GeometryError as error:
        msg = f"{name}: {error}"
        raise GeometryError(msg) from None


def _stated_forms(header: Any, *, name: str) -> dict[str, NDArray[np.float64]]:
    """Return the affines the header states, RAS, in its own unit."""
    try:
        forms = {
            "sform": header.get_sform(coded=True)[0],
            "qform": header.get_qform(coded=True)[0],
        }
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        msg = f"{name}: a qform and sform that can be read expected: {error}"
        raise GeometryError(msg) from None
    return {
        key: np.asarray(affine, np.float64) for key, affine in forms.items() if affine is not None
    }


def _chosen_form(
    stated: dict[str, NDArray[np.float64]],
    shape: tuple[int, ...],
    *,
    form: str | None,
    name: str,
) -> NDArray[np.float64]:
    if form is not None and form not in {"sform", "qform"}:
        msg = f'form: "sform" or "qform" expected, found {form!r}'
        raise ValueError(msg)
    if form is not None and form in stated:
        return stated[form]
    if not stated or form is not None:
        what = form or "qform or sform"
        msg = (
            f"{name}: a {what} expected, found none: nothing says where the voxels are or which "
            "side is left; pass lps_from_ijk= if you know"
        )
        raise GeometryError(msg)
    if len(stated) == 2:
        corners = np.array(
            [[i, j, k, 1.0] for i in (0, shape[0]) for j in (0, shape[1]) for k in (0, shape[2])]
        )
        apart = (corners @ (stated["sform"] - stated["qform"]).T)[:, :3]
        apart_mm = float(np.linalg.norm(apart, axis=1).max())
        if not apart_mm <= _FORMS_AGREE_MM:
            msg = (
                f"{name}: qform and sform within {_FORMS_AGREE_MM} mm of each other expected, "
                f'found them {apart_mm:.3g} mm apart; pass form="sform" or form="qform" to choose'
            )
            raise GeometryError(msg)
    return stated.get("sform", stated.get("qform", np.eye(4)))


def _unit(header: Any, *, name: str) -> tuple[float, tuple[Finding, ...]]:
    """Return millimetres per unit of length, and what is to be said about it."""
    try:
        unit = header.get_xyzt_units()[0]
    except KeyError:
        unit = f"code {int(header['xyzt_units'])}"
    if unit == "unknown":
        return 1.0, (
            Finding(
                code="nifti_unit",
                verdict=Verdict.UNPROVEN,
                message="The file names no unit of length; millimetres were taken, as is usual.",
                measured="unknown",
                limit="mm, m or um named",
                places=(name,),
            ),
        )
    if unit not in _MM_PER_UNIT:
        msg = f"{name}: a unit of length of mm, m or um expected, found {unit}"
        raise GeometryError(msg)
    return _MM_PER_UNIT[unit], ()
