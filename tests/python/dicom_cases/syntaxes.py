"""Every transfer syntax, with every pixel format it may carry."""

import numpy as np

from . import streams
from .case import Cases, tag
from .stack import NATIVE, ct, stored_values

cases = Cases("syntaxes")

FORMATS = {
    "u8": (np.uint8, None),
    "s8": (np.int8, None),
    "u12": (np.uint16, 12),
    "s12": (np.int16, 12),
    "u16": (np.uint16, None),
    "s16": (np.int16, None),
    "u32": (np.uint32, None),
    "s32": (np.int32, None),
}


@cases.right(syntax=NATIVE, pixels=FORMATS)
def native(folder, syntax, pixels):
    dtype, bits = pixels
    return ct(dtype=dtype, bits_stored=bits, syntax=syntax).write(folder)


@cases.right(pixels=FORMATS)
def rle(folder, pixels):
    dtype, bits = pixels
    stack = ct(dtype=dtype, bits_stored=bits)
    for k, each in enumerate(stack):
        streams.set_rle(each, stored_values(k, 16, 20, dtype, bits))
    return stack.write(folder)


@cases.right(pixels=["u8", "u12", "u16", "s16"], predictor=range(1, 8))
def jpeg_lossless(folder, pixels, predictor):
    syntax = streams.SYNTAX["jpeg-lossless"]
    return streams.stack(f"jpeg-lossless-{predictor}", pixels, syntax=syntax).write(folder)


@cases.right(pixels=["u8", "u12", "u16", "s16"])
def jpeg_lossless_first_order(folder, pixels):
    syntax = streams.SYNTAX["jpeg-lossless-sv1"]
    return streams.stack("jpeg-lossless-1", pixels, syntax=syntax).write(folder)


@cases.right(pixels=["u8", "u12", "u16", "s16"], codec=["jpeg-ls", "j2k"])
def jpeg_ls_and_jpeg_2000(folder, pixels, codec):
    return streams.stack(codec, pixels).write(folder)


@cases.right(pixels=["u8", "u16", "s16"], kind=["htj2k", "htj2k-lossy"])
def htj2k(folder, pixels, kind):
    return streams.stack("htj2k", pixels, syntax=streams.SYNTAX[kind]).write(folder)


@cases.right_or_refused(pixels=["u16"])
def htj2k_whose_progression_is_not_the_promised_one(folder, pixels):
    return streams.stack("htj2k", pixels, syntax=streams.SYNTAX["htj2k-rpcl"]).write(folder)


@cases.right(codec={"jpeg-ls": "jpeg-ls-near", "j2k": "j2k-lossy"})
def lossless_stream_under_a_syntax_that_allows_loss(folder, codec):
    stream = "jpeg-ls" if codec == "jpeg-ls-near" else "j2k"
    return streams.stack(stream, syntax=streams.SYNTAX[codec]).write(folder)


@cases.right(codec=["jpeg-baseline", "jpeg-ls-near", "j2k-lossy"])
def lossy(folder, codec):
    return streams.lossy_stack(codec).write(folder, atol=8.0)


@cases.right()
def one_stack_in_three_syntaxes(folder):
    stack = ct()
    for each, syntax in zip(stack, list(NATIVE.values()) * 2, strict=False):
        each.syntax = syntax
        each.set_stored((each.hu + 1024).astype(np.int16))
    return stack.write(folder)


REFUSED_SYNTAXES = {
    "mpeg2": "1.2.840.10008.1.2.4.100",
    "h264": "1.2.840.10008.1.2.4.102",
    "hevc": "1.2.840.10008.1.2.4.107",
    "jpip": "1.2.840.10008.1.2.4.94",
    "jpeg-53": "1.2.840.10008.1.2.4.53",
    "jpeg-55": "1.2.840.10008.1.2.4.55",
    "elscint": "1.3.46.670589.33.1.4.1",
    "invented": "1.2.3.4.5.6.7",
}


@cases.refused(r"transfer syntax|TransferSyntaxUID|0002,0010", syntax=REFUSED_SYNTAXES)
def syntax_that_cannot_be_decoded(folder, syntax):
    return streams.stack("j2k", syntax=syntax).write(folder) and None


@cases.refused(r"TransferSyntaxUID \(0002,0010\)", r"JPEG Extended.*12-bit lossy JPEG")
def jpeg_extended_12_bit(folder):
    stack = streams.stack("jpeg-extended", "u12", syntax="1.2.840.10008.1.2.4.51")
    return stack.write(folder) and None


@cases.right()
def jpeg_extended_holding_8_bit_baseline(folder):
    stack = streams.lossy_stack("jpeg-baseline")
    for each in stack:
        each.syntax = "1.2.840.10008.1.2.4.51"
    return stack.write(folder, atol=8.0)


@cases.right_or_refused(tag("PixelRepresentation", "PixelData") + "|IM000|sign")
def j2k_signed_but_header_unsigned(folder):
    stack = streams.stack("j2k", "s16")
    stack.set(PixelRepresentation=0)
    for each in stack:
        each.hu = np.where(each.hu < -1024, each.hu + 65536, each.hu)
    return stack.write(folder)


@cases.right()
def deflated_with_an_odd_length(folder):
    stack = ct(syntax=NATIVE["deflated"])
    stack.edit(lambda data: data if len(data) % 2 else data + b"\0")
    return stack.write(folder)
