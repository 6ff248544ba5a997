"""Legal enhanced multi-frame images."""

import numpy as np
from pydicom.uid import UID

from . import streams
from .case import Cases, tag
from .enhanced_image import (
    LEGACY_CT_CLASS,
    MR_CLASS,
    base,
    enhanced,
    frame_group,
    group,
    write,
)
from .stack import (
    AXIAL,
    CORONAL,
    NATIVE,
    OBLIQUE,
    SAGITTAL,
    Stack,
    ct,
    rotated,
    secondary_capture,
    text,
)

cases = Cases("enhanced")

ALL_GROUPS = (
    "PlanePositionSequence",
    "PlaneOrientationSequence",
    "PixelMeasuresSequence",
    "PixelValueTransformationSequence",
)


@cases.right(syntax=NATIVE)
def plain(folder, syntax):
    stack = base(syntax=syntax)
    return write(folder, enhanced(stack), stack)


@cases.right()
def path_of_the_file_itself(folder):
    stack = base()
    return write(folder, enhanced(stack), stack, path=folder / "ENHANCED.dcm")


@cases.right(groups={"all": ALL_GROUPS, "rescale": (ALL_GROUPS[0], ALL_GROUPS[3])})
def groups_with_each_frame(folder, groups):
    stack = base()
    return write(folder, enhanced(stack, per_frame=groups), stack)


@cases.right(order=[(5, 4, 3, 2, 1, 0), (2, 0, 5, 1, 4, 3)])
def frames_in_another_order(folder, order):
    stack = base()
    return write(folder, enhanced(stack, order=order), stack)


@cases.right(
    iop={
        "sagittal": SAGITTAL,
        "coronal": CORONAL,
        "oblique": OBLIQUE,
        "rows-mirrored": (-1, 0, 0, 0, 1, 0),
        "columns-mirrored": (1, 0, 0, 0, -1, 0),
    },
    step=[1.5, -1.5],
)
def orientation(folder, iop, step):
    stack = base(iop=iop, step=step)
    return write(folder, enhanced(stack), stack)


@cases.right(deg=[-18.0, 18.0])
def gantry_tilt(folder, deg):
    stack = base(iop=rotated(AXIAL, x_deg=deg), step=(0, 0, 2.0))
    return write(folder, enhanced(stack), stack)


@cases.right(
    pixels={
        "u8": (np.uint8, 8),
        "u12": (np.uint16, 12),
        "s16": (np.int16, 16),
        "u32": (np.uint32, 32),
    }
)
def pixel_format(folder, pixels):
    dtype, bits = pixels
    stack = base(dtype=dtype, bits_stored=bits)
    return write(folder, enhanced(stack), stack)


@cases.right(kind=["intercepts", "slopes", "fractions"])
def rescale_per_frame(folder, kind):
    stack = base()
    for k, each in enumerate(stack):
        slope = {"slopes": k + 1.0, "fractions": 0.25 * (k + 1)}.get(kind, 1.0)
        intercept = -1024.0 - (50 * k if kind == "intercepts" else 0)
        each.hu = (each.hu + 1024) * slope + intercept
        each.ds.RescaleSlope, each.ds.RescaleIntercept = text(slope), text(intercept)
    made = enhanced(stack, per_frame=(ALL_GROUPS[0], ALL_GROUPS[3]), order=(3, 1, 2, 0, 5, 4))
    return write(folder, made, stack, atol=1e-3)


@cases.right()
def mr(folder):
    stack = base(modality="MR")
    return write(folder, enhanced(stack, sop_class=MR_CLASS), stack)


@cases.right()
def mr_with_rescale_per_frame(folder):
    stack = base(modality="MR")
    for k, each in enumerate(stack):
        each.ds.RescaleSlope, each.ds.RescaleIntercept, each.ds.RescaleType = k + 1, 3, "US"
        each.hu = each.hu * (k + 1) + 3
    made = enhanced(stack, sop_class=MR_CLASS, per_frame=(ALL_GROUPS[0], ALL_GROUPS[3]))
    return write(folder, made, stack)


@cases.right()
def legacy_converted(folder):
    stack = base()
    return write(folder, enhanced(stack, sop_class=LEGACY_CT_CLASS), stack)


@cases.right()
def anisotropic_pixels(folder):
    stack = base(spacing=(1.7, 0.3))
    return write(folder, enhanced(stack), stack)


def _rle(**options):
    def codec(made, stored):
        frames = [streams.rle_frame(each) for each in stored]
        made.set_encapsulated(frames, UID(streams.SYNTAX["rle"]), **options)

    return codec


def _j2k(**options):
    def codec(made, stored):
        frames = streams.frames("j2k", "s16")[: len(stored)]
        made.set_encapsulated(frames, UID(streams.SYNTAX["j2k"]), **options)

    return codec


OFFSETS = {
    "table": {"has_bot": True},
    "no-table": {"has_bot": False},
    "table-fragments": {"has_bot": True, "fragments_per_frame": 3},
}


@cases.right(options=["table", "no-table"])
def rle(folder, options):
    stack = base()
    return write(folder, enhanced(stack, codec=_rle(**OFFSETS[options])), stack)


@cases.right(options=OFFSETS)
def jpeg_2000(folder, options):
    stack = ct(5)
    return write(folder, enhanced(stack, codec=_j2k(**options)), stack)


@cases.right_or_refused(r"fragment|offset|ENHANCED|PixelData|pixel data")
def fragments_without_a_table(folder):
    stack = ct(5)
    made = enhanced(stack, codec=_j2k(has_bot=False, fragments_per_frame=3))
    return write(folder, made, stack)


@cases.right()
def extended_offset_table(folder):
    from pydicom.encaps import encapsulate_extended

    stack = ct(5)
    made = enhanced(stack)
    frames = streams.frames("j2k", "s16")
    made.set_encapsulated(frames, UID(streams.SYNTAX["j2k"]), has_bot=False)
    data, table, lengths = encapsulate_extended(frames)
    made.ds.PixelData = data
    made.ds["PixelData"].is_undefined_length = True
    made.ds.ExtendedOffsetTable, made.ds.ExtendedOffsetTableLengths = table, lengths
    return write(folder, made, stack)


@cases.right()
def one_temporal_position(folder):
    stack = base()
    made = enhanced(stack)
    for k in range(6):
        frame_group(made, k, "FrameContentSequence").TemporalPositionIndex = 1
    return write(folder, made, stack)


@cases.right(how=["halves", "each-its-own"])
def stack_identifiers_within_one_regular_stack(folder, how):
    stack = base()
    made = enhanced(stack)
    for k in range(6):
        frame_group(made, k, "FrameContentSequence").StackID = str(k // 3 if how == "halves" else k)
    return write(folder, made, stack)


@cases.right()
def frame_times_that_rise(folder):
    stack = base()
    made = enhanced(stack)
    for k in range(6):
        frame_group(made, k, "FrameContentSequence").FrameAcquisitionDateTime = f"2024010210150{k}"
    return write(folder, made, stack)


@cases.right()
def padding_value(folder):
    stack = base()
    made = enhanced(stack)
    made.put("PixelPaddingValue", b"\x30\xf8", vr="SS")
    return write(folder, made, stack)


@cases.right()
def derivation_groups_with_positions_of_other_images(folder):
    stack = base()
    made = enhanced(stack)
    for item in made.ds.PerFrameFunctionalGroupsSequence:
        inner = group(ImagePositionPatient=[9, 9, 9], PixelSpacing=[3, 3])
        item.DerivationImageSequence = group(SourceImageSequence=inner)
    return write(folder, made, stack)


@cases.right_or_refused(r"concatenation|series|ENHANCED|0020, ?9161")
def concatenation_of_two_files(folder):
    stack = base()
    for number, part in enumerate([stack[:3], stack[3:]]):
        made = enhanced(Stack(part))
        made.name = f"ENHANCED{number}.dcm"
        made.ds.ConcatenationUID = "1.2.3.4.5"
        made.ds.InConcatenationNumber = number + 1
        made.ds.InConcatenationTotalNumber = 2
        made.ds.ConcatenationFrameOffsetNumber = 3 * number
        write(folder, made, stack)
    return stack.truth()


@cases.right()
def localizer_beside(folder):
    Stack([secondary_capture()]).write(folder)
    stack = base()
    return write(folder, enhanced(stack), stack)


@cases.right_or_refused(
    tag("PlanePositionSequence", "ImagePositionPatient") + "|one|single|ENHANCED"
)
def one_frame(folder):
    stack = ct(1)
    return write(folder, enhanced(stack), stack)


@cases.right()
def three_hundred_frames(folder):
    stack = ct(300, rows=4, columns=5, step=0.4)
    return write(folder, enhanced(stack), stack)
