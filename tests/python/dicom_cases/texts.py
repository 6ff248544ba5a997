"""Numbers and names as text: blanks, signs, exponents, scripts."""

from .case import Cases, tag
from .stack import CANARY, ct

cases = Cases("texts")

DECIMALS = {
    "blanks": b"  0.7 \\ 0.5  ",
    "plus": b"+0.7\\+0.5",
    "exponent": b"7e-1\\5.0E-01",
    "long": b"0.7000000000000000000000\\0.5000000000000000000000",
    "no-leading-zero": b".7\\.5",
    "nul-padded": b"0.7\\0.5\0",
    "trailing-zeros": b"00.700\\000.50",
    "plus-exponent": b"0.007E+2\\0.0005e+03",
}


@cases.right(value=DECIMALS)
def decimal_string(folder, value):
    stack = ct()
    stack.put("PixelSpacing", value)
    return stack.write(folder)


@cases.right(
    value={"blanks": b" 1 ", "plus": b"+1.0", "exponent": b"1E0", "nul": b"1\0", "dot": b"1."}
)
def slope_as_text(folder, value):
    stack = ct()
    stack.put("RescaleSlope", value)
    return stack.write(folder)


@cases.right(value={"blanks": b" -1024 ", "exponent": b"-1.024e3", "long": b"-1024.00000000000000"})
def intercept_as_text(folder, value):
    stack = ct()
    stack.put("RescaleIntercept", value)
    return stack.write(folder)


@cases.right_or_refused(
    tag("PixelSpacing"), value={"third-empty": b"0.7\\0.5\\", "tab": b"0.7\\0.5\t"}
)
def decimal_string_with_odd_ends(folder, value):
    stack = ct()
    stack.put("PixelSpacing", value)
    return stack.write(folder)


@cases.right(
    value={"blanks": b" 12 ", "plus": b"+12", "empty": b"", "text": b"abc", "real": b"3.5"}
)
def instance_number_as_text(folder, value):
    stack = ct()
    stack.put("InstanceNumber", value)
    stack.put("SeriesNumber", value)
    stack.put("AcquisitionNumber", value)
    return stack.write(folder)


@cases.right(pad={"nul": b"\0", "space": b" ", "two": b"\0\0"})
def identifier_padding_differs_between_slices(folder, pad):
    stack = ct()
    value = stack[0].ds.SeriesInstanceUID.encode()
    for each in stack[::2]:
        each.put("SeriesInstanceUID", value + pad)
    return stack.write(folder)


@cases.right()
def identifier_with_a_leading_zero_component(folder):
    stack = ct()
    stack.put("SeriesInstanceUID", b"1.2.003.4")
    return stack.write(folder)


@cases.right_or_refused(tag("PhotometricInterpretation"), value=[b"monochrome2", b"MONOCHROME2\0"])
def photometric_interpretation_as_text(folder, value):
    stack = ct()
    stack.put("PhotometricInterpretation", value)
    return stack.write(folder)


@cases.right(kind=["float", "nine-digits", "minus-zero"])
def positions_as_other_texts(folder, kind):
    stack = ct(origin=(0.0, -0.0, 5.0))
    for each in stack:
        texts = {
            "float": [repr(float(v)) for v in each.position],
            "nine-digits": [f"{v:.9f}" for v in each.position],
            "minus-zero": [
                f"{v:g}".replace("0", "-0.0") if v == 0 else f"{v:g}" for v in each.position
            ],
        }[kind]
        each.put("ImagePositionPatient", "\\".join(texts).encode())
    return stack.write(folder)


SCRIPTS = {
    "utf-8": (b"ISO_IR 192", f"{CANARY}^Zoë Ünïcödé 漢字".encode()),
    "latin-1": (b"ISO_IR 100", f"{CANARY}^Günther Müßig".encode("latin-1")),
    "cyrillic": (b"ISO_IR 144", f"{CANARY}^Люк".encode("iso8859-5")),
    "japanese": (
        b"\\ISO 2022 IR 87",
        f"{CANARY}^TARO=".encode() + "山田^太郎".encode("iso2022_jp"),
    ),
    "japanese-kana": (b"ISO_IR 13\\ISO 2022 IR 87", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3"),
    "korean": (b"\\ISO 2022 IR 149", f"{CANARY}=".encode() + b"\x1b$)C\xb1\xe8"),
    "gb18030": (b"GB18030", f"{CANARY}=王^小东".encode("gb18030")),
    "unknown": (b"ISO_IR 999", f"{CANARY}^NOBODY".encode()),
    "wrong-bytes": (b"ISO_IR 192", CANARY.encode() + b"^\xff\xfe\xc3\x28"),
    "absent": (b"", CANARY.encode() + b"^\xe4\xf6\xfc"),
}


@cases.right(script=SCRIPTS)
def name_in_a_script(folder, script):
    charset, name = script
    stack = ct()
    stack.put("SpecificCharacterSet", charset)
    stack.put("PatientName", name)
    return stack.write(folder)


@cases.right(charset=[b"ISO_IR 192", b"ISO_IR 100", b"ISO_IR 999"])
def description_and_kernel_in_a_script(folder, charset):
    stack = ct()
    stack.put("SpecificCharacterSet", charset)
    stack.put(
        "SeriesDescription", "Schädel dünn".encode("utf-8" if b"192" in charset else "latin-1")
    )
    stack.put("ConvolutionKernel", "Häßlich".encode("utf-8" if b"192" in charset else "latin-1"))
    return stack.write(folder)


@cases.right(
    value={"long": b"x" * 400, "multi": b"H70h\\3", "empty": b"", "control": b"A\x1b[31mB"}
)
def kernel_as_text(folder, value):
    stack = ct()
    stack.put("ConvolutionKernel", value)
    return stack.write(folder)


@cases.right()
def character_sets_that_differ_between_slices(folder):
    stack = ct()
    for each in stack[::2]:
        each.put("SpecificCharacterSet", b"ISO_IR 192")
    return stack.write(folder)
