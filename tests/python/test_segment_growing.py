"""Smoothing, seeds, watersheds and cuts beside SciPy, SimpleITK and scikit-image."""

import numpy as np
import pytest

from calvaria import Mask, Volume, segment
from calvaria.errors import EmptyMaskError, GeometryError, SegmentationError
from test_segment_binary import blobs, grid_of, mask_of
from thread_counts import outputs_of

ndimage = pytest.importorskip("scipy.ndimage")
SHAPE = (17, 23, 41)
SPACING = (0.45, 0.7, 1.3)


def noise(shape=SHAPE, *, seed=0, dtype=np.int16, smooth=0.0):
    values = np.random.default_rng(seed).normal(size=shape)
    if smooth:
        values = ndimage.gaussian_filter(values, smooth) * 8
    return (values * 400).astype(dtype)


def volume_of(values, spacing=SPACING, **keywords):
    return Volume(values=values, grid=grid_of(values.shape, spacing, **keywords))


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("sigma_mm", [0.5, 1.0, 2.3])
def test_a_gaussian_is_that_of_scipy(dtype, sigma_mm):
    volume = volume_of(noise((45, 23, 41), dtype=dtype))
    made = segment.gaussian(volume, sigma_mm=sigma_mm)
    sigmas = [sigma_mm / s for s in SPACING[::-1]]
    expected = ndimage.gaussian_filter(volume.values.astype(np.float64), sigmas, mode="nearest")
    assert made.values.dtype == dtype
    tolerance = 0.5 + 1e-3 if dtype == np.int16 else 1e-3
    np.testing.assert_allclose(made.values, expected, rtol=0, atol=tolerance)
    assert made.findings[-1].code == "segmentation"


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("shape", [SHAPE, (1, 1, 5), (2, 40, 64), (5, 3, 97)])
def test_a_median_is_that_of_scipy(dtype, shape):
    volume = volume_of(noise(shape, dtype=dtype))
    expected = ndimage.median_filter(volume.values, size=3)
    np.testing.assert_array_equal(segment.median(volume).values, expected)


def perona_malik(values, spacing_zyx, sigma_mm, contrast):
    """The explicit scheme, written once more in NumPy with float64."""
    per = np.array([1 / s**2 for s in spacing_zyx])
    time = sigma_mm**2 / 2
    n = max(int(np.ceil(time / (0.9 / (2 * per.sum())))), 1)
    u = values.astype(np.float64)
    for _ in range(n):
        flow = np.zeros_like(u)
        for axis in range(3):
            d = np.diff(u, axis=axis)
            f = per[axis] * time / n * d / (1 + (d / contrast) ** 2)
            pad = [(0, 0)] * 3
            pad[axis] = (0, 1)
            flow += np.pad(f, pad)
            pad[axis] = (1, 0)
            flow -= np.pad(f, pad)
        u += flow
    return u


def test_diffusion_is_the_explicit_scheme():
    volume = volume_of(noise(dtype=np.float32))
    made = segment.smooth_within_edges(volume, sigma_mm=1.2, contrast_hu=300)
    expected = perona_malik(volume.values, SPACING[::-1], 1.2, 300)
    np.testing.assert_allclose(made.values, expected, rtol=0, atol=0.01)


def test_diffusion_without_edges_smooths_as_a_gaussian():
    values = np.zeros((41, 41, 41), np.float32)
    values[20, 20, 20] = 1e4
    volume = volume_of(values, (0.5, 0.6, 0.7))
    made = segment.smooth_within_edges(volume, sigma_mm=1.5, contrast_hu=1e9).values
    index = (np.arange(41) - 20.0) ** 2
    for axis, step in enumerate((0.7, 0.6, 0.5)):
        other = tuple(a for a in range(3) if a != axis)
        spread = np.sqrt((made.sum(axis=other) * index).sum() / made.sum()) * step
        assert spread == pytest.approx(1.5, abs=0.02)
    with pytest.raises(GeometryError):
        segment.smooth_within_edges(volume_of(values, shear=0.3), sigma_mm=1.0, contrast_hu=100)


def test_a_region_is_that_of_simpleitk():
    sitk = pytest.importorskip("SimpleITK")
    values = noise(smooth=1.0)
    volume = volume_of(values)
    seed = (20, 11, 8)
    place = volume.grid.lps_mm_from_ijk([seed])
    low, high = int(values[8, 11, 20]) - 200, int(values[8, 11, 20]) + 250
    made = segment.grow_region(volume, seeds_lps_mm=place, lower_hu=low, upper_hu=high)
    image = sitk.GetImageFromArray(values)
    theirs = sitk.ConnectedThreshold(image, seedList=[seed], lower=low, upper=high)
    np.testing.assert_array_equal(made.values, sitk.GetArrayFromImage(theirs) != 0)
    assert made.n_voxels > 10


@pytest.mark.parametrize("n_rounds", [0, 1, 4])
def test_a_confident_region_is_that_of_simpleitk(n_rounds):
    sitk = pytest.importorskip("SimpleITK")
    values = (noise(seed=4, dtype=np.float32) * 0.05 + 100 * (blobs(SHAPE, sigma=3) * 5.0)).astype(
        np.float32
    )
    volume = volume_of(values)
    k, j, i = (int(n[0]) for n in np.nonzero(ndimage.binary_erosion(values > 250, iterations=2)))
    place = volume.grid.lps_mm_from_ijk([(i, j, k)])
    made = segment.grow_confident(volume, seeds_lps_mm=place, n_sigma=2.0, n_rounds=n_rounds)
    theirs = sitk.ConfidenceConnected(
        sitk.GetImageFromArray(values),
        seedList=[(i, j, k)],
        multiplier=2.0,
        numberOfIterations=n_rounds,
        initialNeighborhoodRadius=1,
    )
    np.testing.assert_array_equal(made.values, sitk.GetArrayFromImage(theirs) != 0)


def test_seeds_grow_along_the_shortest_paths():
    csgraph = pytest.importorskip("scipy.sparse.csgraph")
    from scipy.sparse import coo_matrix

    shape = (6, 7, 9)
    values = noise(shape, smooth=0.8)
    volume = volume_of(values)
    seeds = np.zeros(shape, np.uint8)
    seeds[0, 0, 0], seeds[5, 6, 8], seeds[2, 3, 4] = 1, 2, 3
    inside = np.random.default_rng(2).random(shape) < 0.9
    inside[seeds > 0] = True
    made = segment.grow_from_seeds(
        volume, seeds=mask_of(seeds, SPACING), within=mask_of(inside, SPACING), per_mm=10.0
    )
    number = np.arange(values.size).reshape(shape)
    rows, columns, costs = [], [], []
    for axis, step in enumerate(SPACING[::-1]):
        a, b = (np.take(number, np.arange(n, shape[axis] - 1 + n), axis=axis) for n in (0, 1))
        ok = np.take(inside, np.arange(shape[axis] - 1), axis=axis) & np.take(
            inside, np.arange(1, shape[axis]), axis=axis
        )
        v = values.ravel().astype(float)
        rows.append(a[ok])
        columns.append(b[ok])
        costs.append(np.abs(v[a[ok]] - v[b[ok]]) + 10.0 * step)
    graph = coo_matrix(
        (np.concatenate(costs), (np.concatenate(rows), np.concatenate(columns))), (values.size,) * 2
    )
    away = csgraph.dijkstra(
        graph, directed=False, indices=[number[seeds == n][0] for n in (1, 2, 3)]
    )
    best = away.min(axis=0).reshape(shape)
    labels = made.values
    assert ((labels > 0) == (np.isfinite(best) & inside)).all()
    for n in (1, 2, 3):
        own = away[n - 1].reshape(shape)[labels == n]
        np.testing.assert_allclose(own, best[labels == n], rtol=1e-5)


def test_seeds_without_a_label_are_refused():
    volume = volume_of(noise())
    with pytest.raises(EmptyMaskError):
        segment.grow_from_seeds(volume, seeds=mask_of(np.zeros(SHAPE, bool), SPACING))
    with pytest.raises(SegmentationError, match="seeds_lps_mm"):
        segment.grow_region(volume, seeds_lps_mm=[(1e6, 0, 0)], lower_hu=0)


def test_a_watershed_is_that_of_scikit_image():
    segmentation = pytest.importorskip("skimage.segmentation")
    rng = np.random.default_rng(6)
    for seed in range(4):
        values = blobs((14, 22, 30), seed=seed, share=0.5, sigma=2.0)
        mask = mask_of(values, SPACING)
        # Without ties, of which the order is nobody's law.
        exact = segment.distance_map(mask).values + np.float32(1e-3) * rng.random(
            values.shape, np.float32
        )
        depth = Volume(values=exact, grid=mask.grid, quantity="distance_mm")
        markers = np.zeros(values.shape, np.uint16)
        peaks = np.argwhere((ndimage.maximum_filter(depth.values, 5) == depth.values) & values)
        for n, place in enumerate(peaks, start=1):
            markers[tuple(place)] = n
        made = segment.watershed(depth, markers=mask_of(markers, SPACING), within=mask)
        theirs = segmentation.watershed(-depth.values, markers.astype(np.int32), mask=values)
        np.testing.assert_array_equal(made.values, theirs)
        assert theirs.max() > 3


def test_touching_balls_are_split_at_their_neck():
    k, j, i = np.indices((41, 41, 80))
    balls = [np.sqrt((k - 20) ** 2 + (j - 20) ** 2 + (i - at) ** 2) <= 16 for at in (20, 48)]
    mask = mask_of(balls[0] | balls[1], (0.5, 0.5, 0.5))
    made = segment.split_touching(mask, neck_mm=10.0)
    assert sorted(np.unique(made.values)) == [0, 1, 2]
    middle = i < 34
    first = made.values[20, 20, 20]
    right = ((made.values == first) == middle)[mask.values & (abs(i - 34) > 1)]
    assert right.all()
    assert (segment.split_touching(mask, neck_mm=4.0).values > 0).sum() == mask.n_voxels
    assert segment.split_touching(mask, neck_mm=4.0).values.max() == 1


def test_slices_between_two_circles_are_circles():
    k, j, i = np.indices((9, 61, 61))
    drawn = np.zeros(k.shape, np.uint8)
    away = np.hypot(j - 30, i - 30)
    drawn[0][away[0] <= 24] = 5
    drawn[8][away[8] <= 8] = 5
    made = segment.fill_between_slices(mask_of(drawn))
    for n in range(9):
        radius = np.sqrt((made.values[n] == 5).sum() / np.pi)
        assert radius == pytest.approx(24 - 2 * n, abs=0.75)
    turned = mask_of(np.ascontiguousarray(np.moveaxis(drawn, 0, 2)))
    again = segment.fill_between_slices(turned, axis="i").values
    np.testing.assert_array_equal(np.moveaxis(again, 2, 0), made.values)
    with pytest.raises(EmptyMaskError):
        segment.fill_between_slices(mask_of(np.zeros((3, 3, 3), bool)))


def test_cuts_are_the_inequalities_of_their_solids():
    full = mask_of(np.ones((20, 24, 28), bool), SPACING, shear=0.4)
    index = np.stack(np.indices(full.values.shape)[::-1], axis=-1).reshape(-1, 3)
    points = full.grid.lps_mm_from_ijk(index)
    centre = points.mean(axis=0)
    rng = np.random.default_rng(8)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    local = (points - centre) @ turn.T
    shape = full.values.shape

    made = segment.cut_plane(full, point_lps_mm=centre, normal_lps=3 * turn[0])
    np.testing.assert_array_equal(made.values, (local[:, 0] >= -1e-6).reshape(shape))
    made = segment.cut_sphere(full, centre_lps_mm=centre, radius_mm=5.0, keep="outside")
    np.testing.assert_array_equal(
        made.values, (np.linalg.norm(local, axis=1) > 5.0 + 1e-6).reshape(shape)
    )
    made = segment.cut_box(full, centre_lps_mm=centre, size_mm=(8, 9, 10), axes_lps=turn)
    np.testing.assert_array_equal(
        made.values, (np.abs(local) <= [4, 4.5, 5]).all(axis=1).reshape(shape)
    )
    made = segment.cut_cylinder(
        full, start_lps_mm=centre - 6 * turn[2], end_lps_mm=centre + 6 * turn[2], radius_mm=4.0
    )
    inside = (np.hypot(local[:, 0], local[:, 1]) <= 4.0) & (np.abs(local[:, 2]) <= 6.0)
    np.testing.assert_array_equal(made.values, inside.reshape(shape))


def test_scissors_cut_a_polygon_as_matplotlib_sees_it():
    path = pytest.importorskip("matplotlib.path")
    full = mask_of(np.ones((12, 40, 44), bool), (0.5, 0.6, 1.0))
    corners = np.array(
        [[-28, 14, 5], [-12, 15, 9], [-14, 32, 4], [-20, 22, 8], [-26, 31, 5]], float
    ) + np.array([0.0137, 0.0071, 0])
    made = segment.cut_polygon(full, corners_lps_mm=corners, view_lps=(0, 0, 1))
    index = np.stack(np.indices(full.values.shape)[::-1], axis=-1).reshape(-1, 3)
    points = full.grid.lps_mm_from_ijk(index)
    expected = path.Path(corners[:, :2]).contains_points(points[:, :2])
    np.testing.assert_array_equal(made.values.ravel(), expected)
    part = segment.cut_polygon(full, corners_lps_mm=corners, view_lps=(0, 0, 1), depth_mm=(0, 3))
    np.testing.assert_array_equal(
        part.values.ravel(), expected & (points[:, 2] >= 5) & (points[:, 2] <= 8)
    )
    with pytest.raises(ValueError, match="corners"):
        segment.cut_polygon(full, corners_lps_mm=corners[:2], view_lps=(0, 0, 1))


def test_threads_do_not_change_a_bit(tmp_path):
    import hashlib

    script = (
        "import hashlib, numpy as np\n"
        "from calvaria import Grid, Volume, segment as s\n"
        "v = (np.random.default_rng(5).normal(size=(70, 40, 90)) * 300).astype(np.int16)\n"
        "vol = Volume(values=v, grid=Grid(dims_ijk=(90, 40, 70), lps_from_ijk=np.diag([.5, .6, .9, 1.])))\n"
        "m = s.threshold(s.gaussian(vol, sigma_mm=0.8), lower_hu=20)\n"
        "out = [m.values, s.find_parts(m).mask.values, s.closing(m, radius_mm=1.5).values, s.median(vol).values,\n"
        "       s.distance_map(m, is_signed=True).values, s.fill_holes(m).values, s.gaussian(vol, sigma_mm=2.).values,\n"
        "       s.smooth_within_edges(vol, sigma_mm=1., contrast_hu=200.).values, s.keep_largest(m).values]\n"
        "print(hashlib.sha256(b''.join(np.ascontiguousarray(a).tobytes() for a in out)).hexdigest())\n"
    )
    seen = outputs_of(script)
    assert len(seen) == 1
    assert len(seen.pop().strip()) == len(hashlib.sha256().hexdigest())


def test_labels_of_seeds_keep_their_names():
    seeds = np.zeros(SHAPE, np.uint8)
    seeds[0, 0, 0], seeds[-1, -1, -1] = 1, 4
    named = Mask(values=seeds, grid=grid_of(SHAPE, SPACING), names={1: "skull", 4: "rest"})
    made = segment.grow_from_seeds(volume_of(noise()), seeds=named)
    assert made.names == {1: "skull", 4: "rest"}
    assert set(np.unique(made.values)) == {1, 4}
