"""Masks by value and by shape: each kernel equals SciPy, SimpleITK or scikit-image voxel for voxel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calvaria import Grid, Mask, Volume, segment
from calvaria.errors import EmptyMaskError, GeometryError, SegmentationError

ndimage = pytest.importorskip("scipy.ndimage")
SHAPES = ((7, 12, 70), (9, 5, 64), (20, 18, 33), (1, 9, 130))
SPACINGS = ((0.45, 0.7, 1.3), (0.6, 0.6, 0.6), (0.957, 0.957, 1.5))
STRUCTURES = {n: ndimage.generate_binary_structure(3, r) for n, r in ((6, 1), (18, 2), (26, 3))}


def grid_of(shape, spacing=(1.0, 1.0, 1.0), *, shear=0.0):
    affine = np.diag([*spacing, 1.0])
    affine[1, 2] = shear
    affine[:3, 3] = -31.0, 12.0, 4.0
    return Grid(dims_ijk=shape[::-1], lps_from_ijk=affine)


def blobs(shape, *, seed=0, share=0.4, sigma=1.2):
    """Random blobs: smooth noise cut so that a share of the voxels is set."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), sigma)
    return noise > np.quantile(noise, 1 - share)


def mask_of(values, spacing=(1.0, 1.0, 1.0), **keywords):
    return Mask(values=values, grid=grid_of(values.shape, spacing, **keywords))


def cases():
    for n, shape in enumerate(SHAPES):
        for share in (0.05, 0.4, 0.9):
            yield blobs(shape, seed=n, share=share, sigma=0.7 * n), SPACINGS[n % 3]


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("shape", SHAPES)
def test_threshold_counts_both_bounds_in(shape, dtype):
    values = np.random.default_rng(1).integers(-1000, 2000, shape).astype(dtype)
    if dtype == np.float32:
        values += np.float32(0.25)
    volume = Volume(values=values, grid=grid_of(shape))
    for lower, upper in ((100, 700), (-100.5, 99.75), (None, 300.25), (250.25, None)):
        made = segment.threshold(volume, lower_hu=lower, upper_hu=upper)
        expected = np.ones(shape, bool)
        if lower is not None:
            expected &= values >= lower
        if upper is not None:
            expected &= values <= upper
        np.testing.assert_array_equal(made.values, expected)
        assert made.values.dtype == np.bool_
        assert not made.values.flags.writeable


def test_a_threshold_without_or_with_crossed_bounds_is_refused():
    volume = Volume(values=np.zeros((2, 2, 2), np.int16), grid=grid_of((2, 2, 2)))
    for bounds in ({}, {"lower_hu": 5, "upper_hu": 3}, {"lower_hu": float("nan")}):
        with pytest.raises(ValueError, match="lower_hu"):
            segment.threshold(volume, **bounds)


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_parts_are_those_of_scipy(connectivity):
    for values, spacing in cases():
        expected, n = ndimage.label(values, structure=STRUCTURES[connectivity])
        found = segment.find_parts(mask_of(values, spacing), connectivity=connectivity)
        assert len(found) == n
        sizes = np.bincount(expected.ravel())[1:]
        assert [p.n_voxels for p in found] == sorted(sizes.tolist(), reverse=True)
        # The same partition: every pair of labels that occurs, occurs once.
        pairs = np.unique(np.stack([expected.ravel(), found.mask.values.ravel()]), axis=1)
        assert pairs.shape[1] == n + 1
        centres = ndimage.center_of_mass(values, expected, range(1, n + 1))
        by_label = dict(pairs.T.tolist())
        for label, centre in enumerate(centres, start=1):
            part = found[by_label[label] - 1]
            place = mask_of(values, spacing).grid.lps_mm_from_ijk([centre[::-1]])[0]
            np.testing.assert_allclose(part.centre_lps_mm, place, atol=1e-9)
            assert part.volume_mm3 == pytest.approx(part.n_voxels * np.prod(spacing))


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_the_largest_and_the_not_small_parts_are_those_of_scipy(connectivity):
    for values, spacing in cases():
        labels, _ = ndimage.label(values, structure=STRUCTURES[connectivity])
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        mask = mask_of(values, spacing)
        made = segment.keep_largest(mask, connectivity=connectivity)
        np.testing.assert_array_equal(made.values, labels == sizes.argmax())
        volume = 20 * np.prod(spacing)
        made = segment.remove_small(mask, min_part_mm3=volume, connectivity=connectivity)
        np.testing.assert_array_equal(made.values, sizes[labels] >= 20)
        seeds = np.zeros(values.shape, bool)
        seeds[0, values.shape[1] // 2, ::7] = True
        made = segment.keep_connected(
            mask, seeds=mask_of(seeds, spacing), connectivity=connectivity
        )
        np.testing.assert_array_equal(made.values, np.isin(labels, labels[seeds & values]) & values)


def test_nothing_has_no_largest_part():
    empty = mask_of(np.zeros((3, 3, 3), bool))
    with pytest.raises(EmptyMaskError):
        segment.keep_largest(empty)
    assert len(segment.find_parts(empty)) == 0
    assert segment.remove_small(empty, min_part_mm3=5).n_voxels == 0


def test_a_seed_outside_of_the_image_is_named():
    mask = mask_of(np.ones((3, 4, 5), bool))
    with pytest.raises(SegmentationError, match="400"):
        segment.keep_connected(mask, seeds_lps_mm=[(400.0, 0.0, 0.0)])
    assert segment.keep_connected(mask, seeds_lps_mm=[(-30.0, 13.0, 5.0)]).n_voxels == 60


def test_hysteresis_is_that_of_scikit_image():
    filters = pytest.importorskip("skimage.filters")
    values = (
        ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(20, 30, 40)), 1.5) * 1e4
    ).astype(np.int16)
    volume = Volume(values=values, grid=grid_of(values.shape))
    made = segment.hysteresis(volume, lower_hu=300, upper_hu=1200, connectivity=6)
    # scikit-image counts values above the bound, and joins by faces.
    np.testing.assert_array_equal(
        made.values, filters.apply_hysteresis_threshold(values, 299, 1199)
    )


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_voxel_steps_are_those_of_scipy(connectivity):
    element = STRUCTURES[connectivity]
    for values, spacing in cases():
        mask = mask_of(values, spacing)
        for n in (1, 3):
            grown = ndimage.binary_dilation(values, element, iterations=n)
            shrunk = ndimage.binary_erosion(values, element, iterations=n, border_value=1)
            given_ = {"n_voxels": n, "connectivity": connectivity}
            np.testing.assert_array_equal(segment.dilate(mask, **given_).values, grown)
            np.testing.assert_array_equal(segment.erode(mask, **given_).values, shrunk)
            opened = ndimage.binary_dilation(shrunk, element, iterations=n)
            np.testing.assert_array_equal(segment.opening(mask, **given_).values, opened)
            closed = ndimage.binary_erosion(grown, element, iterations=n, border_value=1)
            np.testing.assert_array_equal(segment.closing(mask, **given_).values, closed)


@pytest.mark.parametrize("radius_mm", [0.5, 1.3, 3.0])
def test_a_ball_is_all_voxels_within_the_exact_distance(radius_mm):
    for values, spacing in cases():
        mask = mask_of(values, spacing)
        away = ndimage.distance_transform_edt(~values, sampling=spacing[::-1])
        inside = ndimage.distance_transform_edt(values, sampling=spacing[::-1])
        grown = segment.dilate(mask, radius_mm=radius_mm)
        np.testing.assert_array_equal(grown.values, away <= radius_mm + 1e-6)
        shrunk = segment.erode(mask, radius_mm=radius_mm)
        np.testing.assert_array_equal(shrunk.values, inside > radius_mm + 1e-6)
        closed = segment.closing(mask, radius_mm=radius_mm).values
        if not grown.values.all():
            back = ndimage.distance_transform_edt(grown.values, sampling=spacing[::-1])
            np.testing.assert_array_equal(closed, back > radius_mm + 1e-6)
        assert (closed | ~values).all()
        assert not (segment.opening(mask, radius_mm=radius_mm).values & ~values).any()


def test_five_voxels_of_0_6_mm_are_within_3_mm():
    values = np.zeros((1, 1, 21), bool)
    values[0, 0, 10] = True
    made = segment.dilate(mask_of(values, (0.6, 1.0, 1.0)), radius_mm=3.0)
    assert np.flatnonzero(made.values).tolist() == list(range(5, 16))


def test_a_ball_is_round_on_a_sheared_grid():
    values = np.zeros((15, 25, 25), bool)
    values[7, 12, 12] = True
    mask = mask_of(values, (0.5, 0.5, 1.0), shear=0.35)
    made = segment.dilate(mask, radius_mm=3.0)
    index = np.stack(np.indices(values.shape)[::-1], axis=-1).reshape(-1, 3)
    apart = mask.grid.lps_mm_from_ijk(index) - mask.grid.lps_mm_from_ijk([[12, 12, 7]])
    expected = np.linalg.norm(apart, axis=1).reshape(values.shape) <= 3.0 + 1e-6
    np.testing.assert_array_equal(made.values, expected)


def test_a_step_needs_one_size():
    mask = mask_of(np.ones((2, 2, 2), bool))
    for sizes in ({}, {"radius_mm": 1, "n_voxels": 1}, {"radius_mm": 0.0}, {"n_voxels": 0}):
        with pytest.raises(ValueError, match="radius_mm|n_voxels"):
            segment.dilate(mask, **sizes)


def test_a_shell_has_its_thickness_on_the_side_that_was_asked_for():
    index = np.indices((41, 41, 41)) - 20
    ball = mask_of(np.linalg.norm(index, axis=0) <= 12)
    for side, low, high in (("inside", 9, 12), ("outside", 12, 15), ("middle", 10.5, 13.5)):
        made = segment.hollow(ball, shell_mm=3.0, side=side)
        radii = np.linalg.norm(index, axis=0)[made.values]
        assert abs(radii.min() - low) < 1.0
        assert abs(radii.max() - high) < 1.0
        middle = made.values[20, 20]
        assert not middle[20]


def test_distances_are_those_of_scipy():
    for values, spacing in cases():
        mask = mask_of(values, spacing)
        inside = ndimage.distance_transform_edt(values, sampling=spacing[::-1])
        outside = ndimage.distance_transform_edt(~values, sampling=spacing[::-1])
        made = segment.distance_map(mask)
        np.testing.assert_allclose(made.values, inside, rtol=0, atol=1e-5)
        assert made.quantity == "distance_mm"
        signed = segment.distance_map(mask, is_signed=True).values
        np.testing.assert_allclose(signed, outside - inside, rtol=0, atol=1e-5)


def test_distances_far_away_are_exact_too():
    values = np.zeros((120, 200, 220), bool)
    values[3, 5, 7] = values[90, 180, 11] = values[60, 20, 200] = True
    spacing = (0.45, 0.45, 1.25)
    made = segment.distance_map(segment.invert(mask_of(values, spacing))).values
    expected = ndimage.distance_transform_edt(~values, sampling=spacing[::-1])
    assert np.abs(made - expected).max() < 1e-4
    assert made.max() > 100


def test_a_distance_needs_two_sides_and_right_angles():
    with pytest.raises(EmptyMaskError):
        segment.distance_map(mask_of(np.ones((2, 3, 4), bool)))
    with pytest.raises(EmptyMaskError):
        segment.distance_map(mask_of(np.zeros((2, 3, 4), bool)), is_signed=True)
    assert not segment.distance_map(mask_of(np.zeros((2, 3, 4), bool))).values.any()
    with pytest.raises(GeometryError, match="resample_to_orthogonal"):
        segment.distance_map(mask_of(blobs((3, 4, 5)), shear=0.4))


def test_holes_are_those_of_scipy():
    for values, spacing in cases():
        mask = mask_of(values, spacing)
        np.testing.assert_array_equal(
            segment.fill_holes(mask).values, ndimage.binary_fill_holes(values)
        )
        for axis, name in enumerate("kji"):
            made = segment.fill_holes(mask, by_slice=name).values
            slices = [ndimage.binary_fill_holes(s) for s in np.moveaxis(values, axis, 0)]
            np.testing.assert_array_equal(made, np.moveaxis(np.array(slices), 0, axis))


def test_a_hole_larger_than_asked_for_stays():
    values = np.ones((9, 9, 20), bool)
    values[3:5, 3:5, 3:5] = values[3:6, 3:6, 10:13] = False
    mask = mask_of(values, (0.5, 0.5, 2.0))
    assert segment.fill_holes(mask, max_mm3=8 * 0.5).n_voxels == values.sum() + 8
    assert segment.fill_holes(mask, max_mm3=27 * 0.5).n_voxels == values.size


def test_logic_is_that_of_sets():
    a, b, c = (blobs((6, 7, 8), seed=n) for n in range(3))
    masks = [mask_of(v) for v in (a, b, c)]
    np.testing.assert_array_equal(segment.union(*masks).values, a | b | c)
    np.testing.assert_array_equal(segment.intersection(*masks).values, a & b & c)
    np.testing.assert_array_equal(segment.difference(*masks).values, a & ~b & ~c)
    np.testing.assert_array_equal(segment.invert(masks[0]).values, ~a)
    labels = segment.label_map(one=masks[0], two=masks[1])
    np.testing.assert_array_equal(segment.pick(labels, label="two").values, b)
    np.testing.assert_array_equal(segment.pick(labels, label=1).values, a & ~b)
    with pytest.raises(GeometryError, match="grid"):
        segment.union(masks[0], mask_of(a, (1.0, 1.0, 1.1)))
    with pytest.raises(ValueError, match="three"):
        segment.pick(labels, label="three")


def test_a_label_map_of_uint16_is_one_structure():
    values = np.zeros((3, 4, 70), np.uint16)
    values[1, 1, 3:5] = 256
    values[1, 1, 5:9] = 300
    mask = mask_of(values)
    assert segment.keep_largest(mask).n_voxels == 6
    assert segment.union(mask).n_voxels == 6


def test_a_crop_leaves_every_voxel_in_its_place():
    values = blobs((12, 14, 16), share=0.02)
    mask = mask_of(values, (0.5, 0.7, 1.5), shear=0.3)
    part = segment.crop_to_mask(mask, mask=mask, margin_mm=0.6)
    assert part.n_voxels == mask.n_voxels

    def places(m):
        k, j, i = np.nonzero(m.values)
        return m.grid.lps_mm_from_ijk(np.stack([i, j, k], axis=1))

    np.testing.assert_allclose(places(part), places(mask), atol=1e-9)
    with pytest.raises(GeometryError):
        segment.crop(mask, low_ijk=(5, 5, 20), high_ijk=(9, 9, 30))
    with pytest.raises(EmptyMaskError):
        segment.crop_to_mask(mask, mask=mask_of(np.zeros_like(values), (0.5, 0.7, 1.5), shear=0.3))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(1, 140)),
    st.floats(0.02, 0.98),
    st.sampled_from([6, 18, 26]),
)
def test_any_mask_obeys_the_laws(seed, shape, share, connectivity):
    values = np.random.default_rng(seed).random(shape) < share
    mask = mask_of(values, (0.5, 0.8, 1.1))
    found = segment.find_parts(mask, connectivity=connectivity)
    _, n = ndimage.label(values, structure=STRUCTURES[connectivity])
    assert len(found) == n
    flipped = mask_of(np.ascontiguousarray(values[::-1, :, ::-1]), (0.5, 0.8, 1.1))
    assert [p.n_voxels for p in segment.find_parts(flipped, connectivity=connectivity)] == [
        p.n_voxels for p in found
    ]
    opened, closed = (f(mask, radius_mm=0.9).values for f in (segment.opening, segment.closing))
    assert not (opened & ~values).any()
    assert not (values & ~closed).any()
    again = segment.closing(mask_of(closed, (0.5, 0.8, 1.1)), radius_mm=0.9).values
    np.testing.assert_array_equal(again, closed)
    filled = segment.fill_holes(mask).values
    np.testing.assert_array_equal(filled, ndimage.binary_fill_holes(values))
