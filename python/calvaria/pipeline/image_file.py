"""Image files that are no DICOM: their frame where they state none, and label maps among them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from calvaria.errors import CalvariaError, GeometryError
from calvaria.findings import Finding, Verdict
from calvaria.images import load_image, load_mask, stated_spacing_mm
from calvaria.volume import Mask

if TYPE_CHECKING:
    from pathlib import Path

    from calvaria.volume import Volume

__all__ = ["SUFFIXES", "choose_label", "labels_of", "open_image", "open_mask"]

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".tif", ".tiff")
# Air is near -1000 HU; padding outside the circle of a scanner may lie lower.
_LOWEST_HU, _AIR_HU, _TISSUE_HU = -4096, -900, 100
# More different values than that are an image, not labels.
_MOST_LABELS = 512


def open_image(path: Path, *, spacing_xyz_mm: tuple[float, float, float] | None) -> Volume:
    """Read an image; its quantity is told from its values, a frame it does not state is assumed."""
    affine, told = _frame(path, spacing_xyz_mm)
    volume = load_image(path, lps_from_ijk=affine)
    if _may_be_hu(volume):
        volume = dataclasses.replace(volume, quantity="HU")
    return dataclasses.replace(volume, findings=(*volume.findings, *told))


def open_mask(path: Path, *, image: Volume) -> Mask:
    """Read a mask drawn on an image; one that states no place lies where the image does."""
    if not path.name.lower().endswith(SUFFIXES) or stated_spacing_mm(path)[0]:
        return load_mask(path, image=image)
    mask = load_mask(path, image=image, lps_from_ijk=image.grid.lps_from_ijk)
    if mask.grid.dims_ijk != image.grid.dims_ijk:
        msg = (
            f"{path.name}: as many voxels as in the image ({image.grid.dims_ijk}) expected of a mask that "
            f"states no place, found {mask.grid.dims_ijk}"
        )
        raise GeometryError(msg)
    told = Finding(
        code="mask_frame",
        verdict=Verdict.UNPROVEN,
        message="The mask does not state where it lies; voxel was taken for voxel of the image.",
        source="house rule: what no file states is not known",
    )
    return dataclasses.replace(mask, findings=(*mask.findings, told))


def labels_of(volume: Volume) -> Mask | None:
    """Return the volume as a label map if that is what it is: few whole numbers, and background."""
    values = volume.values
    if volume.is_hu or values.dtype.kind == "f" or int(values.min()) != 0:
        return None
    found = np.unique(values)
    if not 1 < len(found) <= _MOST_LABELS or 2 * np.count_nonzero(values) > values.size:
        return None
    # The values of an image lie close together; labels are spread or few.
    if len(found) > 64 and len(found) > (int(found[-1]) + 1) // 2:
        return None
    kind = np.uint8 if int(found[-1]) < 256 else np.uint16
    return Mask(values=values.astype(kind), grid=volume.grid)


def choose_label(mask: Mask, label: str | int | None) -> Mask:
    """Return the voxels of one label, by number or name; of all of them when none is asked for."""
    if mask.values.dtype == bool and label is None:
        return mask
    present = [int(n) for n in np.unique(mask.values) if n]
    if label is None:
        return dataclasses.replace(mask, values=mask.values != 0, names={})
    wanted = {n for n in present if str(n) == str(label) or mask.names.get(n) == label}
    if len(wanted) != 1:
        named = ", ".join(f"{n} {mask.names.get(n, '')}".strip() for n in present[:30])
        msg = f"label: one of {named or 'none'} expected, found {label!r}"
        raise CalvariaError(msg)
    return dataclasses.replace(mask, values=mask.values == wanted.pop(), names={})


def _frame(
    path: Path, spacing_xyz_mm: tuple[float, float, float] | None
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None, tuple[Finding, ...]]:
    """Return an affine for a file that states none, and what is then not known."""
    is_told, stated = stated_spacing_mm(path)
    if is_told:
        if spacing_xyz_mm is not None:
            msg = f"spacing_xyz_mm: only for a file that states no place; {path.name} states one"
            raise GeometryError(msg)
        return None, ()
    spacing = spacing_xyz_mm or stated
    findings = [
        Finding(
            code="image_frame",
            verdict=Verdict.UNPROVEN,
            message=(
                "The file does not state which way its axes run; columns were taken to run left, rows "
                "posterior, slices up. A mirrored model cannot be excluded."
            ),
            source="house rule: what no file states is not known",
        )
    ]
    if spacing is None:
        spacing = (1.0, 1.0, 1.0)
        findings.append(
            Finding(
                code="image_scale",
                verdict=Verdict.FAIL,
                message=(
                    "The file does not state the size of its voxels; 1 mm was taken, so the size of the "
                    "model is not known. Give the spacing (--spacing-mm X Y Z)."
                ),
                source="house rule: what no file states is not known",
            )
        )
    return np.diag([*spacing, 1.0]), tuple(findings)


def _may_be_hu(volume: Volume) -> bool:
    """Whether air is where air is in HU; files of images do not say what their values are."""
    lowest = float(volume.values.min())
    return _LOWEST_HU <= lowest <= _AIR_HU and float(volume.values.max()) > _TISSUE_HU
