"""PixelSpacing: two positive finite numbers, plausible, the same in every slice."""

import struct

from .case import Cases, slices, tag
from .stack import ct

cases = Cases("spacings")

SPACING = tag("PixelSpacing")

BROKEN = {
    "empty": b"",
    "one-value": b"0.7",
    "three-values": b"0.7\\0.5\\0.5",
    "comma": b"0,7\\0,5",
    "comma-as-separator": b"0.7,0.5",
    "slash-as-separator": b"0.7/0.5",
    "blank-as-separator": b"0.7 0.5",
    "zero": b"0\\0",
    "one-zero": b"0.7\\0",
    "negative": b"-0.7\\0.5",
    "both-negative": b"-0.7\\-0.5",
    "nan": b"nan\\0.5",
    "inf": b"inf\\0.5",
    "text": b"abc\\def",
    "unit": b"0.7mm\\0.5mm",
    "hexadecimal": b"0x1\\0x1",
    "underscore": b"1_0\\1_0",
    "overflow": b"1e400\\1",
    "underflow": b"1e-400\\1",
    "an-empty-value": b"\\0.5",
}


@cases.refused(SPACING, value=BROKEN)
def broken_everywhere(folder, value):
    stack = ct()
    stack.put("PixelSpacing", value)
    return stack.write(folder) and None


@cases.right_or_refused(SPACING)
def nul_inside(folder):
    stack = ct()
    stack.put("PixelSpacing", b"0.7\0\\0.5")
    return stack.write(folder)


@cases.right_or_refused(SPACING, vr=["LO", "UT", "ST", "IS"])
def text_under_another_vr(folder, vr):
    stack = ct()
    stack.put("PixelSpacing", b"0.7\\0.5 ", vr=vr)
    return stack.write(folder)


@cases.right_or_refused(SPACING, vr={"FD": ("FD", "<2d"), "FL": ("FL", "<2f")})
def binary_numbers(folder, vr):
    name, form = vr
    stack = ct(spacing=(0.75, 0.5))
    stack.put("PixelSpacing", struct.pack(form, 0.75, 0.5), vr=name)
    return stack.write(folder)


@cases.refused(SPACING)
def absent_everywhere(folder):
    stack = ct()
    stack.drop("PixelSpacing")
    return stack.write(folder) and None


@cases.refused(SPACING, other=["ImagerPixelSpacing", "NominalScannedPixelSpacing"])
def only_another_spacing(folder, other):
    stack = ct()
    stack.drop("PixelSpacing")
    stack.put(other, b"0.7\\0.5")
    return stack.write(folder) and None


@cases.right(other=["ImagerPixelSpacing", "NominalScannedPixelSpacing"])
def another_spacing_beside(folder, other):
    stack = ct()
    stack.put(other, b"0.9\\0.9")
    return stack.write(folder)


@cases.refused(f"{SPACING}|{slices(3)}", value=["empty", "one-value", "comma", "zero", "nan"])
def broken_in_one_slice(folder, value):
    stack = ct()
    stack[3].put("PixelSpacing", BROKEN[value])
    return stack.write(folder) and None


@cases.refused(f"{SPACING}|{slices(3)}")
def absent_in_one_slice(folder):
    stack = ct()
    stack[3].drop("PixelSpacing")
    return stack.write(folder) and None


@cases.refused(f"{SPACING}|{slices(3)}", value=[b"0.9\\0.5", b"0.5\\0.7", b"0.75\\0.5"])
def another_value_in_one_slice(folder, value):
    stack = ct()
    stack[3].put("PixelSpacing", value)
    return stack.write(folder) and None


@cases.refused(SPACING)
def another_value_in_half_of_the_slices(folder):
    stack = ct()
    for each in stack[3:]:
        each.put("PixelSpacing", b"0.9\\0.9")
    return stack.write(folder) and None


@cases.right()
def last_digits_differ(folder):
    stack = ct()
    stack[3].put("PixelSpacing", b"0.70000001\\0.49999999")
    return stack.write(folder)


@cases.warned_or_refused(
    SPACING,
    value=[b"0.0001\\0.0001", b"0.01\\0.01", b"500\\500", b"50\\50", b"0.5\\700", b"5e-7\\5e-7"],
)
def absurd(folder, value):
    stack = ct()
    stack.put("PixelSpacing", value)
    return stack.write(folder) and None


@cases.right(value=[(0.06, 0.06), (4.9, 4.9), (0.1, 2.0)])
def at_the_edge_of_the_plausible(folder, value):
    return ct(spacing=value).write(folder)


@cases.warned_or_refused(
    r"spacing|ImagePosition|increment|apart|implausib|0020,0032", step=[0.0005, 0.004]
)
def absurd_increment(folder, step):
    return ct(step=step).write(folder) and None
