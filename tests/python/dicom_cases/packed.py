"""Multi-frame files that must be unpacked: zip entries, deflated data sets, one within the other."""

import io
import zipfile
import zlib

import numpy as np

from . import streams
from .archives import ZIP
from .case import Cases, tag
from .enhanced_image import base, enhanced
from .stack import NATIVE, ct

cases = Cases("packed")

METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}
SHUFFLED = (7, 2, 0, 5, 9, 3, 8, 1, 6, 4, 10, 18, 11, 17, 12, 16, 13, 15, 14)


def archive(folder, made, method, change=lambda data: data):
    """Write one file into a zip archive, and its bytes through a change."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        packed.writestr("ENHANCED.dcm", made.to_bytes())
    path = folder / "study.zip"
    path.write_bytes(change(buffer.getvalue()))
    return path


@cases.right(method=METHODS, syntax=NATIVE)
def enhanced_in_an_archive(folder, method, syntax):
    """More frames than are read at a time, and not in the order of the slices."""
    stack = ct(19, syntax=syntax)
    return stack.truth(path=archive(folder, enhanced(stack, order=SHUFFLED), method))


@cases.right(pixels=["u8", "u12", "u32"], syntax=["explicit", "big-endian", "deflated"])
def pixel_formats(folder, pixels, syntax):
    dtype = {"u8": np.uint8, "u12": np.uint16, "u32": np.uint32}[pixels]
    bits = 12 if pixels == "u12" else None
    stack = ct(9, rows=15, columns=22, dtype=dtype, bits_stored=bits, syntax=NATIVE[syntax])
    made = enhanced(stack)
    made.ds["PixelData"].VR = "OB" if pixels == "u8" else "OW"
    return stack.truth(path=archive(folder, made, zipfile.ZIP_DEFLATED))


@cases.right()
def bytes_in_big_endian_words(folder):
    stack = ct(9, rows=15, columns=21, dtype=np.uint8, syntax=NATIVE["big-endian"])
    made = enhanced(stack)
    cells = b"".join(each.ds.PixelData[:315] for each in stack) + b"\0"
    made.ds.PixelData = np.frombuffer(cells, "<u2").byteswap().tobytes()
    made.ds["PixelData"].VR = "OW"
    return stack.truth(path=archive(folder, made, zipfile.ZIP_DEFLATED))


@cases.right(method=METHODS)
def values_that_int16_cannot_hold(folder, method):
    """The stream is read a second time."""
    stack = ct(19, slope=0.5)
    return stack.truth(path=archive(folder, enhanced(stack, order=SHUFFLED), method))


@cases.right(codec=["rle", "j2k"])
def frames_in_fragments(folder, codec):
    stack = ct(5)
    frames = [np.frombuffer(each.ds.PixelData, "<i2").reshape(16, 20) for each in stack]
    coded = (
        [streams.rle_frame(f) for f in frames] if codec == "rle" else streams.frames(codec, "s16")
    )
    made = enhanced(stack)
    made.set_encapsulated(coded, streams.SYNTAX[codec])
    return stack.truth(path=archive(folder, made, zipfile.ZIP_DEFLATED))


@cases.refused(ZIP + "|checksum", method=METHODS, where=["pixels", "checksum"])
def content_does_not_fit_its_checksum(folder, method, where):
    made = enhanced(base())
    data = made.to_bytes()
    crc = zlib.crc32(data).to_bytes(4, "little")

    def change(packed):
        if where == "checksum":
            return packed.replace(crc, b"\x01\x02\x03\x04")
        other = bytearray(data)
        other[-5] ^= 1  # a bit of the last frame
        wrong = enhanced(base())
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as again:
            again.writestr("ENHANCED.dcm", bytes(other))
        assert wrong.to_bytes() == data
        return buffer.getvalue().replace(zlib.crc32(bytes(other)).to_bytes(4, "little"), crc)

    archive(folder, made, method, change)
    return _never(folder)


def _never(folder):
    truth = base().truth(path=folder / "study.zip")
    truth.values = truth.values[:1]
    return truth


@cases.refused(r"ENHANCED|bytes|unpack|deflate", cut=[0.5, 0.9, 0.99])
def deflated_stream_cut_short(folder, cut):
    stack = ct(19, rows=32, columns=40, syntax=NATIVE["deflated"])
    for each in stack:
        noise = np.random.default_rng(3).integers(-900, 900, (32, 40)).astype(np.int16)
        each.set_stored(noise)
    data = enhanced(stack).to_bytes()
    (folder / "ENHANCED.dcm").write_bytes(data[: int(len(data) * cut)])


@cases.refused(tag("Rows", "NumberOfFrames") + "|bytes|claims|ENHANCED", method=METHODS)
def pixels_shorter_than_the_frames(folder, method):
    made = enhanced(base())
    made.ds.PixelData = made.ds.PixelData[:-640]
    archive(folder, made, method)
    return _never(folder)
