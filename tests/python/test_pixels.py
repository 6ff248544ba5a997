"""Pixels of every transfer syntax and bit depth, as pydicom reads them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import CTImageStorage, ExplicitVRBigEndian, ExplicitVRLittleEndian, generate_uid

import calvaria

ROWS, COLUMNS = 33, 47  # odd: segments and strips must be padded


@dataclass(frozen=True, kw_only=True)
class Depth:
    """Bits of a stored sample."""

    allocated: int
    stored: int
    is_signed: bool

    @property
    def dtype(self) -> np.dtype[np.integer]:
        """The cell."""
        return np.dtype(f"{'i' if self.is_signed else 'u'}{self.allocated // 8}")

    def __str__(self) -> str:
        return f"{'s' if self.is_signed else 'u'}{self.stored}in{self.allocated}"


DEPTHS = [
    Depth(allocated=8, stored=8, is_signed=False),
    Depth(allocated=8, stored=8, is_signed=True),
    Depth(allocated=16, stored=12, is_signed=False),
    Depth(allocated=16, stored=12, is_signed=True),
    Depth(allocated=16, stored=16, is_signed=False),
    Depth(allocated=16, stored=16, is_signed=True),
    Depth(allocated=32, stored=32, is_signed=False),
    Depth(allocated=32, stored=32, is_signed=True),
]


def lopsided(depth: Depth, *, reach: float = 1.0) -> npt.NDArray[np.integer]:
    """A texture over the part `reach` of the stored range, its extremes included."""
    lowest = -(2 ** (depth.stored - 1)) if depth.is_signed else 0
    highest = lowest + 2**depth.stored - 1
    lowest, highest = int(lowest * reach), int(highest * reach)
    i, j = np.mgrid[:ROWS, :COLUMNS]
    noise = np.random.default_rng(7).normal(0, 0.01, (ROWS, COLUMNS))
    level = np.clip((2 * i + j) / (2 * ROWS + COLUMNS) + noise, 0, 1)
    values = np.round(lowest + level * (highest - lowest)).astype(np.int64)
    values[:3], values[10:15, 20:30] = lowest, highest
    return values.astype(depth.dtype)


def ct_slice(values: npt.NDArray[np.integer], depth: Depth) -> Dataset:
    """A CT slice of one invented patient, uncompressed, with the identity as rescale."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
    uid = generate_uid(entropy_srcs=["pixels", str(depth)])
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid + ".1", uid + ".2"
    dataset.FrameOfReferenceUID = uid + ".3"
    dataset.PatientName, dataset.PatientID = "INVENTED^NOBODY", "INVENTED"
    dataset.Modality, dataset.InstanceNumber = "CT", 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [-10, -20, 5], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [0.5, 0.4], 1
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, 0, "HU"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = values.shape
    dataset.BitsAllocated, dataset.BitsStored = depth.allocated, depth.stored
    dataset.HighBit, dataset.PixelRepresentation = depth.stored - 1, int(depth.is_signed)
    raw = values.astype(values.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = raw + b"\0" * (len(raw) % 2)
    dataset["PixelData"].VR = "OW" if depth.allocated > 8 else "OB"
    return dataset


def write_compressed(path: Path, *, dataset: Dataset, uid: str, stream: bytes) -> Path:
    """The slice with its pixels replaced by one codestream."""
    dataset.file_meta.TransferSyntaxUID = uid
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path, enforce_file_format=True)
    return path


def loaded(path: Path) -> npt.NDArray[np.generic]:
    """The one slice of the file as calvaria reads it."""
    return np.asarray(calvaria.load_series(path).values[0])


@pytest.mark.parametrize("depth", DEPTHS, ids=str)
def test_native_samples_are_exact(tmp_path: Path, depth: Depth) -> None:
    values = lopsided(depth)
    path = tmp_path / "slice.dcm"
    ct_slice(values, depth).save_as(path, enforce_file_format=True)
    result = loaded(path)
    is_exact = np.array_equal(values.astype(np.int16), values)
    assert result.dtype == (np.int16 if is_exact else np.float32)
    np.testing.assert_array_equal(result, values.astype(result.dtype))


@pytest.mark.parametrize("depth", DEPTHS, ids=str)
def test_big_endian_samples_are_exact(tmp_path: Path, depth: Depth) -> None:
    values = lopsided(depth, reach=0.4)
    dataset = ct_slice(values, depth)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    raw = values.astype(values.dtype.newbyteorder(">")).tobytes()
    dataset.PixelData = raw + b"\0" * (len(raw) % 2)
    path = tmp_path / "slice.dcm"
    pydicom.dcmwrite(path, dataset, little_endian=False, implicit_vr=False, enforce_file_format=True)
    np.testing.assert_array_equal(loaded(path), pydicom.dcmread(path).pixel_array)


def test_8_bit_samples_in_big_endian_words_are_unswapped(tmp_path: Path) -> None:
    depth = Depth(allocated=8, stored=8, is_signed=False)
    values = lopsided(depth)
    dataset = ct_slice(values, depth)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    raw = np.frombuffer(values.tobytes() + b"\0", np.uint16).byteswap().tobytes()
    dataset.PixelData = raw
    dataset["PixelData"].VR = "OW"
    path = tmp_path / "slice.dcm"
    pydicom.dcmwrite(path, dataset, little_endian=False, implicit_vr=False, enforce_file_format=True)
    np.testing.assert_array_equal(loaded(path), values)


@pytest.mark.parametrize("is_signed", [False, True])
def test_bits_above_high_bit_are_ignored(tmp_path: Path, is_signed: bool) -> None:
    depth = Depth(allocated=16, stored=12, is_signed=is_signed)
    values = lopsided(depth)
    dataset = ct_slice(values, depth)
    cells = (values.astype(np.uint16) & 0x0FFF) | (np.arange(values.size).reshape(values.shape) % 16 << 12)
    dataset.PixelData = cells.astype("<u2").tobytes()
    path = tmp_path / "slice.dcm"
    dataset.save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(loaded(path), values)


@pytest.mark.parametrize("depth", DEPTHS, ids=str)
def test_rle_is_exact(tmp_path: Path, depth: Depth) -> None:
    values = lopsided(depth, reach=0.4)
    dataset = ct_slice(values, depth)
    dataset.compress(pydicom.uid.RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    path = tmp_path / "slice.dcm"
    dataset.save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(loaded(path), values.astype(loaded(path).dtype))


def jpeg_lossless(predictor: int) -> Callable[[npt.NDArray[np.integer], int], bytes]:
    """An encoder with the given predictor (1 to 7)."""
    imagecodecs = pytest.importorskip("imagecodecs", reason="no JPEG lossless encoder")
    return lambda cells, bits: bytes(
        imagecodecs.jpeg_encode(cells, lossless=True, predictor=predictor, bitspersample=bits)
    )


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("depth", DEPTHS[:6], ids=str)
def test_jpeg_lossless_is_exact_with_every_predictor(tmp_path: Path, depth: Depth, predictor: int) -> None:
    encode = jpeg_lossless(predictor)
    values = lopsided(depth)
    cells = values.astype(f"u{depth.allocated // 8}") & (2**depth.stored - 1)
    stream = encode(np.ascontiguousarray(cells), depth.stored)
    uid = pydicom.uid.JPEGLossless
    path = write_compressed(tmp_path / "slice.dcm", dataset=ct_slice(values, depth), uid=uid, stream=stream)
    np.testing.assert_array_equal(loaded(path), values.astype(loaded(path).dtype))


@pytest.mark.parametrize("near", [0, 3])
@pytest.mark.parametrize("depth", DEPTHS[:6], ids=str)
def test_jpeg_ls_is_within_its_bound(tmp_path: Path, depth: Depth, near: int) -> None:
    jpeg_ls = pytest.importorskip("jpeg_ls", reason="pyjpegls is not installed")
    values = lopsided(depth)
    if near and depth.is_signed:
        values = np.abs(values // 2)  # the bits of -1 and 0 lie far apart: near-lossless would not stay near
    dataset = ct_slice(values, depth)
    cells = values.astype(f"u{depth.allocated // 8}") & (2**depth.stored - 1)
    stream = bytes(jpeg_ls.encode_array(np.ascontiguousarray(cells), lossy_error=near))
    uid = pydicom.uid.JPEGLSNearLossless if near else pydicom.uid.JPEGLSLossless
    path = write_compressed(tmp_path / "slice.dcm", dataset=dataset, uid=uid, stream=stream)
    assert np.abs(loaded(path).astype(np.int64) - values).max() <= near


@pytest.mark.parametrize("depth", DEPTHS[:6], ids=str)
def test_jpeg_2000_is_exact(tmp_path: Path, depth: Depth) -> None:
    pytest.importorskip("openjpeg", reason="pylibjpeg-openjpeg is not installed")
    values = lopsided(depth)
    dataset = ct_slice(values, depth)
    dataset.compress(pydicom.uid.JPEG2000Lossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
    path = tmp_path / "slice.dcm"
    dataset.save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(loaded(path), values.astype(loaded(path).dtype))


@pytest.mark.parametrize("depth", DEPTHS[:6], ids=str)
@pytest.mark.parametrize("is_stream_signed", [False, True])
def test_the_sign_of_a_jpeg_2000_stream_is_overruled_as_in_pydicom(
    tmp_path: Path, depth: Depth, is_stream_signed: bool
) -> None:
    imagecodecs = pytest.importorskip("imagecodecs", reason="no free JPEG 2000 encoder")
    pytest.importorskip("openjpeg", reason="pylibjpeg-openjpeg is not installed")
    values = lopsided(depth)
    bits, size = depth.stored, depth.allocated // 8
    cells = values.astype(f"u{size}") & (2**bits - 1)
    if is_stream_signed:  # the same bits, read as two's complement
        cells = (cells.astype(np.int64) - (cells >> (bits - 1)).astype(np.int64) * 2**bits).astype(f"i{size}")
    stream = imagecodecs.jpeg2k_encode(cells, codecformat="j2k", reversible=True, bitspersample=bits)
    uid = pydicom.uid.JPEG2000Lossless
    path = write_compressed(tmp_path / "slice.dcm", dataset=ct_slice(values, depth), uid=uid, stream=stream)
    np.testing.assert_array_equal(loaded(path), values.astype(loaded(path).dtype))
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, values)


@pytest.mark.parametrize("depth", DEPTHS[4:6], ids=str)
def test_htj2k_is_exact(tmp_path: Path, depth: Depth) -> None:
    imagecodecs = pytest.importorskip("imagecodecs", reason="no HTJ2K encoder")
    values = lopsided(depth)
    uid, stream = pydicom.uid.HTJ2KLossless, imagecodecs.htj2k_encode(values)
    path = write_compressed(tmp_path / "slice.dcm", dataset=ct_slice(values, depth), uid=uid, stream=stream)
    np.testing.assert_array_equal(loaded(path), values.astype(loaded(path).dtype))


def test_jpeg_baseline_has_the_values_of_libjpeg(tmp_path: Path) -> None:
    imagecodecs = pytest.importorskip("imagecodecs", reason="no JPEG encoder")
    depth = DEPTHS[0]
    values = lopsided(depth)
    stream = imagecodecs.jpeg8_encode(values, level=90)
    uid = pydicom.uid.JPEGBaseline8Bit
    path = write_compressed(tmp_path / "slice.dcm", dataset=ct_slice(values, depth), uid=uid, stream=stream)
    np.testing.assert_array_equal(loaded(path), imagecodecs.jpeg8_decode(stream))


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        ("1.2.840.10008.1.2.4.53", "JPEG Spectral Selection"),
        ("1.2.840.10008.1.2.4.55", "JPEG Full Progression"),
        ("1.2.840.10008.1.2.4.102", "MPEG-4"),
        ("1.2.840.10008.1.2.4.107", "HEVC"),
        ("1.2.826.0.1.3680043.99", "private"),
    ],
)
def test_what_is_not_read_is_refused_by_name(tmp_path: Path, uid: str, name: str) -> None:
    depth = DEPTHS[2]
    dataset = ct_slice(lopsided(depth), depth)
    path = write_compressed(tmp_path / "slice.dcm", dataset=dataset, uid=uid, stream=b"\xff\xd8\xff\xd9")
    with pytest.raises(calvaria.errors.UnsupportedTransferSyntaxError, match=name):
        calvaria.load_series(path)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_truncated_stream_is_an_error_never_half_an_image(tmp_path: Path, part: float) -> None:
    depth = DEPTHS[2]
    values = lopsided(depth)
    dataset = ct_slice(values, depth)
    dataset.compress(pydicom.uid.RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    stream = next(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1))
    stream = stream[: int(len(stream) * part)]
    uid = pydicom.uid.RLELossless
    path = write_compressed(tmp_path / "slice.dcm", dataset=dataset, uid=uid, stream=stream)
    with pytest.raises(calvaria.errors.DicomError):
        calvaria.load_series(path)


LOSSLESS = ["Little", "Big", "Deflated", "RLE", "Process14", "JPEGLSLossless", "JPEG2000LosslessOnly", "CTImage.dcm"]


def test_ten_lossless_transfer_syntaxes_are_one_image(calvaria_data: Path) -> None:
    files = sorted((calvaria_data / "transfer_syntaxes").glob("*.dcm"))
    files = [path for path in files if path.name == "CTImage.dcm" or any(key in path.name for key in LOSSLESS[:-1])]
    assert len(files) == 10
    first = loaded(files[0])
    assert first.shape == (512, 512)
    for path in files[1:]:
        np.testing.assert_array_equal(loaded(path), first, err_msg=path.name)
