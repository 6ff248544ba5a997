"""Odd images and odd numbers through every function: the right result or an error that says what was expected."""

import math

import numpy as np
import pytest

from calvaria import Grid, Mask, Volume, segment
from calvaria.errors import CalvariaError, SegmentationError
from test_segment_binary import blobs, grid_of, mask_of

SPACING = (0.7, 0.5, 1.2)
SHAPES = ((1, 1, 1), (1, 5, 7), (6, 1, 9), (5, 8, 1), (3, 1, 1), (7, 9, 70))
NUMBERS = (-1.0, 0.0, math.nan, math.inf, -math.inf, 1e6, 1e300, 1e-300, "x", None)
COUNTS = (-1, 0, 2.5, math.nan, math.inf, 10**9, 10**30, "x", None)


def volume_of(values, spacing=SPACING):
    return Volume(values=values, grid=grid_of(values.shape, spacing))


def seeds_of(volume):
    values = np.zeros(volume.values.shape, np.uint8)
    values[0, 0, 0] = 1
    values[-1, -1, -1] = 2
    return Mask(values=values, grid=volume.grid)


def first_of(image):
    return image.grid.lps_mm_from_ijk([(0, 0, 0)])


# A function of the mask and a number, by the argument that takes it.
OF_LENGTH = {
    "radius_mm": [
        lambda m, n: segment.dilate(m, radius_mm=n) if n is not None else None,
        lambda m, n: segment.closing(m, radius_mm=n) if n is not None else None,
        lambda m, n: segment.cut_sphere(m, centre_lps_mm=(0, 0, 0), radius_mm=n),
        lambda m, n: segment.cut_cylinder(
            m, start_lps_mm=(0, 0, 0), end_lps_mm=(1, 1, 1), radius_mm=n
        ),
    ],
    "by_mm": [lambda m, n: segment.margin(m, by_mm=n)],
    "shell_mm": [lambda m, n: segment.hollow(m, shell_mm=n)],
    "min_part_mm3": [lambda m, n: segment.remove_small(m, min_part_mm3=n)],
    "max_mm3": [lambda m, n: segment.fill_holes(m, max_mm3=n)],
    "margin_mm": [lambda m, n: segment.crop_to_mask(m, mask=m, margin_mm=n)],
    "neck_mm": [lambda m, n: segment.split_touching(m, neck_mm=n)],
    "min_core_mm3": [lambda m, n: segment.split_touching(m, neck_mm=2.0, min_core_mm3=n)],
    "centre_lps_mm": [lambda m, n: segment.cut_sphere(m, centre_lps_mm=(n, 0, 0), radius_mm=3)],
    "size_mm": [lambda m, n: segment.cut_box(m, centre_lps_mm=(0, 0, 0), size_mm=(n, 1, 1))],
    "normal_lps": [lambda m, n: segment.cut_plane(m, point_lps_mm=(0, 0, 0), normal_lps=(n, 0, 0))],
    "corners_lps_mm": [
        lambda m, n: segment.cut_polygon(
            m, corners_lps_mm=[(0, 0, 0), (n, 0, 0), (0, 9, 0)], view_lps=(0, 0, 1)
        )
    ],
    "depth_mm": [
        lambda m, n: segment.cut_polygon(
            m, corners_lps_mm=[(0, 0, 0), (3, 0, 0), (0, 9, 0)], view_lps=(0, 0, 1), depth_mm=(0, n)
        )
    ],
    "high_ijk": [lambda m, n: segment.crop(m, low_ijk=(0, 0, 0), high_ijk=(n, 0, 0))],
    "seeds_lps_mm": [lambda m, n: segment.keep_connected(m, seeds_lps_mm=[(n, 0, 0)])],
}
OF_COUNT = {
    "n_voxels": [
        lambda m, n: segment.dilate(m, n_voxels=n) if n is not None else None,
        lambda m, n: segment.opening(m, n_voxels=n) if n is not None else None,
    ],
    "connectivity": [
        lambda m, n: segment.erode(m, n_voxels=1, connectivity=n),
        lambda m, n: segment.find_parts(m, connectivity=n),
        lambda m, n: segment.remove_small(m, min_part_mm3=1, connectivity=n),
        lambda m, n: segment.keep_connected(m, seeds=m, connectivity=n),
    ],
    "n": [lambda m, n: segment.keep_largest(m, n=n)],
    "label": [lambda m, n: segment.pick(m, label=n)],
    "axis": [lambda m, n: segment.fill_between_slices(m, axis=n)],
    "by_slice": [lambda m, n: segment.fill_holes(m, by_slice=n)],
}
VOLUME_LENGTH = {
    "sigma_mm": [
        lambda v, n: segment.gaussian(v, sigma_mm=n),
        lambda v, n: segment.smooth_within_edges(v, sigma_mm=n, contrast_hu=100),
    ],
    "contrast_hu": [lambda v, n: segment.smooth_within_edges(v, sigma_mm=1, contrast_hu=n)],
    "lower_hu": [
        lambda v, n: segment.threshold(v, lower_hu=n),
        lambda v, n: segment.grow_region(v, seeds_lps_mm=first_of(v), lower_hu=n),
        lambda v, n: segment.hysteresis(v, lower_hu=n, upper_hu=1e7),
    ],
    "seeds_lps_mm": [lambda v, n: segment.grow_region(v, seeds_lps_mm=[(n, 0, 0)], lower_hu=0)],
    "n_sigma": [lambda v, n: segment.grow_confident(v, seeds_lps_mm=first_of(v), n_sigma=n)],
    "per_mm": [lambda v, n: segment.grow_from_seeds(v, seeds=seeds_of(v), per_mm=n)],
}
VOLUME_COUNT = {
    "n_rounds": [lambda v, n: segment.grow_confident(v, seeds_lps_mm=first_of(v), n_rounds=n)],
    "radius_voxels": [
        lambda v, n: segment.grow_confident(v, seeds_lps_mm=first_of(v), radius_voxels=n)
    ],
    "n_classes": [lambda v, n: segment.multi_otsu_levels(v, n_classes=n)],
    "n_bins": [
        lambda v, n: segment.multi_otsu_levels(v, n_classes=2, n_bins=n),
        lambda v, n: segment.automatic_level(v, n_bins=n),
    ],
    "method": [lambda v, n: segment.automatic_level(v, method=n)],
}
PLAIN = [
    segment.median,
    segment.automatic_level,
    segment.bone,
    segment.calvaria,
    segment.skull,
    segment.mandible,
    segment.teeth,
    segment.vertebrae,
    segment.metal,
    segment.patient,
    segment.remove_table,
    segment.skin,
    segment.airway,
    segment.bone_level,
    segment.soft_tissue_hu,
    lambda v: segment.watershed(v, markers=seeds_of(v), within=seeds_of(v)),
]
OF_MASK = [
    segment.distance_map,
    lambda m: segment.distance_map(m, is_signed=True),
    segment.fill_holes,
    segment.keep_largest,
    segment.fill_between_slices,
    segment.invert,
    lambda m: segment.label_map(a=m, b=m),
    lambda m: segment.resample_mask(m, grid=grid_of((2, 3, 4), SPACING)),
]


def told(job, *names):
    """Run it: anything but an error that says what was expected and what was found passes through."""
    try:
        return job()
    except (CalvariaError, ValueError, TypeError) as error:
        text = str(error)
        assert "expected" in text, text
        assert "found" in text, text
        assert not names or any(name in text for name in names), (names, text)
        return None


def masks():
    rng = np.random.default_rng(1)
    for shape in SHAPES:
        yield mask_of(rng.random(shape) < 0.5, SPACING)
        yield mask_of(np.ones(shape, bool), SPACING)
        yield mask_of(np.zeros(shape, bool), SPACING)
    yield mask_of((rng.random((7, 9, 20)) * 4).astype(np.uint16), SPACING)


def volumes():
    rng = np.random.default_rng(2)
    for shape in SHAPES:
        yield volume_of((rng.normal(size=shape) * 500).astype(np.int16))
    shape = (7, 9, 20)
    noise = (rng.normal(size=shape) * 500).astype(np.float32)
    yield volume_of(np.full(shape, np.nan, np.float32))
    yield volume_of(np.where(rng.random(shape) < 0.2, np.float32(np.nan), noise))
    yield volume_of(np.where(rng.random(shape) < 0.2, np.float32(np.inf), noise))
    yield volume_of(np.full(shape, 40, np.int16))
    yield volume_of(np.full(shape, 1400, np.int16))
    yield volume_of(np.where(rng.random(shape) < 0.5, 32767, -32768).astype(np.int16))
    yield volume_of(noise * np.float32(1e35))


@pytest.mark.filterwarnings("ignore:the mask is coarser", "error::RuntimeWarning")
def test_odd_masks_and_numbers_are_answered_or_named():
    for mask in masks():
        for job in OF_MASK:
            told(lambda job=job, mask=mask: job(mask))
        for jobs, numbers in ((OF_LENGTH, NUMBERS), (OF_COUNT, COUNTS)):
            for name, number in ((name, n) for name in jobs for n in numbers):
                for job in jobs[name]:
                    # An empty mask is told as well.
                    told(lambda j=job, m=mask, n=number: j(m, n), name, "mask", "voxel")


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_odd_images_and_numbers_are_answered_or_named():
    for volume in volumes():
        for job in PLAIN:
            told(lambda job=job, volume=volume: job(volume))
        for jobs, numbers in ((VOLUME_LENGTH, NUMBERS), (VOLUME_COUNT, COUNTS)):
            for name, number in ((name, n) for name in jobs for n in numbers):
                for job in jobs[name]:
                    told(lambda j=job, v=volume, n=number: j(v, n), name, "volume", "_hu")


def test_a_ball_larger_than_the_image_is_all_of_it():
    for shape in SHAPES:
        values = np.zeros(shape, bool)
        values[-1, -1, -1] = True
        for radius_mm in (1e3, 1e6, 1e300):
            assert segment.dilate(mask_of(values, SPACING), radius_mm=radius_mm).values.all()
            shrunk = segment.erode(mask_of(~values, SPACING), radius_mm=radius_mm)
            assert not shrunk.values.any()
        assert segment.dilate(mask_of(values), n_voxels=10**30).values.all()
        assert segment.dilate(mask_of(values, SPACING, shear=0.4), radius_mm=1e6).values.all()


def test_a_gaussian_wider_than_the_image_still_is_scipys():
    ndimage = pytest.importorskip("scipy.ndimage")
    values = np.random.default_rng(4).normal(size=(4, 1, 11)).astype(np.float32) * 100
    for sigma_mm in (5.0, 60.0, 900.0):
        made = segment.gaussian(volume_of(values), sigma_mm=sigma_mm).values
        sigmas = [sigma_mm / step for step in SPACING[::-1]]
        expected = ndimage.gaussian_filter(values.astype(np.float64), sigmas, mode="nearest")
        np.testing.assert_allclose(made, expected, rtol=0, atol=2e-3)


def test_layout_and_handedness_of_an_array_change_nothing():
    base = blobs((14, 18, 40), seed=3)
    plain = np.ascontiguousarray(base[::2, ::2, ::2])
    grey = (np.random.default_rng(3).normal(size=base.shape) * 500).astype(np.int16)
    even = np.ascontiguousarray(grey[::2, ::2, ::2])
    left = Grid(dims_ijk=plain.shape[::-1], lps_from_ijk=np.diag([-SPACING[0], *SPACING[1:], 1.0]))
    jobs = [
        lambda m: segment.distance_map(m, is_signed=True),
        lambda m: segment.dilate(m, radius_mm=1.3),
        segment.fill_holes,
        lambda m: segment.find_parts(m).mask,
        lambda m: segment.split_touching(m, neck_mm=2.0),
    ]
    for job in jobs:
        expected = job(mask_of(plain, SPACING)).values
        for values in (base[::2, ::2, ::2], np.asfortranarray(plain), plain[::-1][::-1]):
            np.testing.assert_array_equal(job(mask_of(values, SPACING)).values, expected)
        np.testing.assert_array_equal(job(Mask(values=plain, grid=left)).values, expected)
    for job in (segment.median, lambda v: segment.gaussian(v, sigma_mm=1.0)):
        expected = job(volume_of(even)).values
        for values in (grey[::2, ::2, ::2], np.asfortranarray(even)):
            np.testing.assert_array_equal(job(volume_of(values)).values, expected)


def test_parts_that_touch_by_a_corner_only_lose_no_voxel():
    values = np.zeros((9, 9, 20), bool)
    values[1:8, 1:8, 1:8] = True
    values[8, 8, 8] = True  # hangs on by its corner
    made = segment.split_touching(mask_of(values), neck_mm=2.0).values
    np.testing.assert_array_equal(made, values.astype(np.uint8))


def test_more_parts_than_labels_are_told():
    values = np.zeros((82, 82, 82), bool)
    values[::2, ::2, ::2] = True
    with pytest.raises(SegmentationError, match=r"at most 65535 parts expected, found 68921"):
        segment.split_touching(mask_of(values), neck_mm=3.0)


def test_seeds_beside_values_without_a_number_are_told():
    values = np.zeros((3, 3, 5), np.float32)
    values[1, 1, 1] = np.inf
    with pytest.raises(SegmentationError, match="finite values around the seeds"):
        segment.grow_confident(
            volume_of(values), seeds_lps_mm=volume_of(values).grid.lps_mm_from_ijk([(2, 1, 1)])
        )
    with pytest.raises(SegmentationError, match="finite values expected"):
        segment.automatic_level(volume_of(values), method="moments")
