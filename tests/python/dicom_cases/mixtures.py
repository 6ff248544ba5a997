"""What belongs together: phases, localizers, patients, studies, frames of reference, sizes."""

import re

import numpy as np

from .case import Cases, slices, tag
from .stack import CORONAL, Stack, copy_of, ct, localizer, secondary_capture, uid

cases = Cases("mixtures")

PHASES = {
    "TemporalPositionIdentifier": ("TemporalPositionIdentifier", [1, 2]),
    "TemporalPositionIndex": ("TemporalPositionIndex", [1, 2]),
    "AcquisitionNumber": ("AcquisitionNumber", [1, 2]),
    "AcquisitionTime": ("AcquisitionTime", ["101500", "101530"]),
    "ContentTime": ("ContentTime", ["101500", "101530"]),
    "TriggerTime": ("TriggerTime", ["0", "350"]),
    "NominalPercentage": ("NominalPercentageOfCardiacPhase", [30, 70]),
    "EchoTime": ("EchoTime", ["5", "95"]),
    "EchoNumbers": ("EchoNumbers", [1, 2]),
    "DiffusionBValue": ("DiffusionBValue", [0.0, 1000.0]),
    "ImageType": ("ImageType", [["ORIGINAL", "PRIMARY", "M"], ["ORIGINAL", "PRIMARY", "P"]]),
}


def write_all(folder, *stacks) -> None:
    """Write stacks that would take each other's file names into one folder."""
    for number, stack in enumerate(stacks):
        for each in stack:
            each.name = f"{number}-{each.name}"
        stack.write(folder)


def each_equals_one(found, truths):
    """Assert that each series equals a truth of its own."""
    import calvaria

    left = list(truths)
    for series in found:
        volume = calvaria.load_series(series)
        fits = [t for t in left if not t.fault(volume.values, volume.grid.lps_from_ijk)]
        assert fits, "a series that equals no truth"
        left = [t for t in left if t is not fits[0]]


def refusal_of(folder):
    """Return why the folder as a whole is refused."""
    import calvaria

    refusal = ""
    try:
        calvaria.load_series(folder)
    except calvaria.errors.CalvariaError as error:
        refusal = str(error)
    assert refusal, "one volume out of several"
    return refusal


def split_by(folder, truths, keyword):
    """Return a check: a series for each truth, told apart by the attribute; a path alone is refused."""

    def check():
        import calvaria

        found = calvaria.find_series(folder)
        assert len(found) == len(truths), found
        each_equals_one(found, truths)
        refusal = refusal_of(folder)
        assert re.search(tag(keyword), refusal), refusal

    return check


def split_or_refused(folder, truths, names):
    """Return a check: series that each equal one truth, or a refusal that names the cause."""

    def check():
        import calvaria

        found = [s for s in calvaria.find_series(folder) if s.is_loadable]
        if len(found) == len(truths):
            each_equals_one(found, truths)
        refusal = refusal_of(folder)
        assert found or re.search(names, refusal, re.IGNORECASE), f"not named: {refusal}"
        assert len(found) in {0, len(truths)}, f"{len(found)} loadable series"

    return check


@cases.holds(phase=PHASES)
def two_phases(folder, phase):
    keyword, values = phase
    modality = "MR" if keyword.startswith(("Echo", "Diff", "Image")) else "CT"
    stacks = [ct(modality=modality), ct(modality=modality, first=6)]
    for stack, value, shift in zip(stacks, values, (0, 5000), strict=True):
        stack.set(**{keyword: value})
        for each in stack:
            stored = np.frombuffer(each.ds.PixelData, "<i2").reshape(16, 20) + np.int16(shift)
            each.set_stored(stored)
            each.hu = each.hu + shift
    truths = [stack.truth() for stack in stacks]
    write_all(folder, *stacks)
    return split_or_refused(folder, truths, tag(keyword) + "|ImagePosition|same position|position")


RECONSTRUCTIONS = {
    "ConvolutionKernel": ["B30f", "B70f"],
    "KVP": ["80", "140"],
    "AcquisitionDateTime": ["20240102101500", "20240102101530"],
    "ReconstructionDiameter": ["200", "300"],
    "ContrastBolusAgent": ["", "IODINE"],
    "FilterType": ["HEAD", "BODY"],
    "InversionTime": ["100", "200"],
    "FlipAngle": ["5", "30"],
}


@cases.holds(keyword=[*PHASES, *RECONSTRUCTIONS])
def told_apart_by_one_attribute(folder, keyword):
    keyword, values = PHASES.get(keyword) or (keyword, RECONSTRUCTIONS[keyword])
    modality = "MR" if keyword.startswith(("Echo", "Diff", "Image", "Inv", "Flip")) else "CT"
    stacks = [ct(modality=modality), ct(modality=modality, first=6)]
    for stack, value, shift in zip(stacks, values, (0, 5000), strict=True):
        stack.set(**{keyword: value})
        for each in stack:
            stored = np.frombuffer(each.ds.PixelData, "<i2").reshape(16, 20) + np.int16(shift)
            each.set_stored(stored)
            each.hu = each.hu + shift
    truths = [stack.truth() for stack in stacks]
    write_all(folder, *stacks)
    return split_by(folder, truths, keyword)


@cases.holds()
def two_fields_of_view_at_one_place(folder):
    """The first pixels lie at one place, the pixels behind them do not."""
    stacks = [ct(), ct(first=6, spacing=(0.35, 0.25))]
    truths = [stack.truth() for stack in stacks]
    write_all(folder, *stacks)
    return split_by(folder, truths, "PixelSpacing")


@cases.refused(tag("AcquisitionTime") + "|" + tag("ContentTime"))
def two_phases_whose_every_slice_has_a_time_of_its_own(folder):
    """The attribute is named, though it does not divide the series."""
    stacks = [ct(), ct(first=6)]
    for k, each in enumerate([*stacks[0], *stacks[1]]):
        each.ds.AcquisitionTime = each.ds.ContentTime = f"1015{k:02d}"
    for each in stacks[1]:
        each.set_stored(np.full((16, 20), 77, np.int16))
    write_all(folder, *stacks)


@cases.warned_or_refused(tag("ConvolutionKernel"))
def two_kernels_whose_slices_lie_between_each_other(folder):
    """Together they would be a stack of half the increment."""
    stacks = [ct(), ct(first=6, origin=(-33.1, 12.7, 102.05))]
    for stack, kernel in zip(stacks, ("B30f", "B70f"), strict=True):
        stack.set(ConvolutionKernel=kernel)
    write_all(folder, *stacks)
    truth = stacks[0].truth()
    truth.values = truth.values[:1]
    return truth


@cases.holds()
def two_phases_that_no_attribute_tells_apart(folder):
    stacks = [ct(), ct(first=6)]
    for each in stacks[1]:
        each.set_stored(np.full((16, 20), 77, np.int16))
        each.hu = np.full((16, 20), 77.0 - 1024)
    truths = [stack.truth() for stack in stacks]
    write_all(folder, *stacks)
    return split_or_refused(folder, truths, r"position|duplicate|twice")


@cases.right()
def acquisition_number_that_changes_along_one_stack(folder):
    stack = ct(8)
    for k, each in enumerate(stack):
        each.ds.AcquisitionNumber = 1 + k // 4
        each.ds.AcquisitionTime = f"1015{k:02d}"
        each.ds.ContentTime = f"1015{k:02d}.{k}"
    return stack.write(folder)


@cases.right()
def image_type_that_differs_within_one_stack(folder):
    stack = ct()
    stack[2].ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"]
    return stack.write(folder)


@cases.holds()
def two_orientations_under_one_series(folder):
    stacks = [ct(), ct(iop=CORONAL, first=6)]
    truths = [stack.truth() for stack in stacks]
    write_all(folder, *stacks)
    return split_or_refused(folder, truths, tag("ImageOrientationPatient"))


@cases.holds()
def two_sizes_under_one_series(folder):
    stacks = [ct(3), ct(3, rows=12, columns=14, first=3, origin=(-33.1, 12.7, 105.8))]
    truths = [stack.truth() for stack in stacks]
    write_all(folder, *stacks)
    return split_or_refused(folder, truths, tag("Rows", "Columns") + "|size|16 x 20|20 x 16")


@cases.refused(tag("Rows", "Columns") + "|size|" + slices(3))
def one_slice_of_another_size(folder):
    stack = ct()
    stack[3] = ct(rows=20, columns=16)[3]
    return stack.write(folder) and None


@cases.right_or_refused(tag("ImageOrientationPatient", "Rows", "ImageType") + "|SCOUT|localizer")
def localizer_within_the_series(folder):
    scout = localizer(series=3)
    Stack([scout]).write(folder)
    return ct().write(folder)


@cases.right()
def localizer_and_screen_shots_beside(folder):
    Stack([localizer(), secondary_capture()]).write(folder)
    return ct().write(folder)


@cases.right()
def dose_report_and_presentation_state_beside(folder):
    for name, sop in {"SR": "88.67", "PR": "11.1", "RAW": "66", "SEG": "66.4"}.items():
        (each,) = ct(1, series=50)
        each.name, each.ds.Modality = name, name
        each.ds.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.{sop}"
        for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "ImagePositionPatient"):
            delattr(each.ds, keyword)
        Stack([each]).write(folder)
    return ct().write(folder)


@cases.refused(r"series|choose|2 |two")
def two_series_that_could_be_loaded(folder):
    write_all(folder, ct(), ct(series=4, origin=(1, 2, 3)))


@cases.holds()
def each_of_two_series_can_be_chosen(folder):
    stacks = [ct(), ct(series=4, origin=(1, 2, 3), rows=10)]
    truths = [stack.truth() for stack in stacks]
    write_all(folder, *stacks)
    return split_or_refused(folder, truths, "-")


@cases.right()
def a_series_that_cannot_be_loaded_beside(folder):
    broken = ct(series=8)
    broken.put("PixelSpacing", b"0\\0")
    for each in broken:
        each.name = "B" + each.name
    broken.write(folder)
    return ct().write(folder)


IDENTITY = {
    "patient": ("PatientID", "OTHER-PATIENT"),
    "study": ("StudyInstanceUID", uid(77)),
    "frame-of-reference": ("FrameOfReferenceUID", uid(78, 0)),
}


@cases.refused(
    r"Patient|Study|Frame ?Of ?Reference|series", identity=IDENTITY, half=["upper", "every-second"]
)
def two_of_what_must_be_one(folder, identity, half):
    """Under one series; a loader may also split it, and then each half is a choice to make."""
    keyword, value = identity
    stack = ct(8)
    for each in stack[4:] if half == "upper" else stack[::2]:
        setattr(each.ds, keyword, value)
    return stack.write(folder) and None


@cases.refused(r"Patient|Study|Frame ?Of ?Reference|series|position", identity=IDENTITY)
def two_whole_stacks_at_one_place_under_one_series(folder, identity):
    keyword, value = identity
    stacks = [ct(), ct(first=6)]
    stacks[1].set(**{keyword: value})
    write_all(folder, *stacks)


@cases.refused(
    tag("PatientID", "StudyInstanceUID", "FrameOfReferenceUID") + "|" + slices(3), identity=IDENTITY
)
def one_slice_of_somebody_else(folder, identity):
    keyword, value = identity
    stack = ct()
    setattr(stack[3].ds, keyword, value)
    return stack.write(folder) and None


@cases.right(keyword=["FrameOfReferenceUID", "PatientID", "PatientName", "StudyID", "StudyDate"])
def identity_absent_everywhere(folder, keyword):
    stack = ct()
    stack.drop(keyword)
    return stack.write(folder)


@cases.right(keyword=["FrameOfReferenceUID", "PatientID", "PatientName", "StudyID"])
def identity_empty_everywhere(folder, keyword):
    stack = ct()
    stack.put(keyword, b"")
    return stack.write(folder)


UNNAMED = ("patient_partly_unnamed",)


@cases.right(
    notes=UNNAMED,
    keyword=["PatientID", "PatientName", "PatientBirthDate"],
    how=["absent", "empty"],
    some=[(0,), (3,), (5,), (0, 1, 2), (0, 2, 4)],
)
def patient_unnamed_in_some_slices(folder, keyword, how, some):
    """An attribute that may be empty is: that is not another patient."""
    stack = ct()
    for k in some:
        if how == "absent":
            stack[k].drop(keyword)
        else:
            stack[k].put(keyword, b"")
    return stack.write(folder)


@cases.refused(tag("PatientID") + "|" + slices(0, 3, 5), empty=[0, 1, 4])
def two_patients_and_a_slice_of_nobody(folder, empty):
    stack = ct()
    for k, each in enumerate(stack):
        each.ds.PatientID = "" if k == empty else f"KANARI-{k < 3}"
    return stack.write(folder) and None


@cases.refused(
    tag("PatientID") + "|" + slices(3), keyword=["StudyInstanceUID", "SeriesInstanceUID"]
)
def patient_unnamed_where_the_study_is_not_named_either(folder, keyword):
    stack = ct()
    stack.put(keyword, b"")
    stack[3].put("PatientID", b"")
    return stack.write(folder) and None


@cases.right_or_refused(
    tag("FrameOfReferenceUID", "StudyInstanceUID") + "|" + slices(3),
    keyword=["FrameOfReferenceUID", "StudyInstanceUID"],
)
def identity_absent_in_one_slice(folder, keyword):
    stack = ct()
    stack[3].drop(keyword)
    return stack.write(folder)


@cases.right_or_refused(
    tag("SeriesInstanceUID", "StudyInstanceUID"),
    keyword=["SeriesInstanceUID", "StudyInstanceUID"],
    how=["absent", "empty"],
)
def series_or_study_identifier_missing_everywhere(folder, keyword, how):
    stack = ct()
    if how == "absent":
        stack.drop(keyword)
    else:
        stack.put(keyword, b"")
    return stack.write(folder)


@cases.right(keyword=["PatientID", "StudyInstanceUID", "FrameOfReferenceUID"])
def identity_padded_in_some_slices(folder, keyword):
    stack = ct()
    pad = b"  " if keyword == "PatientID" else b"\0"
    for each in stack[::2]:
        each.put(keyword, str(each.ds[keyword].value).encode() + pad)
    return stack.write(folder)


@cases.warned_or_refused(tag("ImageType") + "|mosaic")
def mosaic(folder):
    """One image is a sheet of many small ones: its own geometry is that of none of them."""
    stack = ct(modality="MR")
    stack.set(ImageType=["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"])
    return stack.write(folder) and None


@cases.right_or_refused(tag("SOPInstanceUID") + "|" + slices(0, 1))
def one_identifier_for_all_slices(folder):
    stack = ct()
    stack.set(SOPInstanceUID=stack[0].ds.SOPInstanceUID)
    return stack.write(folder)


@cases.right()
def patient_name_written_in_two_ways(folder):
    stack = ct()
    for each in stack[::2]:
        each.ds.PatientName = f"{each.ds.PatientName}^^^"
    return stack.write(folder)


@cases.warned_or_refused(r"series|Modality|0008, ?0060|IM0003")
def two_modalities_under_one_series(folder):
    stack = ct()
    for each in stack[3:]:
        each.ds.Modality = "PT"
        each.ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
    return stack.write(folder) and None


@cases.right()
def split_scan_of_two_series_with_one_chosen_by_folder(folder):
    ct(series=4).write(folder / "other")
    return ct().write(folder / "this").at(folder / "this")


@cases.refused(r"series|choose|no |none|image")
def only_a_localizer_pair(folder):
    side = copy_of(localizer())
    side.name = "SIDE.dcm"
    side.put("ImageOrientationPatient", b"0\\1\\0\\0\\0\\-1")
    Stack([localizer(), side]).write(folder)


@cases.refused(r"no |none|SHOT|Photometric|SamplesPerPixel|secondary|RGB")
def only_screen_shots(folder):
    Stack([secondary_capture()]).write(folder)


@cases.refused(r"no |empty|none|not")
def empty_folder(folder):
    (folder / "nothing").mkdir()


@cases.refused(r"no |none|not|NOTES")
def folder_without_dicom(folder):
    (folder / "NOTES.txt").write_text("no image here")
