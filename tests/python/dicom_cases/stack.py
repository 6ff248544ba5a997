"""Small CT and MR stacks with a known value at every known place."""

import copy
import io
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom import config
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
)

from . import raw

# Broken values are the point here, so pydicom must write what it is given.
config.settings.writing_validation_mode = config.IGNORE
config.settings.reading_validation_mode = config.IGNORE

ROOT = "1.2.826.0.1.3680043.8.498.7707"
CANARY = "KANARI"
BIRTH_DATE = "18760203"
CANARIES = (CANARY, BIRTH_DATE)

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
PLACED = (  # what a screen shot lacks
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "FrameOfReferenceUID",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
)


def rotated(iop, *, x_deg=0.0, y_deg=0.0, z_deg=0.0):
    """Turn an orientation about the patient's axes; 12 digits, so that it survives as text."""
    turns = []
    for axis, angle in enumerate((x_deg, y_deg, z_deg)):
        c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        a, b = [(1, 2), (2, 0), (0, 1)][axis]
        turn = np.eye(3)
        turn[a, a], turn[a, b], turn[b, a], turn[b, b] = c, -s, s, c
        turns.append(turn)
    matrix = turns[2] @ turns[1] @ turns[0]
    return tuple(float(v) for v in np.concatenate([matrix @ iop[:3], matrix @ iop[3:]]))


OBLIQUE = rotated(AXIAL, x_deg=17.0, y_deg=-9.0, z_deg=6.0)


@dataclass
class Truth:
    """The value at each of n places, and what to give to the loader when it is not the folder."""

    points_lps_mm: np.ndarray
    values: np.ndarray
    path: Path | None = None
    within_mm: float = 0.01
    atol: float = 0.0
    is_air: np.ndarray | None = None

    def fault(self, values, lps_from_ijk) -> str:
        """Return how a volume differs from the truth; empty when it does not."""
        if values.size != len(self.values):
            return f"{values.size} voxels instead of {len(self.values)}"
        ijk = (self.points_lps_mm - lps_from_ijk[:3, 3]) @ np.linalg.inv(lps_from_ijk[:3, :3]).T
        index = np.rint(ijk)
        off_mm = np.linalg.norm((ijk - index) @ lps_from_ijk[:3, :3].T, axis=1).max()
        if not off_mm <= self.within_mm:
            return f"voxels lie up to {off_mm:.4g} mm away"
        i, j, k = index.astype(int).T
        if (index < 0).any() or (index >= values.shape[::-1]).any():
            return "voxels outside of the array"
        found = values[k, j, i].astype(float)
        air = np.zeros(len(found), bool) if self.is_air is None else self.is_air
        if not ((found[air] <= -900) & (found[air] >= -1100)).all():
            return "padding did not become air"
        error = np.abs(found - self.values)[~air]
        allowed = self.atol + 2e-7 * np.abs(self.values)[~air] * (values.dtype.kind == "f")
        if not (error <= allowed).all():
            return f"values differ by up to {error.max()}"
        return ""

    def at(self, path: Path) -> "Truth":
        """Say which path the loader gets."""
        self.path = path
        return self


@dataclass
class Slice:
    """One file of a stack: what is in it, and what is true about it."""

    ds: Dataset
    hu: np.ndarray
    name: str
    position: np.ndarray
    orientation: np.ndarray
    spacing: tuple[float, float]  # between rows, between columns
    syntax: str = ExplicitVRLittleEndian
    edits: list[Callable[[bytes], bytes]] = field(default_factory=list)

    def put(self, keyword: str | int, value: bytes, *, vr: str | None = None, length=None):
        """Replace or insert an element; an odd value is padded unless a length is given."""
        vr = vr or raw.dictionary_VR(raw.as_tag(keyword))
        if length is None and len(value) % 2:
            value += b"\0" if vr in {"UI", "OB", "UN"} else b" "
        new = raw.element(keyword, value, vr=vr, length=length)
        self.edit(lambda data: raw.replace(data, keyword, new))

    def drop(self, keyword: str | int) -> None:
        """Leave an element out."""
        self.edit(lambda data: raw.replace(data, keyword, b""))

    def edit(self, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of the file as the last step."""
        self.edits.append(change)

    def points_lps_mm(self) -> np.ndarray:
        """Return the centre of every pixel, row by row."""
        rows, columns = np.indices(self.hu.shape)
        along_row, along_column = self.orientation[:3], self.orientation[3:]
        return (
            self.position
            + columns.reshape(-1, 1) * self.spacing[1] * along_row
            + rows.reshape(-1, 1) * self.spacing[0] * along_column
        )

    def to_bytes(self) -> bytes:
        """Return the file."""
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = self.ds.SOPClassUID
        meta.MediaStorageSOPInstanceUID = self.ds.SOPInstanceUID
        meta.TransferSyntaxUID = self.syntax
        meta.ImplementationClassUID = ROOT + ".9"
        self.ds.file_meta = meta
        self.ds.preamble = b"\0" * 128
        buffer = io.BytesIO()
        private = not UID(self.syntax).is_transfer_syntax
        encoding = {"implicit_vr": False, "little_endian": True} if private else {}
        self.ds.save_as(buffer, enforce_file_format=True, **encoding)
        data = buffer.getvalue()
        for change in self.edits:
            data = change(data)
        return data

    def set_stored(self, stored: np.ndarray, *, vr: str = "OW") -> None:
        """Store these integers as native pixel data in the byte order of the transfer syntax."""
        order = ">" if self.syntax == ExplicitVRBigEndian else "<"
        data = stored.astype(stored.dtype.newbyteorder(order)).tobytes()
        self.ds.PixelData = data + b"\0" * (len(data) % 2)
        self.ds["PixelData"].VR = "OB" if stored.itemsize == 1 else vr

    def set_encapsulated(self, frames: list[bytes], syntax: str, **options) -> None:
        """Store these codestreams, one per frame."""
        self.syntax = syntax
        self.ds.PixelData = encapsulate(frames, **options)
        self.ds["PixelData"].is_undefined_length = True
        self.ds["PixelData"].VR = "OB"


class Stack(list):
    """Slices in space order, lowest first along the normal."""

    def put(self, keyword: str | int, value: bytes, **options) -> None:
        """Replace an element in every file."""
        for each in self:
            each.put(keyword, value, **options)

    def drop(self, keyword: str | int) -> None:
        """Leave an element out of every file."""
        for each in self:
            each.drop(keyword)

    def edit(self, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of every file."""
        for each in self:
            each.edit(change)

    def set(self, **attributes) -> None:
        """Set attributes of every data set."""
        for each in self:
            for keyword, value in attributes.items():
                setattr(each.ds, keyword, value)

    def truth(self, **options) -> Truth:
        """Return what a loader should find."""
        points = np.concatenate([each.points_lps_mm() for each in self])
        values = np.concatenate([each.hu.ravel() for each in self])
        return Truth(points, values, **options)

    def write(self, folder: Path, **options) -> Truth:
        """Write every file and return the truth."""
        for each in self:
            path = folder / each.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(each.to_bytes())
        return self.truth(**options)


def uid(*numbers: int) -> str:
    """Return an invented identifier."""
    return ".".join([ROOT, *map(str, numbers)])


def text(value: float) -> str:
    """Return a number as a decimal string of at most 16 characters with all the digits it can."""
    for digits in range(17, 5, -1):
        found = f"{value:.{digits}g}"
        if len(found) <= 16:
            return found
    return found


def _header(*, modality: str, study: int, series: int, k: int) -> Dataset:
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID = CTImageStorage if modality == "CT" else MRImageStorage
    ds.SOPInstanceUID = uid(study, series, 1, k + 1)
    ds.StudyDate, ds.StudyTime = "20240102", "101500"
    ds.AccessionNumber = f"{CANARY}7A"
    ds.Modality = modality
    ds.Manufacturer = "Invented"
    ds.InstitutionName = f"{CANARY} HOSPITAL"
    ds.ReferringPhysicianName = f"{CANARY}^REFERRER"
    ds.SeriesDescription = "test stack"
    ds.PatientName = f"{CANARY}^NAME"
    ds.PatientID = f"{CANARY}-ID"
    ds.PatientBirthDate = BIRTH_DATE
    ds.PatientSex = "O"
    ds.SliceThickness = "1.5"
    ds.PatientPosition = "HFS"
    ds.StudyInstanceUID = uid(study)
    ds.SeriesInstanceUID = uid(study, series)
    ds.StudyID = f"{CANARY}9"
    ds.SeriesNumber = series
    ds.AcquisitionNumber = 1
    ds.InstanceNumber = k + 1
    ds.FrameOfReferenceUID = uid(study, 0)
    ds.PositionReferenceIndicator = ""
    return ds


def ct(
    n: int = 6,
    *,
    rows: int = 16,
    columns: int = 20,
    iop: Iterable[float] = AXIAL,
    origin: Iterable[float] = (-33.1, 12.7, 101.3),
    spacing: tuple[float, float] = (0.7, 0.5),
    step: float | Iterable[float] = 1.5,
    dtype: type = np.int16,
    bits_stored: int | None = None,
    slope: float = 1.0,
    intercept: float = -1024.0,
    syntax: str = ExplicitVRLittleEndian,
    modality: str = "CT",
    study: int = 1,
    series: int = 3,
    first: int = 0,
) -> Stack:
    """Return a lopsided stack: the stored value counts the pixels, so no two are equal.

    ``step`` is the distance along the normal in mm, or the whole vector from slice to slice.
    """
    iop = np.array(list(iop), float)
    normal = np.cross(iop[:3], iop[3:])
    step_vector = step * normal if np.isscalar(step) else np.array(list(step), float)
    stack = Stack()
    for k in range(n):
        stored = stored_values(k, rows, columns, dtype, bits_stored)
        position = np.array(list(origin), float) + k * step_vector
        ds = _header(modality=modality, study=study, series=series, k=first + k)
        set_geometry(ds, position=position, iop=iop, spacing=spacing)
        set_pixel_format(ds, stored, bits_stored)
        hu = stored.astype(float)
        if modality == "CT":
            ds.RescaleIntercept, ds.RescaleSlope = text(intercept), text(slope)
            ds.RescaleType = "HU"
            hu = hu * slope + intercept
        made = Slice(ds, hu, f"IM{first + k:04d}.dcm", position, iop, spacing, syntax)
        made.set_stored(stored)
        stack.append(made)
    return stack


def stored_values(k: int, rows: int, columns: int, dtype: type, bits_stored: int | None = None):
    """Return the stored pixels of slice k: a count, kept within the bits; half of it below zero."""
    info = np.iinfo(dtype)
    bits = bits_stored or info.bits
    count = np.arange(rows * columns).reshape(rows, columns) + k * rows * columns
    if info.bits == 8:
        count = count * 7 + k  # 7 and 256 share no factor, so neighbours differ
    if bits > 16:
        count = count * 37  # beyond 16 bits
    count = count % (1 << bits)
    if info.min < 0:
        count = count - (200 if bits > 8 else 0)
        count = (count + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))
    return count.astype(dtype)


def set_geometry(ds: Dataset, *, position, iop, spacing) -> None:
    """Write the three attributes that place a plane."""
    ds.ImagePositionPatient = [text(v) for v in position]
    ds.ImageOrientationPatient = [text(v) for v in iop]
    ds.PixelSpacing = [text(v) for v in spacing]


def set_pixel_format(ds: Dataset, stored: np.ndarray, bits_stored: int | None = None) -> None:
    """Write the attributes that describe the pixels."""
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = stored.shape
    ds.BitsAllocated = stored.itemsize * 8
    ds.BitsStored = bits_stored or ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(stored.dtype.kind == "i")


def localizer(*, study: int = 1, series: int = 1) -> Slice:
    """Return a scout view: coronal, one image, its own series."""
    (scout,) = ct(
        1, rows=24, columns=24, iop=CORONAL, origin=(-40, 0, 140), spacing=(2, 2), series=series
    )
    scout.ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    scout.name = "SCOUT.dcm"
    return scout


def secondary_capture(*, series: int = 900) -> Slice:
    """Return a screen shot: RGB, without a place in space."""
    (shot,) = ct(1, rows=8, columns=10, series=series)
    ds = shot.ds
    for keyword in PLACED:
        del ds[keyword]
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.Modality = "OT"
    ds.SamplesPerPixel, ds.PlanarConfiguration = 3, 0
    ds.PhotometricInterpretation = "RGB"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = bytes(range(240))
    ds["PixelData"].VR = "OB"
    shot.name = "SHOT.dcm"
    return shot


def copy_of(each: Slice) -> Slice:
    """Return an independent copy."""
    return copy.deepcopy(each)


NATIVE = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big-endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
