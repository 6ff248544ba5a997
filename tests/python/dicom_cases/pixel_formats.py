"""Bits: how many, where, which sign, and what else hides beside them."""

import numpy as np

from . import raw
from .case import Cases, tag
from .stack import NATIVE, ct, stored_values

cases = Cases("pixel_formats")

NAMES_BITS = tag("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")


def twelve_bit(dtype, **options):
    stack = ct(dtype=dtype, bits_stored=12, **options)
    stored = [stored_values(k, 16, 20, dtype, 12).view(np.uint16) & 0xFFF for k in range(6)]
    return stack, stored


@cases.right(
    dtype={"unsigned": np.uint16, "signed": np.int16},
    above={"zeros": 0, "ones": 0xF000, "pattern": 0xA000, "top-bit": 0x8000, "bit12": 0x1000},
)
def twelve_bits_with_something_above_them(folder, dtype, above):
    stack, stored = twelve_bit(dtype)
    for each, pixels in zip(stack, stored, strict=True):
        each.set_stored(pixels | np.uint16(above))
    return stack.write(folder)


@cases.right(syntax=NATIVE)
def overlay_in_bit_12(folder, syntax):
    stack, stored = twelve_bit(np.uint16, syntax=syntax)
    ring = (np.indices((16, 20)).sum(axis=0) % 3 == 0).astype(np.uint16) << 12
    for each, pixels in zip(stack, stored, strict=True):
        each.set_stored(pixels | ring)
        overlay = each.ds
        overlay.add_new(0x60000010, "US", 16)
        overlay.add_new(0x60000011, "US", 20)
        overlay.add_new(0x60000040, "CS", "G")
        overlay.add_new(0x60000050, "SS", [1, 1])
        overlay.add_new(0x60000100, "US", 16)
        overlay.add_new(0x60000102, "US", 12)
    return stack.write(folder)


@cases.right()
def overlay_in_its_own_element(folder):
    stack = ct()
    for each in stack:
        each.ds.add_new(0x60000010, "US", 16)
        each.ds.add_new(0x60000011, "US", 20)
        each.ds.add_new(0x60000040, "CS", "G")
        each.ds.add_new(0x60000050, "SS", [1, 1])
        each.ds.add_new(0x60000100, "US", 1)
        each.ds.add_new(0x60000102, "US", 0)
        each.ds.add_new(0x60003000, "OW", bytes(40))
    return stack.write(folder)


@cases.right_or_refused(NAMES_BITS, dtype={"unsigned": np.uint16, "signed": np.int16})
def twelve_bits_left_aligned(folder, dtype):
    stack, stored = twelve_bit(dtype)
    stack.set(HighBit=15)
    for each, pixels in zip(stack, stored, strict=True):
        each.set_stored(pixels << 4 | 0x5)  # garbage below
    return stack.write(folder)


@cases.right(bits=[11, 13, 14, 15])
def other_depths_in_16(folder, bits):
    return ct(dtype=np.uint16, bits_stored=bits).write(folder)


@cases.right(bits=[6, 7])
def other_depths_in_8(folder, bits):
    return ct(dtype=np.uint8, bits_stored=bits).write(folder)


@cases.right(dtype={"u": np.uint32, "s": np.int32}, bits=[16, 20, 24])
def other_depths_in_32(folder, dtype, bits):
    return ct(dtype=dtype, bits_stored=bits).write(folder)


@cases.right()
def eight_bits_in_16(folder):
    return ct(dtype=np.uint16, bits_stored=8).write(folder)


@cases.refused(NAMES_BITS, bits=[1, 12, 0, 24, 64, 65535])
def allocation_that_is_not_8_16_or_32(folder, bits):
    stack = ct()
    stack.set(BitsAllocated=bits)
    return stack.write(folder)


@cases.refused(NAMES_BITS, bits=[0, 17, 32, 65535])
def more_bits_stored_than_allocated_or_none(folder, bits):
    stack = ct()
    stack.set(BitsStored=bits)
    return stack.write(folder)


@cases.refused(NAMES_BITS, bit=[16, 200, 65535])
def high_bit_outside_of_the_cell(folder, bit):
    stack = ct()
    stack.set(HighBit=bit)
    return stack.write(folder)


@cases.refused(NAMES_BITS)
def high_bit_too_low_for_the_bits_stored(folder):
    stack = ct(dtype=np.uint16, bits_stored=12)
    stack.set(HighBit=7)
    return stack.write(folder)


@cases.refused(tag("PixelRepresentation"))
def pixel_representation_absent(folder):
    stack = ct()
    stack.drop("PixelRepresentation")
    return stack.write(folder) and None


@cases.refused(tag("PixelRepresentation"), value=[2, 65535])
def pixel_representation_neither_0_nor_1(folder, value):
    stack = ct()
    stack.set(PixelRepresentation=value)
    return stack.write(folder) and None


@cases.refused(tag("BitsAllocated"))
def bits_allocated_absent(folder):
    stack = ct()
    stack.drop("BitsAllocated")
    return stack.write(folder) and None


@cases.right_or_refused(tag("BitsStored", "HighBit"), keyword=["BitsStored", "HighBit"])
def bits_stored_or_high_bit_absent(folder, keyword):
    stack = ct()
    stack.drop(keyword)
    return stack.write(folder)


@cases.right_or_refused(tag("SamplesPerPixel"))
def samples_per_pixel_absent(folder):
    stack = ct()
    stack.drop("SamplesPerPixel")
    return stack.write(folder)


@cases.refused(tag("SamplesPerPixel"), value=[0, 2, 3, 65535])
def samples_per_pixel_not_one(folder, value):
    stack = ct()
    stack.set(SamplesPerPixel=value)
    return stack.write(folder) and None


@cases.refused(tag("PixelRepresentation") + "|IM0003")
def one_slice_with_a_pixel_representation_of_7(folder):
    stack = ct(dtype=np.uint16)
    stack[3].ds.PixelRepresentation = 7
    return stack.write(folder) and None


@cases.right()
def signed_and_unsigned_slices_in_one_stack(folder):
    stack, signed = ct(dtype=np.uint16), ct(dtype=np.int16)
    stack[3] = signed[3]
    return stack.write(folder)


@cases.right(dtype={"8-signed": np.int8, "32-unsigned": np.uint32})
def slices_of_different_depth(folder, dtype):
    stack, other = ct(dtype=np.int16), ct(dtype=dtype)
    stack[2], stack[4] = other[2], other[4]
    return stack.write(folder)


@cases.right(kind={"float": ("FloatPixelData", "<f4"), "double": ("DoubleFloatPixelData", "<f8")})
def float_pixel_data(folder, kind):
    keyword, dtype = kind
    stack = ct()
    for each in stack:
        pixels = each.hu + 0.25
        each.hu = pixels - 1024
        del each.ds.PixelData
        for unused in ("BitsStored", "HighBit", "PixelRepresentation"):
            delattr(each.ds, unused)
        each.ds.BitsAllocated = 32 if dtype == "<f4" else 64
        setattr(each.ds, keyword, pixels.astype(dtype).tobytes())
    return stack.write(folder)


@cases.warned_or_refused(r"nan|finite|FloatPixelData|float pixel data|7fe0, ?0008|IM0002")
def float_pixel_data_with_nan(folder):
    stack = ct()
    for k, each in enumerate(stack):
        pixels = each.hu.astype("<f4")
        if k == 2:
            pixels[3, 4] = np.nan
        del each.ds.PixelData
        each.ds.BitsAllocated = 32
        each.ds.FloatPixelData = pixels.tobytes()
    return stack.write(folder) and None


@cases.right(
    shape={"15x21": (15, 21), "1x1": (1, 1), "1x7": (1, 7), "17x3": (17, 3)}, syntax=NATIVE
)
def odd_number_of_8_bit_pixels(folder, shape, syntax):
    rows, columns = shape
    return ct(rows=rows, columns=columns, dtype=np.uint8, syntax=syntax).write(folder)


@cases.right()
def big_endian_8_bit_in_words(folder):
    stack = ct(dtype=np.uint8, syntax=NATIVE["big-endian"])
    for each in stack:
        swapped = np.frombuffer(each.ds.PixelData, ">u2").astype("<u2").tobytes()
        each.ds.PixelData = swapped
        each.ds["PixelData"].VR = "OW"
    return stack.write(folder)


@cases.right_or_refused(tag("PixelData"), vr=["OB", "UN"])
def sixteen_bit_pixel_data_under_another_vr(folder, vr):
    stack = ct()
    for each in stack:
        each.put("PixelData", each.ds.PixelData, vr=vr)
    return stack.write(folder)


@cases.right()
def value_beyond_int16_after_rescale(folder):
    stack = ct(dtype=np.uint16)
    stack.set(RescaleSlope="4")
    for k, each in enumerate(stack):
        stored = stored_values(k, 16, 20, np.uint16) + np.uint16(60000)
        each.set_stored(stored)
        each.hu = stored.astype(float) * 4 - 1024
    return stack.write(folder)


@cases.right(value={"int16-min": -32768, "int16-max": 32767})
def hu_at_the_end_of_int16(folder, value):
    stack = ct(intercept=0)
    stored = stored_values(2, 16, 20, np.int16)
    stored[0, 0] = value
    stack[2].set_stored(stored)
    stack[2].hu = stored.astype(float)
    return stack.write(folder)


@cases.right_or_refused(tag("Rows"), vr={"UL": ("UL", 4), "SS": ("SS", 2), "UN": ("UN", 2)})
def rows_under_another_vr(folder, vr):
    name, size = vr
    stack = ct()
    stack.put("Rows", (16).to_bytes(size, "little"), vr=name)
    return stack.write(folder)


@cases.refused(tag("Rows", "Columns"), keyword=["Rows", "Columns"], extra=[1 << 16, 1 << 31])
def size_beyond_16_bits(folder, keyword, extra):
    """As UL it can claim more than the attribute may; the pixels are those of the low 16 bits."""
    stack = ct()
    number = getattr(stack[0].ds, keyword) + extra
    stack.put(keyword, number.to_bytes(4, "little"), vr="UL")
    return stack.write(folder) and None


@cases.refused(tag("Rows", "Columns"), keyword=["Rows", "Columns"], how=["absent", "zero", "empty"])
def size_absent_or_zero(folder, keyword, how):
    stack = ct()
    if how == "absent":
        stack.drop(keyword)
    else:
        stack.put(keyword, b"\0\0" if how == "zero" else b"", vr="US")
    return stack.write(folder) and None


@cases.right()
def pixel_data_twice_in_an_icon_first(folder):
    stack = ct(dtype=np.uint16)
    icon = b"".join(
        [
            raw.element("Rows", b"\x04\0"),
            raw.element("Columns", b"\x04\0"),
            raw.element("BitsAllocated", b"\x08\0"),
            raw.element("PixelData", bytes(range(16)), vr="OB"),
        ]
    )
    stack.edit(
        lambda data: raw.replace(
            data, "IconImageSequence", raw.sequence("IconImageSequence", raw.item(icon))
        )
    )
    return stack.write(folder)
