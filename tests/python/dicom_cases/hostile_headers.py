"""Headers that promise more than there is: lengths, sizes, depths, inflation."""

import struct

import numpy as np

from . import raw, streams
from .case import Cases, slices, tag
from .enhanced_image import base, enhanced, write
from .stack import ct

cases = Cases("hostile_headers")

ANY_FILE = slices(*range(6))
HUGE = {"4026531840": 0xF0000000, "1879048192": 0x70000000, "4294967294": 0xFFFFFFFE}
PRIVATE = 0x00091010
DEFLATED = "1.2.840.10008.1.2.1.99"


def insert(stack, keyword_or_tag, new):
    stack.edit(lambda data: raw.replace(data, keyword_or_tag, new))
    return stack


@cases.refused(ANY_FILE, length=HUGE, vr=["OB", "UN", "SQ", "UT", "OW"])
def private_element_longer_than_the_file(folder, length, vr):
    new = raw.element(PRIVATE, b"abcd", vr=vr, length=length)
    return insert(ct(), PRIVATE, new).write(folder) and None


@cases.refused(slices(3), length=HUGE)
def private_element_longer_than_the_file_in_one_slice(folder, length):
    stack = ct()
    new = raw.element(PRIVATE, b"abcd", vr="OB", length=length)
    stack[3].edit(lambda data: raw.replace(data, PRIVATE, new))
    return stack.write(folder) and None


@cases.warned_or_refused(slices(5), length=HUGE)
def private_element_longer_than_the_file_in_the_last_slice(folder, length):
    stack = ct()
    new = raw.element(PRIVATE, b"abcd", vr="OB", length=length)
    stack[5].edit(lambda data: raw.replace(data, PRIVATE, new))
    return stack.write(folder) and None


@cases.refused(ANY_FILE + "|" + tag("PixelData"), length=HUGE, vr=["OB", "OW"])
def pixel_data_longer_than_the_file(folder, length, vr):
    stack = ct()
    for each in stack:
        each.put("PixelData", each.ds.PixelData, vr=vr, length=length)
    return stack.write(folder) and None


@cases.refused(ANY_FILE, length=HUGE)
def implicit_element_longer_than_the_file(folder, length):
    element = raw.implicit("StudyDescription", b"abcd", length=length)
    for k in range(6):
        data = raw.file_bytes(
            raw.implicit(0x00080005, b"ISO_IR 100") + element, syntax="1.2.840.10008.1.2"
        )
        (folder / f"IM{k:04d}.dcm").write_bytes(data)


@cases.refused(ANY_FILE, length=[0xFFF0, 0xFFFF])
def short_text_longer_than_the_file(folder, length):
    return (
        insert(
            ct(rows=4, columns=4), PRIVATE, raw.element(PRIVATE, b"abcd", vr="LO", length=length)
        ).write(folder)
        and None
    )


@cases.refused(ANY_FILE, length=HUGE)
def sequence_item_longer_than_the_file(folder, length):
    value = raw.item(b"abcd", length=length)
    new = raw.element(PRIVATE, value, vr="SQ")
    return insert(ct(), PRIVATE, new).write(folder) and None


@cases.refused(ANY_FILE, length=HUGE)
def element_in_an_item_longer_than_the_item(folder, length):
    inner = raw.element("EncapsulatedDocument", b"abcd", vr="OB", length=length)
    return (
        insert(ct(), PRIVATE, raw.element(PRIVATE, raw.item(inner), vr="SQ")).write(folder) and None
    )


@cases.right_or_refused(ANY_FILE, length=[0, 7, 0x7FFFFFFF])
def meta_element_length_wrong(folder, length):
    new = raw.element(0x00020001, b"\0\1", vr="OB", length=length)
    stack = ct()
    stack.edit(lambda data: raw.replace(data, 0x00020001, new))
    return stack.write(folder)


@cases.refused(tag("Rows", "Columns", "PixelData") + "|pixel data|" + ANY_FILE, n=[1, 6])
def rows_and_columns_of_65535(folder, n):
    stack = ct(n)
    stack.set(Rows=65535, Columns=65535)
    return stack.write(folder) and None


@cases.refused(
    tag("Rows", "Columns", "PixelData") + "|pixel data|" + ANY_FILE, codec=["rle", "j2k", "jpeg-ls"]
)
def compressed_rows_and_columns_of_65535(folder, codec):
    stack = ct(5) if codec == "rle" else streams.stack(codec)
    if codec == "rle":
        for each in stack:
            streams.set_rle(each, (each.hu + 1024).astype(np.int16))
    stack.set(Rows=65535, Columns=65535)
    return stack.write(folder) and None


@cases.refused(
    tag("NumberOfFrames") + "|PixelData|pixel data|frames", value=["2147483647", "1000000", "-5"]
)
def number_of_frames_huge(folder, value):
    stack = base()
    made = enhanced(stack)
    made.put("NumberOfFrames", value.encode())
    made.ds.Rows = made.ds.Columns = 65535
    return write(folder, made, stack) and None


@cases.refused(tag("NumberOfFrames") + "|PixelData|pixel data|frames|fragment|ENHANCED")
def number_of_frames_huge_and_compressed(folder):
    stack = base()
    made = enhanced(
        stack,
        codec=lambda m, stored: m.set_encapsulated(
            [streams.rle_frame(s) for s in stored], streams.SYNTAX["rle"]
        ),
    )
    made.put("NumberOfFrames", b"2000000000")
    return write(folder, made, stack) and None


@cases.right_or_refused(ANY_FILE, mib=[200, 1024])
def deflated_bomb(folder, mib):
    """About a megabyte per gigabyte, in a private element before the pixels."""
    stack = ct(4)
    truth = stack.truth()
    for each in stack:
        data = each.to_bytes()
        (folder / each.name).write_bytes(_with_bomb(data, mib) if each is stack[1] else data)
    return truth


def _with_bomb(data: bytes, mib: int) -> bytes:
    _, body = raw.split_meta(data)
    place = next(e.start for e in raw.elements(body, 0) if e.tag > PRIVATE)
    head = raw.element(PRIVATE, b"", vr="OB", length=mib << 20)
    return raw.file_bytes(raw.bomb(body[:place] + head, mib, body[place:]), syntax=DEFLATED)


@cases.right_or_refused(ANY_FILE)
def deflated_bomb_after_the_pixels(folder):
    stack = ct(4)
    for k, each in enumerate(stack):
        data = each.to_bytes()
        if k == 1:
            _, body = raw.split_meta(data)
            tail = raw.element(0xFFFCFFFC, b"", vr="OB", length=512 << 20)
            data = raw.file_bytes(raw.bomb(body + tail, 512), syntax=DEFLATED)
        (folder / each.name).write_bytes(data)
    return stack.truth()


@cases.refused(slices(2), how=["cut", "garbage", "empty"])
def deflated_stream_broken(folder, how):
    stack = ct(syntax=DEFLATED)

    def change(data):
        start = 144 + struct.unpack_from("<I", data, 140)[0]
        body = {"cut": data[start : start + 200], "garbage": b"\xff" * 300, "empty": b""}[how]
        return data[:start] + body

    stack[2].edit(change)
    return stack.write(folder) and None


@cases.right_or_refused(ANY_FILE, depth=[100, 10_000, 100_000], length=["defined", "undefined"])
def sequences_nested_deeply(folder, depth, length):
    if length == "undefined":
        head = (
            raw.element(PRIVATE, b"", vr="SQ", length=raw.UNDEFINED)
            + raw.item(b"", length=raw.UNDEFINED)[:8]
        )
        tail = raw.implicit(raw.ITEM_END, b"") + raw.implicit(raw.SEQUENCE_END, b"")
        new = head * depth + tail * depth
    else:
        parts, size = [], 0
        for _ in range(depth):
            parts.append(
                raw.element(PRIVATE, b"", vr="SQ", length=size + 8) + raw.item(b"", length=size)
            )
            size += 20
        new = b"".join(reversed(parts))
    return insert(ct(3), PRIVATE, new).write(folder)


@cases.warned_or_refused(slices(1), depth=[10_000, 1_000_000])
def sequences_nested_deeply_and_never_closed(folder, depth):
    head = (
        raw.element(PRIVATE, b"", vr="SQ", length=raw.UNDEFINED)
        + raw.item(b"", length=0xFFFFFFFF)[:8]
    )
    stack = ct(3)
    stack[1].edit(lambda data: raw.replace(data, PRIVATE, head * depth)[: 400 + len(head) * depth])
    return stack.write(folder) and None


@cases.right_or_refused(ANY_FILE)
def a_million_empty_items(folder):
    items = raw.item(b"") * 1_000_000
    new = raw.element(PRIVATE, items, vr="SQ")
    stack = ct(3)
    stack[1].edit(lambda data: raw.replace(data, PRIVATE, new))
    return stack.write(folder)


@cases.right_or_refused(ANY_FILE)
def three_hundred_thousand_elements(folder):
    new = b"".join(
        raw.element(0x00110000 | (0x1000 + k % 0xE000), b"ab", vr="LO") for k in range(300_000)
    )
    stack = ct(3)
    stack[1].edit(lambda data: raw.replace(data, 0x00111000, new))
    return stack.write(folder)


@cases.right_or_refused(
    tag("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"),
    keyword=["PixelSpacing", "ImagePositionPatient"],
)
def ten_thousand_values(folder, keyword):
    stack = ct()
    stack.put(keyword, b"\\".join([b"1"] * 10_000))
    return stack.write(folder)


@cases.right_or_refused(ANY_FILE)
def kernel_text_of_60_kb(folder):
    stack = ct()
    stack.put("ConvolutionKernel", b"H" * 60_000)
    return stack.write(folder)


@cases.refused(ANY_FILE)
def item_tags_where_elements_should_be(folder):
    stack = ct()
    stack.edit(lambda data: raw.replace(data, PRIVATE, raw.implicit(raw.ITEM_END, b"") * 50))
    return stack.write(folder) and None


FLIP_PLACES = {f"{part}%": part / 100 for part in range(0, 100, 4)}


@cases.right_or_refused(place=FLIP_PLACES)
def header_bytes_flipped(folder, place):
    """Whatever the flip hits: no crash, and no other values at the right places.

    A flip inside of a legal number makes another legal number, so only bytes of the structure
    (tags, VRs, lengths) are hit.
    """
    stack = ct()

    def change(data):
        found = [e for e in raw.elements(data) if e.tag >> 16 != 2]
        hit = found[int(place * len(found))]
        at = hit.start + int(place * 1000) % (hit.value - hit.start)
        return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]

    stack[3].edit(change)
    return stack.write(folder)
