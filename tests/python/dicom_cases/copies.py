"""The same image twice: in another folder, in another encoding, as a whole multi-frame file."""

import copy

import numpy as np

from . import streams
from .accounting import every_file_is_accounted
from .case import Cases, slices
from .enhanced_image import base, enhanced, frame_group, write
from .mixtures import split_by
from .stack import NATIVE, Stack, copy_of, ct

cases = Cases("copies")

TWICE = ("duplicate_slices",)


@cases.right(notes=TWICE, n=[1, 2], syntax=NATIVE)
def enhanced_file_copied(folder, n, syntax):
    stack = base(syntax=syntax)
    made = enhanced(stack)
    truth = write(folder, made, stack)
    for number in range(n):
        other = folder / f"copy{number}"
        other.mkdir()
        (other / "SAME.dcm").write_bytes((folder / made.name).read_bytes())
    return truth


@cases.holds()
def enhanced_copy_is_accounted(folder):
    stack = base()
    made = enhanced(stack)
    write(folder, made, stack)
    (folder / "SAME.dcm").write_bytes((folder / made.name).read_bytes())

    def check():
        import calvaria

        found = calvaria.find_series(folder)
        assert [len(found), found[0].n_slices] == [1, 6]
        (left,) = found.left_out
        assert left.file == "SAME.dcm" and "copy" in left.reason, left

    return check


@cases.right(notes=TWICE, twice=[(0,), (1,), (0, 1)])
def part_of_a_concatenation_copied(folder, twice):
    stack = base()
    for number, part in enumerate([stack[:3], stack[3:]]):
        made = enhanced(Stack(part))
        made.ds.ConcatenationUID = "1.2.3.4.5"
        made.ds.InConcatenationNumber = number + 1
        made.ds.InConcatenationTotalNumber = 2
        made.ds.ConcatenationFrameOffsetNumber = 3 * number
        for name in [f"PART{number}.dcm"] + [f"COPY{number}.dcm"] * (number in twice):
            (folder / name).write_bytes(made.to_bytes())
    return stack.truth()


@cases.refused(r"ENHANCED|OTHER|position|same place", what=["pixels", "rescale"])
def enhanced_file_twice_but_not_equal(folder, what):
    stack = base()
    made = enhanced(stack)
    write(folder, made, stack)
    other = copy.deepcopy(made)
    other.name = "OTHER.dcm"
    if what == "pixels":
        other.ds.PixelData = other.ds.PixelData[:-2] + b"\x01\x01"
    else:
        shared = other.ds.SharedFunctionalGroupsSequence[0]
        shared.PixelValueTransformationSequence[0].RescaleIntercept = "-1000"
    (folder / other.name).write_bytes(other.to_bytes())


@cases.refused(r"ENHANCED|position|missing")
def enhanced_file_copied_and_a_frame_missing(folder):
    """A copy fills no gap."""
    stack = base()
    del stack[3]
    made = enhanced(stack)
    write(folder, made, stack)
    (folder / "SAME.dcm").write_bytes((folder / made.name).read_bytes())


@cases.right(notes=TWICE)
def enhanced_copy_with_its_frames_in_another_order(folder):
    stack = base()
    write(folder, enhanced(stack), stack)
    other = enhanced(stack, order=(5, 3, 1, 0, 2, 4))
    other.name = "OTHER.dcm"
    return write(folder, other, stack)


@cases.right(notes=TWICE, how=["implicit", "deflated", "rle", "j2k", "jpeg-lossless"])
def slice_copied_into_another_encoding(folder, how):
    """Lossless compression keeps the identifier of the image: it is the same one."""
    name = "u16" if how == "jpeg-lossless" else "s16"
    stack = ct(5, dtype=np.uint16 if name == "u16" else np.int16)
    truth = stack.write(folder)
    codec = "jpeg-lossless-1" if how == "jpeg-lossless" else how
    for k in (0, 2, 4):
        other = copy_of(stack[k])
        other.name = f"COPY{k}.dcm"
        if how in NATIVE:
            other.syntax = NATIVE[how]
        elif how == "rle":
            streams.set_rle(other, np.frombuffer(other.ds.PixelData, "<i2").reshape(16, 20))
        else:
            other.set_encapsulated([streams.frames(codec, name)[k]], streams.SYNTAX[how])
        (folder / other.name).write_bytes(other.to_bytes())
    return truth


@cases.refused(slices(0) + "|position")
def slice_copied_with_loss(folder):
    """The same view, other values: which is meant?"""
    stack = ct(5, dtype=np.uint8)
    stack.write(folder)
    other = copy_of(stack[0])
    other.name = "COPY.dcm"
    other.set_encapsulated(streams.frames("j2k-lossy", "u8")[:1], streams.SYNTAX["j2k-lossy"])
    (folder / other.name).write_bytes(other.to_bytes())


@cases.refused(slices(2, 3) + "|position")
def as_many_copies_as_slices_are_missing(folder):
    """The count is right and the stack is not."""
    stack = ct(8)
    twin = copy_of(stack[5])
    twin.name = "IM0003.dcm"
    stack[3] = twin
    stack.write(folder)


@cases.holds(kind=["classic", "enhanced"])
def time_series_copied(folder, kind):
    """Between an image and its copy there are those of other times."""
    stacks = [ct(4), ct(4, first=4), ct(4, first=8)]
    for phase, stack in enumerate(stacks):
        stack.set(TemporalPositionIdentifier=phase + 1)
        for each in stack:
            shift = np.int16(3000 * phase)
            each.set_stored(np.frombuffer(each.ds.PixelData, "<i2").reshape(16, 20) + shift)
            each.hu = each.hu + 3000 * phase
    truths = [stack.truth() for stack in stacks]
    if kind == "classic":
        for name in ("a", "b"):
            for stack in stacks:
                stack.write(folder / name)
    else:
        made = enhanced(Stack([each for stack in stacks for each in stack]))
        for k in range(12):
            content = frame_group(made, k, "FrameContentSequence")
            content.TemporalPositionIndex = 1 + k // 4
        for name in ("a", "b"):
            (folder / name).write_bytes(made.to_bytes())
    keyword = "TemporalPositionIdentifier" if kind == "classic" else "TemporalPositionIndex"
    return split_by(folder, truths, keyword)


@cases.holds()
def folder_within_a_folder(folder):
    ct().write(folder)
    ct().write(folder / "backup" / "of it")
    return every_file_is_accounted(folder, left_out=())
