"""Codestreams that lie or are broken."""

import random
import struct

import numpy as np

from . import raw, streams
from .case import Cases, slices
from .fragments import CODECS, compressed
from .stack import Stack, stored_values

cases = Cases("hostile_codecs")

FILES = slices(*range(5)) + "|PixelData|pixel data|codestream|decod"
ALL = CODECS | {"htj2k": "htj2k"}


def one_frame(folder, codec: str, frame, k: int = 2):
    """Write a stack in which slice k has another codestream."""
    stack, _ = compressed(codec)
    stack[k].put(
        "PixelData",
        raw.item(b"")
        + raw.item(frame + b"\0" * (len(frame) % 2))
        + raw.implicit(raw.SEQUENCE_END, b""),
        vr="OB",
        length=raw.UNDEFINED,
    )
    return stack.write(folder)


def patched_size(codec: str, frame: bytes, rows: int, columns: int) -> bytes:
    """Return the codestream with other dimensions in its own header."""
    if codec in {"j2k", "htj2k"}:
        at = frame.index(b"\xff\x51") + 6
        new = struct.pack(">IIIIII", columns, rows, 0, 0, columns, rows)
        return frame[:at] + new + frame[at + 24 :]
    marker = b"\xff\xf7" if codec == "jpeg-ls" else b"\xff\xc3"
    at = frame.index(marker) + 5
    return frame[:at] + struct.pack(">HH", rows & 0xFFFF, columns & 0xFFFF) + frame[at + 4 :]


SIZES = {
    "smaller": (8, 10),
    "larger": (32, 40),
    "swapped": (20, 16),
    "one-row-less": (15, 20),
    "huge": (65535, 65535),
    "zero": (0, 0),
    "one": (1, 1),
}


@cases.refused(slices(2), codec={k: v for k, v in ALL.items() if k != "rle"}, size=SIZES)
def dimensions_of_the_stream_differ(folder, codec, size):
    frame = streams.frames(codec, "u16")[2]
    return one_frame(folder, codec, patched_size(codec, frame, *size)) and None


@cases.refused(FILES, codec=["j2k", "jpeg-ls", "jpeg-lossless-1"])
def dimensions_of_every_stream_are_huge(folder, codec):
    stack, frames = compressed(codec)
    for each, frame in zip(stack, frames, strict=True):
        each.set_encapsulated([patched_size(codec, frame, 60000, 60000)], each.syntax)
    return stack.write(folder) and None


@cases.refused(FILES, rows=[8, 12, 15], columns=[20, 19])
def smaller_stream_that_is_sound(folder, rows, columns):
    """A JPEG-LS stream smaller than the image aborts some loaders."""
    stack = streams.stack("jpeg-ls")
    stack.set(Rows=16 + 16 - rows, Columns=20 + 20 - columns)
    return stack.write(folder) and None


@cases.right_or_refused(
    slices(2), codec={"j2k": "j2k", "jpeg-ls": "jpeg-ls", "jpeg-lossless": "jpeg-lossless-1"}
)
def stream_of_fewer_bits(folder, codec):
    """The values are sound, though BitsStored says more."""
    stack, _ = compressed(codec)
    stack[2].set_encapsulated([streams.frames(codec, "u8")[2]], stack[2].syntax)
    stack[2].hu = stored_values(2, 16, 20, np.uint8).astype(float) - 1024
    return stack.write(folder)


@cases.refused(
    slices(2),
    codec=["j2k", "jpeg-ls", "jpeg-lossless-1"],
    other=["j2k", "jpeg-ls", "jpeg-lossless-1", "rle"],
)
def stream_of_another_codec(folder, codec, other):
    frame = compressed(other)[1][2] if other != codec else b"\xff\xd8\xff\xd9"
    return one_frame(folder, codec, frame) and None


@cases.refused(slices(2), codec=ALL, what=["zeros", "random", "empty", "marker", "text"])
def stream_that_is_none(folder, codec, what):
    random_bytes = random.Random(5).randbytes(700)
    frame = {
        "zeros": bytes(700),
        "random": random_bytes,
        "empty": b"",
        "marker": streams.frames("j2k", "u16")[2][:2],
        "text": b"not a stream" * 20,
    }[what]
    return one_frame(folder, codec, frame) and None


@cases.refused(slices(2), codec=ALL, percent=[5, 30, 60])
def stream_cut_short(folder, codec, percent):
    frame = compressed(codec)[1][2]
    return one_frame(folder, codec, frame[: len(frame) * percent // 100]) and None


@cases.holds(codec=ALL, seed=range(12))
def stream_with_flipped_bytes(folder, codec, seed):
    """The codes carry no checksum, so other values cannot be told: only the bearing is judged."""
    frame = bytearray(compressed(codec)[1][2])
    chance = random.Random(seed)
    for _ in range(1 + seed % 4):
        frame[chance.randrange(len(frame))] ^= 1 << chance.randrange(8)
    one_frame(folder, codec, bytes(frame))
    return lambda: _no_crash(folder)


@cases.holds(codec=ALL, seed=range(6))
def stream_with_a_flipped_header(folder, codec, seed):
    frame = bytearray(compressed(codec)[1][2])
    chance = random.Random(100 + seed)
    for _ in range(3):
        frame[chance.randrange(2, min(64, len(frame)))] = chance.choice([0, 0xFF, 0x7F, 0x80])
    one_frame(folder, codec, bytes(frame))
    return lambda: _no_crash(folder)


def _no_crash(folder) -> None:
    import calvaria

    refusal = ""
    try:
        assert calvaria.load_series(folder).values.shape == (5, 16, 20)
    except calvaria.errors.CalvariaError as error:
        refusal = str(error)
    assert not refusal or "IM0002" in refusal, f"file not named: {refusal}"


RLE_LIES = {
    "no-segments": {0: 0},
    "three-segments": {0: 3},
    "sixteen-segments": {0: 16},
    "huge-count": {0: 0xFFFFFFFF},
    "first-offset-0": {1: 0},
    "first-offset-beyond": {1: 100_000},
    "second-offset-before-first": {2: 40},
    "second-offset-beyond": {2: 0x7FFFFFFF},
    "both-equal": {2: 64},
    "wrap": {1: 0xFFFFFFF0, 2: 0xFFFFFFFF},
}


@cases.refused(slices(2), lie=RLE_LIES)
def rle_table_lies(folder, lie):
    frame = bytearray(compressed("rle")[1][2])
    for word, value in lie.items():
        struct.pack_into("<I", frame, 4 * word, value)
    return one_frame(folder, "rle", bytes(frame)) and None


@cases.refused(slices(2), what=["runs", "literals", "no-ops"])
def rle_that_yields_too_little_or_too_much(folder, what):
    packets = {
        "runs": b"\x81\x07" * 2000,
        "literals": b"\x7f" + bytes(10),
        "no-ops": b"\x80" * 5000,
    }
    header = struct.pack("<16I", 2, 64, 64 + len(packets[what]), *[0] * 13)
    frame = header + packets[what] * 2
    # A decoder may stop when the image is full; what lies beyond must then be told or refused.
    return one_frame(folder, "rle", frame) and None


@cases.refused(slices(*range(5)) + "|PixelData|pixel data|colou?r|SamplesPerPixel|component")
def colour_stream_in_a_grey_image(folder):
    stack = streams.lossy_stack("jpeg-baseline")
    frame = streams.frames("jpeg-baseline", "u8")[2]
    at = frame.index(b"\xff\xc0")
    three = b"\xff\xc0\x00\x11\x08\x00\x10\x00\x14\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00"
    lied = frame[:at] + three + frame[at + 2 + struct.unpack_from(">H", frame, at + 2)[0] :]
    stack[2].set_encapsulated([lied], streams.SYNTAX["jpeg-baseline"])
    return Stack(stack).write(folder) and None


@cases.refused(slices(2))
def j2k_of_a_million_tiles(folder):
    frame = bytearray(streams.frames("j2k", "u16")[2])
    at = frame.index(b"\xff\x51") + 6
    struct.pack_into(">IIIIIIII", frame, at, 0x7FFFFFFF, 0x7FFFFFFF, 0, 0, 1, 1, 0, 0)
    return one_frame(folder, "j2k", bytes(frame)) and None


@cases.refused(slices(2), components=[2, 16384])
def j2k_of_many_components(folder, components):
    frame = bytearray(streams.frames("j2k", "u16")[2])
    at = frame.index(b"\xff\x51") + 2 + 2 + 2 + 32
    struct.pack_into(">H", frame, at, components)
    return one_frame(folder, "j2k", bytes(frame)) and None


@cases.holds(codec={"jpeg-lossless": "jpeg-lossless-1", "jpeg-ls": "jpeg-ls"})
def scan_of_endless_restart_markers(folder, codec):
    frame = streams.frames(codec, "u16")[2]
    body = frame[:-2] + b"\xff\xd0" * 50_000 + b"\xff\xd9"
    one_frame(folder, codec, body)
    return lambda: _no_crash(folder)


@cases.refused(FILES)
def pixel_values_cannot_be_invented_from_an_empty_stream(folder):
    stack = streams.stack("j2k")
    for each in stack:
        each.set_encapsulated([np.zeros(2, np.uint8).tobytes()], each.syntax)
    return stack.write(folder) and None
