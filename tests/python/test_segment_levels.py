"""Levels: the half-maximum is where an edge is; each automatic method is that of its paper."""

import math

import numpy as np
import pytest

from calvaria import Grid, Volume, phantom, segment
from calvaria.errors import SegmentationError
from calvaria.phantom import Scanner, scan
from calvaria.segment.automatic import AutomaticLevel

sitk = pytest.importorskip("SimpleITK")
ITK_NAMES = {
    "otsu": "Otsu",
    "huang": "Huang",
    "li": "Li",
    "moments": "Moments",
    "shanbhag": "Shanbhag",
    "yen": "Yen",
    "maximum-entropy": "MaximumEntropy",
    "renyi-entropy": "RenyiEntropy",
}


def line(values, quantity="arbitrary"):
    grid = Grid(dims_ijk=(len(values), 1, 1), lps_from_ijk=np.eye(4))
    return Volume(values=np.asarray(values, np.int16)[None, None], grid=grid, quantity=quantity)


def mixture(seed):
    """Three overlapping bells on 0 to 255, so that a bin of 1 of 256 is one whole number."""
    rng = np.random.default_rng(seed)
    n = rng.integers(1000, 9000, 3)
    means, widths = rng.uniform([20, 90, 170], [70, 150, 235]), rng.uniform(5, 16, 3)
    values = np.concatenate([rng.normal(a, b, c) for a, b, c in zip(means, widths, n, strict=True)])
    return np.concatenate([np.clip(np.rint(values), 0, 255), [0, 255]]).astype(np.uint8)


@pytest.mark.parametrize("method", ITK_NAMES)
def test_a_level_is_that_of_itk_on_the_same_histogram(method):
    for seed in range(8):
        values = mixture(seed)
        theirs = getattr(sitk, f"{ITK_NAMES[method]}ThresholdImageFilter")()
        theirs.SetNumberOfHistogramBins(256)
        theirs.Execute(sitk.GetImageFromArray(values[None, None]))
        ours = segment.automatic_level(line(values), method=method).level
        # ITK names the last whole value of the lower class, we the border above it.
        assert abs(ours - (theirs.GetThreshold() + 0.5)) <= 1.1


def test_other_methods_part_two_clear_bells():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(60, 8, 9000), rng.normal(180, 12, 7000)])
    values = np.concatenate([np.clip(np.rint(values), 0, 255), [0, 255]])
    for method in ("intermodes", "isodata", "kittler-illingworth", "triangle"):
        found = segment.automatic_level(line(values), method=method)
        assert isinstance(found, AutomaticLevel)
        assert 75 < found.level < 150, method
    filters = pytest.importorskip("skimage.filters")
    isodata = segment.automatic_level(line(values), method="isodata").level
    assert isodata == pytest.approx(
        filters.threshold_isodata(values.astype(np.uint8)) + 0.5, abs=1.1
    )


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_several_classes_are_those_of_scikit_image(n_classes):
    filters = pytest.importorskip("skimage.filters")
    for seed in range(4):
        values = mixture(seed)
        theirs = filters.threshold_multiotsu(values, classes=n_classes)
        ours = segment.multi_otsu_levels(line(values), n_classes=n_classes)
        np.testing.assert_allclose(ours, theirs + 0.5, atol=1.1)


def test_a_local_level_looks_at_its_mask_only():
    values = np.concatenate(
        [np.full(500, -1000), np.full(50, 0), np.full(50, 100), np.full(50, 110)]
    )
    volume = line(values)
    whole = segment.automatic_level(volume, n_bins=1110)
    local = segment.automatic_level(
        volume, n_bins=110, within=segment.threshold(volume, lower_hu=0)
    )
    assert whole.level < 0 < local.level < 100


def test_one_value_has_no_level_and_an_unknown_method_is_named():
    with pytest.raises(SegmentationError, match="only 7"):
        segment.automatic_level(line([7, 7, 7]))
    with pytest.raises(ValueError, match="otsu"):
        segment.automatic_level(line([1, 2]), method="magic")


@pytest.mark.parametrize("tilt_deg", [0.0, 15.0])
def test_the_level_of_a_thick_wall_is_midway(tilt_deg):
    """A ball of 1000 HU in air: the half-maximum is 0, and at it the ball has its size."""
    settings = Scanner(
        columns=120,
        rows=120,
        spacing_xy_mm=(0.7, 0.7),
        slice_thickness_mm=1.0,
        slice_increment_mm=1.0,
        gantry_tilt_deg=tilt_deg,
        noise_hu=8.0,
    )
    volume = scan(phantom.sphere(radius_mm=30.0, hu=1000.0), scanner=settings)
    found = segment.bone_level(volume)
    assert abs(found.level_hu) < 12
    assert found.surroundings == "air"
    assert found.n_profiles > 1000
    mask = segment.threshold(volume, lower_hu=found.level_hu)
    measured = mask.n_voxels * volume.grid.voxel_volume_mm3
    radius = (measured * 0.75 / math.pi) ** (1 / 3)
    assert abs(radius - 30.0) < 0.02


def test_the_level_of_a_head_is_midway_between_bone_and_what_surrounds_it():
    settings = Scanner(
        columns=256,
        rows=256,
        spacing_xy_mm=(0.9, 0.9),
        slice_thickness_mm=1.0,
        slice_increment_mm=1.5,
        n_slices=60,
        centre_lps_mm=(0.0, 3.0, 60.0),
    )
    found = segment.bone_level(scan(phantom.head(), scanner=settings))
    assert found.surroundings == "soft tissue"
    assert abs(found.level_hu - (found.bone_hu + found.surroundings_hu) / 2) < 30
    assert 550 < found.level_hu < 760
    assert found.surroundings_hu + 200 < found.thin_bone_hu < found.level_hu
    assert "HU" in repr(found)
    assert set(found.to_dict()) >= {"level_hu", "spread_hu", "method"}


def test_hounsfield_units_are_needed_where_they_are_meant():
    mr = line(range(100), quantity="arbitrary")
    for call in (
        lambda: segment.bone_level(mr),
        lambda: segment.threshold(mr, preset="bone"),
        lambda: segment.skull(mr),
        lambda: segment.teeth(mr),
        lambda: segment.metal(mr),
        lambda: segment.patient(mr),
    ):
        with pytest.raises(ValueError, match="automatic_level"):
            call()
    # The methods that need no HU work.
    assert segment.threshold(mr, lower_hu=50).n_voxels == 50
    assert 0 < segment.automatic_level(mr).level < 99


def test_no_bone_is_said_so():
    with pytest.raises(SegmentationError, match="bone"):
        segment.bone_level(line(np.zeros(50), quantity="HU"))


def test_every_preset_has_a_source_and_works():
    ct = line(np.arange(-1000, 3200, 10), quantity="HU")
    for chosen in segment.hu_presets():
        assert chosen.source.startswith(("InVesalius 3", "house rule", "public")), chosen.name
        assert chosen.lower_hu < chosen.upper_hu
        found = ct.values[segment.threshold(ct, preset=chosen.name).values]
        assert found.min() >= chosen.lower_hu
        assert found.max() <= chosen.upper_hu
    with pytest.raises(ValueError, match="granite"):
        segment.preset_range("granite")
    with pytest.raises(ValueError, match="both"):
        segment.threshold(ct, preset="bone", lower_hu=3)
