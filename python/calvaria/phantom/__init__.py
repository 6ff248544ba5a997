"""Truth on demand: bodies known on paper, a scanner that images them, and a DICOM writer.

A phantom lives in LPS millimetres and can be asked for the signed distance to any of its
structures and for the HU at any point.  :class:`Scanner` says how it is imaged;
:func:`scan` gives a :class:`calvaria.Volume`, :func:`write_study` a folder of DICOM files.

Examples
--------
>>> from calvaria import phantom
>>> ball = phantom.sphere(radius_mm=20.0)
>>> scanner = phantom.Scanner(columns=48, rows=48, spacing_xy_mm=(1.0, 1.0))
>>> phantom.scan(ball, scanner=scanner)
Volume(48 x 48 x 60 int16 HU, 1 x 1 x 0.8 mm)
"""

from calvaria.phantom.body import Phantom, bar, cylinder, head, rods, sphere
from calvaria.phantom.scanner import Scanner, scan
from calvaria.phantom.study import CANARIES, write_study

__all__ = [
    "CANARIES",
    "Phantom",
    "Scanner",
    "bar",
    "cylinder",
    "head",
    "rods",
    "scan",
    "sphere",
    "write_study",
]


def __dir__() -> list[str]:
    return sorted(__all__)
