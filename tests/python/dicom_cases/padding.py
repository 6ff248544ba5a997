"""PixelPaddingValue: what lies outside of the scan is air, whatever number stands there."""

import numpy as np

from . import raw
from .case import Cases, tag
from .stack import ct

cases = Cases("padding")

NOTED = (tag("PixelPaddingValue") + "|padding",)
CORNER = (slice(0, 3), slice(0, 4))


def padded(value, *, dtype=np.int16, **options):
    """Return a stack whose corner holds the padding value, and where that is."""
    stack = ct(dtype=dtype, **options)
    air = np.zeros((len(stack), 16, 20), bool)
    air[(slice(None), *CORNER)] = True
    for each in stack:
        stored = np.round(each.hu + 1024).astype(dtype)
        stored[CORNER] = value
        each.set_stored(stored)
    return stack, air.ravel()


def declare(stack, value: int, *, vr: str = "SS", keyword="PixelPaddingValue") -> None:
    """Write the value under the VR that is said, which need not fit the pixels."""
    size = int(value).to_bytes(2, "little", signed=value < 0)
    stack.put(keyword, size, vr=vr)


@cases.right(notes=NOTED, value=[-2000, -32768, -3024])
def negative(folder, value):
    stack, air = padded(value)
    declare(stack, value)
    return stack.write(folder, is_air=air)


@cases.right(notes=NOTED, value=[4095, 3000, 32767])
def positive(folder, value):
    """Left alone, it would be a printable ring of bone around the patient."""
    stack, air = padded(value)
    declare(stack, value)
    return stack.write(folder, is_air=air)


@cases.right(notes=NOTED, value=[63536, 65535, 4095])
def unsigned_pixels(folder, value):
    stack, air = padded(value, dtype=np.uint16)
    declare(stack, value, vr="US")
    return stack.write(folder, is_air=air)


@cases.right(notes=NOTED, value=[-2000, -1])
def signed_pixels_but_unsigned_vr(folder, value):
    stack, air = padded(value - 1000)
    declare(stack, (value - 1000) & 0xFFFF, vr="US")
    return stack.write(folder, is_air=air)


@cases.right(notes=NOTED)
def unsigned_pixels_but_signed_vr(folder):
    stack, air = padded(63536, dtype=np.uint16)
    declare(stack, -2000, vr="SS")
    return stack.write(folder, is_air=air)


@cases.right(notes=NOTED, signed=[True, False])
def implicit_vr(folder, signed):
    dtype, value = (np.int16, -2000) if signed else (np.uint16, 63536)
    stack, air = padded(value, dtype=dtype, syntax="1.2.840.10008.1.2")
    for each in stack:
        each.ds.add_new("PixelPaddingValue", "SS" if signed else "US", value)
    return stack.write(folder, is_air=air)


@cases.right(notes=NOTED, order=["rising", "falling"])
def range_of_values(folder, order):
    stack, air = padded(4000)
    for each in stack:
        stored = np.frombuffer(each.ds.PixelData, "<i2").reshape(16, 20).copy()
        stored[CORNER] = np.linspace(3990, 4000, 12).reshape(3, 4)
        each.set_stored(stored)
    first, last = (3990, 4000) if order == "rising" else (4000, 3990)
    declare(stack, first)
    declare(stack, last, keyword="PixelPaddingRangeLimit")
    return stack.write(folder, is_air=air)


@cases.right(notes=NOTED)
def twelve_bits_with_garbage_above(folder):
    stack, air = padded(4095, dtype=np.uint16, bits_stored=12)
    for each in stack:
        stored = np.frombuffer(each.ds.PixelData, "<u2").reshape(16, 20)
        each.set_stored(stored | np.uint16(0xA000))
    declare(stack, 4095, vr="US")
    return stack.write(folder, is_air=air)


@cases.right(notes=NOTED)
def another_value_in_each_slice(folder):
    stack, air = padded(0)
    for k, each in enumerate(stack):
        stored = np.frombuffer(each.ds.PixelData, "<i2").reshape(16, 20).copy()
        stored[CORNER] = 4000 + k
        each.set_stored(stored)
        declare(_one(each), 4000 + k)
    return stack.write(folder, is_air=air)


@cases.right(notes=NOTED)
def another_rescale_in_each_slice(folder):
    stack, air = padded(4000)
    for k, each in enumerate(stack):
        each.ds.RescaleIntercept = str(-1024 - k)
        each.hu = each.hu - k
    declare(stack, 4000)
    return stack.write(folder, is_air=air)


def _one(each):
    return type("One", (), {"put": staticmethod(each.put)})


@cases.right(value=[-2000, 20000])
def value_that_does_not_occur(folder, value):
    stack = ct()
    declare(stack, value)
    return stack.write(folder)


@cases.right()
def empty_value(folder):
    stack = ct()
    stack.put("PixelPaddingValue", b"", vr="SS")
    return stack.write(folder)


@cases.right_or_refused(tag("PixelPaddingValue"))
def value_under_a_long_vr(folder):
    stack = ct()
    stack.put("PixelPaddingValue", (-2000 & 0xFFFFFFFF).to_bytes(4, "little"), vr="SL")
    return stack.write(folder)


@cases.right(notes=NOTED)
def value_as_un(folder):
    stack, air = padded(4000)
    stack.edit(
        lambda data: raw.replace(
            data, "PixelPaddingValue", raw.element("PixelPaddingValue", b"\xa0\x0f", vr="UN")
        )
    )
    return stack.write(folder, is_air=air)


@cases.right(notes=NOTED)
def eight_bits(folder):
    stack, air = padded(255, dtype=np.uint8)
    others = 0
    for each in stack:
        stored = np.frombuffer(each.ds.PixelData, np.uint8).reshape(16, 20).copy()
        outside = stored == 255
        outside[CORNER] = False
        others += outside.sum()
        stored[outside] = 254
        each.hu[outside] = 254.0 - 1024
        each.set_stored(stored)
    assert others
    declare(stack, 255, vr="US")
    return stack.write(folder, is_air=air)
