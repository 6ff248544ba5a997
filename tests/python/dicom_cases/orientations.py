"""ImageOrientationPatient: every legal one, and what is not a pair of directions."""

import numpy as np

from .case import Cases, slices, tag
from .stack import AXIAL, CORONAL, OBLIQUE, SAGITTAL, ct, rotated

cases = Cases("orientations")

IOP = tag("ImageOrientationPatient")

LEGAL = {
    "axial": AXIAL,
    "sagittal": SAGITTAL,
    "coronal": CORONAL,
    "oblique": OBLIQUE,
    "double-oblique": rotated(SAGITTAL, x_deg=31, y_deg=-22, z_deg=44),
    "rows-mirrored": (-1, 0, 0, 0, 1, 0),
    "columns-mirrored": (1, 0, 0, 0, -1, 0),
    "prone": (-1, 0, 0, 0, -1, 0),
    "decubitus": (0, -1, 0, 1, 0, 0),
    "transposed": (0, 1, 0, 1, 0, 0),
    "sagittal-mirrored": (0, -1, 0, 0, 0, -1),
    "coronal-upside-down": (1, 0, 0, 0, 0, 1),
}


@cases.right(iop=LEGAL, step={"along": 1.5, "against": -1.5})
def legal(folder, iop, step):
    """A negative step makes the file order run against the normal, as feet-first scans do."""
    return ct(iop=iop, step=step).write(folder)


@cases.right(iop=["axial", "sagittal", "oblique", "rows-mirrored"])
def anisotropic_pixels(folder, iop):
    """PixelSpacing is (between rows, between columns): the trap of the format."""
    return ct(iop=LEGAL[iop], spacing=(1.7, 0.3)).write(folder)


@cases.right(factor={"short": 0.9997, "long": 1.0003})
def almost_unit(folder, factor):
    stack = ct()
    stack.put("ImageOrientationPatient", "\\".join(f"{v * factor:g}" for v in AXIAL).encode())
    return stack.write(folder)


@cases.right()
def almost_orthogonal(folder):
    stack = ct()
    stack.put("ImageOrientationPatient", b"1\\0\\0\\0.0003\\1\\0")
    return stack.write(folder)


@cases.right()
def four_decimals(folder):
    iop = np.round(rotated(AXIAL, x_deg=11.3, y_deg=4.1), 4)
    return ct(iop=iop).write(folder, within_mm=0.012)


BROKEN = {
    "empty": b"",
    "five-values": b"1\\0\\0\\0\\1",
    "seven-values": b"1\\0\\0\\0\\1\\0\\0",
    "nan": b"1\\0\\0\\0\\nan\\0",
    "inf": b"1\\0\\0\\0\\inf\\0",
    "zeros": b"0\\0\\0\\0\\0\\0",
    "one-zero-vector": b"1\\0\\0\\0\\0\\0",
    "parallel": b"1\\0\\0\\1\\0\\0",
    "antiparallel": b"1\\0\\0\\-1\\0\\0",
    "skewed": b"1\\0\\0\\0.05\\0.99875\\0",
    "too-long": b"1.1\\0\\0\\0\\1.1\\0",
    "too-short": b"0.98\\0\\0\\0\\1\\0",
    "text": b"R\\A\\F\\x\\y\\z",
    "comma": b"1,0\\0\\0\\0\\1,0\\0",
    "an-empty-value": b"1\\0\\\\0\\1\\0",
}


@cases.refused(IOP, value=BROKEN)
def broken_everywhere(folder, value):
    stack = ct()
    stack.put("ImageOrientationPatient", value)
    return stack.write(folder) and None


@cases.refused(IOP)
def absent_everywhere(folder):
    stack = ct()
    stack.drop("ImageOrientationPatient")
    return stack.write(folder) and None


@cases.refused(f"{IOP}|{slices(3)}", value=["empty", "nan", "zeros", "five-values"])
def broken_in_one_slice(folder, value):
    stack = ct()
    stack[3].put("ImageOrientationPatient", BROKEN[value])
    return stack.write(folder) and None


@cases.refused(f"{IOP}|{slices(3)}")
def absent_in_one_slice(folder):
    stack = ct()
    stack[3].drop("ImageOrientationPatient")
    return stack.write(folder) and None


@cases.refused(f"{IOP}|{slices(3)}")
def one_slice_mirrored(folder):
    stack = ct()
    stack[3].put("ImageOrientationPatient", b"-1\\0\\0\\0\\1\\0")
    return stack.write(folder) and None


@cases.refused(f"{IOP}|{slices(3)}")
def one_slice_rotated(folder):
    stack = ct()
    stack[3].put("ImageOrientationPatient", b"0\\1\\0\\-1\\0\\0")
    return stack.write(folder) and None


@cases.refused(IOP + "|ImagePosition|retired|0020, ?003[05]")
def only_the_retired_attributes(folder):
    stack = ct()
    stack.drop("ImageOrientationPatient")
    stack.drop("ImagePositionPatient")
    stack.put(0x00200030, b"1\\2\\3", vr="DS")
    stack.put(0x00200035, b"1\\0\\0\\0\\1\\0", vr="DS")
    return stack.write(folder) and None
