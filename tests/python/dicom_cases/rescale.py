"""From stored values to HU: slope, intercept, type, and what must not be applied."""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from .case import Cases, slices, tag
from .stack import ct, text

cases = Cases("rescale")

SLOPE, INTERCEPT = tag("RescaleSlope"), tag("RescaleIntercept")


@cases.right(slope=[0.5, 2.0, 0.1, 1.5], intercept=[-1024.0, 0.0, -1000.25])
def slope_and_intercept(folder, slope, intercept):
    return ct(slope=slope, intercept=intercept).write(folder, atol=1e-3)


@cases.right(kind=["intercepts", "slopes", "fractional-slopes", "both"])
def per_slice(folder, kind):
    stack = ct()
    for k, each in enumerate(stack):
        slope = {"slopes": 1.0 + k, "both": 1.0 + k, "fractional-slopes": 0.25 * (k + 1)}.get(
            kind, 1.0
        )
        intercept = -1024.0 - (100 * k if kind in {"intercepts", "both"} else 0)
        each.hu = (each.hu + 1024) * slope + intercept
        each.ds.RescaleSlope, each.ds.RescaleIntercept = text(slope), text(intercept)
    return stack.write(folder, atol=1e-3)


@cases.right()
def slope_with_many_digits(folder):
    stack = ct()
    for k, each in enumerate(stack):
        slope = 0.123456789 * (k + 1)
        each.hu = (each.hu + 1024) * slope
        each.ds.RescaleSlope, each.ds.RescaleIntercept = text(slope), "0"
    return stack.write(folder, atol=2e-3)


BROKEN = {
    "empty": b"",
    "nan": b"nan",
    "inf": b"inf",
    "comma": b"1,0",
    "text": b"one",
    "two-values": b"1\\2",
    "overflow": b"1e400",
}


@cases.warned_or_refused(SLOPE, value=BROKEN | {"zero": b"0", "zero-exponent": b"0.0E5"})
def slope_broken_everywhere(folder, value):
    stack = ct()
    stack.put("RescaleSlope", value)
    return stack.write(folder) and None


@cases.warned_or_refused(INTERCEPT, value=BROKEN)
def intercept_broken_everywhere(folder, value):
    stack = ct()
    stack.put("RescaleIntercept", value)
    return stack.write(folder) and None


@cases.warned_or_refused(f"{SLOPE}|{slices(3)}", value=["empty", "nan", "comma", "zero"])
def slope_broken_in_one_slice(folder, value):
    stack = ct()
    stack[3].put("RescaleSlope", (BROKEN | {"zero": b"0"})[value])
    return stack.write(folder) and None


@cases.warned_or_refused(
    SLOPE + "|" + INTERCEPT,
    keywords=[
        ("RescaleSlope",),
        ("RescaleIntercept",),
        ("RescaleSlope", "RescaleIntercept", "RescaleType"),
    ],
)
def absent_everywhere_in_ct(folder, keywords):
    stack = ct()
    for keyword in keywords:
        stack.drop(keyword)
    return stack.write(folder) and None


@cases.warned_or_refused(
    f"{SLOPE}|{INTERCEPT}|{slices(3)}", keyword=["RescaleSlope", "RescaleIntercept"]
)
def absent_in_one_slice(folder, keyword):
    stack = ct()
    stack[3].drop(keyword)
    return stack.write(folder) and None


@cases.right_or_refused(SLOPE, slope=[-1.0, -0.5])
def negative_slope(folder, slope):
    return ct(slope=slope, intercept=1000.0).write(folder)


@cases.warned_or_refused(SLOPE + "|" + INTERCEPT, slope=[1e-6, 1e6, 1e30])
def absurd_slope(folder, slope):
    return ct(slope=slope).write(folder, atol=abs(slope))


@cases.right(value=["absent", "HU", "empty"])
def type_hu_or_absent(folder, value):
    stack = ct()
    if value == "absent":
        stack.drop("RescaleType")
    else:
        stack.put("RescaleType", b"" if value == "empty" else b"HU")
    return stack.write(folder)


@cases.warned_or_refused(tag("RescaleType"), value=[b"US", b"OD", b"MGML", b"Z_EFF", b"%"])
def type_that_is_not_hu(folder, value):
    stack = ct()
    stack.put("RescaleType", value)
    return stack.write(folder) and None


@cases.warned_or_refused(tag("RescaleType") + "|" + slices(3))
def type_that_is_not_hu_in_one_slice(folder):
    stack = ct()
    stack[3].put("RescaleType", b"OD")
    return stack.write(folder) and None


@cases.right()
def monochrome1_is_not_inverted(folder):
    """Photometric interpretation is about display; the modality LUT comes before it."""
    stack = ct()
    stack.set(PhotometricInterpretation="MONOCHROME1")
    return stack.write(folder)


@cases.right()
def monochrome1_with_inverse_presentation(folder):
    stack = ct()
    stack.set(PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE")
    return stack.write(folder)


@cases.right(window=["-1000\\5", "nan", "0", "40\\400\\900"])
def window_is_not_applied(folder, window):
    stack = ct()
    stack.put("WindowCenter", window.encode())
    stack.put("WindowWidth", window.encode())
    return stack.write(folder)


@cases.right()
def voi_lut_is_not_applied(folder):
    stack = ct()
    stack.set(VOILUTSequence=Sequence([_lut(np.arange(64)[::-1])]))
    return stack.write(folder)


@cases.warned_or_refused(tag("ModalityLUTSequence") + "|modality LUT|lookup|" + SLOPE)
def modality_lut(folder):
    stack = ct(dtype=np.uint16)
    lut = (np.arange(2048) ** 2 // 64).astype(np.uint16)
    for each in stack:
        stored = (each.hu + 1024).astype(int)
        each.hu = lut[np.minimum(stored, 2047)].astype(float)
        del each.ds.RescaleSlope, each.ds.RescaleIntercept, each.ds.RescaleType
        item = _lut(lut)
        item.ModalityLUTType = "HU"
        each.ds.ModalityLUTSequence = Sequence([item])
    return stack.write(folder)


@cases.warned_or_refused(tag("ModalityLUTSequence") + "|modality LUT|lookup")
def modality_lut_and_slope_at_once(folder):
    stack = ct(dtype=np.uint16)
    item = _lut(np.arange(2048)[::-1])
    item.ModalityLUTType = "HU"
    stack.set(ModalityLUTSequence=Sequence([item]))
    return stack.write(folder) and None


def _lut(values) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(values), 0, 16])
    item.add_new("LUTData", "OW", np.asarray(values, "<u2").tobytes())
    return item


@cases.right()
def mr_without_rescale(folder):
    return ct(modality="MR").write(folder)


@cases.right(value=["US", "absent"])
def mr_with_rescale(folder, value):
    stack = ct(modality="MR")
    stack.set(RescaleSlope="2", RescaleIntercept="5")
    if value == "US":
        stack.set(RescaleType="US")
    for each in stack:
        each.hu = each.hu * 2 + 5
    return stack.write(folder)


@cases.holds()
def mr_is_not_called_hu(folder):
    ct(modality="MR").write(folder)

    def check():
        import calvaria

        volume = calvaria.load_series(folder)
        assert not volume.is_hu

    return check


COLOURS = ["RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "HSV", "ARGB"]


@cases.refused(tag("PhotometricInterpretation", "SamplesPerPixel"), value=COLOURS)
def colour(folder, value):
    stack = ct(dtype=np.uint8)
    stack.set(PhotometricInterpretation=value, SamplesPerPixel=3, PlanarConfiguration=0)
    for each in stack:
        each.ds.PixelData = each.ds.PixelData * 3
        each.ds["PixelData"].VR = "OB"
    return stack.write(folder) and None


@cases.refused(tag("PhotometricInterpretation") + "|palette", length=[256, 0, 1])
def palette(folder, length):
    stack = ct(dtype=np.uint8)
    stack.set(PhotometricInterpretation="PALETTE COLOR")
    for each in stack:
        for colour in ("Red", "Green", "Blue"):
            each.ds.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [length, 0, 16])
            each.ds.add_new(f"{colour}PaletteColorLookupTableData", "OW", bytes(2 * length))
    return stack.write(folder) and None


@cases.right_or_refused(tag("PhotometricInterpretation"), how=["absent", "empty"])
def photometric_interpretation_missing(folder, how):
    stack = ct()
    if how == "absent":
        stack.drop("PhotometricInterpretation")
    else:
        stack.put("PhotometricInterpretation", b"")
    return stack.write(folder)


@cases.right()
def lossy_flag_on_native_pixels(folder):
    stack = ct()
    stack.set(LossyImageCompression="01", LossyImageCompressionRatio="12.5")
    return stack.write(folder)


@cases.warned_or_refused(tag("Modality"), how=["absent", "empty"])
def modality_missing(folder, how):
    stack = ct()
    if how == "absent":
        stack.drop("Modality")
    else:
        stack.put("Modality", b"")
    return stack.write(folder)
