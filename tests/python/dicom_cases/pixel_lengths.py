"""Pixel data that is shorter or longer than rows, columns and bits say, and files cut short."""

import struct

import numpy as np

from . import raw, streams
from .case import Cases, slices, tag
from .stack import NATIVE, Stack, ct

cases = Cases("pixel_lengths")

PIXELS = tag("PixelData") + "|pixel data|" + slices(*range(6))


def relength(each, change) -> None:
    """Replace the pixel data by a changed copy, its length told truly."""
    each.put("PixelData", change(each.ds.PixelData), vr="OW")


@cases.right_or_refused(PIXELS, extra=[2, 40, 638])
def longer(folder, extra):
    stack = ct()
    for each in stack:
        relength(each, lambda data: data + bytes(extra))
    return stack.write(folder)


@cases.right_or_refused(PIXELS, frames=[2, 3])
def longer_by_whole_frames(folder, frames):
    stack = ct()
    for each in stack:
        relength(each, lambda data: data * frames)
    return stack.write(folder)


@cases.refused(PIXELS, missing=[2, 40, 320, 638], syntax=NATIVE)
def shorter_everywhere(folder, missing, syntax):
    stack = ct(syntax=syntax)
    for each in stack:
        each.ds.PixelData = each.ds.PixelData[:-missing]
    return stack.write(folder) and None


@cases.refused("PixelData|pixel data|" + slices(3), missing=[2, 320, 640])
def shorter_in_one_slice(folder, missing):
    stack = ct()
    relength(stack[3], lambda data: data[:-missing])
    return stack.write(folder) and None


@cases.refused(slices(3), vr=["OB", "OW"])
def odd_length(folder, vr):
    stack = ct()
    stack[3].put("PixelData", stack[3].ds.PixelData[:-1], vr=vr, length=639)
    return stack.write(folder) and None


@cases.right()
def eight_bit_odd_size_with_its_pad_byte(folder):
    return ct(rows=5, columns=7, dtype=np.uint8).write(folder)


@cases.right_or_refused(PIXELS)
def eight_bit_odd_size_without_its_pad_byte(folder):
    stack = ct(rows=5, columns=7, dtype=np.uint8)
    for each in stack:
        each.put("PixelData", each.ds.PixelData[:35], vr="OB", length=35)
    return stack.write(folder)


@cases.refused(
    slices(3), where=["pixels", "last-byte", "pixel-header", "header", "meta", "preamble"]
)
def file_cut_short(folder, where):
    stack = ct()
    stack[3].edit(lambda data: data[: cut_at(data, where)])
    return stack.write(folder) and None


@cases.warned_or_refused(
    slices(5), where=["pixels", "last-byte", "pixel-header", "header", "meta", "preamble"]
)
def last_file_cut_short(folder, where):
    """A stack without its end looks whole, so the file must be named."""
    stack = ct()
    stack[5].edit(lambda data: data[: cut_at(data, where)])
    return stack.write(folder) and None


@cases.warned_or_refused(slices(0), how=["pixels", "header", "zeros", "empty"])
def first_file_cut_short_or_blank(folder, how):
    stack = ct()
    change = {"zeros": lambda data: bytes(len(data)), "empty": lambda data: b""}
    stack[0].edit(change.get(how, lambda data: data[: cut_at(data, how)]))
    return stack.write(folder) and None


def cut_at(data: bytes, where: str) -> int:
    """Return how many bytes of the file are left."""
    pixels = raw.find(data, "PixelData")
    return {
        "pixels": pixels.value + 100,
        "last-byte": len(data) - 1,
        "pixel-header": pixels.start + 9,
        "header": raw.find(data, "ImagePositionPatient").value + 3,
        "meta": 150,
        "preamble": 60,
    }[where]


@cases.refused(tag("PixelData") + "|pixel data")
def pixel_data_absent_everywhere(folder):
    stack = ct()
    stack.drop("PixelData")
    return stack.write(folder) and None


@cases.refused(slices(3))
def pixel_data_absent_in_one_slice(folder):
    stack = ct()
    stack[3].drop("PixelData")
    return stack.write(folder) and None


@cases.warned_or_refused(slices(5))
def pixel_data_absent_in_the_last_slice(folder):
    stack = ct()
    stack[5].drop("PixelData")
    return stack.write(folder) and None


@cases.refused(PIXELS)
def native_pixels_of_undefined_length(folder):
    stack = ct()
    for each in stack:
        each.put("PixelData", each.ds.PixelData, vr="OW", length=raw.UNDEFINED)
    return stack.write(folder) and None


@cases.right_or_refused(PIXELS)
def encapsulated_pixels_under_a_native_syntax(folder):
    stack = streams.stack("j2k")
    for each in stack:
        each.edit(rename_syntax(NATIVE["explicit"]))
    return stack.write(folder)


@cases.right_or_refused(PIXELS, syntax=["rle", "j2k", "jpeg-ls", "jpeg-lossless"])
def native_pixels_under_an_encapsulated_syntax(folder, syntax):
    stack = ct()
    stack.edit(rename_syntax(streams.SYNTAX[syntax]))
    return stack.write(folder)


def rename_syntax(uid: str):
    """Return a change of the file that puts another transfer syntax into the meta group."""
    new = raw.element(0x00020010, uid.encode() + b"\0" * (len(uid) % 2), vr="UI")

    def change(data: bytes) -> bytes:
        meta, body = raw.split_meta(data)
        meta = raw.replace(meta, 0x00020010, new)
        return meta[:140] + struct.pack("<I", len(meta) - 144) + meta[144:] + body

    return change


@cases.refused(
    tag("Rows", "Columns", "PixelData") + "|pixel data|" + slices(*range(6)),
    size={"rows": ("Rows", 17), "columns": ("Columns", 21), "both": ("Rows", 65535)},
)
def header_larger_than_the_pixels(folder, size):
    keyword, value = size
    stack = ct()
    stack.set(**{keyword: value})
    return stack.write(folder) and None


@cases.right_or_refused(
    tag("NumberOfFrames") + "|multi.?frame|" + slices(*range(6)), value=["1", "", "0"]
)
def number_of_frames_in_a_classic_image(folder, value):
    stack = ct()
    stack.put("NumberOfFrames", value.encode())
    return stack.write(folder)


@cases.refused(tag("NumberOfFrames") + "|multi.?frame|" + slices(*range(6)))
def classic_image_with_two_frames(folder):
    stack = ct()
    stack.put("NumberOfFrames", b"2 ")
    for each in stack:
        relength(each, lambda data: data * 2)
    return stack.write(folder) and None


@cases.refused(slices(3))
def one_slice_of_zero_bytes(folder):
    stack = ct()
    stack[3].edit(lambda data: b"")
    return stack.write(folder) and None


@cases.refused(slices(3), fill={"zeros": b"\0", "ff": b"\xff", "text": b"A"})
def one_slice_overwritten(folder, fill):
    stack = ct()
    stack[3].edit(lambda data: fill * len(data))
    return stack.write(folder) and None


@cases.right()
def one_more_slice_that_is_no_image(folder):
    (extra,) = ct(1, series=60)
    extra.name = "EXTRA.dcm"
    extra.drop("PixelData")
    Stack([extra]).write(folder)
    return ct().write(folder)
