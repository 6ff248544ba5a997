"""Enhanced multi-frame images that cannot be trusted."""

import numpy as np
from pydicom.sequence import Sequence

from .case import Cases, tag
from .enhanced_image import base, enhanced, frame_group, group, shared_group, write
from .mixtures import split_by, split_or_refused
from .stack import CORONAL, Stack, ct, text

cases = Cases("enhanced_faults")

POSITION = tag("PlanePositionSequence", "ImagePositionPatient", "PerFrameFunctionalGroupsSequence")
ORIENTATION = tag("PlaneOrientationSequence", "ImageOrientationPatient")
MEASURES = tag("PixelMeasuresSequence", "PixelSpacing")
RESCALE = tag("PixelValueTransformationSequence", "RescaleSlope", "RescaleIntercept")
FRAMES = (
    tag("NumberOfFrames", "PerFrameFunctionalGroupsSequence", "PixelData") + "|pixel data|frames"
)


def shared_lost(folder, keyword: str):
    stack = base()
    made = enhanced(stack)
    delattr(made.ds.SharedFunctionalGroupsSequence[0], keyword)
    return write(folder, made, stack) and None


@cases.refused(POSITION, k=[0, 3, 5])
def position_absent_in_one_frame(folder, k):
    stack = base()
    made = enhanced(stack)
    del made.ds.PerFrameFunctionalGroupsSequence[k].PlanePositionSequence
    return write(folder, made, stack) and None


@cases.refused(POSITION, value=[["1", "2"], ["1", "2", "nan"], []])
def position_broken_in_one_frame(folder, value):
    stack = base()
    made = enhanced(stack)
    frame_group(made, 3, "PlanePositionSequence").ImagePositionPatient = value
    return write(folder, made, stack) and None


@cases.refused(ORIENTATION)
def orientation_absent(folder):
    return shared_lost(folder, "PlaneOrientationSequence")


@cases.refused(MEASURES)
def pixel_measures_absent(folder):
    return shared_lost(folder, "PixelMeasuresSequence")


@cases.warned_or_refused(RESCALE)
def rescale_absent(folder):
    return shared_lost(folder, "PixelValueTransformationSequence")


@cases.refused(MEASURES, value=[["0", "0"], ["0.7"], ["nan", "0.5"], ["-0.7", "0.5"]])
def pixel_spacing_broken(folder, value):
    stack = base()
    made = enhanced(stack)
    shared_group(made, "PixelMeasuresSequence").PixelSpacing = value
    return write(folder, made, stack) and None


@cases.refused(ORIENTATION, value=[["0"] * 6, ["1", "0", "0", "1", "0", "0"], ["1", "0", "0"]])
def orientation_broken(folder, value):
    stack = base()
    made = enhanced(stack)
    shared_group(made, "PlaneOrientationSequence").ImageOrientationPatient = value
    return write(folder, made, stack) and None


@cases.warned_or_refused(RESCALE, keyword=["RescaleSlope", "RescaleIntercept"], value=["nan", ""])
def rescale_broken(folder, keyword, value):
    stack = base()
    made = enhanced(stack)
    setattr(shared_group(made, "PixelValueTransformationSequence"), keyword, value or None)
    if value == "nan":
        setattr(shared_group(made, "PixelValueTransformationSequence"), keyword, float("nan"))
    return write(folder, made, stack) and None


@cases.warned_or_refused(RESCALE)
def slope_zero_in_one_frame(folder):
    stack = base()
    stack[3].ds.RescaleSlope = "0"
    made = enhanced(stack, per_frame=("PlanePositionSequence", "PixelValueTransformationSequence"))
    return write(folder, made, stack) and None


@cases.warned_or_refused(tag("RescaleType"))
def rescale_type_that_is_not_hu(folder):
    stack = base()
    stack.set(RescaleType="US")
    return write(folder, enhanced(stack), stack) and None


@cases.refused(POSITION)
def frame_missing(folder):
    stack = ct(8)
    made = enhanced(stack, order=[0, 1, 2, 4, 5, 6, 7])
    return write(folder, made, stack) and None


@cases.refused(POSITION + "|duplicate|twice|same position")
def frame_twice(folder):
    stack = base()
    return write(folder, enhanced(stack, order=[0, 1, 2, 3, 3, 4, 5]), stack) and None


@cases.refused(POSITION)
def all_frames_at_one_place(folder):
    stack = base(step=(0, 0, 0))
    return write(folder, enhanced(stack), stack) and None


@cases.refused(FRAMES, value=["7", "600", "2147483648", "4294967297", "99999999999999999999"])
def more_frames_than_there_are(folder, value):
    stack = base()
    made = enhanced(stack)
    made.put("NumberOfFrames", value.encode())
    return write(folder, made, stack) and None


@cases.refused(FRAMES, value=["5", "1", "0", "-1", "abc", "6.5", ""])
def fewer_frames_than_there_are(folder, value):
    stack = base()
    made = enhanced(stack)
    made.put("NumberOfFrames", value.encode())
    return write(folder, made, stack) and None


@cases.right_or_refused(FRAMES)
def number_of_frames_absent(folder):
    stack = base()
    made = enhanced(stack)
    made.drop("NumberOfFrames")
    return write(folder, made, stack)


@cases.refused(FRAMES, n=[5, 7, 0])
def functional_groups_for_another_number_of_frames(folder, n):
    stack = base()
    made = enhanced(stack)
    items = list(made.ds.PerFrameFunctionalGroupsSequence)
    made.ds.PerFrameFunctionalGroupsSequence = Sequence((items + items)[:n])
    return write(folder, made, stack) and None


@cases.refused(tag("PerFrameFunctionalGroupsSequence", "ImagePositionPatient"))
def functional_groups_absent(folder):
    stack = base()
    made = enhanced(stack)
    del made.ds.PerFrameFunctionalGroupsSequence
    return write(folder, made, stack) and None


@cases.refused(tag("SharedFunctionalGroupsSequence", "ImageOrientationPatient", "PixelSpacing"))
def shared_groups_absent(folder):
    stack = base()
    made = enhanced(stack)
    del made.ds.SharedFunctionalGroupsSequence
    return write(folder, made, stack) and None


@cases.refused(tag("PixelData") + "|pixel data|ENHANCED", missing=[2, 640, 3000])
def pixel_data_short(folder, missing):
    stack = base()
    made = enhanced(stack)
    made.ds.PixelData = made.ds.PixelData[:-missing]
    return write(folder, made, stack) and None


def phases(keyword_of_frame):
    """Return a file of two phases at the same places, and the truth of each."""
    both = [ct(4), ct(4)]
    for each in both[1]:
        stored = np.frombuffer(each.ds.PixelData, "<i2").reshape(16, 20) + np.int16(5000)
        each.set_stored(stored)
        each.hu = each.hu + 5000
    made = enhanced(Stack([*both[0], *both[1]]))
    for k in range(8):
        keyword_of_frame(made, k, k // 4)
    return made, both


@cases.holds(keyword=["TemporalPositionIndex", "FrameAcquisitionNumber"])
def two_phases(folder, keyword):
    def mark(made, k, phase):
        setattr(frame_group(made, k, "FrameContentSequence"), keyword, phase + 1)

    made, both = phases(mark)
    write(folder, made, both[0])
    return split_or_refused(folder, [s.truth() for s in both], tag(keyword) + "|position")


GROUPS_OF_A_FRAME = {
    "TemporalPositionTimeOffset": ("TemporalPositionSequence", (0.0, 3.5)),
    "NominalPercentageOfCardiacPhase": ("CardiacSynchronizationSequence", (30.0, 70.0)),
    "NominalCardiacTriggerDelayTime": ("CardiacSynchronizationSequence", (0.0, 350.0)),
    "KVP": ("CTXRayDetailsSequence", (80.0, 140.0)),
    "DiffusionBValue": ("MRDiffusionSequence", (0.0, 1000.0)),
    "EffectiveEchoTime": ("MREchoSequence", (5.0, 95.0)),
    "FlipAngle": ("MRTimingAndRelatedParametersSequence", (5.0, 30.0)),
    "ComplexImageComponent": ("MRImageFrameTypeSequence", ("MAGNITUDE", "PHASE")),
}


@cases.holds(keyword=GROUPS_OF_A_FRAME)
def told_apart_by_a_functional_group(folder, keyword):
    sequence, values = keyword

    def mark(made, k, phase):
        frame = made.ds.PerFrameFunctionalGroupsSequence[k]
        setattr(frame, sequence, group(**{name: values[phase]}))

    name = next(key for key, value in GROUPS_OF_A_FRAME.items() if value is keyword)
    made, both = phases(mark)
    write(folder, made, both[0])
    return split_by(folder, [s.truth() for s in both], name)


@cases.holds(keyword=["FrameAcquisitionDateTime", "FrameReferenceDateTime"])
def told_apart_by_the_clock(folder, keyword):
    def mark(made, k, phase):
        content = frame_group(made, k, "FrameContentSequence")
        setattr(content, keyword, f"2024010210150{phase}")

    made, both = phases(mark)
    write(folder, made, both[0])
    return split_by(folder, [s.truth() for s in both], keyword)


@cases.holds()
def two_stacks_apart_from_each_other(folder):
    """Legal: one image holds several stacks, and says of each frame to which it belongs."""
    both = [ct(4), ct(5, origin=(-33.1, 12.7, 151.3))]
    made = enhanced(Stack([*both[0], *both[1]]))
    for k in range(9):
        frame_group(made, k, "FrameContentSequence").StackID = str(1 + k // 4 - k // 8)
    write(folder, made, both[0])
    return split_by(folder, [s.truth() for s in both], "StackID")


@cases.refused(POSITION)
def two_stacks_of_which_one_has_a_gap(folder):
    both = [ct(4), ct(5, origin=(-33.1, 12.7, 151.3))]
    del both[1][2]
    made = enhanced(Stack([*both[0], *both[1]]))
    for k in range(8):
        frame_group(made, k, "FrameContentSequence").StackID = str(1 + k // 4)
    write(folder, made, both[0])


@cases.holds()
def two_stacks_at_one_place(folder):
    def mark(made, k, phase):
        frame_group(made, k, "FrameContentSequence").StackID = str(phase + 1)

    made, both = phases(mark)
    write(folder, made, both[0])
    return split_or_refused(folder, [s.truth() for s in both], tag("StackID") + "|position")


@cases.holds()
def two_orientations(folder):
    both = [ct(4), ct(4, iop=CORONAL)]
    made = enhanced(
        Stack([*both[0], *both[1]]), per_frame=("PlanePositionSequence", "PlaneOrientationSequence")
    )
    write(folder, made, both[0])
    return split_or_refused(folder, [s.truth() for s in both], ORIENTATION)


@cases.refused(MEASURES)
def two_pixel_spacings(folder):
    stack = base()
    made = enhanced(stack, per_frame=("PlanePositionSequence", "PixelMeasuresSequence"))
    frame_group(made, 3, "PixelMeasuresSequence").PixelSpacing = ["0.9", "0.5"]
    return write(folder, made, stack) and None


@cases.warned_or_refused(POSITION)
def jitter_beyond_the_tolerance(folder):
    stack = base()
    made = enhanced(stack)
    moved = stack[3].position + np.array([0, 0.05, 0])
    frame_group(made, 3, "PlanePositionSequence").ImagePositionPatient = [text(v) for v in moved]
    return write(folder, made, stack) and None


@cases.refused(POSITION + "|concatenation|0020, ?9161")
def first_part_of_a_concatenation(folder):
    stack = base()
    made = enhanced(stack)
    made.ds.ConcatenationUID = "1.2.3.4.5"
    made.ds.InConcatenationNumber, made.ds.InConcatenationTotalNumber = 1, 2
    made.ds.ConcatenationFrameOffsetNumber = 0
    return write(folder, made, stack) and None


@cases.refused(r"no |Modality|segment|series|none|image")
def segmentation_object(folder):
    stack = base()
    made = enhanced(stack, sop_class="1.2.840.10008.5.1.4.1.1.66.4")
    made.ds.Modality = "SEG"
    made.ds.SegmentSequence = group(SegmentNumber=1, SegmentLabel="bone")
    return write(folder, made, stack) and None
