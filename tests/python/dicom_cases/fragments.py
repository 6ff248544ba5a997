"""Encapsulated pixel data: offset tables, fragments, delimiters."""

import struct

from . import raw, streams
from .case import Cases, slices
from .stack import Stack, ct, stored_values

cases = Cases("fragments")

FILES = slices(*range(5)) + "|PixelData|pixel data|7fe0, ?0010"
END = raw.implicit(raw.SEQUENCE_END, b"")
CODECS = {"j2k": "j2k", "jpeg-ls": "jpeg-ls", "jpeg-lossless": "jpeg-lossless-1", "rle": "rle"}


def compressed(codec: str) -> tuple[Stack, list[bytes]]:
    """Return a stack and the codestream of each slice, padded to an even length."""
    if codec == "rle":
        stack = ct(5)
        frames = [streams.rle_frame((each.hu + 1024).astype("<i2")) for each in stack]
        for each, frame in zip(stack, frames, strict=True):
            each.set_encapsulated([frame], streams.SYNTAX["rle"])
    else:
        syntax = streams.SYNTAX[codec.removesuffix("-1")]
        stack = streams.stack(codec, syntax=syntax)
        frames = streams.frames(codec, "u16")
    return stack, [frame + b"\0" * (len(frame) % 2) for frame in frames]


def encapsulated(folder, codec: str, wrap, only: int | None = None):
    """Write a stack whose pixel data is ``wrap(frame)``, in every slice or in one."""
    stack, frames = compressed(codec)
    for k, (each, frame) in enumerate(zip(stack, frames, strict=True)):
        if only in {None, k}:
            each.put("PixelData", wrap(frame), vr="OB", length=raw.UNDEFINED)
    return stack.write(folder)


def cut(frame: bytes, n: int) -> list[bytes]:
    """Cut into n fragments of even length."""
    size = (len(frame) // n + 1) // 2 * 2
    return [frame[k * size : (k + 1) * size if k < n - 1 else None] for k in range(n)]


@cases.right(codec=CODECS)
def empty_offset_table(folder, codec):
    return encapsulated(folder, codec, lambda f: raw.item(b"") + raw.item(f) + END)


@cases.right(codec=CODECS)
def offset_table_of_one_frame(folder, codec):
    return encapsulated(folder, codec, lambda f: raw.item(bytes(4)) + raw.item(f) + END)


@cases.right(codec=["j2k", "rle"])
def extended_offset_table(folder, codec):
    stack, frames = compressed(codec)
    for each, frame in zip(stack, frames, strict=True):
        each.put("ExtendedOffsetTable", bytes(8), vr="OV")
        each.put("ExtendedOffsetTableLengths", struct.pack("<Q", len(frame)), vr="OV")
    return stack.write(folder)


@cases.right(codec=["j2k", "jpeg-ls", "jpeg-lossless-1"], n=[2, 3, 7], table=["empty", "full"])
def several_fragments_per_frame(folder, codec, n, table):
    first = raw.item(b"" if table == "empty" else bytes(4))
    return encapsulated(folder, codec, lambda f: first + b"".join(map(raw.item, cut(f, n))) + END)


@cases.right_or_refused(FILES, n=[2, 3])
def rle_in_several_fragments(folder, n):
    return encapsulated(
        folder, "rle", lambda f: raw.item(b"") + b"".join(map(raw.item, cut(f, n))) + END
    )


@cases.right_or_refused(FILES, codec=CODECS)
def no_offset_table_at_all(folder, codec):
    return encapsulated(folder, codec, lambda f: raw.item(f) + END)


@cases.right_or_refused(FILES, offset=[2, 8, 1000, 0xFFFFFFFF])
def wrong_offset(folder, offset):
    table = raw.item(struct.pack("<I", offset))
    return encapsulated(folder, "j2k", lambda f: table + raw.item(f) + END)


@cases.right_or_refused(FILES, entries=[2, 5, 100])
def offset_table_of_more_frames_than_there_are(folder, entries):
    table = raw.item(struct.pack("<I", 0) + struct.pack("<I", 8) * (entries - 1))
    return encapsulated(folder, "j2k", lambda f: table + raw.item(f) + END)


@cases.right_or_refused(FILES, size=[1, 2, 3, 5])
def offset_table_of_odd_size(folder, size):
    return encapsulated(folder, "j2k", lambda f: raw.item(bytes(size)) + raw.item(f) + END)


@cases.right_or_refused(FILES, codec=CODECS, where=["before", "after"])
def fragment_of_zero_length(folder, codec, where):
    def wrap(frame):
        items = [raw.item(b""), raw.item(frame)]
        items.insert(1 if where == "before" else 2, raw.item(b""))
        return b"".join(items) + END

    return encapsulated(folder, codec, wrap)


@cases.refused(FILES, codec=CODECS)
def only_an_empty_fragment(folder, codec):
    return encapsulated(folder, codec, lambda f: raw.item(b"") + raw.item(b"") + END) and None


@cases.refused(FILES, codec=CODECS)
def no_fragment(folder, codec):
    return encapsulated(folder, codec, lambda f: raw.item(b"") + END) and None


LENGTHS = {
    "too-long": lambda n: n + 50,
    "far-too-long": lambda n: 0x7FFFFFFF,
    "undefined": lambda n: 0xFFFFFFFF,
    "nearly-undefined": lambda n: 0xFFFFFFFE,
    "too-short": lambda n: n // 4 * 2,
    "zero": lambda n: 0,
    "short-by-two": lambda n: n - 2,
}


@cases.right_or_refused(FILES, codec=CODECS, length=LENGTHS)
def fragment_length_wrong(folder, codec, length):
    return encapsulated(
        folder,
        codec,
        lambda f: raw.item(b"") + raw.item(f, length=length(len(f)))[: 8 + len(f)] + END,
    )


@cases.right_or_refused(
    slices(2), codec=["j2k", "rle"], length=["too-long", "far-too-long", "zero"]
)
def fragment_length_wrong_in_one_slice(folder, codec, length):
    return encapsulated(
        folder,
        codec,
        lambda f: raw.item(b"") + raw.item(f, length=LENGTHS[length](len(f))) + END,
        only=2,
    )


@cases.right_or_refused(FILES, codec=CODECS)
def delimiter_absent(folder, codec):
    return encapsulated(folder, codec, lambda f: raw.item(b"") + raw.item(f))


@cases.right_or_refused(FILES)
def garbage_instead_of_the_delimiter(folder):
    return encapsulated(folder, "j2k", lambda f: raw.item(b"") + raw.item(f) + b"garbage!")


@cases.right()
def elements_after_the_delimiter(folder):
    tail = END + raw.element(0xFFFCFFFC, bytes(64), vr="OB")
    return encapsulated(folder, "j2k", lambda f: raw.item(b"") + raw.item(f) + tail)


@cases.right_or_refused(FILES, codec=["jpeg-ls", "jpeg-lossless-1", "j2k"])
def fragment_of_odd_length(folder, codec):
    def wrap(frame):
        odd = frame.rstrip(b"\0")
        odd = odd + b"\0" * (1 - len(odd) % 2)
        return raw.item(b"") + raw.item(odd) + END

    return encapsulated(folder, codec, wrap)


@cases.right_or_refused(FILES)
def encapsulated_pixels_of_defined_length(folder):
    stack, frames = compressed("j2k")
    for each, frame in zip(stack, frames, strict=True):
        value = raw.item(b"") + raw.item(frame) + END
        each.put("PixelData", value, vr="OB", length=len(value))
    return stack.write(folder)


@cases.refused(FILES + "|NumberOfFrames|fragment")
def two_frames_where_one_is_meant(folder):
    return (
        encapsulated(
            folder, "rle", lambda f: raw.item(b"") + raw.item(b"\1" * 64) + raw.item(f) + END
        )
        and None
    )


@cases.right(codec=["rle"])
def rle_with_padding_after_each_segment(folder, codec):
    stack = ct(5)
    for k, each in enumerate(stack):
        frame = streams.rle_frame(stored_values(k, 16, 20, "<i2"))
        each.set_encapsulated([frame + bytes(6)], streams.SYNTAX[codec])
    return stack.write(folder)
