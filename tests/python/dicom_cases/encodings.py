"""Legal and nearly legal ways to write a data set down."""

import struct

import numpy as np

from . import raw
from .case import Cases, tag
from .stack import NATIVE, ct

cases = Cases("encodings")

PRIVATE = 0x00091010


def insert(stack, keyword_or_tag, new):
    stack.edit(lambda data: raw.replace(data, keyword_or_tag, new))
    return stack


@cases.right(value={"true": None, "zero": 0, "too-large": 0x7FFFFFFF})
def group_lengths(folder, value):
    stack = ct()

    def add(data):
        meta, body = raw.split_meta(data)
        found = [(e.tag >> 16, body[e.start : e.end]) for e in raw.elements(body, 0)]
        for group in sorted({group for group, _ in found}):
            members = b"".join(each for g, each in found if g == group)
            length = len(members) if value is None else value
            head = raw.element(group << 16, struct.pack("<I", length), vr="UL")
            meta += head + members
        return meta

    stack.edit(add)
    return stack.write(folder)


@cases.right()
def private_elements(folder):
    stack = ct()
    for each in stack:
        block = each.ds.private_block(0x0009, "CALVARIA TEST", create=True)
        block.add_new(0x01, "LO", "anything")
        block.add_new(0x02, "DS", ["1.5", "2.5"])
        late = each.ds.private_block(0x7FE1, "AFTER PIXELS", create=True)
        late.add_new(0x01, "OB", b"\1\2\3\4")
    return stack.write(folder)


@cases.right(syntax=NATIVE)
def private_blob_of_300_kb(folder, syntax):
    stack = ct(4, syntax=syntax)
    blob = bytes(range(256)) * 1200
    for each in stack:
        block = each.ds.private_block(0x0009, "CALVARIA TEST", create=True)
        block.add_new(0x01, "OB", blob)
    return stack.write(folder)


@cases.right()
def private_element_without_creator(folder):
    return insert(ct(), PRIVATE, raw.element(PRIVATE, b"orphan", vr="LO")).write(folder)


@cases.right(depth=[1, 3, 20])
def nested_sequences_of_undefined_length(folder, depth):
    nested = raw.element("CodeValue", b"DEEP")
    for _ in range(depth):
        nested = raw.sequence("ConceptCodeSequence", raw.item(nested, length=raw.UNDEFINED))
    new = raw.sequence("AnatomicRegionSequence", raw.item(nested, length=raw.UNDEFINED))
    return insert(ct(), "AnatomicRegionSequence", new).write(folder)


@cases.right()
def sequence_of_defined_and_undefined_items(folder):
    code = raw.element("CodeValue", b"T-11100 ")
    value = raw.item(code) + raw.item(code, length=raw.UNDEFINED) + raw.item(b"") + raw.item(code)
    stack = insert(ct(), "AnatomicRegionSequence", raw.element("AnatomicRegionSequence", value))
    return stack.write(folder)


@cases.right(length={"defined": None, "undefined": raw.UNDEFINED})
def empty_sequence(folder, length):
    end = raw.implicit(raw.SEQUENCE_END, b"") if length else b""
    new = raw.element("AnatomicRegionSequence", end, length=length)
    return insert(ct(), "AnatomicRegionSequence", new).write(folder)


@cases.right()
def unknown_vr_of_undefined_length_holds_implicit_items(folder):
    inner = raw.implicit(raw.ITEM, raw.implicit("CodeValue", b"ABCD"))
    new = raw.sequence(PRIVATE, inner, vr="UN")
    return insert(ct(), PRIVATE, new).write(folder)


@cases.right(
    keyword=[
        "PixelSpacing",
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "RescaleSlope",
        "Rows",
        "BitsStored",
        "PixelRepresentation",
        "SeriesInstanceUID",
    ]
)
def known_attribute_as_un(folder, keyword):
    stack = ct()

    def rename(data):
        found = raw.find(data, keyword)
        return raw.replace(
            data, keyword, raw.element(keyword, data[found.value : found.end], vr="UN")
        )

    stack.edit(rename)
    return stack.write(folder)


@cases.right(keyword=["ImagePositionPatient", "PixelSpacing", "Rows", "RescaleSlope"])
def other_values_nested_in_an_earlier_sequence(folder, keyword):
    """Only the top level speaks of this image."""
    values = {"Rows": b"\x05\0", "RescaleSlope": b"7 ", "PixelSpacing": b"9\\9 "}
    inner = raw.element(keyword, values.get(keyword, b"1\\2\\3 "))
    new = raw.sequence("ReferencedImageSequence", raw.item(inner, length=raw.UNDEFINED))
    return insert(ct(), "ReferencedImageSequence", new).write(folder)


@cases.right(where=["public", "private"], length={"defined": None, "undefined": raw.UNDEFINED})
def icon_with_pixel_data_of_its_own(folder, where, length):
    icon = b"".join(
        raw.element(keyword, value, vr=vr)
        for keyword, value, vr in [
            ("SamplesPerPixel", b"\1\0", "US"),
            ("PhotometricInterpretation", b"MONOCHROME1 ", "CS"),
            ("Rows", b"\4\0", "US"),
            ("Columns", b"\4\0", "US"),
            ("BitsAllocated", b"\x08\0", "US"),
            ("BitsStored", b"\x08\0", "US"),
            ("HighBit", b"\x07\0", "US"),
            ("PixelRepresentation", b"\0\0", "US"),
            ("PixelData", bytes(range(16)), "OB"),
        ]
    )
    number = raw.as_tag("IconImageSequence") if where == "public" else PRIVATE
    new = raw.sequence(number, raw.item(icon, length=length))
    return insert(ct(), number, new).write(folder)


@cases.right()
def icon_that_is_encapsulated(folder):
    fragments = raw.item(b"") + raw.item(b"\xff\xd8\xff\xd9") + raw.implicit(raw.SEQUENCE_END, b"")
    icon = raw.element("Rows", b"\4\0") + raw.element(
        "PixelData", fragments, vr="OB", length=raw.UNDEFINED
    )
    new = raw.sequence("IconImageSequence", raw.item(icon, length=raw.UNDEFINED))
    return insert(ct(), "IconImageSequence", new).write(folder)


@cases.right(length=[0, 2, 126, 100_000])
def trailing_padding(folder, length):
    stack = ct()
    stack.edit(lambda data: data + raw.element(0xFFFCFFFC, bytes(length), vr="OB"))
    return stack.write(folder)


@cases.right_or_refused(what={"zeros": bytes(512), "text": b"garbage after the end of it all"})
def bytes_after_the_last_element(folder, what):
    stack = ct()
    stack.edit(lambda data: data + what)
    return stack.write(folder)


@cases.right_or_refused(syntax=NATIVE)
def preamble_absent(folder, syntax):
    stack = ct(syntax=syntax)
    stack.edit(lambda data: data[128:])
    return stack.write(folder)


@cases.right_or_refused(syntax=["implicit", "explicit"])
def preamble_and_meta_group_absent(folder, syntax):
    stack = ct()
    if syntax == "explicit":
        stack.edit(lambda data: raw.split_meta(data)[1])
        return stack.write(folder)
    for each in stack:
        each.syntax = NATIVE["implicit"]
        each.edit(_without_meta)
    return stack.write(folder)


def _without_meta(data: bytes) -> bytes:
    (length,) = struct.unpack_from("<I", data, 132 + 8)
    return data[132 + 12 + length :]


@cases.right(magic={"windows": b"MZ\x90\0", "linux": b"\x7fELF\2\1\1\0", "tiff": b"II*\0"})
def preamble_of_another_format(folder, magic):
    stack = ct()
    stack.edit(lambda data: (magic * 64)[:128] + data[128:])
    return stack.write(folder)


@cases.right_or_refused(
    lie={
        "implicit-as-explicit": ("implicit", "explicit"),
        "explicit-as-implicit": ("explicit", "implicit"),
    }
)
def meta_group_that_names_another_encoding(folder, lie):
    real, claimed = lie
    stack = ct(syntax=NATIVE[real])
    new = raw.element(0x00020010, NATIVE[claimed].encode() + b"\0", vr="UI")

    def change(data):
        (length,) = struct.unpack_from("<I", data, 140)
        meta, body = data[: 144 + length], data[144 + length :]
        return _with_length(raw.replace(meta, 0x00020010, new)) + body

    stack.edit(change)
    return stack.write(folder)


def _with_length(meta: bytes) -> bytes:
    """Correct the length of a meta group that starts with it."""
    return meta[:140] + struct.pack("<I", len(meta) - 144) + meta[144:]


@cases.right(pad={"space": b" ", "nul": b"\0"})
def transfer_syntax_padded(folder, pad):
    new = raw.element(0x00020010, NATIVE["explicit"].encode() + pad, vr="UI")

    def change(data):
        meta, body = raw.split_meta(data)
        return _with_length(raw.replace(meta, 0x00020010, new)) + body

    return _edited(ct(), change).write(folder)


def _edited(stack, change):
    stack.edit(change)
    return stack


@cases.right_or_refused()
def transfer_syntax_absent(folder):
    def change(data):
        meta, body = raw.split_meta(data)
        return _with_length(raw.replace(meta, 0x00020010, b"")) + body

    return _edited(ct(), change).write(folder)


@cases.right_or_refused(length={"zero": 0, "short": 30, "long": 4000, "huge": 0xFFFFFFF0})
def meta_group_length_wrong(folder, length):
    return _edited(ct(), lambda data: data[:140] + struct.pack("<I", length) + data[144:]).write(
        folder
    )


@cases.right_or_refused()
def meta_group_length_absent(folder):
    return _edited(ct(), lambda data: data[:132] + data[144:]).write(folder)


@cases.right()
def meta_group_with_little_in_it(folder):
    def change(data):
        return raw.file_bytes(raw.split_meta(data)[1])

    return _edited(ct(), change).write(folder)


@cases.right()
def private_information_in_the_meta_group(folder):
    def change(data):
        meta, body = raw.split_meta(data)
        meta += raw.element(0x00020100, b"1.2.3.4.5.6\0", vr="UI")
        meta += raw.element(0x00020102, bytes(4000), vr="OB")
        return _with_length(meta) + body

    return _edited(ct(), change).write(folder)


@cases.right_or_refused()
def elements_out_of_order(folder):
    def change(data):
        meta, body = raw.split_meta(data)
        parts = [body[e.start : e.end] for e in raw.elements(body, 0)]
        return meta + b"".join(parts[:10][::-1] + parts[10:])

    return _edited(ct(), change).write(folder)


@cases.warned_or_refused(tag("PixelSpacing") + "|duplicate|twice|IM000", first=["right", "wrong"])
def element_twice_with_different_values(folder, first):
    right, wrong = b"0.7\\0.5 ", b"0.9\\0.9 "
    pair = [raw.element("PixelSpacing", value) for value in (right, wrong)]
    if first == "wrong":
        pair.reverse()
    insert(ct(), "PixelSpacing", b"".join(pair)).write(folder)


@cases.right_or_refused()
def element_twice_with_the_same_value(folder):
    return insert(ct(), "PixelSpacing", raw.element("PixelSpacing", b"0.7\\0.5 ") * 2).write(folder)


@cases.right_or_refused(vr=["??", "ZZ", "\0\0"])
def private_element_of_an_invented_vr(folder, vr):
    new = raw.element(PRIVATE, b"abcd", vr=vr)
    return insert(ct(), PRIVATE, new).write(folder)


@cases.right(vr=["OV", "SV", "UV", "OL", "OD", "UC", "UR", "UT"])
def private_element_of_a_late_vr(folder, vr):
    return insert(ct(), PRIVATE, raw.element(PRIVATE, b"        ", vr=vr)).write(folder)


@cases.right()
def empty_optional_attributes(folder):
    stack = ct()
    for keyword in ("SliceThickness", "KVP", "GantryDetectorTilt", "SliceLocation"):
        stack.put(keyword, b"")
    stack.put("WindowCenter", b"")
    stack.put("InstanceNumber", b"")
    return stack.write(folder)


@cases.right()
def data_set_that_ends_with_other_elements(folder):
    stack = ct()
    tail = raw.sequence("DigitalSignaturesSequence", raw.item(b"", length=raw.UNDEFINED))
    return _edited(stack, lambda data: data + tail).write(folder)


@cases.right(syntax=NATIVE)
def waveform_like_words_before_the_pixels(folder, syntax):
    stack = ct(syntax=syntax)
    for each in stack:
        each.ds.add_new(0x00091001, "OW", np.arange(600, dtype=np.uint16).tobytes())
        each.ds.add_new(0x00090010, "LO", "CALVARIA TEST")
    return stack.write(folder)
