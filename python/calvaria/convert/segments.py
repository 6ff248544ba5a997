"""Masks for other programs: ``.seg.nrrd`` of 3D Slicer, and DICOM Segmentation through highdicom."""

from __future__ import annotations

import colorsys
import gzip
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._asked import need
from calvaria._optional import neighbour
from calvaria.errors import EmptyMaskError, GeometryError
from calvaria.segment import anatomy_code
from calvaria.volume import Mask

if TYPE_CHECKING:
    from collections.abc import Sequence


__all__ = ["to_dicom_seg", "to_seg_nrrd"]

_BONE_RGB = (0.945, 0.839, 0.569)
_TURN = 0.618034  # golden section: neighbours in number are far apart in hue
# SNOMED CT, as in DICOM PS3.16 CID 7150 "Segmentation Property Category".
_CATEGORY = ("123037004", "Anatomical Structure")
_ON_GRID_MM = 0.01


def to_seg_nrrd(mask: Mask) -> bytes:
    """Return a mask or label map as a ``.seg.nrrd`` of 3D Slicer: names, colours, terminology.

    Parameters
    ----------
    mask : Mask
        Boolean or labels; LPS, mm; any grid.

    Returns
    -------
    bytes
        The file; the same mask gives the same bytes.

    See Also
    --------
    calvaria.write_mask : writes it.

    Examples
    --------
    >>> from calvaria import Grid, Mask
    >>> grid = Grid(dims_ijk=(3, 2, 2), lps_from_ijk=np.eye(4))
    >>> mask = Mask(values=np.ones((2, 2, 3), bool), grid=grid, names={1: "mandible"})
    >>> b"SCT^91609006^Mandible" in to_seg_nrrd(mask)
    True
    """
    need("mask", mask, Mask)
    values = mask.values.view(np.uint8) if mask.values.dtype == np.bool_ else mask.values
    affine = mask.grid.lps_from_ijk
    kind = {1: "unsigned char", 2: "unsigned short"}[values.dtype.itemsize]
    lines = [
        "NRRD0004",
        "# Complete NRRD file format specification at:",
        "# http://teem.sourceforge.net/nrrd/format.html",
        f"type: {kind}",
        "dimension: 3",
        "space: left-posterior-superior",
        "sizes: " + " ".join(str(n) for n in mask.grid.dims_ijk),
        "space directions: " + " ".join(_vector(affine[:3, axis]) for axis in range(3)),
        "kinds: domain domain domain",
        "endian: little",
        "encoding: gzip",
        "space origin: " + _vector(affine[:3, 3]),
    ]
    for number, label in enumerate(_labels(mask)):
        lines += _segment_lines(mask, number, label)
    lines += [
        "Segmentation_ContainedRepresentationNames:=Binary labelmap|",
        "Segmentation_MasterRepresentation:=Binary labelmap",
        "Segmentation_ReferenceImageExtentOffset:=0 0 0",
    ]
    head = ("\n".join(lines) + "\n\n").encode("utf-8")
    return head + gzip.compress(values.astype(values.dtype.newbyteorder("<")).tobytes(), mtime=0)


def to_dicom_seg(mask: Mask, images: Sequence[Any], *, series_description: str = "") -> Any:
    """Return a mask as a DICOM Segmentation of the images it was drawn on, by highdicom.

    Parameters
    ----------
    mask : Mask
        Boolean or labels, on the grid of the images.
    images : sequence of pydicom.Dataset
        The slices of the series, in any order; patient and study come from them.
        :func:`to_pydicom` makes some of a volume.
    series_description : str
        Its Series Description; empty when left out.

    Returns
    -------
    highdicom.seg.Segmentation
        Binary, one segment per label, with names and SNOMED CT codes; a pydicom dataset, ready for
        ``save_as``.  Its UIDs are new each time.

    Raises
    ------
    EmptyMaskError
        Nothing is labelled.
    GeometryError
        The mask does not lie on the slices.
    ImportError
        highdicom is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Mask
    >>> from calvaria.convert import to_pydicom
    >>> from calvaria.phantom import Scanner, scan, sphere
    >>> small = Scanner(columns=32, rows=32, spacing_xy_mm=(2.5, 2.5), n_slices=4)
    >>> volume = scan(sphere(), scanner=small)
    >>> bone = Mask(values=volume.values > 300, grid=volume.grid, names={1: "skull"})
    >>> made = to_dicom_seg(bone, to_pydicom(volume))
    >>> made.SOPClassUID.name, made.SegmentSequence[0].SegmentLabel
    ('Segmentation Storage', 'skull')
    """
    need("mask", mask, Mask)
    hd = neighbour("highdicom")
    labels = _labels(mask)
    if not labels:
        msg = "mask: a labelled voxel expected, found none"
        raise EmptyMaskError(msg)
    ordered = _matched(mask, images)
    pixels = np.stack([mask.values == label for label in labels], axis=-1).astype(np.uint8)
    if mask.values.dtype == np.bool_:
        pixels = mask.values[..., None].astype(np.uint8)
    described = [_described(hd, number, _name(mask, n)) for number, n in enumerate(labels, 1)]
    made = hd.seg.Segmentation(
        source_images=ordered,
        pixel_array=pixels,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=described,
        series_instance_uid=hd.UID(),
        series_number=300,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="calvaria",
        manufacturer_model_name="calvaria",
        software_versions=version("calvaria"),
        device_serial_number="0",
        series_description=series_description or None,
    )
    # It is taken from the images, which need not state one.
    shared = made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    shared.SliceThickness = f"{mask.grid.slice_distance_mm:.10g}"
    return made


def _described(hd: Any, number: int, name: str) -> Any:
    code = anatomy_code(name)
    concept = hd.sr.CodedConcept
    kind = (
        concept(code.code, code.scheme, code.meaning)
        if code
        else concept("91723000", "SCT", "Anatomical Structure")
    )
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=name,
        segmented_property_category=concept(_CATEGORY[0], "SCT", _CATEGORY[1]),
        segmented_property_type=kind,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name="calvaria",
            version=version("calvaria"),
            family=concept("123109", "DCM", "Manual Processing"),
        ),
    )


def _matched(mask: Mask, images: Sequence[Any]) -> list[Any]:
    """Return the images in the order of the slices of the mask, each where that slice is."""
    grid = mask.grid
    nk = grid.dims_ijk[2]
    if len(images) != nk:
        msg = f"images: one per slice of the mask expected ({nk}), found {len(images)}"
        raise GeometryError(msg)
    places = np.array([[float(x) for x in one.ImagePositionPatient] for one in images])
    index = grid.ijk_from_lps_mm(places)
    order = np.argsort(index[:, 2], kind="stable")
    expected = np.column_stack([np.zeros(nk), np.zeros(nk), np.arange(nk)])
    apart = np.linalg.norm(
        grid.lps_mm_from_ijk(index[order]) - grid.lps_mm_from_ijk(expected), axis=1
    ).max()
    if not apart <= _ON_GRID_MM:
        msg = f"images: slices where those of the mask are expected, found some {apart:.3g} mm off"
        raise GeometryError(msg)
    return [images[n] for n in order]


def _labels(mask: Mask) -> list[int]:
    return [int(n) for n in np.unique(mask.values) if n]


def _name(mask: Mask, label: int) -> str:
    return mask.names.get(label, f"label {label}")


def _segment_lines(mask: Mask, number: int, label: int) -> list[str]:
    inside = np.nonzero(mask.values == label)
    extent = " ".join(f"{at.min()} {at.max()}" for at in inside[::-1])
    # A name may hold anything; a line of a header may not.
    name = " ".join(_name(mask, label).split())
    key = f"Segment{number}_"
    return [
        f"{key}Color:=" + " ".join(f"{x:.6f}" for x in _colour(number)),
        f"{key}ColorAutoGenerated:=1",
        f"{key}Extent:={extent}",
        f"{key}ID:=Segment_{label}",
        f"{key}LabelValue:={label}",
        f"{key}Layer:=0",
        f"{key}Name:={name}",
        f"{key}NameAutoGenerated:=0",
        f"{key}Tags:=TerminologyEntry:{_terminology(name)}|",
    ]


def _terminology(name: str) -> str:
    """Return a terminology entry as 3D Slicer keeps it."""
    code = anatomy_code(name)
    kind = f"SCT^{code.code}^{code.meaning}" if code else "SCT^91723000^Anatomical Structure"
    category = f"SCT^{_CATEGORY[0]}^{_CATEGORY[1]}"
    return (
        f"Segmentation category and type - DICOM master list~{category}~{kind}~^^~"
        "Anatomic codes - DICOM master list~^^~^^"
    )


def _colour(number: int) -> tuple[float, float, float]:
    return _BONE_RGB if number == 0 else colorsys.hsv_to_rgb((number * _TURN) % 1.0, 0.55, 0.9)


def _vector(values: Any) -> str:
    return "(" + ",".join(repr(float(x)) for x in values) + ")"
