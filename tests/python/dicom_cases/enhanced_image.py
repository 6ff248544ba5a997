"""Enhanced multi-frame CT and MR images."""

import copy

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from .stack import Slice, Stack, ct, text

CT_CLASS = "1.2.840.10008.5.1.4.1.1.2.1"
MR_CLASS = "1.2.840.10008.5.1.4.1.1.4.1"
LEGACY_CT_CLASS = "1.2.840.10008.5.1.4.1.1.2.2"
MOVED = (  # from the top level into functional groups
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "SliceThickness",
    "PatientPosition",
    "AcquisitionNumber",
)


def group(**values) -> Sequence:
    """Return a functional group: a sequence of one item."""
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return Sequence([item])


def enhanced(
    stack: Stack,
    *,
    sop_class: str = CT_CLASS,
    order=None,
    per_frame: tuple[str, ...] = ("PlanePositionSequence",),
    codec=None,
) -> Slice:
    """Return one multi-frame file that holds the slices in the given order.

    ``per_frame`` names the functional groups that stand with each frame instead of being shared.
    """
    order = list(range(len(stack)) if order is None else order)
    frames = [stack[k] for k in order]
    first = frames[0]
    ds = copy.deepcopy(first.ds)
    for keyword in MOVED:
        if keyword in ds:
            delattr(ds, keyword)
    ds.SOPClassUID = sop_class
    ds.NumberOfFrames = len(frames)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    groups = [_groups(each, number + 1) for number, each in enumerate(frames)]
    shared, own = Dataset(), [Dataset() for _ in frames]
    for keyword in groups[0]:
        if keyword in {"FrameContentSequence", *per_frame}:
            for item, each in zip(own, groups, strict=True):
                setattr(item, keyword, each[keyword])
        else:
            setattr(shared, keyword, groups[0][keyword])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    ds.PerFrameFunctionalGroupsSequence = Sequence(own)
    ds.PixelData = b"".join(each.ds.PixelData for each in frames)
    ds["PixelData"].VR = "OW"
    made = Slice(
        ds, first.hu, "ENHANCED.dcm", first.position, first.orientation, first.spacing, first.syntax
    )
    if codec is not None:
        stored = [np.frombuffer(each.ds.PixelData, "<i2").reshape(each.hu.shape) for each in frames]
        codec(made, stored)
    return made


def _groups(each: Slice, number: int) -> dict[str, Sequence]:
    groups = {
        "FrameContentSequence": group(
            StackID="1", InStackPositionNumber=number, DimensionIndexValues=[1, number]
        ),
        "PlanePositionSequence": group(ImagePositionPatient=[text(v) for v in each.position]),
        "PlaneOrientationSequence": group(
            ImageOrientationPatient=[text(v) for v in each.orientation]
        ),
        "PixelMeasuresSequence": group(
            PixelSpacing=[text(v) for v in each.spacing], SliceThickness="1.5"
        ),
        "CTImageFrameTypeSequence": group(FrameType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]),
    }
    if "RescaleSlope" in each.ds:
        groups["PixelValueTransformationSequence"] = group(
            RescaleSlope=each.ds.RescaleSlope,
            RescaleIntercept=each.ds.RescaleIntercept,
            RescaleType=each.ds.RescaleType,
        )
    return groups


def frame_group(made: Slice, k: int, keyword: str) -> Dataset:
    """Return the one item of a functional group of a frame."""
    return getattr(made.ds.PerFrameFunctionalGroupsSequence[k], keyword)[0]


def shared_group(made: Slice, keyword: str) -> Dataset:
    """Return the one item of a shared functional group."""
    return getattr(made.ds.SharedFunctionalGroupsSequence[0], keyword)[0]


def write(folder, made: Slice, stack: Stack, **options):
    """Write the file; the truth is that of the stack."""
    (folder / made.name).write_bytes(made.to_bytes())
    return stack.truth(**options)


def base(**options) -> Stack:
    """Return the stack that most enhanced images here are made of."""
    return ct(6, **options)
