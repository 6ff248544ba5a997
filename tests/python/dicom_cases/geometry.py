"""The lattice: order, tilt, jitter, drift, gaps and duplicates."""

import math

import numpy as np

from .case import Cases, slices, tag
from .stack import AXIAL, CORONAL, OBLIQUE, SAGITTAL, copy_of, ct, rotated, text

cases = Cases("geometry")

POSITION = tag("ImagePositionPatient") + "|" + slices(*range(12))


def move(each, offset) -> None:
    """Put a slice elsewhere, in the file and in the truth."""
    each.position = each.position + np.array(offset, float)
    each.ds.ImagePositionPatient = [text(v) for v in each.position]


def between(before: int, after: int) -> tuple[str, str]:
    """Return patterns for the files at both sides of a gap."""
    return slices(before), slices(after)


@cases.right(
    deg=[-25.0, -14.0, -5.0, 5.0, 14.0, 25.0],
    iop={"axial": AXIAL, "oblique": OBLIQUE, "coronal": CORONAL},
)
def gantry_tilt(folder, deg, iop):
    tilted = np.array(rotated(iop, x_deg=deg))
    step = 2.0 * np.cross(iop[:3], iop[3:])
    return ct(iop=tilted, step=step).write(folder)


@cases.right(deg=[-18.5, 18.5], tag_says=["0", "18.5", "-18.5"])
def gantry_tilt_tag_lies(folder, deg, tag_says):
    stack = ct(iop=rotated(AXIAL, x_deg=deg), step=(0.0, 0.0, 2.5))
    stack.set(GantryDetectorTilt=tag_says)
    return stack.write(folder)


@cases.right(shift={"x": (0.4, 0, 1.5), "y": (0, -0.4, 1.5), "both": (0.9, 0.7, 1.0)})
def constant_shift_in_the_plane(folder, shift):
    return ct(step=shift).write(folder)


@cases.right(how=["ascending", "descending", "all-equal", "absent", "shuffled"])
def instance_number_says_nothing(folder, how):
    stack = ct()
    numbers = {"descending": range(9, 3, -1), "all-equal": [1] * 6, "shuffled": [4, 1, 6, 2, 5, 3]}
    for each, number in zip(stack, numbers.get(how, range(1, 7)), strict=True):
        each.ds.InstanceNumber = number
    if how == "absent":
        stack.drop("InstanceNumber")
    return stack.write(folder)


@cases.right(step=[-0.3, -1.5, 0.3, 10.0])
def step_along_or_against_the_normal(folder, step):
    return ct(step=step).write(folder)


@cases.right(mm=[1e-6, 1e-4, 0.005], axis=[0, 1, 2])
def jitter_within_the_tolerance(folder, mm, axis):
    stack = ct()
    move(stack[3], mm * np.eye(3)[axis])
    return stack.write(folder, within_mm=0.0101)


@cases.refused(
    slices(2, 3, 4) + "|" + tag("ImagePositionPatient"), mm=[0.02, -0.03, 0.1], axis=[0, 1, 2]
)
def jitter_beyond_the_tolerance(folder, mm, axis):
    stack = ct(9)
    move(stack[3], mm * np.eye(3)[axis])
    return stack.write(folder) and None


@cases.right()
def jitter_within_a_thousandth_of_a_wide_spacing(folder):
    stack = ct(step=30.0)
    move(stack[3], (0, 0, 0.014))
    return stack.write(folder, within_mm=0.03)


@cases.right()
def positions_rounded_to_two_decimals(folder):
    stack = ct(8, step=1.2345)
    for each in stack:
        each.position = np.round(each.position, 2)
        each.ds.ImagePositionPatient = [f"{v:.2f}" for v in each.position]
    return stack.write(folder, within_mm=0.011)


@cases.refused(POSITION, mm=[0.3, 2.0])
def bend_in_the_plane(folder, mm):
    stack = ct(8)
    for k, each in enumerate(stack):
        move(each, (mm * (k / 7) ** 2, 0, 0))
    return stack.write(folder) and None


@cases.refused(POSITION, percent=[1, 5])
def increment_that_grows(folder, percent):
    stack = ct(8)
    for k, each in enumerate(stack):
        move(each, (0, 0, 1.5 * percent / 100 * k * (k - 1) / 2))
    return stack.write(folder) and None


@cases.refused(*between(2, 4), iop={"axial": AXIAL, "sagittal": SAGITTAL, "oblique": OBLIQUE})
def one_slice_missing(folder, iop):
    stack = ct(iop=iop)
    del stack[3]
    return stack.write(folder) and None


@cases.refused(*between(2, 4))
def one_slice_missing_from_a_tilted_stack(folder):
    stack = ct(8, iop=rotated(AXIAL, x_deg=12), step=(0, 0, 2.0))
    del stack[3]
    return stack.write(folder) and None


@cases.refused(*between(1, 5), r"152|\bgap|missing|spacing|apart|distance|lattice|uneven")
def many_slices_missing(folder):
    stack = ct(12)
    del stack[2:5]
    return stack.write(folder) and None


@cases.refused(*between(2, 4), *between(6, 9))
def two_gaps_are_both_listed(folder):
    stack = ct(12)
    del stack[7:9], stack[3]
    return stack.write(folder) and None


@cases.refused(*between(0, 2))
def second_slice_missing(folder):
    stack = ct(8)
    del stack[1]
    return stack.write(folder) and None


@cases.refused(*between(5, 7))
def last_but_one_slice_missing(folder):
    stack = ct(8)
    del stack[6]
    return stack.write(folder) and None


@cases.refused(POSITION, positions=[(0, 1, 2, 4, 6, 8), (0, 3, 4, 5, 6, 7), (0, 1, 3, 4, 6, 7)])
def uneven_increments(folder, positions):
    stack = ct()
    for k, (each, place) in enumerate(zip(stack, positions, strict=True)):
        move(each, (0, 0, 1.5 * (place - k)))
    return stack.write(folder) and None


@cases.right(scale={"a-fifth": 0.2, "all-alike": 1.0})
def every_second_slice_absent_is_a_regular_stack(folder, scale):
    stack = ct(9, step=1.5 * scale)
    del stack[1::2]
    return stack.write(folder)


@cases.right_or_refused(slices(2) + "|COPY|duplicate|SOPInstanceUID")
def slice_copied_byte_for_byte(folder):
    truth = ct().write(folder)
    (folder / "COPY.dcm").write_bytes((folder / "IM0002.dcm").read_bytes())
    return truth


@cases.right_or_refused(slices(*range(6)) + "|duplicate|SOPInstanceUID")
def whole_series_copied_byte_for_byte(folder):
    (folder / "copy").mkdir()
    ct().write(folder / "copy")
    return ct().write(folder)


@cases.refused(slices(2) + "|COPY")
def slice_twice_with_other_pixels(folder):
    stack = ct()
    twin = copy_of(stack[2])
    twin.name, twin.ds.SOPInstanceUID = "COPY.dcm", twin.ds.SOPInstanceUID + ".7"
    twin.set_stored(np.full((16, 20), 700, np.int16))
    return type(stack)([*stack, twin]).write(folder) and None


@cases.refused(slices(2) + "|COPY|SOPInstanceUID")
def slice_twice_under_one_identifier_with_other_pixels(folder):
    stack = ct()
    twin = copy_of(stack[2])
    twin.name = "COPY.dcm"
    twin.set_stored(np.full((16, 20), 700, np.int16))
    return type(stack)([*stack, twin]).write(folder) and None


@cases.right_or_refused(tag("SOPInstanceUID") + "|" + slices(2, 3))
def one_identifier_for_two_places(folder):
    """Careless anonymisers do this; the geometry is whole."""
    stack = ct()
    stack[3].ds.SOPInstanceUID = stack[2].ds.SOPInstanceUID
    return stack.write(folder)


@cases.refused(POSITION)
def all_slices_at_one_place(folder):
    return ct(step=(0, 0, 0)).write(folder) and None


@cases.refused(POSITION)
def slices_that_move_only_within_their_plane(folder):
    return ct(step=(1.5, 0, 0)).write(folder) and None


@cases.refused(POSITION)
def slices_almost_within_their_plane(folder):
    return ct(step=(1.5, 0, 0.001)).write(folder) and None


@cases.right_or_refused(
    r"single|one slice|1 slice|one image|IM0000|ImagePosition|two|2 slices|spacing"
)
def single_slice(folder):
    return ct(1).write(folder)


@cases.right_or_refused(
    r"single|one slice|1 slice|one image|IM0000|ImagePosition|two|2 slices|spacing"
)
def single_file_as_the_path(folder):
    return ct(1).write(folder).at(folder / "IM0000.dcm")


@cases.right(step={"axial": 1.5, "tilted": (0.0, 0.5, 2.0)})
def two_slices(folder, step):
    return ct(2, step=step).write(folder)


@cases.right()
def far_from_the_origin(folder):
    return ct(origin=(-5000.25, 8000.5, 12345.75)).write(folder)


@cases.right()
def three_hundred_small_slices(folder):
    return ct(300, rows=4, columns=5, step=0.3).write(folder)


@cases.right(
    keyword=["SliceThickness", "SpacingBetweenSlices", "SliceLocation"],
    value=["0", "-3", "99", "nan"],
)
def thickness_and_the_like_lie(folder, keyword, value):
    stack = ct()
    stack.put(keyword, value.encode())
    return stack.write(folder)


@cases.right()
def thickness_and_the_like_are_absent(folder):
    stack = ct()
    for keyword in ("SliceThickness", "SpacingBetweenSlices", "SliceLocation", "PatientPosition"):
        stack.drop(keyword)
    return stack.write(folder)


@cases.right()
def thick_slices_that_overlap(folder):
    stack = ct(step=0.5)
    stack.set(SliceThickness="3")
    return stack.write(folder)


@cases.right(position=["HFS", "HFP", "FFS", "FFP", "HFDL", "FFDR", "XYZ", ""])
def patient_position_says_nothing(folder, position):
    stack = ct()
    stack.set(PatientPosition=position)
    return stack.write(folder)


@cases.refused(POSITION + "|" + tag("ImageOrientationPatient"), deg=[0.2, 1.0])
def slices_that_fan_out(folder, deg):
    stack = ct()
    for k, each in enumerate(stack):
        each.ds.ImageOrientationPatient = [text(v) for v in rotated(AXIAL, x_deg=deg * k)]
    return stack.write(folder) and None


@cases.right(angle_deg=[1e-7, 1e-5])
def orientation_with_noise_in_the_last_digits(folder, angle_deg):
    stack = ct()
    for k, each in enumerate(stack):
        noisy = rotated(AXIAL, x_deg=angle_deg * math.sin(k), z_deg=angle_deg * math.cos(k))
        each.ds.ImageOrientationPatient = [text(v) for v in noisy]
    return stack.write(folder)


@cases.refused(
    tag("ImagePositionPatient") + "|" + slices(3),
    how=["absent", "empty", "two", "four", "nan", "inf", "text", "huge"],
)
def one_position_broken(folder, how):
    stack = ct()
    _break_position(stack[3], how)
    return stack.write(folder) and None


@cases.refused(tag("ImagePositionPatient"), how=["absent", "empty", "two", "nan", "text"])
def all_positions_broken(folder, how):
    stack = ct()
    for each in stack:
        _break_position(each, how)
    return stack.write(folder) and None


def _break_position(each, how: str) -> None:
    broken = {
        "empty": b"",
        "two": b"1\\2",
        "four": b"1\\2\\3\\4",
        "nan": b"1\\2\\nan",
        "inf": b"1\\inf\\3",
        "text": b"a\\b\\c",
        "huge": b"1\\2\\1e300",
    }
    if how == "absent":
        each.drop("ImagePositionPatient")
    else:
        each.put("ImagePositionPatient", broken[how])


@cases.refused(tag("ImagePositionPatient") + "|" + slices(0, 5), k=[0, 5])
def end_position_absent(folder, k):
    stack = ct()
    stack[k].drop("ImagePositionPatient")
    return stack.write(folder) and None
