"""Masks against each other: analytic cases, independent oracles, brute force, properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from calvaria import Grid, Mask
from calvaria.comparison import compare_masks
from calvaria.errors import GeometryError

SPACINGS = [(1.0, 1.0, 1.0), (0.5, 0.5, 2.0), (0.45, 0.7, 0.6)]


def grid_of(shape, spacing=(0.5, 0.5, 2.0), turn_deg=0.0):
    c, s = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.diag(spacing)
    affine[:3, 3] = (-20, 7, 100)
    return Grid(dims_ijk=shape[::-1], lps_from_ijk=affine)


def pair(values, other, spacing=(0.5, 0.5, 2.0), **asked):
    grid = grid_of(values.shape, spacing)
    asked = {"tolerance_mm": 1.0} | asked
    return compare_masks(
        Mask(values=other, grid=grid), reference=Mask(values=values, grid=grid), **asked
    )


def blobs(seed, shape=(24, 30, 37), level=0.0):
    """Two bodies with ragged surfaces that overlap, and specks far from both."""
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.normal(size=shape), 2.0)
    other = noise + 0.4 * ndimage.gaussian_filter(rng.normal(size=shape), 1.0)
    first, second = noise > level + 0.05, other > level + 0.07
    return first, second | (rng.random(shape) > 0.999)


def padded(values):
    """Surface-distance is right only for objects that do not touch the image's end."""
    return np.pad(values, 2)


@pytest.mark.filterwarnings("ignore:Please import")
@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", [0, 1])
def test_equal_to_surface_distance_where_the_definition_is_the_same(spacing, seed):
    oracle = pytest.importorskip("surface_distance")
    first, second = (padded(values) for values in blobs(seed))
    found = pair(first, second, spacing, tolerance_mm=0.7)
    theirs = oracle.compute_surface_distances(first, second, spacing[::-1])
    assert found.dice == pytest.approx(oracle.compute_dice_coefficient(first, second), abs=1e-12)
    means = oracle.compute_average_surface_distance(theirs)
    assert found.from_reference.mean_mm == pytest.approx(means[0], abs=1e-9)
    assert found.to_reference.mean_mm == pytest.approx(means[1], abs=1e-9)
    for percent in (50, 90, 95, 99, 100):
        hd = max(side.percentile_mm(percent) for side in (found.from_reference, found.to_reference))
        assert hd == pytest.approx(oracle.compute_robust_hausdorff(theirs, percent), abs=1e-9)
    assert found.hd95_directed_mm == pytest.approx(
        oracle.compute_robust_hausdorff(theirs, 95), abs=1e-9
    )
    for tolerance in (0.0, 0.5, 0.7, 1.4, 2.0):
        expected = oracle.compute_surface_dice_at_tolerance(theirs, tolerance)
        assert found.surface_dice_at(tolerance) == pytest.approx(expected, abs=1e-9)
    overlap = oracle.compute_surface_overlap_at_tolerance(theirs, 0.7)
    assert (found.reference_overlap, found.overlap) == pytest.approx(overlap, abs=1e-9)
    areas = theirs["surfel_areas_gt"].sum(), theirs["surfel_areas_pred"].sum()
    assert (found.from_reference.total, found.to_reference.total) == pytest.approx(areas, rel=1e-12)


def brute_voxels(first, second, spacing_zyx):
    """The recipe of MedPy, MONAI and the challenge, written out: erosion and an exact transform."""
    cross = ndimage.generate_binary_structure(3, 1)
    borders = [values ^ ndimage.binary_erosion(values, cross) for values in (first, second)]
    transforms = [ndimage.distance_transform_edt(~one, sampling=spacing_zyx) for one in borders]
    return transforms[1][borders[0]], transforms[0][borders[1]]


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("level", [0.0, -0.2])
def test_voxels_are_those_of_medpy_and_monai(spacing, level):
    """Also where the mask touches the end of the image."""
    first, second = blobs(3, level=level)
    found = pair(first, second, spacing, elements="voxel")
    there, back = brute_voxels(first, second, spacing[::-1])
    assert found.from_reference.n_elements == len(there)
    assert found.hausdorff_mm == pytest.approx(max(there.max(), back.max()), abs=1e-9)
    both = np.concatenate([there, back])
    assert found.hd95_pooled_mm == pytest.approx(np.percentile(both, 95), abs=1e-9)
    directed = max(np.percentile(there, 95), np.percentile(back, 95))
    assert found.hd95_directed_mm == pytest.approx(directed, abs=1e-9)
    assert found.assd_mm == pytest.approx(both.mean(), abs=1e-9)
    assert found.masd_mm == pytest.approx((there.mean() + back.mean()) / 2, abs=1e-9)
    within = (there <= 1.0).sum() + (back <= 1.0).sum()
    assert found.surface_dice == pytest.approx(within / len(both), abs=1e-12)


def test_simpleitk_says_the_same_of_overlap_and_contours():
    sitk = pytest.importorskip("SimpleITK")
    first, second = blobs(5)
    found = pair(first, second, elements="voxel")
    images = [sitk.GetImageFromArray(values.astype(np.uint8)) for values in (first, second)]
    for image in images:
        image.SetSpacing((0.5, 0.5, 2.0))
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(images[1], images[0])
    assert found.dice == pytest.approx(overlap.GetDiceCoefficient(), abs=1e-12)
    assert found.jaccard == pytest.approx(overlap.GetJaccardCoefficient(), abs=1e-12)
    size = overlap.GetVolumeSimilarity()  # 2 (S - T) / (S + T) there
    assert found.volumetric_similarity == pytest.approx(1 - abs(size) / 2, abs=1e-12)
    contours = [sitk.LabelContour(image, fullyConnected=False) for image in images]
    ways = []
    for a, b in ((0, 1), (1, 0)):
        far = sitk.Abs(
            sitk.SignedMaurerDistanceMap(contours[b], squaredDistance=False, useImageSpacing=True)
        )
        ways.append(sitk.GetArrayFromImage(far)[sitk.GetArrayFromImage(contours[a]) > 0])
    # LabelContour does not see the end of the image as a border: compare away from it.
    inner_first, inner_second = padded(first), padded(second)
    inner = pair(inner_first, inner_second, elements="voxel")
    images = [
        sitk.GetImageFromArray(values.astype(np.uint8)) for values in (inner_first, inner_second)
    ]
    ways = []
    for image in images:
        image.SetSpacing((0.5, 0.5, 2.0))
    contours = [sitk.LabelContour(image, fullyConnected=False) for image in images]
    for a, b in ((0, 1), (1, 0)):
        far = sitk.Abs(
            sitk.SignedMaurerDistanceMap(contours[b], squaredDistance=False, useImageSpacing=True)
        )
        ways.append(sitk.GetArrayFromImage(far)[sitk.GetArrayFromImage(contours[a]) > 0])
    assert inner.hausdorff_mm == pytest.approx(max(way.max() for way in ways), abs=1e-5)
    assert inner.assd_mm == pytest.approx(np.concatenate(ways).mean(), abs=1e-5)


def test_a_hausdorff_distance_along_the_long_side_of_the_voxel():
    """The case of ITK 5577: one voxel apart along z of 5 mm is 5 mm, not 1 voxel."""
    values = np.zeros((9, 9, 9), bool)
    values[4, 4, 4] = True
    for axis, expected in ((0, 5.0), (1, 0.7), (2, 0.5)):
        for elements in ("disk", "voxel"):
            found = pair(values, np.roll(values, 1, axis=axis), (0.5, 0.7, 5.0), elements=elements)
            assert found.hausdorff_mm == pytest.approx(expected, abs=1e-12)


def test_a_ball_grown_by_a_known_amount():
    """Truth: two balls of one centre are their difference in radius apart, everywhere.

    Elements on a lattice lie on both sides of the surface and the nearest is taken: the distance
    reads low, by up to a voxel.  That is the definition; meshes are free of it.
    """
    spacing = np.array([0.5, 0.5, 0.5])
    index = np.stack(np.indices((64, 64, 64)), axis=-1)
    radius = np.linalg.norm((index - 31.3) * spacing, axis=-1)
    found = pair(radius < 10, radius < 12, tuple(spacing))
    assert 2.0 - 0.5 < found.assd_mm <= 2.0
    assert found.hausdorff_mm == pytest.approx(2.0, abs=0.5)
    # A surface of disks has the area of the sphere within a few percent; counting sides has 1.5 times.
    assert found.from_reference.total == pytest.approx(4 * np.pi * 10**2, rel=0.1)
    assert found.reference_volume_mm3 == pytest.approx(4 / 3 * np.pi * 10**3, rel=0.01)
    assert found.dice == pytest.approx(2 * 10**3 / (10**3 + 12**3), rel=0.01)


def test_a_lost_part_far_away_is_found_at_its_place():
    shape = (40, 60, 300)
    values = np.zeros(shape, bool)
    values[5:15, 5:15, 5:15] = True
    lost = values.copy()
    lost[30:34, 50:54, 280:284] = True
    found = pair(lost, values, (0.4, 0.6, 1.5))
    transform = ndimage.distance_transform_edt(~_corner_elements(values), sampling=(1.5, 0.6, 0.4))[
        _corner_elements(lost)
    ]
    assert found.hausdorff_mm == pytest.approx(transform.max(), abs=1e-9)
    k, j, i = 34, 54, 284
    expected = grid_of(shape, (0.4, 0.6, 1.5)).lps_mm_from_ijk([[i - 0.5, j - 0.5, k - 0.5]])[0]
    assert found.farthest_lps_mm == pytest.approx(tuple(expected), abs=1e-9)


def _corner_elements(values):
    wide = np.pad(values, 1).astype(int)
    total = sum(
        wide[a : a + values.shape[0] + 1, b : b + values.shape[1] + 1, c : c + values.shape[2] + 1]
        for a in (0, 1) for b in (0, 1) for c in (0, 1)
    )  # fmt: skip
    return (total > 0) & (total < 8)


@pytest.mark.parametrize("elements", ["disk", "voxel"])
def test_empty_masks_have_their_own_answers(elements):
    some, none = np.zeros((5, 6, 7), bool), np.zeros((5, 6, 7), bool)
    some[2:4, 2:4, 2:4] = True
    lost, added, both = (
        pair(*two, elements=elements) for two in ((some, none), (none, some), (none, none))
    )
    lengths = ("hausdorff_mm", "hd95_directed_mm", "hd95_pooled_mm", "assd_mm", "masd_mm")
    shares = ("dice", "jaccard", "volumetric_similarity", "surface_dice")
    for name in lengths:
        assert getattr(lost, name) == getattr(added, name) == math.inf
        assert math.isnan(getattr(both, name))
    for name in shares:
        assert getattr(lost, name) == getattr(added, name) == 0.0, name
        assert math.isnan(getattr(both, name))
    assert (lost.sensitivity, added.precision) == (0.0, 0.0)
    assert math.isnan(lost.precision) and math.isnan(added.sensitivity)
    assert lost.reference_overlap == 0.0 and math.isnan(lost.overlap)
    assert lost.farthest_lps_mm is both.farthest_lps_mm is None
    assert lost.to_dict()["hausdorff_mm"] == "inf" and both.to_dict()["dice"] is None


def test_the_border_dice_is_that_of_the_challenge():
    first, second = blobs(7)
    skull = np.zeros_like(first)
    skull[:, :12] = True
    spacing = (0.5, 0.7, 2.0)
    grid = grid_of(first.shape, spacing)
    found = pair(first, second, spacing, border_of=Mask(values=skull, grid=grid), border_mm=6.0)
    near = ndimage.distance_transform_edt(~skull, sampling=spacing[::-1]) <= 6.0
    a, b = first & near, second & near
    assert found.border_dice == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()), abs=1e-12)
    assert pair(first, second).border_dice is None
    # A border that reaches over the whole image is the image, however far it reaches.
    for border_mm in (1e3, 1e9):
        wide = pair(
            first, second, spacing, border_of=Mask(values=skull, grid=grid), border_mm=border_mm
        )
        assert wide.border_dice == wide.dice
        assert wide.border_mm == border_mm


def test_grids_that_differ_are_refused_and_the_difference_is_named():
    values = np.zeros((5, 6, 7), bool)
    one = Mask(values=values, grid=grid_of(values.shape))
    cases = {
        "voxels .i, j, k. against": Mask(values=values[:4], grid=grid_of((4, 6, 7))),
        "spacing 0.6 x 0.5 x 2 mm against 0.5": Mask(
            values=values, grid=grid_of(values.shape, (0.6, 0.5, 2.0))
        ),
        "axes turned by 3 degrees": Mask(values=values, grid=grid_of(values.shape, turn_deg=3.0)),
    }
    moved = grid_of(values.shape).lps_from_ijk.copy()
    moved[0, 3] += 1.5
    cases["origin off by .1.5, 0, 0. mm"] = Mask(
        values=values, grid=Grid(dims_ijk=(7, 6, 5), lps_from_ijk=moved)
    )
    for message, other in cases.items():
        with pytest.raises(GeometryError, match=message):
            compare_masks(other, reference=one, tolerance_mm=1.0)
    tilted = np.diag([0.5, 0.5, 2.0, 1.0])
    tilted[1, 2] = 0.7
    sheared = Mask(values=values, grid=Grid(dims_ijk=(7, 6, 5), lps_from_ijk=tilted))
    with pytest.raises(GeometryError, match="sheared by 19.29"):
        compare_masks(sheared, reference=sheared, tolerance_mm=1.0)
    for asked in ({"tolerance_mm": -1.0}, {"elements": "face"}, {"border_mm": 0.0}, {"label": 0},
                  {"tolerance_mm": "a"}, {"tolerance_mm": None}, {"label": "a"}, {"label": 2.5}):  # fmt: skip
        with pytest.raises(ValueError, match=next(iter(asked))):
            compare_masks(one, reference=one, **({"tolerance_mm": 1.0} | asked))
    with pytest.raises(TypeError, match="mask: a Mask expected, found ndarray"):
        compare_masks(values, reference=one, tolerance_mm=1.0)


def test_a_label_is_compared_alone():
    first, second = (values.astype(np.uint8) for values in blobs(9))
    first[:12] *= 3
    second[:12] *= 3
    found = pair(first, second, label=3)
    expected = pair(first == 3, second == 3)
    assert found.to_dict() == expected.to_dict()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(SPACINGS), st.sampled_from(["disk", "voxel"]))
def test_symmetry_and_order_of_the_measures(seed, spacing, elements):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 9, 3))
    first, second = (rng.random(shape) < rng.uniform(0.1, 0.9) for _ in range(2))
    if not (first.any() and second.any()):
        return
    there = pair(first, second, spacing, elements=elements)
    back = pair(second, first, spacing, elements=elements)
    for name in ("dice", "jaccard", "hausdorff_mm", "hd95_pooled_mm", "assd_mm", "masd_mm"):
        assert getattr(there, name) == pytest.approx(getattr(back, name), abs=1e-12)
    assert there.hd95_pooled_mm <= there.hausdorff_mm + 1e-12
    assert min(there.from_reference.mean_mm, there.to_reference.mean_mm) <= there.assd_mm + 1e-12
    assert there.surface_dice_at(0.0) <= there.surface_dice <= there.surface_dice_at(1e9) == 1.0
    assert there.dice == pytest.approx(2 * there.jaccard / (1 + there.jaccard), abs=1e-12)
    same = pair(first, first, spacing, elements=elements)
    assert same.hausdorff_mm == 0.0 and same.dice == same.surface_dice_at(0.0) == 1.0
