"""Pixels of every transfer syntax and bit depth, as pydicom reads them."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
    generate_uid,
)

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

BYTE = DEPTHS[0]


def lopsided(depth: Depth) -> npt.NDArray[np.integer]:
    """A texture over the stored range, its extremes included."""
    lowest = -(2 ** (depth.stored - 1)) if depth.is_signed else 0
    highest = lowest + 2**depth.stored - 1
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
    uids = [
        generate_uid(entropy_srcs=["pixels", str(depth), level])
        for level in ("file", "study", "series", "frame")
    ]
    dataset.SOPInstanceUID, dataset.StudyInstanceUID = uids[:2]
    dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = uids[2:]
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PatientName, dataset.PatientID = "INVENTED^NOBODY", "INVENTED"
    dataset.Modality, dataset.InstanceNumber = "CT", 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ImagePositionPatient = [-10, -20, 5]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
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


def write(path: Path, dataset: Dataset) -> Path:
    """The file, in the byte order of its transfer syntax."""
    is_little = dataset.file_meta.TransferSyntaxUID != ExplicitVRBigEndian
    dataset.preamble = bytes(128)  # private syntaxes are written only without pydicom's checks
    dataset.save_as(path, implicit_vr=False, little_endian=is_little, force_encoding=True)
    return path


def write_stream(path: Path, dataset: Dataset, *, uid: str, stream: bytes) -> Path:
    """The slice with its pixels replaced by one codestream."""
    dataset.file_meta.TransferSyntaxUID = uid
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].VR = "OB"
    return write(path, dataset)


def cells_of(values: npt.NDArray[np.integer], depth: Depth) -> npt.NDArray[np.unsignedinteger]:
    """The stored bits, as codecs without a sign get them."""
    bits = values.astype(f"u{depth.allocated // 8}") & (2**depth.stored - 1)
    return np.ascontiguousarray(bits)


def loaded(path: Path) -> npt.NDArray[np.generic]:
    """The one slice of the file as calvaria reads it."""
    return np.asarray(calvaria.load_series(path).values[0])


def assert_loaded(path: Path, values: npt.NDArray[np.integer]) -> None:
    """int16 where that is exact, else the nearest float32."""
    result = loaded(path)
    is_exact = np.array_equal(values.astype(np.int16), values)
    assert result.dtype == (np.int16 if is_exact else np.float32)
    np.testing.assert_array_equal(result, values.astype(result.dtype))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slice.dcm"


@pytest.mark.parametrize("depth", DEPTHS, ids=str)
def test_native_samples_are_exact(path: Path, depth: Depth) -> None:
    values = lopsided(depth)
    assert_loaded(write(path, ct_slice(values, depth)), values)


@pytest.mark.parametrize("depth", DEPTHS, ids=str)
def test_big_endian_samples_are_exact(path: Path, depth: Depth) -> None:
    values = lopsided(depth)
    dataset = ct_slice(values, depth)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    raw = values.astype(values.dtype.newbyteorder(">")).tobytes()
    dataset.PixelData = raw + b"\0" * (len(raw) % 2)
    assert_loaded(write(path, dataset), values)


def test_8_bit_samples_in_big_endian_words_are_unswapped(path: Path) -> None:
    values = lopsided(BYTE)
    dataset = ct_slice(values, BYTE)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.PixelData = np.frombuffer(values.tobytes() + b"\0", np.uint16).byteswap().tobytes()
    dataset["PixelData"].VR = "OW"
    assert_loaded(write(path, dataset), values)


@pytest.mark.parametrize("depth", DEPTHS[2:4], ids=str)
def test_bits_above_high_bit_are_ignored(path: Path, depth: Depth) -> None:
    values = lopsided(depth)
    dataset = ct_slice(values, depth)
    garbage = np.arange(values.size, dtype=np.uint16).reshape(values.shape) % 16 << 12
    dataset.PixelData = (cells_of(values, depth) | garbage).astype("<u2").tobytes()
    assert_loaded(write(path, dataset), values)


@pytest.mark.parametrize("depth", DEPTHS[:6], ids=str)
def test_rle_is_exact(path: Path, depth: Depth) -> None:
    values = lopsided(depth)
    dataset = ct_slice(values, depth)
    dataset.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    assert_loaded(write(path, dataset), values)


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("depth", DEPTHS[:6], ids=str)
def test_jpeg_lossless_is_exact_with_every_predictor(
    path: Path, depth: Depth, predictor: int
) -> None:
    imagecodecs = pytest.importorskip("imagecodecs", reason="no JPEG lossless encoder")
    values = lopsided(depth)
    stream = imagecodecs.jpeg_encode(
        cells_of(values, depth), lossless=True, predictor=predictor, bitspersample=depth.stored
    )
    write_stream(path, ct_slice(values, depth), uid=JPEGLossless, stream=stream)
    assert_loaded(path, values)


@pytest.mark.parametrize("near", [0, 3])
@pytest.mark.parametrize("depth", DEPTHS[:6], ids=str)
def test_jpeg_ls_is_within_its_bound(path: Path, depth: Depth, near: int) -> None:
    jpeg_ls = pytest.importorskip("jpeg_ls", reason="no JPEG-LS encoder: pyjpegls")
    values = lopsided(depth)
    if near and depth.is_signed:  # the bits of 127 and -128 are neighbours: near would be far
        values = np.abs(values // 2)
    stream = jpeg_ls.encode_pixel_data(
        cells_of(values, depth).tobytes(),
        rows=ROWS,
        columns=COLUMNS,
        samples_per_pixel=1,
        bits_stored=depth.stored,
        lossy_error=near,
        interleave_mode=0,
    )
    uid = JPEGLSNearLossless if near else JPEGLSLossless
    write_stream(path, ct_slice(values, depth), uid=uid, stream=bytes(stream))
    assert np.abs(loaded(path).astype(np.int64) - values).max() <= near


@pytest.mark.parametrize("depth", DEPTHS[:6], ids=str)
def test_jpeg_2000_is_exact(path: Path, depth: Depth) -> None:
    pytest.importorskip("openjpeg", reason="no JPEG 2000 encoder: pylibjpeg-openjpeg")
    values = lopsided(depth)
    dataset = ct_slice(values, depth)
    dataset.compress(JPEG2000Lossless, encoding_plugin="pylibjpeg", generate_instance_uid=False)
    assert_loaded(write(path, dataset), values)


@pytest.mark.parametrize("is_stream_signed", [False, True])
@pytest.mark.parametrize("depth", DEPTHS[:6], ids=str)
def test_the_sign_of_a_jpeg_2000_stream_is_overruled_as_in_pydicom(
    path: Path, depth: Depth, is_stream_signed: bool
) -> None:
    imagecodecs = pytest.importorskip("imagecodecs", reason="no free JPEG 2000 encoder")
    pytest.importorskip("openjpeg", reason="pydicom needs pylibjpeg-openjpeg")
    values, bits = lopsided(depth), depth.stored
    cells = cells_of(values, depth)
    if is_stream_signed:  # the same bits, read as two's complement
        cells = cells.astype(np.int64)
        cells = (cells - (cells >> (bits - 1)) * 2**bits).astype(f"i{depth.allocated // 8}")
    stream = imagecodecs.jpeg2k_encode(
        cells, codecformat="j2k", reversible=True, bitspersample=bits
    )
    write_stream(path, ct_slice(values, depth), uid=JPEG2000Lossless, stream=stream)
    assert_loaded(path, values)
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, values)


@pytest.mark.parametrize("depth", DEPTHS[4:6], ids=str)
def test_htj2k_is_exact(path: Path, depth: Depth) -> None:
    imagecodecs = pytest.importorskip("imagecodecs", reason="no HTJ2K encoder")
    values = lopsided(depth)
    stream = imagecodecs.htj2k_encode(values)
    write_stream(path, ct_slice(values, depth), uid=HTJ2KLossless, stream=stream)
    assert_loaded(path, values)


def test_jpeg_baseline_has_the_values_of_libjpeg(path: Path) -> None:
    imagecodecs = pytest.importorskip("imagecodecs", reason="no JPEG encoder")
    values = lopsided(BYTE)
    stream = imagecodecs.jpeg8_encode(values, level=90)
    write_stream(path, ct_slice(values, BYTE), uid=JPEGBaseline8Bit, stream=stream)
    assert_loaded(path, imagecodecs.jpeg8_decode(stream))


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
def test_what_is_not_read_is_refused_by_name(path: Path, uid: str, name: str) -> None:
    write_stream(path, ct_slice(lopsided(BYTE), BYTE), uid=uid, stream=b"\xff\xd8\xff\xd9")
    with pytest.raises(calvaria.errors.UnsupportedTransferSyntaxError, match=name):
        calvaria.load_series(path)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_truncated_stream_is_an_error_never_half_an_image(path: Path, part: float) -> None:
    dataset = ct_slice(lopsided(BYTE), BYTE)
    dataset.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    stream = next(generate_frames(dataset.PixelData, number_of_frames=1))
    write_stream(path, dataset, uid=RLELossless, stream=stream[: int(len(stream) * part)])
    with pytest.raises(calvaria.errors.DicomError):
        calvaria.load_series(path)


LOSSLESS = "Endian|Deflated|RLE|Process14|JPEGLSLossless|JPEG2000LosslessOnly|CTImage.dcm$"


def test_ten_lossless_transfer_syntaxes_are_one_image(calvaria_data: Path) -> None:
    folder = calvaria_data / "transfer_syntaxes"
    files = sorted(file for file in folder.glob("*.dcm") if re.search(LOSSLESS, file.name))
    assert len(files) == 10
    first = loaded(files[0])
    assert first.shape == (512, 512)
    for file in files[1:]:
        np.testing.assert_array_equal(loaded(file), first, err_msg=file.name)
