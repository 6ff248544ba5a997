"""Masks from other programs: DICOM SEG, TotalSegmentator, and onto the grid of the image."""

import warnings

import numpy as np
import pytest

import calvaria
from calvaria import CalvariaWarning, Grid, Mask, Volume, convert, segment
from calvaria.errors import (
    CalvariaError,
    GeometryError,
    InconsistentSeriesError,
    NotDicomError,
    SegmentationError,
)
from test_segment_binary import blobs, grid_of, mask_of

pydicom = pytest.importorskip("pydicom")
SHAPE = (4, 9, 13)
ROW, COLUMN = np.array([0.8, 0.6, 0.0]), np.array([-0.6, 0.8, 0.0])
STEP = np.array([0.0, 0.0, -1.5])


def seg(labels, *, kind="BINARY", skip_empty=True, shift=None):
    """A minimal SEG object of a label map, frame by frame as the standard has it."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    ds.SOPInstanceUID = "1.2.3"
    ds.Rows, ds.Columns = labels.shape[1:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.SegmentationType = kind
    ds.SegmentSequence = []
    numbers = [int(n) for n in np.unique(labels) if n]
    for n in numbers:
        item = Dataset()
        item.SegmentNumber, item.SegmentLabel = n, f"part {n}"
        ds.SegmentSequence.append(item)
    shared, plane, measures = Dataset(), Dataset(), Dataset()
    plane.ImageOrientationPatient = [*ROW, *COLUMN]
    measures.PixelSpacing, measures.SliceThickness = [0.7, 0.5], 1.5
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [plane], [measures]
    ds.SharedFunctionalGroupsSequence = [shared]
    frames, groups = [], []
    for n in numbers:
        for k in range(len(labels)):
            part = labels[k] == n
            if skip_empty and not part.any():
                continue
            group, place, which = Dataset(), Dataset(), Dataset()
            at = np.array([3.0, -8.0, 40.0]) + k * STEP
            if shift and shift == (n, k):
                at += np.array([0, 0, 0.4])
            place.ImagePositionPatient = at.tolist()
            which.ReferencedSegmentNumber = n
            group.PlanePositionSequence, group.SegmentIdentificationSequence = [place], [which]
            groups.append(group)
            frames.append(part)
    ds.PerFrameFunctionalGroupsSequence = groups
    ds.NumberOfFrames = len(frames)
    stack = np.array(frames)
    if kind == "BINARY":
        ds.BitsAllocated = ds.BitsStored = 1
        ds.HighBit = 0
        data = np.packbits(stack.ravel(), bitorder="little").tobytes()
    else:
        ds.BitsAllocated = ds.BitsStored = 8
        ds.HighBit = 7
        ds.MaximumFractionalValue = 200
        data = np.where(stack, 100, 99).astype(np.uint8).tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    return ds


def labels_of(seed=1):
    labels = np.random.default_rng(seed).integers(0, 4, SHAPE).astype(np.uint8)
    labels[1][labels[1] == 2] = 0  # a slice that the second segment leaves out
    return labels


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_a_seg_comes_back_in_its_place(kind):
    labels = labels_of()
    made = convert.mask_from_dicom_seg(seg(labels, kind=kind))
    # The slices run down, the grid runs along the normal of its planes: up.
    np.testing.assert_array_equal(made.values, labels[::-1])
    assert made.names == {1: "part 1", 2: "part 2", 3: "part 3"}
    place = made.grid.lps_mm_from_ijk([[2, 3, 3]])[0]
    np.testing.assert_allclose(
        place, np.array([3.0, -8.0, 40.0]) + 2 * 0.5 * ROW + 3 * 0.7 * COLUMN, atol=1e-9
    )
    one = convert.mask_from_dicom_seg(seg(labels, kind=kind), segment="part 2")
    np.testing.assert_array_equal(one.values, (labels == 2)[::-1])
    assert one.values.dtype == np.bool_


def test_a_seg_file_is_a_mask(tmp_path):
    labels = labels_of()
    path = tmp_path / "parts.dcm"
    seg(labels).save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(calvaria.load_mask(path).values, labels[::-1])
    with pytest.raises(CalvariaError, match="load_series"):
        calvaria.load_image(path)
    path.write_bytes(b"nonsense")
    with pytest.raises(NotDicomError):
        calvaria.load_mask(path)


def test_an_odd_seg_is_refused_with_its_reason():
    with pytest.raises(InconsistentSeriesError, match="regular stack"):
        convert.mask_from_dicom_seg(seg(labels_of(), shift=(1, 2)))
    with pytest.raises(SegmentationError, match="part 9"):
        convert.mask_from_dicom_seg(seg(labels_of()), segment="part 9")
    other = seg(labels_of())
    other.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    with pytest.raises(NotDicomError, match="CT Image Storage"):
        convert.mask_from_dicom_seg(other)
    twice = seg(labels_of())
    for group in twice.PerFrameFunctionalGroupsSequence:
        group.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 1
    first = twice.PerFrameFunctionalGroupsSequence[0].SegmentIdentificationSequence[0]
    first.ReferencedSegmentNumber = 2
    same = seg(np.ones(SHAPE, np.uint8))
    extra = seg(np.full(SHAPE, 2, np.uint8))
    same.SegmentSequence.append(extra.SegmentSequence[0])
    same.PerFrameFunctionalGroupsSequence.extend(extra.PerFrameFunctionalGroupsSequence)
    same.NumberOfFrames = 2 * SHAPE[0]
    bits = np.ones(2 * np.prod(SHAPE), np.uint8)
    data = np.packbits(bits, bitorder="little").tobytes()
    same.PixelData = data + b"\0" * (len(data) % 2)
    with pytest.raises(SegmentationError, match="overlap"):
        convert.mask_from_dicom_seg(same)
    assert convert.mask_from_dicom_seg(same, segment=2).n_voxels == np.prod(SHAPE)


def test_a_real_seg_agrees_with_its_nrrd_and_its_ct(calvaria_data):
    folder = calvaria_data / "dicom_seg"
    volume = calvaria.load_series(calvaria.find_series(folder / "ct-3slice")[0])
    ours = calvaria.load_mask(folder / "liver.dcm", image=volume)
    theirs = calvaria.load_mask(folder / "liver_seg.nrrd")
    on = segment.resample_mask(ours, grid=volume.grid)
    again = segment.resample_mask(theirs, grid=volume.grid)
    assert ours.names == {1: "Liver"}
    assert on.n_voxels == ours.n_voxels > 1000
    np.testing.assert_array_equal(on.values != 0, again.values != 0)
    # It is the liver that it lies on.
    inside = volume.values[on.values != 0]
    assert 20 < np.median(inside) < 200


def test_a_folder_of_masks_becomes_labels(tmp_path):
    pytest.importorskip("nibabel")
    masks = {"skull": blobs((6, 7, 8), seed=1), "mandible": blobs((6, 7, 8), seed=2)}
    for name, values in masks.items():
        mask = mask_of(values.astype(np.uint8), (0.5, 0.6, 0.7))
        convert.to_nibabel(mask).to_filename(tmp_path / f"{name}.nii.gz")
    made = calvaria.load_total_segmentator(tmp_path)
    assert made.names == {1: "mandible", 2: "skull"}
    np.testing.assert_array_equal(segment.pick(made, label="skull").values, masks["skull"])
    only = calvaria.load_total_segmentator(tmp_path, names=["mandible"])
    np.testing.assert_array_equal(only.values != 0, masks["mandible"])
    with pytest.raises(CalvariaError, match="femur"):
        calvaria.load_total_segmentator(tmp_path, names=["femur"])
    fine = Volume(
        values=np.zeros((12, 14, 16), np.int16), grid=grid_of((12, 14, 16), (0.25, 0.3, 0.35))
    )
    with pytest.warns(CalvariaWarning, match="coarser"):
        calvaria.load_total_segmentator(tmp_path, image=fine)
    odd = mask_of(masks["skull"].astype(np.uint8), (0.5, 0.6, 0.8))
    convert.to_nibabel(odd).to_filename(tmp_path / "odd.nii.gz")
    with pytest.raises(GeometryError, match="odd"):
        calvaria.load_total_segmentator(tmp_path)


def test_a_model_output_is_read_with_its_image(calvaria_data):
    folder = calvaria_data / "torso_3mm"
    image = calvaria.load_image(folder / "example_ct.nii.gz", quantity="HU")
    with warnings.catch_warnings():
        warnings.simplefilter("error", CalvariaWarning)
        labels = calvaria.load_total_segmentator(folder / "example_seg.nii.gz")
    assert labels.values.max() > 5
    assert image.grid.dims_ijk != labels.grid.dims_ijk or image.grid.is_close(
        labels.grid, tolerance_mm=0.1
    )


def test_a_mask_on_another_grid_is_where_it_was():
    ball_grid = grid_of((30, 40, 50), (0.5, 0.6, 0.8))
    index = np.stack(np.indices(ball_grid.shape_kji)[::-1], axis=-1).reshape(-1, 3)
    centre = np.array([-19.0, 23.0, 15.0])
    away = np.linalg.norm(ball_grid.lps_mm_from_ijk(index) - centre, axis=1)
    ball = Mask(values=(away < 8).reshape(ball_grid.shape_kji), grid=ball_grid, names={1: "ball"})
    turn = np.eye(4)
    turn[:3, :3] = np.array([[0, -1, 0], [1, 0, 0], [0, 0, -1]]) * [0.7, 0.7, 0.9]
    turn[:3, 3] = [0.0, 5.0, 30.0]
    target = Grid(dims_ijk=(60, 60, 40), lps_from_ijk=turn)
    index = np.stack(np.indices(target.shape_kji)[::-1], axis=-1).reshape(-1, 3)
    expected = (np.linalg.norm(target.lps_mm_from_ijk(index) - centre, axis=1) < 8).reshape(
        target.shape_kji
    )
    for is_smooth in (False, True):
        made = segment.resample_mask(ball, grid=target, is_smooth=is_smooth)
        overlap = (made.values & expected).sum() * 2 / (made.values.sum() + expected.sum())
        assert overlap > 0.97
        assert made.names == {1: "ball"}
    labels = segment.resample_mask(
        mask_of(np.arange(24, dtype=np.uint8).reshape(2, 3, 4)), grid=grid_of((2, 3, 4))
    )
    assert labels.values.ravel().tolist() == list(range(24))


def test_a_coarse_mask_is_named_and_a_far_one_refused():
    coarse = mask_of(np.ones((4, 4, 4), bool), (1.5, 1.5, 1.5))
    with pytest.warns(CalvariaWarning, match="1.5 mm along i against 0.3 mm"):
        segment.resample_mask(coarse, grid=grid_of((20, 20, 20), (0.3, 0.3, 0.3)))
    far = np.eye(4)
    far[:3, 3] = 500.0
    with pytest.raises(GeometryError, match="elsewhere"):
        segment.resample_mask(coarse, grid=Grid(dims_ijk=(4, 4, 4), lps_from_ijk=far))
    two = mask_of(np.arange(8, dtype=np.uint8).reshape(2, 2, 2))
    with pytest.raises(ValueError, match="one structure"):
        segment.resample_mask(two, grid=grid_of((2, 2, 3)), is_smooth=True)
