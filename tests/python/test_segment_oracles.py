"""The rest of the kernels beside SciPy, scikit-image and SimpleITK, voxel for voxel, on random volumes."""

import itertools

import numpy as np
import pytest

from calvaria import Grid, Mask, Volume, segment
from test_segment_binary import STRUCTURES, blobs, cases, grid_of, mask_of

ndimage = pytest.importorskip("scipy.ndimage")
SPACING = (0.45, 0.7, 1.3)


def away(values, spacing):
    """Distance of every voxel to the nearest one that is set."""
    return ndimage.distance_transform_edt(~values, sampling=spacing[::-1])


@pytest.mark.parametrize("connectivity", [6, 18, 26])
def test_connected_parts_are_those_of_scipys_propagation(connectivity):
    rng = np.random.default_rng(connectivity)
    for values, spacing in cases():
        mask, seeds = mask_of(values, spacing), rng.random(values.shape) < 0.01
        made = segment.keep_connected(
            mask, seeds=mask_of(seeds, spacing), connectivity=connectivity
        )
        expected = ndimage.binary_propagation(seeds & values, STRUCTURES[connectivity], mask=values)
        np.testing.assert_array_equal(made.values, expected)
        places = np.argwhere(seeds)[:, ::-1]
        if len(places):
            points = mask.grid.lps_mm_from_ijk(places)
            again = segment.keep_connected(mask, seeds_lps_mm=points, connectivity=connectivity)
            np.testing.assert_array_equal(again.values, expected)


@pytest.mark.parametrize("reach_mm", [0.33, 1.0, 2.7])
def test_margins_and_shells_are_levels_of_scipys_distance(reach_mm):
    for values, spacing in cases():
        mask = mask_of(values, spacing)

        def grown(by_mm, values=values, spacing=spacing):
            if by_mm >= 0 or values.all():
                return away(values, spacing) <= by_mm + 1e-6 if by_mm else values
            return away(~values, spacing) > -by_mm + 1e-6

        for by_mm in (reach_mm, -reach_mm, 0.0):
            np.testing.assert_array_equal(segment.margin(mask, by_mm=by_mm).values, grown(by_mm))
        for side, out, back in (
            ("outside", reach_mm, 0.0),
            ("inside", 0.0, reach_mm),
            ("middle", reach_mm / 2, reach_mm / 2),
        ):
            made = segment.hollow(mask, shell_mm=reach_mm, side=side)
            np.testing.assert_array_equal(made.values, grown(out) & ~grown(-back))


@pytest.mark.parametrize("radius_mm", [15.0, 19.2])
def test_a_ball_of_many_voxels_is_scipys_distance_with_its_ties(radius_mm):
    spacing, shape = (0.5, 0.6, 0.4), (80, 70, 90)
    values = np.random.default_rng(3).random(shape) < 5e-6
    values[40, 30, 45] = True
    made = segment.dilate(mask_of(values, spacing), radius_mm=radius_mm).values
    np.testing.assert_array_equal(made, away(values, spacing) <= radius_mm + 1e-6)
    made = segment.erode(mask_of(~values, spacing), radius_mm=radius_mm).values
    np.testing.assert_array_equal(made, away(values, spacing) > radius_mm + 1e-6)


@pytest.mark.parametrize("axis", ["k", "j", "i"])
def test_slices_are_completed_by_scipys_mixed_distances(axis):
    across = "kji".index(axis)
    spacing = tuple(np.delete(SPACING[::-1], across))
    drawn = np.array(np.moveaxis(blobs((13, 15, 19), seed=across, share=0.4, sigma=2.0), across, 0))
    kept = [0, 3, 4, drawn.shape[0] - 1]
    drawn[[n for n in range(drawn.shape[0]) if n not in kept]] = False

    def signed(values):
        edt = ndimage.distance_transform_edt
        return edt(~values, sampling=spacing) - edt(values, sampling=spacing)

    expected = drawn.copy()
    for first, last in itertools.pairwise(kept):
        low, high = signed(drawn[first]), signed(drawn[last])
        for n in range(first + 1, last):
            share = (n - first) / (last - first)
            mixed = (1 - share) * low + share * high
            # What is 0 up to rounding is decided by nothing else.
            expected[n] = mixed < -1e-6
    mask = mask_of(np.ascontiguousarray(np.moveaxis(drawn, 0, across)), SPACING)
    made = np.moveaxis(segment.fill_between_slices(mask, axis=axis).values, across, 0)
    assert drawn[kept].any(axis=(1, 2)).all()
    assert (made != expected).sum() <= 0.002 * expected.size
    inner = [n for n in range(len(made)) if n not in kept]
    assert expected[inner].any()


def oblique(shape, spacing, *, seed, is_left=False):
    turn, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    if (np.linalg.det(turn) < 0) != is_left:
        turn[:, 0] *= -1
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    return Grid(dims_ijk=shape[::-1], lps_from_ijk=affine)


@pytest.mark.filterwarnings("ignore:the mask is coarser")
@pytest.mark.parametrize("is_left", [False, True])
def test_a_mask_on_an_oblique_grid_is_scipys_nearest_neighbour(is_left):
    rng = np.random.default_rng(int(is_left))
    labels = (blobs((14, 17, 20), seed=5, sigma=1.0) * rng.integers(1, 5, (14, 17, 20))).astype(
        np.uint8
    )
    source = oblique(labels.shape, SPACING, seed=1, is_left=is_left)
    target = oblique((21, 16, 18), (0.5, 0.8, 1.3), seed=2, is_left=is_left)
    made = segment.resample_mask(Mask(values=labels, grid=source), grid=target).values
    forth = np.linalg.inv(source.lps_from_ijk) @ target.lps_from_ijk
    turned = forth[2::-1, 2::-1]
    expected = ndimage.affine_transform(
        labels,
        turned,
        offset=forth[2::-1, 3],
        output_shape=made.shape,
        order=0,
        mode="grid-constant",
    )
    np.testing.assert_array_equal(made, expected)
    assert len(np.unique(made)) == 5


@pytest.mark.filterwarnings("ignore:the mask is coarser")
def test_a_resampled_mask_is_that_of_simpleitk():
    sitk = pytest.importorskip("SimpleITK")
    labels = blobs((12, 17, 20), seed=9, sigma=1.0).astype(np.uint8)
    source = oblique(labels.shape, SPACING, seed=4)
    target = oblique((15, 16, 18), (0.5, 0.8, 1.3), seed=6)
    image, frame = sitk.GetImageFromArray(labels), sitk.Image([18, 16, 15], sitk.sitkUInt8)
    for one, grid in ((image, source), (frame, target)):
        spacing = np.linalg.norm(grid.lps_from_ijk[:3, :3], axis=0)
        one.SetSpacing(spacing.tolist())
        one.SetOrigin(grid.lps_from_ijk[:3, 3].tolist())
        one.SetDirection((grid.lps_from_ijk[:3, :3] / spacing).ravel().tolist())
    theirs = sitk.Resample(image, frame, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    made = segment.resample_mask(Mask(values=labels, grid=source), grid=target).values
    np.testing.assert_array_equal(made, sitk.GetArrayFromImage(theirs))


def test_cores_of_split_parts_are_scipys():
    for seed in range(4):
        values = blobs((15, 24, 31), seed=seed, share=0.5, sigma=2.0)
        made = segment.split_touching(mask_of(values, SPACING), neck_mm=2.4).values
        np.testing.assert_array_equal(made > 0, values)
        cores, n = ndimage.label(away(~values, SPACING) > 1.2 + 1e-6, STRUCTURES[26])
        assert n > 2
        owners = [np.unique(made[cores == core]) for core in range(1, n + 1)]
        assert all(len(owner) == 1 for owner in owners)
        assert len({int(owner[0]) for owner in owners}) == n


def test_the_border_of_an_image_eats_nothing_where_it_cuts():
    # The truth: the opening of the whole, of which the image holds a part.
    whole = blobs((30, 34, 60), seed=1, share=0.5, sigma=2.0)
    part = (slice(6, -6), slice(6, -6), slice(8, -8))
    truth = ndimage.binary_opening(whole)[part]
    made = segment.opening(mask_of(whole[part]), n_voxels=1).values
    theirs = ndimage.binary_opening(whole[part])
    told = ndimage.binary_dilation(ndimage.binary_erosion(whole[part], border_value=1))
    np.testing.assert_array_equal(made, told)
    # Scipy's default loses bone that goes on beyond the image, far more than is wrong here.
    assert (truth & ~theirs).sum() > 10 * (truth & ~made).sum()
    assert (theirs != truth).sum() > 2 * (made != truth).sum()


def test_labels_and_boxes_are_numpys():
    rng = np.random.default_rng(2)
    for values, spacing in cases():
        labels = (values * rng.integers(1, 4, values.shape)).astype(np.uint8)
        mask = Mask(values=labels, grid=grid_of(values.shape, spacing), names={2: "two"})
        np.testing.assert_array_equal(segment.pick(mask, label="two").values, labels == 2)
        np.testing.assert_array_equal(segment.invert(mask).values, labels == 0)
        parts = {name: segment.pick(mask, label=n) for n, name in enumerate("abc", start=1)}
        np.testing.assert_array_equal(segment.label_map(**parts).values, labels)
        box = segment.crop_to_mask(mask, mask=parts["a"], margin_mm=1.0)
        slices = ndimage.find_objects((labels == 1).astype(np.int8))[0]
        steps = [int(np.ceil(1.0 / step - 1e-9)) for step in spacing[::-1]]
        wide = tuple(
            slice(max(one.start - n, 0), one.stop + n) for one, n in zip(slices, steps, strict=True)
        )
        np.testing.assert_array_equal(box.values, labels[wide])


def test_a_region_of_values_is_scikit_images_flood():
    morphology = pytest.importorskip("skimage.morphology")
    for seed in range(4):
        noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(14, 15, 33)), 1.5)
        values = (noise * 4000).astype(np.int16)
        volume = Volume(values=values, grid=oblique(values.shape, SPACING, seed=seed))
        k, j, i = (int(n) for n in np.unravel_index(np.argmax(values), values.shape))
        point = volume.grid.lps_mm_from_ijk([(i, j, k)])
        made = segment.grow_region(volume, seeds_lps_mm=point, lower_hu=100, connectivity=18)
        expected = morphology.flood(values >= 100, (k, j, i), connectivity=2)
        np.testing.assert_array_equal(made.values, expected)
        assert 1 < made.n_voxels < (values >= 100).sum()
